"""A picture of what has been learned so far, offered whenever a stage is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from selfmend.core.progress import Progress, ProgressEvent
from selfmend.core.types import Image
from selfmend.train.stage import Stage


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
