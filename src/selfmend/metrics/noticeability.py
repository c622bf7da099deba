"""DN, how much a repair changes where one looks (Ardis & Singhal, "Visual Salience Metrics for Image Inpainting", SPIE
7257, 2009); lower is less noticeable.
"""

from __future__ import annotations

import torch
from torch import Tensor

from selfmend.core.types import Image, Mask
from selfmend.metrics.inputs import check_hole, check_pair
from selfmend.metrics.saliency import saliency


def noticeability(output: Image, original: Image, mask: Mask, *, model: str) -> Tensor:
    """Degree of noticeability: the mean over the picture of what draws the eye into the hole or elsewhere than before.

    In the hole it is the squared saliency of the output, outside the squared difference of its saliency and the
    original's.

    Args:
        output: mended pictures, (N, 1 or 3, H, W) in [0, 1].
        original: the pictures before anything was removed or damaged, the same shape.
        mask: (N, 1, H, W), True = hole.
        model: of saliency, as in `asvs`.

    Returns:
        float64 (N,) in [0, 1]; one a picture.

    Raises:
        ImageError, MaskError: another kind, range or shape, CMYK, or no hole.
        OptionError: an unknown model.

    Example:
        >>> flat = torch.full((1, 3, 20, 20), 0.5)
        >>> hole = torch.ones(1, 1, 20, 20, dtype=torch.bool)
        >>> noticeability(flat, flat, hole, model="spectral-residual").item()
        0.0
    """
    check_hole(mask, output)
    check_pair(output, original, mask)
    after, before = (saliency(image, model=model) for image in (output, original))
    return torch.where(mask, after, after - before).square().mean((1, 2, 3))
