"""Threads for compiled loops that let go of Python's lock.

Numba's own parallel loops are not used: compiling them takes four times as long, and its fallback threading layer ends
the process when two Python threads enter it at once, as a server's do.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

import numba

MOST_RUNS = 64


def in_parallel(work: Callable[[int], Any], runs: int) -> None:
    """Call `work(run)` for every run in 0...runs-1, on as many threads as `numba.get_num_threads()` says."""
    threads = numba.get_num_threads()
    if min(runs, threads) == 1:
        for run in range(runs):
            work(run)
    else:
        list(_pool(os.getpid(), threads).map(work, range(runs)))


@lru_cache(maxsize=4)
def _pool(process: int, threads: int) -> ThreadPoolExecutor:
    """One pool for all fillings of a process; `process` is the key because threads do not survive a fork."""
    return ThreadPoolExecutor(threads, thread_name_prefix="selfmend-patchmatch")
