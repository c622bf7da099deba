"""Which of several values is the best, and which of the others may be as good: means, intervals, paired differences.

Which of several values is the best, and which of the others may be as good: means, intervals, paired differences.

How far a mean can be trusted: bootstrap intervals (Efron & Tibshirani, "An Introduction to the Bootstrap", 1993).

Scores are float (R, P): R runs of a training that differ in their seed, P pictures that each run was scored on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfmend.evaluation.held_back import is_higher_better
from selfmend.metrics.bootstrap import Interval, difference_interval, mean_interval
from selfmend.seeding import make_rng

LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class Row:
    """One value in one metric.

    Attributes:
        value: of the option.
        mean: over runs and pictures, with its interval of 95 %.
        of_seeds: the mean over the pictures of each run.
        difference: the mean less that of the best value, paired by picture; None for the best.
    """

    value: Any
    mean: Interval
    of_seeds: tuple[float, ...]
    difference: Interval | None = None

    @property
    def significant(self) -> bool:
        """Whether this value is worse than the best by more than chance."""
        return self.difference is not None and not self.difference.has_zero


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """All values in one metric.

    Attributes:
        metric: its name, with "-hole" where only the hole counts.
        higher_is_better: the direction of the metric.
        pictures: how many have this metric.
        rows: one a value.
        level: of the intervals of the differences.
    """

    metric: str
    higher_is_better: bool
    pictures: int
    rows: tuple[Row, ...]
    level: float

    @property
    def best(self) -> Row:
        """The row of the best mean."""
        return next(row for row in self.rows if row.difference is None)


def compare(values: Sequence[Any], scores: Sequence[Mapping[str, NDArray[np.float64]]]) -> list[Comparison]:
    """Compare values in every metric.

    Args:
        values: one or more; of one there is nothing to compare, but its mean has an interval.
        scores: for each value (R, P) by metric; the same pictures in the same order. NaN is a picture without it.

    Returns:
        One comparison a metric that at least two pictures have. The intervals of the differences are wide enough to
        hold all at once in 95 of 100 cases (Bonferroni).
    """
    found = []
    for metric in scores[0]:
        of_values = [by_metric[metric] for by_metric in scores]
        known = np.all([np.isfinite(s).all(0) for s in of_values], 0)
        if int(known.sum()) >= 2:
            found.append(_compare(metric, values, [s[:, known] for s in of_values]))
    return found


def _compare(metric: str, values: Sequence[Any], scores: Sequence[NDArray[np.float64]]) -> Comparison:
    higher = is_higher_better(metric)
    means = [float(s.mean()) for s in scores]
    best = means.index(max(means) if higher else min(means))
    level = 1 - (1 - LEVEL) / max(1, len(values) - 1)
    rows = []
    for k, (value, own) in enumerate(zip(values, scores, strict=True)):
        difference = None
        if k != best:
            generator = make_rng(0, "difference", metric, k)
            difference = difference_interval(own, scores[best], generator=generator, level=level)
        mean = mean_interval(own, generator=make_rng(0, "mean", metric, k), level=LEVEL)
        rows.append(Row(value=value, mean=mean, of_seeds=tuple(own.mean(1).tolist()), difference=difference))
    return Comparison(
        metric=metric, higher_is_better=higher, pictures=scores[0].shape[1], rows=tuple(rows), level=level
    )
