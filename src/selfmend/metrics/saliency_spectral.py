"""Saliency as the spectral residual (Hou & Zhang, "Saliency Detection: A Spectral Residual Approach", CVPR 2007)."""

from __future__ import annotations

import numpy as np
import torch
from scipy.ndimage import gaussian_filter, uniform_filter
from torch import Tensor

from selfmend.core.checks import check_image
from selfmend.core.types import Image
from selfmend.image.resize import resize
from selfmend.metrics.inputs import grey

_WIDTH = 64  # px of the picture that is looked at
_SIGMA = 2.5  # px of that picture, in the authors' code; their text says 8
_FLAT = 1e-6  # differences of grey values below this are rounding
_ROUNDING = 1e-12  # share of the largest amplitude; a frequency below it is not there, and its phase chance


def spectral_residual(image: Image) -> Tensor:
    """Where a picture's log spectrum differs from its own mean over 3 x 3 frequencies.

    Args:
        image: (N, 1 or 3, H, W) in [0, 1]; it is looked at in grey, 64 px wide.

    Returns:
        float64 (N, 1, H, W) in [0, 1]; the most salient place of each picture is 1, and all of a flat one is 0.

    Raises:
        ImageError: another kind or range, or CMYK.

    Example:
        >>> dot = torch.zeros(1, 1, 48, 64)
        >>> dot[..., 9:14, 39:44] = 1
        >>> divmod(spectral_residual(dot).argmax().item(), 64)
        (11, 41)
    """
    values = grey(check_image(image))
    height, width = values.shape[-2:]
    small = resize(values, (max(1, round(height * _WIDTH / width)), _WIDTH)).cpu().numpy()
    maps = torch.from_numpy(np.stack([_residual_map(picture[0]) for picture in small])[:, None])
    enlarged = resize(maps, (height, width)).clamp(min=0).to(image.device)
    largest = enlarged.amax((-2, -1), keepdim=True)
    return torch.where(largest > 0, enlarged / largest, 0)


def _residual_map(picture: np.ndarray) -> np.ndarray:
    """Saliency (H, W) of grey values of the same size, not scaled yet."""
    if np.ptp(picture) < _FLAT:
        return np.zeros_like(picture)
    spectrum = np.fft.fft2(picture)
    amplitude = np.abs(spectrum)
    there = amplitude > _ROUNDING * amplitude.max()
    log = np.log(np.where(there, amplitude, 1))  # 0 where there is none
    total, share = (uniform_filter(values, 3, mode="nearest") for values in (log, there.astype(float)))
    mean = total / np.maximum(share, 1 / 9)  # over the frequencies that are there
    phase = spectrum / np.where(there, amplitude, np.inf)
    power = np.abs(np.fft.ifft2(np.exp(log - mean) * phase)) ** 2
    smooth: np.ndarray = gaussian_filter(power, _SIGMA, mode="reflect")
    return smooth
