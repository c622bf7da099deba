"""Progress as events: methods tell what happens, the CLI, the page and notebooks render it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from selfmend.types import Image


@dataclass(frozen=True, kw_only=True)
class ProgressEvent:
    """One moment of a piece of work.

    Attributes:
        stage: name of the stage, e.g. "scale 3 (57x85)".
        stage_index: 0-based index of the stage.
        stage_count: number of stages if known, else 0.
        step: steps done in this stage, 0...steps.
        steps: steps of this stage.
        done: fraction of the whole work in [0, 1] if known, else None; it counts cost, not steps.
        terms: losses and other numbers by name.
        preview: draws a picture of the state, or gives None if there is none; who wants it calls it before the event
            is answered, and who does not pays nothing.
    """

    stage: str
    stage_index: int = 0
    stage_count: int = 0
    step: int = 0
    steps: int = 0
    done: float | None = None
    terms: Mapping[str, float] = field(default_factory=dict)
    preview: Callable[[], Image | None] | None = None


Progress: TypeAlias = Callable[[ProgressEvent], None]
"""Takes events as they happen. Raising from it stops the work at that step; training state is saved first."""


def work_done(what: str, done: int, count: int) -> ProgressEvent:
    """The event of `done` pieces of equal work out of `count`, such as pictures."""
    return ProgressEvent(stage=what, stage_count=1, step=done, steps=count, done=done / count)


def share_of(progress: Progress, k: int, count: int, name: str) -> Progress:
    """Progress of the k-th of `count` equal pieces of work, told as progress of the whole."""

    def show(event: ProgressEvent) -> None:
        stage = f"{name}, {event.stage}" if event.stage else name
        progress(replace(event, stage=stage, done=(k + _own(event)) / count))

    return show


TRAINING = 0.95
"""Share of the whole work that is told where something is learned first and then drawn."""


def while_learning(progress: Progress) -> Progress:
    """Progress of a training, as the first part of work that draws afterwards."""
    return lambda event: progress(replace(event, done=TRAINING * _own(event)))


def after_learning(progress: Progress) -> Progress:
    """Progress of the drawing after a training, as the last part of the work."""
    return lambda event: progress(replace(event, done=TRAINING + (1 - TRAINING) * _own(event)))


def _own(event: ProgressEvent) -> float:
    return event.done if event.done is not None else event.step / max(1, event.steps)


def sample_shares(progress: Progress, samples: int) -> list[Progress]:
    """What each of so many samples tells its progress to; that of a single one is the whole."""
    if samples == 1:
        return [progress]
    return [share_of(progress, k, samples, f"sample {k + 1} of {samples}") for k in range(samples)]


def silent(event: ProgressEvent) -> None:
    """The progress that shows nothing."""
