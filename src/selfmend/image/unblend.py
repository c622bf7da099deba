"""Half-transparent marks taken out of a picture: how opaque they are, of which colour, and what lies below.

A mark of opacity a and colour c over a picture J shows I = (1 - a) J + a c. Inside the mark and just beside it the
scene is of the same kind, so contrast and mean of the two differ by the mark alone: a is one less the ratio of the
contrasts, and c follows from the means. One picture is enough where the mark has a long border; several with the same
mark say it more surely, and each pixel's opacity with it. The model is that of Porter and Duff 1984, "Compositing
digital images"; estimating it from many pictures, of Dekel et al. 2017, "On the Effectiveness of Visible Watermarks".
Our own estimates and limits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from selfmend.errors import ImageError
from selfmend.types import Image, Mask, check_mask

MOST_OPAQUE = 0.85
"""Opacity above which what is left of the picture is noise: fill instead."""
LEAST_OPAQUE = 0.03
_BESIDE = 4.0  # pixels to both sides of the border that are compared
_SELDOM = 1.1  # another colour than white or black must explain the step so much better
_NOTHING = 0.92  # share of the step that remains where a mark does not explain it


@dataclass(frozen=True)
class Layer:
    """A half-transparent layer over pictures of one size.

    Attributes:
        opacity: float32 (H, W) in [0, 1].
        colour: float32 (3,) in [0, 1].
    """

    opacity: np.ndarray
    colour: np.ndarray


def estimate_layer(images: Sequence[Image], mask: Mask, *, colour: Sequence[float] | None = None) -> Layer | None:
    """The layer that lies over all pictures where the mask is.

    Args:
        images: one or more pictures of one size, (H, W, 3) in [0, 1].
        mask: bool (H, W), the mark, generous rather than tight.
        colour: of the mark, red, green, blue in [0, 1], where it is known.

    Returns:
        The layer; None where no opacity can be told: the mark is opaque, or nothing like it is beside it.

    Raises:
        MaskError: a mask of another size.
        ImageError: no picture.
    """
    if not images:
        raise ImageError("no pictures came; the layer is estimated from at least one")
    check_mask(mask, images[0])
    if not mask.any() or mask.all():
        return None
    below = [_guess_below(image, mask) for image in images]
    known = None if colour is None else np.asarray(colour, np.float32)
    layer = None
    shape = mask.astype(np.float32)
    for _ in range(3):  # the shape tells which pixels are the mark's inside, these the colour, and that the shape
        found = _opacity_and_colour(images, below, shape, mask, known)
        if found is None:
            return None
        opacity, tint = found
        layer = _shaped(images, below, mask, opacity, tint)
        shape = (layer.opacity / opacity).clip(0, 1)
    return layer


def unblend(image: Image, layer: Layer) -> tuple[Image, Mask]:
    """The picture without the layer, and where that says nothing.

    Args:
        image: (H, W, 3) in [0, 1].
        layer: of the picture's size.

    Returns:
        the picture below, (H, W, 3) in [0, 1]; and bool (H, W), True = to be filled: the mark is too opaque there, or a
        channel was cut off at black or white.
    """
    opacity = layer.opacity[..., None]
    below = (image - opacity * layer.colour) / np.maximum(1 - opacity, 1 - MOST_OPAQUE)
    over = layer.opacity > 0
    slack = 0.06 + 2.5 / 255 / np.maximum(1 - layer.opacity, 1 - MOST_OPAQUE)
    outside = np.maximum(below - 1, -below).max(2) > slack
    lost = over & ((layer.opacity > MOST_OPAQUE) | outside)
    return np.where(over[..., None], below.clip(0, 1), image).astype(np.float32), lost


def _guess_below(image: Image, mask: Mask) -> Image:
    """The picture without the mark, smoothly continued from what is known."""
    import cv2

    hole = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8))
    filled = cv2.inpaint(np.rint(image * 255).astype(np.uint8), hole, 4, cv2.INPAINT_TELEA)
    return filled.astype(np.float32) / 255


def _opacity_and_colour(
    images: Sequence[Image], below: Sequence[Image], shape: np.ndarray, mask: Mask, known: np.ndarray | None
) -> tuple[float, np.ndarray] | None:
    """One opacity and one colour for the mark's inside."""
    sides = _sides(images, below, shape, mask)
    if sides is None:
        return None
    here, there = sides
    candidates = [np.ones(3, np.float32), np.zeros(3, np.float32)] if known is None else [known]
    fits = [(*_with_colour(here, there, colour), colour) for colour in candidates]
    if known is None:
        free = _with_any_colour(here, there)
        if free is not None:
            fits = [(residue * _SELDOM, opacity, tint) for residue, opacity, tint in [free]] + fits
    possible = [fit for fit in fits if LEAST_OPAQUE < fit[1] <= MOST_OPAQUE]
    if not possible:
        return None
    residue, opacity, tint = min(possible, key=lambda fit: fit[0])
    if residue >= _NOTHING * float(np.median(np.abs(here - there).mean(1))):  # the mark explains none of the step
        return None
    return opacity, tint


