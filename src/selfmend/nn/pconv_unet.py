"""The U-Net of partial convolutions: each layer sees valid pixels only, and holes shrink from layer to layer.

Liu et al., "Image Inpainting for Irregular Holes Using Partial Convolutions", ECCV 2018, Sec. 3.2, in the variant of
the port whose Places2 weights are published: seven levels, and a convolution is divided by its valid inputs without the
factor of the window's size. In this file the mask is turned round: `valid` is 1 where a pixel counts. The state dict
has the keys of that port, without its constant masks' convolutions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from selfmend.nn.layers import scaled

_KERNELS = (7, 5, 5, 3)  # of the encoder; 3 from there on
_CHANNELS = (64, 128, 256, 512)  # likewise
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's RGB pictures in [0, 1]: what the network sees is shifted and scaled by these."""


class _PartialConvolution(nn.Module):
    """A convolution of groups of channels, each with a mask of its own; the masks join in one."""

    def __init__(self, before: int, after: int, kernel: int, *, stride: int, bias: bool) -> None:
        super().__init__()
        self.input_conv = nn.Conv2d(before, after, kernel, stride=stride, padding=kernel // 2, bias=bias)

    def forward(self, parts: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        conv = self.input_conv
        side, stride, padding = conv.kernel_size[0], conv.stride, conv.padding
        window = torch.ones(1, 1, side, side, dtype=parts[0][1].dtype, device=parts[0][1].device)
        count = sum(x.shape[1] * F.conv2d(valid, window, stride=stride, padding=padding) for x, valid in parts)
        assert isinstance(count, Tensor)
        seen = torch.cat([x * valid for x, valid in parts], 1)
        out = F.conv2d(seen, conv.weight, stride=stride, padding=padding) / count.clamp(min=1)
        updated = (count > 0).to(out.dtype)
        return (out if conv.bias is None else out + conv.bias.view(1, -1, 1, 1)) * updated, updated


class _Level(nn.Module):
    """A partial convolution, batch normalisation and an activation, as far as it has them."""

    def __init__(
        self, before: int, after: int, kernel: int, *, stride: int = 1, norm: bool = True, slope: float
    ) -> None:
        super().__init__()
        self.conv = _PartialConvolution(before, after, kernel, stride=stride, bias=slope == 1)
        self.bn = nn.BatchNorm2d(after) if norm else None
        self.slope = slope

    def forward(self, parts: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
        x, valid = self.conv(parts)
        x = x if self.bn is None else self.bn(x)
        return F.leaky_relu(x, self.slope), valid


class PConvUNet(nn.Module):
    """Encoder and decoder with skips of features and masks.

    Args:
        levels: halvings; sides are multiples of 2 ** levels.
        width: multiplies all channels.

    Example:
        >>> net = PConvUNet(levels=4, width=0.05).eval()
        >>> net(torch.zeros(1, 3, 32, 48), torch.ones(1, 1, 32, 48))[0].shape
        torch.Size([1, 3, 32, 48])
    """

    def __init__(self, *, levels: int = 7, width: float = 1.0) -> None:
        super().__init__()
        self.levels = levels
        channels = [3, *(scaled(_CHANNELS[min(i, 3)], width) for i in range(levels))]
        for i in range(1, levels + 1):
            kernel = _KERNELS[min(i, 4) - 1]
            level = _Level(channels[i - 1], channels[i], kernel, stride=2, norm=i > 1, slope=0.0)
            self.add_module(f"enc_{i}", level)
        for i in range(levels, 0, -1):
            # what comes from below has the channels of the level below: its own number in the decoder
            below, skip = channels[i], channels[i - 1]
            last = i == 1
            level = _Level(below + skip, 3 if last else skip, 3, norm=not last, slope=1.0 if last else 0.2)
            self.add_module(f"dec_{i}", level)

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """The network with as many levels and channels as a state dict (of anything that has a shape)."""
        levels = {key.split(".")[0] for key in state if key.startswith("enc_")}
        return cls(levels=len(levels), width=state["enc_1.conv.input_conv.weight"].shape[0] / 64)

    def forward(self, x: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """A whole picture from what is known.

        Args:
            x: (N, 3, H, W), normalised by MEAN and STD; the hole's content has no influence.
            valid: (N, 1, H, W), 1 = known, 0 = hole.

        Returns:
            (N, 3, H, W), normalised, and (N, 1, H, W): 1 where anything was seen.
        """
        skips = [(x, valid)]
        for i in range(1, self.levels + 1):
            skips.append(self.get_submodule(f"enc_{i}")(skips[-1:]))
        part = skips.pop()
        for i in range(self.levels, 0, -1):
            larger = tuple(F.interpolate(one, scale_factor=2, mode="nearest") for one in part)
            part = self.get_submodule(f"dec_{i}")([larger, skips.pop()])
        return part
