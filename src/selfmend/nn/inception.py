"""Inception V3 as far as SIFID and FID look into it.

The beginning of Inception-v3, as far as single-image statistics look (Szegedy et al., CVPR 2016, Table 1).

Signed pictures (N, 3, H, W) in, features (N, 64 or 192, h, w) out. The names of the layers are those of the published
weights.

The Inception-v3 that FID looks with (Szegedy et al., CVPR 2016, as TensorFlow trained it on 2015-12-05).

It differs from torchvision's: the average pools leave the padding out, the last block pools by maximum, and its 1008
classes are no part of what is computed here. The names of the layers are those of pytorch-fid's published weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from selfmend.errors import check_known
from selfmend.nn.weights import INCEPTION_FID, INCEPTION_V3, load_pretrained

LEAST_SIZE = {64: 9, 192: 23}
"""Features to the side of the smallest picture, in pixels, that has them at 2 x 2 positions."""


class ConvNormRelu(nn.Module):
    """A convolution without bias, batch normalisation and ReLU: what Inception is made of."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        kernel: int | tuple[int, int],
        stride: int = 1,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, h, w), not negative."""
        return F.relu(self.bn(self.conv(x)))


class InceptionStem(nn.Module):
    """Inception-v3 up to its second pooling."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = ConvNormRelu(3, 32, kernel=3, stride=2)
        self.Conv2d_2a_3x3 = ConvNormRelu(32, 32, kernel=3)
        self.Conv2d_2b_3x3 = ConvNormRelu(32, 64, kernel=3, padding=1)
        self.Conv2d_3b_1x1 = ConvNormRelu(64, 80, kernel=1)
        self.Conv2d_4a_3x3 = ConvNormRelu(80, 192, kernel=3)

    def forward(self, x: Tensor, *, features: int = 64) -> Tensor:
        """Features of a picture at all positions.

        Args:
            x: (N, 3, H, W) in [-1, 1], of any size from `LEAST_SIZE` on; it is not resized.
            features: 64, before the first pooling, or 192, before the second.

        Returns:
            (N, features, h, w); h and w are about a half of the picture's for 64, a quarter for 192.

        Raises:
            OptionError: another number of features.
        """
        check_known("number of features", str(features), map(str, LEAST_SIZE))
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x)))
        if features == 64:
            return x
        return self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(F.max_pool2d(x, 3, stride=2)))


def load_inception(
    path: Path | None = None, *, download: bool = False, device: str | torch.device = "cpu"
) -> InceptionStem:
    """The network with the published ImageNet weights, for looking only: not training, no gradients of its weights.

    Args:
        path: file or folder of the weights; None looks where `find_weights` says.
        download: fetch the weights (104 MB) where they are missing.
        device: of the network.

    Raises:
        WeightsError: the weights are missing or not the published ones.
    """
    net = InceptionStem()
    load_pretrained(net, INCEPTION_V3, path=path, download=download)
    return net.eval().requires_grad_(False).to(device)


FEATURES = 2048
"""Numbers a picture, after the last pooling."""

SIDE = 299
"""Pixels of the square that every picture is resized to."""

Kernel = tuple[int, int]
Chain = Sequence[tuple[str, int, Kernel]]
"""Convolutions one after the other: the ending of the name, outputs, kernel. The ones that end in a and b are side by
side on what came before."""

_ONE, _THREE, _FIVE = (1, 1), (3, 3), (5, 5)
_ROW, _COLUMN = (1, 7), (7, 1)


