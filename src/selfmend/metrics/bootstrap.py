"""How far a mean can be trusted: bootstrap intervals (Efron & Tibshirani, "An Introduction to the Bootstrap", 1993).

Scores are float (R, P): R runs of a training that differ in their seed, P pictures that each run was scored on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfmend.errors import OptionError

RESAMPLES = 10_000
_CHUNK = 500  # resamples at once: memory


@dataclass(frozen=True)
class Interval:
    """A mean and the interval of a level around it."""

    mean: float
    low: float
    high: float

    @property
    def has_zero(self) -> bool:
        """Whether zero lies in the interval: of a difference, that it may be chance."""
        return self.low <= 0 <= self.high


def mean_interval(
    scores: NDArray[np.float64], *, generator: np.random.Generator, level: float = 0.95, resamples: int = RESAMPLES
) -> Interval:
    """The mean over runs and pictures, with its percentile interval.

    Runs and pictures are both drawn anew, with replacement. Of one run the interval says how another choice of pictures
    would differ, and nothing of how another seed would; of few runs it is somewhat narrow.

    Args:
        scores: (R, P), finite, R >= 1, P >= 2.
        generator: draws the resamples.
        level: of the interval, between 0 and 1.
        resamples: how many, at least 1.

    Returns:
        The mean, and the quantiles (1 - level) / 2 and (1 + level) / 2 of the means of the resamples.

    Raises:
        OptionError: fewer runs or pictures, scores that are not finite, or another level or number.
    """
    _check_scores(scores, level=level, resamples=resamples)
    means = []
    for first in range(0, resamples, _CHUNK):
        count = min(_CHUNK, resamples - first)
        means.append(_resampled(scores, _pictures(scores, count, generator), generator))
    return _interval(float(scores.mean()), np.concatenate(means), level)


def difference_interval(
    one: NDArray[np.float64],
    other: NDArray[np.float64],
    *,
    generator: np.random.Generator,
    level: float = 0.95,
    resamples: int = RESAMPLES,
) -> Interval:
    """The mean of `one` less that of `other`, with its paired percentile interval.

    A resample holds the same pictures for both, so that a picture that is hard for both adds nothing to the noise;
    the runs of each are drawn for themselves.

    Args:
        one, other: (R, P) and (S, P) of the same pictures in the same order.
        generator, level, resamples: as in `mean_interval`.

    Raises:
        OptionError: as `mean_interval`, or different numbers of pictures.
    """
    for scores in (one, other):
        _check_scores(scores, level=level, resamples=resamples)
    if one.shape[1] != other.shape[1]:
        raise OptionError(f"scores are of {one.shape[1]} and of {other.shape[1]} pictures; the same pictures fit")
    differences = []
    for first in range(0, resamples, _CHUNK):
        pictures = _pictures(one, min(_CHUNK, resamples - first), generator)
        differences.append(_resampled(one, pictures, generator) - _resampled(other, pictures, generator))
    return _interval(float(one.mean() - other.mean()), np.concatenate(differences), level)


def _check_scores(scores: NDArray[np.float64], *, level: float, resamples: int) -> None:
    """Refuse what no interval can be drawn for.

    Raises:
        OptionError: as `mean_interval`.
    """
    if scores.ndim != 2 or scores.shape[0] < 1 or scores.shape[1] < 2:
        raise OptionError(f"scores are {scores.shape}; (runs, pictures) with 1 run and 2 pictures or more fits")
    if not np.isfinite(scores).all():
        raise OptionError("scores hold values that are not finite; leave such pictures out")
    if not 0 < level < 1 or resamples < 1:
        raise OptionError(f"level is {level} and resamples {resamples}; a level between 0 and 1, and at least 1, fit")


def _pictures(scores: NDArray[np.float64], count: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """(count, P): which pictures each resample holds."""
    return generator.integers(scores.shape[1], size=(count, scores.shape[1]))


def _resampled(
    scores: NDArray[np.float64], pictures: NDArray[np.int64], generator: np.random.Generator
) -> NDArray[np.float64]:
    """(count,): the mean of each resample, its runs drawn here."""
    count, runs = len(pictures), scores.shape[0]
    drawn = generator.integers(runs, size=(count, runs))
    of_runs = scores[drawn].mean(1)  # (count, P)
    return np.take_along_axis(of_runs, pictures, 1).mean(1)


def _interval(mean: float, means: NDArray[np.float64], level: float) -> Interval:
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], method="nearest").tolist()
    return Interval(mean, low, high)
