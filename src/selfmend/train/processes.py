"""The processes that train together: what they must agree on, and which of them writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from selfmend.train.stage import Terms

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class Processes:
    """One process, or those of a Fabric.

    Attributes:
        count: number of processes.
        first: whether this is the one that writes files and talks to people.
    """

    def __init__(self, fabric: Fabric | None = None) -> None:
        self._fabric = fabric
        self.count = 1 if fabric is None else fabric.world_size
        self.first = fabric is None or fabric.global_rank == 0

    def mean(self, terms: Terms) -> Terms:
        """Each term's mean over the processes, so that all of them stop where one is not finite."""
        if self._fabric is None or self.count == 1 or not terms:
            return terms
        values = [torch.as_tensor(v, dtype=torch.float32, device=self._fabric.device).detach() for v in terms.values()]
        means = self._fabric.all_reduce(torch.stack(values), reduce_op="mean")
        return dict(zip(terms, means.unbind(), strict=True))

    def any(self, flag: bool) -> bool:
        """Whether the flag is set in one of the processes."""
        if self._fabric is None or self.count == 1:
            return flag
        return bool(self._fabric.all_reduce(torch.tensor(float(flag), device=self._fabric.device), reduce_op="sum") > 0)

    def wait(self) -> None:
        """Until all processes are here."""
        if self._fabric is not None and self.count > 1:
            self._fabric.barrier()
