"""EDSR: a residual network without normalisation that enlarges at its very end.

Lim et al., "Enhanced Deep Residual Networks for Single Image Super-Resolution", CVPRW 2017, Sec. 3. Pictures are
(N, 3, H, W) in [0, 1]; inside the values are 0 to 255. The state dict has the keys of the authors' PyTorch code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import torch
from torch import Tensor, nn

_RANGE = 255.0
_MEAN = (0.4488, 0.4371, 0.4040)  # of the training pictures, in [0, 1]
_DEEP, _DEEP_SCALE = 32, 0.1  # so many blocks are added with this factor, or the training would not hold


class _Block(nn.Module):
    """What two convolutions add to what comes."""

    def __init__(self, channels: int, factor: float) -> None:
        super().__init__()
        self.factor = factor
        self.body = nn.Sequential(_conv(channels, channels), nn.ReLU(inplace=True), _conv(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        return x.add(self.body(x), alpha=self.factor)


class Edsr(nn.Module):
    """The network; baseline: 16 blocks of 64 channels, the paper's: 32 of 256.

    Args:
        scale: 2, 3 or 4, by which it enlarges.
        blocks: number of residual blocks.
        channels: hidden ones.

    Example:
        >>> Edsr(scale=3, blocks=1, channels=8).eval()(torch.zeros(1, 3, 4, 6)).shape
        torch.Size([1, 3, 12, 18])
    """

    def __init__(self, *, scale: int = 4, blocks: int = 16, channels: int = 64) -> None:
        super().__init__()
        self.scale, self.channels = scale, channels
        self.sub_mean, self.add_mean = _shift(-1), _shift(1)
        self.head = nn.Sequential(_conv(3, channels))
        factor = _DEEP_SCALE if blocks >= _DEEP else 1.0
        self.body = nn.Sequential(*(_Block(channels, factor) for _ in range(blocks)), _conv(channels, channels))
        once = 3 if scale == 3 else 2
        up: list[nn.Module] = []
        for _ in range(1 if scale <= 3 else 2):
            up += [_conv(channels, once * once * channels), nn.PixelShuffle(once)]
        self.tail = nn.Sequential(nn.Sequential(*up), _conv(channels, 3))

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """The network with the blocks, channels and scale of a state dict (of anything that has a shape)."""
        channels = int(state["head.0.weight"].shape[0])
        blocks = sum(key.startswith("body.") and key.endswith(".body.0.weight") for key in state)
        first = state["tail.0.0.weight"].shape
        scale = 4 if "tail.0.2.weight" in state else 3 if first[0] == 9 * first[1] else 2
        return cls(scale=scale, blocks=blocks, channels=channels)

    @property
    def reach(self) -> int:
        """How far, in pixels of what comes, a pixel of it has an influence."""
        return 4 + 2 * (len(self.body) - 1)

    def forward(self, x: Tensor) -> Tensor:
        """The picture (N, 3, H, W) enlarged, (N, 3, scale * H, scale * W); not clamped."""
        x = self.head(self.sub_mean(x * _RANGE))
        return self.add_mean(self.tail(self.body(x) + x)) / _RANGE


def _conv(before: int, after: int) -> nn.Conv2d:
    return nn.Conv2d(before, after, 3, padding=1)


def _shift(sign: int) -> nn.Conv2d:
    """Takes the mean away, or adds it: a convolution, as the state dict has it, that is not trained."""
    shift = nn.Conv2d(3, 3, 1)
    with torch.no_grad():
        shift.weight.copy_(torch.eye(3)[:, :, None, None])
        assert shift.bias is not None
        shift.bias.copy_(sign * _RANGE * torch.tensor(_MEAN))
    return shift.requires_grad_(False)
