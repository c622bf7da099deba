"""A worker process as the server holds it, and the job that it has."""

from __future__ import annotations

import time
from typing import Any

from selfmend.core.child import Child
from selfmend.web.job import Work
from selfmend.web.time_left import TimeLeft
from selfmend.web.worker import CANCEL, Setup, serve

PATIENCE = 3.0
"""Seconds in which a worker may bring itself to a stop before it is killed."""


class Hand(Child):
    """One worker.

    Attributes:
        lane: whose jobs it does.
        ready: whether it can be given a job.
        work: what it does now.
        warnings: lines that its job has given.
    """

    def __init__(self, lane: str, setup: Setup) -> None:
        super().__init__(serve, setup)
        self.lane, self.ready = lane, False
        self.work: Work | None = None
        self.warnings: list[str] = []
        self._began = 0.0
        self._stopping: float | None = None
        self._left = TimeLeft()

    def begin(self, work: Work) -> None:
        """Let it do a job."""
        self.work, self.ready, self.warnings = work, False, []
        self._began, self._stopping, self._left = time.monotonic(), None, TimeLeft()
        self.give(work)

    def free(self) -> Work | None:
        """It is done with what it had, which comes back."""
        work, self.work, self.ready, self._stopping = self.work, None, True, None
        return work

    def cancel(self) -> None:
        """Ask it to leave the job that it has."""
        if self._stopping is None:
            self._stopping = time.monotonic()
            self.give(CANCEL)

    @property
    def seconds(self) -> float:
        """Since its job began."""
        return time.monotonic() - self._began

    @property
    def late(self) -> bool:
        """Whether it was asked to stop, and has not."""
        return self._stopping is not None and time.monotonic() - self._stopping > PATIENCE

    def with_time_left(self, fields: dict[str, Any]) -> dict[str, Any]:
        """The fields of a job's progress, and how long it still takes."""
        done = fields.get("done")
        return fields | {"seconds_left": None if done is None else self._left.tell(done, time.monotonic())}
