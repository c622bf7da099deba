"""Threads for compiled loops that let go of Python's lock.

Numba's own parallel loops are not used: compiling them takes four times as long, and its fallback threading layer ends
the process when two Python threads enter it at once, as a server's do.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba

MOST_RUNS = 64


def in_parallel(work: Callable[[int], Any], runs: int) -> None:
    """Call `work(run)` for every run in 0...runs-1, on as many threads as `numba.get_num_threads()` says."""
    threads = min(runs, numba.get_num_threads())
    if threads == 1:
        for run in range(runs):
            work(run)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(runs)))
