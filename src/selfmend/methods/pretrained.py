"""Methods whose network somebody else has trained, with weights that the user owns: how it sees a picture of any size.

A network sees well at the scale of its training. The ways to large pictures have IOPaint's names, `crop`, `resize` and
`original`, and one is ours, `detail`: what the network fills at its own scale is PatchMatch's first guess, to which
detail is added from the picture's own patches (Wexler et al. 2007, coarse to fine), since enlarging alone is blurred.
"""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor, nn

from selfmend.errors import MaskError, SelfmendWarning
from selfmend.image.color import as_rgb, from_rgb
from selfmend.image.resize import resize, resize_mask, scaled_size
from selfmend.methods.base import Method
from selfmend.methods.compiling import CompileConfig, compile_once, compiling
from selfmend.methods.learning import OnTorchDevice
from selfmend.nn.owned_weights import load_owned
from selfmend.nn.tensors import to_array, to_tensor
from selfmend.options import option
from selfmend.patches.inpaint import inpaint as mend
from selfmend.progress import Progress, silent, work_done
from selfmend.types import Image, Mask

STRATEGIES = ("detail", "crop", "resize", "original")


@dataclass(frozen=True, kw_only=True)
class PretrainedConfig(CompileConfig):
    """How a network is shown a picture."""

    strategy: str = option(
        "detail",
        "what the network sees: crop, the surroundings of each hole; resize, all of the picture, made smaller; "
        "original, all of it as it is; detail, as crop, but made smaller where they are large, and detail is added "
        "from the picture's own patches",
        source="names of IOPaint, detail: ours",
        choices=STRATEGIES,
    )
    margin: int = option(
        128, "surroundings of a hole that are shown at least", unit="px", source="IOPaint", low=8, limit=4096
    )
    limit: int = option(
        800,
        "longest side that is shown with detail and resize",
        unit="px",
        source="IOPaint",
        low=64,
        limit=4096,
    )


class PretrainedMethod(OnTorchDevice, Method):
    """A method with weights that the user owns. Subclasses say which, and implement `complete`.

    Attributes:
        weights: their name in `nn.owned_weights.NETWORKS`.
    """

    weights: ClassVar[str]
    deterministic: ClassVar[bool] = True
    config: PretrainedConfig

    def __init__(self, config: Any = None, *, device: Any = "auto") -> None:
        super().__init__(config, device=device)
        self._net: nn.Module | None = None

    def weights_name(self) -> str:
        """Which weights the config asks for."""
        return self.weights

    def network(self) -> nn.Module:
        """The network on `self.device`, loaded when it is first used.

        Raises:
            MissingWeightsError: nobody has brought its weights; the message says which file fits.
            WeightsError: they are damaged, or of another network.
        """
        if self._net is None:
            self._net = load_owned(self.weights_name()).to(self.device)
            if self.config.compile:
                compile_once(self._net)
        return self._net

    @abstractmethod
    def complete(self, picture: Tensor, hole: Tensor) -> Tensor:
        """One pass of the network.

        Args:
            picture: (1, 3, H, W) in [0, 1] on `self.device`, of any size; the hole's content has no influence.
            hole: (1, 1, H, W), 1 in the hole, 0 elsewhere.

        Returns:
            (1, 3, H, W); only its hole is used.
        """

    def largest(self) -> int:
        """The longest side that the network can see whatever the options say; more is made smaller before."""
        return 1 << 30

    def fill(self, image: Image, mask: Mask, *, seed: int, progress: Progress = silent) -> Image:
        """Fill one picture, hole after hole; a later one sees what an earlier one was filled with."""
        self.network()
        picture, hole = image.copy(), mask.copy()
        windows = list(self.windows(mask))
        for i, (window, own) in enumerate(windows):
            progress(work_done("holes", i, len(windows)))
            filled = self._fill_window(picture[window], hole[window])
            inside = own[window]
            picture[window][inside] = filled[inside]
            hole &= ~own
        return picture

    def windows(self, mask: Mask) -> Iterator[tuple[tuple[slice, slice], Mask]]:
        """Rows and columns that the network is shown, one after the other, and the part of the hole that each fills.

        A window reaches beyond its hole by `margin`, by the hole's own size where that is more, and up to what the
        network sees anyway where the picture goes on.
        """
        if self.config.strategy in ("resize", "original"):
            yield (slice(None), slice(None)), mask
            return
        margin = self.config.margin
        near = ndimage.maximum_filter(mask, size=margin) if mask.any() else mask
        labels, _ = ndimage.label(near)
        for label, box in enumerate(ndimage.find_objects(np.where(mask, labels, 0)), 1):
            if box is not None:
                sides = [axis.stop - axis.start for axis in box]
                want = max(max(sides) + 2 * max(margin, max(sides) // 2), min(self.config.limit, self.largest(), 512))
                window = tuple(_grown(axis, want, whole) for axis, whole in zip(box, mask.shape, strict=True))
                yield (window[0], window[1]), mask & (labels == label)

    def _fill_window(self, picture: Image, hole: Mask) -> Image:
        size = (picture.shape[0], picture.shape[1])
        limited = self.config.strategy in ("detail", "resize")
        scale = min(1.0, min(self.largest(), self.config.limit if limited else self.largest()) / max(size))
        if scale == 1:
            return self._seen(picture, hole)
        small = scaled_size(size, scale)
        # what is shrunk holds nothing of the hole: its neighbours take colours from its own first fill, the mean
        filled = self._seen(resize(picture, small, scale=scale).clip(0, 1), resize_mask(hole, small, scale=scale))
        large = resize(filled, size).clip(0, 1)
        if self.config.strategy != "detail":
            return large
        try:
            return mend(picture, hole, seed=0, guess=large, guess_size=small)
        except MaskError as error:
            warnings.warn(f"no detail is added to the network's fill: {error}", SelfmendWarning, stacklevel=2)
            return large

    def _seen(self, picture: Image, hole: Mask) -> Image:
        """What the network makes of a picture, in its own colours."""
        rgb = to_tensor(np.ascontiguousarray(as_rgb(picture))).to(self.device)
        with torch.inference_mode(), compiling(self.config.compile):
            filled = self.complete(rgb, to_tensor(hole).to(self.device).float())
        return from_rgb(to_array(filled.float().clamp(0, 1)), picture.shape[2])


def rounded_up(side: int, multiple: int, *, least: int = 1) -> int:
    """The least multiple that a side fits into, or `least` where that is more."""
    return max(least, -(-side // multiple) * multiple)


def padded(x: Tensor, height: int, width: int) -> Tensor:
    """(N, C, H, W) made (height, width) large by its own mirror image below and on the right, edge pixels included."""
    rows = _mirrored(x.shape[2], height, x.device)
    columns = _mirrored(x.shape[3], width, x.device)
    return x[:, :, rows][:, :, :, columns]


def _mirrored(old: int, new: int, device: torch.device) -> Tensor:
    """Indices 0, 1, ..., old - 1, old - 1, ..., 1, 0, 0, 1, ..."""
    index = torch.arange(new, device=device) % (2 * old)
    return torch.minimum(index, 2 * old - 1 - index)


def _grown(axis: slice, want: int, whole: int) -> slice:
    """`want` pixels around a range, shifted into the picture; all of it where it is smaller."""
    want = min(want, whole)
    start = (axis.start + axis.stop - want) // 2
    start = max(0, min(start, whole - want))
    return slice(start, start + want)
