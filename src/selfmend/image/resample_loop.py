"""The compiled loop of `resize`."""

from __future__ import annotations

import numpy as np

import selfmend.compiled  # noqa: F401, it tells of what is compiled
from selfmend.compiled import loop

BLOCK = 512  # values that stay in the fastest cache


@loop()
def weigh(source: np.ndarray, index: np.ndarray, weights: np.ndarray, target: np.ndarray, runs: int, run: int) -> None:
    """Weighted sums along the middle axis, for one of `runs` parts of the result.

    Args:
        source: float32 (N, old, M).
        index: int32 (new, taps), places on the middle axis of `source`.
        weights: float32 (new, taps).
        target: float32 (N, new, M), written.
        runs: number of parts.
        run: 0...runs-1.
    """
    new, taps = index.shape
    inner = target.shape[2]
    places = target.shape[0] * new
    for place in range(run * places // runs, (run + 1) * places // runs):
        n, i = place // new, place % new
        for first in range(0, inner, BLOCK):
            last = first + BLOCK if first + BLOCK < inner else inner
            for k in range(first, last):
                target[n, i, k] = weights[i, 0] * source[n, index[i, 0], k]
            for t in range(1, taps):
                weight, row = weights[i, t], index[i, t]
                for k in range(first, last):
                    target[n, i, k] += weight * source[n, row, k]
