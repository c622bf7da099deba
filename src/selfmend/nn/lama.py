"""LaMa's generator, whose convolutions see the whole picture at once, through its spectrum; and its critic.

Suvorov et al., "Resolution-robust Large Mask Inpainting with Fourier Convolutions", WACV 2022, Sec. 2.1; fast Fourier
convolution: Chi et al., NeurIPS 2020. Features are in two parts, local and global. Pictures are (N, C, H, W) in
[0, 1], a mask is 1 in the hole. The state dict has the keys of the authors' code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import torch
from torch import Tensor, nn

from selfmend.nn.layers import scaled

_GLOBAL = 0.75  # share of the channels that are global


class FourierUnit(nn.Module):
    """A 1x1 convolution of the spectrum: every output pixel depends on every input pixel. (N, C, H, W) in and out.

    Args:
        channels: of what comes and goes; the convolution has two for each, real and imaginary part.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv_layer = nn.Conv2d(2 * channels, 2 * channels, 1, bias=False)
        self.bn = nn.BatchNorm2d(2 * channels)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W), spectrum in and out with the orthonormal scaling."""
        count, channels, height, width = x.shape
        x = x.float() if x.element_size() < 4 else x  # there are no half-precision transforms of any size
        with torch.autocast(x.device.type, enabled=False):
            spectrum = torch.view_as_real(torch.fft.rfft2(x, norm="ortho"))
            parts = spectrum.permute(0, 1, 4, 2, 3).reshape(count, 2 * channels, height, -1)
            parts = torch.relu(self.bn(self.conv_layer(parts)))
            parts = parts.view(count, channels, 2, height, -1).permute(0, 1, 3, 4, 2).contiguous()
            return torch.fft.irfft2(torch.view_as_complex(parts), s=(height, width), norm="ortho")


class SpectralTransform(nn.Module):
    """The way from global to global features, (N, C, H, W) in and out: a Fourier unit on half the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.conv1 = nn.Sequential(nn.Conv2d(channels, half, 1, bias=False), nn.BatchNorm2d(half), nn.ReLU())
        self.fu = FourierUnit(half)
        self.conv2 = nn.Conv2d(half, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W)."""
        x = self.conv1(x)
        return self.conv2(x + self.fu(x))


class _FourierConvolution(nn.Module):
    """Convolutions between the local and the global part; a part that is empty has none."""

    def __init__(self, before: tuple[int, int], after: tuple[int, int], **how: Any) -> None:
        super().__init__()
        how |= {"bias": False, "padding_mode": "reflect"}
        (local, wide), (new_local, new_wide) = before, after
        self.convl2l = nn.Conv2d(local, new_local, **how)
        self.convl2g = nn.Conv2d(local, new_wide, **how) if new_wide else None
        self.convg2l = nn.Conv2d(wide, new_local, **how) if wide else None
        self.convg2g = SpectralTransform(wide) if wide else None

    def forward(self, local: Tensor, wide: Tensor | None) -> tuple[Tensor, Tensor | None]:
        new_local = self.convl2l(local)
        new_wide = self.convl2g(local) if self.convl2g is not None else None
        if wide is not None and self.convg2l is not None and self.convg2g is not None:
            new_local = new_local + self.convg2l(wide)
            new_wide = new_wide + self.convg2g(wide)
        return new_local, new_wide


class _NormalizedConvolution(nn.Module):
    """A Fourier convolution, batch normalisation and ReLU of each part."""

    def __init__(self, before: tuple[int, int], after: tuple[int, int], **how: Any) -> None:
        super().__init__()
        self.ffc = _FourierConvolution(before, after, **how)
        self.bn_l = nn.BatchNorm2d(after[0])
        self.bn_g = nn.BatchNorm2d(after[1]) if after[1] else None

    def forward(self, x: tuple[Tensor, Tensor | None]) -> tuple[Tensor, Tensor | None]:
        local, wide = self.ffc(*x)
        return torch.relu(self.bn_l(local)), None if self.bn_g is None else torch.relu(self.bn_g(wide))


class _Block(nn.Module):
    """Two Fourier convolutions and what came, added."""

    def __init__(self, channels: tuple[int, int]) -> None:
        super().__init__()
        self.conv1 = _NormalizedConvolution(channels, channels, kernel_size=3, padding=1)
        self.conv2 = _NormalizedConvolution(channels, channels, kernel_size=3, padding=1)

    def forward(self, x: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        local, wide = self.conv2(self.conv1(x))
        return x[0] + local, x[1] + wide


class _Start(nn.Module):
    """The picture as local features; there are no global ones yet."""

    def __init__(self) -> None:
        super().__init__()
        self.pad = nn.ReflectionPad2d(3)

    def forward(self, x: Tensor) -> tuple[Tensor, None]:
        return self.pad(x), None


class _Join(nn.Module):
    """Both parts as one."""

    def forward(self, x: tuple[Tensor, Tensor]) -> Tensor:
        return torch.cat(x, 1)


class LamaGenerator(nn.Module):
    """Three halvings, residual blocks of Fourier convolutions, three doublings.

    Args:
        blocks: residual blocks: 18 in "big LaMa", 9 in the paper's tables.
        width: multiplies all channels.

    Example:
        >>> net = LamaGenerator(blocks=1, width=0.1).eval()
        >>> net(torch.zeros(1, 4, 16, 24)).shape
        torch.Size([1, 3, 16, 24])
    """

    def __init__(self, *, blocks: int = 18, width: float = 1.0) -> None:
        super().__init__()
        first = scaled(64, width)
        wide = int(8 * first * _GLOBAL)
        parts = (8 * first - wide, wide)
        stride = {"kernel_size": 3, "stride": 2, "padding": 1}
        layers: list[nn.Module] = [_Start(), _NormalizedConvolution((4, 0), (first, 0), kernel_size=7)]
        layers += [_NormalizedConvolution((n * first, 0), (2 * n * first, 0), **stride) for n in (1, 2)]
        layers += [_NormalizedConvolution((4 * first, 0), parts, **stride)]
        layers += [_Block(parts) for _ in range(blocks)]
        layers += [_Join()]
        for n in (8, 4, 2):
            up = nn.ConvTranspose2d(n * first, n * first // 2, 3, stride=2, padding=1, output_padding=1)
            layers += [up, nn.BatchNorm2d(n * first // 2), nn.ReLU()]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(first, 3, 7)]
        self.model = nn.Sequential(*layers)

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """The network with as many blocks and channels as a state dict (of anything that has a shape)."""
        blocks = {key.split(".")[1] for key in state if key.endswith(".conv1.ffc.convl2l.weight")}
        return cls(blocks=len(blocks), width=state["model.1.ffc.convl2l.weight"].shape[0] / 64)

    def logits(self, x: Tensor) -> Tensor:
        """What `forward` gives, before the sigmoid."""
        return self.model(x)

    def forward(self, x: Tensor) -> Tensor:
        """A whole picture from what is known.

        Args:
            x: (N, 4, H, W), the picture with zeros in the hole, and the mask; H and W multiples of 8, 16 or more.

        Returns:
            (N, 3, H, W) in [0, 1].
        """
        return torch.sigmoid(self.logits(x))


class LamaDiscriminator(nn.Module):
    """A logit for each part of a picture, from overlapping patches; only training needs it.

    Args:
        layers: halvings.
        width: multiplies all channels.

    Example:
        >>> logits, features = LamaDiscriminator(width=0.05)(torch.zeros(2, 3, 64, 64))
        >>> logits.shape, len(features)
        (torch.Size([2, 1, 7, 7]), 5)
    """

    def __init__(self, *, layers: int = 4, width: float = 1.0) -> None:
        super().__init__()
        channels = [scaled(min(64 << n, 512), width) for n in range(layers + 1)]
        for n, (before, after) in enumerate(zip([3, *channels], channels, strict=False)):
            parts: list[nn.Module] = [nn.Conv2d(before, after, 4, stride=2 if n < layers else 1, padding=2)]
            parts += [nn.BatchNorm2d(after)] if n else []
            self.add_module(f"model{n}", nn.Sequential(*parts, nn.LeakyReLU(0.2)))
        self.add_module(f"model{layers + 1}", nn.Sequential(nn.Conv2d(channels[-1], 1, 4, padding=2)))

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits (N, 1, h, w), high for real, of pictures (N, 3, H, W) in [0, 1], and the features before them."""
        features = []
        for layer in self.children():
            x = layer(x)
            features.append(x)
        return x, features[:-1]
