"""A process that is given one thing after the other, and answers; when it is killed, this is an answer too."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from selfmend.errors import SelfmendError
from selfmend.interrupts import ENDING

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
"""What the environment must say, before libraries are loaded, so that they take one thread each."""

_PATIENCE = 5.0  # seconds for a process to end
_KILLED = -9


class ChildEndedError(SelfmendError):
    """The process ended instead of answering."""


def become_child() -> None:
    """Settle in a process that shares the cores with others: one thread, and no ear for Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the first one ends the others
    for one in ENDING[1:]:
        signal.signal(one, lambda *_: sys.exit(1))  # so that what is open is closed, and its programs ended
    os.environ.update(ONE_THREAD)


def end_with_parent(end: Callable[[], None]) -> None:
    """Call `end` in a thread when the process that started this one is gone: one that was killed can tell nobody."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        end()

    threading.Thread(target=watch, daemon=True).start()


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Child:
    """A process of one's own, and the connection to it.

    Attributes:
        connection: readable when an answer is there, or when the process has ended.
        alive: whether it was when it was last spoken to.
    """

    def __init__(self, serve: Callable[..., None], *arguments: Any, context: str = "spawn") -> None:
        """Start it.

        Args:
            serve: called there with the connection and the arguments. It receives until None comes.
            arguments: can be pickled.
            context: "spawn" inherits nothing; "forkserver" begins with what is loaded in the server.
        """
        kind: Any = multiprocessing.get_context(context)
        self.connection, other = kind.Pipe()
        self._process = kind.Process(target=serve, args=(other, *arguments), daemon=True)
        self._process.start()
        other.close()
        self.alive = True

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def give(self, thing: Any) -> None:
        """Let it do something."""
        with contextlib.suppress(OSError):  # it has died; `take` says so
            self.connection.send(thing)

    def take(self) -> Any:
        """Its answer; waits for it.

        Raises:
            ChildEndedError: it has ended instead.
        """
        try:
            return self.connection.recv()
        except (EOFError, OSError) as error:
            self.alive = False
            self._process.join(_PATIENCE)
            code = self._process.exitcode
            memory = "; out of memory?" if code == _KILLED else ""
            raise ChildEndedError(f"its process ended with code {code}{memory}") from error

    def stop(self) -> None:
        """Tell it to end at once, without waiting for it."""
        self._process.terminate()

    def end(self, *, now: bool = False) -> int | None:
        """End it: when it is done with what it has, or at once; its exit code, negative for a signal."""
        if now:
            self.stop()
        elif self.alive:
            self.give(None)
        self._process.join(_PATIENCE)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self.connection.close()
        return self._process.exitcode
