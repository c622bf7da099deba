"""Whether pieces that were put together show their seams: edges of a sample that its sources do not have.

A measure of this project; it needs no published weights. Pictures (1, C, H, W) in [0, 1].
"""

from __future__ import annotations

import numpy as np

from selfmend.core.checks import OptionError
from selfmend.core.types import Image
from selfmend.metrics.nearest_field import equal_neighbours, nearest_field


def seams(sample: Image, real: Image, *, patch: int = 7, field: np.ndarray | None = None) -> float:
    """How much larger the differences across the borders between coherent regions are than at their sources.

    For neighbouring pixels p and q whose patches come from different places of the real picture r:
    |sample(p) - sample(q)| minus the mean of |r(p') - r(p' + q - p)| and |r(q') - r(q' + p - q)|, p' and q' being
    the sources; averaged over channels and over all such pairs.

    Args:
        sample: generated picture, (1, C, H, W) in [0, 1].
        real: the picture it was learned from, (1, C, h, w) in [0, 1], of any size.
        patch: side of a patch, in pixels, odd and at least 3: the neighbour of a source must lie in the picture.
        field: `nearest_field(sample, real, patch=patch)`, where it is known already.

    Returns:
        In units of 0...255; 0 where there is no border. Negative where the sample is smoother at the borders than its
        sources, as an average of overlapping patches is.

    Raises:
        ImageError, OptionError: as `nearest_field`.

    Example:
        >>> import torch
        >>> picture = torch.rand(1, 3, 16, 22, generator=torch.Generator().manual_seed(0))
        >>> seams(picture, picture)
        0.0
    """
    if patch < 3:
        raise OptionError(f"patch is {patch}; an odd number of pixels from 3 on fits")
    field = nearest_field(sample, real, patch=patch) if field is None else field
    ours, theirs = (255 * x[0].double().cpu().numpy() for x in (sample, real))
    excesses = []
    for axis, equal in enumerate(equal_neighbours(field)):
        here = np.stack(np.nonzero(~equal))  # patches; their centres are patch // 2 further
        step = np.array([[1 - axis], [axis]])
        centre, there = here + patch // 2, here + step
        source = centre + field[:, here[0], here[1]]
        other_source = centre + step + field[:, there[0], there[1]]
        expected = _difference(theirs, source, step) + _difference(theirs, other_source, -step)
        excesses.append(_difference(ours, centre, step) - expected / 2)
    excess = np.concatenate(excesses)
    return float(excess.mean()) if len(excess) else 0.0


def _difference(values: np.ndarray, at: np.ndarray, step: np.ndarray) -> np.ndarray:
    """(K,): mean over channels of the absolute difference between the pixels `at` (2, K) and those a step further."""
    beside = at + step
    difference: np.ndarray = np.abs(values[:, at[0], at[1]] - values[:, beside[0], beside[1]]).mean(0)
    return difference
