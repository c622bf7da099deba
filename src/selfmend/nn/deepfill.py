"""DeepFill v2: gated convolutions that learn what to believe, and attention that copies patches from the known part.

Yu et al., "Free-Form Image Inpainting with Gated Convolution", ICCV 2019, Sec. 3; the attention is that of "Generative
Image Inpainting with Contextual Attention", CVPR 2018, Sec. 3.2. There are two layouts of published weights in PyTorch:
those of the authors, converted from TensorFlow, whose padding they need; and others that were trained on from them.
Pictures are (N, C, H, W) in [-1, 1], a mask is 1 in the hole. The state dict has the keys of each layout.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from selfmend.nn.layers import maybe_spectral_norm, scaled

_LEAST_NORM = 1e-4  # of a patch that others are compared with
_SHARPNESS = 10.0  # of the attention


class _Spec(NamedTuple):
    """A layer: its channels, and what is not usual of it."""

    channels: int
    kernel: int = 3
    stride: int = 1
    dilation: int = 1
    kind: str = "elu"
    up: bool = False


def _encoder(first: Sequence[int]) -> list[_Spec]:
    """To a quarter of the size, and one layer there: the channels of six layers."""
    a, b, c, d, e, f = first
    return [_Spec(a, 5), _Spec(b, stride=2), _Spec(c), _Spec(d, stride=2), _Spec(e), _Spec(f)]


_DILATED = [_Spec(96, dilation=2 << k) for k in range(4)]
_DECODER = [_Spec(96), _Spec(96), _Spec(48, up=True), _Spec(48), _Spec(24, up=True), _Spec(12), _Spec(3, kind="plain")]
_COARSE = [*_encoder((24, 48, 48, 96, 96, 96)), *_DILATED, *_DECODER]
_FINE = [*_encoder((24, 24, 48, 48, 96, 96)), *_DILATED]
_ATTENDED = [*_encoder((24, 24, 48, 96, 96, 96))[:-1], _Spec(96, kind="relu")]
_COPIED = [_Spec(96), _Spec(96)]


def _blocks(prefix: str, first: str, down: str, middle: Sequence[str]) -> list[str]:
    """Names of an encoder and what follows at a quarter of the size, in the layout with stages."""
    halved = [f"{down}{k}.{one}" for k in (1, 2) for one in ("conv1_downsample", "conv2")]
    return [prefix + name for name in (first, *halved, *middle)]


_UP = [f"up_block{k}.{one}" for k in (1, 2) for one in ("conv1_upsample.conv", "conv2")] + ["conv_to_rgb"]
_STAGED = {
    "coarse": [
        *_blocks("stage1.", "conv1", "down_block", [f"conv_bn{k}" for k in range(1, 8)]),
        *(f"stage1.{name}" for name in _UP),
    ],
    "fine": _blocks("stage2.", "conv_conv1", "conv_down_block", [f"conv_conv_bn{k}" for k in range(1, 6)]),
    "attended": _blocks("stage2.", "ca_conv1", "ca_down_block", ["ca_conv_bn1"]),
    "copied": ["stage2.ca_conv_bn4", "stage2.ca_conv_bn5"],
    "joined": [f"stage2.{name}" for name in ("conv_bn6", "conv_bn7", *_UP)],
}


def _numbered(prefix: str, numbers: Sequence[int], specs: Sequence[_Spec]) -> list[str]:
    """Names in the authors' layout: what a layer does stands behind its number."""
    ends = ["_downsample" if s.stride > 1 else "_atrous" if s.dilation > 1 else "_upsample.conv" if s.up else ""
            for s in specs]  # fmt: skip
    return [f"{prefix}{number}{end}" for number, end in zip(numbers, ends, strict=True)]


_FLAT = {
    "coarse": _numbered("conv", range(1, 18), _COARSE),
    "fine": _numbered("xconv", range(1, 11), _FINE),
    "attended": _numbered("pmconv", range(1, 7), _ATTENDED),
    "copied": _numbered("pmconv", (9, 10), _COPIED),
    "joined": _numbered("allconv", range(11, 18), _DECODER),
}


