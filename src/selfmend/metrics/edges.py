"""How well drawn edges match true ones: precision and recall (Nazeri et al., "EdgeConnect", ICCVW 2019, Sec. 5.1).

Edge maps (N, 1, H, W) in [0, 1]; 1 = edge.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from selfmend.errors import ImageError
from selfmend.metrics.inputs import check_pair
from selfmend.types import Image, Mask


@dataclass(frozen=True, kw_only=True)
class EdgeAccuracy:
    """What `edge_accuracy` gives.

    Attributes:
        precision: float64 (N,) in [0, 1]: share of the drawn edge pixels that are true.
        recall: float64 (N,) in [0, 1]: share of the true edge pixels that are drawn.
    """

    precision: Tensor
    recall: Tensor


def edge_accuracy(output: Image, truth: Image, *, mask: Mask | None = None, threshold: float = 0.5) -> EdgeAccuracy:
    """Precision and recall of edge pixels; an edge that is one pixel off counts as wrong and as missed.

    Args:
        output: drawn edges, (N, 1, H, W) in [0, 1].
        truth: the same shape.
        mask: (N, 1, H, W); only hole pixels (True) count. None: all count.
        threshold: a pixel above it is an edge; only here, edge maps stay soft everywhere else.

    Returns:
        Where neither map has an edge both are 1; where one of them has none both are 0.

    Raises:
        ImageError, MaskError: another kind, range or shape, more than one channel, or a mask that chooses nothing.

    Example:
        >>> drawn = torch.tensor([0.9, 0.8, 0.1, 0.0]).view(1, 1, 1, 4)
        >>> accuracy = edge_accuracy(drawn, torch.tensor([1.0, 0.0, 1.0, 1.0]).view(1, 1, 1, 4))
        >>> accuracy.precision.item(), round(accuracy.recall.item(), 3)
        (0.5, 0.333)
    """
    check_pair(output, truth, mask)
    if output.shape[1] != 1:
        raise ImageError(f"edge maps have {output.shape[1]} channels; one fits")
    drawn, true = output > threshold, truth > threshold
    if mask is not None:
        drawn, true = drawn & mask, true & mask
    hits, drawn_count, true_count = (edges.double().sum((1, 2, 3)) for edges in (drawn & true, drawn, true))
    none = (drawn_count == 0) & (true_count == 0)
    precision, recall = (hits / count.clamp(min=1) for count in (drawn_count, true_count))
    one = torch.ones_like(hits)
    return EdgeAccuracy(precision=torch.where(none, one, precision), recall=torch.where(none, one, recall))