class Mixed(nn.Module):
    """One Inception block: branches side by side, their results one after the other in the channels."""

    def __init__(
        self, inputs: int, branches: Mapping[str, Chain], pool: Callable[[Tensor], Tensor], *, pooled: int = 0
    ) -> None:
        """
        Args:
            inputs: channels that come in.
            branches: name of each to its convolutions. The last one of a chain has stride 2 where the block shrinks.
            pool: the pooling of the last branch.
            pooled: channels of the convolution behind it; 0 has none, and the block shrinks to (size - 1) // 2.
        """
        super().__init__()
        self.pool = pool
        self.chains: list[tuple[list[str], list[str]]] = []
        for branch, chain in branches.items():
            channels, line, fork = inputs, [], []
            for ending, outputs, kernel in chain:
                name = branch + ending
                shrinks = pooled == 0 and ending == chain[-1][0]
                padding = (0, 0) if shrinks else (kernel[0] // 2, kernel[1] // 2)
                layer = ConvNormRelu(channels, outputs, kernel=kernel, stride=2 if shrinks else 1, padding=padding)
                self.add_module(name, layer)
                if ending[-1:] in ("a", "b"):
                    fork.append(name)
                else:
                    channels = outputs
                    line.append(name)
            self.chains.append((line, fork))
        self.branch_pool = ConvNormRelu(inputs, pooled, kernel=_ONE) if pooled else None

    def forward(self, x: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, outputs, H, W), or half as high and wide."""
        found = []
        for line, fork in self.chains:
            y = x
            for name in line:
                y = self.get_submodule(name)(y)
            found += [self.get_submodule(name)(y) for name in fork] or [y]
        y = self.pool(x)
        return torch.cat([*found, y if self.branch_pool is None else self.branch_pool(y)], 1)


class InceptionFid(nn.Module):
    """Inception up to its last pooling."""

    def __init__(self) -> None:
        super().__init__()
        for name, layer in InceptionStem().named_children():
            self.add_module(name, layer)
        self.Mixed_5b = _at_35(192, 32)
        self.Mixed_5c = _at_35(256, 64)
        self.Mixed_5d = _at_35(288, 64)
        self.Mixed_6a = Mixed(288, {"branch3x3": [("", 384, _THREE)], "branch3x3dbl": _double(64, 96)}, _shrink)
        self.Mixed_6b = _at_17(128)
        self.Mixed_6c = _at_17(160)
        self.Mixed_6d = _at_17(160)
        self.Mixed_6e = _at_17(192)
        long = [("_1", 192, _ONE), ("_2", 192, _ROW), ("_3", 192, _COLUMN), ("_4", 192, _THREE)]
        short = [("_1", 192, _ONE), ("_2", 320, _THREE)]
        self.Mixed_7a = Mixed(768, {"branch3x3": short, "branch7x7x3": long}, _shrink)
        self.Mixed_7b = _at_8(1280, _average)
        self.Mixed_7c = _at_8(2048, _largest)

    def forward(self, x: Tensor) -> Tensor:
        """Features of pictures of any size, resized to 299 x 299 first: bilinear without antialiasing, as published.

        Args:
            x: (N, 3, H, W) in [-1, 1].

        Returns:
            (N, 2048), not negative.
        """
        x = F.interpolate(x, (SIDE, SIDE), mode="bilinear", align_corners=False)
        for name, layer in self.named_children():
            if name in ("Conv2d_3b_1x1", "Mixed_5b"):
                x = _shrink(x)
            x = layer(x)
        return x.mean((2, 3))


def load_inception_fid(
    path: Path | None = None, *, download: bool = False, device: str | torch.device = "cpu"
) -> InceptionFid:
    """The network with the published weights, for looking only: not training, no gradients of its weights.

    Args:
        path: file or folder of the weights; None looks where `find_weights` says.
        download: fetch the weights (91 MB) where they are missing.
        device: of the network.

    Raises:
        WeightsError: the weights are missing or not the published ones.
    """
    net = InceptionFid()
    load_pretrained(net, INCEPTION_FID, path=path, download=download)
    return net.eval().requires_grad_(False).to(device)


def _double(first: int, then: int) -> Chain:
    """Two 3 x 3 convolutions, which see as much as one of 5 x 5."""
    return [("_1", first, _ONE), ("_2", then, _THREE), ("_3", then, _THREE)]


def _at_35(inputs: int, pooled: int) -> Mixed:
    """A block at 35 x 35 positions."""
    five = [("_1", 48, _ONE), ("_2", 64, _FIVE)]
    branches = {"branch1x1": [("", 64, _ONE)], "branch5x5": five, "branch3x3dbl": _double(64, 96)}
    return Mixed(inputs, branches, _average, pooled=pooled)


def _at_17(width: int) -> Mixed:
    """A block at 17 x 17 positions, with kernels of one row or one column."""
    seven = [("_1", width, _ONE), ("_2", width, _ROW), ("_3", 192, _COLUMN)]
    twice = [("_2", width, _COLUMN), ("_3", width, _ROW), ("_4", width, _COLUMN), ("_5", 192, _ROW)]
    branches = {"branch1x1": [("", 192, _ONE)], "branch7x7": seven, "branch7x7dbl": [("_1", width, _ONE), *twice]}
    return Mixed(768, branches, _average, pooled=192)


def _at_8(inputs: int, pool: Callable[[Tensor], Tensor]) -> Mixed:
    """A block at 8 x 8 positions, whose branches fork at their ends."""
    three = [("_1", 384, _ONE), ("_2a", 384, (1, 3)), ("_2b", 384, (3, 1))]
    twice = [("_1", 448, _ONE), ("_2", 384, _THREE), ("_3a", 384, (1, 3)), ("_3b", 384, (3, 1))]
    branches = {"branch1x1": [("", 320, _ONE)], "branch3x3": three, "branch3x3dbl": twice}
    return Mixed(inputs, branches, pool, pooled=192)


def _average(x: Tensor) -> Tensor:
    return F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)


def _largest(x: Tensor) -> Tensor:
    return F.max_pool2d(x, 3, stride=1, padding=1)


def _shrink(x: Tensor) -> Tensor:
    return F.max_pool2d(x, 3, stride=2)
