"""DeepFill v1: a coarse and a fine network of plain convolutions, and attention that copies patches.

Yu et al., "Generative Image Inpainting with Contextual Attention", CVPR 2018, Sec. 3 and the supplementary material.
Two layouts: the authors', of their TensorFlow checkpoints, whose padding these need; and that of a port to PyTorch
(daa233). Pictures are (N, 3, H, W) in [-1, 1], a mask is 1 in the hole. The state dict has the keys of each layout.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from selfmend.nn.deepfill import CoarseToFineGenerator, ContextualAttention, same_padding
from selfmend.nn.layers import scaled

_DILATED = {7: 2, 8: 4, 9: 8, 10: 16}  # by the number of a layer
_HALVED = (2, 4)
_DOUBLED = (13, 15)

_ENCODER = (32, 64, 64, 128, 128, 128, 128, 128, 128, 128)
_NARROW = (32, 32, 64, 64, 128, 128, 128, 128, 128, 128)
_DECODER = (128, 128, 64, 64, 32, 16, 3)


class _Layer(nn.Module):
    """A convolution and its activation; "linear" is the last one's."""

    def __init__(self, before: int, after: int, number: int, kind: str, *, same: bool) -> None:
        super().__init__()
        self.same, self.kind, self.up = same, kind, number in _DOUBLED
        kernel, stride, dilation = 5 if number == 1 else 3, 2 if number in _HALVED else 1, _DILATED.get(number, 1)
        self.reach = dilation * (kernel - 1)
        self.conv = nn.Conv2d(before, after, kernel, stride=stride, dilation=dilation)

    def forward(self, x: Tensor) -> Tensor:
        if self.up:
            x = F.interpolate(x, scale_factor=2, mode="nearest")
        if self.same:
            x = same_padding(x, reach=self.reach, stride=self.conv.stride[0])
        else:
            x = F.pad(x, [self.reach // 2] * 4)
        x = self.conv(x)
        return F.elu(x) if self.kind == "elu" else F.relu(x) if self.kind == "relu" else x


class _Part(nn.Module):
    """Layers by the names that they have in one of the two networks."""

    def __init__(self, *, authors: bool, width: float) -> None:
        super().__init__()
        self.authors, self.width, self.chains = authors, width, dict[str, list[str]]()

    def chain(self, prefix: str, before: int, channels: Sequence[int], numbers: Sequence[int]) -> int:
        """Add layers that follow each other; the channels of the last."""
        for number, wide in zip(numbers, channels, strict=True):
            after = wide if number == 17 else scaled(wide, self.width)
            kind = "linear" if number == 17 else "relu" if (prefix, number) == ("pmconv", 6) else "elu"
            name = f"{prefix}{number}{self._end(prefix, number)}"
            layer: nn.Module = _Layer(before, after, number if prefix != "pmconv" or number < 7 else 0, kind,
                                      same=self.authors)  # fmt: skip
            if self.authors and number in _DOUBLED:
                inner = nn.Module()
                inner.add_module("conv", layer)
                self.add_module(name, inner)
                name += ".conv"
            else:
                self.add_module(name, layer)
            self.chains.setdefault(f"{prefix}{numbers[0]}", []).append(name)
            before = after
        return before

    def _end(self, prefix: str, number: int) -> str:
        """What a layer does, behind its number, as both layouts have it but for enlargements."""
        if prefix == "pmconv" and number > 6:
            return ""
        if number in _DOUBLED:
            return "_upsample" if self.authors else ""
        return "_downsample" if number in _HALVED else "_atrous" if number in _DILATED else ""

    def run(self, first: str, x: Tensor) -> Tensor:
        """Through the chain that begins with a layer of this name."""
        for name in self.chains[first]:
            x = self.get_submodule(name)(x)
        return x


class DeepFillV1Generator(_Part, CoarseToFineGenerator):
    """The coarse and the fine network.

    Args:
        authors: the layout of the authors' checkpoints; else the port's, in which the networks have names.
        width: multiplies all hidden channels.

    Example:
        >>> net = DeepFillV1Generator(width=0.125).eval()
        >>> net(torch.zeros(1, 3, 16, 24), torch.ones(1, 1, 16, 24))[1].shape
        torch.Size([1, 3, 16, 24])
    """

    def __init__(self, *, authors: bool = False, width: float = 1.0) -> None:
        super().__init__(authors=authors, width=width)
        parts: tuple[_Part, _Part]
        if authors:
            parts = (self, self)
        else:
            self.coarse_generator = _Part(authors=False, width=width)
            self.fine_generator = _Part(authors=False, width=width)
            parts = (self.coarse_generator, self.fine_generator)
        self._parts = parts  # a tuple: no second module of the state dict
        coarse, fine = parts
        self._fine = "xconv" if authors else "conv"
        coarse.chain("conv", 5, (*_ENCODER, *_DECODER), range(1, 18))
        wide = fine.chain(self._fine, 5, _NARROW, range(1, 11))
        copied = fine.chain("pmconv", 5, (32, 32, 64, 128, 128, 128), range(1, 7))
        copied = fine.chain("pmconv", copied, (128, 128), (9, 10))
        fine.chain("allconv", wide + copied, _DECODER, range(11, 18))

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """The network with the layout and the channels of a state dict (of anything that has a shape)."""
        authors = "coarse_generator.conv1.conv.weight" not in state
        first = state["conv1.conv.weight" if authors else "coarse_generator.conv1.conv.weight"]
        return cls(authors=authors, width=first.shape[0] / 32)

    def draw_coarse(self, seen: Tensor) -> Tensor:
        """See `CoarseToFineGenerator`."""
        return self._parts[0].run("conv1", seen).clamp(-1, 1)

    def draw_fine(self, x: Tensor, hole: Tensor) -> Tensor:
        """See `CoarseToFineGenerator`."""
        net = self._parts[1]
        seen = torch.cat([x, torch.ones_like(hole), hole], 1)
        # made here, as its one buffer is no part of the state dict
        attention = ContextualAttention(fuse=True, corners=self.authors, softened=not self.authors).to(x.device)
        attended = attention(net.run("pmconv1", seen), hole)
        joined = torch.cat([net.run(f"{self._fine}1", seen), net.run("pmconv9", attended)], 1)
        return net.run("allconv11", joined).clamp(-1, 1)
