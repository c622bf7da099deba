"""Damage that is long and thin: scratches, hairs, folds, and cracks of the emulsion.

Lengths and widths are in pixels. Sizes are those of scans: a scratch is 0.7 to 4 pixels wide.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfmend.masks.damage.marks import (
    Alpha,
    Mark,
    Points,
    between,
    chance,
    draw_stroke,
    mark_colour,
    paper,
    polyline,
    smooth_noise,
    stroke_canvas,
    to_alpha,
    wobble,
)  # fmt: skip
from selfmend.types import Size

_STEP = 3.0  # pixels between the points of a line


def scratches(size: Size, rng: np.random.Generator) -> list[Mark]:
    """A bundle of scratches of one colour: straight or bent, whole or broken, single or side by side."""
    height, width = size
    canvas = stroke_canvas(size)
    count = int(rng.choice([1, 1, 1, 2, 3, 5]))
    angle, plain = rng.uniform(0, np.pi), chance(rng, 0.4)
    if chance(rng, 0.25):
        angle = np.pi / 2 + rng.normal(0, 0.02)  # of a film that ran over dirt
    parallel, thick = chance(rng, 0.5), between(rng, 0.7, 4.0, log=True)
    opacity = between(rng, 0.5, 1.0) if not plain else between(rng, 0.65, 1.0)
    for _ in range(count):
        turn = angle if parallel else rng.uniform(0, np.pi)
        length = between(rng, 15, 2.0 * max(size), log=True)
        centre = rng.uniform((-0.1 * width, -0.1 * height), (1.1 * width, 1.1 * height))
        points = _line(centre, turn, length, bend=0 if plain and chance(rng, 0.5) else rng.normal(0, 0.6), rng=rng)
        if chance(rng, 0.3):  # a hand that slipped
            points = _kinked(points, rng)
        here = thick * between(rng, 0.7, 1.3)
        if plain:
            draw_stroke(canvas, points, here, opacity)
        else:
            broken = _broken(len(points), rng, share=between(rng, 0, 0.6))
            widths = here * (1 + 0.25 * wobble(len(points), rng, smooth=2)).clip(0.3, 2)
            draw_stroke(canvas, points, widths, opacity * broken * _fading(len(points), rng))
    return with_edge(to_alpha(canvas, size), mark_colour(rng, light=0.55), rng, edge=0.2)


def hairs(size: Size, rng: np.random.Generator) -> list[Mark]:
    """Hairs and fibres that lay on the print or the glass: curled, even, and mostly dark or white."""
    canvas = stroke_canvas(size)
    for _ in range(int(rng.integers(1, 4))):
        length, thick = between(rng, 20, 220, log=True), between(rng, 0.7, 2.5)
        turns = np.cumsum(wobble(max(3, int(length / _STEP)), rng, smooth=6) * between(rng, 0.02, 0.25))
        headings = rng.uniform(0, 2 * np.pi) + turns
        points = rng.uniform((0, 0), size[::-1]) + polyline(headings, _STEP)
        draw_stroke(canvas, points, thick, between(rng, 0.5, 1.0))
    return [Mark(kind="scratches", alpha=to_alpha(canvas, size), colour=mark_colour(rng, light=0.5))]


def folds(size: Size, rng: np.random.Generator) -> list[Mark]:
    """A fold: a long line at which the emulsion breaks, light and ragged, with a shade on its sides."""
    height, width = size
    angle = rng.choice([0, np.pi / 2]) + rng.normal(0, 0.12) if chance(rng, 0.6) else rng.uniform(0, np.pi)
    centre = rng.uniform((0, 0), (width, height))
    points = _line(centre, float(angle), 2.5 * max(size), bend=rng.normal(0, 0.1), rng=rng)
    points += 0.5 * between(rng, 0, 1.5) * rng.standard_normal(points.shape)
    thick = between(rng, 0.8, 5, log=True)
    raggedness = between(rng, 0.1, 0.8)
    widths = thick * (1 + raggedness * wobble(len(points), rng, smooth=between(rng, 0, 3))).clip(0.2, 3)
    opacity = _broken(len(points), rng, share=between(rng, 0, 0.5)) * between(rng, 0.5, 1.0)
    canvas = stroke_canvas(size)
    draw_stroke(canvas, points, widths, opacity)
    core = to_alpha(canvas, size)
    marks = _shade(points, size, rng) if chance(rng, 0.6) else []
    colour = paper(rng) if chance(rng, 0.85) else mark_colour(rng, light=0)
    return [*marks, *with_edge(_rough(core, rng), colour, rng, edge=0.5)]


def cracks(size: Size, rng: np.random.Generator) -> list[Mark]:
    """Cracks of the emulsion: thin jagged lines that branch and meet, with a dark edge beside the light one.

    They open and close along their way, and at crossings pieces of the emulsion are gone, down to the paper.
    """
    paths = _net(size, rng) if chance(rng, 0.4) else _branches(size, rng)
    thin, wide = stroke_canvas(size), between(rng, 0.6, 4.0, log=True)
    faint = between(rng, 0.15, 0.6)
    for points, level in paths:
        here = wide * 0.8**level
        jagged = points + between(rng, 0.1, 0.7) * rng.standard_normal(points.shape)
        opened = (0.65 + 0.35 * wobble(len(points), rng, smooth=between(rng, 1, 6))).clip(faint, 1)
        opened *= _broken(len(points), rng, share=between(rng, 0, 0.35))
        widths = here * (0.4 + opened) * (1 + 0.3 * rng.standard_normal(len(points))).clip(0.4, 2)
        draw_stroke(thin, jagged, widths, opened)
    colour = paper(rng) if chance(rng, 0.85) else mark_colour(rng, light=0.2)
    alpha = to_alpha(thin, size) * between(rng, 0.7, 1.0)
    marks = with_edge(_rough(alpha, rng) if chance(rng, 0.5) else alpha, colour, rng, edge=0.7)
    if chance(rng, 0.6):
        marks += _crossings(paths, size, rng, colour)
    return marks


def _crossings(
    paths: list[tuple[Points, int]], size: Size, rng: np.random.Generator, colour: NDArray[np.float32]
) -> list[Mark]:
    """Emulsion that is gone where cracks begin and meet."""
    import cv2

    canvas = stroke_canvas(size)
    for points, _ in paths:
        if chance(rng, 0.4):
            x, y = points[0] * 2
            axes = tuple(int(v) for v in np.maximum(1, rng.uniform(1, 5 * 2, 2)))
            cv2.ellipse(canvas, (int(x), int(y)), axes, rng.uniform(0, 180), 0, 360, 255, -1, cv2.LINE_AA)
    alpha = _torn(to_alpha(canvas, size), rng, reach=2.0)
    return with_edge(alpha, colour, rng, edge=0.5)


def _line(centre: NDArray[np.float64], angle: float, length: float, *, bend: float, rng: np.random.Generator) -> Points:
    """A line through a point; `bend` is the angle in radians by which it turns on its way."""
    count = max(3, int(length / _STEP))
    headings = angle + bend * np.linspace(-0.5, 0.5, count) + 0.02 * wobble(count, rng, smooth=8)
    points = polyline(headings, length / count)
    return np.asarray(points - points[count // 2] + centre)


def _kinked(points: Points, rng: np.random.Generator) -> Points:
    """The same line with one to four sharp turns."""
    steps = np.diff(points, axis=0, prepend=points[:1])
    for place in rng.integers(1, len(points), int(rng.integers(1, 5))):
        turn = rng.normal(0, 1.2)
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        steps[place:] = steps[place:] @ rotation.T
    bent = points[0] + np.cumsum(steps, 0)
    return np.asarray(bent - bent.mean(0) + points.mean(0))


def _branches(size: Size, rng: np.random.Generator) -> list[tuple[Points, int]]:
    """Paths that start at a border or inside, wander, and send out others; with how often each has branched off."""
    height, width = size
    found: list[tuple[Points, int]] = []
    open_ends: list[tuple[NDArray[np.float64], float, int]] = []
    for _ in range(int(rng.integers(1, 4))):
        start = rng.uniform((0, 0), (width, height))
        if chance(rng, 0.5):
            start[int(rng.integers(2))] *= rng.integers(2)
        open_ends.append((start, rng.uniform(0, 2 * np.pi), 0))
    most = int(rng.integers(3, 14))
    while open_ends and len(found) < most:
        start, heading, level = open_ends.pop(int(rng.integers(len(open_ends))))
        length = between(rng, 15, 1.2 * max(size), log=True) * 0.75**level
        count = max(4, int(length / _STEP))
        turns = rng.normal(0, between(rng, 0.05, 0.4), count)
        headings = heading + 0.8 * (np.cumsum(turns) - np.linspace(0, np.cumsum(turns)[-1], count)) + turns
        points = start + polyline(headings, _STEP)
        points = np.concatenate([start[None], points])
        found.append((points, level))
        for _ in range(int(rng.integers(0, 4))):
            place = int(rng.integers(count))
            away = rng.choice([-1, 1]) * between(rng, 0.4, 1.7)
            open_ends.append((points[place], float(headings[place] + away), level + 1))
    return found


def _net(size: Size, rng: np.random.Generator) -> list[tuple[Points, int]]:
    """The borders of a tiling, some of them left out: cracks that close around islands."""
    from scipy.spatial import Voronoi

    height, width = size
    cell = between(rng, 18, 90, log=True)
    count = int(np.clip(1.7 * height * width / cell**2, 6, 150))
    diagram = Voronoi(rng.uniform((-0.2 * width, -0.2 * height), (1.2 * width, 1.2 * height), (count, 2)))
    whole, kept = between(rng, 0.3, 0.95), []
    there = smooth_noise(size, rng, grain=max(size) / 2)
    for first, second in diagram.ridge_vertices:
        if first < 0 or not chance(rng, whole):
            continue
        start, end = diagram.vertices[first], diagram.vertices[second]
        x, y = ((start + end) / 2).astype(int)
        if not (0 <= x < width and 0 <= y < height) or there[y, x] < -0.6:
            continue
        steps = max(3, int(np.hypot(*(end - start)) / _STEP))
        points = start + np.linspace(0, 1, steps)[:, None] * (end - start)
        arc = np.sin(np.linspace(0, np.pi, steps)) * rng.normal(0, 0.08) * np.hypot(*(end - start))
        normal = np.array([start[1] - end[1], end[0] - start[0]]) / max(1e-6, np.hypot(*(end - start)))
        kept.append((points + arc[:, None] * normal, int(rng.integers(0, 3))))
    return kept


def with_edge(alpha: Alpha, colour: NDArray[np.float32], rng: np.random.Generator, *, edge: float) -> list[Mark]:
    """A line, in such a share of all cases with its shadow: a dark edge on one side, as of a step in the emulsion."""
    marks = []
    if chance(rng, edge):
        from scipy.ndimage import gaussian_filter, shift

        angle, far = rng.uniform(0, 2 * np.pi), between(rng, 0.7, 1.8)
        shadow = shift(alpha, (far * np.sin(angle), far * np.cos(angle)), order=1)
        shadow = gaussian_filter(shadow, between(rng, 0.2, 0.8)).astype(np.float32) * np.float32(between(rng, 0.3, 0.9))
        marks.append(Mark(kind="scratches", alpha=shadow, colour=np.full(3, between(rng, 0, 0.25), np.float32)))
    return [*marks, Mark(kind="scratches", alpha=alpha, colour=colour)]


def _shade(points: Points, size: Size, rng: np.random.Generator) -> list[Mark]:
    """Light and dark beside a fold, where the paper is bent; not a part of what has to be mended."""
    from scipy.ndimage import gaussian_filter

    canvas = stroke_canvas(size)
    along = points[-1] - points[0]
    normal = np.array([-along[1], along[0]]) / max(1e-6, float(np.hypot(*along)))
    wide = between(rng, 3, 14)
    draw_stroke(canvas, points + normal * wide * 0.6 * rng.choice([-1, 1]), wide)
    alpha = gaussian_filter(to_alpha(canvas, size), wide / 2) * np.float32(between(rng, 0.08, 0.3))
    colour = np.full(3, rng.choice([0.0, 1.0]), np.float32)
    return [Mark(kind="scratches", alpha=alpha.astype(np.float32), colour=colour, masked=False)]


def _broken(count: int, rng: np.random.Generator, *, share: float) -> NDArray[np.float64]:
    """(count,) in [0, 1]: 0 in such a share of the way, in pieces."""
    noise = wobble(count, rng, smooth=between(rng, 1, 12))
    edge = np.quantile(noise, share)
    return ((noise - edge) * 2 + 0.5).clip(0, 1) if share > 0.02 else np.ones(count)


def _fading(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """(count,) in [0, 1]: thinner towards the ends, in half of all cases."""
    if chance(rng, 0.5):
        return np.ones(count)
    along = np.minimum(np.arange(count), np.arange(count)[::-1]) / max(1, count * between(rng, 0.02, 0.4))
    return np.asarray(along.clip(0.15, 1))


def _rough(alpha: Alpha, rng: np.random.Generator) -> Alpha:
    """A line with ragged edges and grains in it, as paper has fibres."""
    noise = 1 + between(rng, 0.1, 0.5) * smooth_noise(alpha.shape, rng, grain=between(rng, 1.0, 3.0))
    return (alpha * noise).clip(0, 1).astype(np.float32)


def _torn(alpha: Alpha, rng: np.random.Generator, *, reach: float) -> Alpha:
    """An area whose border is moved in and out by up to about `reach` pixels."""
    import cv2

    size = alpha.shape
    shift = [reach * smooth_noise(size, rng, grain=between(rng, 2, 6)) for _ in range(2)]
    rows, columns = np.indices(size, np.float32)
    return cv2.remap(alpha, columns + shift[0], rows + shift[1], cv2.INTER_LINEAR)
