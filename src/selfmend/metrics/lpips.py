"""LPIPS v0.1, the distance of two pictures to a network's eye (Zhang et al., "The Unreasonable Effectiveness of Deep
Features as a Perceptual Metric", CVPR 2018, Eq. 1).

Values on different backbones are not comparable: always name the backbone beside the number.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from selfmend.errors import ImageError, check_known
from selfmend.metrics.inputs import check_colours, check_pair, mean_over
from selfmend.nn.perceptual import (
    ALEXNET_CHANNELS,
    ALEXNET_LEAST_SIZE,
    SQUEEZENET_CHANNELS,
    SQUEEZENET_LEAST_SIZE,
    AlexNetFeatures,
    SqueezeNetFeatures,
)
from selfmend.nn.weights import ALEXNET, LPIPS_ALEX, LPIPS_SQUEEZE, SQUEEZENET, WeightsFile, load_pretrained
from selfmend.types import Image, Mask

BACKBONES = {"alex": (ALEXNET, LPIPS_ALEX), "squeeze": (SQUEEZENET, LPIPS_SQUEEZE)}
"""Name of the backbone to its published file and that of its heads; alex is what papers report."""

_SHIFT = (-0.030, -0.088, -0.188)  # ImageNet's mean and deviation for pictures in [-1, 1]
_SCALE = (0.458, 0.448, 0.450)
_TINY = 1e-10  # added to lengths of feature vectors


class Head(nn.Module):
    """The weight of each channel of one feature; the key is that of the authors' file."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.model = nn.Sequential(nn.Identity(), nn.Conv2d(channels, 1, 1, bias=False))  # dropout in training

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) to (N, 1, H, W)."""
        weighted: Tensor = self.model(x)
        return weighted


class Heads(nn.Module):
    """The heads of a backbone, one a feature."""

    def __init__(self, channels: tuple[int, ...]) -> None:
        super().__init__()
        for place, count in enumerate(channels):
            self.add_module(f"lin{place}", Head(count))


class Lpips(nn.Module):
    """A backbone and its heads.

    Attributes:
        backbone: its name, to be named beside every number.
        least_size: side in pixels of the smallest picture.
    """

    def __init__(self, backbone: str = "alex") -> None:
        """
        Args:
            backbone: alex or squeeze.

        Raises:
            OptionError: another one.
        """
        super().__init__()
        self.backbone = check_known("backbone of LPIPS", backbone, BACKBONES)
        alex = backbone == "alex"
        self.least_size = ALEXNET_LEAST_SIZE if alex else SQUEEZENET_LEAST_SIZE
        self.net = AlexNetFeatures() if alex else SqueezeNetFeatures()
        self.heads = Heads(ALEXNET_CHANNELS if alex else SQUEEZENET_CHANNELS)

    def forward(self, x: Tensor, y: Tensor) -> list[Tensor]:
        """The weighted squared difference of the unit-normalised features of two signed pictures.

        Args:
            x, y: (N, 3, H, W) in [-1, 1].

        Returns:
            One (N, 1, h, w) a feature, from fine to coarse.
        """
        maps = []
        for head, one, other in zip(self.heads.children(), self._features(x), self._features(y), strict=True):
            maps.append(head((one - other).square()))
        return maps

    def _features(self, x: Tensor) -> list[Tensor]:
        shift, scale = (x.new_tensor(values).view(1, 3, 1, 1) for values in (_SHIFT, _SCALE))
        features: list[Tensor] = self.net((x - shift) / scale)
        return [f / (f.square().sum(1, keepdim=True).sqrt() + _TINY) for f in features]


def load_lpips(
    backbone: str = "alex", path: Path | None = None, *, download: bool = False, device: str | torch.device = "cpu"
) -> Lpips:
    """The published network, for looking only: not training, no gradients of its weights.

    Args:
        backbone: alex or squeeze.
        path: folder that holds both files, the backbone's and its heads'; None looks where `find_weights` says.
        download: fetch what is missing (alex: 244 MB, squeeze: 5 MB).
        device: of the network.

    Raises:
        OptionError: an unknown backbone.
        WeightsError: a file is missing or not the published one.
    """
    net = Lpips(backbone)
    files: tuple[WeightsFile, WeightsFile] = BACKBONES[backbone]
    for module, file in zip((net.net, net.heads), files, strict=True):
        load_pretrained(module, file, path=path, download=download)
    return net.eval().requires_grad_(False).to(device)


def lpips(output: Image, truth: Image, *, net: Lpips, mask: Mask | None = None) -> Tensor:
    """Distance of two pictures to the eye of a network.

    Args:
        output: (N, 1 or 3, H, W) in [0, 1].
        truth: the same shape.
        net: as `load_lpips` gives it.
        mask: (N, 1, H, W); the mean of `lpips_map` over hole pixels (True), such as a bar's. The features see what lies
            around the hole too. None: the published number.

    Returns:
        float32 (N,), 0 (equal) up, about 1 for pictures that have nothing in common; one a picture.

    Raises:
        ImageError, MaskError: another kind, range or shape, too small, or a mask that chooses nothing.
    """
    if mask is None:
        maps = _maps(output, truth, net)
        return torch.stack([m.mean((1, 2, 3)) for m in maps]).sum(0)
    check_pair(output, truth, mask)
    return mean_over(lpips_map(output, truth, net=net), mask)


def lpips_map(output: Image, truth: Image, *, net: Lpips) -> Tensor:
    """Where two pictures differ: each feature's distances, enlarged to the picture (bilinear) and added.

    Args:
        output, truth, net: as in `lpips`.

    Returns:
        float32 (N, 1, H, W) on the pictures' device.

    Raises:
        ImageError: as `lpips`.
    """
    maps = _maps(output, truth, net)
    size = output.shape[-2:]
    return torch.stack([F.interpolate(m, size, mode="bilinear", align_corners=False) for m in maps]).sum(0)


@torch.inference_mode()
def _maps(output: Image, truth: Image, net: Lpips) -> list[Tensor]:
    check_pair(output, truth, None)
    check_colours(output, name="output")
    least = net.least_size
    if min(output.shape[-2:]) < least:
        raise ImageError(f"pictures are {tuple(output.shape[-2:])}; at least {least} x {least} px fit {net.backbone}")
    device = next(net.parameters()).device
    x, y = (image.expand(-1, 3, -1, -1).to(device) * 2 - 1 for image in (output, truth))
    return [m.to(output.device) for m in net(x, y)]
