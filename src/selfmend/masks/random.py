"""Random holes, as a training on a folder needs them: boxes, strokes, text, mixes, and masks from a folder.

Random holes for training: each a function of a size (height, width) in pixels and a generator, to bool (H, W).

What makes the holes of a training: a shape by its name, or the masks of a folder.
"""

from __future__ import annotations

import functools
import math
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image as PILImage
from PIL import ImageDraw, ImageFont

from selfmend.errors import MaskError, OptionError, nearest_name
from selfmend.files import exists
from selfmend.image.files import list_pictures
from selfmend.image.resize import resize
from selfmend.masks.reading import drawn_mask
from selfmend.types import Image, Mask, Size, size_of

_STROKES = 4  # at most
_CORNERS = (4, 12)  # of a stroke
_TURN = 2 * math.pi / 5  # from corner to corner, now left and now right, give or take a third of it
_WIDTH = (0.05, 0.15)  # of a brush, as shares of the picture's short side
_LENGTH = 0.25  # of a straight piece, at most, as a share of the picture's diagonal

_LINES = 3  # at most
_LETTER = (0.08, 0.25)  # size of the letters, as a share of the picture's short side
_SMALLEST = 7  # pixels: no smaller letter can be read
_WORDS = (0.4, 1.0)  # length of a line, as a share of the picture's width
_SIGNS = 80  # at most, in a line
_OUTLINE = 1 / 14  # around the letters, as a share of their size
_ALPHABET = 2 * string.ascii_lowercase + string.ascii_uppercase + string.digits + 12 * " "


