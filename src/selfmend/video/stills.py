"""A frame as the filling keeps it while it may be looked at: bytes, its hole, and whether a new shot begins."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch

from selfmend.core.checks import ImageError, check_image, check_mask
from selfmend.core.types import Image
from selfmend.video.types import MaskedFrame, whole_bytes

_THUMBNAIL = (32, 18)  # columns, rows
_CUT_DIFFERENCE = 18.0  # mean absolute difference of thumbnails, 0 to 255
_CUT_SHARED = 0.6  # of the colours, 0 to 1
_COLOUR_STEPS = 8  # a channel


@dataclass(frozen=True)
class Still:
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
        """The frame (1, 3, H, W), its N hole pixels replaced by uint8 (N, 3), the others as they came."""
        filled = self.pixels.copy()
        filled[self.hole] = colours
        image = to_image(filled)
        return image if self.exact is None else torch.where(torch.from_numpy(self.hole), image, self.exact)


def take(frame: MaskedFrame, before: Still | None) -> Still:
    """Keep a frame that follows `before`.

    Raises:
        ImageError, MaskError: not one colour picture, a mask that does not fit, or another size than before.
    """
    check_mask(frame.mask, frame.image)
    image = check_image(torch.where(frame.mask, 0.0, frame.image), name=f"frame {frame.index}")
    if image.shape[:2] != (1, 3):
        raise ImageError(f"frame {frame.index} is {tuple(image.shape)}; one colour picture (1, 3, H, W) fits")
    if before is not None and image.shape[2:] != before.hole.shape:
        sizes = " x ".join(map(str, image.shape[2:])), " x ".join(map(str, before.hole.shape))
        raise ImageError(f"frame {frame.index} is {sizes[0]} px and the one before {sizes[1]} px; one size fits")
    pixels = to_bytes(image)
    hole = frame.mask[0, 0].numpy().copy()
    exact = None if torch.equal(to_image(pixels), image) else image
    return Still(frame.index, pixels, hole, before is not None and is_cut(before, pixels, hole), exact)


def to_bytes(image: Image) -> np.ndarray:
    """(1, 3, H, W) in [0, 1] as uint8 (H, W, 3)."""
    return np.ascontiguousarray((whole_bytes(image)[0] * 255).round().byte().permute(1, 2, 0).numpy())


def to_image(pixels: np.ndarray) -> Image:
    """uint8 (H, W, 3) as (1, 3, H, W) in [0, 1]."""
    return (torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None].float() / 255).contiguous()


def is_cut(before: Still, pixels: np.ndarray, hole: np.ndarray) -> bool:
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
