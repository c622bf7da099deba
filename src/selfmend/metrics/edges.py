"""How well drawn edges match true ones: precision and recall (Nazeri et al., "EdgeConnect", ICCVW 2019, Sec. 5.1).

Edge maps (H, W, 1) in [0, 1]; 1 = edge.
"""

from __future__ import annotations

from dataclasses import dataclass

from selfmend.errors import ImageError
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


def edge_accuracy(output: Image, truth: Image, *, mask: Mask | None = None, threshold: float = 0.5) -> EdgeAccuracy:
    """Precision and recall of edge pixels; an edge that is one pixel off counts as wrong and as missed.

    Args:
        output: drawn edges, (H, W, 1) in [0, 1].
        truth: the same shape.
        mask: (H, W); only hole pixels (True) count. None: all count.
        threshold: a pixel above it is an edge; only here, edge maps stay soft everywhere else.

    Returns:
        Where neither map has an edge both are 1; where one of them has none both are 0.

    Raises:
        ImageError, MaskError: another kind, range or shape, more than one channel, or a mask that chooses nothing.

    Example:
        >>> import numpy as np
        >>> drawn, true = np.float32([[[0.9], [0.8], [0.1], [0]]]), np.float32([[[1], [0], [1], [1]]])
        >>> accuracy = edge_accuracy(drawn, true)
        >>> accuracy.precision, round(accuracy.recall, 3)
        (0.5, 0.333)
    """
    check_pair(output, truth, mask)
    if output.shape[2] != 1:
        raise ImageError(f"edge maps have {output.shape[2]} channels; one fits")
    drawn, true = (edges[..., 0] > threshold for edges in (output, truth))
    if mask is not None:
        drawn, true = drawn & mask, true & mask
    hits, drawn_count, true_count = (int(edges.sum()) for edges in (drawn & true, drawn, true))
    if not drawn_count and not true_count:
        return EdgeAccuracy(precision=1.0, recall=1.0)
    return EdgeAccuracy(precision=hits / max(drawn_count, 1), recall=hits / max(true_count, 1))
