"""Watermarks of one picture as a mask: half-transparent text and logos, straight, slanted, or all over the picture."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from selfmend.masks.finders import in_region
from selfmend.masks.mark_finding import WATERMARK, MarkLimits, mark_likelihood, marked
from selfmend.masks.mark_repeats import with_repeats
from selfmend.masks.same_mark import MOST, find_same_mark
from selfmend.types import Image, Mask

if TYPE_CHECKING:
    from selfmend.masks.finders import Region

_AROUND = 96  # pixels around the box that the network sees
_SAME = MarkLimits(weak=0.3, sure=0.6, least=60.0)  # of the mean over pictures: what is imagined is not in all of them
LIMITS = MarkLimits(weak=0.5, sure=0.95, least=80.0, share=0.05)


def find_watermark(image: Image, *, sensitivity: float = 0.5, region: Region | None = None) -> Mask:
    """The watermark of a picture as a mask; none is an empty mask, so ask `mask.any()`.

    Args:
        image: (H, W, 1 or 3) in [0, 1].
        sensitivity: 0 to 1; more finds more, and more that is none.
        region: x, y, width and height in pixels of the part that is looked at; the whole picture by default.

    Returns:
        bool (H, W), True = watermark.

    Raises:
        MaskError: a region that holds no pixel of the picture.
    """

    def find(part: Image) -> Mask:
        return marked(with_repeats(mark_likelihood(part)[..., WATERMARK]), LIMITS.at(sensitivity))

    return in_region(image, region, find, around=_AROUND)


def find_same_watermark(images: Sequence[Image], *, sensitivity: float = 0.5) -> Mask:
    """The watermark that many pictures have at the same place; none is an empty mask.

    What all pictures have in common (`find_same_mark`), and what looks like a watermark in the mean of them: the first
    sees a mark of any shape, the second one whose colour is like the pictures' own.

    Args:
        images: at least three pictures of one size, (H, W, 1 or 3) in [0, 1], that show different things. Their order
            does not matter: whichever picture of a folder is restored, the mark is the same.
        sensitivity: 0 to 1; more finds more, and more that is none.

    Returns:
        bool (H, W), True = watermark.

    Raises:
        ImageError: too few pictures, or of different sizes.
    """
    images = sorted(images, key=_digest)
    common = find_same_mark(images, sensitivity=sensitivity)
    chosen = np.unique(np.linspace(0, len(images) - 1, min(len(images), MOST // 2)).round().astype(int))
    mean = np.stack([mark_likelihood(images[k])[..., WATERMARK] for k in chosen]).mean(0)
    return common | marked(mean, _SAME.at(sensitivity))


def _digest(image: Image) -> bytes:
    return hashlib.sha256(image.tobytes()).digest()
