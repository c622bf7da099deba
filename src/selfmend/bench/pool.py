"""Several processes that fill cases at once, each for one entrant; one that is killed costs one case."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections import deque
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait

from selfmend.bench.entrants import Entrant
from selfmend.bench.worker import Cost, Task, serve

_PATIENCE = 5.0  # seconds for a process to end


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a task: its cost, or a text that says what went wrong."""

    entrant: Entrant
    task: Task
    answer: Cost | str


def run_tasks(tasks: Mapping[str, tuple[Entrant, Sequence[Task]]], *, jobs: int) -> Generator[Outcome, None, None]:
    """Do all tasks, those of the first entrant first, and yield each outcome when it is there.

    Args:
        tasks: entrants by name, with their tasks.
        jobs: processes at once. They are ended when the iterator is closed, or anything is raised in it.
    """
    waiting = {name: (entrant, deque(queue)) for name, (entrant, queue) in tasks.items()}
    workers: list[_Worker] = []
    try:
        while True:
            for entrant, queue in waiting.values():
                while queue and len(workers) < jobs:
                    workers.append(_Worker(entrant))
                    workers[-1].give(queue.popleft())
            if not workers:
                return
            ready = wait([worker.connection for worker in workers])
            for worker in [one for one in workers if one.connection in ready]:
                outcome = worker.take()
                queue = waiting[worker.entrant.name][1]
                if queue and worker.alive:
                    worker.give(queue.popleft())
                else:
                    worker.end()
                    workers.remove(worker)
                yield outcome
    finally:
        for worker in workers:
            worker.end(now=True)


class _Worker:
    """A process that serves one entrant, and the task that it has."""

    def __init__(self, entrant: Entrant) -> None:
        context = multiprocessing.get_context("spawn")  # a fork would inherit this process's memory
        self.entrant = entrant
        self.connection, other = context.Pipe()
        self._process = context.Process(target=serve, args=(other, entrant), daemon=True)
        self._process.start()
        other.close()
        self.alive = True

    def give(self, task: Task) -> None:
        """Let it do a task."""
        self._task = task
        with contextlib.suppress(OSError):  # it has died; `take` says so
            self.connection.send(task)

    def take(self) -> Outcome:
        """What became of its task, or of itself; waits for it."""
        try:
            answer = self.connection.recv()
        except (EOFError, OSError):
            self.alive = False
            self._process.join(_PATIENCE)
            code = self._process.exitcode
            answer = f"its process ended with code {code}" + ("; out of memory?" if code == -9 else "")
        return Outcome(entrant=self.entrant, task=self._task, answer=answer)

    def end(self, *, now: bool = False) -> None:
        """End the process, with the program that it waits for."""
        if now:
            self._process.terminate()
        elif self.alive:
            self.connection.send(None)
        self._process.join(_PATIENCE)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self.connection.close()
