"""Jobs handed to worker processes: who takes which, what they tell, and how long it will last.

How long a job still takes.

A worker process as the server holds it, and the job that it has.

The thread that hands the jobs to the workers, and takes from them what they tell.
"""

from __future__ import annotations

import logging
import math
import multiprocessing
import shutil
import signal
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from selfmend.jobs.job import Limits, Work
from selfmend.jobs.queue import Store, expired, folder_bytes
from selfmend.jobs.worker import CANCEL, Setup, serve
from selfmend.processes import Child, ChildEndedError, usable_cores

_LEAST_SECONDS, _LEAST_DONE = 1.0, 0.01  # before that, nobody knows
_MEMORY = 10.0  # seconds
_SHARE = 0.3  # of what has passed; the longer it runs, the longer it looks back


class TimeLeft:
    """An estimate from the speed of the last while.

    Work does not go on evenly: scales differ, other jobs come and go. So what has passed counts less and less, the more
    so the longer ago it was; and a job that goes on where it was stopped is not taken for a fast one.
    """

    def __init__(self) -> None:
        self._seconds: float | None = None
        self._done = self._first = self._began = 0.0
        self._passed = self._gained = 0.0

    def tell(self, done: float, seconds: float) -> float | None:
        """Seconds left, or None where nothing can be said yet.

        Args:
            done: fraction of the work in [0, 1].
            seconds: of any clock that does not go back.
        """
        if self._seconds is None:
            self._seconds, self._began, self._done, self._first = seconds, seconds, done, done
            return None
        step, age = max(0.0, seconds - self._seconds), seconds - self._began
        fade = math.exp(-step / max(_MEMORY, _SHARE * age))
        self._passed = self._passed * fade + step
        self._gained = self._gained * fade + max(0.0, done - self._done)
        self._seconds, self._done = seconds, max(self._done, done)
        if done >= 1:
            return 0.0
        if age < _LEAST_SECONDS or self._done - self._first < _LEAST_DONE or self._gained <= 0:
            return None
        return (1 - self._done) * self._passed / self._gained


PATIENCE = 3.0
"""Seconds in which a worker may bring itself to a stop before it is killed."""


class WorkerHandle(Child):
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


_LOG = logging.getLogger("selfmend.server")
_TICK = 1.0  # seconds between looks at what is late
_CLEAN_EVERY = 60.0  # seconds
_STEP_BACK = 5