def _sides(
    images: Sequence[Image], below: Sequence[Image], shape: np.ndarray, mask: Mask
) -> tuple[np.ndarray, np.ndarray] | None:
    """Pixels in the middle of the mark's strokes, and beside it, (N, 3) each; None where there are too few."""
    import cv2

    away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
    deep = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    # the middle of the strokes, where the mark is as opaque as anywhere
    inside = (deep >= 0.75 * cv2.dilate(deep, np.ones((7, 7), np.uint8))) & (shape >= 0.9) & mask
    ring = (away > 1) & (away <= 1 + _BESIDE)
    inside &= deep <= max(2 * _BESIDE, float(np.percentile(deep[mask], 80)))
    if inside.sum() < 30 or ring.sum() < 30:
        return None
    return _paired(images, below, inside, ring)


def _with_colour(here: np.ndarray, there: np.ndarray, colour: np.ndarray) -> tuple[float, float]:
    """What remains, and the opacity, of a mark of that colour."""
    way = colour - there
    weight = np.ones(len(here), np.float32)
    opacity = 0.0
    for _ in range(4):
        opacity = float(
            (weight[:, None] * (here - there) * way).sum() / max(float((weight[:, None] * way**2).sum()), 1e-6)
        )
        rest = np.abs(here - there - opacity * way).mean(1)
        weight = 1 / np.maximum(rest, 0.02)
    return float(np.median(rest)), opacity


def _with_any_colour(here: np.ndarray, there: np.ndarray) -> tuple[float, float, np.ndarray] | None:
    """What remains, the opacity and the colour; None where all is even, so that only a known colour could tell."""
    weight = np.ones(len(here), np.float32)
    ratio, tint = 1.0, np.zeros(3, np.float32)
    for _ in range(4):
        total = weight.sum()
        mean_here, mean_there = (weight @ here) / total, (weight @ there) / total
        off_here, off_there = here - mean_here, there - mean_there
        spread_here, spread_there = (np.sqrt((weight @ off**2) / total) for off in (off_here, off_there))
        if spread_there.max() < 2 / 255:
            return None
        ratio = float((spread_here * spread_there).sum() / (spread_there**2).sum())
        if not 1 - MOST_OPAQUE <= ratio < 1 - LEAST_OPAQUE:
            return None
        tint = (mean_here - ratio * mean_there) / (1 - ratio)
        rest = np.abs(here - ratio * there - (1 - ratio) * tint).mean(1)
        weight = 1 / np.maximum(rest, 0.02)
    if tint.max() > 1.1 or tint.min() < -0.1:
        return None
    tint = tint.clip(0, 1).astype(np.float32)
    rest_at, opacity = _with_colour(here, there, tint)
    return rest_at, opacity, tint


def _paired(images: Sequence[Image], below: Sequence[Image], inside: Mask, ring: Mask) -> tuple[np.ndarray, np.ndarray]:
    """Pixels inside the mark and the nearest ones beside it, (N, 3) each: the same scene on both sides.

    Of a picture, the half where the scene is more even: there is less of a step there that is not the mark's.
    """
    import cv2
    from scipy import ndimage

    nearest = ndimage.distance_transform_edt(~ring, return_distances=False, return_indices=True)
    rows, columns = np.nonzero(inside)
    beside = nearest[0][rows, columns], nearest[1][rows, columns]
    here, there = [], []
    for image, guess in zip(images, below, strict=True):
        a, b = image[rows, columns], guess[rows, columns]
        uneven = np.sqrt(np.maximum(0, cv2.blur(guess**2, (9, 9)) - cv2.blur(guess, (9, 9)) ** 2)).max(2)
        steps = uneven[rows, columns] + np.abs(image[beside] - b).max(1)
        even = steps <= np.median(steps)
        here.append(a[even])
        there.append(b[even])
    return np.concatenate(here), np.concatenate(there)


def _shaped(images: Sequence[Image], below: Sequence[Image], mask: Mask, opacity: float, colour: np.ndarray) -> Layer:
    """Each pixel's opacity, from what it does to the pictures; soft borders and gaps between letters included."""
    import cv2

    over, under = np.zeros(mask.shape, np.float32), np.zeros(mask.shape, np.float32)
    for image, guess in zip(images, below, strict=True):
        way = colour - guess
        over += ((image - guess) * way).sum(2)
        under += (way**2).sum(2)
    weight = under / len(images)
    steadiness = np.float32(0.02 if len(images) == 1 else 0.002)
    each = over / len(images) / (weight + 1e-4)
    # one picture says little where the scene below is like the mark, so near pixels help
    wide = 0.7 if len(images) == 1 else 0.45 if len(images) < 6 else 0.0
    if wide:
        num, den = (cv2.GaussianBlur(part, (0, 0), wide) for part in (each * weight, weight))
        each = num / (den + 1e-6)
    trust = weight / (weight + steadiness)
    shape = (each / opacity).clip(0, 1) * trust + mask * (1 - trust)
    if len(images) < 6:  # nearly all of a mark is either whole or none: doubt is at its soft border only
        shape = ((shape - 0.2) / 0.6).clip(0, 1)
        deep = cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
        sure = cv2.GaussianBlur(shape, (0, 0), 1.0) > 0.75
        shape = np.where(deep & sure, 1.0, shape)
    return Layer((opacity * shape * mask).astype(np.float32), colour.astype(np.float32))
