"""Jobs handed to worker processes: who takes which, what they tell, and how long it will last."""

from __future__ import annotations

import contextlib
import logging
import math
import multiprocessing
import shutil
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path

from selfmend.errors import RunError
from selfmend.jobs.job import Job, Limits
from selfmend.jobs.queue import Store, expired, folder_bytes
from selfmend.jobs.worker import CANCEL, WorkerContext, resident, serve
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


class SteadyClock:
    """Seconds since 1970 by which results grow old: a clock that is set forward makes nothing old at once."""

    def __init__(self, clock: Callable[[], float], steady: Callable[[], float]) -> None:
        """Start it.

        Args:
            clock: seconds since 1970, which may jump.
            steady: seconds of a clock that does not.
        """
        self._clock, self._steady = clock, steady
        self._began = clock() - steady()

    def __call__(self) -> float:
        """The earlier of what the clock says, and of what it said at the start and has passed since."""
        return min(self._clock(), self._began + self._steady())


PATIENCE = 3.0
"""Seconds in which a worker may bring itself to a stop before it is killed."""


class WorkerHandle(Child):
    """A worker process as the server holds it.

    Attributes:
        queue: whose jobs it does.
        ready: whether it can be given a job.
        job: what it does now, as it was last told.
    """

    def __init__(self, queue: str, context: WorkerContext) -> None:
        super().__init__(serve, context)
        self.queue, self.ready = queue, False
        self.job: Job | None = None
        self._began = 0.0
        self._stopping: float | None = None
        self._left, self._ended = TimeLeft(), False

    def begin(self, job: Job) -> None:
        """Let it do a job."""
        self.job, self.ready, self._ended = job, False, False
        self._began, self._stopping, self._left = time.monotonic(), None, TimeLeft()
        self.give(job)

    def free(self) -> None:
        """It is done with what it had, and that is kept."""
        self.job, self.ready, self._stopping, self._ended = None, True, None, True

    def hold(self) -> None:
        """It is done with what it had, which is still to be kept: until then it takes nothing."""
        self._ended = True

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
        return not self._ended and self._stopping is not None and time.monotonic() - self._stopping > PATIENCE

    def with_time_left(self, job: Job) -> Job:
        """The job as it was told, and how long it still takes."""
        left = None if job.done is None else self._left.tell(job.done, time.monotonic())
        return replace(job, seconds_left=left)


_LOG = logging.getLogger("selfmend.server")
_TICK = 0.5  # seconds between looks at what is late or has grown
_CLEAN_EVERY = 60.0  # seconds
_LONGEST_PAUSE = 60.0  # seconds between starts of workers that cannot get ready
_STEP_BACK = 5


