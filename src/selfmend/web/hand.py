"""A worker process as the server holds it: started, given work, asked to stop, ended."""

from __future__ import annotations

import contextlib
import multiprocessing
import time
from typing import Any

from selfmend.web.store import Work
from selfmend.web.worker import CANCEL, Setup, serve

PATIENCE = 3.0
"""Seconds in which a worker may bring itself to a stop before it is killed."""


class Hand:
    """One worker, and the job that it has.

    Attributes:
        lane: whose jobs it does.
        ready: whether it can be given work.
        work: what it does now.
        stopping: when it was asked to stop, or None.
        warnings: lines that its job has given.
    """

    def __init__(self, lane: str, setup: Setup) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would share the server's threads' locks
        self.lane, self.ready = lane, False
        self.work: Work | None = None
        self.stopping: float | None = None
        self.warnings: list[str] = []
        self.started = 0.0
        self.connection, other = context.Pipe()
        self.process = context.Process(target=serve, args=(other, setup), daemon=True, name=f"selfmend-{lane}")
        self.process.start()
        other.close()

    def give(self, work: Work) -> None:
        """Let it do a job."""
        self.work, self.ready, self.stopping, self.warnings = work, False, None, []
        self.started = time.monotonic()
        self._send(work)

    def stop(self) -> None:
        """Ask it to leave the job that it has."""
        if self.stopping is None:
            self.stopping = time.monotonic()
            self._send(CANCEL)

    @property
    def late(self) -> bool:
        """Whether it was asked to stop, and has not."""
        return self.stopping is not None and time.monotonic() - self.stopping > PATIENCE

    def end(self, *, now: bool = False) -> int | None:
        """End the process; its exit code."""
        if not now:
            self._send(None)
            self.process.join(PATIENCE)
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
        self.connection.close()
        return self.process.exitcode

    def _send(self, message: Any) -> None:
        with contextlib.suppress(OSError):  # it has died, which the reading end finds out
            self.connection.send(message)
