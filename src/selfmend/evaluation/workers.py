"""The processes in which entries of a benchmark fill their cases, one after the other, timed.

A process that fills the cases of one entry, so that the peak memory it tells is that entry's.

Nothing heavy is imported before the first case; see `entries`.

Filling the cases of a benchmark with a method of ours, timed.

Several processes that fill cases at once, each for one entry; one that is killed costs one case.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import IO

import numpy as np

from selfmend.errors import SelfmendError
from selfmend.evaluation.entries import CommandEntry, Entry, MethodEntry
from selfmend.image.files import read_picture, save_picture
from selfmend.masks.reading import drawn_mask
from selfmend.methods.base import Method
from selfmend.methods.registry import method_class
from selfmend.parallel import limit_threads
from selfmend.processes import Child, ChildEndedError, become_child
from selfmend.types import Image, size_of

_MEGABYTE = 1e6
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes


@dataclass(frozen=True, kw_only=True)
class Task:
    """One case to fill: pictures to read, and a PNG to write."""

    case: str
    image: Path
    mask: Path
    output: Path


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What a filling took.

    Attributes:
        seconds: of the clock.
        cpu: seconds of all its threads and processes.
        memory: the most that its process has held up to then, in MB (10^6 bytes).
    """

    seconds: float
    cpu: float
    memory: float


class CaseError(SelfmendError):
    """A case that an entry could not fill."""


def serve(connection: Connection, entry: Entry) -> None:
    """Fill the tasks that come, one by one, with one thread; answer each with its cost or with what went wrong.

    Args:
        connection: gives a `Task`, or None to end; takes a `Cost` or a text.
        entry: a method or a command.
    """
    become_child()
    fill = _worker(entry)
    while True:
        try:
            task = connection.recv()
        except EOFError:  # the first process was killed
            return
        if task is None:
            return
        try:
            answer: Cost | str = fill(task)
        except SelfmendError as error:
            answer = str(error)
        except Exception as error:  # whatever a method does, the others go on
            answer = f"{type(error).__name__}: {error}"
        connection.send(answer)


def _worker(entry: Entry) -> Callable[[Task], Cost]:
    if isinstance(entry, CommandEntry):
        return lambda task: run_command(entry, task)
    assert isinstance(entry, MethodEntry)
    filler: Callable[[Task], Cost] | None = None

    def fill(task: Task) -> Cost:  # what cannot be loaded is an answer too
        nonlocal filler
        if filler is None:
            filler = method_filler(entry)
        return filler(task)

    return fill


def run_command(entry: CommandEntry, task: Task) -> Cost:
    """Start the command for one case, and wait for it.

    Raises:
        CaseError: it could not be started, ended with another code than 0 or after the time limit, or wrote nothing.
    """
    places = {"{image}": task.image, "{mask}": task.mask, "{output}": task.output}
    words = [_placed(word, places) for word in entry.words]
    task.output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile() as told:
        started = time.perf_counter()
        try:
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=told, start_new_session=True
            )
        except OSError as error:
            raise CaseError(f"{shlex.join(words)} cannot be started: {error.strerror}") from error
        timer = _Timer(process, entry.timeout or threading.TIMEOUT_MAX)
        timer.start()
        try:
            _, status, usage = os.wait4(process.pid, 0)  # unlike wait, it tells of this process alone
        except BaseException:
            _end(process)
            raise
        finally:
            timer.cancel()
        seconds = time.perf_counter() - started
        code = process.returncode = os.waitstatus_to_exitcode(status)
        if timer.is_late:
            raise CaseError(f"it took longer than {entry.timeout:g} s")
        if code:
            raise CaseError(f"exit code {code}: {_last_line(told) or 'it said nothing'}")
    if not task.output.exists():
        raise CaseError("exit code 0, but it wrote no picture")
    return Cost(seconds=seconds, cpu=usage.ru_utime + usage.ru_stime, memory=usage.ru_maxrss * _MAXRSS_UNIT / _MEGABYTE)


