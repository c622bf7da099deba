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
from numba import njit, prange

from selfmend.hole_init.patchmatch.scales import Scale

FASTMATH = {"reassoc", "contract", "arcp", "nsz"}  # all but the assumptions about NaN and infinity
WORST = np.float32(1e9)
LACK = np.float32(0.01)
LEAST_SEEN = np.float32(0.25)
TARGETS_A_RUN = 512
MOST_RUNS = 64


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
    runs = min(MOST_RUNS, max(1, field.y.size // TARGETS_A_RUN))
    for step in range(passes):
        before = Field(*(array.copy() for array in field))
        _pass(
            scale.targets, field, before, picture, scale.sources, scale.radius,
            np.uint64(seed), step, runs, reach, np.float32(nearness),
        )  # fmt: skip


@njit(cache=True, parallel=True)
def _pass(targets, field, before, picture, sources, radius, seed, step, runs, reach, nearness):
    """One pass of propagation and random search over all targets; how many of each run found a better match.

    The loop's body is one call whose result is kept, because numba drops parallel writes to a tuple's arrays as dead.
    """
    better = np.empty(runs, np.int64)
    for run in prange(runs):
        better[run] = _run(targets, field, before, picture, sources, radius, seed, step, run, runs, reach, nearness)
    return better


@njit(cache=True, fastmath=FASTMATH)
def _run(targets, field, before, picture, sources, radius, seed, step, run, runs, reach, nearness):
    """The pass for one run of targets. The first pass begins by measuring the field as it is."""
    first, last = run * targets.y.size // runs, (run + 1) * targets.y.size // runs
    better = 0
    for m in range(last - first):
        t = first + m if step % 2 == 0 else last - 1 - m
        patch = _take(picture, targets, radius, targets.y[t], targets.x[t])
        if step == 0:
            near = _near(targets.y[t], targets.x[t], field.y[t], field.x[t], nearness)
            field.cost[t] = _cost(patch, sources, radius, field.y[t], field.x[t], near, WORST)
        cost = field.cost[t]
        _propagate(t, patch, targets, field, before, sources, radius, first, last, step, nearness)
        _search(t, patch, targets, field, sources, radius, seed, step, reach, nearness)
        better += field.cost[t] < cost
    return better


@njit(cache=True, fastmath=FASTMATH)
def _propagate(t, patch, targets, field, before, sources, radius, first, last, step, nearness):
    """Try the matches of the two neighbours that this pass has been at, shifted by a pixel."""
    y, x = targets.y[t], targets.x[t]
    back = 1 if step % 2 == 0 else -1
    for side in range(2):
        down, right = (0, back) if side == 0 else (back, 0)
        neighbour = targets.index[y - down, x - right]
        if neighbour >= 0:
            known = field if first <= neighbour < last else before
            _try(
                t,
                patch,
                targets,
                field,
                sources,
                radius,
                known.y[neighbour] + down,
                known.x[neighbour] + right,
                nearness,
            )


@njit(cache=True, fastmath=FASTMATH)
def _search(t, patch, targets, field, sources, radius, seed, step, reach, nearness):
    """Try random sources in windows around the best, half as large each time."""
    height, width = sources.known.shape
    draw = 0
    while reach >= 1:
        bits = _hash(seed, t * 64 + draw, step)
        top, bottom = max(radius, field.y[t] - reach), min(height - radius - 1, field.y[t] + reach)
        left, right = max(radius, field.x[t] - reach), min(width - radius - 1, field.x[t] + reach)
        y = top + _below(bits, bottom - top + 1)
        x = left + _below(bits >> np.uint64(32), right - left + 1)
        _try(t, patch, targets, field, sources, radius, y, x, nearness)
        reach //= 2
        draw += 1


@njit(cache=True, fastmath=FASTMATH)
def _try(t, patch, targets, field, sources, radius, y, x, nearness):
    """Take the source at (y, x) if it is allowed and better."""
    height, width = sources.known.shape
    if y < radius or y >= height - radius or x < radius or x >= width - radius or not sources.allowed[y, x]:
        return
    if y == field.y[t] and x == field.x[t]:
        return
    near = _near(targets.y[t], targets.x[t], y, x, nearness)
    if near < field.cost[t]:
        cost = _cost(patch, sources, radius, y, x, near, field.cost[t])
        if cost < field.cost[t]:
            field.y[t], field.x[t], field.cost[t] = y, x, cost


@njit(cache=True, fastmath=FASTMATH)
def _take(picture, targets, radius, y, x):
    """A target patch: values (S * S * K), as many confidences, which of S * S pixels are hole, the confidences' sum."""
    side, k = 2 * radius + 1, picture.shape[2]
    values = np.empty(side * side * k, np.float32)
    weights = np.empty(side * side * k, np.float32)
    hole = np.empty(side * side, np.bool_)
    total = np.float32(0)
    for j in range(side):
        for i in range(side):
            yy, xx, p = y + j - radius, x + i - radius, j * side + i
            weight = targets.confidence[yy, xx]
            hole[p] = targets.hole[yy, xx]
            total += weight
            for c in range(k):
                values[p * k + c] = picture[yy, xx, c]
                weights[p * k + c] = weight
    return values, weights, hole, total


@njit(cache=True, fastmath=FASTMATH)
def _cost(patch, sources, radius, y, x, near, bound):
    """Mean squared difference weighted by confidence, plus `near`; anything from `bound` on if it is not below it."""
    values, weights, _, total = patch
    side, k = 2 * radius + 1, sources.values.shape[2]
    if not sources.whole[y, x]:
        return _cost_in_part(patch, sources, radius, y, x, near)
    most = (bound - near) * total
    row, start = side * k, (x - radius) * k
    summed = np.float32(0)
    for j in range(side):
        line = sources.values[y - radius + j].reshape(-1)
        part = np.float32(0)
        for i in range(row):
            difference = values[j * row + i] - line[start + i]
            part += weights[j * row + i] * difference * difference
        summed += part
        if summed >= most:
            return WORST
    return summed / total + near


@njit(cache=True, fastmath=FASTMATH)
def _cost_in_part(patch, sources, radius, y, x, near):
    """`_cost` for a source that lacks pixels."""
    values, weights, hole, total = patch
    side, k = 2 * radius + 1, sources.values.shape[2]
    summed, seen, lacking = np.float32(0), np.float32(0), 0
    for j in range(side):
        for i in range(side):
            yy, xx, p = y - radius + j, x - radius + i, j * side + i
            if sources.known[yy, xx]:
                part = np.float32(0)
                for c in range(k):
                    difference = values[p * k + c] - sources.values[yy, xx, c]
                    part += difference * difference
                summed += weights[p * k] * part
                seen += weights[p * k]
            elif hole[p]:
                lacking += 1
    if seen < LEAST_SEEN * total:  # a match on next to nothing
        return WORST
    return summed / seen + LACK * np.float32(lacking) + near


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
