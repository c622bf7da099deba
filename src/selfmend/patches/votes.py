"""Votes: each hole pixel from what the sources of the patches that cover it show there (Wexler et al. 2007, eq. 4-5).

A vote weighs the confidence of its patch's centre times exp(-(cost - least cost) / (softness * mean cost)), least and
mean over the patches that cover the pixel: the spread follows the local quality of the matches, so it has no unit.

Near the hole's border the weighted mean is kept: the votes nearly agree, and their mean is the best guess at what was
there. Deeper, where they disagree, the mean of several textures would be a blur that the next round of matching takes
for truth; there the votes are weighed once more by how near they are to that mean (the mean shift of Wexler 2007, Sec.
3.2, in its shortest form), so that one of the textures wins.

A source may be somewhat lighter or darker than what its patch covers, as one wall is from side to side. So each patch
is shifted in colour until the means of both are equal, by no more than `shift` (Darabi et al., "Image Melding",
SIGGRAPH 2012, Sec. 3, where gain and bias of patches are searched for; here the bias follows from the match, since
matching with it finds worse sources). What is known counts most in these means, so that a fill joins its border in
colour too. Texture is not shifted: it is what says which source is the right one.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from selfmend.compiled import inner, loop
from selfmend.parallel import MOST_RUNS, in_parallel
from selfmend.patches.masked_field import Field
from selfmend.patches.scales import TEXTURES, Scale, Sources, Targets

PIXELS_A_RUN = 1024
TINY = np.float32(1e-6)
CERTAIN = np.float32(4e-4)
"""Squared difference of a patch and its source, at which half of the shift counts: an exact repetition needs none."""


def vote(scale: Scale, field: Field, picture: np.ndarray, *, softness: float, deep: float, shift: float = 0.0) -> None:
    """Write the outcome of the votes into the hole of `picture`, in place.

    Args:
        scale: sources and targets.
        field: the matches.
        picture: float32 (H, W, K), padded; a pixel that no source reaches stays as it is.
        softness: large for an even mean, small for the best match alone.
        deep: pixels of a greater depth than this are decided by the votes that agree.
        shift: most that the colours of a patch are shifted by.
    """
    targets, sources, radius = scale.targets, scale.sources, scale.radius
    runs = max(1, min(MOST_RUNS, targets.hole_y.size // PIXELS_A_RUN))
    shifts = np.zeros((targets.y.size, picture.shape[2]), np.float32)
    if shift > 0:
        measure = partial(_shifts, targets, field, sources, radius, picture, np.float32(shift), shifts, runs)
        in_parallel(measure, runs)
    decide = partial(_run, targets, field, sources, radius, np.float32(softness), deep, picture, shifts, runs)
    in_parallel(decide, runs)


@loop()
def _shifts(
    targets: Targets,
    field: Field,
    sources: Sources,
    radius: int,
    picture: np.ndarray,
    most: np.float32,
    shifts: np.ndarray,
    runs: int,
    run: int,
) -> None:
    """Write the shifts (T, K) of one run of the targets: mean differences of target and source, by confidence."""
    count, colours = targets.y.size, shifts.shape[1] - TEXTURES
    mean = np.empty(colours, np.float32)
    for t in range(run * count // runs, (run + 1) * count // runs):
        y, x, source_y, source_x = targets.y[t], targets.x[t], field.y[t], field.x[t]
        mean[:] = 0
        total, apart = TINY, np.float32(0)
        for j in range(-radius, radius + 1):
            for i in range(-radius, radius + 1):
                if not sources.known[source_y + j, source_x + i]:
                    continue
                trust = targets.confidence[y + j, x + i]
                total += trust
                for c in range(colours):
                    difference = picture[y + j, x + i, c] - sources.values[source_y + j, source_x + i, c]
                    mean[c] += trust * difference
                    apart += trust * difference * difference
        apart /= total
        share = apart * apart / (apart * apart + CERTAIN * CERTAIN)
        for c in range(colours):
            shifts[t, c] = share * min(max(mean[c] / total, -most), most)


@loop()
def _run(
    targets: Targets,
    field: Field,
    sources: Sources,
    radius: int,
    softness: np.float32,
    deep: float,
    picture: np.ndarray,
    shifts: np.ndarray,
    runs: int,
    run: int,
) -> None:
    """Decide one run of the hole's pixels."""
    most, channels = (2 * radius + 1) ** 2, picture.shape[2]
    votes, weights, trust = (
        np.empty((most, channels), np.float32),
        np.empty(most, np.float32),
        np.empty(most, np.float32),
    )
    mean = np.empty(channels, np.float32)
    count = targets.hole_y.size
    for p in range(run * count // runs, (run + 1) * count // runs):
        y, x = np.int64(targets.hole_y[p]), np.int64(targets.hole_x[p])
        voters = _collect(
            y,
            x,
            targets.number,
            targets.confidence,
            field,
            sources.known,
            sources.values,
            shifts,
            radius,
            softness,
            votes,
            weights,
            trust,
        )
        if voters == 0:
            continue
        _average(votes, weights, voters, mean)
        if targets.depth[y, x] > deep:
            _favour_agreement(votes, weights, voters, mean)
            _average(votes, weights, voters, mean)
        for c in range(channels):
            picture[y, x, c] = mean[c]


@inner
def _collect(
    y: int,
    x: int,
    number: np.ndarray,
    confidence: np.ndarray,
    field: Field,
    known: np.ndarray,
    values: np.ndarray,
    shifts: np.ndarray,
    radius: int,
    softness: np.float32,
    votes: np.ndarray,
    weights: np.ndarray,
    trust: np.ndarray,
) -> int:
    """Write votes (N, K) and weights (N,) for one pixel; return how many there are. `trust` is room for (N,)."""
    voters, least, summed = 0, np.float32(np.inf), np.float32(0)
    for j in range(-radius, radius + 1):
        for i in range(-radius, radius + 1):
            t = np.int64(number[y + j, x + i])
            if t < 0:
                continue
            source_y, source_x, cost = np.int64(field.y[t]) - j, np.int64(field.x[t]) - i, field.cost[t]
            if known[source_y, source_x]:
                for c in range(votes.shape[1]):
                    votes[voters, c] = values[source_y, source_x, c] + shifts[t, c]
                weights[voters], trust[voters] = cost, confidence[y + j, x + i]
                summed += cost
                if cost < least:
                    least = cost
                voters += 1
    if voters == 0:
        return 0
    spread = softness * summed / np.float32(voters) + TINY
    for n in range(voters):
        weights[n] = trust[n] * np.exp((least - weights[n]) / spread)
    return voters


@inner
def _average(votes: np.ndarray, weights: np.ndarray, voters: int, mean: np.ndarray) -> None:
    """Write the weighted mean of the votes."""
    mean[:] = 0
    total = np.float32(0)
    for n in range(voters):
        total += weights[n]
        for c in range(mean.size):
            mean[c] += weights[n] * votes[n, c]
    for c in range(mean.size):
        mean[c] /= total


@inner
def _favour_agreement(votes: np.ndarray, weights: np.ndarray, voters: int, mean: np.ndarray) -> None:
    """Lower the weights of votes that are far from the mean, in units of their own variance."""
    variance, total = np.float32(0), np.float32(0)
    for n in range(voters):
        variance += weights[n] * _squared_distance(votes, n, mean)
        total += weights[n]
    variance = variance / total + TINY
    for n in range(voters):
        weights[n] *= np.exp(-_squared_distance(votes, n, mean) / variance)


@inner
def _squared_distance(votes: np.ndarray, n: int, mean: np.ndarray) -> np.float32:
    total = np.float32(0)
    for c in range(mean.size):
        total += (votes[n, c] - mean[c]) * (votes[n, c] - mean[c])
    return total
