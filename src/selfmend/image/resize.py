"""The only resize in the house: antialiased bicubic resampling as one weight matrix per axis.

It computes what MATLAB's imresize computes (Keys' cubic with a = -1/2, widened when shrinking, mirrored borders), in
floating point, on any device, differentiably: (N, C, H, W) in, (N, C, height, width) out.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import torch

from selfmend.core.checks import ImageError
from selfmend.core.types import Image, Mask, Size

_NO_WEIGHT = 1e-7
"""Weights smaller than this are rounding errors of a kernel that is zero there."""


def scaled_size(size: Size, scale: float) -> Size:
    """The size of a picture after scaling, rounded up as MATLAB does.

    Example:
        >>> scaled_size((188, 250), 0.5)
        (94, 125)
    """
    return math.ceil(size[0] * scale), math.ceil(size[1] * scale)


def resize(image: Image, size: Size, *, scale: float | None = None, reference_border: bool = False) -> Image:
    """Resample a picture to `size`.

    Args:
        image: floating (N, C, H, W), any range; the values are not clamped, so edges may overshoot by a few per cent.
        size: (height, width) in pixels.
        scale: nominal output pixels per input pixel, the same for both axes, if `size` was rounded from it. A pyramid
            needs it: without it each axis takes its own `size / input size`, which drifts by a part of a pixel.

    Returns:
        (N, C, height, width) of the same dtype, on the same device.

    Raises:
        ImageError: if `image` is not floating (N, C, H, W), or a size or the scale is not positive.

    Example:
        >>> resize(torch.ones(1, 3, 8, 8), (4, 6)).shape
        torch.Size([1, 3, 4, 6])
    """
    if image.ndim != 4 or not image.is_floating_point():
        raise ImageError(f"image is {image.dtype} {tuple(image.shape)}; a floating tensor (N, C, H, W) fits")
    rows, columns = _weight_pair(image.shape[-2:], size, scale, reference_border)
    height = torch.tensor(rows, dtype=image.dtype, device=image.device)  # a copy: the cache keeps the array
    width = torch.tensor(columns, dtype=image.dtype, device=image.device)
    return height @ image @ width.mT


def resize_mask(mask: Mask, size: Size, *, scale: float | None = None) -> Mask:
    """Resample a mask so that any contribution of a hole makes a hole.

    A pixel of the result is valid only if every pixel that `resize` would give a weight other than zero is valid. So a
    valid pixel of the resized picture holds nothing of the hole's content.

    Args:
        mask: bool (N, 1, H, W), True = hole.
        size: (height, width) in pixels.
        scale: as in `resize`.

    Returns:
        bool (N, 1, height, width).
    """
    if mask.ndim != 4 or mask.dtype != torch.bool:
        raise ImageError(f"mask is {mask.dtype} {tuple(mask.shape)}; a bool tensor (N, 1, H, W) fits")
    rows, columns = _weight_pair(mask.shape[-2:], size, scale)
    height = torch.as_tensor(np.abs(rows) > _NO_WEIGHT, dtype=torch.float32, device=mask.device)
    width = torch.as_tensor(np.abs(columns) > _NO_WEIGHT, dtype=torch.float32, device=mask.device)
    return (height @ mask.float() @ width.mT) > 0.5


def _weight_pair(
    old: torch.Size, new: Size, scale: float | None, reference_border: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The matrices (height, H) and (width, W)."""
    if min(new) < 1 or min(old) < 1 or (scale is not None and not scale > 0):
        raise ImageError(f"cannot resize {tuple(old)} to {tuple(new)} with scale {scale}; all of them must be positive")
    first, second = (
        _axis_weights(int(o), int(n), scale or n / o, reference_border) for o, n in zip(old, new, strict=True)
    )
    return first, second


@lru_cache(maxsize=256)
def _axis_weights(old: int, new: int, scale: float, reference_border: bool) -> np.ndarray:
    """float64 (new, old): row i holds the weights of the input pixels in output pixel i; rows sum to 1."""
    shrink = min(scale, 1.0)  # antialiasing: the kernel grows with the pixels that one output pixel covers
    centres = (np.arange(new) + 0.5) / scale - 0.5
    width = 4.0 / shrink
    taps = np.floor(centres - width / 2)[:, None] + np.arange(math.ceil(width) + 2)[None]
    weights = _cubic((centres[:, None] - taps) * shrink)
    if reference_border:
        weights[taps < 0] = 0
    weights /= weights.sum(1, keepdims=True)
    mirrored = np.mod(taps.astype(np.int64), 2 * old)
    mirrored = np.where(mirrored < old, mirrored, 2 * old - 1 - mirrored)
    matrix = np.zeros((new, old))
    np.add.at(matrix, (np.arange(new)[:, None], mirrored), weights)
    return matrix


def _cubic(distance: np.ndarray) -> np.ndarray:
    """Keys' cubic convolution kernel with a = -1/2; zero from distance 2 on."""
    d = np.abs(distance)
    near = (1.5 * d - 2.5) * d * d + 1
    far = ((-0.5 * d + 2.5) * d - 4) * d + 2
    return np.where(d <= 1, near, np.where(d <= 2, far, 0.0))
