"""Peak signal-to-noise ratio. Pictures (N, C, H, W) in [0, 1]."""

from __future__ import annotations

from torch import Tensor

from selfmend.core.types import Image, Mask
from selfmend.metrics.inputs import check_pair, mean_over


def psnr(output: Image, truth: Image, *, mask: Mask | None = None) -> Tensor:
    """-10 log10 of the squared difference's mean over channels and pixels, in dB; the peak is 1.

    Args:
        output: (N, C, H, W) in [0, 1].
        truth: the same shape.
        mask: (N, 1, H, W); only hole pixels (True) count. None: all count.

    Returns:
        float64 (N,), from 0 up, infinite for equal pictures; one a picture.

    Raises:
        ImageError, MaskError: another kind, range or shape, or a mask that chooses nothing.

    Example:
        >>> import torch
        >>> round(psnr(torch.full((1, 3, 4, 4), 0.5), torch.full((1, 3, 4, 4), 0.25)).item(), 2)  # 20 log10(4)
        12.04
    """
    check_pair(output, truth, mask)
    return -10 * mean_over((output.double() - truth.double()).square(), mask).log10()
