"""Where each patch of a generated picture is found in the real one: what `copying` and `seams` look at.

The nearest-neighbour field (Barnes et al., "PatchMatch", SIGGRAPH 2009, Sec. 3), by exact search.
"""

from __future__ import annotations

import numpy as np

from selfmend.core.checks import OptionError
from selfmend.core.types import Image
from selfmend.image.patches import levels, nearest_patches

_TIE = 1e-3  # squared levels of a byte, summed over a patch: what rounding of floats can make of equal distances


def nearest_field(sample: Image, real: Image, *, patch: int = 7) -> np.ndarray:
    """The displacement from each patch of `sample` to its nearest patch in `real`.

    Where several patches are equally near, as in a flat sky, the displacement of a neighbour is taken if it is one of
    them, so that what can be a copy as a whole is seen as one.

    Args:
        sample: generated picture, (1, C, H, W) in [0, 1].
        real: the picture it was learned from, (1, C, h, w) in [0, 1], of any size.
        patch: side of a patch, in pixels, odd. A patch stands for its centre pixel.

    Returns:
        int64 (2, H - patch + 1, W - patch + 1): rows and columns from a patch to its source.

    Raises:
        ImageError: not one picture each, different channels, or a picture smaller than a patch.
        OptionError: an even patch, which has no centre.

    Example:
        >>> import torch
        >>> picture = torch.rand(1, 3, 12, 16, generator=torch.Generator().manual_seed(0))
        >>> field = nearest_field(picture[..., 4:], picture)
        >>> field[0].max(), field[1].min()
        (np.int64(0), np.int64(4))
    """
    if patch % 2 == 0:
        raise OptionError(f"patch is {patch}; an odd number of pixels fits")
    positions, _ = nearest_patches(sample, real, patch=patch)
    field = positions.cpu().numpy() - np.indices(positions.shape[1:])
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
    values = levels(image)[0].cpu().numpy()
    windows: np.ndarray = np.lib.stride_tricks.sliding_window_view(values, (patch, patch), axis=(1, 2))
    return windows.transpose(1, 2, 0, 3, 4)


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
