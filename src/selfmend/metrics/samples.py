"""Samples against the picture that they were made of: diversity, how much is copied, and the seams between copies.

How much samples of one picture differ from each other (Shaham et al., "SinGAN", ICCV 2019, Sec. 4.1).

Where each patch of a generated picture is found in the real one: what `copying` and `seams` look at.

The nearest-neighbour field (Barnes et al., "PatchMatch", SIGGRAPH 2009, Sec. 3), by exact search.

How much of a generated picture is copied from the real one: the size of the regions that were displaced as a whole.

A measure of this project; it needs no published weights. Pictures (H, W, C) in [0, 1].

Whether pieces that were put together show their seams: edges of a sample that its sources do not have.

A measure of this project; it needs no published weights. Pictures (H, W, C) in [0, 1].
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from selfmend.errors import ImageError, OptionError
from selfmend.metrics.inputs import grey
from selfmend.metrics.nearest_patches import levels, nearest_patches
from selfmend.types import Image, check_image


def diversity(samples: Sequence[Image], real: Image) -> float:
    """Standard deviation of each pixel's grey value over the samples, averaged, over that of the real's grey values.

    Args:
        samples: at least two generated pictures of one size, (H, W, C) in [0, 1]; the paper takes 100.
        real: the picture that they were learned from, (h, w, C) in [0, 1].

    Returns:
        0 (all samples equal) up; about 1 where the pixels of the real were shuffled. Both standard deviations are those
        of the population, so few samples give less: two give 0.56 of many, if the values are normal.

    Raises:
        ImageError: another kind or range, fewer than two samples, or a real picture of one grey value.

    Example:
        >>> real, one, other = (np.float32(values).reshape(1, 2, 1) for values in ([0, 1], [0, 0.5], [1, 0.5]))
        >>> diversity([one, other], real)  # stds .5 and 0, of .5
        0.5
    """
    if len(samples) < 2:
        raise ImageError(f"samples holds {len(samples)} picture; diversity needs at least 2")
    if len({check_image(sample, name="samples").shape for sample in samples}) > 1:
        raise ImageError("the samples are of different sizes; diversity needs one size")
    spread = grey(check_image(real, name="real"), name="real").std()
    if spread < 1e-9:  # rounding of equal values
        raise ImageError("real has one grey value only; diversity is measured in units of its variation")
    values = np.stack([grey(sample, name="samples") for sample in samples])
    return float((values - values[0]).std(0).mean() / spread)  # of the differences: exactly 0 where all are equal


_TIE = 1e-3  # squared levels of a byte, summed over a patch: what rounding of floats can make of equal distances


def nearest_field(sample: Image, real: Image, *, patch: int = 7) -> np.ndarray:
    """The displacement from each patch of `sample` to its nearest patch in `real`.

    Where several patches are equally near, as in a flat sky, the displacement of a neighbour is taken if it is one of
    them, so that what can be a copy as a whole is seen as one.

    Args:
        sample: generated picture, (H, W, C) in [0, 1].
        real: the picture it was learned from, (h, w, C) in [0, 1], of any size.
        patch: side of a patch, in pixels, odd. A patch stands for its centre pixel.

    Returns:
        int64 (2, H - patch + 1, W - patch + 1): rows and columns from a patch to its source.

    Raises:
        ImageError: different channels, or a picture smaller than a patch.
        OptionError: an even patch, which has no centre.

    Example:
        >>> picture = np.random.default_rng(0).random((12, 16, 3), np.float32)
        >>> field = nearest_field(picture[:, 4:], picture)
        >>> field[0].max(), field[1].min()
        (np.int64(0), np.int64(4))
    """
    if patch % 2 == 0:
        raise OptionError(f"patch is {patch}; an odd number of pixels fits")
    positions, _ = nearest_patches(sample, real, patch=patch)
    field = positions - np.indices(positions.shape[1:])
    one, other = (_windows(x, patch) for x in (sample, real))
    for turned in (False, True):  # down and up, then right and left: the second pair is the first of the mirrored one
        if turned:
            field, one, other = field[::-1].swapaxes(1, 2), one.swapaxes(0, 1), other.swapaxes(0, 1)
        rows = range(1, field.shape[1])
        for row in rows:
            _take_over(field, row, row - 1, one, other)
        for row in reversed(rows):
            _take_over(field, row - 1, row, one, other)
    return np.ascontiguousarray(field.swapaxes(1, 2)[::-1])


def _windows(image: Image, patch: int) -> np.ndarray:
    """A view (H - patch + 1, W - patch + 1, C, patch, patch) of the picture in levels of a byte."""
    return np.lib.stride_tricks.sliding_window_view(levels(image), (patch, patch), axis=(0, 1))


def _take_over(field: np.ndarray, row: int, neighbour: int, one: np.ndarray, other: np.ndarray) -> None:
    """Give the patches of a row the displacement of the row beside it where that leads to an equally near patch."""
    columns = np.arange(field.shape[2])
    sources = field[:, neighbour] + np.stack([np.full_like(columns, row), columns])
    inside = (sources >= 0).all(0) & (sources[0] < other.shape[0]) & (sources[1] < other.shape[1])
    where = columns[inside & (field[:, neighbour] != field[:, row]).any(0)]
    if not len(where):
        return
    patches, old = one[row, where], field[:, row, where] + np.stack([np.full_like(where, row), where])
    costs = [np.square(patches - other[p[0], p[1]]).sum((1, 2, 3)) for p in (old, sources[:, where])]
    better = where[costs[1] <= costs[0] + _TIE]
    field[:, row, better] = field[:, neighbour, better]


def equal_neighbours(field: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether the displacement goes on to the next patch: bool (h - 1, w) downwards and (h, w - 1) to the right."""
    return (np.diff(field, axis=1) == 0).all(0), (np.diff(field, axis=2) == 0).all(0)


