"""SinGAN's generator and critic of one scale, plain or with partial convolutions.

Shaham et al., "SinGAN", ICCV 2019, Sec. 3.1; with `valid` given, all convolutions are partial, as in Linhart &
Castagné, "SinGAN for Inpainting", 2020. The state dicts have the keys of the SinGAN authors' code. Pictures are
(N, 3, H, W) in [-1, 1]; no layer pads, so that the output is 10 pixels smaller than the input.
"""

from __future__ import annotations

from torch import Tensor, nn

from selfmend.nn.layers import MaskedBatchNorm2d, PartialConv2d

RADIUS = 5
"""Pixels that an output pixel sees to each side: five 3x3 convolutions."""


class _Block(nn.Module):
    """Convolution, batch normalisation, leaky ReLU."""

    def __init__(self, in_channels: int, out_channels: int, *, ratio: str, twice: bool) -> None:
        super().__init__()
        self.conv = PartialConv2d(in_channels, out_channels, 3, ratio=ratio, twice=twice)
        self.norm = MaskedBatchNorm2d(out_channels)

    def forward(self, x: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor | None]:
        x, valid = self.conv(x, valid)
        return nn.functional.leaky_relu(self.norm(x, valid), 0.2), valid


class _Trunk(nn.Module):
    """The four blocks that generator and critic share in shape."""

    def __init__(self, *, channels: int, in_channels: int, ratio: str, twice: bool = False) -> None:
        super().__init__()
        self.head = _Block(in_channels, channels, ratio=ratio, twice=twice)
        blocks = {f"block{i}": _Block(channels, channels, ratio=ratio, twice=twice) for i in (1, 2, 3)}
        self.body = nn.ModuleDict(blocks)

    def features(self, x: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor | None]:
        x, valid = self.head(x, valid)
        for block in self.body.values():
            x, valid = block(x, valid)
        return x, valid


class SinGANGenerator(_Trunk):
    """Adds to an up-sampled picture what is missing at this scale.

    Args:
        channels: of all hidden layers.
        in_channels: of the picture, 3 for RGB, 1 for grey.
        ratio: see `PartialConv2d`; without effect where no `valid` is given.

    Example:
        >>> import torch
        >>> SinGANGenerator(channels=32)(torch.zeros(1, 3, 40, 50), torch.zeros(1, 3, 40, 50)).shape
        torch.Size([1, 3, 30, 40])
    """

    def __init__(self, *, channels: int, in_channels: int = 3, ratio: str = "window") -> None:
        super().__init__(channels=channels, in_channels=in_channels, ratio=ratio)
        self.tail = nn.Sequential(PartialConv2d(channels, in_channels, 3, ratio=ratio), nn.Tanh())

    @property
    def last(self) -> PartialConv2d:
        """The convolution that draws the residual."""
        layer = self.tail[0]
        assert isinstance(layer, PartialConv2d)
        return layer

    def forward(self, x: Tensor, previous: Tensor, valid: Tensor | None = None) -> Tensor:
        """Generate.

        Args:
            x: (N, C, H, W), noise plus `previous`, padded by `RADIUS`.
            previous: (N, C, H, W), the picture from the scale below, up-sampled, padded alike.
            valid: (N, 1, H, W), 1 = may be looked at, or None for a plain generator.

        Returns:
            (N, C, H - 10, W - 10), not clamped.
        """
        features, valid = self.features(x, valid)
        residual, _ = self.last(features, valid)
        return self.tail[1](residual) + previous[..., RADIUS:-RADIUS, RADIUS:-RADIUS]


class SinGANCritic(_Trunk):
    """Scores each 11x11 patch of a picture.

    Args:
        channels: of all hidden layers.
        in_channels: of the picture.
        ratio: as in `SinGANGenerator`.
    """

    def __init__(self, *, channels: int, in_channels: int = 3, ratio: str = "window") -> None:
        super().__init__(channels=channels, in_channels=in_channels, ratio=ratio, twice=True)
        self.tail = PartialConv2d(channels, 1, 3, ratio=ratio, twice=True)

    def forward(self, x: Tensor, valid: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """Score.

        Args:
            x: (N, C, H, W); not padded.
            valid: (N, 1, H, W), 1 = may be looked at, or None for all.

        Returns:
            Scores (N, 1, H - 10, W - 10), and where they saw anything (N, 1, H - 10, W - 10), or None.
        """
        features, valid = self.features(x, valid)
        return self.tail(features, valid)
