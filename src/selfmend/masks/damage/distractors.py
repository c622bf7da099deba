"""What looks like damage and is none, because it stands in the scene: wires, branches, masts, stars, snow, letters.

These are drawn as a part of the scene, before the photo is developed: they have its blur, its grain and its tones.
"""

from __future__ import annotations

import numpy as np

from selfmend.masks.damage.marks import (
    FINER,
    Alpha,
    around,
    between,
    chance,
    draw_stroke,
    polyline,
    rgb,
    smooth_noise,
    stroke_canvas,
    to_alpha,
    wobble,
)  # fmt: skip
from selfmend.types import Image, Size

_EVEN, _DARK = 0.05, 0.25  # deviation of the brightness on even ground; brightness, below which nothing dark is seen


def draw_distractors(image: Image, rng: np.random.Generator) -> Image:
    """A picture (H, W, 3) with one kind of thing in its scene that is no damage."""
    size = image.shape[0], image.shape[1]
    draw = _KINDS[int(rng.choice(len(_KINDS), p=np.array(_OFTEN) / sum(_OFTEN)))]
    alpha = _lens(draw(size, rng), rng)[..., None]
    dark = draw in (_wires, _branches, _masts)
    if dark:  # they stand before the sky, a wall or a field, and behind other things: a scratch goes over all of them
        alpha = alpha * _even_ground(image)[..., None]
    colour = between(rng, 0, 0.3) if dark and chance(rng, 0.85) else between(rng, 0.6, 1.0)
    if draw in (_letters, _rounds):
        colour = float(rng.random())
    if draw is _freckles:
        return (image * (1 - alpha * rgb(0.2, 0.4, 0.5))).astype(np.float32)
    tint = rgb(1, between(rng, 0.85, 1), between(rng, 0.75, 1))
    if draw is _rounds and chance(rng, 0.6):
        tint = rng.uniform(0.3, 1, 3).astype(np.float32)
    return (image + alpha * (np.float32(colour) * tint - image)).astype(np.float32)


def _even_ground(image: Image) -> Alpha:
    """1 where the picture is about as bright as around and not dark, 0 elsewhere, with soft borders."""
    import cv2

    mean, deviation = around(image, 9)
    even = (deviation < _EVEN) & (mean > _DARK)
    return cv2.GaussianBlur(cv2.erode(even.astype(np.float32), np.ones((5, 5))), (0, 0), 1.0)


def _lens(alpha: Alpha, rng: np.random.Generator) -> Alpha:
    """A little out of focus."""
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(alpha, between(rng, 0.4, 1.3)), np.float32)


