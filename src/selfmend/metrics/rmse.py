"""Root mean squared error, in levels of a byte as the tables of super-resolution print it. Pictures (N, C, H, W)."""

from __future__ import annotations

from torch import Tensor

from selfmend.core.types import Image, Mask
from selfmend.metrics.inputs import check_pair, mean_over


def rmse(output: Image, truth: Image, *, mask: Mask | None = None) -> Tensor:
    """Root of the squared difference's mean over channels and pixels, in units of 0...255.

    Args:
        output: (N, C, H, W) in [0, 1].
        truth: the same shape.
        mask: (N, 1, H, W); only hole pixels (True) count. None: all count.

    Returns:
        float64 (N,), 0 (equal) to 255; one a picture.

    Raises:
        ImageError, MaskError: another kind, range or shape, or a mask that chooses nothing.

    References:
        Shaham et al., "SinGAN", ICCV 2019, Table 3 of the supplementary material, uses these units: 16.22 is 23.9 dB.

    Example:
        >>> import torch
        >>> rmse(torch.full((1, 3, 4, 4), 0.5), torch.full((1, 3, 4, 4), 0.25)).item()  # a quarter of 255
        63.75
    """
    check_pair(output, truth, mask)
    return 255 * mean_over((output.double() - truth.double()).square(), mask).sqrt()
