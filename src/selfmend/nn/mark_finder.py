"""The network that finds date stamps and watermarks: a small U-Net of half-size features.

The shape of U-Net (Ronneberger et al. 2015, "U-Net: Convolutional Networks for Biomedical Image Segmentation", figure
1) with one change for speed: blocks of 2 x 2 pixels become channels first (space to depth), and the last features
become pixels again, so that no convolution runs at full size and yet each pixel has an answer of its own.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

CHANNELS = (24, 40, 64, 96, 128)
"""Features at 1/2, 1/4, ... of the picture's size."""
INPUTS = 6
"""Channels of what `masks/mark_network.py` makes of a picture: its colours, and how they differ from those around."""
MULTIPLE = 2 ** len(CHANNELS)
"""Height and width must be multiples of it."""


class MarkFinder(nn.Module):
    """Two logits for each pixel: is it of a date stamp, is it of a watermark.

    Args:
        channels: features at each size.
        classes: answers for each pixel.
    """

    def __init__(self, channels: tuple[int, ...] = CHANNELS, classes: int = 2) -> None:
        super().__init__()
        self.down = nn.ModuleList()
        before = INPUTS * 4
        for count in channels:
            self.down.append(nn.Sequential(_convolution(before, count), _convolution(count, count)))
            before = count
        self.up = nn.ModuleList()
        for count in reversed(channels[:-1]):
            self.up.append(_convolution(before + count, count))
            before = count
        self.answer = nn.Conv2d(before, classes * 4, 3, padding=1)

    def forward(self, seen: Tensor) -> Tensor:
        """Logits (B, classes, H, W) of what is seen of pictures, (B, INPUTS, H, W)."""
        x = nn.functional.pixel_unshuffle(seen, 2)
        kept = []
        for k, block in enumerate(self.down):
            x = block(nn.functional.max_pool2d(x, 2) if k else x)
            kept.append(x)
        for block, beside in zip(self.up, reversed(kept[:-1]), strict=True):
            x = block(torch.cat([nn.functional.interpolate(x, scale_factor=2.0, mode="nearest"), beside], 1))
        return nn.functional.pixel_shuffle(self.answer(x), 2)


def _convolution(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True)
    )


def folded(net: MarkFinder) -> dict[str, np.ndarray]:
    """The weights with batch normalisation folded into the convolutions, as `masks/mark_network.py` takes them."""
    arrays: dict[str, np.ndarray] = {}
    blocks = [block for pair in net.down for block in pair] + list(net.up)  # type: ignore[attr-defined]
    for count, block in enumerate(blocks):
        convolution, norm = block[0], block[1]
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        arrays[f"{count}.weight"] = (convolution.weight * scale[:, None, None, None]).detach().numpy()
        arrays[f"{count}.bias"] = (norm.bias - norm.running_mean * scale).detach().numpy()
    assert net.answer.bias is not None
    arrays["answer.weight"] = net.answer.weight.detach().numpy()
    arrays["answer.bias"] = net.answer.bias.detach().numpy()
    return arrays
