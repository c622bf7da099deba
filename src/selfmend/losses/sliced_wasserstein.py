"""The distance between two sets of patches, cheap enough for a loss: no critic, no second derivative.

Elnekave & Weiss, "Generating Natural Images with Direct Patch Distribution Matching", ECCV 2022, Sec. 3, use it on
whole pictures; here each set may be restricted to some positions, and the sets may differ in size.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from selfmend.losses.ranks import match_ranks


def sliced_wasserstein(
    output: Tensor,
    target: Tensor,
    where: Tensor | None = None,
    *,
    target_where: Tensor | None = None,
    patch: int,
    projections: int,
    generator: torch.Generator,
    power: int = 1,
) -> Tensor:
    """Mean Wasserstein distance of two sets of patches over random directions.

    Args:
        output, target: (N, C, H, W); they may differ in N, H and W. No gradient flows into `target`.
        where: bool (N, 1, H - patch + 1, W - patch + 1), which patches of the output belong to its set, by their upper
            left pixel; None takes all.
        target_where: the same for the target; None takes `where`.
        patch: side of a patch, in pixels.
        projections: number of random directions.
        generator: of the directions, on the CPU.
        power: 1 is the paper's mean distance on the line, 2 the mean square distance.

    Returns:
        A scalar in the units of the pictures to that power; 0 if either set is empty.

    Raises:
        ValueError: another power.

    Example:
        >>> x = torch.rand(1, 3, 9, 9)
        >>> mirrored = sliced_wasserstein(x, x.flip(3), patch=1, projections=4, generator=torch.Generator())
        >>> mirrored.item()  # the same pixels in other places
        0.0
    """
    if power not in (1, 2):
        raise ValueError(f"power is {power}; 1 or 2 fits")
    target_where = where if target_where is None else target_where
    if any(chosen is not None and not chosen.any() for chosen in (where, target_where)):
        return (output * 0).sum()
    directions = torch.randn(projections, output.shape[1], patch, patch, generator=generator)
    directions = (directions / directions.flatten(1).norm(dim=1).view(-1, 1, 1, 1)).to(output.device)
    values = _projected(output, directions, where)
    with torch.no_grad():
        reference = _projected(target, directions, target_where)
    matched = match_ranks(values.mT, reference.mT).mT
    return (F.l1_loss if power == 1 else F.mse_loss)(values.float(), matched.float())


def _projected(x: Tensor, directions: Tensor, where: Tensor | None) -> Tensor:
    """(number of patches, K): each chosen patch along each direction (K, C, patch, patch)."""
    values = F.conv2d(x, directions)
    if where is None:
        return values.movedim(1, 0).flatten(1).mT
    return values.movedim(1, -1)[where[:, 0]]
