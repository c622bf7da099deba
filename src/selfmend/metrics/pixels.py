"""Metrics of pixel against pixel: MAE, RMSE, PSNR and SSIM.

Mean absolute error, the l1 of the inpainting papers. Pictures (N, C, H, W) in [0, 1].

Root mean squared error, in levels of a byte as the tables of super-resolution print it. Pictures (N, C, H, W).

Peak signal-to-noise ratio. Pictures (N, C, H, W) in [0, 1].

Structural similarity (Wang et al., "Image Quality Assessment", IEEE TIP 2004). Pictures (N, C, H, W) in [0, 1].
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from selfmend.errors import ImageError, MaskError
from selfmend.metrics.inputs import check_pair, mean_over
from selfmend.types import Image, Mask


def mae(output: Image, truth: Image, *, mask: Mask | None = None) -> Tensor:
    """Mean of the absolute difference over channels and pixels, as a share of the full range.

    Args:
        output: (N, C, H, W) in [0, 1].
        truth: the same shape.
        mask: (N, 1, H, W); only hole pixels (True) count. None: all count.

    Returns:
        float64 (N,), 0 (equal) to 1; one a picture. Papers print it in per cent.

    Raises:
        ImageError, MaskError: another kind, range or shape, or a mask that chooses nothing.

    Example:
        >>> import torch
        >>> mae(torch.full((1, 3, 4, 4), 0.5), torch.full((1, 3, 4, 4), 0.25)).item()
        0.25
    """
    check_pair(output, truth, mask)
    return mean_over((output.double() - truth.double()).abs(), mask)


def rmse(output: Image, truth: Image, *, mask: Mask | None = None) -> Tensor:
    """Root of the squared difference's mean over channels and pixels, in units of 0...255.

    Args:
        output: (N, C, H, W) in [0, 1].
        truth: the same shape.
        mask: (N, 1, H, W); only hole pixels (True) count. None: all count.

    Returns:
        float64 (N,), 0 (equal) to 255; one a picture.

    Raises:
        ImageError, MaskError: another kind, range or shape, or a mask that chooses nothing.

    References:
        Shaham et al., "SinGAN", ICCV 2019, Table 3 of the supplementary material, uses these units: 16.22 is 23.9 dB.

    Example:
        >>> import torch
        >>> rmse(torch.full((1, 3, 4, 4), 0.5), torch.full((1, 3, 4, 4), 0.25)).item()  # a quarter of 255
        63.75
    """
    check_pair(output, truth, mask)
    return 255 * mean_over((output.double() - truth.double()).square(), mask).sqrt()


def psnr(output: Image, truth: Image, *, mask: Mask | None = None) -> Tensor:
    """-10 log10 of the squared difference's mean over channels and pixels, in dB; the peak is 1.

    Args:
        output: (N, C, H, W) in [0, 1].
        truth: the same shape.
        mask: (N, 1, H, W); only hole pixels (True) count. None: all count.

    Returns:
        float64 (N,), from 0 up, infinite for equal pictures; one a picture.

    Raises:
        ImageError, MaskError: another kind, range or shape, or a mask that chooses nothing.

    Example:
        >>> import torch
        >>> round(psnr(torch.full((1, 3, 4, 4), 0.5), torch.full((1, 3, 4, 4), 0.25)).item(), 2)  # 20 log10(4)
        12.04
    """
    check_pair(output, truth, mask)
    return -10 * mean_over((output.double() - truth.double()).square(), mask).log10()


_RADIUS, _SIGMA = 5, 1.5  # an 11x11 Gaussian window
_K1, _K2 = 0.01, 0.03


def ssim(output: Image, truth: Image, *, mask: Mask | None = None) -> Tensor:
    """Mean structural similarity: 11x11 Gaussian window (sigma 1.5), K = (0.01, 0.03), population covariance.

    Each channel is compared on its own. Only windows that lie wholly in the picture count, so pixels less than 5 px
    from its border are no centre of a window.

    Args:
        output: (N, C, H, W) in [0, 1], at least 11x11.
        truth: the same shape.
        mask: (N, 1, H, W); only windows centred on hole pixels (True) count. None: all count.

    Returns:
        float64 (N,), -1 to 1 (equal); one a picture.

    Raises:
        ImageError, MaskError: another kind, range or shape, smaller than the window, or a mask that chooses nothing.

    Example:
        >>> picture = torch.rand(1, 3, 16, 16)
        >>> ssim(picture, picture).item()
        1.0
    """
    check_pair(output, truth, mask)
    if min(truth.shape[-2:]) <= 2 * _RADIUS:
        raise ImageError(f"pictures are {tuple(truth.shape[-2:])}; at least one window of 11 x 11 px fits")
    if mask is not None:
        mask = mask[..., _RADIUS:-_RADIUS, _RADIUS:-_RADIUS]
        if not mask.flatten(1).any(1).all():
            raise MaskError("the hole lies within 5 px of the border, where there is no window; leave the mask out")
    return mean_over(_map(output.double(), truth.double()), mask)


def _map(x: Tensor, y: Tensor) -> Tensor:
    """Structural similarity at every centre of a window: (N, C, H - 10, W - 10)."""
    mean_x, mean_y = _blur(x), _blur(y)
    variance_x, variance_y = _blur(x * x) - mean_x**2, _blur(y * y) - mean_y**2
    covariance = _blur(x * y) - mean_x * mean_y
    c1, c2 = _K1**2, _K2**2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return luminance * (2 * covariance + c2) / (variance_x + variance_y + c2)


def _blur(x: Tensor) -> Tensor:
    """Weighted mean over every window, column by column, then row by row."""
    distance = torch.arange(-_RADIUS, _RADIUS + 1, dtype=x.dtype, device=x.device)
    weights = torch.exp(-(distance**2) / (2 * _SIGMA**2))
    weights = (weights / weights.sum()).view(1, 1, 1, -1)
    planes = x.flatten(0, 1)[:, None]
    blurred = F.conv2d(F.conv2d(planes, weights.mT), weights)
    return blurred.view(*x.shape[:2], *blurred.shape[-2:])
