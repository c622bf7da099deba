"""The convolutions of SqueezeNet 1.1 (Iandola et al., arXiv 1602.07360, 2016).

Pictures (N, 3, H, W), normalised as the caller's method says, in; features at seven depths out.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

CHANNELS = (64, 128, 256, 384, 384, 512, 512)
"""Of the seven features."""

LEAST_SIZE = 17
"""Side in pixels of the smallest picture that has all features."""

_TAPS = (1, 4, 7, 9, 10, 11, 12)  # the first convolution, and the fire modules before each pooling and after the last


class Fire(nn.Module):
    """A convolution to few channels, then one of 1x1 and one of 3x3 side by side."""

    def __init__(self, inputs: int, squeezed: int, outputs: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, outputs // 2, 1)
        self.expand3x3 = nn.Conv2d(squeezed, outputs // 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, H, W), not negative."""
        x = self.squeeze(x).relu()
        return torch.cat([self.expand1x1(x), self.expand3x3(x)], 1).relu()


class SqueezeNetFeatures(nn.Module):
    """SqueezeNet 1.1 up to its last fire module; its keys are those of the published file."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 3, stride=2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, ceil_mode=True),
            Fire(64, 16, 128),
            Fire(128, 16, 128),
            nn.MaxPool2d(3, stride=2, ceil_mode=True),
            Fire(128, 32, 256),
            Fire(256, 32, 256),
            nn.MaxPool2d(3, stride=2, ceil_mode=True),
            Fire(256, 48, 384),
            Fire(384, 48, 384),
            Fire(384, 64, 512),
            Fire(512, 64, 512),
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features of a picture at seven depths.

        Args:
            x: (N, 3, H, W), H and W at least `LEAST_SIZE`.

        Returns:
            Seven of (N, `CHANNELS`, h, w), not negative.
        """
        found = []
        for place, layer in enumerate(self.features):
            x = layer(x)
            if place in _TAPS:
                found.append(x)
        return found
