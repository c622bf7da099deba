"""The tables of a benchmark: means over the cases that all have, their intervals, and what may be chance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from selfmend.bench.cases import ALL, Case
from selfmend.bench.comparison import Comparison, compare
from selfmend.bench.held_back import is_higher_better
from selfmend.bench.scoring import KNOWN, MEMORY

LEAST_PHOTOS = 6
"""Of fewer, chance alone puts one before the other on all photos in more than 1 of 20 cases (2 / 2^6)."""

Scores = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Entrant, case and metric to a score; a case that failed is not there."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """The mean of one entrant in one metric.

    Attributes:
        mean: over photos; of memory, the most of any.
        low, high: ends of its interval of 95 %; None where one photo is all there is.
        best: whether no other mean is better.
        worse: whether it is worse than the best by more than chance; None where nothing can be said, as with fewer
            than `LEAST_PHOTOS`.
    """

    mean: float
    low: float | None = None
    high: float | None = None
    best: bool = False
    worse: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Table:
    """Everything in numbers, of one kind of holes or of all.

    Attributes:
        kind: of the holes, or `ALL`.
        cases: how many there are.
        shared: metric to the number of cases that count, which are those that every entrant has.
        rows: entrant to metric to cell; a metric that an entrant has nowhere is not there.
    """

    kind: str
    cases: int
    shared: Mapping[str, int]
    rows: Mapping[str, Mapping[str, Cell]]


def make_tables(cases: Sequence[Case], names: Sequence[str], scores: Scores) -> list[Table]:
    """One table of all cases, and one a kind where there are several.

    Args:
        cases: all.
        names: of the entrants, in the order of the rows.
        scores: what was measured.
    """
    kinds = list(dict.fromkeys(case.kind for case in cases))
    tables = [_table(ALL, cases, names, scores)]
    if len(kinds) > 1:
        tables += [_table(kind, [c for c in cases if c.kind == kind], names, scores) for kind in kinds]
    return tables


def _table(kind: str, cases: Sequence[Case], names: Sequence[str], scores: Scores) -> Table:
    metrics = list(dict.fromkeys(m for name in names for row in scores[name].values() for m in row))
    rows: dict[str, dict[str, Cell]] = {name: {} for name in names}
    shared = {}
    for metric in metrics:
        values = {name: [scores[name].get(case.name, {}).get(metric, math.nan) for case in cases] for name in names}
        having = [name for name in names if any(map(math.isfinite, values[name]))]
        known = [k for k in range(len(cases)) if all(math.isfinite(values[name][k]) for name in having)]
        shared[metric] = len(known)
        if not known or not having:
            continue
        photos = [str(cases[k].photo) for k in known]
        matrix = [_of_photos([values[name][k] for k in known], photos) for name in having]
        for name, cell in zip(having, _cells(metric, having, matrix), strict=True):
            rows[name][metric] = cell
    return Table(kind=kind, cases=len(cases), shared=shared, rows=rows)


def _of_photos(values: Sequence[float], photos: Sequence[str]) -> Tensor:
    """(1, P): the mean of each photo. Holes in one photo are no independent cases, so that photos are drawn anew."""
    by_photo: dict[str, list[float]] = {}
    for value, photo in zip(values, photos, strict=True):
        by_photo.setdefault(photo, []).append(value)
    return torch.tensor([[sum(own) / len(own) for own in by_photo.values()]], dtype=torch.float64)


def _cells(metric: str, names: Sequence[str], matrix: Sequence[Tensor]) -> list[Cell]:
    if metric == MEMORY:
        return [Cell(mean=float(values.max())) for values in matrix]
    comparable = matrix[0].shape[1] >= LEAST_PHOTOS
    ranked = len(names) > 1 and metric != KNOWN  # where nothing may change, nobody is the best at it
    means = [float(values.mean()) for values in matrix]
    best = max(means) if is_higher_better(metric) else min(means)
    found: list[Comparison] = compare(names, [{metric: values} for values in matrix])
    if not found:  # one photo
        return [Cell(mean=mean, best=ranked and mean == best) for mean in means]
    return [
        Cell(
            mean=row.mean.mean, low=row.mean.low, high=row.mean.high, best=ranked and row.mean.mean == best,
            worse=row.significant if ranked and comparable else None,
        )
        for row in found[0].rows
    ]  # fmt: skip
