"""Votes: each pixel is the mean of what the matches of all patches that cover it show there (GPNN's fold).

Arrays are float32 (H, W, C).
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numba import njit

from selfmend.exemplar.field import MOST_RUNS, Field
from selfmend.hole_init.patchmatch.threads import in_parallel
from selfmend.types import Size


def vote(field: Field, values: np.ndarray, size: Size, *, patch: int) -> np.ndarray:
    """Build a picture from the matches of its patches.

    Args:
        field: rows and columns of patches in `values`, one for each patch of the result.
        values: (h, w, C), where patches are taken from.
        size: (height, width) of the result.
        patch: side of a patch.

    Returns:
        (*size, C).

    Example:
        >>> values = np.arange(12, dtype=np.float32).reshape(3, 4, 1)
        >>> y, x = np.indices((2, 3), dtype=np.int32)
        >>> bool((vote(Field(y, x, np.zeros((2, 3), np.float32)), values, (3, 4), patch=2) == values).all())
        True
    """
    result = np.empty((*size, values.shape[2]), np.float32)
    runs = min(MOST_RUNS, size[0])
    in_parallel(partial(_run, field.y, field.x, values, patch, result, runs), runs)
    return result


@njit(cache=True, nogil=True)
def _run(
    field_y: np.ndarray, field_x: np.ndarray, values: np.ndarray, patch: int, result: np.ndarray, runs: int, run: int
) -> None:
    """Some rows of the result."""
    rows, columns = field_y.shape
    height, width, channels = result.shape
    for y in range(run * height // runs, (run + 1) * height // runs):
        top, bottom = max(0, y - patch + 1), min(rows, y + 1)
        for x in range(width):
            left, right = max(0, x - patch + 1), min(columns, x + 1)
            for c in range(channels):
                result[y, x, c] = 0
            for j in range(top, bottom):
                for i in range(left, right):
                    source_y, source_x = field_y[j, i] + y - j, field_x[j, i] + x - i
                    for c in range(channels):
                        result[y, x, c] += values[source_y, source_x, c]
            for c in range(channels):
                result[y, x, c] /= (bottom - top) * (right - left)
