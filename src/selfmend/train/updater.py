"""One optimiser's update, the same with one process and with many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from lightning_fabric import Fabric


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