class Dispatcher:
    """Workers of both queues, and the one thread that talks with them."""

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
        heavy = WorkerContext(jobs=store.folder / "jobs", runs=runs, device=device, threads=cores, nice=_STEP_BACK)
        self._contexts = {
            "heavy": heavy,
            "quick": replace(heavy, threads=max(1, cores // quick), nice=0),
        }
        self._workers: list[WorkerHandle] = []
        self._failed_starts, self._start_at = dict.fromkeys(self._most, 0), dict.fromkeys(self._most, 0.0)
        self._connections, self._wakeup = multiprocessing.Pipe(duplex=False)
        self._bell_lock = threading.Lock()
        self._rung = self._ending = self._sweeping = False
        self._clean_at = 0.0
        self._steady = SteadyClock(clock, time.monotonic)
        self._unkept: list[tuple[str, Callable[[], object]]] = []
        self._trouble = ""
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

    def starting(self, queue: str) -> bool:
        """Whether no worker of a queue has come as far as its first job yet."""
        return not any(one.ready or one.job is not None for one in list(self._workers) if one.queue == queue)

    def sweep_soon(self) -> None:
        """Files of jobs that are gone can go too."""
        self._sweeping = True
        self.wake()

    def _run(self) -> None:
        try:
            while not self._ending:
                try:
                    self._turn()
                    self._tell_trouble("")
                except (RunError, OSError) as error:  # a full disk, as a rule: everything waits until there is room
                    self._tell_trouble(" ".join(str(error).split()))
                    time.sleep(_TICK)
                except Exception:
                    _LOG.exception("the dispatcher failed at one thing, and goes on")
                    time.sleep(_TICK)
        finally:
            self._end()

    def _is_held(self, id: str) -> bool:
        """Whether what became of a job still is to be kept."""
        return any(held == id for held, _ in self._unkept)

    def _tell_trouble(self, line: str) -> None:
        """Say once that nothing can be kept, and once that it can be again."""
        if line and not self._trouble:
            _LOG.error("%s; jobs wait until it can be", line)
        elif self._trouble and not line:
            _LOG.warning("jobs can be kept again, and go on")
        self._trouble = line

    def _turn(self) -> None:
        self._keep_rest()
        self._start_worker()
        self._give()
        self._stop_late()
        self._clean()
        for ready in wait([self._connections, *(worker.connection for worker in self._workers)], timeout=_TICK):
            if ready is self._connections:
                with self._bell_lock:
                    self._connections.recv_bytes()
                    self._rung = False
                continue
            self._receive(next(worker for worker in self._workers if worker.connection is ready))

    def _start_worker(self) -> None:
        """Quick workers are there from the start; the heavy one when the first heavy job comes."""
        for queue, most in self._most.items():
            here = sum(worker.queue == queue for worker in self._workers)
            if time.monotonic() < self._start_at[queue]:
                continue
            if queue == "quick" or self._store.waiting(queue):
                self._workers += [WorkerHandle(queue, self._contexts[queue]) for _ in range(most - here)]

    def _give(self) -> None:
        for worker in self._workers:
            if worker.ready and (job := self._store.take(worker.queue, self._clock())) is not None:
                worker.begin(job)

    def _stop_late(self) -> None:
        """Ask those to stop whose job was cancelled or takes too long; kill those that do not."""
        for worker in list(self._workers):
            if worker.job is None:
                continue
            most = self._limits.max_seconds
            if worker.seconds > most and not self._is_held(worker.job.id):
                line = f"it took longer than {most:g} s, which is the most that a job may take here"
                self._store.finish(replace(worker.job, state="failed", error=line), self._clock())
            if (resident(worker.pid) or 0) > self._limits.max_memory:
                self._end_large(worker)
                continue
            if not self._store.runs(worker.job.id):
                worker.cancel()
            if worker.late:
                self._workers.remove(worker)
                worker.end(now=True)

    def _end_large(self, worker: WorkerHandle) -> None:
        """End a worker that holds more memory than it may, before the machine has none left."""
        job, most = worker.job, self._limits.max_memory / 1e9
        self._workers.remove(worker)
        worker.end(now=True)
        if job is None or self._is_held(job.id):
            return
        line = f"it took more than {most:g} GB of memory, the most that a job may take here; a smaller picture fits"
        self._keep(job.id, lambda: self._finish(replace(job, state="failed", error=line)))

    def _clean(self) -> None:
        """Now and then the jobs that are old or too many, and at once the files of those that were removed."""
        if time.monotonic() > self._clean_at:
            self._clean_at = time.monotonic() + _CLEAN_EVERY
            self._measure()
            self._store.remove(expired(self._store.finished(), self._limits, self._steady()))
            self._sweeping = True
        if not self._sweeping:
            return
        held = {worker.job.id for worker in self._workers if worker.job is not None}  # a worker still writes there
        orphans = self._store.orphans()
        self._sweeping = any(path.name in held for path in orphans)
        for path in orphans:
            if path.name not in held:
                shutil.rmtree(path, ignore_errors=True)

    def _measure(self) -> None:
        """What was cancelled or took too long has files too, and they count once nobody writes them any more."""
        held = {worker.job.id for worker in self._workers if worker.job is not None}
        for id, _, size in self._store.finished():
            if not size and id not in held and (size := folder_bytes(self._store.path_of(id))):
                self._store.measure(id, size)

    def _receive(self, worker: WorkerHandle) -> None:
        try:
            message = worker.take()
        except ChildEndedError:
            self._lost(worker)
            return
        self._answer(worker, *message)

    def _answer(self, worker: WorkerHandle, what: str, told: Job | str | None = None) -> None:
        """What a worker said; see `selfmend.jobs.worker`."""
        if what == "leaving":
            self._workers.remove(worker)
            worker.end()
            if (job := worker.job) is not None:  # it was given this before its farewell arrived
                self._keep(job.id, partial(self._store.put_back, job.id))
        elif what == "ready":
            worker.ready = True
            self._failed_starts[worker.queue] = 0
        elif what == "fault" and worker.job is not None:
            _LOG.error("job %s (%s) failed:\n%s", worker.job.id, worker.job.task, told)
        elif isinstance(told, Job) and not told.final:
            worker.job = worker.with_time_left(told)
            self._store.tell(worker.job)
        elif isinstance(told, Job):
            if told.state == "cancelled":  # which is known here, or it was put back
                worker.free()
            else:
                worker.hold()

                def settle() -> None:
                    self._finish(told)
                    worker.free()

                self._keep(told.id, settle)

    def _lost(self, worker: WorkerHandle) -> None:
        """A worker has died."""
        job = worker.job
        self._workers.remove(worker)
        code = worker.end(now=True)
        if job is None:
            wait_for = self._pause_starts(worker)
            _LOG.error(
                "a worker ended unexpectedly (exit code %s); another one takes its place in %g s", code, wait_for
            )
            return
        memory = "; perhaps memory was used up, then a smaller picture fits" if code == -signal.SIGKILL else ""
        line = f"the worker ended unexpectedly (exit code {code}){memory}"

        def settle() -> None:
            if code == -signal.SIGTERM and self._store.put_back(job.id, counts=True):
                return  # the whole machine may be going down: the next start does it
            if self._finish(replace(job, state="failed", error=line)):
                _LOG.error("job %s (%s): %s", job.id, job.task, line)

        self._keep(job.id, settle)

    def _pause_starts(self, worker: WorkerHandle) -> float:
        """Seconds until another worker of the queue is started: longer each time that one cannot even get ready."""
        failed = 0 if worker.ready else self._failed_starts[worker.queue]
        self._failed_starts[worker.queue] = failed + 1
        seconds = min(_LONGEST_PAUSE, _TICK * 2 ** min(failed, 16))
        self._start_at[worker.queue] = time.monotonic() + seconds
        return seconds

    def _finish(self, job: Job) -> bool:
        return self._store.finish(job, self._clock(), size=folder_bytes(self._store.path_of(job.id)))

    def _keep(self, id: str, write: Callable[[], object]) -> None:
        """Put into the table what became of a job; what cannot be kept now, as on a full disk, is kept later.

        Raises:
            RunError: it cannot be kept now.
        """
        self._unkept.append((id, write))
        self._keep_rest()

    def _keep_rest(self) -> None:
        while self._unkept:
            self._unkept[0][1]()
            del self._unkept[0]

    def _end(self) -> None:
        """What runs goes back into the queue; a training keeps its state."""
        with contextlib.suppress(RunError):  # a full disk: what cannot be kept is done again at the next start
            self._keep_rest()
        for worker in self._workers:
            if worker.job is not None:
                with contextlib.suppress(RunError):
                    self._store.put_back(worker.job.id)
                worker.cancel()
        for worker in self._workers:
            worker.end(now=worker.job is None)
        self._workers.clear()
