"""Damage that is the same all along, and clearly seen: strokes, creases, cracks and spots.

`lines.py` and `areas.py` draw what old prints have, much of it faint or broken. A finder that learns from these alone
doubts what anyone sees: a white line right across a picture. There are no stains: an oval of one soft tint may as well
be the inside of a cup. Lengths, widths and radii are in pixels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfmend.masks.damage.lines import with_edge
from selfmend.masks.damage.marks import (
    FINER,
    Mark,
    Points,
    between,
    chance,
    draw_stroke,
    mark_colour,
    paper,
    polyline,
    stroke_canvas,
    to_alpha,
    wobble,
)  # fmt: skip
from selfmend.types import Size


def strokes(size: Size, rng: np.random.Generator) -> list[Mark]:
    """Scratches: straight lines, arcs, curves and zigzags of one colour or two."""
    canvases = _canvases(size, rng)
    shape = _SHAPES[int(rng.integers(len(_SHAPES)))] if chance(rng, 0.6) else None
    thick, opacity = between(rng, 0.8, 4.0), between(rng, 0.55, 1.0)
    for k in range(int(rng.choice([1, 1, 2, 3, 5]))):
        draw = shape or _SHAPES[int(rng.integers(len(_SHAPES)))]
        length = between(rng, 20, 1.5 * max(size), log=True)
        points = draw(length, rng)
        points = points - points.mean(0) + rng.uniform((0, 0), size[::-1])
        canvas = canvases[k % len(canvases)]
        draw_stroke(canvas, points, thick * between(rng, 0.6, 1.3), opacity * between(rng, 0.85, 1.0))
    return _marks("scratches", canvases, size, rng)


def creases(size: Size, rng: np.random.Generator) -> list[Mark]:
    """Folds: light lines from border to border, some of them uneven, and two of them crossed."""
    height, width = size
    canvas = stroke_canvas(size)
    thick, uneven = between(rng, 1.0, 6.0), between(rng, 0, 0.5)
    turn, apart = rng.uniform(0, np.pi) if chance(rng, 0.4) else 0.0, np.pi / 2 + rng.normal(0, 0.05)
    for k in range(int(rng.integers(1, 3))):
        heading = turn + k * apart + rng.choice([0, np.pi / 2]) + rng.normal(0, 0.04)
        reach = 1.5 * max(size)
        along = np.arange(-reach, reach, 3.0)
        points = np.stack([np.cos(heading) * along, np.sin(heading) * along], 1) + rng.uniform((0, 0), (width, height))
        points += between(rng, 0, 1.2) * wobble(len(along), rng, smooth=between(rng, 0, 5))[:, None]
        widths = thick * (1 + uneven * wobble(len(along), rng, smooth=between(rng, 0.5, 4))).clip(0.3, 2)
        draw_stroke(canvas, points, widths, between(rng, 0.6, 1.0))
    colour = paper(rng) if chance(rng, 0.6) else _colour(rng, light=0.85)
    return [Mark(kind="scratches", alpha=to_alpha(canvas, size), colour=colour)]


def fissures(size: Size, rng: np.random.Generator) -> list[Mark]:
    """Cracks that run on: thin wandering lines right through a print, which fork, and lose a little at their forks."""
    import cv2

    canvas = stroke_canvas(size)
    thick, opacity = between(rng, 0.7, 2.4, log=True), between(rng, 0.6, 1.0)
    rough, uneven, lost = between(rng, 0.05, 0.5), between(rng, 0.1, 0.4), between(rng, 0, 0.6)
    for points, fork in _forked(size, rng):
        jagged = points + rough * rng.standard_normal(points.shape)
        widths = thick * 0.8**fork * (1 + uneven * wobble(len(points), rng, smooth=between(rng, 0.5, 5))).clip(0.4, 2)
        draw_stroke(canvas, jagged, widths, (opacity * (1 + 0.3 * rng.standard_normal(len(points)))).clip(0.4, 1))
        if chance(rng, lost):
            corners = points[0] + thick * rng.uniform(-2.5, 2.5, (int(rng.integers(3, 7)), 2))
            hull = cv2.convexHull(np.rint(corners * FINER).astype(np.int32))
            cv2.fillPoly(canvas, [hull], int(255 * opacity), cv2.LINE_AA)
    colour = paper(rng) if chance(rng, 0.8) else _colour(rng)
    return with_edge(to_alpha(canvas, size), colour, rng, edge=0.4)


def _forked(size: Size, rng: np.random.Generator) -> list[tuple[Points, int]]:
    """The ways of cracks, and how often each has forked before."""
    found: list[tuple[Points, int]] = []
    ends = []
    for _ in range(int(rng.choice([1, 2, 3, 5]))):
        start = rng.uniform((0, 0), size[::-1])
        if chance(rng, 0.5):  # at a border
            start[int(rng.integers(2))] *= rng.integers(2)
        heading = np.arctan2(size[0] / 2 - start[1], size[1] / 2 - start[0]) + rng.normal(0, 0.8)
        ends.append((start, float(heading), 0))
    restless, apart = between(rng, 0.03, 0.25), between(rng, 20, 150, log=True)  # radians; pixels between forks
    while ends and len(found) < 60:
        start, heading, fork = ends.pop(0)
        count = int(between(rng, 0.15, 1.0) * 0.7**fork * max(size) / 3) + 4
        drift = np.cumsum(rng.normal(0, restless, count))
        headings = heading + 0.7 * (drift - np.linspace(0, drift[-1], count)) + rng.normal(0, 2 * restless, count)
        points = start + polyline(headings, 3.0)
        found.append((np.concatenate([start[None], points]), fork))
        for place in rng.integers(0, count, rng.poisson(3 * count / apart) if fork < 4 else 0):
            away = rng.choice([-1, 1]) * between(rng, 0.4, 1.6)
            ends.append((points[place], float(headings[place] + away), fork + 1))
    return found


def spots(size: Size, rng: np.random.Generator) -> list[Mark]:
    """Dust: discs, ovals, crumbs and short hairs of one colour or two."""
    import cv2

    canvases = _canvases(size, rng)
    count = int(np.clip(between(rng, 1.5, 12, log=True) / 10_000 * size[0] * size[1], 1, 4000))
    least = between(rng, 0.7, 1.5)
    largest, opacity = least + between(rng, 0.5, 5.0), between(rng, 0.6, 1.0)
    form = rng.choice(["disc", "oval", "crumb", "hair", "all"], p=[0.3, 0.2, 0.15, 0.1, 0.25])
    for k in range(count):
        canvas = canvases[k % len(canvases)]
        x, y = rng.uniform((0, 0), size[::-1])
        radius, dense = between(rng, least, largest), opacity * between(rng, 0.9, 1.0)
        this = rng.choice(["disc", "oval", "crumb", "hair"]) if form == "all" else form
        if this == "hair":
            points = _curve(between(rng, 2, 4) * radius, rng)
            draw_stroke(canvas, points - points.mean(0) + (x, y), between(rng, 0.8, 1.8), dense)
        elif this == "crumb":
            angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(4, 8))))
            corners = (x, y) + radius * np.stack([np.cos(angles), np.sin(angles)], 1)
            cv2.fillPoly(canvas, [np.rint(corners * FINER).astype(np.int32)], int(255 * dense), cv2.LINE_AA)
        else:
            flat = between(rng, 0.4, 1.0) if this == "oval" else 1.0
            axes = [max(1, round(axis * FINER)) for axis in (radius, flat * radius)]
            centre, turn = (round(x * FINER), round(y * FINER)), between(rng, 0, 180)
            cv2.ellipse(canvas, centre, axes, turn, 0, 360, int(255 * dense), -1, cv2.LINE_AA)
    return _marks("dust", canvases, size, rng)


def _canvases(size: Size, rng: np.random.Generator) -> list[NDArray[np.uint8]]:
    """One for each colour: film has light dust and dark."""
    return [stroke_canvas(size) for _ in range(2 if chance(rng, 0.3) else 1)]


def _marks(kind: str, canvases: list[NDArray[np.uint8]], size: Size, rng: np.random.Generator) -> list[Mark]:
    """What canvases hold, each in a colour of its own; some of it with soft borders."""
    import cv2

    soft = between(rng, 0.4, 1.8) if chance(rng, 0.35) else 0.0
    marks = []
    for canvas in canvases:
        alpha = to_alpha(canvas, size)
        if soft:  # and as dense in the middle
            alpha = np.minimum(cv2.GaussianBlur(alpha, (0, 0), soft) * np.float32(1 + soft), 1)
        marks.append(Mark(kind=kind, alpha=alpha, colour=_colour(rng)))
    return marks


def _colour(rng: np.random.Generator, *, light: float = 0.65) -> NDArray[np.float32]:
    """White or nearly, black or nearly, or as of other marks."""
    if chance(rng, 0.3):
        return mark_colour(rng, light=light)
    value = between(rng, 0.8, 1.0) if chance(rng, light) else between(rng, 0.0, 0.2)
    return np.full(3, value, np.float32)


def _straight(length: float, rng: np.random.Generator) -> Points:
    return _along(np.full(8, rng.uniform(0, 2 * np.pi)), length)


def _arc(length: float, rng: np.random.Generator) -> Points:
    """A part of a circle."""
    return _along(rng.uniform(0, 2 * np.pi) + np.linspace(0, rng.normal(0, 1.5), 40), length)


def _curve(length: float, rng: np.random.Generator) -> Points:
    """A line that turns now to one side, now to the other."""
    turns = between(rng, 0.02, 0.3) * np.cumsum(wobble(40, rng, smooth=between(rng, 2, 10)))
    return _along(rng.uniform(0, 2 * np.pi) + turns, length)


def _zigzag(length: float, rng: np.random.Generator) -> Points:
    """A few straight parts with sharp corners between them."""
    parts = int(rng.integers(2, 7))
    headings = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, between(rng, 0.3, 2.5), parts))
    steps = rng.uniform(0.2, 1.0, parts)
    return _along(headings, length, steps / steps.sum())


def _along(headings: NDArray[np.float64], length: float, shares: NDArray[np.float64] | None = None) -> Points:
    """The points of a line of such headings; `shares` of its length are its parts, the same without."""
    parts = np.full(len(headings), 1 / len(headings)) if shares is None else shares
    return np.concatenate([np.zeros((1, 2)), polyline(headings, length * parts)])


_SHAPES = (_straight, _straight, _arc, _curve, _zigzag)
