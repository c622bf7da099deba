"""Photos with and without marks, which the finder of date stamps and watermarks learns from; `marks.py` draws them.

A photo without one is as important: what looks like a mark and is none is drawn as a part of the scene, before the
photo is developed, and a mark after it. So a mark is sharper, or lies flatter, than what it lies on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from selfmend.masks.damage.distractors import draw_distractors
from selfmend.masks.damage.looks import blurred, film_grain, old_tones, scanned, through_jpeg
from selfmend.masks.damage.marks import between, chance
from selfmend.masks.marks import MARKS, draw_stamp, draw_watermark, printed, words
from selfmend.types import Image, Mask, Size, size_of

_DRAWN: dict[tuple[str, ...], float] = {(): 0.08, ("stamp",): 0.42, ("watermark",): 0.46, ("watermark", "stamp"): 0.04}
"""How often what is drawn; photos without a mark are there as the twins of those that have one."""

_OPACITY = ((0.2, 0.7), (0.28, 0.55))  # of watermarks, from and to: all that can be, and what most have


@dataclass(frozen=True, kw_only=True)
class MarkedPhoto:
    """A photo, and where it has marks.

    Attributes:
        image: (H, W, 3) in [0, 1].
        masks: bool (H, W) by name, one of each of `MARKS`.
        clean: (H, W, 3) in [0, 1], the same photo without the marks, and with all else.
    """

    image: Image
    masks: dict[str, Mask]
    clean: Image


def draw_mark_lesson(photo: Image, rng: np.random.Generator, fonts: Sequence[Path] = ()) -> MarkedPhoto:
    """What the finder learns from: a photo with a stamp, a watermark, both or none, and with what looks like one.

    Args:
        photo: (H, W, 3) in [0, 1], clean.
        rng: what all is drawn from.
        fonts: TrueType or OpenType files; Pillow's own font and OpenCV's strokes where there are none.
    """
    size = size_of(photo)
    image = _even(size, rng) if chance(rng, 0.05) else photo
    if chance(rng, 0.12):
        image = draw_distractors(image, rng)
    if chance(rng, 0.15):
        image = (_lights if chance(rng, 0.35) else _board)(image, rng, fonts)
    if chance(rng, 0.2):
        image = blurred(image, between(rng, 0.4, 1.5))
    if chance(rng, 0.4):
        image = old_tones(image.clip(0, 1), rng)
    if chance(rng, 0.25):
        image = film_grain(image, rng)
    clean = image = image.clip(0, 1).astype(np.float32)
    kinds = list(_DRAWN)[int(rng.choice(len(_DRAWN), p=list(_DRAWN.values())))]
    known = fonts if chance(rng, 0.85) else ()
    masks = {kind: np.zeros(size, bool) for kind in MARKS}
    if "watermark" in kinds:
        opacity = _OPACITY[int(rng.integers(len(_OPACITY)))]
        mark = draw_watermark(image, rng, fonts=known, opacity=opacity)
        image, masks["watermark"] = mark.image, mark.mask
    if "stamp" in kinds:
        mark = draw_stamp(image, rng, fonts=known)
        image, masks["stamp"] = mark.image, mark.mask
        masks["watermark"] &= ~mark.mask
    later, how = rng.integers(2**63), rng.random()
    image, clean = (_handed_on(one, np.random.default_rng(later), how) for one in (image, clean))
    return MarkedPhoto(image=image, masks=masks, clean=clean)


def _handed_on(image: Image, rng: np.random.Generator, how: float) -> Image:
    """A photo after scanning, or as a JPEG, or as it is; `how` in [0, 1) says which."""
    image = image.clip(0, 1).astype(np.float32)
    if how < 0.25:
        return scanned(image, rng)
    return through_jpeg(image, int(rng.integers(50, 98))) if how < 0.62 else image


def _even(size: Size, rng: np.random.Generator) -> Image:
    """A soft background of a few colours, as skies and studio walls are."""
    import cv2

    cells = rng.uniform(0, 1, (*rng.integers(1, 7, 2), 3)).astype(np.float32)
    how = cv2.INTER_CUBIC if chance(rng, 0.6) else cv2.INTER_NEAREST
    image = cv2.resize(cells, size[::-1], interpolation=how)
    return (image + rng.normal(0, between(rng, 0, 0.05), image.shape).astype(np.float32)).clip(0, 1)


def _lights(image: Image, rng: np.random.Generator, fonts: Sequence[Path]) -> Image:
    """Lamps and reflections: they glow as a stamp does."""
    import cv2

    height, width = size_of(image)
    tint = rng.uniform(0.3, 1, 3).astype(np.float32)
    tint[0] = 1
    for _ in range(int(rng.integers(1, 9))):
        spot = np.zeros((height, width), np.float32)
        centre = int(rng.integers(width)), int(rng.integers(height))
        cv2.circle(spot, centre, int(rng.integers(1, 8)), 1, -1)
        spot = cv2.GaussianBlur(spot, (0, 0), between(rng, 0.5, 4))
        image = 1 - (1 - image) * (1 - spot[..., None] * tint)
    return image


def _board(image: Image, rng: np.random.Generator, fonts: Sequence[Path]) -> Image:
    """A board, a label or a shop's sign with text, seen from aside and lit unevenly."""
    import cv2

    size = size_of(image)
    tall = int(rng.integers(8, 40))
    text = np.pad(printed(words(rng), tall, rng, fonts), round(tall * between(rng, 0.2, 1)))
    height, width = text.shape
    scale = min(1.0, 0.9 * size[0] / height, 0.9 * size[1] / width)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) * np.float32(scale)
    corners += rng.uniform(0, np.array(size[::-1]) - scale * np.array([width, height])).astype(np.float32)
    there = corners + rng.uniform(-0.25, 0.25, (4, 2)).astype(np.float32) * np.float32(scale * height)
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    warp = cv2.getPerspectiveTransform(flat, there)
    letters, board = (cv2.warpPerspective(part, warp, size[::-1])[..., None] for part in (text, np.ones_like(text)))
    shade = cv2.resize(rng.uniform(0.5, 1, (3, 3)).astype(np.float32), size[::-1])[..., None]
    paint = rng.uniform(0, 1, (2, 3)).astype(np.float32)
    if np.abs(paint[0] - paint[1]).max() < 0.3:
        paint[0] = 1 - paint[1]
    image = image * (1 - board) + board * shade * paint[1]
    return image * (1 - letters) + letters * shade * paint[0]
