"""Poisson blending: what a fill adds is its gradients; its colours come from what is around the hole.

Pérez et al., "Poisson Image Editing", SIGGRAPH 2003, Eq. 2 to 7. Pictures are float32 (H, W, C), masks bool (H, W).
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.linalg import splu

from selfmend.types import Image, Mask


def poisson_blend(fill: Image, image: Image, mask: Mask) -> Image:
    """A picture whose hole has the gradients of a fill and meets what is known without a step.

    Args:
        fill: (H, W, C), what fills the hole; its content beside the hole counts too: what is known there is
            compared with it.
        image: (H, W, C), of which what lies outside the hole counts.
        mask: (H, W), True = hole; a part of it that nothing known touches stays as the fill has it.

    Returns:
        (H, W, C), `image` outside the hole; not clamped.

    Example:
        >>> truth = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8, 1)
        >>> hole = np.zeros((8, 8), bool)
        >>> hole[2:6, 3:7] = True
        >>> bool(np.allclose(poisson_blend(truth + 0.3, truth, hole), truth, atol=1e-5))
        True
    """
    result = np.where(mask[..., None], fill, image).astype(np.float32)
    rows, columns = np.nonzero(mask)
    if not len(rows) or mask.all():
        return result
    count, (height, width) = len(rows), mask.shape
    number = np.full(mask.shape, -1)
    number[rows, columns] = np.arange(count)
    degree, right = np.zeros(count), np.zeros((count, image.shape[2]))
    starts, ends = [], []
    for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1)):
        y, x = rows + dy, columns + dx
        inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
        here, y, x = np.flatnonzero(inside), y[inside], x[inside]
        degree[here] += 1
        known = number[y, x] < 0
        # the difference of two pixels is the fill's, also where one of them is known
        right[here] += fill[rows[here], columns[here]].astype(float) - fill[y, x]
        right[here[known]] += image[y[known], x[known]]
        starts.append(here[~known])
        ends.append(number[y[~known], x[~known]])
    start, end = np.concatenate(starts), np.concatenate(ends)
    alone = degree == 0
    degree[alone], right[alone] = 1, fill[rows[alone], columns[alone]]
    held = 1e-9  # of the fill's own colours: keeps a part that touches nothing known where it is
    index = np.concatenate([start, np.arange(count)]), np.concatenate([end, np.arange(count)])
    values = np.concatenate([np.full(len(start), -1.0), degree + held])
    matrix = coo_array((values, index), shape=(count, count)).tocsc()
    right += held * fill[rows, columns]
    result[rows, columns] = splu(matrix).solve(right)
    return result
