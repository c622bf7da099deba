"""A task that is declared like the others, and known to these tests and their workers alone."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from selfmend.jobs import worker
from selfmend.jobs.work import JobOutput, RunningJob
from selfmend.options import option
from selfmend.tasks import TASKS, Task


@dataclass(frozen=True, kw_only=True)
class Tint:
    """Options of the task."""

    level: int = option(40, "how bright the result is", unit="levels", source="ours", low=0, high=255, limit=200)
    passes: int | None = option(None, "how often", source="ours", low=1, none="once")
    share: float = option(0.25, "how much of it", source="ours", low=0, high=1)
    edge: str = option("mirror", "what lies outside", source="ours", choices=("mirror", "zero"))
    linear: bool = option(True, "in linear light", source="ours", off="in the file's own levels")
    paper_name: str | None = option(None, "what is printed on", source="ours", none="nothing", label="Paper")


TINT = Task(
    name="flat-tint", command="flat-tint", title="Make all of a picture equally bright.", result="a flat picture",
    options=Tint(), does="browser.toy:tint", needs=("image",), takes=("reference",),
)  # fmt: skip


def tint(job: RunningJob) -> JobOutput:
    """What a worker does for it."""
    assert job.path("image") is not None
    made = np.full((20, 30, 3), job.settings.level, np.uint8)
    return JobOutput(results=[made], suffix="-flat", ending=".png")


def serve(*given: Any) -> None:
    """A worker's process, which has imported Selfmend itself and learns of the task here."""
    TASKS[TINT.name] = TINT
    worker.serve(*given)
