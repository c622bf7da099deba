"""How well drawn edges match true ones: precision and recall (Nazeri et al., "EdgeConnect", ICCVW 2019, Sec. 5.1).

Edge maps (H, W, 1) in [0, 1]; 1 = edge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfmend.errors import ImageError, OptionError
from selfmend.metrics.inputs import check_pair
from selfmend.types import Image, Mask


@dataclass(frozen=True, kw_only=True)
class EdgeAccuracy:
    """What `edge_accuracy` gives.

    Attributes:
        precision: in [0, 1]: share of the drawn edge pixels that are true.
        recall: in [0, 1]: share of the true edge pixels that are drawn.
    """

    precision: float
    recall: float


def edge_accuracy(
    output: Image, truth: Image, *, mask: Mask | None = None, threshold: float = 0.5, tolerance: int = 0
) -> EdgeAccuracy:
    """Precision and recall of edge pixels; an edge that is one pixel off counts as wrong and as missed.

    Args:
        output: drawn edges, (H, W, 1) in [0, 1].
        truth: the same shape.
        mask: (H, W); only hole pixels (True) count. None: all count.
        threshold: a pixel above it is an edge; only here, edge maps stay soft everywhere else.
        tolerance: in pixels; a drawn pixel counts as right that can be paired with a true one at most so far off, down
            or across, and each with one alone (Martin et al., PAMI 2004). The paper's is 0.

    Returns:
        Where neither map has an edge both are 1; where one of them has none both are 0.

    Raises:
        ImageError, MaskError: another kind, range or shape, more than one channel, or a mask that chooses nothing.
        OptionError: a negative tolerance.

    Example:
        >>> import numpy as np
        >>> drawn, true = np.float32([[[0.9], [0.8], [0.1], [0]]]), np.float32([[[1], [0], [1], [1]]])
        >>> accuracy = edge_accuracy(drawn, true)
        >>> accuracy.precision, round(accuracy.recall, 3)
        (0.5, 0.333)
    """
    if tolerance < 0:
        raise OptionError(f"tolerance is {tolerance}; at least 0 fits")
    check_pair(output, truth, mask)
    if output.shape[2] != 1:
        raise ImageError(f"edge maps have {output.shape[2]} channels; one fits")
    drawn, true = (edges[..., 0] > threshold for edges in (output, truth))
    if mask is not None:
        drawn, true = drawn & mask, true & mask
    drawn_count, true_count = int(drawn.sum()), int(true.sum())
    if not drawn_count and not true_count:
        return EdgeAccuracy(precision=1.0, recall=1.0)
    hits = paired(drawn, true, tolerance=tolerance)
    return EdgeAccuracy(precision=hits / max(drawn_count, 1), recall=hits / max(true_count, 1))


def paired(drawn: Mask, true: Mask, *, tolerance: int) -> int:
    """How many pixels of two maps (H, W) can be paired, each with one that is at most `tolerance` off.

    Example:
        >>> drawn, true = np.array([[True, False, True, True, False]]), np.array([[False, True, False, False, True]])
        >>> [paired(drawn, true, tolerance=t) for t in (0, 1, 3)]
        [0, 2, 2]
    """
    if not tolerance:
        return int((drawn & true).sum())
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    y, x = np.nonzero(drawn)
    numbers = np.full((true.shape[0] + 2 * tolerance, true.shape[1] + 2 * tolerance), -1)
    numbers[tolerance:-tolerance, tolerance:-tolerance][true] = np.arange(true.sum())
    around = range(2 * tolerance + 1)
    near = np.stack([numbers[y + i, x + j] for i in around for j in around], 1)
    rows, places = np.nonzero(near >= 0)
    if not len(rows):
        return 0
    pairs = csr_array((np.ones(len(rows)), (rows, near[rows, places])), (len(y), int(true.sum())))
    return int((maximum_bipartite_matching(pairs, perm_type="column") >= 0).sum())
