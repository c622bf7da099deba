"""What is found in a picture, as a mask: damage, marks, text."""

from __future__ import annotations

from selfmend.image.color import as_rgb
from selfmend.image.files import read_picture
from selfmend.image.picture import Picture
from selfmend.masks.finders import Region, find_in
from selfmend.masks.reading import parse_box
from selfmend.types import ImageLike, Mask


def find_mask(
    image: ImageLike,
    kind: str = "damage",
    *,
    sensitivity: float = 0.5,
    region: str | Region | None = None,
    grow: int = 0,
) -> Mask:
    """A mask of what is found in a picture: its damage, or one kind of it.

    Args:
        image: path, PIL image, array or tensor, as in `inpaint`.
        kind: "damage", or another name of `masks.finders.FINDERS`.
        sensitivity: 0 to 1; more finds more, and more that is none.
        region: the box in which it is looked for, "x,y,w,h" or a tuple: left, top, width, height in pixels.
        grow: pixels by which what is found grows to all sides.

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
    picture = image if isinstance(image, Picture) else read_picture(image)
    return find_in(as_rgb(picture.image), kind, sensitivity=sensitivity, region=box, grow=grow)
