"""Random holes for training: each a function of a size (height, width) in pixels and a generator, to bool (1, H, W)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import torch
from PIL import Image as PILImage
from PIL import ImageDraw

from selfmend.core.types import Mask, Size

_STROKES = 4  # at most
_CORNERS = (4, 12)  # of a stroke
_TURN = 2 * math.pi / 5  # from corner to corner, now left and now right, give or take a third of it
_WIDTH = (0.05, 0.15)  # of a brush, as shares of the picture's short side
_LENGTH = 0.25  # of a straight piece, at most, as a share of the picture's diagonal


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


def mix(size: Size, generator: torch.Generator) -> Mask:
    """One of the others, each as likely."""
    shape = (center, random_box, strokes)[_draw(0, 2, generator)]
    return shape(size, generator)


HOLE_SHAPES: Mapping[str, Callable[[Size, torch.Generator], Mask]] = {
    "center": center,
    "random-box": random_box,
    "strokes": strokes,
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
