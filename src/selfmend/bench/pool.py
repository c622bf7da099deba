"""Several processes that fill cases at once, each for one entrant; one that is killed costs one case."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait

from selfmend.bench.entrants import Entrant
from selfmend.bench.worker import Cost, Task, serve
from selfmend.core.child import Child, ChildEndedError


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
                    workers[-1].begin(queue.popleft())
            if not workers:
                return
            ready = wait([worker.connection for worker in workers])
            for worker in [one for one in workers if one.connection in ready]:
                outcome = worker.outcome()
                queue = waiting[worker.entrant.name][1]
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
    """A process that serves one entrant, and the task that it has."""

    def __init__(self, entrant: Entrant) -> None:
        super().__init__(serve, entrant)
        self.entrant = entrant

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
        return Outcome(entrant=self.entrant, task=self._task, answer=answer)
