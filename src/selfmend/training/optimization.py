"""Optimiser steps shared by several processes, and how learning rates fall.

Learning rates as pure functions of progress.

One optimiser's update, the same with one process and with many.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import torch

from selfmend.training.stage import Stage, Terms

if TYPE_CHECKING:
    from lightning_fabric import Fabric


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


class Updater:
    """Zeroes the gradients, back-propagates, averages the gradients over the processes, and steps.

    The modules stay as they are: a wrapper that averages during the backward pass does not go well with several
    backward passes through several nets a step, with the buffers of spectral norms, or with gradient penalties.

    Args:
        fabric: whose processes share the work.
        optimizer: of the parameters to update; those of other nets may collect gradients, which nobody uses.
    """

    def __init__(self, fabric: Fabric, optimizer: torch.optim.Optimizer) -> None:
        self.fabric, self.optimizer = fabric, optimizer

    def step(self, loss: torch.Tensor) -> None:
        """Update once, downhill on `loss` (one number): its mean over this process's part of the batch."""
        self.optimizer.zero_grad(set_to_none=True)
        self.fabric.backward(loss)
        if self.fabric.world_size > 1:
            self._average_gradients()
        self.optimizer.step()

    def _average_gradients(self) -> None:
        gradients = [p.grad for group in self.optimizer.param_groups for p in group["params"] if p.grad is not None]
        if not gradients:
            return
        flat = torch.cat([g.flatten() for g in gradients])  # one exchange a step, not one a parameter
        flat = self.fabric.all_reduce(flat, reduce_op="mean")
        for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))
