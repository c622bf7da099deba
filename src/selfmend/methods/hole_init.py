"""First guesses inside a hole: all (image, mask, *, seed, ...) -> image, known pixels as they came."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import cv2
import numpy as np

from selfmend.errors import check_known
from selfmend.types import Image, Mask, box_around

INITIALISATIONS = {
    "mean": "selfmend.methods.hole_init:mean",
    "local-means": "selfmend.methods.hole_init:local_means",
    "telea": "selfmend.methods.classical:telea",
    "navier-stokes": "selfmend.methods.classical:navier_stokes",
    "biharmonic": "selfmend.methods.classical:biharmonic",
    "patchmatch": "selfmend.patches.inpaint:inpaint",
}


def get_initialisation(name: str) -> Callable[..., Image]:
    """The hole initialisation of that name: (image, mask, *, seed, ...) -> image.

    Raises:
        OptionError: unknown name; the nearest known one is named.
    """
    check_known("hole initialisation", name, INITIALISATIONS)
    module, function = INITIALISATIONS[name].split(":")
    return getattr(importlib.import_module(module), function)


def mean(image: Image, mask: Mask, *, seed: int = 0) -> Image:
    """Fill the hole with the per-channel mean of the known pixels (Linhart and Castagné 2020, Sec. 2.2).

    Args:
        image: float32 (H, W, C); the hole's content has no influence, NaN neither.
        mask: bool (H, W), True = hole.
        seed: not used; every hole initialisation takes one.

    Returns:
        float32 (H, W, C), known pixels as they came; zero in a hole that leaves nothing known.

    Example:
        >>> image = np.float32([[[0], [1], [9]]])
        >>> mean(image, image[..., 0] > 1)[0, :, 0].tolist()
        [0.0, 1.0, 0.5]
    """
    result = image.copy()
    if mask.any():
        known = np.ascontiguousarray(~mask).view(np.uint8)
        result[mask] = cv2.mean(np.ascontiguousarray(image), known)[: image.shape[2]]
    return result


def local_means(image: Image, mask: Mask, *, seed: int = 0, radius: int = 7) -> Image:
    """Fill the hole ring by ring, each pixel with the mean of the known and filled pixels around it.

    The report's equation 1 lacks the division by the number of pixels, and its code freezes the known set during its
    one pass, so that a window with no known pixel gives NaN. Here a pixel's mean is taken over what is known *or
    already filled*, from the border inwards, so that every window has something in it, whatever the radius.

    Args:
        image: float32 (H, W, C); the hole's content has no influence, NaN neither.
        mask: bool (H, W), True = hole.
        seed: not used; every hole initialisation takes one.
        radius: r of the (2r + 1)^2 window, in pixels (the report: 7, and 15 for its largest hole).

    Returns:
        float32 (H, W, C), known pixels as they came.

    Raises:
        ValueError: a radius below 1.

    Reference: Linhart and Castagné, "SinGAN for Inpainting", 2020, Sec. 2.2, "Progressive Local Means".
    """
    import cv2

    if radius < 1:
        raise ValueError(f"radius is {radius}; at least 1 fits")
    result = image.copy()
    if not mask.any():
        return result
    if mask.all():
        result[:] = 0
        return result
    rows, columns = box_around(mask, radius)  # no window reaches beyond it
    hole = mask[rows, columns]
    # chessboard distance to the known region: ring k is what k dilations by a 3x3 square reach
    ring = np.rint(cv2.distanceTransform(mask.view(np.uint8), cv2.DIST_C, 3)[rows, columns])
    known = np.where(hole, np.float32(0), np.float32(1))[..., None]
    values = np.where(hole[..., None], np.float32(0), image[rows, columns])
    for k in range(1, int(ring.max()) + 1):
        now = (ring == k)[..., None]
        sums = _box_sum(np.concatenate([values, known], 2), radius)
        values = np.where(now, sums[..., :-1] / np.maximum(sums[..., -1:], 1), values)
        known = np.where(now, np.float32(1), known)
    result[rows, columns][hole] = values[hole]
    return result


def _box_sum(x: np.ndarray, radius: int) -> np.ndarray:
    """Sum over the (2r + 1)^2 window of (H, W, K), what lies outside the picture counting as nothing."""
    for axis in (0, 1):
        pad = [(0, 0)] * 3
        pad[axis] = (radius + 1, radius)
        summed = np.pad(x, pad).cumsum(axis, dtype=np.float64)
        x = _apart(summed, axis, 2 * radius + 1)
    return x.astype(np.float32)


def _apart(summed: np.ndarray, axis: int, distance: int) -> np.ndarray:
    """Differences of values that lie so far apart."""
    after, before = [slice(None)] * 3, [slice(None)] * 3
    after[axis], before[axis] = slice(distance, None), slice(None, -distance)
    return summed[tuple(after)] - summed[tuple(before)]
