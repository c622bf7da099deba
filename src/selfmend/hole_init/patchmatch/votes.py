"""Votes: each hole pixel from what the sources of the patches that cover it show there (Wexler et al. 2007, eq. 4)."""

from __future__ import annotations

import numpy as np
from numba import njit

from selfmend.hole_init.patchmatch.field import Field
from selfmend.hole_init.patchmatch.scales import Scale
from selfmend.hole_init.patchmatch.threads import MOST_RUNS, in_parallel

PIXELS_A_RUN = 1024


def vote(scale: Scale, field: Field, picture: np.ndarray, *, softness: float) -> None:
    """Write the mean of the votes into the hole of `picture`, in place.

    A vote weighs the confidence of its patch's centre times exp(-(cost - least cost) / (softness * mean cost)), least
    and mean over the patches that cover the pixel: the spread follows the local match quality, so it has no unit.

    Args:
        scale: sources and targets.
        field: the matches.
        picture: float32 (H, W, K), padded; a pixel that no source reaches stays as it is.
        softness: large for an even mean, small for the best match alone.
    """
    targets, sources = scale.targets, scale.sources
    runs = max(1, min(MOST_RUNS, targets.hole_y.size // PIXELS_A_RUN))
    in_parallel(
        lambda run: _vote(targets, field, sources, scale.radius, np.float32(softness), picture, run, runs), runs
    )


@njit(cache=True, nogil=True)
def _vote(targets, field, sources, radius, softness, picture, run, runs):
    k, most = picture.shape[2], (2 * radius + 1) ** 2
    voters, summed = np.empty(most, np.int32), np.empty(k, np.float32)
    for p in range(run * targets.hole_y.size // runs, (run + 1) * targets.hole_y.size // runs):
        y, x = targets.hole_y[p], targets.hole_x[p]
        count, least, mean = _voters(y, x, targets, field, sources, radius, voters)
        if count == 0:
            continue
        spread = softness * mean + np.float32(1e-6)
        summed[:] = 0
        total = np.float32(0)
        for n in range(count):
            t = voters[n]
            weight = targets.confidence[targets.y[t], targets.x[t]] * np.exp((least - field.cost[t]) / spread)
            total += weight
            for c in range(k):
                summed[c] += weight * sources.values[field.y[t] + y - targets.y[t], field.x[t] + x - targets.x[t], c]
        for c in range(k):
            picture[y, x, c] = summed[c] / total


@njit(cache=True)
def _voters(y, x, targets, field, sources, radius, voters):
    """List the targets that cover (y, x) and whose source shows something there; their number, least and mean cost."""
    count, least, summed = 0, np.float32(np.inf), np.float32(0)
    for j in range(-radius, radius + 1):
        for i in range(-radius, radius + 1):
            t = targets.index[y + j, x + i]
            if t >= 0 and sources.known[field.y[t] - j, field.x[t] - i]:
                voters[count] = t
                count += 1
                summed += field.cost[t]
                least = min(least, field.cost[t])
    return count, least, summed / np.float32(max(count, 1))
