"""The 36 numbers by which NIQE describes a block of a picture (Mittal et al., IEEE SPL 2013, Sec. II-A to II-C).

Grey pictures as float64 arrays (H, W) in 0...255; rows follow MATLAB's order of blocks, which has no influence.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import correlate1d
from scipy.special import gamma

from selfmend.image.resize import resize

BLOCK = 96
"""Side of a block in pixels, at the first scale."""

FEATURES = 36
"""Numbers a block: 18 at each of two scales."""

_WINDOW, _SIGMA = 7, 7 / 6
_SHAPES = np.arange(200, 10001) / 1000  # candidates for the shape parameter
_RATIOS = gamma(2 / _SHAPES) ** 2 / (gamma(1 / _SHAPES) * gamma(3 / _SHAPES))
_NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))


def block_features(luma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Describe every block of a picture, at full and at half size.

    Args:
        luma: float64 (H, W) in 0...255, H and W multiples of `BLOCK`. Half size is made by the house's resize, which
            computes MATLAB's imresize: bicubic, antialiased.

    Returns:
        features: float64 (blocks, 36); NaN in a flat block, which has no distribution to describe.
        sharpness: float64 (blocks,), mean local standard deviation at full size, which says how sharp a block is.
    """
    described = []
    for side in (BLOCK, BLOCK // 2):
        normalised, deviation = mean_subtracted_contrast_normalised(luma)
        described.append(np.array([describe(block) for block in _blocks(normalised, side)]))
        if side == BLOCK:
            sharpness = _blocks(deviation, side).mean((1, 2))
            half = (luma.shape[0] // 2, luma.shape[1] // 2)
            luma = resize(torch.from_numpy(luma)[None, None], half)[0, 0].numpy()
    return np.concatenate(described, 1), sharpness


def mean_subtracted_contrast_normalised(luma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(I - mean) / (deviation + 1) with local Gaussian weights (7x7, sigma 7/6), and the deviation; edges repeat."""
    distance = np.arange(_WINDOW) - _WINDOW // 2
    weights = np.exp(-(distance**2) / (2 * _SIGMA**2))
    weights /= weights.sum()

    def blur(values: np.ndarray) -> np.ndarray:
        down: np.ndarray = correlate1d(values, weights, axis=0, mode="nearest")
        blurred: np.ndarray = correlate1d(down, weights, axis=1, mode="nearest")
        return blurred

    mean = blur(luma)
    deviation = np.sqrt(np.abs(blur(luma * luma) - mean * mean))
    return (luma - mean) / (deviation + 1), deviation


def describe(block: np.ndarray) -> np.ndarray:
    """The 18 numbers of one block at one scale: of its values, and of their products with four neighbours'.

    The neighbour of a value at the block's border is the one at the opposite border, as in the authors' code.
    """
    shape, left, right = fit_asymmetric_gaussian(block)
    numbers = [shape, (left + right) / 2]
    for neighbour in _NEIGHBOURS:
        shape, left, right = fit_asymmetric_gaussian(block * np.roll(block, neighbour, (0, 1)))
        numbers += [shape, (right - left) * gamma(2 / shape) / gamma(1 / shape), left, right]
    return np.array(numbers)


def fit_asymmetric_gaussian(values: np.ndarray) -> tuple[float, float, float]:
    """Fit an asymmetric generalised Gaussian distribution by its moments (Lasmar et al., ICIP 2009).

    Args:
        values: of any shape.

    Returns:
        shape: 0.2 to 10 in steps of 0.001; 2 is a Gaussian, 1 a Laplacian.
        left, right: scale of the values below and above 0; where the density has fallen by exp(-1).

        All NaN where values of one sign are missing.
    """
    below, above = values[values < 0], values[values > 0]
    if not (below.size and above.size):
        return np.nan, np.nan, np.nan
    left, right = np.sqrt(np.mean(below**2)), np.sqrt(np.mean(above**2))
    skew = left / right
    ratio = np.mean(np.abs(values)) ** 2 / np.mean(values**2)
    wanted = ratio * (skew**3 + 1) * (skew + 1) / (skew**2 + 1) ** 2
    shape = float(_SHAPES[np.argmin((_RATIOS - wanted) ** 2)])
    scale = np.sqrt(gamma(1 / shape) / gamma(3 / shape))
    return shape, float(left * scale), float(right * scale)


def _blocks(values: np.ndarray, side: int) -> np.ndarray:
    """(blocks, side, side), side by side without overlap."""
    windows: np.ndarray = sliding_window_view(values, (side, side))[::side, ::side]
    return windows.reshape(-1, side, side)
