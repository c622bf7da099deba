"""Learning rates as pure functions of progress."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import torch

from selfmend.train.stage import Stage, Terms


def half_cosine(progress: float, *, end: float = 0.0) -> float:
    """From 1 at progress 0 down to `end` at progress 1, by half a cosine.

    Example:
        >>> [round(half_cosine(p, end=0.2), 3) for p in (0, 0.5, 1)]
        [1.0, 0.6, 0.2]
    """
    return end + (1 - end) * 0.5 * (1 + math.cos(math.pi * progress))


def falling_at_the_end(stage: Stage, share: float) -> Stage:
    """The stage with all its optimisers' learning rates falling to nothing over the last `share` of its steps.

    Args:
        stage: as a method built it: the learning rates are those that its optimisers have now.
        share: 0 leaves the stage as it is, 1 begins at the first step.
    """
    if not share:
        return stage
    optimizers = [part for part in stage.state.values() if isinstance(part, torch.optim.Optimizer)]
    rates = [[group["lr"] for group in optimizer.param_groups] for optimizer in optimizers]

    def step(i: int, batch: Any, generator: torch.Generator) -> Terms:
        factor = half_cosine(max(0.0, 1 - (stage.steps - i) / (share * stage.steps)))
        for optimizer, own in zip(optimizers, rates, strict=True):
            for group, rate in zip(optimizer.param_groups, own, strict=True):
                group["lr"] = rate * factor
        return stage.step(i, batch, generator)

    return dataclasses.replace(stage, step=step)
