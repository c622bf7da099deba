"""How far a mean can be trusted: bootstrap intervals (Efron & Tibshirani, "An Introduction to the Bootstrap", 1993).

Scores are float (R, P): R runs of a training that differ in their seed, P pictures that each run was scored on.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

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
    scores: Tensor, *, generator: torch.Generator, level: float = 0.95, resamples: int = RESAMPLES
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
    means = [scores.new_empty(0, dtype=torch.float64)]
    for first in range(0, resamples, _CHUNK):
        count = min(_CHUNK, resamples - first)
        means.append(_resampled(scores, _pictures(scores, count, generator), generator))
    return _interval(scores.double().mean(), torch.cat(means), level)


def difference_interval(
    one: Tensor, other: Tensor, *, generator: torch.Generator, level: float = 0.95, resamples: int = RESAMPLES
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
    differences = [one.new_empty(0, dtype=torch.float64)]
    for first in range(0, resamples, _CHUNK):
        pictures = _pictures(one, min(_CHUNK, resamples - first), generator)
        differences.append(_resampled(one, pictures, generator) - _resampled(other, pictures, generator))
    return _interval(one.double().mean() - other.double().mean(), torch.cat(differences), level)


def _check_scores(scores: Tensor, *, level: float, resamples: int) -> None:
    """Refuse what no interval can be drawn for.

    Raises:
        OptionError: as `mean_interval`.
    """
    if scores.ndim != 2 or scores.shape[0] < 1 or scores.shape[1] < 2:
        raise OptionError(f"scores are {tuple(scores.shape)}; (runs, pictures) with 1 run and 2 pictures or more fits")
    if not bool(scores.isfinite().all()):
        raise OptionError("scores hold values that are not finite; leave such pictures out")
    if not 0 < level < 1 or resamples < 1:
        raise OptionError(f"level is {level} and resamples {resamples}; a level between 0 and 1, and at least 1, fit")


def _pictures(scores: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """(count, P): which pictures each resample holds."""
    return torch.randint(scores.shape[1], (count, scores.shape[1]), generator=generator)


def _resampled(scores: Tensor, pictures: Tensor, generator: torch.Generator) -> Tensor:
    """(count,): the mean of each resample, its runs drawn here."""
    count, runs = len(pictures), scores.shape[0]
    drawn = torch.randint(runs, (count, runs), generator=generator)
    of_runs = scores.double()[drawn].mean(1)  # (count, P)
    return of_runs.gather(1, pictures).mean(1)


def _interval(mean: Tensor, means: Tensor, level: float) -> Interval:
    ends = means.new_tensor([(1 - level) / 2, (1 + level) / 2])
    low, high = torch.quantile(means, ends, interpolation="nearest").tolist()
    return Interval(float(mean), low, high)
