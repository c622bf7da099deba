"""What the compiled loops share: how they are kept, the arithmetic that they may use, random numbers without a state.

The loops are compiled when they are first used after an installation, which takes seconds, and are kept on disk. What
shows progress can ask `compiling`, or be called by `parallel.on_compiling`, to say what is waited for.
"""

from __future__ import annotations

import contextlib
import hashlib
import pickle
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit
from numba.core import event
from numba.core.caching import FunctionCache, IndexDataCacheFile

from selfmend.parallel import tell_of_compiling

FASTMATH = {"reassoc", "contract", "arcp", "nsz"}  # all but the assumptions about NaN and infinity

_SEAL = hashlib.sha256


class _SealedFiles(IndexDataCacheFile):
    """Numba's files of a kept loop, each behind the digest of what it holds.

    Machine code that a full disk has cut off or a bad one has changed must not be run, and an index that cannot be
    read must not stop the work: both count as missing, so that the loop is compiled and kept anew.
    """

    def _load_index(self) -> Any:
        try:
            version, stamp, overloads = pickle.loads(_opened(self._index_path))
        except OSError:
            return {}
        return overloads if (version, stamp) == (self._version, self._source_stamp) else {}

    def _save_index(self, overloads: Any) -> None:
        self._write(self._index_path, self._dump((self._version, self._source_stamp, overloads)))

    def _load_data(self, name: str) -> Any:
        return pickle.loads(_opened(self._data_path(name)))

    def _save_data(self, name: str, data: Any) -> None:
        self._write(self._data_path(name), self._dump(data))

    def save(self, key: Any, data: Any) -> None:
        with contextlib.suppress(OSError):  # a full disk: it is compiled again the next time
            super().save(key, data)

    def _write(self, path: str, content: bytes) -> None:
        with self._open_for_write(path) as file:
            file.write(_SEAL(content).digest() + content)


def _opened(path: str) -> bytes:
    """What is behind the digest.

    Raises:
        OSError: there is no such file, or it is not what was written.
    """
    with open(path, "rb") as file:
        seal, content = file.read(_SEAL().digest_size), file.read()
    if _SEAL(content).digest() != seal:
        raise OSError(f"{path} is damaged")
    return content


class _Kept(FunctionCache):
    """Numba's cache of a function, in sealed files."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        locator = self._impl.locator
        self._cache_file = _SealedFiles(locator.get_cache_path(), self._impl.filename_base, locator.get_source_stamp())


def loop(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Compiles a function without Python's lock, and keeps it on disk where anything can be kept there.

    Args:
        options: more for `numba.njit`, such as `fastmath`.
    """

    def compiled(function: Callable[..., Any]) -> Any:
        made = njit(nogil=True, **options)(function)
        with contextlib.suppress(RuntimeError, OSError):  # no folder can be written: it is compiled each time
            made._cache = _Kept(function)
        return made

    return compiled


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
