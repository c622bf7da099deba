"""Watchers: what looks on while a stage is trained, and changes nothing."""

from __future__ import annotations

from typing import Protocol

import torch

from selfmend.train.stage import Stage, Terms

READ_EVERY = 25  # steps between looks at terms that live on an accelerator, where each look stops its queue


class Watcher(Protocol):
    """Told of a stage's steps, in the process that writes. Raising from it stops the work; the state is saved first."""

    def begin(self, stage: Stage, first: int) -> None:
        """A stage goes on after `first` steps, 0 where it begins."""

    def after(self, stage: Stage, step: int, terms: Terms) -> None:
        """`step` steps of the stage are done; `terms` may live on an accelerator."""


def on_accelerator(terms: Terms) -> bool:
    """Whether reading the terms makes a device's queue stop."""
    return any(isinstance(v, torch.Tensor) and v.device.type != "cpu" for v in terms.values())


def learning_rate(stage: Stage) -> float | None:
    """Of the first optimiser in the stage's state."""
    groups = (getattr(part, "param_groups", None) for part in stage.state.values())
    return next((float(g[0]["lr"]) for g in groups if g), None)
