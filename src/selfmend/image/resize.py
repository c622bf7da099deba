"""The only resize in the house: antialiased bicubic resampling as one weight matrix per axis.

It computes what MATLAB's imresize computes (Keys' cubic with a = -1/2, widened when shrinking, mirrored borders), in
floating point, on any device, differentiably: (N, C, H, W) in, (N, C, height, width) out.
"""

from __future__ import annotations

import math
import warnings
from functools import lru_cache

import numpy as np
import torch
from scipy.sparse import csr_array

from selfmend.errors import ImageError
from selfmend.types import Image, Mask, Size

_NO_WEIGHT = 1e-7
"""Weights smaller than this are rounding errors of a kernel that is zero there."""

_DENSE_ENTRIES = 1 << 20
"""Entries of a weight matrix up to which it is used as a dense one; a large photo's would not fit in memory."""


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
    _check_sizes(image.shape[-2:], size, scale)
    for axis, new in sorted(zip((-2, -1), size, strict=True), key=lambda pair: pair[1] / image.shape[pair[0]]):
        old = image.shape[axis]  # the axis that shrinks most goes first: less is left for the other
        image = _resample(image, axis, _axis_weights(old, new, scale or new / old, reference_border))
    return image


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
    _check_sizes(mask.shape[-2:], size, scale)
    hole = mask.float()
    for axis, new in zip((-2, -1), size, strict=True):
        weights = _axis_weights(mask.shape[axis], new, scale or new / mask.shape[axis], False)
        hole = _resample(hole, axis, (abs(weights) > _NO_WEIGHT).astype(np.float64))
    return hole > 0.5


def _check_sizes(old: torch.Size, new: Size, scale: float | None) -> None:
    if min(new) < 1 or min(old) < 1 or (scale is not None and not scale > 0):
        raise ImageError(f"cannot resize {tuple(old)} to {tuple(new)} with scale {scale}; all of them must be positive")


def _resample(image: torch.Tensor, axis: int, weights: csr_array) -> torch.Tensor:
    """Apply one axis' weights: as a dense matrix where that is small, as a sparse one where it would be huge."""
    if weights.shape[0] * weights.shape[1] <= _DENSE_ENTRIES:
        matrix = torch.tensor(weights.toarray(), dtype=image.dtype, device=image.device)
        return matrix @ image if axis == -2 else image @ matrix.mT
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "CSR support is in beta": this product of it is tested
        rows, columns, data = (torch.tensor(p) for p in (weights.indptr, weights.indices, weights.data))
        sparse = torch.sparse_csr_tensor(rows, columns, data, size=weights.shape).to(image.device, image.dtype)
    lead, (height, width) = image.shape[:-2], image.shape[-2:]
    if axis == -2:
        planes = [sparse @ plane for plane in image.reshape(-1, height, width)]
        return torch.stack(planes).view(*lead, -1, width)
    return (sparse @ image.reshape(-1, width).mT.contiguous()).mT.reshape(*lead, height, -1)


@lru_cache(maxsize=256)
def _axis_weights(old: int, new: int, scale: float, reference_border: bool) -> csr_array:
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
    rows = np.broadcast_to(np.arange(new)[:, None], mirrored.shape)
    return csr_array((weights.ravel(), (rows.ravel(), mirrored.ravel())), shape=(new, old))


def _cubic(distance: np.ndarray) -> np.ndarray:
    """Keys' cubic convolution kernel with a = -1/2; zero from distance 2 on."""
    d = np.abs(distance)
    near = (1.5 * d - 2.5) * d * d + 1
    far = ((-0.5 * d + 2.5) * d - 4) * d + 2
    return np.where(d <= 1, near, np.where(d <= 2, far, 0.0))
