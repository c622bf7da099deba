"""What a benchmark leaves behind: scores.csv with every number, table.md with the means, index.html to look at."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

from selfmend._version import __version__
from selfmend.bench.benchmark_page import page
from selfmend.bench.machine import machine
from selfmend.bench.scoring import meaning, shown
from selfmend.bench.summary import LEAST_PHOTOS, Cell, Table
from selfmend.core.files import atomic_path

if TYPE_CHECKING:
    from selfmend.bench.benchmark import BenchmarkResult

_FEW_PHOTOS = 20


def write_reports(result: BenchmarkResult) -> None:
    """Write the three files into the benchmark's folder."""
    texts = {"scores.csv": scores_csv(result), "table.md": tables_md(result), "index.html": page(result, notes(result))}
    for name, text in texts.items():
        with atomic_path(result.folder.path / name) as temporary:
            temporary.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")


def scores_csv(result: BenchmarkResult) -> str:
    """A row a case and method; a case that failed has the reason and no numbers."""
    metrics = list(result.tables[0].shared)
    why = {(failure.method, failure.case): failure.why for failure in result.failures}
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["case", "kind", "photo", "method", *metrics, "failure"])
    for case in result.cases:
        for name in result.names:
            scores = result.scores[name].get(case.name, {})
            numbers = [repr(scores[metric]) if metric in scores else "" for metric in metrics]
            writer.writerow([case.name, case.kind, case.photo, name, *numbers, why.get((name, case.name), "")])
    return text.getvalue()


def notes(result: BenchmarkResult) -> list[str]:
    """Where the numbers come from and what a reader must know of them, in sentences."""
    photos = len({case.photo for case in result.cases})
    kinds = ", ".join(dict.fromkeys(case.kind for case in result.cases))
    found = [
        f"{len(result.cases)} cases of {photos} photo(s), longest side {result.size} px, holes: {kinds}, seed "
        f"{result.seed}. selfmend {__version__}, {result.date}, {machine()}, one thread a process."
    ]
    if result.command:
        found.append(f"Command: {result.command}")
    if photos == 1:
        found.append("One photo: there are no intervals, and nothing can be said of other photos.")
    else:
        few = f" Of fewer than {_FEW_PHOTOS} photos they are too narrow." if photos < _FEW_PHOTOS else ""
        few += f" Of fewer than {LEAST_PHOTOS} nothing is called worse." if photos < LEAST_PHOTOS else ""
        found.append(
            "Means with intervals of 95 % (bootstrap over photos). Worse: than the best by more than chance, by the "
            f"paired difference on the same photos.{few}"
        )
    short = result.tables[0]
    least = min(short.shared.values(), default=0)
    if least < short.cases:
        found.append(
            f"A mean counts the cases that every method has: in some metrics {least} of {short.cases}, for a case may "
            "have failed, or a metric may not exist there (ssim of a hole at the border)."
        )
    if result.failures:
        found.append(f"{len(result.failures)} result(s) are missing; they are listed at the end.")
    return found


def tables_md(result: BenchmarkResult) -> str:
    """Markdown: notes, a table a kind, and what is missing."""
    metrics = list(result.tables[0].shared)
    parts = ["# Benchmark", *(_markdown_text(note) for note in notes(result))]
    for table in result.tables:
        parts += [f"## {_markdown_text(table.kind)}: {table.cases} cases", _table(table)]
    parts.append("\n".join(f"- `{metric}`: {meaning(metric)}" for metric in metrics))
    if result.failures:
        lines = [f"- {_markdown_text(f'{one.method}, {one.case}: {one.why}')}" for one in result.failures]
        parts += ["## Missing", "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def _table(table: Table) -> str:
    metrics = list(table.shared)
    lines = ["| method | " + " | ".join(metrics) + " |", "|---" * (len(metrics) + 1) + "|"]
    for name, cells in table.rows.items():
        numbers = (cell_text(metric, cells) for metric in metrics)
        lines.append(f"| {_markdown_text(name)} | " + " | ".join(numbers) + " |")
    return "\n".join(lines)


def cell_text(metric: str, cells: Mapping[str, Cell]) -> str:
    """A mean with its interval; the best one bold, and one that is worse by more than chance marked."""
    if metric not in cells:
        return "-"
    cell = cells[metric]
    text = shown(metric, cell.mean)
    text = f"**{text}**" if cell.best else text
    if cell.low is not None and cell.high is not None:
        text += f" ({shown(metric, cell.low)} to {shown(metric, cell.high)})"
    return text + (" worse" if cell.worse else "")


def _markdown_text(text: str) -> str:
    """A text of a user's, so that nothing in it is taken for a table, a tag or a heading."""
    for sign in "\\|<`*_[":
        text = text.replace(sign, "\\" + sign)
    return text
