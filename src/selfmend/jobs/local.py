"""The engine on this machine: processes with one thread each; one that is killed costs one picture.

On Linux they are forked from a server that has loaded everything once and has no threads; elsewhere each loads for
itself.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait

from selfmend.errors import SelfmendError
from selfmend.jobs.folder_work import FolderPicture, Outcome, Prepare, bytes_needed, free_memory, worker_name
from selfmend.processes import ONE_THREAD, Child, ChildEndedError, become_child, end_with_parent

_CONTEXT = "forkserver" if sys.platform == "linux" else "spawn"
_READY = "ready"
_UNGUARDED = 'in a script of your own, call it under `if __name__ == "__main__":`'


def load_ahead() -> None:
    """Let the server begin to load, while this process does something else."""
    if _CONTEXT != "forkserver":
        return
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)  # the server's, before it loads: threads do not survive a fork
    try:
        multiprocessing.set_forkserver_preload(["selfmend.jobs.folder_work"])
        forkserver.ensure_running()
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


class ProcessEngine:
    """Mends pictures in processes of this machine."""

    def __init__(self, prepare: Prepare, *, jobs: int, retries: int = 1) -> None:
        """Nothing is started yet.

        Args:
            prepare: what a process does first; what comes of it mends.
            jobs: processes at once.
            retries: how often a picture whose process was killed is tried again, alone.
        """
        self._prepare, self._jobs, self._retries = prepare, jobs, retries
        self._workers: list[_Worker] = []
        self._begun = False  # whether any process has come as far as its first picture

    def run(self, pictures: Iterable[FolderPicture]) -> Iterator[Outcome]:
        """See `Engine.run`.

        Raises:
            SelfmendError: the processes cannot load what they need, or end before they have.
        """
        lost = []
        try:
            load_ahead()
            for outcome in self._at_once(iter(pictures), free_memory()):
                if outcome.lost and self._retries:
                    lost.append(outcome.picture)
                else:
                    yield outcome
            self._end()  # what they hold is given back before the pictures that need much memory
            for picture in lost:
                yield self._alone(picture)
        finally:
            for worker in self._workers:
                worker.stop()
            self._end(now=True)

    def _at_once(self, pictures: Iterator[FolderPicture], memory: float) -> Iterator[Outcome]:
        coming = next(pictures, None)
        while True:
            while coming is not None and self._has_room(need := bytes_needed(coming.image), memory):
                self._idle().begin(coming, need)
                coming = next(pictures, None)
            busy = [worker for worker in self._workers if worker.picture is not None]
            if not busy:
                return
            ready = wait([worker.connection for worker in busy])
            for worker in [one for one in busy if one.connection in ready]:
                outcome = self._answer(worker)
                if outcome is not None:
                    yield outcome

    def _has_room(self, need: int, memory: float) -> bool:
        needs = [worker.need for worker in self._workers if worker.picture is not None]
        if not needs:
            return True  # however large it is
        return len(needs) < self._jobs and sum(needs) + need <= memory

    def _idle(self) -> _Worker:
        for worker in self._workers:
            if worker.picture is None:
                return worker
        self._workers.append(_Worker(self._prepare))
        return self._workers[-1]

    def _answer(self, worker: _Worker) -> Outcome | None:
        """What became of its picture; None where it has only begun."""
        picture = worker.picture
        assert picture is not None
        try:
            answer = worker.take()
        except ChildEndedError as error:
            worker.end()
            self._workers.remove(worker)
            if not self._begun:
                raise SelfmendError(f"a worker cannot be started ({error}); {_UNGUARDED}") from error
            return Outcome(picture=picture, error=str(error), worker=worker_name(worker.pid), lost=True)
        if isinstance(answer, SelfmendError):
            raise answer
        if answer == _READY:
            self._begun = True
            return None
        worker.picture = None
        return answer

    def _alone(self, picture: FolderPicture) -> Outcome:
        for _ in range(self._retries):
            (outcome,) = self._at_once(iter([picture]), 0)
            if not outcome.lost:
                break
        return outcome

    def _end(self, *, now: bool = False) -> None:
        while self._workers:
            self._workers.pop().end(now=now)


class _Worker(Child):
    """A process, and the picture that it has."""

    def __init__(self, prepare: Prepare) -> None:
        super().__init__(serve, prepare, context=_CONTEXT)
        self.picture: FolderPicture | None = None
        self.need = 0

    def begin(self, picture: FolderPicture, need: int) -> None:
        """Let it mend a picture that needs so many bytes."""
        self.picture, self.need = picture, need
        self.give(picture)


def serve(connection: Connection, prepare: Prepare) -> None:
    """Mend the pictures that come, one by one; answer first that all is loaded, or why not, then each outcome."""
    become_child()
    end_with_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))  # a picture may take minutes
    try:
        mend = prepare()
    except SelfmendError as error:
        connection.send(error)
        return
    connection.send(_READY)
    while True:
        try:
            picture = connection.recv()
            if picture is None:
                return
            connection.send(mend(picture))
        except (EOFError, BrokenPipeError):  # the first process is gone
            return
