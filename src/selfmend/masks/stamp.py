"""Date stamps of cameras as a mask: digits and their glow, wherever they stand and whichever way they are turned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from selfmend.masks.finders import in_region
from selfmend.masks.mark_finding import STAMP, MarkLimits, mark_likelihood, marked
from selfmend.types import Image, Mask

if TYPE_CHECKING:
    from selfmend.masks.finders import Region

_AROUND = 64  # pixels around the box that the network sees
LIMITS = MarkLimits(weak=0.3, sure=0.95, least=20.0, share=0.1, part=0.2)


def find_stamp(image: Image, *, sensitivity: float = 0.5, region: Region | None = None) -> Mask:
    """The date stamp of a picture as a mask, with its glow; no stamp is an empty mask, so ask `mask.any()`.

    Args:
        image: (H, W, 1 or 3) in [0, 1].
        sensitivity: 0 to 1; more finds more, and more that is none.
        region: x, y, width and height in pixels of the part that is looked at; the whole picture by default.

    Returns:
        bool (H, W), True = stamp.

    Raises:
        MaskError: a region that holds no pixel of the picture.
    """

    def find(part: Image) -> Mask:
        return marked(mark_likelihood(part)[..., STAMP], LIMITS.at(sensitivity))

    return in_region(image, region, find, around=_AROUND)