@dataclass(frozen=True, kw_only=True)
class Copying:
    """What `copying` gives.

    Attributes:
        side: pixels, at least 1: the side of a square as large as the coherent region that a random patch lies in.
        large_share: share of the patches, in [0, 1], that lie in regions of more than 32 x 32 px.
    """

    side: float
    large_share: float


def copying(sample: Image, real: Image, *, patch: int = 7, large: int = 32, field: np.ndarray | None = None) -> Copying:
    """The size of the coherent regions of a sample: neighbouring patches whose nearest patches are neighbours too.

    A region says where the nearest patches are, not how near: a blurred copy counts as a sharp one does. Of a block
    that was copied exactly, the patches that reach over its border are seldom coherent, so a region is smaller than
    its block by `patch` - 1 pixels.

    Args:
        sample: generated picture, (H, W, C) in [0, 1].
        real: the picture it was learned from, (h, w, C) in [0, 1], of any size.
        patch: side of a patch, in pixels, odd.
        large: side in pixels from which a region counts as large, by its area.
        field: `nearest_field(sample, real, patch=patch)`, where it is known already.

    Raises:
        ImageError, OptionError: as `nearest_field`.

    Example:
        >>> picture = np.random.default_rng(0).random((16, 22, 3), np.float32)
        >>> copying(picture, picture, large=12).side  # one region of 10 x 16 patches
        12.649110640673518
    """
    field = nearest_field(sample, real, patch=patch) if field is None else field
    areas = np.bincount(_regions(field))
    weights = areas / areas.sum()
    return Copying(
        side=float((weights * np.sqrt(areas)).sum()), large_share=float(weights[areas > large * large].sum())
    )


def _regions(field: np.ndarray) -> np.ndarray:
    """int (h * w,): the number of the region of each patch; regions are connected over edges, not corners."""
    numbers = np.arange(field[0].size).reshape(field.shape[1:])
    down, right = equal_neighbours(field)
    here = np.concatenate([numbers[:-1][down], numbers[:, :-1][right]])
    there = np.concatenate([numbers[1:][down], numbers[:, 1:][right]])
    graph = coo_array((np.ones(len(here), bool), (here, there)), shape=(numbers.size, numbers.size))
    labels: np.ndarray = connected_components(graph, directed=False)[1]
    return labels


def seams(sample: Image, real: Image, *, patch: int = 7, field: np.ndarray | None = None) -> float:
    """How much larger the differences across the borders between coherent regions are than at their sources.

    For neighbouring pixels p and q whose patches come from different places of the real picture r:
    |sample(p) - sample(q)| minus the mean of |r(p') - r(p' + q - p)| and |r(q') - r(q' + p - q)|, p' and q' being
    the sources; averaged over channels and over all such pairs.

    Args:
        sample: generated picture, (H, W, C) in [0, 1].
        real: the picture it was learned from, (h, w, C) in [0, 1], of any size.
        patch: side of a patch, in pixels, odd and at least 3: the neighbour of a source must lie in the picture.
        field: `nearest_field(sample, real, patch=patch)`, where it is known already.

    Returns:
        In units of 0...255; 0 where there is no border. Negative where the sample is smoother at the borders than its
        sources, as an average of overlapping patches is.

    Raises:
        ImageError, OptionError: as `nearest_field`.

    Example:
        >>> picture = np.random.default_rng(0).random((16, 22, 3), np.float32)
        >>> seams(picture, picture)
        0.0
    """
    if patch < 3:
        raise OptionError(f"patch is {patch}; an odd number of pixels from 3 on fits")
    field = nearest_field(sample, real, patch=patch) if field is None else field
    ours, theirs = (255 * x.astype(np.float64) for x in (sample, real))
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
    difference: np.ndarray = np.abs(values[at[0], at[1]] - values[beside[0], beside[1]]).mean(1)
    return difference
