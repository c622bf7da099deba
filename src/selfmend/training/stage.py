"""What a stage of a training is, and the pictures that are shown between stages.

A stage of training: what a method yields and the loop runs.

A picture of what has been learned so far, offered whenever a stage is trained.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

import torch

from selfmend.progress import Progress, ProgressEvent
from selfmend.types import Image


class Stateful(Protocol):
    """Anything that can be saved and restored: a module, an optimiser, a schedule."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state_dict: Any, /) -> Any: ...


Terms: TypeAlias = Mapping[str, "torch.Tensor | float"]
Step: TypeAlias = Callable[[int, Any, torch.Generator], Terms]


@dataclass(kw_only=True)
class Stage:
    """A run of equal steps on one state.

    A method is a generator of stages: the code after a `yield` runs when that stage is trained, so what the next stage
    needs from it (noise amplitudes, warm starts) is ordinary code. On resume the generator is replayed: finished
    stages are loaded instead of run. Therefore whatever is drawn while a stage is built must come from
    `make_generator(seed, ...)`, and whatever `step` changes must be in `state`.

    Attributes:
        name: shown to people and part of the seed of every step; unique within a run.
        steps: number of steps.
        step: does the updates of step i (from 0), given a batch and a CPU generator seeded from (seed, name, i);
            returns the terms to report by name.
        state: all that `step` changes.
        batches: given the first step to run, yields one batch a step; None where a step needs no batch.
    """

    name: str
    steps: int
    step: Step
    state: dict[str, Stateful] = field(default_factory=dict)
    batches: Callable[[int], Iterator[Any]] | None = None


def with_previews(
    stages: Iterable[Stage], preview: Callable[[], Image | None], *, costs: Sequence[float], progress: Progress
) -> Iterator[Stage]:
    """The same stages, with an event between each two.

    Args:
        stages: what is trained; the code after a stage's `yield` has run when its event comes.
        preview: draws what has been learned; it must change nothing that the training depends on.
        costs: of the stages, if known beforehand; see `train.loop.run`.
        progress: told. It calls the event's `preview`, or pays nothing.
    """
    before: Stage | None = None
    for index, stage in enumerate(stages):
        if before is not None:
            progress(
                ProgressEvent(
                    stage=before.name, stage_index=index - 1, stage_count=len(costs), step=before.steps,
                    steps=before.steps, done=sum(costs[:index]) / sum(costs) if costs else None, preview=preview,
                )
            )  # fmt: skip
        before = stage
        yield stage
