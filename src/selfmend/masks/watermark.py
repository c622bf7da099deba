"""Watermarks of one picture as a mask: half-transparent text and logos, straight, slanted, or all over the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfmend.masks.finders import in_region
from selfmend.masks.mark_network import WATERMARK, mark_likelihood
from selfmend.masks.mark_pieces import MarkLimits, marked
from selfmend.types import Image, Mask

if TYPE_CHECKING:
    from selfmend.masks.finders import Region

_AROUND = 96  # pixels around the box that the network sees
LIMITS = MarkLimits(weak=0.3, sure=0.85, least=60.0, grow=0)


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
        return marked(mark_likelihood(part)[WATERMARK], LIMITS.at(sensitivity))

    return in_region(image, region, find, around=_AROUND)
