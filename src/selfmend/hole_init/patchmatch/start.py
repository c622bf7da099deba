"""The first guess at the coarsest scale: colours carried smoothly into the hole by pulling and pushing.

Gortler et al., "The lumigraph", SIGGRAPH 1996, Sec. 3.4: the known pixels are averaged into ever coarser pictures until
no hole is left (pull), which then fill the holes of the finer ones (push). Linear in the number of pixels, where a
biharmonic or Laplace system grows faster; the EM that follows forgets the difference.
"""

from __future__ import annotations

import numpy as np

from selfmend.hole_init.patchmatch.scales import resize_array


def pull_push(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Fill the unknown pixels smoothly.

    Args:
        values: float32 (H, W, K), zero where unknown.
        known: bool (H, W); at least one is True.

    Returns:
        float32 (H, W, K), known pixels as they came, the others within the range of the known ones.
    """
    filled = _fill(values, known.astype(np.float32)[..., None])
    filled = filled.clip(values[known].min(0), values[known].max(0))
    return np.where(known[..., None], values, filled)


def _fill(sums: np.ndarray, share: np.ndarray) -> np.ndarray:
    """sums / share, filled from the picture of half the size in the measure that share (H, W, 1) falls short of 1."""
    mean = sums / np.maximum(share, 1e-6)
    if share.min() > 0.5 or share.size == 1:
        return mean
    coarse = _fill(_halve(sums), _halve(share))
    below = resize_array(coarse, (share.shape[0], share.shape[1]))
    return share * mean + (1 - share) * below


def _halve(values: np.ndarray) -> np.ndarray:
    """Means of 2x2 pixels; an odd last row or column is repeated."""
    padded = np.pad(values, [(0, values.shape[0] % 2), (0, values.shape[1] % 2), (0, 0)], mode="edge")
    return (padded[::2, ::2] + padded[1::2, ::2] + padded[::2, 1::2] + padded[1::2, 1::2]) / 4