class _Gated(nn.Module):
    """A convolution of which one half says how much of the other goes on."""

    def __init__(self, before: int, spec: _Spec, *, same: bool) -> None:
        super().__init__()
        self.spec, self.same = spec, same
        after = spec.channels if spec.kind == "plain" else 2 * spec.channels
        self.conv = nn.Conv2d(before, after, spec.kernel, stride=spec.stride, dilation=spec.dilation)

    def forward(self, x: Tensor) -> Tensor:
        spec = self.spec
        if spec.up:
            x = F.interpolate(x, scale_factor=2, mode="nearest")
        reach = spec.dilation * (spec.kernel - 1)
        x = same_padding(x, reach=reach, stride=spec.stride) if self.same else F.pad(x, [reach // 2] * 4)
        x = self.conv(x)
        if spec.kind == "plain":
            return x
        value, gate = x.chunk(2, 1)
        return (F.relu(value) if spec.kind == "relu" else F.elu(value)) * torch.sigmoid(gate)


def same_padding(x: Tensor, *, reach: int, stride: int) -> Tensor:
    """Zeros around a picture as TensorFlow pads it: of an odd number of pixels, the greater part right and below.

    Args:
        x: (N, C, H, W).
        reach: pixels between the first and the last that a kernel sees.
        stride: of the convolution that follows.
    """
    pads = [max(0, (-(-n // stride) - 1) * stride + reach + 1 - n) for n in (x.shape[3], x.shape[2])]
    return F.pad(x, [part for pad in pads for part in (pad // 2, pad - pad // 2)])


class ContextualAttention(nn.Module):
    """Features of the hole made of patches of the known features that resemble what is there.

    Args:
        fuse: make neighbours copy from neighbours.
        corners: halve the size as the authors' TensorFlow does, from the first pixel to the last.
        softened: patches are not divided by their length, but by a little more, as a port of version 1 has it.
    """

    def __init__(self, *, fuse: bool, corners: bool, softened: bool = False) -> None:
        super().__init__()
        self.corners, self.softened = corners, softened
        self.fuse_weight: Tensor | None
        self.register_buffer("fuse_weight", torch.eye(3)[None, None] if fuse else None)

    def forward(self, x: Tensor, hole: Tensor) -> Tensor:
        """(N, C, H, W), H and W even, with a mask (N, 1, 4 H, 4 W)."""
        return torch.cat([self._one(x[i : i + 1], hole[i : i + 1]) for i in range(len(x))])

    def _one(self, x: Tensor, hole: Tensor) -> Tensor:
        small = self._smaller(x, 2)
        height, width = small.shape[2:]
        count = height * width
        patches = F.unfold(small, 3, padding=1)[0]  # (9 C, count), of what is looked at and of what is copied
        if self.softened:
            lengths = (patches.square() + _LEAST_NORM).sum(0).sqrt()
        else:
            lengths = patches.norm(dim=0).clamp(min=_LEAST_NORM)
        scores = (patches / lengths).mT @ patches  # (copied, looked at)
        if self.fuse_weight is not None:
            scores = self._fused(self._turned(self._fused(scores), height, width))
            scores = self._turned(scores, width, height)
        holes = F.unfold(self._smaller(hole, 8), 3, padding=1)[0].mean(0)
        usable = (holes == 0).to(x.dtype)[:, None]
        weights = torch.softmax(_SHARPNESS * scores * usable, 0) * usable
        raw = F.unfold(x, 4, stride=2, padding=1)[0].mT.reshape(count, x.shape[1], 4, 4)
        return F.conv_transpose2d(weights.view(1, count, height, width), raw, stride=2, padding=1) / 4

    def _fused(self, scores: Tensor) -> Tensor:
        assert self.fuse_weight is not None
        return F.conv2d(scores[None, None], self.fuse_weight, padding=1)[0, 0]

    @staticmethod
    def _turned(scores: Tensor, height: int, width: int) -> Tensor:
        """Positions column by column instead of row by row, on both axes."""
        four = scores.view(height, width, height, width)
        return four.permute(1, 0, 3, 2).reshape(height * width, height * width)

    def _smaller(self, x: Tensor, factor: int) -> Tensor:
        """The nearest pixels of a grid that is coarser by a factor."""
        if not self.corners:
            return x[:, :, ::factor, ::factor]
        rows, columns = (
            (torch.linspace(0, n - 1, n // factor, device=x.device) + 0.5).floor().long() for n in x.shape[2:]
        )
        return x[:, :, rows][:, :, :, columns]


class CoarseToFineGenerator(nn.Module, ABC):
    """What both versions of DeepFill do: a picture is drawn, and drawn again from what the first one looks like."""

    def forward(self, x: Tensor, hole: Tensor) -> tuple[Tensor, Tensor]:
        """A whole picture from what is known, twice.

        Args:
            x: (N, 3, H, W) in [-1, 1]; the hole's content has no influence; H and W multiples of 8.
            hole: (N, 1, H, W), 1 in the hole.

        Returns:
            The coarse and the fine picture, (N, 3, H, W) in [-1, 1].
        """
        known = x * (1 - hole)
        coarse = self.draw_coarse(torch.cat([known, torch.ones_like(hole), hole], 1))
        return coarse, self.draw_fine(coarse * hole + known, hole)

    @abstractmethod
    def draw_coarse(self, seen: Tensor) -> Tensor:
        """The first picture, from the known pixels, ones, and the hole: (N, 5, H, W)."""

    @abstractmethod
    def draw_fine(self, x: Tensor, hole: Tensor) -> Tensor:
        """The second picture, from the known pixels with the first one in the hole: (N, 3, H, W)."""


class DeepFillGenerator(CoarseToFineGenerator):
    """A coarse network, and a fine one with two branches, one of which attends to what is known.

    Args:
        staged: the layout with stages, that was trained on in PyTorch; else the authors', from TensorFlow.
        width: multiplies all hidden channels.

    Example:
        >>> net = DeepFillGenerator(width=0.1).eval()
        >>> net(torch.zeros(1, 3, 16, 24), torch.ones(1, 1, 16, 24))[1].shape
        torch.Size([1, 3, 16, 24])
    """

    def __init__(self, *, staged: bool = False, width: float = 1.0) -> None:
        super().__init__()
        self.staged, self._names = staged, _STAGED if staged else _FLAT
        wide = scaled(96, width)
        self._add("coarse", 5, _COARSE, width)
        self._add("fine", 3, _FINE, width)
        self._add("attended", 3, _ATTENDED, width)
        attention = ContextualAttention(fuse=staged, corners=not staged)
        self._put("stage2.contextual_attention" if staged else "contextual_attention", attention)
        self._attention = [attention]  # not a second module of the state dict
        self._add("copied", wide, _COPIED, width)
        self._add("joined", 2 * wide, _DECODER, width)

    def _add(self, part: str, before: int, specs: Sequence[_Spec], width: float) -> None:
        for name, spec in zip(self._names[part], specs, strict=True):
            mine = spec if spec.kind == "plain" else spec._replace(channels=scaled(spec.channels, width))
            self._put(name, _Gated(before, mine, same=not self.staged))
            before = mine.channels

    def _put(self, path: str, layer: nn.Module) -> None:
        """Add a module under a path of which parts may not be there yet."""
        at: nn.Module = self
        *parents, last = path.split(".")
        for name in parents:
            if name not in at._modules:
                at.add_module(name, nn.Module())
            at = at.get_submodule(name)
        at.add_module(last, layer)

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Self:
        """The network with the layout and the channels of a state dict (of anything that has a shape)."""
        staged = "stage1.conv1.conv.weight" in state
        widest = state.get(f"{(_STAGED if staged else _FLAT)['coarse'][5]}.conv.weight")
        return cls(staged=staged, width=1.0 if widest is None else widest.shape[0] / 192)

    def draw_coarse(self, seen: Tensor) -> Tensor:
        """See `CoarseToFineGenerator`."""
        return torch.tanh(self._run("coarse", seen))

    def draw_fine(self, x: Tensor, hole: Tensor) -> Tensor:
        """See `CoarseToFineGenerator`."""
        attended = self._attention[0](self._run("attended", x), hole)
        return torch.tanh(self._run("joined", torch.cat([self._run("fine", x), self._run("copied", attended)], 1)))

    def _run(self, part: str, x: Tensor) -> Tensor:
        for name in self._names[part]:
            x = self.get_submodule(name)(x)
        return x


class PatchDiscriminator(nn.Module):
    """A logit for each position and channel of a coarse map (SN-PatchGAN, Sec. 3.3); only training needs it.

    Args:
        width: multiplies all channels.

    Example:
        >>> PatchDiscriminator(width=0.05)(torch.zeros(1, 3, 64, 64), torch.zeros(1, 1, 64, 64)).shape
        torch.Size([1, 12, 1, 1])
    """

    def __init__(self, *, width: float = 1.0) -> None:
        super().__init__()
        before = 4
        for i, channels in enumerate((64, 128, 256, 256, 256, 256), 1):
            after = scaled(channels, width)
            layer = nn.Conv2d(before, after, 5, stride=2, padding=2)
            self.add_module(f"conv{i}", maybe_spectral_norm(layer, spectral_norm=True))
            before = after

    def forward(self, x: Tensor, hole: Tensor) -> Tensor:
        """Logits (N, C, H / 64, W / 64), high for real, of pictures (N, 3, H, W) in [-1, 1] and their holes."""
        x = torch.cat([x, hole], 1)
        for layer in self.children():
            x = F.leaky_relu(layer(x), 0.2)
        return x
