"""What the compiled loops share: the arithmetic that they are allowed, and random numbers without a state.

The loops are compiled when they are first used after an installation, which takes seconds, and are kept on disk. What
shows progress can ask `compiling`, or be called by `parallel.on_compiling`, to say what is waited for.
"""

from __future__ import annotations

import threading

import numpy as np
from numba import njit
from numba.core import event

from selfmend.parallel import tell_of_compiling

FASTMATH = {"reassoc", "contract", "arcp", "nsz"}  # all but the assumptions about NaN and infinity

inner = njit(no_cpython_wrapper=True)
"""Compiles what only other compiled functions call: it is kept with them, and needs no way in from Python."""

inner_fast = njit(no_cpython_wrapper=True, fastmath=FASTMATH)


@inner
def hash_bits(seed: np.uint64, a: int, b: int) -> np.uint64:
    """64 well-mixed bits of three numbers (the finaliser of splitmix64)."""
    z = seed + np.uint64(a) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(b) * np.uint64(0xD1B54A32D192ED03)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@inner
def below(bits: np.uint64, n: int) -> np.int64:
    """A number in 0...n-1 from the lower 32 of random bits."""
    return np.int64(((bits & np.uint64(0xFFFFFFFF)) * np.uint64(n)) >> np.uint64(32))


class _Listener(event.Listener):
    """Counts what is being compiled, and tells those who want to know."""

    def __init__(self) -> None:
        self.under_way = 0
        self._lock = threading.Lock()

    def on_start(self, event: event.Event) -> None:
        with self._lock:
            self.under_way += 1
        tell_of_compiling()

    def on_end(self, event: event.Event) -> None:
        with self._lock:
            self.under_way -= 1


_listener = _Listener()
event.register("numba:compile", _listener)


def compiling() -> bool:
    """Whether a loop is being compiled now, in any thread; not so while one is only read from disk."""
    return _listener.under_way > 0
