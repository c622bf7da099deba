"""The nearest-neighbour field: for every patch that sees the hole, the known patch most like it (PatchMatch).

Barnes et al., "PatchMatch", SIGGRAPH 2009, Sec. 3: good matches are propagated from neighbours, and improved by random
search in windows that shrink around the best match so far. Positions are patch centres in the padded frame of a
`Scale`; a field is `y`, `x` (int32) and `cost` (float32), one entry for every target.

Two departures from the paper make the result independent of the number of threads: the targets are cut into a fixed
number of runs, each of which sees its own updates and the last pass's values of the other runs; and randomness is a
hash of (seed, pass, target, draw), so that nothing depends on which run ends first.

A source may overlap the hole. Pixels that it lacks are not compared, but each of them that the target needs costs
`LACK`, so that a patch next to the hole cannot match itself and fill nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from selfmend.hole_init.patchmatch.scales import Scale
from selfmend.hole_init.patchmatch.threads import MOST_RUNS, in_parallel

FASTMATH = {"reassoc", "contract", "arcp", "nsz"}  # all but the assumptions about NaN and infinity
WORST = np.float32(1e9)
LACK = np.float32(0.01)
LEAST_SEEN = np.float32(0.25)
TARGETS_A_RUN = 512


class Field(NamedTuple):
    """Matches of all targets: int32 (T,) centres of sources, float32 (T,) costs."""

    y: np.ndarray
    x: np.ndarray
    cost: np.ndarray


def improve(
    scale: Scale, field: Field, picture: np.ndarray, *, seed: int, passes: int, reach: int, nearness: float
) -> None:
    """Improve the field in place, for the picture with its present guess in the hole.

    Args:
        scale: sources and targets.
        field: changed in place; every match must be an allowed source.
        picture: float32 (H, W, K), padded.
        seed: 0 to 2^63 - 1.
        passes: even ones run forwards through the targets, odd ones backwards.
        reach: radius in pixels at which random search starts.
        nearness: cost added per squared pixel between target and source.
    """
    targets, sources = scale.targets, scale.sources
    runs = min(MOST_RUNS, max(1, field.y.size // TARGETS_A_RUN))
    for step in range(passes):
        before = Field(*(array.copy() for array in field))

        def one_run(run: int, step: int = step, before: Field = before) -> None:
            _run(
                targets, field, before, picture, sources, scale.radius,
                np.uint64(seed), step, run, runs, reach, np.float32(nearness),
            )  # fmt: skip

        in_parallel(one_run, runs)


@njit(cache=True, nogil=True, fastmath=FASTMATH)
def _run(targets, field, before, picture, sources, radius, seed, step, run, runs, reach, nearness):
    """One pass over one run of targets. The first pass begins by measuring the field as it is."""
    height, width, channels = picture.shape
    values = sources.values.reshape(height, width * channels)  # rows: the loops over a patch's row become vector code
    known = sources.known_rows
    patch = np.empty((3, 2 * radius + 1, (2 * radius + 1) * channels), np.float32)
    first, last = run * targets.y.size // runs, (run + 1) * targets.y.size // runs
    back = 1 if step % 2 == 0 else -1
    for m in range(last - first):
        t = first + m if step % 2 == 0 else last - 1 - m
        y, x = targets.y[t], targets.x[t]
        total = _take(patch, picture, targets, radius, y, x)
        best_y, best_x, best = field.y[t], field.x[t], field.cost[t]
        if step == 0:
            near = _near(y, x, best_y, best_x, nearness)
            best = _cost(patch, total, values, known, sources.whole, radius, best_y, best_x, near, WORST)
        draws = 0
        around = reach
        while around >= 1:
            if draws < 2:  # propagation: the matches of the two neighbours this pass has been at, shifted by a pixel
                down, right = (0, back) if draws == 0 else (back, 0)
                neighbour = targets.index[y - down, x - right]
                if neighbour >= first and neighbour < last:
                    try_y, try_x = field.y[neighbour] + down, field.x[neighbour] + right
                elif neighbour >= 0:
                    try_y, try_x = before.y[neighbour] + down, before.x[neighbour] + right
                else:
                    try_y, try_x = best_y, best_x
            else:  # random search: windows around the best match, half as large each time
                bits = _hash(seed, t * 64 + draws, step)
                try_y = best_y - around + _below(bits, 2 * around + 1)
                try_x = best_x - around + _below(bits >> np.uint64(32), 2 * around + 1)
                around //= 2
            draws += 1
            if try_y < radius or try_y >= height - radius or try_x < radius or try_x >= width - radius:
                continue
            if not sources.allowed[try_y, try_x] or (try_y == best_y and try_x == best_x):
                continue
            near = _near(y, x, try_y, try_x, nearness)
            if near < best:
                cost = _cost(patch, total, values, known, sources.whole, radius, try_y, try_x, near, best)
                if cost < best:
                    best_y, best_x, best = try_y, try_x, cost
        field.y[t], field.x[t], field.cost[t] = best_y, best_x, best


@njit(cache=True, fastmath=FASTMATH)
def _take(patch, picture, targets, radius, y, x):
    """Write a target patch into (3, S, S * K): values, confidences, 1 where hole; return the sum of confidences."""
    side, channels = 2 * radius + 1, picture.shape[2]
    total = np.float32(0)
    for j in range(side):
        for i in range(side):
            yy, xx = y + j - radius, x + i - radius
            confidence, hole = targets.confidence[yy, xx], np.float32(targets.hole[yy, xx])
            total += confidence
            for c in range(channels):
                patch[0, j, i * channels + c] = picture[yy, xx, c]
                patch[1, j, i * channels + c] = confidence
                patch[2, j, i * channels + c] = hole
    return total * np.float32(channels)


@njit(cache=True, fastmath=FASTMATH)
def _cost(patch, total, values, known, whole, radius, y, x, near, bound):
    """Mean squared difference weighted by confidence, plus `near`; `WORST` once it is clear that `bound` is reached."""
    side, row = patch.shape[1], patch.shape[2]
    start, channels = (x - radius) * (row // side), np.float32(row // side)
    most = (bound - near) * total
    summed, seen, lacking = np.float32(0), total, np.float32(0)
    if whole[y, x]:
        for j in range(side):
            target, weight, source = patch[0, j], patch[1, j], values[y - radius + j, start : start + row]
            part = np.float32(0)
            for i in range(row):
                difference = target[i] - source[i]
                part += weight[i] * difference * difference
            summed += part * channels
            if summed >= most:
                return WORST
        return summed / total + near
    seen = np.float32(0)
    for j in range(side):
        target, weight, hole = patch[0, j], patch[1, j], patch[2, j]
        source, there = values[y - radius + j, start : start + row], known[y - radius + j, start : start + row]
        part, seen_here, lacking_here = np.float32(0), np.float32(0), np.float32(0)
        for i in range(row):
            difference = target[i] - source[i]
            part += weight[i] * there[i] * difference * difference
            seen_here += weight[i] * there[i]
            lacking_here += hole[i] * (np.float32(1) - there[i])
        summed += part * channels
        seen += seen_here
        lacking += lacking_here
        if summed >= most:
            return WORST
    if seen < LEAST_SEEN * total:  # a match on next to nothing
        return WORST
    return summed / seen + LACK / channels * lacking + near


@njit(cache=True)
def _near(y, x, source_y, source_x, nearness):
    """The cost of distance between a target and its source."""
    down, right = np.float32(source_y - y), np.float32(source_x - x)
    return nearness * (down * down + right * right)


@njit(cache=True)
def _hash(seed, a, b):
    """64 well-mixed bits of three numbers (the finaliser of splitmix64)."""
    z = seed + np.uint64(a) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(b) * np.uint64(0xD1B54A32D192ED03)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(cache=True)
def _below(bits, n):
    """A number in 0...n-1 from the lower 32 of random bits."""
    return np.int64(((bits & np.uint64(0xFFFFFFFF)) * np.uint64(n)) >> np.uint64(32))
