"""Damage that covers an area: dust and spots, stains, emulsion that is gone, torn corners and borders."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfmend.masks.damage.marks import (
    FINER,
    Alpha,
    Mark,
    between,
    chance,
    draw_stroke,
    mark_colour,
    paper,
    polyline,
    rgb,
    smooth_noise,
    stroke_canvas,
    to_alpha,
    wobble,
)  # fmt: skip
from selfmend.types import Size


def dust(size: Size, rng: np.random.Generator) -> list[Mark]:
    """Specks, spots and short fibres of one colour."""
    import cv2

    canvas = stroke_canvas(size)
    density = between(rng, 1, 60, log=True) / 10_000  # specks a pixel
    count = int(np.clip(density * size[0] * size[1], 1, 4000))
    largest = between(rng, 1.0, 5.5, log=True)
    opacity = between(rng, 0.6, 1.2)
    for _ in range(count):
        x, y = rng.uniform((0, 0), size[::-1])
        dense = int(255 * min(1.0, opacity * between(rng, 0.6, 1.4)))
        radius = largest * rng.random() ** 2 + 0.8
        if chance(rng, 0.1):
            _fibre(canvas, (x, y), rng, dense / 255)
        elif radius < 1.5 or chance(rng, 0.4):
            axes = np.maximum(1, np.rint(radius * FINER * rng.uniform(0.6, 1.2, 2))).astype(int)
            centre = (round(x * FINER), round(y * FINER))
            turn = float(rng.uniform(0, 180))
            cv2.ellipse(canvas, centre, (int(axes[0]), int(axes[1])), turn, 0, 360, dense, -1, cv2.LINE_AA)
        else:
            cv2.fillPoly(canvas, [_flake((x, y), radius, rng)], dense, cv2.LINE_AA)
    return [Mark(kind="dust", alpha=to_alpha(canvas, size), colour=mark_colour(rng, light=0.6))]


def stains(size: Size, rng: np.random.Generator) -> list[Mark]:
    """Soft-edged blotches: of liquids with a dark rim, foxing, bleached places."""
    from scipy.ndimage import gaussian_filter

    alpha = np.zeros(size, np.float32)
    largest = between(rng, 6, 0.35 * min(size) + 7, log=True)
    for _ in range(int(rng.integers(1, 5))):
        alpha = np.maximum(alpha, _blob(size, rng, between(rng, 0.4, 1.0) * largest))
    inside = alpha
    soft = between(rng, 0.8, 0.12 * largest + 1)
    alpha = gaussian_filter(alpha, soft)
    if chance(rng, 0.35):  # the rim of a drop that dried
        rim = (gaussian_filter(inside, soft) - gaussian_filter(inside, 2.5 * soft + 1)).clip(0, None)
        alpha = (between(rng, 0.3, 0.7) * alpha + 2 * rim).clip(0, 1)
    tint = rgb(between(rng, 0.55, 0.95), between(rng, 0.4, 0.85), between(rng, 0.2, 0.75))
    multiply = chance(rng, 0.7)
    if not multiply:
        tint = paper(rng) if chance(rng, 0.5) else np.full(3, rng.uniform(0.1, 0.9), np.float32)
    elif chance(rng, 0.25):
        tint = rng.uniform(0.3, 1, 3).astype(np.float32)
    strength = between(rng, 0.7, 1.0) if multiply else between(rng, 0.5, 0.9)
    return [Mark(kind="stains", alpha=(strength * alpha).astype(np.float32), colour=tint, multiply=multiply)]


def losses(size: Size, rng: np.random.Generator) -> list[Mark]:
    """Emulsion that is gone: ragged islands of paper, with a dark rim on one side."""
    from scipy.ndimage import shift

    alpha = np.zeros(size, np.float32)
    largest = between(rng, 4, 0.2 * min(size) + 5, log=True)
    for _ in range(int(rng.integers(1, 8))):
        alpha = np.maximum(alpha, _blob(size, rng, between(rng, 0.2, 1.0) * largest, ragged=0.35))
    colour = paper(rng) if chance(rng, 0.8) else np.full(3, between(rng, 0, 0.3), np.float32)
    texture = between(rng, 0, 0.04) * smooth_noise(size, rng, grain=between(rng, 1, 4))[..., None]
    marks = []
    if chance(rng, 0.5):
        rim = shift(alpha, rng.uniform(-2, 2, 2), order=1) * np.float32(between(rng, 0.3, 0.8))
        marks.append(Mark(kind="stains", alpha=rim.astype(np.float32), colour=np.zeros(3, np.float32)))
    return [*marks, Mark(kind="stains", alpha=alpha, colour=(colour + texture).clip(0, 1).astype(np.float32))]


def torn(size: Size, rng: np.random.Generator) -> list[Mark]:
    """A corner or a border that is torn off or worn away: what lies below the print, and a light rim of paper."""
    import cv2

    _height, _width = size
    canvas = stroke_canvas(size)
    inside = _corner(size, rng) if chance(rng, 0.6) else _border(size, rng)
    cv2.fillPoly(canvas, [np.rint(inside * FINER).astype(np.int32)], 255, cv2.LINE_AA)
    alpha = to_alpha(canvas, size)
    below = np.full(3, rng.choice([0.0, 1.0, between(rng, 0, 1)]), np.float32)
    below = below * np.float32(between(rng, 0.85, 1)) if chance(rng, 0.6) else paper(rng)
    marks = []
    if chance(rng, 0.7):
        rim = between(rng, 1, 5)
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * int(rim) + 1,) * 2)
        wider = cv2.dilate(alpha, kernel)
        marks.append(Mark(kind="missing", alpha=wider, colour=paper(rng)))
    return [*marks, Mark(kind="missing", alpha=alpha, colour=below)]


def _fibre(canvas: NDArray[np.uint8], start: tuple[float, float], rng: np.random.Generator, dense: float) -> None:
    count = int(rng.integers(3, 8))
    headings = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.5, count))
    draw_stroke(canvas, np.array(start) + polyline(headings, 2.0), between(rng, 0.7, 1.5), min(1.0, dense))


def _flake(centre: tuple[float, float], radius: float, rng: np.random.Generator) -> NDArray[np.int32]:
    """The corners of a speck on the fine canvas."""
    count = int(rng.integers(4, 9))
    angles = np.sort(rng.uniform(0, 2 * np.pi, count))
    away = radius * rng.uniform(0.5, 1.3, count)
    corners = np.array(centre) + away[:, None] * np.stack([np.cos(angles), np.sin(angles)], 1)
    return np.rint(corners * FINER).astype(np.int32)


def _blob(size: Size, rng: np.random.Generator, radius: float, *, ragged: float = 0.25) -> Alpha:
    """A roundish area with an uneven border."""
    import cv2

    centre = rng.uniform((0, 0), size[::-1])
    count = int(np.clip(4 * radius, 12, 120))
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    waves = 1 + ragged * (0.6 * _around(count, rng, 3) + 0.4 * _around(count, rng, 9))
    stretch = between(rng, 0.5, 1.0)
    away = radius * waves.clip(0.2, 2)
    local = np.stack([away * np.cos(angles), stretch * away * np.sin(angles)], 1)
    turn = rng.uniform(0, np.pi)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    canvas = stroke_canvas(size)
    cv2.fillPoly(canvas, [np.rint((centre + local @ rotation) * FINER).astype(np.int32)], 255, cv2.LINE_AA)
    return to_alpha(canvas, size)


def _around(count: int, rng: np.random.Generator, waves: int) -> NDArray[np.float64]:
    """(count,) periodic noise of deviation 1 with up to so many waves on the way around."""
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    ks = np.arange(1, waves + 1)
    both = rng.standard_normal((2, waves))
    wave = np.cos(np.outer(angles, ks)) @ both[0] + np.sin(np.outer(angles, ks)) @ both[1]
    return np.asarray(wave / np.sqrt(waves))


def _corner(size: Size, rng: np.random.Generator) -> NDArray[np.float64]:
    """The outline of a missing corner: torn, or round from wear."""
    height, width = size
    reach = between(rng, 0.08, 0.6) * min(size), between(rng, 0.08, 0.6) * min(size)
    count = max(8, int(sum(reach) / 3))
    along = np.linspace(0, 1, count)
    line = np.stack([reach[0] * (1 - along), reach[1] * along], 1)
    if chance(rng, 0.4):
        angle = along * np.pi / 2
        line = np.stack([reach[0] * (1 - np.sin(angle)), reach[1] * (1 - np.cos(angle))], 1)
    line += between(rng, 0.3, 2.5) * np.stack([wobble(count, rng, smooth=2), wobble(count, rng, smooth=2)], 1)
    outline = np.concatenate([[[-9, -9], [reach[0], -9]], line, [[-9, reach[1]]]])
    if chance(rng, 0.5):
        outline[:, 0] = width - outline[:, 0]
    if chance(rng, 0.5):
        outline[:, 1] = height - outline[:, 1]
    return np.asarray(outline)


def _border(size: Size, rng: np.random.Generator) -> NDArray[np.float64]:
    """The outline of a border that is worn away unevenly."""
    length, depth = (size[1], size[0]) if chance(rng, 0.5) else (size[0], size[1])
    count = max(8, int(length / 3))
    along = np.linspace(-9, length + 9, count)
    deep = between(rng, 1, 0.1 * depth + 2)
    in_ = deep * (1 + 0.7 * wobble(count, rng, smooth=between(rng, 2, 25)) + 0.25 * wobble(count, rng, smooth=1))
    outline = np.concatenate([np.stack([along, in_], 1), [[length + 9, -9], [-9, -9]]])
    if chance(rng, 0.5):
        outline[:, 1] = depth - outline[:, 1]
    return outline if (length, depth) == (size[1], size[0]) else np.asarray(outline[:, ::-1])
