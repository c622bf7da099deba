"""ResNet-50 with dilated convolutions, trained to segment scenes: the network of LaMa's perceptual loss.

He et al., "Deep Residual Learning for Image Recognition", CVPR 2016, with three small convolutions at its beginning and
dilation instead of the last two halvings, as MIT's semantic segmentation of ADE20K has it (Zhou et al., CVPR 2017).
Its neurons see most of a picture at once. The state dict has the keys of the published encoder.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from selfmend.nn.perceptual import IMAGENET_MEAN, IMAGENET_STD
from selfmend.nn.weights import ADE20K_ENCODER, load_pretrained

_BLOCKS = (3, 4, 6, 3)
_STRIDES = (1, 2, 1, 1)  # of each stage's first block
_DILATIONS = (1, 1, 2, 4)  # of a stage; its first block has half of that
_EXPANSION = 4  # of a block's channels, by its last convolution


class _Bottleneck(nn.Module):
    """Fewer channels, a 3x3 convolution, more channels; and what came, added."""

    def __init__(self, before: int, channels: int, *, stride: int, dilation: int) -> None:
        super().__init__()
        after = channels * _EXPANSION
        self.conv1, self.bn1 = nn.Conv2d(before, channels, 1, bias=False), nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride, padding=dilation, dilation=dilation, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3, self.bn3 = nn.Conv2d(channels, after, 1, bias=False), nn.BatchNorm2d(after)
        self.downsample = None
        if stride > 1 or before != after:
            self.downsample = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W)."""
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn3(self.conv3(torch.relu(self.bn2(self.conv2(y)))))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class DilatedResNet50(nn.Module):
    """The encoder: pictures in, the features of its four stages out."""

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        before = 3
        for n, channels in enumerate((64, 64, 128), 1):
            convolution = nn.Conv2d(before, channels, 3, 2 if n == 1 else 1, padding=1, bias=False)
            self.add_module(f"conv{n}", convolution)
            self.add_module(f"bn{n}", nn.BatchNorm2d(channels))
            before = channels
        for n, (count, stride, dilation) in enumerate(zip(_BLOCKS, _STRIDES, _DILATIONS, strict=True)):
            blocks: list[nn.Module] = []
            for k in range(count):
                reach = dilation if k else max(1, dilation // 2)
                blocks.append(_Bottleneck(before, 64 << n, stride=1 if k else stride, dilation=reach))
                before = (64 << n) * _EXPANSION
            self.add_module(f"layer{n + 1}", nn.Sequential(*blocks))
        # not in the state dict: the published file has neither
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).view(1, 3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Features of 256, 512, 1024 and 2048 channels, a quarter and thrice an eighth as high and wide.

        Args:
            image: (N, 3, H, W) in [0, 1].
        """
        x = (image - self.mean) / self.std
        for n in (1, 2, 3):
            x = torch.relu(self.get_submodule(f"bn{n}")(self.get_submodule(f"conv{n}")(x)))
        x = nn.functional.max_pool2d(x, 3, 2, 1)
        found = []
        for n in (1, 2, 3, 4):
            x = self.get_submodule(f"layer{n}")(x)
            found.append(x)
        return found


def load_dilated_resnet(*, path: Path | None = None, device: str | torch.device = "cpu") -> DilatedResNet50:
    """The network with the published weights, for looking only: its weights get no gradients.

    Args:
        path: file or folder of the weights; None looks where `find_weights` says.
        device: of the network.

    Raises:
        WeightsError: the weights are missing or of another network.
    """
    net = DilatedResNet50()
    load_pretrained(net, ADE20K_ENCODER, path=path)
    return net.eval().requires_grad_(False).to(device)