def _wires(size: Size, rng: np.random.Generator) -> Alpha:
    """Lines that sag from border to border, side by side."""
    height, width = size
    canvas = stroke_canvas(size)
    across = np.linspace(-5, width + 5, max(8, width // 6))
    level, slope, sag = rng.uniform(0, height), rng.normal(0, 0.4), between(rng, 0, 0.15)
    apart, thick = between(rng, 4, 40), between(rng, 0.7, 3)
    for k in range(int(rng.integers(1, 7))):
        u = 2 * across / width - 1
        down = level + k * apart + slope * across + sag * height * (1 - u * u) * rng.uniform(0.9, 1.1)
        draw_stroke(canvas, np.stack([across, down], 1), thick)
    return to_alpha(canvas, size)


def _branches(size: Size, rng: np.random.Generator) -> Alpha:
    """A tree without leaves: tapering, forking."""
    height, width = size
    canvas = stroke_canvas(size)
    ends = [(np.array([rng.uniform(0, width), height * rng.uniform(0.6, 1.2)]), -np.pi / 2, between(rng, 3, 9), 0)]
    while ends:
        start, heading, thick, level = ends.pop()
        count = int(rng.integers(4, 12))
        headings = heading + np.cumsum(rng.normal(0, 0.12, count))
        points = np.concatenate([start[None], start + polyline(headings, 5.0)])
        draw_stroke(canvas, points, np.linspace(thick, 0.7 * thick, count + 1))
        if level < 6 and thick > 0.6:
            for side in (-1, 1):
                turn = float(headings[-1]) + side * between(rng, 0.15, 0.7)
                ends.append((points[-1], turn, thick * between(rng, 0.5, 0.8), level + 1))
    return to_alpha(canvas, size)


def _masts(size: Size, rng: np.random.Generator) -> Alpha:
    """Upright poles with yards and stays, or a railing."""
    height, width = size
    canvas = stroke_canvas(size)
    foot, thick = rng.uniform(0.5, 1.1) * height, between(rng, 1, 5)
    for _ in range(int(rng.integers(1, 8))):
        x, top = rng.uniform(0, width), rng.uniform(-0.1, 0.5) * height
        draw_stroke(canvas, np.array([[x, top], [x + rng.normal(0, 2), foot]]), thick)
        for _ in range(int(rng.integers(0, 3))):
            y = rng.uniform(top, foot)
            draw_stroke(canvas, np.array([[x - rng.uniform(5, 30), y], [x + rng.uniform(5, 30), y]]), 0.6 * thick)
            if chance(rng, 0.5):
                stay = np.array([[x, top], [x + rng.normal(0, 40), foot]])
                draw_stroke(canvas, stay, between(rng, 0.5, 1.2))
    return to_alpha(canvas, size)


def _stars(size: Size, rng: np.random.Generator) -> Alpha:
    """Lights of many strengths with a glow, round and soft."""
    from scipy.ndimage import gaussian_filter

    alpha = np.zeros(size, np.float32)
    count = int(between(rng, 10, 200, log=True))
    rows, columns = rng.integers(0, size[0], count), rng.integers(0, size[1], count)
    np.maximum.at(alpha, (rows, columns), rng.random(count).astype(np.float32) ** 3 * 12 + 0.5)
    soft = gaussian_filter(alpha, between(rng, 0.6, 1.2)) + 0.5 * gaussian_filter(alpha, between(rng, 1.5, 3))
    return np.asarray(soft.clip(0, 1), np.float32)


def _freckles(size: Size, rng: np.random.Generator) -> Alpha:
    """Soft brown spots, close together."""
    from scipy.ndimage import gaussian_filter

    alpha = np.zeros(size, np.float32)
    count = int(between(rng, 20, 400, log=True))
    rows, columns = rng.integers(0, size[0], count), rng.integers(0, size[1], count)
    np.maximum.at(alpha, (rows, columns), rng.random(count).astype(np.float32) * 10)
    return np.asarray(gaussian_filter(alpha, between(rng, 1.0, 2.0)).clip(0, 0.8), np.float32)


def _letters(size: Size, rng: np.random.Generator) -> Alpha:
    """Words, as on signs."""
    import cv2

    canvas = stroke_canvas(size)
    words = ["".join(rng.choice(list("ABCDEFGHIKLMNOPRSTUVWaegimnorstu0123456789"), int(rng.integers(2, 12))))]
    fonts = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_TRIPLEX)
    scale, bold = between(rng, 0.5, 3), int(rng.integers(1, 6))
    for word in words * int(rng.integers(1, 4)):
        place = (int(rng.uniform(-0.2, 0.8) * canvas.shape[1]), int(rng.uniform(0, 1) * canvas.shape[0]))
        cv2.putText(canvas, word, place, fonts[int(rng.integers(4))], scale, 255, bold, cv2.LINE_AA)
    return to_alpha(canvas, size)


def _snow(size: Size, rng: np.random.Generator) -> Alpha:
    """Flakes near and far, out of focus."""
    import cv2

    canvas = stroke_canvas(size)
    for _ in range(int(between(rng, 20, 300, log=True))):
        x, y = rng.uniform((0, 0), canvas.shape[::-1]).astype(int)
        radius = int(between(rng, 2, 12, log=True))
        cv2.circle(canvas, (int(x), int(y)), radius, int(rng.uniform(60, 200)), -1, cv2.LINE_AA)
    canvas = cv2.GaussianBlur(canvas, (0, 0), between(rng, 2, 5))
    return to_alpha(canvas, size)


def _rounds(size: Size, rng: np.random.Generator) -> Alpha:
    """Cups, plates, lamps, balls: large, round, opaque, each of one colour and often with soft borders: no stains."""
    import cv2

    canvas = stroke_canvas(size)
    for _ in range(int(rng.choice([1, 1, 2, 4]))):
        x, y = rng.uniform((0, 0), canvas.shape[::-1]).astype(int)
        longer = between(rng, 9, 0.4 * min(size) + 10, log=True) * FINER
        axes = np.array([longer, longer * between(rng, 0.3, 1.0)])
        turn, dense = between(rng, 0, 180), rng.uniform(225, 255)
        for _ in range(int(rng.choice([1, 1, 2]))):
            whole = [max(1, round(axis)) for axis in axes]
            cv2.ellipse(canvas, (int(x), int(y)), whole, turn, 0, 360, int(dense), -1, cv2.LINE_AA)
            axes, dense = axes * between(rng, 0.6, 0.95), rng.uniform(180, 255)
    alpha = to_alpha(canvas, size)
    if chance(rng, 0.7):
        alpha = np.asarray(cv2.GaussianBlur(alpha, (0, 0), between(rng, 0.5, 8, log=True)), np.float32)
    return alpha


def _strands(size: Size, rng: np.random.Generator) -> Alpha:
    """Hair or grass: many thin lines that run almost side by side."""
    canvas = stroke_canvas(size)
    heading, spread = rng.uniform(0, 2 * np.pi), between(rng, 0.05, 0.4)
    middle = rng.uniform((0, 0), size[::-1])
    for _ in range(int(rng.integers(15, 90))):
        count = int(rng.integers(8, 30))
        turns = heading + rng.normal(0, spread) + 0.15 * np.cumsum(wobble(count, rng, smooth=4))
        start = middle + rng.normal(0, 0.15, 2) * size[::-1]
        points = start + polyline(turns, 4.0)
        draw_stroke(canvas, points, between(rng, 0.5, 1.8), between(rng, 0.3, 1))
    return to_alpha(canvas, size)


def _weave(size: Size, rng: np.random.Generator) -> Alpha:
    """Cloth, nets, tiles: lines at even distances, in a part of the picture."""
    rows, columns = np.indices(size, np.float32)
    angle, pitch = rng.uniform(0, np.pi), between(rng, 4, 30, log=True)
    u = (np.cos(angle) * columns + np.sin(angle) * rows) / pitch
    v = (np.cos(angle) * rows - np.sin(angle) * columns) / pitch
    thin = between(rng, 0.05, 0.4)
    lines = np.minimum(np.abs(u % 1 - 0.5), np.abs(v % 1 - 0.5) if chance(rng, 0.6) else 1) < thin / 2
    there = (smooth_noise(size, rng, grain=max(size) / 2) > 0).astype(np.float32)
    return lines.astype(np.float32) * there * np.float32(between(rng, 0.2, 0.9))


_KINDS = (_wires, _branches, _masts, _stars, _freckles, _letters, _snow, _strands, _weave, _rounds)
_OFTEN = (3, 3, 2, 0.5, 0.4, 2, 0.4, 2, 2, 3)  # specks seldom: one alone cannot be told from dust