def center(size: Size, generator: np.random.Generator, *, max_delta: int = 0) -> Mask:
    """A box of half the height and width in the middle.

    Args:
        size: of the mask.
        generator: draws how much smaller the box is.
        max_delta: at most so many pixels lower and so many narrower, drawn apart, half of it at each side.

    Source: the code of DMFN (Hui et al. 2020).
    """
    (top, height), (left, width) = (_shrunk(s, (s - s // 2) // 2, s // 2, max_delta, generator) for s in size)
    return _box(size, top, left, height, width)


def random_box(size: Size, generator: np.random.Generator, *, max_delta: int = 0) -> Mask:
    """A box of half the height and width anywhere inside; `max_delta` as in `center`."""
    (top, height), (left, width) = (
        _shrunk(s, _draw(0, s - s // 2, generator), s // 2, max_delta, generator) for s in size
    )
    return _box(size, top, left, height, width)


def strokes(size: Size, generator: np.random.Generator, *, width: tuple[float, float] = _WIDTH) -> Mask:
    """One to four strokes of a round brush that turn left and right in turn.

    Args:
        size: of the mask.
        generator: draws everything.
        width: of the brush, from and to, as shares of the picture's short side.

    Source: the free-form masks of DeepFill v2 (Yu et al., ICCV 2019, Sec. 4.2), with numbers of our own.
    """
    high, wide = size
    drawing = PILImage.new("1", (wide, high))
    pen = ImageDraw.Draw(drawing)
    # All at once: a number alone costs as much as all of them.
    drawn = generator.random((_STROKES, 5 + 2 * _CORNERS[1])).tolist()
    for chances in drawn[: _draw(1, _STROKES, generator)]:
        brush = max(1, round(_between(*width, chances[0]) * min(size)))
        corners = [(chances[1] * (wide - 1), chances[2] * (high - 1))]
        heading = 2 * math.pi * chances[3]
        for k in range(int(_between(_CORNERS[0], _CORNERS[1] + 1, chances[4]))):
            heading += (-1) ** k * _TURN * _between(2 / 3, 4 / 3, chances[5 + 2 * k])
            length = _LENGTH * math.hypot(*size) * chances[6 + 2 * k]
            x, y = corners[-1][0] + length * math.cos(heading), corners[-1][1] + length * math.sin(heading)
            corners.append((min(max(x, 0), wide - 1), min(max(y, 0), high - 1)))
        _stroke(pen, corners, brush)
    return np.array(drawing)


def _stroke(pen: ImageDraw.ImageDraw, corners: Sequence[tuple[float, float]], brush: int) -> None:
    """Straight pieces of a round brush, as wide as `brush` pixels, from corner to corner (x, y)."""
    pen.line(corners, fill=1, width=brush)
    for x, y in corners:
        pen.ellipse([x - brush / 2, y - brush / 2, x + brush / 2, y + brush / 2], fill=1)


@dataclass(frozen=True)
class _Chains:
    """Holes of LaMa's paper: chains of straight strokes, and in some pictures boxes instead. Lengths are in pixels of
    a picture of 256.

    Attributes:
        count: chains, from and to.
        length: of a stroke, at most as much beyond 10.
        width: of a stroke, at most as much beyond 5.
        boxes: share of the pictures that have boxes instead.
        box_count: boxes, from and to.
        box_side: of a box, from and to.
        margin: to the picture's border, of a box.
    """

    count: tuple[int, int]
    length: float
    width: float
    boxes: float = 0.0
    box_count: tuple[int, int] = (1, 1)
    box_side: tuple[float, float] = (0.0, 0.0)
    margin: float = 0.0


_CHAINED_AT = 256  # side of the picture that the numbers are of
_STROKES_OF_A_CHAIN = 5  # at most
_WIDEST_ANGLE = 4.0  # of a stroke to the vertical, in radians; every other chain is mirrored
_TRIES = 20  # drawings until one leaves enough known
_MOST_HOLE = 0.5  # of a picture: the paper's test pictures have no more
_WIDE = _Chains((1, 5), 200, 100, 0.5, (1, 3), (30, 150), 10)
_MEDIUM = _Chains((4, 5), 100, 50, 0.23, (1, 5), (10, 50))
_THIN = _Chains((4, 50), 40, 10)


def chains(size: Size, generator: np.random.Generator, *, kind: _Chains) -> Mask:
    """Chains of strokes, or boxes; drawn again until at most half of the picture is hole.

    Args:
        size: of the mask; lengths go with its short side.
        generator: draws everything.
        kind: how many, and how large.

    Source: LaMa (Suvorov et al., WACV 2022, Sec. 2.3 and the supplement's narrow, medium and wide masks; the shares of
    boxes are those of its code).
    """
    scale = min(size) / _CHAINED_AT
    for _ in range(_TRIES):
        draw = _boxes if generator.random() < kind.boxes else _chained
        mask = draw(size, generator, kind, scale)
        if mask.mean() <= _MOST_HOLE:
            break
    return mask


def _chained(size: Size, generator: np.random.Generator, kind: _Chains, scale: float) -> Mask:
    high, wide = size
    drawing = PILImage.new("1", (wide, high))
    pen = ImageDraw.Draw(drawing)
    for k in range(_draw(*kind.count, generator)):
        drawn = generator.random((1 + _STROKES_OF_A_CHAIN, 3)).tolist()
        x, y = drawn[0][0] * (wide - 1), drawn[0][1] * (high - 1)
        for chances in drawn[1 : 2 + int(drawn[0][2] * _STROKES_OF_A_CHAIN)]:
            angle = (-1) ** k * _WIDEST_ANGLE * chances[0]
            length = scale * (10 + kind.length * chances[1])
            end = (x + length * math.sin(angle), y + length * math.cos(angle))
            end = (min(max(end[0], 0), wide - 1), min(max(end[1], 0), high - 1))
            _stroke(pen, [(x, y), end], max(1, round(scale * (5 + kind.width * chances[2]))))
            x, y = end
    return np.array(drawing)


def _boxes(size: Size, generator: np.random.Generator, kind: _Chains, scale: float) -> Mask:
    mask = np.zeros(size, bool)
    for _ in range(_draw(*kind.box_count, generator)):
        spans = []
        for whole in size:
            side = max(1, round(scale * _between(*kind.box_side, generator.random())))
            margin = min(round(scale * kind.margin), (whole - side) // 2)
            start = _draw(margin, whole - margin - side, generator)
            spans.append(slice(start, start + side))
        mask[spans[0], spans[1]] = True
    return mask


def text(size: Size, generator: np.random.Generator) -> Mask:
    """One to three lines of random letters with their outline, each of a size of its own, as subtitles and stamps are.

    The letters are those of Pillow's own font, so that the same seed gives the same hole on every machine.
    """
    height, width = size
    drawing = PILImage.new("1", (width, height))
    pen = ImageDraw.Draw(drawing)
    drawn = generator.random((_LINES, 4 + _SIGNS)).tolist()
    for chances in drawn[: _draw(1, _LINES, generator)]:
        letter = max(_SMALLEST, round(_between(*_LETTER, chances[0]) * min(size)))
        outline, font = max(1, round(_OUTLINE * letter)), _font(letter)
        signs = "".join(_ALPHABET[int(chance * len(_ALPHABET))] for chance in chances[4:])
        length = _between(*_WORDS, chances[1]) * width
        signs = signs[: max(2, int(_SIGNS * length / font.getlength(signs)))].strip() or "a"
        x, y = chances[2] * (width - length), chances[3] * max(0, height - letter)
        pen.text((x, y + letter / 2), signs, fill=1, font=font, anchor="lm", stroke_width=outline)
    mask = np.array(drawing)
    mask[height // 2, width // 2] |= not mask.any()  # of a picture smaller than a letter, whose strokes may miss it
    return mask


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size=size)
    assert isinstance(font, ImageFont.FreeTypeFont)  # any other Pillow has no sizes
    return font


def mix(size: Size, generator: np.random.Generator) -> Mask:
    """A box in the middle, a box anywhere, or strokes, each as likely."""
    shape = (center, random_box, strokes)[_draw(0, 2, generator)]
    return shape(size, generator)


HOLE_SHAPES: Mapping[str, Callable[[Size, np.random.Generator], Mask]] = {
    "center": center,
    "random-box": random_box,
    "strokes": strokes,
    "text": text,
    "mix": mix,
    "wide": partial(chains, kind=_WIDE),
    "medium": partial(chains, kind=_MEDIUM),
    "thin": partial(chains, kind=_THIN),
}


def _shrunk(whole: int, start: int, length: int, max_delta: int, generator: np.random.Generator) -> tuple[int, int]:
    """Start and length of a side of the box, made smaller by chance; at least one pixel stays."""
    off = min(_draw(0, max_delta // 2, generator), max(0, length - 1) // 2)
    return min(start + off, whole - 1), max(1, length - 2 * off)


def _box(size: Size, top: int, left: int, height: int, width: int) -> Mask:
    mask = np.zeros(size, bool)
    mask[top : top + height, left : left + width] = True
    return mask


def _draw(low: int, high: int, generator: np.random.Generator) -> int:
    """A whole number from `low` to `high`, both included."""
    return int(generator.integers(low, high + 1))


def _between(low: float, high: float, chance: float) -> float:
    return low + (high - low) * chance


_BOXES = {"center": center, "random-box": random_box}
_CROPS = 20  # of a folder's masks until one has both hole and something known


class HoleMaker(Protocol):
    """Makes a hole for a picture."""

    def __call__(self, picture: Image, generator: np.random.Generator) -> Mask:
        """A mask bool (S, S), True = hole, for a picture (S, S, 3) in [0, 1]."""
        ...


def _eye_bars() -> HoleMaker:
    from selfmend.masks.eye_bars import EyeBars  # loads the detectors, which no other training needs

    return EyeBars()


SEEING_MAKERS: dict[str, Callable[[], HoleMaker]] = {"eyes": _eye_bars}
"""Makers that look at the picture, by name, each behind a function that loads what it needs."""


def hole_maker(masks: str, *, max_delta: int = 0) -> HoleMaker:
    """The maker that `masks` means: a kind's name, a folder of mask pictures (white >= 128 is hole), or several of
    these with commas between them, one of which is drawn for each picture.

    Args:
        masks: names, or folders.
        max_delta: of "center" and "random-box", see there; other kinds have no use for it.

    Raises:
        OptionError: neither a known name nor a folder.
        MaskError: a folder without masks.
    """
    if "," in masks and not exists(masks):
        kinds = [part.strip() for part in masks.split(",")]
        return _OneOf([hole_maker(kind, max_delta=max_delta) for kind in kinds])
    if masks in _BOXES:
        return partial(_shaped, partial(_BOXES[masks], max_delta=max_delta))
    if masks in SEEING_MAKERS:
        return SEEING_MAKERS[masks]()
    if masks in HOLE_SHAPES:
        return partial(_shaped, HOLE_SHAPES[masks])
    if exists(masks) and Path(masks).is_dir():
        return MaskFolder(masks)
    known = nearest_name(masks, [*HOLE_SHAPES, *SEEING_MAKERS])
    raise OptionError(f"masks is {masks!r}, which is no folder and no known kind of hole; {known}")


class _OneOf:
    """One of several makers, by chance."""

    def __init__(self, makers: Sequence[HoleMaker]) -> None:
        self._makers = makers

    def __call__(self, picture: Image, generator: np.random.Generator) -> Mask:
        return self._makers[int(generator.integers(len(self._makers)))](picture, generator)


def _shaped(shape: Callable[[Size, np.random.Generator], Mask], picture: Image, generator: np.random.Generator) -> Mask:
    return shape(size_of(picture), generator)


class MaskFolder:
    """The masks of a folder, of any size: scaled to cover the picture, cropped anywhere, mirrored at random.

    Raises:
        MaskError: no picture file in the folder.
    """

    def __init__(self, folder: str | Path) -> None:
        self.paths = [Path(folder) / name for name in list_pictures(folder)]
        if not self.paths:
            raise MaskError(f"{folder} holds no masks; a folder of pictures that are white where the hole is fits")

    def __call__(self, picture: Image, generator: np.random.Generator) -> Mask:
        for _ in range(_CROPS):
            path = self.paths[int(generator.integers(len(self.paths)))]
            mask = _cropped(drawn_mask(path), size_of(picture), generator)
            if mask.any() and not mask.all():
                return mask
        raise MaskError(f"{path.parent}: {_CROPS} crops in a row were all hole or without one; take other masks")


def _cropped(mask: Mask, size: Size, generator: np.random.Generator) -> Mask:
    """A part of a mask (H, W) as one of `size`: the mask scaled to cover `size`, mirrored by chance in both axes."""
    scale = max(new / old for new, old in zip(size, mask.shape, strict=True))
    if scale != 1:
        target = [max(new, round(old * scale)) for new, old in zip(size, mask.shape, strict=True)]
        mask = resize(mask.astype(np.float32), (target[0], target[1])) >= 0.5
    for axis in (0, 1):
        start = int(generator.integers(mask.shape[axis] - size[axis] + 1))
        mask = mask.take(range(start, start + size[axis]), axis)
        if generator.random() < 0.5:
            mask = np.flip(mask, axis)
    return np.ascontiguousarray(mask)
