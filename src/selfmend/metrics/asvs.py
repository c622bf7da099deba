"""ASVS, how much a filled hole attracts the eye (Ardis & Singhal, "Visual Salience Metrics for Image Inpainting", SPIE
7257, 2009); lower is less noticeable.
"""

from __future__ import annotations

from torch import Tensor

from selfmend.core.types import Image, Mask
from selfmend.metrics.inputs import check_hole, mean_over
from selfmend.metrics.saliency import saliency


def asvs(output: Image, mask: Mask, *, model: str) -> Tensor:
    """Average squared visual salience: the mean over the hole of the squared saliency of the mended picture.

    Needs no truth, and sees none: a hole that holds what belongs there and is meant to be looked at scores badly.

    Args:
        output: mended pictures, (N, 1 or 3, H, W) in [0, 1].
        mask: (N, 1, H, W), True = hole.
        model: of saliency, a name in `SALIENCY`; name it beside every number, for values under two models are not
            comparable.

    Returns:
        float64 (N,) in [0, 1]; one a picture.

    Raises:
        ImageError, MaskError: another kind, range or shape, CMYK, or no hole.
        OptionError: an unknown model.

    Example:
        >>> import torch
        >>> hole = torch.ones(1, 1, 20, 20, dtype=torch.bool)
        >>> asvs(torch.full((1, 3, 20, 20), 0.5), hole, model="spectral-residual").item()  # nothing to be seen
        0.0
    """
    check_hole(mask, output)
    return mean_over(saliency(output, model=model).square(), mask)
