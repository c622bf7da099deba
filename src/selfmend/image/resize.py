"""The only resize in the house: antialiased bicubic resampling, one axis after the other.

It computes what MATLAB's imresize computes (Keys' cubic with a = -1/2, widened when shrinking, mirrored borders), in
floating point, in a compiled loop over the few pixels that have a weight. `nn/tensors.py` does the same with tensors,
differentiably.
"""

from __future__ import annotations

import math
from functools import lru_cache, partial
from typing import TYPE_CHECKING

import numpy as np

from selfmend.errors import ImageError
from selfmend.parallel import MOST_RUNS, in_parallel

if TYPE_CHECKING:
    from selfmend.types import Size

NO_WEIGHT = 1e-7
"""Weights smaller than this are rounding errors of a kernel that is zero there."""

_VALUES_A_RUN = 1 << 17


def scaled_size(size: Size, scale: float) -> Size:
    """The size of a picture after scaling, rounded up as MATLAB does.

    Example:
        >>> scaled_size((188, 250), 0.5)
        (94, 125)
    """
    return math.ceil(size[0] * scale), math.ceil(size[1] * scale)


def resize(
    array: np.ndarray,
    size: Size,
    *,
    scale: float | None = None,
    reference_border: bool = False,
    window: tuple[slice, slice] | None = None,
) -> np.ndarray:
    """Resample a picture to `size`.

    Args:
        array: (H, W, C) or (H, W), any range; the values are not clamped, so edges may overshoot by a few per cent.
            float64 is computed in float64, everything else in float32.
        size: (height, width) in pixels.
        scale: nominal output pixels per input pixel, the same for both axes, if `size` was rounded from it. A pyramid
            needs it: without it each axis takes its own `size / input size`, which drifts by a part of a pixel.
        reference_border: weights of pixels above and left of the picture are dropped instead of mirrored.
        window: rows and columns of the result that are wanted, each `slice(first, last)`; only these are computed.

    Returns:
        float32 (or float64) (height, width, C) or (height, width), or the wanted part of it; the array itself where
        nothing changes.

    Raises:
        ImageError: the array has other dimensions, or a size or the scale is not positive.

    Example:
        >>> resize(np.ones((8, 8, 3), np.float32), (4, 6)).shape
        (4, 6, 3)
    """
    if array.ndim not in (2, 3):
        raise ImageError(f"image is {array.dtype} {array.shape}; an array (H, W, C) or (H, W) fits")
    check_sizes(array.shape[:2], size, scale)
    if array.dtype == np.float64:
        whole = _resize_double(array, size, scale, reference_border)
        return whole if window is None else whole[window]
    if array.shape[:2] == tuple(size) and scale is None:
        return np.asarray(array if window is None else array[window], np.float32)
    sides = zip(array.shape[:2], size, strict=True)
    axes = [_axis_taps(old, new, scale or new / old, reference_border) for old, new in sides]
    if window is not None:
        axes = [(index[part], weights[part]) for (index, weights), part in zip(axes, window, strict=True)]
    return _resample_array(array, size, axes)


def resize_mask(mask: np.ndarray, size: Size, *, scale: float | None = None) -> np.ndarray:
    """Resample a mask so that any contribution of a hole makes a hole; see `nn.tensors.resize_mask`.

    Args:
        mask: bool (H, W), True = hole.
        size: (height, width) in pixels.
        scale: as in `resize`.

    Returns:
        bool (height, width).
    """
    if mask.ndim != 2 or mask.dtype != bool:
        raise ImageError(f"mask is {mask.dtype} {mask.shape}; a bool array (H, W) fits")
    check_sizes(mask.shape, size, scale)
    axes = [_axis_taps(old, new, scale or new / old, False) for old, new in zip(mask.shape, size, strict=True)]
    counted = [(index, (abs(weights) > NO_WEIGHT).astype(np.float32)) for index, weights in axes]
    return _resample_array(mask, size, counted) > 0.5


