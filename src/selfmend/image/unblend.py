"""Half-transparent marks taken out of a picture: how opaque they are, of which colour, and what lies below.

A mark of opacity a and colour c over a picture J shows I = (1 - a) J + a c. Inside the mark and just beside it the
scene is of the same kind, so contrast and mean of the two differ by the mark alone: a is one less the ratio of the
contrasts, and c follows from the means. One picture is enough where the mark has a long border; several with the same
mark say it more surely, and each pixel's opacity with it. The model is that of Porter and Duff 1984, "Compositing
digital images"; estimating it from many pictures, of Dekel et al. 2017, "On the Effectiveness of Visible Watermarks". Our
own estimates and limits.
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
_CLIPPED = 1.5 / 255  # a channel so near to black or white may have been cut off


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
        the picture below, (H, W, 3) in [0, 1]; and bool (H, W), True = to be filled: the mark is too opaque there, or a channel was
        cut off at black or white.
    """
    opacity = layer.opacity[..., None]
    below = (image - opacity * layer.colour) / np.maximum(1 - opacity, 1 - MOST_OPAQUE)
    over = layer.opacity > LEAST_OPAQUE
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
    import cv2

    inside = shape >= 0.95
    if inside.sum() < 30:
        inside = shape >= 0.7
    away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5)
    deep = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    ring = (away > 1) & (away <= 1 + _BESIDE)
    inside &= deep <= max(2 * _BESIDE, float(np.percentile(deep[mask], 70)))
    if inside.sum() < 30 or ring.sum() < 30:
        return None
    here, there = _paired(images, inside, ring)
    mean_here, mean_there = here.mean(0), there.mean(0)
    spread_here, spread_there = here.std(0), there.std(0)
    if spread_there.max() < 2 / 255:  # all even: only a known colour can tell
        ratio = None
    else:
        ratio = float((spread_here * spread_there).sum() / (spread_there**2).sum())
    if known is not None:
        away_from = known - mean_there
        opacity = float(((mean_here - mean_there) * away_from).sum() / max((away_from**2).sum(), 1e-6))
        return (opacity, known) if LEAST_OPAQUE < opacity <= MOST_OPAQUE else None
    if ratio is None:
        return None
    opacity = 1 - ratio
    if not LEAST_OPAQUE < opacity <= MOST_OPAQUE:
        return None
    tint = (mean_here - ratio * mean_there) / opacity
    for _ in range(2):  # a colour outside of what is possible says that the opacity is higher
        excess = max(float(tint.max()) - 1, -float(tint.min()))
        if excess <= 0:
            break
        limit = np.where(tint > 0.5, 1.0, 0.0)
        needed = (mean_here - mean_there) / np.where(np.abs(limit - mean_there) < 0.02, np.inf, limit - mean_there)
        opacity = float(np.clip(max(opacity, needed.max()), LEAST_OPAQUE, MOST_OPAQUE))
        tint = (mean_here - (1 - opacity) * mean_there) / opacity
    return opacity, tint.clip(0, 1).astype(np.float32)


def _paired(images: Sequence[Image], inside: Mask, ring: Mask) -> tuple[np.ndarray, np.ndarray]:
    """Pixels inside the mark and the nearest ones beside it, (N, 3) each: the same scene on both sides."""
    from scipy import ndimage

    nearest = ndimage.distance_transform_edt(~ring, return_distances=False, return_indices=True)
    rows, columns = np.nonzero(inside)
    beside = nearest[0][rows, columns], nearest[1][rows, columns]
    here = np.concatenate([image[rows, columns] for image in images])
    there = np.concatenate([image[beside] for image in images])
    apart = np.abs(here - np.median(here - there, 0) - there).max(1)
    near = apart <= np.percentile(apart, 90)  # a border of the scene may lie between the two
    return here[near], there[near]


def _shaped(
    images: Sequence[Image], below: Sequence[Image], mask: Mask, opacity: float, colour: np.ndarray
) -> Layer:
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
