"""The convolutions of AlexNet as torchvision publishes it, "one weird trick" (Krizhevsky, arXiv 1404.5997, 2014).

Pictures (N, 3, H, W), normalised as the caller's method says, in; features after every ReLU out.
"""

from __future__ import annotations

from torch import Tensor, nn

CHANNELS = (64, 192, 384, 256, 256)
"""Of the five features."""

LEAST_SIZE = 31
"""Side in pixels of the smallest picture that has all features."""


class AlexNetFeatures(nn.Module):
    """AlexNet up to its last convolution; its keys are those of the published file."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 11, stride=4, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),
            nn.Conv2d(64, 192, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),
            nn.Conv2d(192, 384, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(384, 256, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(),
        )

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features of a picture at five depths.

        Args:
            x: (N, 3, H, W), H and W at least `LEAST_SIZE`.

        Returns:
            Five of (N, `CHANNELS`, h, w), not negative.
        """
        found = []
        for layer in self.features:
            x = layer(x)
            if isinstance(layer, nn.ReLU):
                found.append(x)
        return found
