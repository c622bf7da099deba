"""The network of "Zero-Shot" super-resolution: a few plain convolutions that add to an enlargement what it lacks.

Shocher et al., CVPR 2018, Sec. 3.2. Pictures are (N, C, H, W) in [0, 1], or a little outside.
"""

from __future__ import annotations

from torch import Tensor, nn


class ZssrNet(nn.Sequential):
    """Convolutions of 3 x 3 with ReLU between them, and the input added to what comes out.

    Args:
        channels: of the picture.
        width: hidden channels.
        depth: number of convolutions, at least 2.

    Example:
        >>> import torch
        >>> ZssrNet(3, width=4, depth=3)(torch.zeros(1, 3, 5, 7)).shape
        torch.Size([1, 3, 5, 7])
    """

    def __init__(self, channels: int = 3, *, width: int = 64, depth: int = 8) -> None:
        layers: list[nn.Module] = [nn.Conv2d(channels, width, 3, padding=1)]
        for _ in range(depth - 2):
            layers += [nn.ReLU(inplace=True), nn.Conv2d(width, width, 3, padding=1)]
        super().__init__(*layers, nn.ReLU(inplace=True), nn.Conv2d(width, channels, 3, padding=1))
        last = self[-1]
        assert isinstance(last, nn.Conv2d)
        nn.init.zeros_(last.weight)  # so that it begins with the enlargement as it is
        assert last.bias is not None
        nn.init.zeros_(last.bias)

    def forward(self, x: Tensor) -> Tensor:
        """An enlargement (N, C, H, W) with detail; the same shape."""
        return x + super().forward(x)
