"""The distance between two sets of patches, cheap enough for a loss: no critic, no second derivative.

Elnekave & Weiss, "Generating Natural Images with Direct Patch Distribution Matching", ECCV 2022, use it on whole
pictures; here both sets are restricted to the same positions.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def sliced_wasserstein(
    output: Tensor,
    target: Tensor,
    where: Tensor,
    *,
    patch: int,
    projections: int,
    generator: torch.Generator,
) -> Tensor:
    """Mean 1-Wasserstein distance of two sets of patches over random directions.

    Args:
        output, target: (N, C, H, W).
        where: bool (N, 1, H - patch + 1, W - patch + 1), which patches belong to the sets, by their upper left pixel.
        patch: side of a patch, in pixels.
        projections: number of random directions.
        generator: of the directions, on the CPU.

    Returns:
        A scalar in the units of the pictures; 0 if no patch is chosen.

    Example:
        >>> x = torch.rand(1, 3, 9, 9)
        >>> everywhere = torch.ones(1, 1, 3, 3, dtype=torch.bool)
        >>> turned = sliced_wasserstein(x, x, everywhere, patch=7, projections=4, generator=torch.Generator())
        >>> turned.item()
        0.0
    """
    if not where.any():
        return (output * 0).sum()
    directions = torch.randn(projections, output.shape[1], patch, patch, generator=generator)
    directions = (directions / directions.flatten(1).norm(dim=1).view(-1, 1, 1, 1)).to(output.device)
    chosen = where[:, 0]
    one, other = (F.conv2d(x, directions).movedim(1, -1)[chosen].float() for x in (output, target))
    return (one.sort(0).values - other.sort(0).values).abs().mean()
