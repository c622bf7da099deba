"""MI-GAN's generator: separable convolutions in an encoder and a decoder with skips, small enough for a telephone.

Sargsyan et al., "MI-GAN: A Simple Baseline for Image Inpainting on Mobile Devices", ICCV 2023, Sec. 3.1, as it is used
after training. Pictures are (N, C, S, S) in [-1, 1], S the one side that a network takes. The noise is part of the
weights, so that the same picture always gives the same fill. The state dict has the keys of the authors' code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from selfmend.nn.layers import scaled

_COARSEST = 4  # pixels
_GAIN, _CLAMP = 2**0.5, 256.0
_TAPS = (1.0, 3.0, 3.0, 1.0)  # of the blur


def _activated(x: Tensor) -> Tensor:
    return (F.leaky_relu(x, 0.2) * _GAIN).clamp(-_CLAMP, _CLAMP)


def _blur(channels: int, gain: float, **how: Any) -> nn.Conv2d:
    """A blur of each channel for itself; its weights are constants, which the files hold too."""
    taps = torch.tensor(_TAPS)
    blur = nn.Conv2d(channels, channels, len(_TAPS), bias=False, groups=channels, **how)
    kernel = torch.outer(taps, taps) / taps.sum() ** 2 * gain
    blur.weight = nn.Parameter(kernel.expand(channels, 1, -1, -1).clone(), requires_grad=False)
    return blur


class _Down(nn.Module):
    """Half the size, blurred."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.filter = _blur(channels, 1, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.filter(x)


class _Up(nn.Module):
    """Twice the size: a pixel in four is kept of the nearest ones, and blurred."""

    filter_const: Tensor

    def __init__(self, channels: int, size: int) -> None:
        super().__init__()
        self.filter = _blur(channels, 4)
        kept = torch.zeros(1, 1, size, size)
        kept[:, :, ::2, ::2] = 1
        self.register_buffer("filter_const", kept)

    def forward(self, x: Tensor) -> Tensor:
        x = F.interpolate(x, scale_factor=2, mode="nearest") * self.filter_const
        return self.filter(F.pad(x, (2, 1, 2, 1)))


class _Separable(nn.Module):
    """A convolution of each channel, then one of each pixel, with a change of size in between."""

    noise_const: Tensor

    def __init__(self, before: int, after: int, *, size: int, noise: bool, change: str = "") -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, before, 3, padding=1, groups=before)
        self.conv2 = nn.Conv2d(before, after, 1, bias=False)
        self.downsample = _Down(before) if change == "down" else None
        self.upsample = _Up(after, size) if change == "up" else None
        if noise:
            self.register_buffer("noise_const", torch.zeros(size, size))
            self.noise_strength = nn.Parameter(torch.zeros(()))
        self.noise = noise

    def forward(self, x: Tensor) -> Tensor:
        x = _activated(self.conv1(x))
        if self.downsample is not None:
            x = self.downsample(x)
        x = self.conv2(x)
        if self.upsample is not None:
            x = self.upsample(x)
        if self.noise:
            x = x + self.noise_const * self.noise_strength
        return _activated(x)


class _EncoderLevel(nn.Module):
    """Features of one size, and what goes on at half of it."""

    def __init__(self, channels: int, after: int, *, size: int, first: bool) -> None:
        super().__init__()
        self.fromrgb = nn.Conv2d(4, channels, 1) if first else None
        self.conv1 = _Separable(channels, channels, size=size, noise=False)
        change = "down" if size > _COARSEST else ""
        self.conv2 = _Separable(channels, after, size=size, noise=False, change=change)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if self.fromrgb is not None:
            x = _activated(self.fromrgb(x))
        features = self.conv1(x)
        return features, self.conv2(features)


class _DecoderLevel(nn.Module):
    """Features of one size from those of half of it and the encoder's, and the picture as far as it is known."""

    def __init__(self, before: int, channels: int, *, size: int) -> None:
        super().__init__()
        larger = size > _COARSEST
        self.conv1 = _Separable(before, channels, size=size, noise=larger, change="up" if larger else "")
        self.conv2 = _Separable(channels, channels, size=size, noise=larger)
        self.torgb = nn.Conv2d(channels, 3, 1)
        self.upsample = _Up(3, size) if larger else None

    def forward(self, x: Tensor, features: Tensor, picture: Tensor | None) -> tuple[Tensor, Tensor]:
        x = self.conv2(self.conv1(x) + features)
        seen = self.torgb(x)
        return x, seen if picture is None or self.upsample is None else self.upsample(picture) + seen


class MiganGenerator(nn.Module):
    """Encoder and decoder from `size` to 4 pixels and back.

    Args:
        size: side of the pictures that it takes, a power of two from 8 on: 256 or 512 in the published weights.
        width: multiplies all channels.

    Example:
        >>> net = MiganGenerator(size=16, width=0.05).eval()
        >>> net(torch.zeros(1, 4, 16, 16)).shape
        torch.Size([1, 3, 16, 16])
    """

    def __init__(self, *, size: int = 512, width: float = 1.0) -> None:
        super().__init__()
        self.size = size
        sizes = [_COARSEST << k for k in range((size // _COARSEST).bit_length())]
        channels = {s: scaled(min(32768 // s, 512), width) for s in sizes}
        self.encoder, self.synthesis = nn.ModuleDict(), nn.ModuleDict()
        for s in sizes:
            self.encoder[f"b{s}"] = _EncoderLevel(
                channels[s], channels[max(s // 2, _COARSEST)], size=s, first=s == size
            )
            self.synthesis[f"b{s}"] = _DecoderLevel(channels[max(s // 2, _COARSEST)], channels[s], size=s)

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """The network of the side and the channels in a state dict (of anything that has a shape)."""
        size = next(s for s in (256, 512) if f"encoder.b{s}.fromrgb.weight" in state)
        return cls(size=size, width=state["encoder.b4.conv1.conv2.weight"].shape[0] / 512)

    def forward(self, x: Tensor) -> Tensor:
        """A whole picture from what is known.

        Args:
            x: (N, 4, size, size): 0.5 where a pixel is known and -0.5 in the hole, then the picture with zeros there.

        Returns:
            (N, 3, size, size), about [-1, 1].
        """
        features, picture = {}, None
        for name, encoder in list(self.encoder.items())[::-1]:
            features[name], x = encoder(x)
        for name, decoder in self.synthesis.items():
            x, picture = decoder(x, features[name], picture)
        assert picture is not None
        return picture