def _resample_array(array: np.ndarray, size: Size, axes: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Apply (index, weights), both (new, taps), to the first two axes."""
    first = [int(index.min()) for index, _ in axes]
    used = [slice(low, int(index.max()) + 1) for low, (index, _) in zip(first, axes, strict=True)]
    result = np.ascontiguousarray(array[used[0], used[1]], np.float32)
    for axis in sorted((0, 1), key=lambda a: size[a] / array.shape[a]):  # what shrinks most first: less is left
        index, weights = axes[axis]
        result = _apply_taps(result, axis, index - np.int32(first[axis]), weights)
    return result


def _apply_taps(array: np.ndarray, axis: int, index: np.ndarray, weights: np.ndarray) -> np.ndarray:
    from selfmend.image.resample_loop import weigh

    shape = (*array.shape[:axis], len(index), *array.shape[axis + 1 :])
    outer = math.prod(array.shape[:axis])
    result = np.empty(shape, np.float32)
    source, target = (a.reshape(outer, a.shape[axis], -1) for a in (array, result))
    runs = min(MOST_RUNS, -(-result.size // _VALUES_A_RUN), outer * len(index))
    in_parallel(partial(weigh, source, index, weights, target, runs), runs)
    return result


def _resize_double(array: np.ndarray, size: Size, scale: float | None, reference_border: bool) -> np.ndarray:
    """`resize` in float64, for measuring: tap by tap."""
    for axis in sorted((0, 1), key=lambda a: size[a] / array.shape[a]):
        old, new = array.shape[axis], size[axis]
        index, weights = axis_weights(old, new, scale or new / old, reference_border)
        moved = np.moveaxis(array, axis, -1)
        array = np.moveaxis(sum(moved[..., i] * w for i, w in zip(index.T, weights.T, strict=True)), -1, axis)
    return array


def check_sizes(old: tuple[int, ...], new: Size, scale: float | None) -> None:
    if min(new) < 1 or min(old) < 1 or (scale is not None and not scale > 0):
        raise ImageError(f"cannot resize {tuple(old)} to {tuple(new)} with scale {scale}; all of them must be positive")


@lru_cache(maxsize=64)
def _axis_taps(old: int, new: int, scale: float, reference_border: bool) -> tuple[np.ndarray, np.ndarray]:
    """`axis_weights` as int32 and float32 (new, taps), without the zeros."""
    index, weights = axis_weights(old, new, scale, reference_border)
    used, taps = abs(weights) > NO_WEIGHT, weights.shape[1]
    first, last = used.argmax(1), taps - used[:, ::-1].argmax(1)
    most = int((last - first).max())
    kept = np.minimum(first, taps - most)[:, None] + np.arange(most)
    index, weights = (np.take_along_axis(a, kept, 1) for a in (index, weights))
    return index.astype(np.int32), weights.astype(np.float32)


def axis_weights(old: int, new: int, scale: float, reference_border: bool) -> tuple[np.ndarray, np.ndarray]:
    """int64 and float64 (new, taps): input pixels and weights of each output pixel."""
    shrink = min(scale, 1.0)  # antialiasing: the kernel grows with the pixels that one output pixel covers
    centres = (np.arange(new) + 0.5) / scale - 0.5
    width = 4.0 / shrink
    taps = np.floor(centres - width / 2)[:, None] + np.arange(math.ceil(width) + 2)[None]
    weights = _cubic((centres[:, None] - taps) * shrink)
    if reference_border:
        weights[taps < 0] = 0
    weights /= weights.sum(1, keepdims=True)
    mirrored = np.mod(taps.astype(np.int64), 2 * old)
    return np.where(mirrored < old, mirrored, 2 * old - 1 - mirrored), weights


def _cubic(distance: np.ndarray) -> np.ndarray:
    """Keys' cubic convolution kernel with a = -1/2; zero from distance 2 on."""
    d = np.abs(distance)
    near = (1.5 * d - 2.5) * d * d + 1
    far = ((-0.5 * d + 2.5) * d - 4) * d + 2
    return np.where(d <= 1, near, np.where(d <= 2, far, 0.0))
