"""DMFN's generator and its discriminator with a global and a local view.

Hui et al., "Image Fine-grained Inpainting", 2020, Sec. 3. Signed pictures; the state dicts have the keys of the
authors' code.
"""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from selfmend.nn.layers import MultiscaleFusionBlock, scaled

_DISCRIMINATOR_CHANNELS = (64, 128, 256, 512, 512, 512)


class _Convolution(nn.Module):
    """A convolution, instance normalisation where asked for, ReLU where asked for."""

    def __init__(
        self, before: int, after: int, *, kernel: int = 3, stride: int = 1, norm: bool = True, relu: bool = True
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, kernel, stride=stride, padding=kernel // 2)
        self.norm, self.relu = norm, relu

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        x = F.instance_norm(x) if self.norm else x
        return F.relu(x) if self.relu else x


class _Doubling(nn.Module):
    """A transposed convolution of stride 2, then a convolution, both with instance normalisation and ReLU."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.deconv = nn.ConvTranspose2d(before, after, 4, stride=2, padding=1)
        self.conv = _Convolution(after, after)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.relu(F.instance_norm(self.deconv(x))))


class DMFNGenerator(nn.Module):
    """Encoder, dense multi-scale fusion blocks, decoder.

    Args:
        blocks: number of fusion blocks.
        fusion_kernel, use_k: see `MultiscaleFusionBlock`; the published weights fit 3 and False.
        width: multiplies all hidden channels.
    """

    def __init__(self, *, blocks: int = 8, fusion_kernel: int = 3, use_k: bool = False, width: float = 1.0) -> None:
        super().__init__()
        c64, c128, c256 = (scaled(c, width) for c in (64, 128, 256))
        self.encoder = nn.Sequential(
            _Convolution(4, c64, kernel=5, norm=False),
            _Convolution(c64, c128, stride=2),
            _Convolution(c128, c128),
            _Convolution(c128, c256, stride=2),
        )
        chain = [MultiscaleFusionBlock(c256, fusion_kernel=fusion_kernel, use_k=use_k) for _ in range(blocks)]
        self.blocks = nn.Sequential(*chain)
        self.decoder = nn.Sequential(
            _Convolution(c256, c256),
            _Doubling(c256, c128),
            _Doubling(c128, c64),
            _Convolution(c64, 3, norm=False, relu=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Generate.

        Args:
            x: (N, 4, H, W): the picture in [-1, 1] with 0 in the hole, and the mask, 1 = hole; H, W multiples of 4.

        Returns:
            (N, 3, H, W) in [-1, 1].
        """
        return torch.tanh(self.decoder(self.blocks(self.encoder(x))))


class _Halving(nn.Module):
    """A 5x5 convolution of stride 2, batch normalisation, leaky ReLU."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, 5, stride=2, padding=2)
        self.norm = nn.BatchNorm2d(after)

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(self.norm(self.conv(x)), 0.2)


class DMFNDiscriminator(nn.Module):
    """One logit from a whole picture and a patch around its hole.

    Args:
        size: side of the whole picture, a power of two, at most 256, in pixels.
        local_size: side of the patch, likewise, at most 128.
        width: multiplies all hidden channels.
    """

    def __init__(self, *, size: int = 256, local_size: int = 128, width: float = 1.0) -> None:
        super().__init__()
        whole, local = _halvings(size, width=width, most=6), _halvings(local_size, width=width, most=5)
        hidden = scaled(512, width)
        self.global_model = nn.Sequential(*whole)
        for i, layer in enumerate(local, 1):
            self.add_module(f"local_fea{i}", layer)
        self.local_depth = len(local)
        self.global_classifier = nn.Linear(whole[-1].conv.out_channels * 16, hidden)
        self.local_classifier = nn.Linear(local[-1].conv.out_channels * 16, hidden)
        self.classifier = nn.Sequential(nn.LeakyReLU(0.2), nn.Linear(2 * hidden, 1))

    def forward(self, local: Tensor, whole: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Judge.

        Args:
            local: (N, 3, local_size, local_size) in [-1, 1].
            whole: (N, 3, size, size) in [-1, 1].

        Returns:
            Logits (N, 1), high for real, and the activations of the local layers, which feature matching compares.
        """
        activations = []
        for i in range(1, self.local_depth + 1):
            local = self.get_submodule(f"local_fea{i}")(local)
            activations.append(local)
        near = self.local_classifier(local.flatten(1))
        far = self.global_classifier(self.global_model(whole).flatten(1))
        return self.classifier(torch.cat([near, far], 1)), activations


def _halvings(size: int, *, width: float, most: int) -> list[_Halving]:
    """Layers that take a side of `size` pixels to 4."""
    count = (size // 4).bit_length() - 1
    if not 1 <= count <= most or size != 4 << count:
        raise ValueError(f"size is {size}; a power of two from 8 to {4 << most} fits")
    channels = [3, *(scaled(c, width) for c in _DISCRIMINATOR_CHANNELS[:count])]
    return [_Halving(before, after) for before, after in itertools.pairwise(channels)]
