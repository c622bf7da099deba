"""The page of a benchmark: one HTML file with everything in it, which asks nothing of any network.

All that comes from outside, such as the names of files, passes `html.escape`; the script reads texts only and writes
them as texts.
"""

from __future__ import annotations

import base64
import io
import json
import math
from collections.abc import Mapping, Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

from PIL import Image as PILImage

from selfmend.bench.cases import Case
from selfmend.bench.scoring import meaning, shown
from selfmend.bench.summary import Cell, Table
from selfmend.image.io import read_picture
from selfmend.image.sheet import to_rgb

if TYPE_CHECKING:
    from selfmend.bench.benchmark import BenchmarkResult

_QUALITY = 90  # of WebP: 40 cases of 250 px with 4 methods are about 5 MB, and 20 MB without loss
_SHOWN = "psnr-hole"  # under each picture


def page(result: BenchmarkResult, notes: Sequence[str]) -> str:
    """The whole page.

    Args:
        result: what came out.
        notes: where it comes from, in sentences.
    """
    own = files("selfmend.bench") / "page"
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
