"""Mean value: every hole pixel gets the mean colour of the known pixels (paper 001, Sec. 2.2)."""

from __future__ import annotations

import torch

from selfmend.types import Image, Mask


def mean(image: Image, mask: Mask, *, generator: torch.Generator | None = None) -> Image:
    """Fill the hole with the per-channel mean of the known pixels.

    Args:
        image: (N, C, H, W); the hole's content has no influence, NaN neither.
        mask: (N, 1, H, W), True = hole.
        generator: not used; every hole initialisation takes one.

    Returns:
        (N, C, H, W), known pixels as they came.

    Example:
        >>> image = torch.tensor([[[[0.0, 1.0, 9.0]]]])
        >>> mean(image, image > 1)
        tensor([[[[0.0000, 1.0000, 0.5000]]]])
    """
    known = torch.where(mask, 0.0, image)
    count = (~mask).sum(dim=(2, 3), keepdim=True).clamp(min=1)
    return torch.where(mask, known.sum(dim=(2, 3), keepdim=True) / count, image)
