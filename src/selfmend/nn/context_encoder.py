"""The Context Encoder's networks: centre, random region, feature learning, and the discriminator.

Pathak et al., "Context Encoders: Feature Learning by Inpainting", CVPR 2016, Sec. 3. Signed pictures (N, 3, H, W) with
a filled hole in, the hole's content or the whole picture out. Sequential networks have the keys of the public PyTorch
port of the authors' code.
"""

from __future__ import annotations

import itertools

import torch.nn.functional as F
from torch import Tensor, nn

from selfmend.nn.layers import ChannelwiseLinear, scaled

_CHANNELS = (64, 128, 256, 512)
ALEXNET_SIZE = 227
"""Side of the picture that the feature-learning network takes and gives, in pixels."""


def _channels(size: int, width: float) -> list[int]:
    """Output channels of the strided convolutions that take a side of `size` pixels to 4."""
    halvings = (size // 4).bit_length() - 1
    if halvings < 1 or size != 4 << halvings:
        raise ValueError(f"size is {size}; a power of two from 8 on fits")
    plan = _CHANNELS[:halvings] if halvings < 4 else (64,) * (halvings - 4) + _CHANNELS
    return [scaled(c, width) for c in plan]


def _down(channels: list[int], *, in_channels: int = 3) -> list[nn.Module]:
    """Halvings, all but the first one with batch normalisation."""
    layers: list[nn.Module] = []
    for before, after in zip([in_channels, *channels], channels, strict=False):
        layers.append(nn.Conv2d(before, after, 4, stride=2, padding=1, bias=False))
        layers += [nn.BatchNorm2d(after)] if len(layers) > 1 else []
        layers.append(nn.LeakyReLU(0.2))
    return layers


class ContextEncoderGenerator(nn.Module):
    """The pool-free encoder-decoder with a bottleneck of one vector.

    Args:
        size: side of the picture that it takes, a power of two, in pixels; 128 in the authors' code.
        output_size: side of what it gives: 64 for the centre of 128, 128 for holes anywhere.
        bottleneck: numbers in the vector, before `width`.
        width: multiplies all hidden channels and the bottleneck.

    Example:
        >>> import torch
        >>> net = ContextEncoderGenerator(size=32, output_size=16, width=0.1).eval()
        >>> net(torch.zeros(1, 3, 32, 32)).shape
        torch.Size([1, 3, 16, 16])
    """

    def __init__(self, *, size: int = 128, output_size: int = 64, bottleneck: int = 4000, width: float = 1.0) -> None:
        super().__init__()
        encoder = _channels(size, width)
        up = _channels(output_size, width)[::-1]
        middle = scaled(bottleneck, width)
        layers = _down(encoder)
        layers += [nn.Conv2d(encoder[-1], middle, 4, bias=False), nn.BatchNorm2d(middle), nn.LeakyReLU(0.2)]
        layers += [nn.ConvTranspose2d(middle, up[0], 4, bias=False), nn.BatchNorm2d(up[0]), nn.ReLU()]
        for before, after in itertools.pairwise(up):
            layers.append(nn.ConvTranspose2d(before, after, 4, stride=2, padding=1, bias=False))
            layers += [nn.BatchNorm2d(after), nn.ReLU()]
        layers += [nn.ConvTranspose2d(up[-1], 3, 4, stride=2, padding=1, bias=False), nn.Tanh()]
        self.main = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, size, size) in [-1, 1], the hole filled with a constant, to (N, 3, output_size, output_size)."""
        return self.main(x)


class ContextEncoderDiscriminator(nn.Module):
    """Tells a real patch from a predicted one; it sees no context.

    Args:
        size: side of the patch, a power of two, in pixels; the generator's `output_size`.
        width: multiplies all hidden channels.
    """

    def __init__(self, *, size: int = 64, width: float = 1.0) -> None:
        super().__init__()
        channels = _channels(size, width)
        self.main = nn.Sequential(*_down(channels), nn.Conv2d(channels[-1], 1, 4, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, size, size) in [-1, 1] to logits (N, 1), high for real."""
        return self.main(x).flatten(1)


class AlexNetContextEncoder(nn.Module):
    """The feature-learning network: AlexNet up to pool5, a channel-wise fully connected layer, five up-convolutions.

    Signed pictures (N, 3, 227, 227) in and out. The up-convolutions end at 161 pixels, from where the picture is
    enlarged bilinearly.

    Args:
        width: multiplies all hidden channels.

    Reference: Pathak et al., Sec. 3.1; Krizhevsky et al., "ImageNet Classification with Deep Convolutional Neural
    Networks", NeurIPS 2012, without its split into two groups and its local normalisation.
    """

    def __init__(self, *, width: float = 1.0) -> None:
        super().__init__()
        c1, c2, c3, c4, c5 = (scaled(c, width) for c in (96, 256, 384, 384, 256))
        self.encoder = nn.Sequential(
            *(nn.Conv2d(3, c1, 11, stride=4), nn.ReLU(), nn.MaxPool2d(3, 2)),
            *(nn.Conv2d(c1, c2, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2)),
            *(nn.Conv2d(c2, c3, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(c3, c4, 3, padding=1), nn.ReLU()),
            *(nn.Conv2d(c4, c5, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2)),
        )
        self.channelwise = ChannelwiseLinear(c5, size=(6, 6))
        self.mix = nn.Conv2d(c5, c5, 1)
        up = [c5, *(scaled(c, width) for c in (128, 64, 64, 32))]
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(up):
            layers += [nn.ConvTranspose2d(before, after, 5, stride=2, padding=2), nn.ReLU()]
        self.decoder = nn.Sequential(*layers, nn.ConvTranspose2d(up[-1], 3, 5, stride=2, padding=2))

    def forward(self, x: Tensor) -> Tensor:
        """(N, 3, 227, 227) in [-1, 1], the hole filled with a constant, to (N, 3, 227, 227), not clamped."""
        features = F.relu(self.mix(F.relu(self.channelwise(self.encoder(x)))))
        drawn = self.decoder(features)
        return F.interpolate(drawn, (ALEXNET_SIZE, ALEXNET_SIZE), mode="bilinear", align_corners=False)
