"""One scale of GPDM: Adam moves pixels until their patches are distributed as the target's.

Elnekave & Weiss, ECCV 2022, Sec. 3. Pictures are (1, C, H, W) in [-1, 1].
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from selfmend.core.types import Mask
from selfmend.losses.sliced_wasserstein import sliced_wasserstein
from selfmend.methods.gpdm.config import GPDMConfig

Report = Callable[[int, float], None]
"""Told the number of steps that are done, and the loss."""


@dataclass(frozen=True)
class Hole:
    """What of a picture may move, and whose patches it shall have.

    Attributes:
        free: bool (1, 1, H, W), the pixels that may move.
        where: bool (1, 1, H - patch + 1, W - patch + 1), the patches that see one of them.
        sources: the same, the patches whose distribution they shall have.
    """

    free: Mask
    where: Mask
    sources: Mask


def hole_at_scale(mask: Mask, *, patch: int, reach: int | None) -> Hole:
    """The hole of one scale.

    Args:
        mask: bool (1, 1, H, W), True = hole, H and W at least `patch`.
        patch: side of a patch, in pixels.
        reach: sources lie at most so many pixels from a patch that sees the hole; None takes all.

    Returns:
        The hole; it may have no sources.
    """
    sees = F.max_pool2d(mask.float(), patch, 1)
    near = torch.ones_like(sees)
    if reach is not None:
        side = 2 * reach + 1
        near = F.max_pool2d(F.max_pool2d(sees, (side, 1), 1, (reach, 0)), (1, side), 1, (0, reach))
    return Hole(free=mask, where=sees > 0.5, sources=(near > 0.5) & (sees < 0.5))


def match_patches(
    x: Tensor,
    target: Tensor,
    *,
    steps: int,
    learning_rate: float,
    config: GPDMConfig,
    generator: torch.Generator,
    hole: Hole | None = None,
    report: Report = lambda step, loss: None,
) -> Tensor:
    """Move the pixels of `x` until its patches are distributed as the target's.

    Args:
        x: (1, C, H, W) in [-1, 1] or around it, the start.
        target: (1, C, H', W') in [-1, 1]; with a hole of the size of `x`.
        steps: number of Adam's steps.
        learning_rate: Adam's, in units of the picture.
        config: patch, projections and power.
        generator: of the directions, on the CPU.
        hole: restricts what moves and what is compared; None moves all and compares all.
        report: told of every step.

    Returns:
        (1, C, H, W) in [-1, 1]; what is not free is as it came.
    """
    moving = x.detach().clone().requires_grad_(True)
    optimizer = torch.optim.Adam([moving], lr=learning_rate)
    where = sources = None
    at, from_ = (slice(None), slice(None)), (slice(None), slice(None))
    if hole is not None:  # nothing outside these windows has an influence
        at, where = _window(hole.where, config.patch)
        from_, sources = _window(hole.sources, config.patch)
    for step in range(1, steps + 1):
        shown = moving if hole is None else torch.where(hole.free, moving, x)
        loss = sliced_wasserstein(
            shown[..., at[0], at[1]],
            target[..., from_[0], from_[1]],
            where,
            target_where=sources,
            patch=config.patch,
            projections=config.projections,
            generator=generator,
            power=config.power,
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        report(step, float(loss.detach()))
    moved = moving.detach().clamp(-1, 1)
    return moved if hole is None else torch.where(hole.free, moved, x)


def _window(where: Mask, patch: int) -> tuple[tuple[slice, slice], Mask]:
    """Rows and columns of the pixels of the chosen patches, and the choice within them."""
    chosen = torch.nonzero(where[0, 0])
    (top, left), (bottom, right) = chosen.amin(0).tolist(), (chosen.amax(0) + 1).tolist()
    pixels = slice(top, bottom + patch - 1), slice(left, right + patch - 1)
    return pixels, where[..., top:bottom, left:right]
