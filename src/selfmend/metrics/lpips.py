"""LPIPS v0.1, the distance of two pictures to a network's eye (Zhang et al., "The Unreasonable Effectiveness of Deep
Features as a Perceptual Metric", CVPR 2018, Eq. 1).

Values on different backbones are not comparable: always name the backbone beside the number.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
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
from selfmend.nn.tensors import to_signed, to_tensor
from selfmend.nn.weights import ALEXNET, LPIPS_ALEX, LPIPS_SQUEEZE, SQUEEZENET, WeightsFile, load_pretrained
from selfmend.types import Image, Mask, size_of

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


def lpips(output: Image, truth: Image, *, net: Lpips, mask: Mask | None = None) -> float:
    """Distance of two pictures to the eye of a network.

    Args:
        output: (H, W, 1 or 3) in [0, 1].
        truth: the same shape.
        net: as `load_lpips` gives it.
        mask: (H, W); the mean of `lpips_map` over hole pixels (True), such as a bar's. The features see what lies
            around the hole too. None: the published number.

    Returns:
        0 (equal) up, about 1 for pictures that have nothing in common.

    Raises:
        ImageError, MaskError: another kind, range or shape, too small, or a mask that chooses nothing.
    """
    if mask is None:
        return float(torch.stack([m.mean() for m in _maps(output, truth, net)]).sum())
    check_pair(output, truth, mask)
    return mean_over(lpips_map(output, truth, net=net).astype(np.float64), mask)


def lpips_map(output: Image, truth: Image, *, net: Lpips) -> NDArray[np.float32]:
    """Where two pictures differ: each feature's distances, enlarged to the picture (bilinear) and added.

    Args:
        output, truth, net: as in `lpips`.

    Returns:
        float32 (H, W).

    Raises:
        ImageError: as `lpips`.
    """
    maps = [F.interpolate(m, size_of(output), mode="bilinear") for m in _maps(output, truth, net)]
    return torch.stack(maps).sum(0)[0, 0].numpy()


@torch.inference_mode()
def _maps(output: Image, truth: Image, net: Lpips) -> list[Tensor]:
    check_pair(output, truth, None)
    check_colours(output, name="output")
    least = net.least_size
    if min(size_of(output)) < least:
        raise ImageError(f"pictures are {size_of(output)}; at least {least} x {least} px fit {net.backbone}")
    device = next(net.parameters()).device
    x, y = (to_signed(to_tensor(image)).expand(-1, 3, -1, -1).to(device) for image in (output, truth))
    return [m.cpu() for m in net(x, y)]
