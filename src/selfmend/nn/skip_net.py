"""The hourglass of "Deep Image Prior": an encoder and a decoder with narrow skips, whose shape alone prefers pictures.

Ulyanov et al., "Deep Image Prior", CVPR 2018, Sec. 3 and the supplementary material. (N, C, H, W) in, pictures in
[0, 1] out. The state dict has the keys of the authors' code, whose layers are counted from 1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class _Concat(nn.Module):
    """What comes, through each of two ways, as channels of one."""

    def __init__(self, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.add_module("0", first)
        self.add_module("1", second)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([way(x) for way in self.children()], 1)


def _counted(layers: list[nn.Module]) -> nn.Sequential:
    """Layers one after the other, under the names "1", "2", ..."""
    found = nn.Sequential()
    for i, layer in enumerate(layers, 1):
        found.add_module(str(i), layer)
    return found


def _convolution(before: int, after: int, kernel: int, *, stride: int = 1) -> list[nn.Module]:
    """A convolution of the mirrored picture, batch normalisation, activation."""
    conv = nn.Sequential(nn.ReflectionPad2d(kernel // 2), nn.Conv2d(before, after, kernel, stride=stride))
    return [conv, nn.BatchNorm2d(after), nn.LeakyReLU(0.2)]


class SkipNet(nn.Sequential):
    """The network; it is fitted to one picture, in training mode, and has no weights to load.

    Args:
        in_channels: of the fixed input.
        channels: of each level, finest first; as many halvings.
        out_channels: of the picture.
        skip: channels of each skip; 0 for none.
        kernels: sides of the encoder's and of the decoder's kernels.
        pointwise: a convolution of single pixels after each of the decoder's.
        smooth: enlarge between levels bilinearly, instead of by the nearest pixel.

    Example:
        >>> net = SkipNet(in_channels=2, channels=(4, 4))
        >>> net(torch.zeros(1, 2, 16, 24)).shape
        torch.Size([1, 3, 16, 24])
    """

    def __init__(
        self,
        *,
        in_channels: int = 32,
        channels: tuple[int, ...] = (128,) * 5,
        out_channels: int = 3,
        skip: int = 128,
        kernels: tuple[int, int] = (3, 3),
        pointwise: bool = True,
        smooth: bool = False,
    ) -> None:
        super().__init__()
        down, up = kernels
        inner: list[nn.Module] = []
        for i in range(len(channels) - 1, -1, -1):  # from the coarsest level out
            before, own = channels[i - 1] if i else in_channels, channels[i]
            deeper = _convolution(before, own, down, stride=2) + _convolution(own, own, down)
            deeper += [_counted(inner)] if inner else []
            deeper += [nn.Upsample(scale_factor=2, mode="bilinear" if smooth else "nearest")]
            came = (channels[i + 1] if inner else own) + skip
            level: list[nn.Module] = [_counted(deeper)]
            if skip:
                level = [_Concat(_counted(_convolution(before, skip, 1)), level[0])]
            level += [nn.BatchNorm2d(came), *_convolution(came, own, up)]
            level += _convolution(own, own, 1) if pointwise else []
            inner = level
        inner += [nn.Sequential(nn.ReflectionPad2d(0), nn.Conv2d(channels[0], out_channels, 1)), nn.Sigmoid()]
        for i, layer in enumerate(inner, 1):
            self.add_module(str(i), layer)