class Dispatcher:
    """Workers of both lanes, and the one thread that talks with them."""

    def __init__(
        self,
        store: Store,
        *,
        runs: Path,
        limits: Limits,
        quick_workers: int | None,
        device: str,
        clock: Callable[[], float],
    ) -> None:
        cores = usable_cores()
        quick = quick_workers or max(1, cores // 2)
        self._store, self._limits, self._clock = store, limits, clock
        self._most = {"quick": quick, "heavy": 1}
        self._setups = {
            "quick": Setup(runs=runs, device=device, threads=max(1, cores // quick), nice=0),
            "heavy": Setup(runs=runs, device=device, threads=cores, nice=_STEP_BACK),
        }
        self._hands: list[WorkerHandle] = []
        self._connections, self._wakeup = multiprocessing.Pipe(duplex=False)
        self._bell_lock = threading.Lock()
        self._rung = self._ending = self._sweeping = False
        self._clean_at = 0.0
        self._thread = threading.Thread(target=self._run, name="selfmend-dispatcher", daemon=True)

    def start(self) -> None:
        """Start the quick workers, which take some seconds to get ready, and the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the workers, and the thread."""
        self._ending = True
        self.wake()
        if self._thread.is_alive():
            self._thread.join()

    def wake(self) -> None:
        """Something has changed that the thread should look at now."""
        with self._bell_lock:
            if not self._rung:
                self._rung = True
                self._wakeup.send_bytes(b"")

    def starting(self, lane: str) -> bool:
        """Whether no worker of a lane has come as far as its first job yet."""
        return not any(hand.ready or hand.work is not None for hand in list(self._hands) if hand.lane == lane)

    def sweep_soon(self) -> None:
        """Files of jobs that are gone can go too."""
        self._sweeping = True
        self.wake()

    def _run(self) -> None:
        try:
            while not self._ending:
                try:
                    self._turn()
                except Exception:
                    _LOG.exception("the dispatcher failed at one thing, and goes on")
                    time.sleep(_TICK)
        finally:
            self._end()

    def _turn(self) -> None:
        self._start_worker()
        self._give()
        self._stop_late()
        self._clean()
        for ready in wait([self._connections, *(hand.connection for hand in self._hands)], timeout=_TICK):
            if ready is self._connections:
                with self._bell_lock:
                    self._connections.recv_bytes()
                    self._rung = False
                continue
            self._receive(next(hand for hand in self._hands if hand.connection is ready))

    def _start_worker(self) -> None:
        """Quick workers are there from the start; the heavy one when the first heavy job comes."""
        for lane, most in self._most.items():
            here = sum(hand.lane == lane for hand in self._hands)
            if lane == "quick" or self._store.waiting(lane):
                self._hands += [WorkerHandle(lane, self._setups[lane]) for _ in range(most - here)]

    def _give(self) -> None:
        for hand in self._hands:
            if hand.ready and (work := self._store.take(hand.lane, self._clock())) is not None:
                hand.begin(work)

    def _stop_late(self) -> None:
        """Ask those to stop whose job was cancelled or takes too long; kill those that do not."""
        for hand in list(self._hands):
            if hand.work is None:
                continue
            most = self._limits.max_seconds
            if hand.seconds > most:
                line = f"it took longer than {most:g} s, which is the most that a job may take here"
                self._store.finish(hand.work.id, "failed", self._clock(), error=line, warnings=hand.warnings)
            if not self._store.runs(hand.work.id):
                hand.cancel()
            if hand.late:
                self._hands.remove(hand)
                hand.end(now=True)

    def _clean(self) -> None:
        """Now and then the jobs that are old or too many, and at once the files of those that were removed."""
        if time.monotonic() > self._clean_at:
            self._clean_at = time.monotonic() + _CLEAN_EVERY
            self._store.remove(expired(self._store.finished(), self._limits, self._clock()))
            self._sweeping = True
        if not self._sweeping:
            return
        held = {hand.work.id for hand in self._hands if hand.work is not None}  # a worker still writes there
        orphans = self._store.orphans()
        self._sweeping = any(path.name in held for path in orphans)
        for path in orphans:
            if path.name not in held:
                shutil.rmtree(path, ignore_errors=True)

    def _receive(self, hand: WorkerHandle) -> None:
        try:
            message = hand.take()
        except ChildEndedError:
            self._lost(hand)
            return
        self._answer(hand, *message)

    def _answer(self, hand: WorkerHandle, what: str, *rest: Any) -> None:
        if what == "leaving":
            self._hands.remove(hand)
            if hand.work is not None:  # it was given this before its farewell arrived
                self._store.put_back(hand.work.id)
            hand.end()
        elif what == "ready":
            hand.ready = True
        elif what == "warnings":
            (hand.warnings,) = rest
        elif what == "progress" and hand.work is not None:
            fields, previews = rest
            self._store.tell(hand.work.id, hand.with_time_left(fields), previews=previews)
        elif (work := hand.free()) is not None:
            self._finish(work, hand.warnings, what, *rest)

    def _finish(self, work: Work, said: Sequence[str], what: str, *rest: Any) -> None:
        now, size = self._clock(), folder_bytes(work.folder)
        if what == "failed":
            line, details = rest
            if details:
                _LOG.error("job %s (%s) failed:\n%s", work.id, work.kind, details)
            self._store.finish(work.id, "failed", now, error=line, warnings=said, size=size)
        elif what == "done":
            (results,) = rest
            self._store.finish(work.id, "done", now, warnings=said, results=results, size=size)

    def _lost(self, hand: WorkerHandle) -> None:
        """A worker has died."""
        work = hand.work
        self._hands.remove(hand)
        code = hand.end(now=True)
        if work is None:
            _LOG.error("a worker ended unexpectedly (exit code %s); another one takes its place", code)
            time.sleep(_TICK)  # one that cannot even start must not keep the machine busy
            return
        if code == -signal.SIGTERM and self._store.put_back(work.id, counts=True):
            return  # the whole machine may be going down: the next start does it
        memory = "; perhaps memory was used up, then a smaller picture fits" if code == -signal.SIGKILL else ""
        line = f"the worker ended unexpectedly (exit code {code}){memory}"
        size = folder_bytes(work.folder)
        if self._store.finish(work.id, "failed", self._clock(), error=line, warnings=hand.warnings, size=size):
            _LOG.error("job %s (%s): %s", work.id, work.kind, line)

    def _end(self) -> None:
        """What runs goes back into the queue; a training keeps its state."""
        for hand in self._hands:
            if hand.work is not None:
                self._store.put_back(hand.work.id)
                hand.cancel()
        for hand in self._hands:
            hand.end(now=hand.work is None)
        self._hands.clear()
