"""The finders of masks: what looks for damage, marks or text in a picture, each declared once.

The command line makes a command of each, the task `find` has their names as the choices of `kind`. A new one is a
function and a line in `FINDERS`. Costs nothing to import.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from selfmend.errors import OptionError, check_known

if TYPE_CHECKING:
    from selfmend.types import Image, Mask

Region = tuple[int, int, int, int]
"""A box in pixels: left, top, width, height."""


class Find(Protocol):
    """Looks at an image (H, W, C), C = 1 or 3, in [0, 1]; what it finds is True in a mask (H, W).

    The greater the sensitivity, in [0, 1], the more is found, and the more that is none. Outside of the region nothing
    is.
    """

    def __call__(self, image: Image, *, sensitivity: float = 0.5, region: Region | None = None) -> Mask: ...


@dataclass(frozen=True, kw_only=True)
class Finder:
    """What looks for one kind of thing.

    Attributes:
        name: of the kind, and of the command: `selfmend mask NAME`.
        title: what it finds, in one sentence.
        wanted: for the message that nothing is there, "no ... was found".
        find: "module:function" of a `Find`.
    """

    name: str
    title: str
    wanted: str
    find: str

    def function(self) -> Find:
        """The function, imported."""
        module, _, name = self.find.partition(":")
        found: Find = getattr(importlib.import_module(module), name)
        return found


_DAMAGE = "selfmend.masks.damage.finding"

FINDERS: dict[str, Finder] = {
    one.name: one
    for one in (
        Finder(
            name="damage", wanted="damage", find=f"{_DAMAGE}:find_damage",
            title="All damage of an old photo: scratches, cracks, folds, dust, stains, torn or missing parts.",
        ),
        Finder(
            name="scratches", wanted="scratch", find=f"{_DAMAGE}:find_scratches",
            title="Scratches, hairs, cracks, folds and creases, light and dark.",
        ),
        Finder(
            name="dust", wanted="dust", find=f"{_DAMAGE}:find_dust", title="Dust, specks and spots, light and dark.",
        ),
        Finder(
            name="stains", wanted="stain", find=f"{_DAMAGE}:find_stains",
            title="Stains and blotches with soft edges, and places where the emulsion is gone.",
        ),
        Finder(
            name="stamp", wanted="date stamp", find="selfmend.masks.stamp:find_stamp",
            title="Date stamps of cameras, with their glow.",
        ),
        Finder(
            name="watermark", wanted="watermark", find="selfmend.masks.watermark:find_watermark",
            title="Half-transparent text and logos, straight, slanted, or all over the picture.",
        ),
    )
}  # fmt: skip
"""All finders by name."""


OTHER_KINDS = {
    "text": "Subtitles and other text in lines.",
    "bars": "Black bars that are there already, as over eyes.",
    "eyes": "A bar over the eyes of every face.",
    "color": "The pixels of the colour at a point.",
    "object": "The object at a point, up to its outline.",
}
"""Kinds that have commands with options of their own; `find_other` looks for them in the simplest way."""

POINTED = ("color", "object")
"""Of these, the ones that want to be pointed at."""

Point = tuple[int, int]
"""x and y in pixels, from the top left."""

_WIDEST = 0.2  # tolerance of a colour at sensitivity 1, in [0, 1]


def find_other(
    image: Image,
    kind: str,
    *,
    sensitivity: float = 0.5,
    region: Region | None = None,
    points: Sequence[Point] = (),
) -> Mask:
    """Look for a kind of `OTHER_KINDS`.

    Args:
        image: (H, W, 3) in [0, 1].
        kind: a name of `OTHER_KINDS`.
        sensitivity: 0 to 1; of a colour, how far others may be from it. The other kinds know no more or less.
        region: what lies outside of it is not marked.
        points: of `POINTED` kinds, where; what is at any of them counts.

    Returns:
        bool (H, W), True = found; all False where there is nothing.

    Raises:
        OptionError: an unknown kind, or no point where one is needed.
        MaskError: a point or a region outside the image.
    """
    from selfmend.masks.reading import box_mask
    from selfmend.types import size_of

    size = size_of(image)
    if check_known("kind", kind, OTHER_KINDS) in POINTED:
        if not points:
            raise OptionError(f"{kind} needs a point; at=(x, y) in pixels fits")
        for x, y in points:
            box_mask((x, y, 1, 1), size)
    found = _LOOKS[kind](image, sensitivity, points)
    return found if region is None else found & box_mask(region, size)


def _text(image: Image, sensitivity: float, points: Sequence[Point]) -> Mask:
    from selfmend.masks.text import mask_of, search_text
    from selfmend.masks.text_letters import TextOptions
    from selfmend.types import size_of

    both = (search_text(image, options=TextOptions(dark=dark)) for dark in (False, True))
    return mask_of([line for lines in both for line in lines], size_of(image))


def _bars(image: Image, sensitivity: float, points: Sequence[Point]) -> Mask:
    from selfmend.masks.eye_bars import mask_of, search_bars
    from selfmend.types import size_of

    return mask_of(search_bars(image), size_of(image))


def _eyes(image: Image, sensitivity: float, points: Sequence[Point]) -> Mask:
    import numpy as np

    from selfmend.masks.eye_bars import eye_bars
    from selfmend.masks.faces import find_faces
    from selfmend.types import size_of

    faces = find_faces(image)
    return eye_bars(faces, size_of(image)) if faces else np.zeros(size_of(image), bool)


def _color(image: Image, sensitivity: float, points: Sequence[Point]) -> Mask:
    import numpy as np

    from selfmend.types import size_of

    found = np.zeros(size_of(image), bool)
    for x, y in points:
        found |= np.abs(image - image[y, x]).max(2) <= _WIDEST * sensitivity
    return found


def _object(image: Image, sensitivity: float, points: Sequence[Point]) -> Mask:
    from selfmend.masks.selection import select

    return select(image, points=points)


_LOOKS = {"text": _text, "bars": _bars, "eyes": _eyes, "color": _color, "object": _object}


def find_in(image: Image, kind: str, *, sensitivity: float = 0.5, region: Region | None = None, grow: int = 0) -> Mask:
    """Look for one kind of thing in an image.

    Args:
        image: (H, W, 1 or 3) in [0, 1].
        kind: a name of `FINDERS`.
        sensitivity: 0 to 1; more finds more, and more that is none.
        region: the box (left, top, width, height) in pixels in which it is looked for; None is everywhere.
        grow: pixels by which what is found grows to all sides.

    Returns:
        bool (H, W), True = found; all False where there is nothing.

    Raises:
        OptionError: an unknown kind, or a number out of range.
        MaskError: a region outside the image.
    """
    from selfmend.masks.reading import box_mask, grow_mask

    finder = FINDERS[check_known("kind", kind, FINDERS)]
    if not 0 <= sensitivity <= 1:
        raise OptionError(f"sensitivity is {sensitivity:g}; 0 to 1 fits")
    if grow < 0:
        raise OptionError(f"grow is {grow}; at least 0 fits")
    if region is not None:
        box_mask(region, image.shape[:2])
    return grow_mask(finder.function()(image, sensitivity=sensitivity, region=region), grow)


def in_region(image: Image, region: Region | None, find: Callable[[Image], Mask], *, around: int = 0) -> Mask:
    """What `find` finds in a box, in a mask of the whole image's size.

    Args:
        image: (H, W, C).
        region: left, top, width, height; None is the whole image. What lies outside of the image is left out.
        find: looks at the box, and
        around: so many pixels around it, which it may need to see and in which nothing is marked.

    Raises:
        MaskError: the box holds no pixel of the image.
    """
    from selfmend.masks.reading import box_mask

    if region is None:
        return find(image)
    inside = box_mask(region, image.shape[:2])
    left, top, width, height = region
    rows = slice(max(0, top - around), max(0, top + height + around))
    columns = slice(max(0, left - around), max(0, left + width + around))
    found = inside.copy()
    found[rows, columns] &= find(image[rows, columns])
    return found & inside
