"""Random holes for training: each a function of a size (height, width) in pixels and a generator, to bool (1, H, W)."""

from __future__ import annotations

import functools
import math
import string
from collections.abc import Callable, Mapping

import numpy as np
import torch
from PIL import Image as PILImage
from PIL import ImageDraw, ImageFont

from selfmend.core.types import Mask, Size

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


def center(size: Size, generator: torch.Generator, *, max_delta: int = 0) -> Mask:
    """A box of half the height and width in the middle.

    Args:
        size: of the mask.
        generator: draws how much smaller the box is.
        max_delta: at most so many pixels lower and so many narrower, drawn apart, half of it at each side.

    Source: paper 004's code (DMFN).
    """
    (top, height), (left, width) = (_shrunk(s, (s - s // 2) // 2, s // 2, max_delta, generator) for s in size)
    return _box(size, top, left, height, width)


def random_box(size: Size, generator: torch.Generator, *, max_delta: int = 0) -> Mask:
    """A box of half the height and width anywhere inside; `max_delta` as in `center`."""
    (top, height), (left, width) = (
        _shrunk(s, _draw(0, s - s // 2, generator), s // 2, max_delta, generator) for s in size
    )
    return _box(size, top, left, height, width)


def strokes(size: Size, generator: torch.Generator) -> Mask:
    """One to four strokes of a round brush that turn left and right in turn.

    Source: the free-form masks of DeepFill v2 (Yu et al., ICCV 2019, Sec. 4.2), with numbers of our own.
    """
    height, width = size
    drawing = PILImage.new("1", (width, height))
    pen = ImageDraw.Draw(drawing)
    # All at once: a number alone costs as much as all of them.
    drawn = torch.rand(_STROKES, 5 + 2 * _CORNERS[1], generator=generator).tolist()
    for chances in drawn[: _draw(1, _STROKES, generator)]:
        brush = max(1, round(_between(*_WIDTH, chances[0]) * min(size)))
        corners = [(chances[1] * (width - 1), chances[2] * (height - 1))]
        heading = 2 * math.pi * chances[3]
        for k in range(int(_between(_CORNERS[0], _CORNERS[1] + 1, chances[4]))):
            heading += (-1) ** k * _TURN * _between(2 / 3, 4 / 3, chances[5 + 2 * k])
            length = _LENGTH * math.hypot(*size) * chances[6 + 2 * k]
            x, y = corners[-1][0] + length * math.cos(heading), corners[-1][1] + length * math.sin(heading)
            corners.append((min(max(x, 0), width - 1), min(max(y, 0), height - 1)))
        pen.line(corners, fill=1, width=brush)
        for x, y in corners:
            pen.ellipse([x - brush / 2, y - brush / 2, x + brush / 2, y + brush / 2], fill=1)
    return torch.from_numpy(np.array(drawing))[None]


def text(size: Size, generator: torch.Generator) -> Mask:
    """One to three lines of random letters with their outline, each of a size of its own, as subtitles and stamps are.

    The letters are those of Pillow's own font, so that the same seed gives the same hole on every machine.
    """
    height, width = size
    drawing = PILImage.new("1", (width, height))
    pen = ImageDraw.Draw(drawing)
    drawn = torch.rand(_LINES, 4 + _SIGNS, generator=generator).tolist()
    for chances in drawn[: _draw(1, _LINES, generator)]:
        letter = max(_SMALLEST, round(_between(*_LETTER, chances[0]) * min(size)))
        outline, font = max(1, round(_OUTLINE * letter)), _font(letter)
        signs = "".join(_ALPHABET[int(chance * len(_ALPHABET))] for chance in chances[4:])
        length = _between(*_WORDS, chances[1]) * width
        signs = signs[: max(2, int(_SIGNS * length / font.getlength(signs)))].strip() or "a"
        x, y = chances[2] * (width - length), chances[3] * max(0, height - letter)
        pen.text((x, y + letter / 2), signs, fill=1, font=font, anchor="lm", stroke_width=outline)
    mask = torch.from_numpy(np.array(drawing))[None]
    mask[:, height // 2, width // 2] |= not mask.any()  # of a picture smaller than a letter, whose strokes may miss it
    return mask


@functools.cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size=size)
    assert isinstance(font, ImageFont.FreeTypeFont)  # any other Pillow has no sizes
    return font


def mix(size: Size, generator: torch.Generator) -> Mask:
    """A box in the middle, a box anywhere, or strokes, each as likely."""
    shape = (center, random_box, strokes)[_draw(0, 2, generator)]
    return shape(size, generator)


HOLE_SHAPES: Mapping[str, Callable[[Size, torch.Generator], Mask]] = {
    "center": center,
    "random-box": random_box,
    "strokes": strokes,
    "text": text,
    "mix": mix,
}


def _shrunk(whole: int, start: int, length: int, max_delta: int, generator: torch.Generator) -> tuple[int, int]:
    """Start and length of a side of the box, made smaller by chance; at least one pixel stays."""
    off = min(_draw(0, max_delta // 2, generator), max(0, length - 1) // 2)
    return min(start + off, whole - 1), max(1, length - 2 * off)


def _box(size: Size, top: int, left: int, height: int, width: int) -> Mask:
    mask = torch.zeros(1, *size, dtype=torch.bool)
    mask[:, top : top + height, left : left + width] = True
    return mask


def _draw(low: int, high: int, generator: torch.Generator) -> int:
    """A whole number from `low` to `high`, both included."""
    return int(torch.randint(low, high + 1, (), generator=generator))


def _between(low: float, high: float, chance: float) -> float:
    return low + (high - low) * chance
