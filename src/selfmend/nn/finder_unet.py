"""The network of the finders of damage and of marks: a U-Net (Ronneberger et al., MICCAI 2015) on blocks of 2 x 2.

It works at half the picture's size on four times the channels (sub-pixel convolution, Shi et al., CVPR 2016), which
keeps every pixel and costs a quarter. Ours are the widths, most of which are where pixels are few: 2.1 million
parameters for half as much time again as the 0.5 million of the same width everywhere.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from selfmend.errors import WeightsError
from selfmend.masks.finder_network import PLANES

WIDTHS = (32, 64, 96, 160, 192)
"""Channels at 1/2, 1/4, 1/8, 1/16 and 1/32 of the picture's size: processors work on 16 at once."""


def _conv(inputs: int, outputs: int, *, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


def _head(inputs: int, kinds: int) -> nn.Conv2d:
    head = nn.Conv2d(inputs, 4 * kinds, 1)
    assert head.bias is not None
    nn.init.constant_(head.bias, -3.0)  # most pixels are of no kind
    return head


class FinderUNet(nn.Module):
    """Of which kinds each pixel is; it can be of several.

    `forward` takes (N, 20, H / 2, W / 2) of `masks.finder_network.features`, H and W multiples of 32, and gives logits
    (N, K, H, W).

    Args:
        kinds: K, such as the 4 of `masks.damage.marks.KINDS`.
        widths: channels at 1/2, 1/4, ... of the size.
    """

    def __init__(self, kinds: int, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        self.stem = nn.Sequential(_conv(PLANES, widths[0]), _conv(widths[0], widths[0]))
        pairs = list(itertools.pairwise(widths))
        self.down = nn.ModuleList(nn.Sequential(_conv(a, b, stride=2), _conv(b, b)) for a, b in pairs)
        self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, 2) for a, b in reversed(pairs))
        self.join = nn.ModuleList(_conv(2 * a, a) for a, _ in reversed(pairs))
        self.last = _conv(widths[0], widths[0])
        self.head = _head(widths[0], kinds)

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        x = self.stem(planes)
        passed = []
        for down in self.down:
            passed.append(x)
            x = down(x)
        for up, join in zip(self.up, self.join, strict=True):
            x = join(torch.cat([passed.pop(), up(x)], 1))
        return F.pixel_shuffle(self.head(self.last(x)), 2)


def unfolded(weights: Mapping[str, np.ndarray], kinds: int) -> FinderUNet:
    """A network with weights of `folded`, to train on: its batch norms shift and scale, and no longer measure.

    Args:
        weights: of the same finder; or of one of other kinds, whose last layer is begun anew.
        kinds: that are to be told apart.

    Raises:
        WeightsError: weights of another network.
    """
    try:
        had = len(weights["head.bias"]) // 4
        widths = [len(weights["stem.0.bias"])]
        while f"down.{len(widths) - 1}.0.bias" in weights:
            widths.append(len(weights[f"down.{len(widths) - 1}.0.bias"]))
        net = FinderUNet(had, widths).eval()
        state = net.state_dict()
        for name, array in weights.items():
            block, _, part = name.rpartition(".")
            if f"{block}.1.running_var" not in state:
                state[name].copy_(torch.from_numpy(array))
            elif part == "weight":
                state[f"{block}.0.weight"].copy_(torch.from_numpy(array))
            else:
                state[f"{block}.1.bias"].copy_(torch.from_numpy(array))
        if lacking := folded(net).keys() - weights.keys():
            raise KeyError(min(lacking))
    except (KeyError, RuntimeError) as error:
        raise WeightsError(
            f"no weights of a finder ({error}); those of selfmend train damage-finder or mark-finder fit"
        ) from error
    for norm in (module for module in net.modules() if isinstance(module, nn.BatchNorm2d)):
        norm.running_var.fill_(1 - norm.eps)  # type: ignore[union-attr]
    if had != kinds:
        net.head = _head(net.head.in_channels, kinds)
    return net


def finder_loss(logits: torch.Tensor, masks: torch.Tensor) -> torch.Tensor:
    """Cross-entropy, in which what is to be found counts more than all other pixels, and the Dice loss of each kind.

    Args:
        logits: (N, K, H, W).
        masks: (N, K, H, W), 1 where a pixel is of the kind.

    The Dice loss (Milletari et al., 3DV 2016) looks at shares, so that thin scratches count as much as large stains.
    """
    weight = torch.full((masks.shape[1], 1, 1), 2.0, device=logits.device)
    entropy = F.binary_cross_entropy_with_logits(logits, masks, pos_weight=weight)
    found = logits.sigmoid()
    overlap = (found * masks).sum((0, 2, 3))
    dice = 1 - (2 * overlap + 20) / (found.sum((0, 2, 3)) + masks.sum((0, 2, 3)) + 20)
    return 10 * entropy + dice.mean()


def folded(net: FinderUNet) -> dict[str, np.ndarray]:
    """Weights of the network without its batch norms, which are folded into the convolutions before them.

    Returns:
        Arrays named as `masks.finder_network` names them: "stem.0.weight", "stem.0.bias", ..., "head.bias".
    """
    arrays: dict[str, np.ndarray] = {}

    def put(name: str, weight: torch.Tensor, bias: torch.Tensor) -> None:
        arrays[f"{name}.weight"] = weight.detach().float().contiguous().numpy()
        arrays[f"{name}.bias"] = bias.detach().float().contiguous().numpy()

    def fold(name: str, block: nn.Module) -> None:
        assert isinstance(block, nn.Sequential)
        conv, norm = block[0], block[1]
        assert isinstance(conv, nn.Conv2d)
        assert isinstance(norm, nn.BatchNorm2d)
        assert norm.running_var is not None
        assert norm.running_mean is not None
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        put(name, conv.weight * scale[:, None, None, None], norm.bias - norm.running_mean * scale)

    for k, block in enumerate(net.stem):
        fold(f"stem.{k}", block)
    for k, pair in enumerate(net.down):
        assert isinstance(pair, nn.Sequential)
        for j, block in enumerate(pair):
            fold(f"down.{k}.{j}", block)
    for k, (up, join) in enumerate(zip(net.up, net.join, strict=True)):
        assert isinstance(up, nn.ConvTranspose2d)
        assert up.bias is not None
        put(f"up.{k}", up.weight, up.bias)
        fold(f"join.{k}", join)
    fold("last", net.last)
    assert net.head.bias is not None
    put("head", net.head.weight, net.head.bias)
    return arrays
