"""Partial convolution: a convolution that sees valid pixels only, and says where it saw any.

Liu et al., "Image Inpainting for Irregular Holes Using Partial Convolutions", ECCV 2018, Eq. (1) and (2). In this file
alone the mask is turned round: `valid` is floating (N, 1, H, W), 1 where a pixel counts and 0 in a hole.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def valid_ratio(
    valid: Tensor,
    *,
    kernel_size: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    padding: tuple[int, int] = (0, 0),
    dilation: tuple[int, int] = (1, 1),
) -> tuple[Tensor, Tensor]:
    """What a partial convolution multiplies by, and the validity of its output.

    Args:
        valid: (N, 1, H, W), 1 = valid, 0 = hole. Zero padding counts as hole.
        kernel_size, stride, padding, dilation: of the convolution, in pixels.

    Returns:
        ratio: (N, 1, H', W'), positions of the window divided by the valid ones among them; 0 where none is valid.
        updated: (N, 1, H', W'), 1 where the window holds a valid position.
    """
    area = kernel_size[0] * kernel_size[1]
    window = torch.ones(1, 1, *kernel_size, dtype=valid.dtype, device=valid.device)
    with torch.autocast(valid.device.type, enabled=False):  # counts are small, their ratios are not exact in bfloat16
        count = F.conv2d(valid, window, stride=stride, padding=padding, dilation=dilation)
    updated = (count > 0.5).to(valid.dtype)
    return updated * area / count.clamp(min=1), updated


class PartialConv2d(nn.Conv2d):
    """A convolution over valid positions, rescaled by how many there are.

    With all positions valid (or `valid=None`) it is exactly `nn.Conv2d`, with the same state dict. All channels share
    one validity. The output is 0 where no valid position is seen.

    Args:
        *args, **options: those of `nn.Conv2d`.
        ratio: "window" keeps the scale of a convolution (NVIDIA's layer). "sum" divides by the number of valid values
            of all channels without multiplying by that of the window (the formula and the code of Linhart & Castagné),
            which makes outputs about 9 x channels times smaller, with or without a hole.

    Example:
        >>> layer = PartialConv2d(3, 8, 3)
        >>> out, valid = layer(torch.rand(1, 3, 9, 9), torch.ones(1, 1, 9, 9))
        >>> out.shape, valid.shape
        (torch.Size([1, 8, 7, 7]), torch.Size([1, 1, 7, 7]))
    """

    def __init__(self, *args: Any, ratio: str = "window", **options: Any) -> None:
        super().__init__(*args, **options)
        if ratio not in ("window", "sum"):
            raise ValueError(f"ratio is {ratio!r}; 'window' or 'sum' fits")
        values = self.in_channels * self.kernel_size[0] * self.kernel_size[1]
        self.output_scale = 1.0 if ratio == "window" else 1.0 / values

    def forward(self, x: Tensor, valid: Tensor | None = None) -> tuple[Tensor, Tensor | None]:  # type: ignore[override]
        """Convolve.

        Args:
            x: (N, C, H, W); its content where `valid` is 0 has no influence, not even NaN.
            valid: (N, 1, H, W), 1 = valid, or None for "all valid".

        Returns:
            (N, C', H', W') and the updated validity (N, 1, H', W'), or None if `valid` was None.
        """
        if valid is None:
            return super().forward(x), None
        if self.padding_mode != "zeros" or isinstance(self.padding, str):
            raise ValueError(f"padding {self.padding!r}, mode {self.padding_mode!r}; a number and 'zeros' fit")
        with torch.no_grad():
            ratio, updated = valid_ratio(
                valid,
                kernel_size=(self.kernel_size[0], self.kernel_size[1]),
                stride=(self.stride[0], self.stride[1]),
                padding=(self.padding[0], self.padding[1]),
                dilation=(self.dilation[0], self.dilation[1]),
            )
        # Selecting, not multiplying: 0 * NaN is NaN, in the gradient too.
        seen = torch.where(valid > 0.5, x, torch.zeros((), dtype=x.dtype, device=x.device))
        out = F.conv2d(seen, self.weight, None, self.stride, self.padding, self.dilation, self.groups)
        out = out * (ratio * self.output_scale).to(out.dtype)
        if self.bias is not None:
            out = out + self.bias.to(out.dtype).view(1, -1, 1, 1) * updated.to(out.dtype)
        return out, updated
