"""Where a picture was edited by hand: where it differs from what it was before."""

from __future__ import annotations

from scipy import ndimage

from selfmend.errors import ImageError, MaskError
from selfmend.image.resize import resize
from selfmend.masks.reading import same_aspect
from selfmend.types import Image, Mask, Size, size_of

DIFFERENCE = 16
"""Levels of 255 by which a pixel must differ from the picture before to count as edited."""

_SPECK = 3  # an edit is no speck, and has no holes or gaps, of so many pixels


def check_like(size: Size, before: Size, *, name: str, of: str = "training picture") -> None:
    """Check that a picture can stand for another one.

    Args:
        size: its (height, width).
        before: that of the other one.
        name: what it is called, for the message.
        of: what the other one is called.

    Raises:
        ImageError: another aspect.
    """
    if not same_aspect(size, before):
        raise ImageError(
            f"the {name} is {size[1]} x {size[0]} and the {of} {before[1]} x {before[0]}; the same size, or the same "
            "aspect, fits: crop it"
        )


def edited_mask(edited: Image, before: Image, *, of: str = "training picture") -> Mask:
    """Where a picture differs from what it was before, without specks, gaps and holes of a few pixels.

    Args:
        edited: (H, W, C) in [0, 1].
        before: (h, w, C) in [0, 1]; resized where it has another size.
        of: what that is called, for the message.

    Returns:
        (H, W), True where a channel, smoothed, differs by more than `DIFFERENCE` levels of 255.

    Raises:
        MaskError: nothing differs.
    """
    size = size_of(edited)
    before = before if size_of(before) == size else resize(before, size).clip(0, 1)
    # JPEG changes single pixels by more than an edit changes a region: what is smooth counts
    smooth = ndimage.gaussian_filter(edited - before, (1, 1, 0))
    differs = abs(smooth).max(2) > DIFFERENCE / 255
    grown = ndimage.binary_dilation(differs, iterations=_SPECK)
    closed = ndimage.binary_erosion(ndimage.binary_fill_holes(grown), iterations=_SPECK, border_value=1)
    opened = ndimage.binary_opening(closed, iterations=_SPECK // 2)
    if not opened.any():
        raise MaskError(
            f"no part of the edited picture differs from the {of} by more than {DIFFERENCE} of 255 levels; "
            "say what was edited: --mask MASK.png"
        )
    return opened
