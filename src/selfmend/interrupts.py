"""What ends a process in order: Ctrl-C, and the signals by which systems and closed terminals ask for it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from selfmend.errors import is_of_machine

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""SIGHUP is unknown to Windows."""

_CTRL_C = 130
_received: list[int] = []


def note(signum: int) -> None:
    """Remember that a signal came, for `exit_code`."""
    _received.append(signum)


def interrupt(signum: int, frame: FrameType | None) -> None:
    """A handler that does what Python does with Ctrl-C: files are closed, and what is half written is removed.

    Raises:
        KeyboardInterrupt: always.
    """
    note(signum)
    raise KeyboardInterrupt


@contextmanager
def as_ctrl_c() -> Iterator[None]:
    """Let SIGTERM and SIGHUP do what Ctrl-C does; one that is ignored, as `nohup` has it, still is.

    Only the main thread may do so, and only it gets signals: in others, nothing changes.
    """
    before = {}
    _received.clear()
    try:
        for one in ENDING:
            if one != signal.SIGINT and signal.getsignal(one) is signal.SIG_DFL:
                before[one] = signal.signal(one, interrupt)
    except ValueError:  # not the main thread
        before = {}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def telling(stopped: Callable[[], str], failed: Callable[[], str] | None = None) -> Iterator[None]:
    """Say what is kept of work that ends early, in a note of the exception, which the command line prints.

    Args:
        stopped: gives what is kept when Ctrl-C or a signal has ended it, "" where nothing is to be said.
        failed: the same after an error of the machine, such as a full disk; None gives the same.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        if kept := stopped():
            stop.add_note(f"stopped; {kept}")
        raise
    except Exception as error:
        if is_of_machine(error) and (kept := (failed or stopped)()):
            error.add_note(kept)
        raise


def exit_code() -> int:
    """Of a process that was interrupted, as shells expect it: 128 and the signal's number; 130 is Ctrl-C.

    Where the interrupt came inside an `exec` of text, as those that make dataclasses, Python would end itself by SIGINT
    whatever the code is, though the interrupt was dealt with; the next such `exec` that ends well lets it forget that.
    """
    exec("")
    return 128 + _received[-1] if _received else _CTRL_C
