"""The completion network of "globally and locally consistent image completion": dilated convolutions in the middle.

Iizuka et al., SIGGRAPH 2017, Sec. 3.2, in two variants: that of a PyTorch port whose weights are published, with batch
normalisation after the activation, and the authors' own. Pictures are (N, C, H, W) in [0, 1], a mask is 1 in the hole.
The state dicts have the keys of that port, and the numbers of the layers in the authors' Torch7 files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from selfmend.errors import WeightsError
from selfmend.nn.layers import scaled

MEAN = (0.5062, 0.4254, 0.3828)
"""The colour that the hole has for the network: the mean of its training pictures, here faces of CelebA."""

_HALVED, _DOUBLED = (2, 4), (13, 15)  # layers that change the size
_DILATED = {7: 2, 8: 4, 9: 8, 10: 16}
_CHANNELS = (64, 128, 128, 256, 256, 256, 256, 256, 256, 256, 256, 256, 128, 128, 64, 32)
_LAST = len(_CHANNELS) + 1


class CompletionNetwork(nn.Module):
    """Seventeen layers that work at a quarter of the size.

    Args:
        width: multiplies all channels.

    Example:
        >>> net = CompletionNetwork(width=0.05).eval()
        >>> net(torch.zeros(1, 4, 16, 24)).shape
        torch.Size([1, 3, 16, 24])
    """

    def __init__(self, *, width: float = 1.0) -> None:
        super().__init__()
        before = 4
        for i, channels in enumerate(_CHANNELS, 1):
            after = scaled(channels, width)
            layer: nn.Module
            if i in _DOUBLED:
                layer = nn.ConvTranspose2d(before, after, 4, stride=2, padding=1)
            elif i == 1:
                layer = nn.Conv2d(before, after, 5, padding=2)
            else:
                spread = _DILATED.get(i, 1)
                layer = nn.Conv2d(before, after, 3, stride=2 if i in _HALVED else 1, padding=spread, dilation=spread)
            self.add_module(_name(i), layer)
            self.add_module(f"bn{i}", nn.BatchNorm2d(after))
            before = after
        self.add_module(_name(_LAST), nn.Conv2d(before, 3, 3, padding=1))

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """The network with as many channels as a state dict (of anything that has a shape)."""
        return cls(width=state["conv1.weight"].shape[0] / 64)

    def forward(self, x: Tensor) -> Tensor:
        """A whole picture from what is known.

        Args:
            x: (N, 4, H, W), the picture with MEAN in the hole, and the mask; H and W multiples of 4.

        Returns:
            (N, 3, H, W) in [0, 1].
        """
        for i in range(1, _LAST):
            x = self.get_submodule(f"bn{i}")(F.relu(self.get_submodule(_name(i))(x)))
        return torch.sigmoid(self.get_submodule(_name(_LAST))(x))


class AuthorsCompletionNetwork(nn.Module):
    """The same network as the authors' own files have it: normalised before the activation, and with a mean colour.

    Args:
        width: multiplies all channels.
        order: of the file's layers from 1 on, what each is: "conv", "bn", or "" for what holds no numbers, a ReLU.

    Example:
        >>> net = AuthorsCompletionNetwork(width=0.05).eval()
        >>> net(torch.zeros(1, 4, 16, 24)).shape
        torch.Size([1, 3, 16, 24])
    """

    mean: Tensor

    def __init__(self, *, width: float = 1.0, order: Sequence[str] = ("conv", "bn", "") * 16 + ("conv",)) -> None:
        super().__init__()
        self.model = nn.Sequential()
        numbered = dict(CompletionNetwork(width=width).named_children())
        convolutions = iter([numbered[_name(i)] for i in range(1, _LAST + 1)])
        norms = iter([numbered[f"bn{i}"] for i in range(1, _LAST)])
        for k, kind in enumerate(order, 1):
            layer = next(convolutions) if kind == "conv" else next(norms) if kind == "bn" else nn.ReLU()
            self.model.add_module(str(k), layer)
        self.register_buffer("mean", torch.tensor(MEAN))

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """The network with the layers and the channels of a state dict (of anything that has a shape).

        Raises:
            WeightsError: these are not its layers.
        """
        numbers = sorted({int(key.split(".")[1]) for key in state if re.fullmatch(r"model\.\d{1,3}\.weight", key)})
        order = [""] * numbers[-1]
        for k in numbers:
            order[k - 1] = "bn" if f"model.{k}.running_mean" in state else "conv"
        if order.count("conv") != _LAST or order.count("bn") > _LAST - 1:
            raise WeightsError(
                f"there are {order.count('conv')} convolutions and {order.count('bn')} normalisations; {_LAST} and "
                f"{_LAST - 1} fit GLCIC's completion network"
            )
        return cls(width=state["model.1.weight"].shape[0] / 64, order=order)

    def forward(self, x: Tensor) -> Tensor:
        """A whole picture from what is known.

        Args:
            x: (N, 4, H, W), the picture without `mean` and with 0 in the hole, and the mask; H and W multiples of 4.

        Returns:
            (N, 3, H, W) in [0, 1].
        """
        return torch.sigmoid(self.model(x))


class GlcicDiscriminator(nn.Module):
    """One logit from a whole picture and a patch around its hole (Sec. 3.3); only training needs it.

    Args:
        size: side of the whole picture, a power of two from 16 to 256, in pixels.
        local_size: side of the patch, likewise, from 8 to 128.
        width: multiplies all hidden channels.

    Example:
        >>> net = GlcicDiscriminator(size=16, local_size=8, width=0.05).eval()
        >>> net(torch.zeros(2, 3, 8, 8), torch.zeros(2, 3, 16, 16)).shape
        torch.Size([2, 1])
    """

    def __init__(self, *, size: int = 256, local_size: int = 128, width: float = 1.0) -> None:
        super().__init__()
        hidden = scaled(1024, width)
        self.local_model, self.global_model = _halvings(local_size, width, hidden), _halvings(size, width, hidden)
        self.classifier = nn.Linear(2 * hidden, 1)

    def forward(self, local: Tensor, whole: Tensor) -> Tensor:
        """Logits (N, 1), high for real, of a patch (N, 3, local_size, local_size) and its picture in [0, 1]."""
        judged: Tensor = self.classifier(torch.cat([self.local_model(local), self.global_model(whole)], 1))
        return judged


def _halvings(size: int, width: float, hidden: int) -> nn.Sequential:
    """Layers that take a side of `size` pixels to 4, and one that sees all of that."""
    layers: list[nn.Module] = []
    before = 3
    for channels in (64, 128, 256, 512, 512, 512)[: (size // 4).bit_length() - 1]:
        after = scaled(channels, width)
        layers += [nn.Conv2d(before, after, 5, stride=2, padding=2), nn.BatchNorm2d(after), nn.ReLU()]
        before = after
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(before * 16, hidden), nn.ReLU())


def _name(i: int) -> str:
    return f"deconv{i}" if i in _DOUBLED else f"conv{i}"
