"""What is found in a picture, as a mask: damage, marks, text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from selfmend.errors import OptionError, check_known
from selfmend.image.color import as_rgb
from selfmend.image.files import read_picture
from selfmend.masks.finders import FINDERS, OTHER_KINDS, Point, Region, find_in, find_other
from selfmend.masks.reading import grow_mask, parse_box
from selfmend.types import ImageLike, Mask


def find_mask(
    image: ImageLike,
    kind: str = "damage",
    *,
    sensitivity: float = 0.5,
    region: str | Region | None = None,
    grow: int = 0,
    at: str | Point | Sequence[Point] | None = None,
) -> Mask:
    """A mask of what is found in a picture: its damage, or one kind of it.

    Args:
        image: path, PIL image, array or tensor, as in `inpaint`.
        kind: "damage", or another name of `masks.finders.FINDERS` or `OTHER_KINDS`.
        sensitivity: 0 to 1; more finds more, and more that is none.
        region: the box in which it is looked for, "x,y,w,h" or a tuple: left, top, width, height in pixels.
        grow: pixels by which what is found grows to all sides.
        at: of the kinds "color" and "object", where: (x, y) in pixels, several of them, or "x,y x,y".

    Returns:
        bool (H, W), True = found, for `inpaint`; all False where there is nothing.

    Raises:
        SelfmendError: one line: what came, what fits, what to do.

    Example:
        >>> import numpy as np
        >>> find_mask(np.full((40, 40), 0.5)).any()
        np.False_
    """
    box = parse_box(region) if isinstance(region, str) else region
    picture = read_picture(image)
    rgb = as_rgb(picture.image)
    if check_known("kind", kind, (*FINDERS, *OTHER_KINDS)) in FINDERS:
        return find_in(rgb, kind, sensitivity=sensitivity, region=box, grow=grow)
    return grow_mask(find_other(rgb, kind, sensitivity=sensitivity, region=box, points=_points(at)), grow)


def _points(at: str | Point | Sequence[Point] | None) -> list[Point]:
    """Points as a list.

    Raises:
        OptionError: a text that names none.
    """
    if not isinstance(at, str):
        several: Any = [] if at is None else at
        return [several] if several and isinstance(several[0], int) else list(several)
    try:
        pairs = [tuple(map(int, one.split(","))) for one in at.split()]
    except ValueError:
        pairs = [()]
    if not pairs or any(len(pair) != 2 for pair in pairs):
        raise OptionError(f"at is {at[:80]!r}; x,y in whole pixels fits, several of them with spaces between")
    return [(x, y) for x, y in pairs]
