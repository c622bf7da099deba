"""How much of a generated picture is copied from the real one: the size of the regions that were displaced as a whole.

A measure of this project; it needs no published weights. Pictures (1, C, H, W) in [0, 1].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from selfmend.core.types import Image
from selfmend.metrics.nearest_field import equal_neighbours, nearest_field


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
        sample: generated picture, (1, C, H, W) in [0, 1].
        real: the picture it was learned from, (1, C, h, w) in [0, 1], of any size.
        patch: side of a patch, in pixels, odd.
        large: side in pixels from which a region counts as large, by its area.
        field: `nearest_field(sample, real, patch=patch)`, where it is known already.

    Raises:
        ImageError, OptionError: as `nearest_field`.

    Example:
        >>> import torch
        >>> picture = torch.rand(1, 3, 16, 22, generator=torch.Generator().manual_seed(0))
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
