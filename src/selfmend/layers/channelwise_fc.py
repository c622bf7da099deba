"""A fully connected layer within each channel: (N, C, H, W) in and out, no channel sees another one.

Pathak et al., "Context Encoders: Feature Learning by Inpainting", CVPR 2016, Sec. 3.1.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class ChannelwiseLinear(nn.Module):
    """One independent linear map of all positions to all positions in each channel.

    It has channels x (height x width)^2 weights, where a plain linear layer has channels times as many; a 1x1
    convolution after it mixes the channels.

    Args:
        channels: C.
        size: (H, W) of the maps.
        bias: whether a number is added at each position of each channel.

    Example:
        >>> ChannelwiseLinear(256, size=(6, 6), bias=False).weight.numel()
        331776
    """

    def __init__(self, channels: int, *, size: tuple[int, int], bias: bool = True) -> None:
        super().__init__()
        self.size = size
        positions = size[0] * size[1]
        bound = 1 / math.sqrt(positions)  # as nn.Linear draws
        self.weight = nn.Parameter(torch.empty(channels, positions, positions).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(channels, positions)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C, H, W).

        Raises:
            ValueError: maps of another size than the layer's.
        """
        if x.shape[1:] != (self.weight.shape[0], *self.size):
            fits = (self.weight.shape[0], *self.size)
            raise ValueError(f"x has channels and size {tuple(x.shape[1:])}; {fits} fits")
        out = torch.einsum("ncp,cqp->ncq", x.flatten(2), self.weight)
        if self.bias is not None:
            out = out + self.bias
        return out.unflatten(2, self.size)
