"""Metrics of pixel against pixel: MAE, RMSE, PSNR and SSIM.

Mean absolute error, the l1 of the inpainting papers. Pictures (H, W, C) in [0, 1].

Root mean squared error, in levels of a byte as the tables of super-resolution print it. Pictures (H, W, C).

Peak signal-to-noise ratio. Pictures (H, W, C) in [0, 1].

Structural similarity (Wang et al., "Image Quality Assessment", IEEE TIP 2004). Pictures (H, W, C) in [0, 1].
"""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from selfmend.errors import ImageError, MaskError
from selfmend.metrics.inputs import check_pair, mean_over
from selfmend.types import Image, Mask, size_of


def mae(output: Image, truth: Image, *, mask: Mask | None = None) -> float:
    """Mean of the absolute difference over channels and pixels, as a share of the full range.

    Args:
        output: (H, W, C) in [0, 1].
        truth: the same shape.
        mask: (H, W); only hole pixels (True) count. None: all count.

    Returns:
        0 (equal) to 1. Papers print it in per cent.

    Raises:
        ImageError, MaskError: another kind, range or shape, or a mask that chooses nothing.

    Example:
        >>> mae(np.full((4, 4, 3), 0.5, np.float32), np.full((4, 4, 3), 0.25, np.float32))
        0.25
    """
    check_pair(output, truth, mask)
    return mean_over(np.abs(_difference(output, truth)), mask)


def rmse(output: Image, truth: Image, *, mask: Mask | None = None) -> float:
    """Root of the squared difference's mean over channels and pixels, in units of 0...255.

    Args:
        output: (H, W, C) in [0, 1].
        truth: the same shape.
        mask: (H, W); only hole pixels (True) count. None: all count.

    Returns:
        0 (equal) to 255.

    Raises:
        ImageError, MaskError: another kind, range or shape, or a mask that chooses nothing.

    References:
        Shaham et al., "SinGAN", ICCV 2019, Table 3 of the supplementary material, uses these units: 16.22 is 23.9 dB.

    Example:
        >>> rmse(np.full((4, 4, 3), 0.5, np.float32), np.full((4, 4, 3), 0.25, np.float32))  # a quarter of 255
        63.75
    """
    check_pair(output, truth, mask)
    return 255 * math.sqrt(mean_over(_difference(output, truth) ** 2, mask))


def psnr(output: Image, truth: Image, *, mask: Mask | None = None) -> float:
    """-10 log10 of the squared difference's mean over channels and pixels, in dB; the peak is 1.

    Args:
        output: (H, W, C) in [0, 1].
        truth: the same shape.
        mask: (H, W); only hole pixels (True) count. None: all count.

    Returns:
        From 0 up, infinite for equal pictures.

    Raises:
        ImageError, MaskError: another kind, range or shape, or a mask that chooses nothing.

    Example:
        >>> round(psnr(np.full((4, 4, 3), 0.5, np.float32), np.full((4, 4, 3), 0.25, np.float32)), 2)  # 20 log10(4)
        12.04
    """
    check_pair(output, truth, mask)
    error = mean_over(_difference(output, truth) ** 2, mask)
    return -10 * math.log10(error) if error else math.inf


def _difference(output: Image, truth: Image) -> NDArray[np.float64]:
    return output.astype(np.float64) - truth.astype(np.float64)


_RADIUS, _SIGMA = 5, 1.5  # an 11x11 Gaussian window
_K1, _K2 = 0.01, 0.03


def ssim(output: Image, truth: Image, *, mask: Mask | None = None) -> float:
    """Mean structural similarity: 11x11 Gaussian window (sigma 1.5), K = (0.01, 0.03), population covariance.

    Each channel is compared on its own. Only windows that lie wholly in the picture count, so pixels less than 5 px
    from its border are no centre of a window.

    Args:
        output: (H, W, C) in [0, 1], at least 11x11.
        truth: the same shape.
        mask: (H, W); only windows centred on hole pixels (True) count. None: all count.

    Returns:
        -1 to 1 (equal).

    Raises:
        ImageError, MaskError: another kind, range or shape, smaller than the window, or a mask that chooses nothing.

    Example:
        >>> picture = np.random.default_rng(0).random((16, 16, 3), np.float32)
        >>> ssim(picture, picture)
        1.0
    """
    check_pair(output, truth, mask)
    if min(size_of(truth)) <= 2 * _RADIUS:
        raise ImageError(f"pictures are {size_of(truth)}; at least one window of 11 x 11 px fits")
    if mask is not None:
        mask = mask[_RADIUS:-_RADIUS, _RADIUS:-_RADIUS]
        if not mask.any():
            raise MaskError("the hole lies within 5 px of the border, where there is no window; leave the mask out")
    return mean_over(_map(output.astype(np.float64), truth.astype(np.float64)), mask)


def _map(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Structural similarity at every centre of a window: (H - 10, W - 10, C)."""
    mean_x, mean_y = _blur(x), _blur(y)
    variance_x, variance_y = _blur(x * x) - mean_x**2, _blur(y * y) - mean_y**2
    covariance = _blur(x * y) - mean_x * mean_y
    c1, c2 = _K1**2, _K2**2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return luminance * (2 * covariance + c2) / (variance_x + variance_y + c2)


def _blur(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weighted mean over every window, column by column, then row by row."""
    distance = np.arange(-_RADIUS, _RADIUS + 1)
    weights = np.exp(-(distance**2) / (2 * _SIGMA**2))
    weights /= weights.sum()
    for axis in (0, 1):
        x = sliding_window_view(x, 2 * _RADIUS + 1, axis) @ weights
    return x
