"""Grain: how much a picture has, and giving it to a part that has too little, such as what was filled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfmend.types import Image, Mask

_FINE = 1.5  # pixels, deviation: what changes faster is grain or edges
_FLAT = 0.35  # share of the picture in which least is going on: what changes there is grain
_LEAST = 0.6 / 255  # of grain that is seen
_FEWEST = 256  # flat pixels from which grain can be told
_OFFSETS = 24  # places from which the grain may be taken; the one with most flat pixels is


def grained(image: Image, hole: Mask, rng: np.random.Generator) -> Image:
    """The picture with the grain of its known part in the hole too.

    The hole's own grain is measured, and what it lacks is added: the fine structure of a flat part of the picture
    itself, so that it is as coarse and as coloured.

    Args:
        image: (H, W, C) in [0, 1], filled.
        hole: bool (H, W), what was filled.
        rng: chooses the place that the grain is taken from.

    Returns:
        A new picture, equal outside the hole; the same one where it has no grain, or the hole has enough.
    """
    import cv2

    if not hole.any():
        return image
    fine = image - cv2.GaussianBlur(image, (0, 0), _FINE).reshape(image.shape)
    known = cv2.dilate(hole.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
    flat = _flat(image, known)
    if flat.sum() < _FEWEST:
        return image
    wanted, own = _deviation(fine[flat]), _deviation(fine[hole])
    if wanted < _LEAST or own >= wanted:
        return image
    places = [tuple(int(rng.integers(side)) for side in hole.shape) for _ in range(_OFFSETS)]
    place = max(places, key=lambda offset: int((np.roll(flat, offset, (0, 1)) & hole).sum()))
    grain = np.roll(fine, place, (0, 1)).clip(-3 * wanted, 3 * wanted)
    lacking = np.sqrt(wanted**2 - own**2) / max(_deviation(grain[hole]), 1e-6)
    result = image.copy()
    result[hole] = (image[hole] + np.float32(min(lacking, 1.5)) * grain[hole]).clip(0, 1)
    return result


def _flat(image: Image, known: Mask) -> Mask:
    """Known pixels around which the picture changes least, and that are not burnt out."""
    import cv2

    grey = cv2.GaussianBlur(np.ascontiguousarray(image.mean(2)), (0, 0), 2 * _FINE)
    slope = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    fits = known & (grey > 0.04) & (grey < 0.96)
    if not fits.any():
        return fits
    return np.asarray(fits & (slope <= np.quantile(slope[fits], _FLAT)))


def _deviation(values: NDArray[np.float32]) -> float:
    """The standard deviation as a median tells it, which edges hardly change."""
    return float(np.median(np.abs(values)) * 1.4826) if values.size else 0.0
