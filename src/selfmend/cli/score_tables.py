"""How scores are shown to people: a row a picture, or a row a metric."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from selfmend.cli.table import print_table

_HEADINGS = {
    "copied-side": "copied side px",
    "copied-large": "copied >32 px",
}
_DIGITS = {"copied-side": 1, "copied-large": 3, "seams": 2, "rmse": 2, "psnr": 2, "niqe": 2}
_HOLE = "-hole"
_MOST = 5  # columns of numbers, as wide as a terminal; --json has all


def print_scores(rows: list[dict[str, Any]], mean: dict[str, float | None]) -> None:
    """A row a picture, and their mean."""
    last = [{"file": f"mean of {len(rows)}", **mean}] if len(rows) > 1 else []
    _print_rows([*rows, *last], list(mean))


def print_comparison(found: dict[str, Any], *, hole: bool) -> None:
    """A row a metric: of whole pictures and of their holes; of several pictures the mean and its 95 % interval.

    Above it, of several pictures, a row a picture with the first scores, of the holes where these were measured.

    Args:
        found: what `cli.comparison.compare` gives.
        hole: whether holes were measured.
    """
    mean, interval, count = found["mean"], found["interval"], len(found["pictures"])
    if count > 1:
        _print_rows(found["pictures"], [name for name in mean if name.endswith(_HOLE) == hole][:_MOST])
    metrics = list(dict.fromkeys(name.removesuffix(_HOLE) for name in mean))
    body = []
    for metric in metrics:
        row = [metric]
        for name in (metric, metric + _HOLE)[: 1 + hole]:
            row.append(_number(metric, mean.get(name)))
            if count > 1:
                ends = interval.get(name)
                row.append("-" if ends is None else " to ".join(_number(metric, end) for end in ends))
        body.append(row)
    beside = ["95 %"] if count > 1 else []
    header = [f"mean of {count}" if count > 1 else "metric", "whole", *beside]
    print_table(header + (["hole", *beside] if hole else []), body, numbers=True)


def _print_rows(rows: list[dict[str, Any]], names: list[str]) -> None:
    """Some of the scores; files with their folders only where their names are equal."""
    files = [row["file"] for row in rows]
    short = [Path(file).name for file in files]
    shown = short if len(set(short)) == len(set(files)) else files
    body = [[file, *(_number(name, row[name]) for name in names)] for file, row in zip(shown, rows, strict=True)]
    print_table(["picture", *(_HEADINGS.get(name, name) for name in names)], body, numbers=True)


def _number(name: str, value: float | None) -> str:
    return "-" if value is None else f"{value:.{_DIGITS.get(name.removesuffix(_HOLE), 4)}f}"
