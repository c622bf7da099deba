"""SRGAN's generator: a residual network that was trained against a critic to enlarge, sharper than true.

Ledig et al., "Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network", CVPR 2017, Sec.
2.1. Pictures are (N, 3, H, W) in [0, 1]. The state dict has the keys of the port whose weights are published
(leftthomas), with five residual blocks where the paper has sixteen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import torch
from torch import Tensor, nn

from selfmend.nn.layers import scaled


class _Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels)
        self.prelu = nn.PReLU()
        self.conv2, self.bn2 = nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.bn2(self.conv2(self.prelu(self.bn1(self.conv1(x)))))


class _Doubled(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv, self.prelu = nn.Conv2d(channels, 4 * channels, 3, padding=1), nn.PReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.prelu(nn.functional.pixel_shuffle(self.conv(x), 2))


class SrganGenerator(nn.Module):
    """The network; in evaluation mode a picture's result does not depend on others.

    Args:
        doublings: it enlarges by 2 to this power.
        blocks: number of residual blocks.
        width: multiplies all channels.

    Example:
        >>> SrganGenerator(doublings=1, blocks=1, width=0.1).eval()(torch.zeros(1, 3, 4, 6)).shape
        torch.Size([1, 3, 8, 12])
    """

    def __init__(self, *, doublings: int = 2, blocks: int = 5, width: float = 1.0) -> None:
        super().__init__()
        self.channels = channels = scaled(64, width)
        self.scale, self.blocks = 2**doublings, blocks
        self.block1 = nn.Sequential(nn.Conv2d(3, channels, 9, padding=4), nn.PReLU())
        for i in range(blocks):
            self.add_module(f"block{i + 2}", _Residual(channels))
        last = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels))
        self.add_module(f"block{blocks + 2}", last)
        ups = [_Doubled(channels) for _ in range(doublings)]
        self.add_module(f"block{blocks + 3}", nn.Sequential(*ups, nn.Conv2d(channels, 3, 9, padding=4)))

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """The network with the blocks, channels and scale of a state dict (of anything that has a shape)."""
        blocks = sum(key.endswith(".conv1.weight") for key in state)
        doublings = sum(key.startswith(f"block{blocks + 3}.") and key.endswith(".conv.weight") for key in state)
        return cls(doublings=doublings, blocks=blocks, width=state["block1.0.weight"].shape[0] / 64)

    @property
    def reach(self) -> int:
        """How far, in pixels of what comes, a pixel of it has an influence."""
        return 4 + 2 * self.blocks + 1 + 4

    def forward(self, x: Tensor) -> Tensor:
        """The picture (N, 3, H, W) enlarged, (N, 3, scale * H, scale * W) in [0, 1]."""
        return (torch.tanh(self.raw(x)) + 1) / 2

    def raw(self, x: Tensor) -> Tensor:
        """`forward` before the values are bent into their range."""
        first = self.block1(x)
        x = first
        for i in range(2, self.blocks + 3):
            x = self.get_submodule(f"block{i}")(x)
        enlarged: Tensor = self.get_submodule(f"block{self.blocks + 3}")(first + x)
        return enlarged
