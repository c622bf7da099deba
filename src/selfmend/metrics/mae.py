"""Mean absolute error, the l1 of the inpainting papers. Pictures (N, C, H, W) in [0, 1]."""

from __future__ import annotations

from torch import Tensor

from selfmend.core.types import Image, Mask
from selfmend.metrics.inputs import check_pair, mean_over


def mae(output: Image, truth: Image, *, mask: Mask | None = None) -> Tensor:
    """Mean of the absolute difference over channels and pixels, as a share of the full range.

    Args:
        output: (N, C, H, W) in [0, 1].
        truth: the same shape.
        mask: (N, 1, H, W); only hole pixels (True) count. None: all count.

    Returns:
        float64 (N,), 0 (equal) to 1; one a picture. Papers print it in per cent.

    Raises:
        ImageError, MaskError: another kind, range or shape, or a mask that chooses nothing.

    Example:
        >>> import torch
        >>> mae(torch.full((1, 3, 4, 4), 0.5), torch.full((1, 3, 4, 4), 0.25)).item()
        0.25
    """
    check_pair(output, truth, mask)
    return mean_over((output.double() - truth.double()).abs(), mask)
