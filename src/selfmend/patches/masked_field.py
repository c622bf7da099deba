"""The masked nearest-neighbour field: for every patch that sees the hole, the known patch most like it (PatchMatch).

Barnes et al., "PatchMatch", SIGGRAPH 2009, Sec. 3: good matches are propagated from neighbours, and improved by random
search in windows that shrink around the best match so far. Positions are patch centres in the padded frame of a
`Scale`; a field is `y`, `x` (int32) and `cost` (float32), one entry for every target.

Two departures from the paper make the result independent of the number of threads: the targets are cut into a fixed
number of runs, each of which sees its own updates and the last pass's values of the other runs; and randomness is a
hash of (seed, pass, target, draw), so that nothing depends on which run ends first.

Where there are references, a draw of the random search falls into a random layer of the sources, at the same place.

A source may overlap the hole. Pixels that it lacks are not compared, but each of them that the target needs costs
`LACK`, so that a patch next to the hole cannot match itself and fill nothing.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np

from selfmend.compiled import FASTMATH, below, hash_bits, inner, inner_fast, loop
from selfmend.parallel import MOST_RUNS, in_parallel
from selfmend.patches.scales import WHOLE, Scale, Sources, Targets

WORST = np.float32(1e9)
LACK = np.float32(0.01)
LEAST_SEEN = np.float32(0.25)
TARGETS_A_RUN = 1024
ANOTHER_STREAM = 1 << 20  # beyond any number of passes


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
        field: changed in place; every match must be an allowed source, costs are measured anew.
        picture: float32 (H, W, K), padded.
        seed: 0 to 2^63 - 1.
        passes: even ones run forwards through the targets, odd ones backwards.
        reach: radius in pixels at which random search starts.
        nearness: cost added per squared pixel between target and source.
    """
    targets, sources, radius = scale.targets, scale.sources, scale.radius
    runs = min(MOST_RUNS, max(1, field.y.size // TARGETS_A_RUN))
    random, near = np.uint64(seed), np.float32(nearness)
    for step in range(passes):
        before = field.y.copy(), field.x.copy()
        work = partial(_run, targets, field, *before, picture, sources, radius, random, step, reach, near, runs)
        in_parallel(work, runs)


@loop(fastmath=FASTMATH)
def _run(
    targets: Targets,
    field: Field,
    before_y: np.ndarray,
    before_x: np.ndarray,
    picture: np.ndarray,
    sources: Sources,
    radius: int,
    seed: np.uint64,
    step: int,
    reach: int,
    nearness: np.float32,
    runs: int,
    run: int,
) -> None:
    """One pass over one run of targets. The first pass begins by measuring the field as it is."""
    channels = picture.shape[2]
    height, total_width = sources.known.shape
    width, values = sources.width, sources.values.reshape(-1)
    side = 2 * radius + 1
    patch = np.empty((4, side, side * channels), np.float32)
    count, back = targets.y.size, 1 if step % 2 == 0 else -1
    first, last = run * count // runs, (run + 1) * count // runs
    for m in range(last - first):
        t = first + m if step % 2 == 0 else last - 1 - m
        y, x = np.int64(targets.y[t]), np.int64(targets.x[t])
        total = _take(patch, picture, targets.confidence, targets.hole, radius, y, x)
        best_y, best_x, best = np.int64(field.y[t]), np.int64(field.x[t]), field.cost[t]
        # the first pass begins with the match that is there
        draw, around = -1 if step == 0 else 0, reach
        while around >= 1:
            if draw < 0:
                try_y, try_x, best = best_y, best_x, WORST
            elif draw < 2:
                try_y, try_x = _propagate(targets.number, field, before_y, before_x, y, x, back, draw, first, last)
            else:
                try_y, try_x = _search(seed, t * 64 + draw, step, best_y, best_x, around, total_width, width)
                around //= 2
            draw += 1
            if try_y < radius or try_y >= height - radius or try_x < radius or try_x >= total_width - radius:
                continue
            allowed = sources.allowed[try_y, try_x]
            if allowed == 0 or (draw > 0 and try_y == best_y and try_x == best_x):
                continue
            near = _near(y, x, try_y, try_x, width, nearness)
            if near < best:
                cost = _cost(patch, total, values, sources.known, allowed == WHOLE, radius, try_y, try_x, near, best)
                if cost < best:
                    best_y, best_x, best = try_y, try_x, cost
        field.y[t], field.x[t], field.cost[t] = best_y, best_x, best


@inner
def _propagate(
    number: np.ndarray,
    field: Field,
    before_y: np.ndarray,
    before_x: np.ndarray,
    y: int,
    x: int,
    back: int,
    side: int,
    first: int,
    last: int,
) -> tuple[np.int64, np.int64]:
    """The match of one of the two neighbours that this pass has been at, shifted by a pixel; or nowhere."""
    down, right = (0, back) if side == 0 else (back, 0)
    neighbour = np.int64(number[y - down, x - right])
    if neighbour < 0:
        return np.int64(-1), np.int64(-1)
    if first <= neighbour < last:
        return np.int64(field.y[neighbour]) + down, np.int64(field.x[neighbour]) + right
    return np.int64(before_y[neighbour]) + down, np.int64(before_x[neighbour]) + right


@inner
def _search(
    seed: np.uint64, draw: int, step: int, best_y: int, best_x: int, around: int, total_width: int, width: int
) -> tuple[np.int64, np.int64]:
    """A random source in a window around the best match; the windows shrink by half from draw to draw."""
    bits, span = hash_bits(seed, draw, step), 2 * around + 1
    try_y, try_x = best_y - around + below(bits, span), best_x - around + below(bits >> np.uint64(32), span)
    if total_width == width:
        return try_y, try_x
    try_x -= best_x // width * width  # in the picture
    if try_x < 0 or try_x >= width:
        return np.int64(-1), np.int64(-1)
    return try_y, try_x + width * below(hash_bits(seed, draw, step + ANOTHER_STREAM), total_width // width)


@inner_fast
def _near(y: int, x: int, source_y: int, source_x: int, width: int, nearness: np.float32) -> np.float32:
    """The cost of distance between a target and its source, in whichever layer that lies."""
    across = source_x if source_x < width else source_x % width
    down, right = np.float32(source_y - y), np.float32(across - x)
    return nearness * (down * down + right * right)


@inner_fast
def _take(
    patch: np.ndarray, picture: np.ndarray, confidence: np.ndarray, hole: np.ndarray, radius: int, y: int, x: int
) -> np.float32:
    """Write a target patch, (3, S, S * K): values, confidences, 1 where hole. Returns the sum of confidences."""
    side, channels = 2 * radius + 1, picture.shape[2]
    total = np.float32(0)
    for j in range(side):
        for i in range(side):
            yy, xx = y + j - radius, x + i - radius
            trust, unknown = confidence[yy, xx], np.float32(hole[yy, xx])
            total += trust
            for c in range(channels):
                patch[0, j, i * channels + c] = picture[yy, xx, c]
                patch[1, j, i * channels + c] = trust
                patch[2, j, i * channels + c] = unknown
    return total * np.float32(channels)


@inner_fast
def _cost(
    patch: np.ndarray,
    total: np.float32,
    values: np.ndarray,
    known: np.ndarray,
    whole: bool,
    radius: int,
    y: int,
    x: int,
    near: np.float32,
    bound: np.float32,
) -> np.float32:
    """Squared distance of two patches, averaged by confidence, plus `near`; `WORST` once `bound` is sure to be met.

    `values` are those of the sources, flat; the first row of `patch[3]` is used up.
    """
    side, row = patch.shape[1], patch.shape[2]
    width, channels = known.shape[1], row // side
    start, line = ((y - radius) * width + x - radius) * channels, width * channels
    factor, most = np.float32(channels), (bound - near) * total
    summed = np.float32(0)
    if whole:
        for j in range(side):
            summed += factor * _row_cost(patch[0, j], patch[1, j], values[start : start + row])
            if summed >= most:
                return WORST
            start += line
        return summed / total + near
    seen, lacking = np.float32(0), np.float32(0)
    there = patch[3, 0]
    for j in range(side):
        for i in range(side):  # pixels to values
            present = np.float32(known[y - radius + j, x - radius + i])
            for c in range(channels):
                there[i * channels + c] = present
        target, weight, hole, source = patch[0, j], patch[1, j], patch[2, j], values[start : start + row]
        part, seen_here, lacking_here = np.float32(0), np.float32(0), np.float32(0)
        for i in range(row):
            difference = target[i] - source[i]
            part += weight[i] * there[i] * difference * difference
            seen_here += weight[i] * there[i]
            lacking_here += hole[i] * (np.float32(1) - there[i])
        summed, seen, lacking = summed + factor * part, seen + seen_here, lacking + lacking_here
        if summed >= most:
            return WORST
        start += line
    if seen < LEAST_SEEN * total:  # a match on next to nothing
        return WORST
    return summed / seen + LACK / factor * lacking + near


@inner_fast
def _row_cost(target: np.ndarray, weight: np.ndarray, source: np.ndarray) -> np.float32:
    part = np.float32(0)
    for i in range(target.size):
        difference = target[i] - source[i]
        part += weight[i] * difference * difference
    return part
