"""The tables of a benchmark: as CSV, as Markdown, and as a page with a slider.

The tables of a benchmark: means over the cases that all have, their intervals, and what may be chance.

What a benchmark leaves behind: scores.csv with every number, table.md with the means, index.html to look at.

The page of a benchmark: one HTML file with everything in it, which asks nothing of any network.

All that comes from outside, such as the names of files, passes `html.escape`; the script reads texts only and writes
them as texts.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PILImage

from selfmend._version import __version__
from selfmend.evaluation.cases import ALL, Case
from selfmend.evaluation.comparison import Comparison, compare
from selfmend.evaluation.held_back import is_higher_better
from selfmend.evaluation.report_folder import machine
from selfmend.evaluation.scoring import KNOWN, MEMORY, meaning, shown
from selfmend.files import atomic_path
from selfmend.image.draw import to_rgb
from selfmend.image.files import read_picture

if TYPE_CHECKING:
    from selfmend.evaluation.benchmark import BenchmarkResult


LEAST_PHOTOS = 6
"""Of fewer, chance alone puts one before the other on all photos in more than 1 of 20 cases (2 / 2^6)."""

Scores = Mapping[str, Mapping[str, Mapping[str, float]]]
"""Entrant, case and metric to a score; a case that failed is not there."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """The mean of one entry in one metric.

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
        shared: metric to the number of cases that count, which are those that every entry has.
        rows: entry to metric to cell; a metric that an entry has nowhere is not there.
    """

    kind: str
    cases: int
    shared: Mapping[str, int]
    rows: Mapping[str, Mapping[str, Cell]]


def make_tables(cases: Sequence[Case], names: Sequence[str], scores: Scores) -> list[Table]:
    """One table of all cases, and one a kind where there are several.

    Args:
        cases: all.
        names: of the entries, in the order of the rows.
        scores: what was measured.
    """
    kinds = list(dict.fromkeys(case.kind for case in cases))
    tables = [_table_of(ALL, cases, names, scores)]
    if len(kinds) > 1:
        tables += [_table_of(kind, [c for c in cases if c.kind == kind], names, scores) for kind in kinds]
    return tables


def _table_of(kind: str, cases: Sequence[Case], names: Sequence[str], scores: Scores) -> Table:
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


def _of_photos(values: Sequence[float], photos: Sequence[str]) -> NDArray[np.float64]:
    """(1, P): the mean of each photo. Holes in one photo are no independent cases, so that photos are drawn anew."""
    by_photo: dict[str, list[float]] = {}
    for value, photo in zip(values, photos, strict=True):
        by_photo.setdefault(photo, []).append(value)
    return np.array([[sum(own) / len(own) for own in by_photo.values()]], np.float64)


def _cells(metric: str, names: Sequence[str], matrix: Sequence[NDArray[np.float64]]) -> list[Cell]:
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


_QUALITY = 90  # of WebP: 40 cases of 250 px with 4 methods are about 5 MB, and 20 MB without loss
_SHOWN = "psnr-hole"  # under each picture


def page(result: BenchmarkResult, notes: Sequence[str]) -> str:
    """The whole page.

    Args:
        result: what came out.
        notes: where it comes from, in sentences.
    """
    own = files("selfmend.evaluation") / "page"
    template, style, script = ((own / f"page.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
    metrics = list(result.tables[0].shared)
    failed = {(failure.method, failure.case) for failure in result.failures}
    return Template(template).substitute(
        title=f"{len(result.cases)} cases, {result.date}",
        style=style,
        script=script,
        notes="\n".join(f"<p>{_text(note)}</p>" for note in notes),
        kinds=_choices(result.tables),
        headings="".join(_heading(name) for name in ["holes", "method", *metrics]),
        rows="\n".join(_rows(table, metrics) for table in result.tables),
        meanings="".join(f"<dt>{_text(name)}</dt><dd>{_text(meaning(name))}</dd>" for name in metrics),
        strips="\n".join(_strip(result, case, failed) for case in result.cases),
        missing=_missing(result),
        data=_json(_data(result)),
    )


def _choices(tables: Sequence[Table]) -> str:
    options = "".join(f'<option value="{_text(t.kind)}">{_text(t.kind)} ({t.cases} cases)</option>' for t in tables)
    return options + ('<option value="*">every row</option>' if len(tables) > 1 else "")


def _heading(name: str) -> str:
    title = f' title="{_text(meaning(name))}"' if name not in ("holes", "method") else ""
    return f'<th scope="col"{title}><button type="button">{_text(name)}</button></th>'


def _rows(table: Table, metrics: Sequence[str]) -> str:
    """The rows of a kind; without the script, all kinds are seen one after the other."""
    rows = []
    for name, cells in table.rows.items():
        texts = f'<td data-value="{_text(table.kind)}">{_text(table.kind)}</td>'
        texts += f'<td data-value="{_text(name)}">{_text(name)}</td>'
        texts += "".join(_cell(metric, cells) for metric in metrics)
        rows.append(f'<tr data-kind="{_text(table.kind)}">{texts}</tr>')
    return "\n".join(rows)


def _cell(metric: str, cells: Mapping[str, Cell]) -> str:
    if metric not in cells:
        return '<td data-value="">-</td>'
    cell = cells[metric]
    kind = ' class="best"' if cell.best else ' class="worse"' if cell.worse else ""
    text = shown(metric, cell.mean) + (" &minus;" if cell.worse else "")
    if cell.low is not None and cell.high is not None:
        text += f"<small>{shown(metric, cell.low)} to {shown(metric, cell.high)}</small>"
    return f'<td data-value="{cell.mean!r}"{kind}>{text}</td>'


def _strip(result: BenchmarkResult, case: Case, failed: set[tuple[str, str]]) -> str:
    """Truth, damaged picture and all results of a case."""
    folder, truth = result.folder, read_picture(result.folder.truth(case.name))
    size = f'width="{truth.size[1]}" height="{truth.size[0]}"'
    parts = [
        f'<figure><img {size} alt="{what}" src="{_uri(file)}"><figcaption>{what}</figcaption></figure>'
        for what, file in (("truth", folder.truth(case.name)), ("damaged", folder.damaged(case.name)))
    ]
    first = _first(result)
    for name in result.names:
        if (name, case.name) in failed:
            parts.append(f"<figure><figcaption>{_text(name)}: missing</figcaption></figure>")
            continue
        score = result.scores[name][case.name].get(_SHOWN)
        told = "" if score is None else f"<br>{shown(_SHOWN, score)} dB in the hole"
        parts.append(
            f'<figure><button type="button" aria-pressed="false" data-name="{_text(name)}" '
            f'data-first="{str(name == first).lower()}"><img {size} alt="result of {_text(name)}" '
            f'src="{_uri(folder.result(name, case.name))}"></button>'
            f"<figcaption>{_text(name)}{told}</figcaption></figure>"
        )
    title = f"<h3>{_text(case.name)} <small>({_text(str(case.photo))})</small></h3>"
    return f'<article class="case">{title}<div class="strip">{"".join(parts)}</div></article>'


def _first(result: BenchmarkResult) -> str:
    """The method whose result the sliders show at first: the best mean in the hole."""
    rows = result.tables[0].rows
    return next((name for name, cells in rows.items() if _SHOWN in cells and cells[_SHOWN].best), result.names[-1])


def _missing(result: BenchmarkResult) -> str:
    if not result.failures:
        return ""
    lines = "".join(f"<li>{_text(f'{one.method}, {one.case}: {one.why}')}</li>" for one in result.failures)
    return f'<section aria-labelledby="missing"><h2 id="missing">Missing</h2><ul>{lines}</ul></section>'


def _data(result: BenchmarkResult) -> dict[str, Any]:
    """Every number, for programs."""
    cases = [{"case": case.name, "kind": case.kind, "photo": str(case.photo)} for case in result.cases]
    scores = {
        name: {
            case: {metric: value if math.isfinite(value) else None for metric, value in row.items()}
            for case, row in of_cases.items()
        }
        for name, of_cases in result.scores.items()
    }
    return {"size": result.size, "seed": result.seed, "command": result.command, "cases": cases, "scores": scores}


def _json(value: Any) -> str:
    """JSON that can stand in a script element: nothing in it ends the element or begins a comment."""
    text = json.dumps(value, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _uri(file: Any) -> str:
    picture: PILImage.Image = to_rgb(read_picture(file).image)
    data = io.BytesIO()
    picture.save(data, format="WEBP", quality=_QUALITY, method=4)
    return "data:image/webp;base64," + base64.b64encode(data.getvalue()).decode("ascii")


def _text(text: str) -> str:
    return escape(text.encode(errors="surrogateescape").decode(errors="replace"), quote=True)
