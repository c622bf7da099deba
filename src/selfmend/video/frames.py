"""Frames: with holes, mended, and as they are held while neighbours look at them.

What goes into a filler of frames and what comes out of it, in the order of the clip.

A frame as the filling keeps it while it may be looked at: bytes, its hole, and whether a new shot begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from selfmend.errors import ImageError
from selfmend.types import Image, Mask, check_image, check_mask, size_of


@dataclass(frozen=True)
class MaskedFrame:
    """A frame and its hole.

    Attributes:
        index: number in the clip, from 0.
        image: (H, W, 3) in [0, 1].
        mask: (H, W), True = hole; it may be empty.
    """

    index: int
    image: Image
    mask: Mask


@dataclass(frozen=True)
class MendedFrame:
    """A frame whose hole is filled.

    Attributes:
        index: number in the clip, from 0.
        image: (H, W, 3) in [0, 1]: known pixels equal those of the frame to the bit, filled ones are whole bytes
            (`whole_bytes`), so that a PNG keeps them exactly and a clip that is mended in two goes stays the same.
        flicker: mean absolute difference inside the hole to the frame before, moved along with the picture, 0 to 255;
            None where it is not defined: no frame before, or no hole.
        draft: uint8 (N, 3), what the hole's pixels were filled with at first, if they were changed afterwards: the next
            frames' fills depend on it.
    """

    index: int
    image: Image
    flicker: float | None
    draft: np.ndarray | None = None


class FrameFiller(Protocol):
    """Fills the holes of frames in their order.

    Attributes:
        reach: how many frames before and behind a frame it looks at.
    """

    @property
    def reach(self) -> int:
        """See above."""

    def mend(self, frames: Iterable[MaskedFrame], *, done: Sequence[MendedFrame] = ()) -> Iterator[MendedFrame]:
        """Fill frames as they come, with no more than `reach` of them held on each side.

        Args:
            frames: in order, without gaps. Where work goes on at frame k, they begin up to `reach` frames before it.
            done: the up to `reach` frames before k, as they were mended; they do not come out again.

        Returns:
            The frames from k on, with the same bytes as if the work had never stopped.
        """


def whole_bytes(image: Image) -> Image:
    """Values in [0, 1] as the nearest whole 255ths, which are the same float after a PNG.

    Example:
        >>> float(whole_bytes(np.full((1, 1, 3), 0.5, np.float32))[0, 0, 0] * 255)
        128.0
    """
    return (np.rint(image.clip(0, 1) * np.float32(255)) / np.float32(255)).astype(np.float32)


_THUMBNAIL = (32, 18)  # columns, rows
_CUT_DIFFERENCE = 18.0  # mean absolute difference of thumbnails, 0 to 255
_CUT_SHARED = 0.6  # of the colours, 0 to 1
_COLOUR_STEPS = 8  # a channel


@dataclass(frozen=True)
class StoredFrame:
    """A frame.

    Attributes:
        index: number in the clip.
        pixels: uint8 (H, W, 3).
        hole: bool (H, W).
        cut: whether it shows another scene than the frame before.
        exact: the frame itself where its values are no whole bytes, else None.
    """

    index: int
    pixels: np.ndarray
    hole: np.ndarray
    cut: bool
    exact: Image | None

    def with_hole(self, colours: np.ndarray) -> Image:
        """The frame (H, W, 3), its N hole pixels replaced by uint8 (N, 3), the others as they came."""
        filled = self.pixels.copy()
        filled[self.hole] = colours
        image = to_image(filled)
        return image if self.exact is None else np.where(self.hole[..., None], image, self.exact)


def take(frame: MaskedFrame, before: StoredFrame | None) -> StoredFrame:
    """Keep a frame that follows `before`.

    Raises:
        ImageError, MaskError: not one colour picture, a mask that does not fit, or another size than before.
    """
    check_mask(frame.mask, frame.image)
    image = check_image(np.where(frame.mask[..., None], np.float32(0), frame.image), name=f"frame {frame.index}")
    if image.shape[2] != 3:
        raise ImageError(f"frame {frame.index} is {image.shape}; a colour picture (H, W, 3) fits")
    if before is not None and size_of(image) != before.hole.shape:
        sizes = " x ".join(map(str, size_of(image))), " x ".join(map(str, before.hole.shape))
        raise ImageError(f"frame {frame.index} is {sizes[0]} px and the one before {sizes[1]} px; one size fits")
    pixels = to_bytes(image)
    hole = frame.mask.copy()
    exact = None if np.array_equal(to_image(pixels), image) else image
    return StoredFrame(frame.index, pixels, hole, before is not None and is_cut(before, pixels, hole), exact)


def to_bytes(image: Image) -> np.ndarray:
    """(H, W, 3) in [0, 1] as uint8 (H, W, 3)."""
    return np.rint(whole_bytes(image) * np.float32(255)).astype(np.uint8)


def to_image(pixels: np.ndarray) -> Image:
    """uint8 (H, W, 3) as (H, W, 3) in [0, 1]."""
    return pixels.astype(np.float32) / np.float32(255)


def is_cut(before: StoredFrame, pixels: np.ndarray, hole: np.ndarray) -> bool:
    """Whether a frame shows another scene than the one before: other colours, and elsewhere.

    A fast pan has other colours in each place and the same altogether; a flash the same places and other colours.
    """
    known = ~(hole | before.hole)
    if not known.any():
        return False
    share = cv2.resize(known.astype(np.float32), _THUMBNAIL, interpolation=cv2.INTER_AREA)
    there, here = (
        cv2.resize(np.where(known[..., None], p, 0).astype(np.float32), _THUMBNAIL, interpolation=cv2.INTER_AREA)
        for p in (before.pixels, pixels)
    )
    difference = float(np.abs(here - there).mean(2).sum() / share.sum())
    if difference < _CUT_DIFFERENCE:
        return False
    first, second = (_colours(p, known) for p in (before.pixels, pixels))
    return float(np.minimum(first, second).sum()) < _CUT_SHARED


def _colours(pixels: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Shares of the colours, summing to 1."""
    steps = [_COLOUR_STEPS] * 3
    count = cv2.calcHist([pixels], [0, 1, 2], known.astype(np.uint8), steps, [0, 256] * 3)
    return count / count.sum()
