"""Threads for compiled loops that let go of Python's lock.

Numba's own parallel loops are not used, nor anything that starts its threading layer: compiling them takes four times
as long; one layer ends the process when two Python threads enter it at once, as a server's do; and the other, OpenMP,
makes PyTorch in the same process many times slower.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, TypeVar

from selfmend.processes import usable_cores

T = TypeVar("T")
U = TypeVar("U")

MOST_RUNS = 64
"""Into how many runs work is cut at most: a fixed number, so that results do not depend on the number of threads."""

_most_threads: int | None = None


def limit_threads(count: int) -> None:
    """Use at most so many threads in this process from now on, where several processes share the cores.

    That counts for OpenCV too, and for PyTorch where it is loaded.
    """
    global _most_threads
    _most_threads = count
    import cv2

    cv2.setNumThreads(count)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(count)


def thread_count() -> int:
    """Cores that this process may use, or as many as `limit_threads` says."""
    return usable_cores() if _most_threads is None else _most_threads


def in_parallel(work: Callable[[int], Any], runs: int) -> None:
    """Call `work(run)` for every run in 0...runs-1, on as many threads as there are cores."""
    threads = thread_count()
    if min(runs, threads) == 1:
        for run in range(runs):
            work(run)
    else:
        list(_pool(os.getpid(), threads).map(work, range(runs)))


def alongside(work: Callable[[], T], further: Callable[[Callable[[], bool]], U]) -> tuple[T, U]:
    """Call both at once, `further` in a thread of its own; one after the other where there is one thread.

    What lies between the parallel loops of the one is done during those of the other.

    Args:
        work: called in this thread, so that what it raises and tells goes where the caller expects it.
        further: is given a function that says whether it is still wanted: not once `work` has raised.

    Returns:
        What both return. What `work` raises comes first, then what `further` raises.
    """
    if thread_count() == 1:
        return work(), further(lambda: True)
    wanted = [True]
    with ThreadPoolExecutor(1, thread_name_prefix="selfmend-further") as pool:
        promised = pool.submit(further, lambda: wanted[0])
        try:
            done = work()
        except BaseException:
            wanted[0] = False
            raise
        return done, promised.result()


@lru_cache(maxsize=4)
def _pool(process: int, threads: int) -> ThreadPoolExecutor:
    """One pool for all fillings of a process; `process` is the key because threads do not survive a fork."""
    return ThreadPoolExecutor(threads, thread_name_prefix="selfmend-patches")


_to_tell: list[Callable[[], None]] = []


def on_compiling(call: Callable[[], None]) -> None:
    """Call `call` once, when a loop is first compiled from now on; it comes from any thread and must not raise.

    Here, and not beside the compiled loops, so that asking does not load what compiles them.
    """
    _to_tell.append(call)


def tell_of_compiling() -> None:
    """Call what `on_compiling` was given."""
    while _to_tell:
        _to_tell.pop()()