def peak_memory() -> float:
    """The most that this process has held, in MB."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _MAXRSS_UNIT / _MEGABYTE


def _placed(word: str, places: dict[str, Path]) -> str:
    """The word with its placeholders replaced, each once: a path may hold the text of another placeholder."""
    for placeholder, path in places.items():
        before, found, after = word.partition(placeholder)
        if found:
            return _placed(before, places) + str(path) + _placed(after, places)
    return word


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program with all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


class _Timer(threading.Timer):
    """Ends a program after so many seconds."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        super().__init__(seconds, self._strike)
        self.daemon, self.is_late, self._process = True, False, process

    def _strike(self) -> None:
        self.is_late = True
        _end(self._process)


def _last_line(file: IO[bytes]) -> str:
    file.seek(max(0, file.seek(0, os.SEEK_END) - 10_000))
    lines = file.read().decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


_WARM_SIDE, _WARM_HOLE = 64, 8


def method_filler(entry: MethodEntry) -> Callable[[Task], Cost]:
    """A function that fills a case on one thread. The time is that of the filling alone, without reading and writing.

    Raises:
        SelfmendError: the method, or its run, cannot be loaded.
    """
    limit_threads(1)
    method: Method
    if entry.model is not None:
        from selfmend.api.training import load  # brings PyTorch along, which most methods do not need

        method = load(entry.model, device=entry.device).method
    else:
        kind = method_class(entry.method)
        method = kind.from_options(entry.preset, entry.options, device=entry.device)
    warm = method.learns  # what trains for seconds needs no trial

    def fill(task: Task) -> Cost:
        nonlocal warm
        picture, mask = read_picture(task.image), drawn_mask(task.mask)
        if not warm:
            _try_out(method, picture.image)
            warm = True
        started, cpu = time.perf_counter(), time.process_time()
        (filled,) = method.inpaint(picture.image, mask, seed=entry.seed)
        cost = Cost(
            seconds=time.perf_counter() - started, cpu=time.process_time() - cpu, memory=peak_memory()
        )  # before the picture is written
        save_picture(picture.rebuild(filled, mask), task.output)
        return cost

    return fill


def _try_out(method: Method, image: Image) -> None:
    """Fill a small part once, so that compiling and loading are not the first case's time."""
    part = image[:_WARM_SIDE, :_WARM_SIDE].copy()
    mask = np.zeros(size_of(part), bool)
    mask[:_WARM_HOLE, :_WARM_HOLE] = True
    with contextlib.suppress(SelfmendError):  # the case itself will say what is wrong
        method.inpaint(part, mask)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a task: its cost, or a text that says what went wrong."""

    entry: Entry
    task: Task
    answer: Cost | str


def run_tasks(tasks: Mapping[str, tuple[Entry, Sequence[Task]]], *, jobs: int) -> Generator[Outcome, None, None]:
    """Do all tasks, those of the first entry first, and yield each outcome when it is there.

    Args:
        tasks: entries by name, with their tasks.
        jobs: processes at once. They are ended when the iterator is closed, or anything is raised in it.
    """
    waiting = {name: (entry, deque(queue)) for name, (entry, queue) in tasks.items()}
    workers: list[_Worker] = []
    try:
        while True:
            for entry, queue in waiting.values():
                while queue and len(workers) < jobs:
                    workers.append(_Worker(entry))
                    workers[-1].begin(queue.popleft())
            if not workers:
                return
            ready = wait([worker.connection for worker in workers])
            for worker in [one for one in workers if one.connection in ready]:
                outcome = worker.outcome()
                queue = waiting[worker.entry.name][1]
                if queue and worker.alive:
                    worker.begin(queue.popleft())
                else:
                    worker.end()
                    workers.remove(worker)
                yield outcome
    finally:
        for worker in workers:
            worker.end(now=True)


class _Worker(Child):
    """A process that serves one entry, and the task that it has."""

    def __init__(self, entry: Entry) -> None:
        super().__init__(serve, entry)
        self.entry = entry

    def begin(self, task: Task) -> None:
        """Let it do a task."""
        self._task = task
        self.give(task)

    def outcome(self) -> Outcome:
        """What became of its task, or of itself; waits for it."""
        try:
            answer = self.take()
        except ChildEndedError as error:
            answer = str(error)
        return Outcome(entry=self.entry, task=self._task, answer=answer)
