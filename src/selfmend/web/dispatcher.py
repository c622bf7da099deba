"""The thread that hands the jobs to the workers, and takes from them what they tell."""

from __future__ import annotations

import logging
import multiprocessing
import shutil
import signal
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from selfmend.core.child import ChildEndedError, usable_cores
from selfmend.web.cleaning import expired, folder_bytes
from selfmend.web.hand import Hand
from selfmend.web.job import Work
from selfmend.web.limits import Limits
from selfmend.web.store import Store
from selfmend.web.worker import Setup

_LOG = logging.getLogger("selfmend.web")
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
        self._hands: list[Hand] = []
        self._ears, self._bell = multiprocessing.Pipe(duplex=False)
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
                self._bell.send_bytes(b"")

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
        self._hire()
        self._give()
        self._stop_late()
        self._clean()
        for ready in wait([self._ears, *(hand.connection for hand in self._hands)], timeout=_TICK):
            if ready is self._ears:
                with self._bell_lock:
                    self._ears.recv_bytes()
                    self._rung = False
                continue
            self._hear(next(hand for hand in self._hands if hand.connection is ready))

    def _hire(self) -> None:
        """Quick workers are there from the start; the heavy one when the first heavy job comes."""
        for lane, most in self._most.items():
            here = sum(hand.lane == lane for hand in self._hands)
            if lane == "quick" or self._store.waiting(lane):
                self._hands += [Hand(lane, self._setups[lane]) for _ in range(most - here)]

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

    def _hear(self, hand: Hand) -> None:
        try:
            message = hand.take()
        except ChildEndedError:
            self._lost(hand)
            return
        self._answer(hand, *message)

    def _answer(self, hand: Hand, what: str, *rest: Any) -> None:
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

    def _lost(self, hand: Hand) -> None:
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
