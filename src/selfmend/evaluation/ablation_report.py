"""The folder and the report of an ablation.

The folder of an ablation: a record that tells it from another one, its runs, and what came out.

OUT/ablation.json            method, option, config, and digests of the pictures
OUT/runs/VALUE-SEED          run folders, see train.run_folder
OUT/table.md, scores.json, faces.png   written when all runs are finished

What an ablation leaves behind for people and programs: table.md, scores.json and faces.png.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from numpy.typing import NDArray
from PIL import Image as PILImage

from selfmend.evaluation.report_folder import ReportFolder
from selfmend.files import atomic_path
from selfmend.image.draw import contact_sheet, paint_hole, to_rgb
from selfmend.image.files import save_picture

if TYPE_CHECKING:
    from selfmend.evaluation.ablation import AblationResult
    from selfmend.evaluation.comparison import Comparison, Row


class AblationFolder(ReportFolder):
    """A folder that holds one ablation."""

    kind: ClassVar[str] = "ablation"

    def run(self, value: str, seed: int) -> Path:
        """The run folder of a value and a seed."""
        return self.path / "runs" / f"{value}-{seed}"

    def _difference(self, key: str, found: Any, wanted: Any) -> str:
        return "other pictures were held back" if key == "held_back" else super()._difference(key, found, wanted)


def value_name(value: Any) -> str:
    """A value in tables, and as a part of a file's name.

    Example:
        >>> value_name(5.0), value_name(-0.003), value_name(True), value_name((1, 2))
        ('5', '-0.003', 'true', '1-2')
    """
    if isinstance(value, tuple):
        return "-".join(value_name(one) for one in value)
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    text = str(value).lower() if value is None or isinstance(value, bool) else str(value)
    return re.sub(r"[^\w.+-]+", "-", text)


SHOWN = 8  # rows of the sheet
_LEAST_SIDE = 128  # pixels; smaller pictures are shown enlarged
_FEW_SEEDS, _FEW_PICTURES = 3, 20
_DIGITS = {"psnr": 2}


def write_report(result: AblationResult, folder: Path) -> None:
    """Write the three files into a folder that exists."""
    for name, text in (("table.md", tables(result)), ("scores.json", json.dumps(scores(result), indent=1))):
        with atomic_path(folder / name) as temporary:
            temporary.write_text(text + "\n", encoding="utf-8")
    save_picture(sheet(result), folder / "faces.png")


def tables(result: AblationResult) -> str:
    """Markdown: where the numbers come from, and a table a metric, the hole's first."""
    comparisons = sorted(result.comparisons, key=lambda c: not c.metric.endswith("-hole"))
    parts = [f"# {result.ablation.method}: {result.ablation.option}", *notes(result)]
    return "\n\n".join([*parts, *(_table(result.ablation.option, comparison) for comparison in comparisons)])


def notes(result: AblationResult) -> list[str]:
    """What a reader must know of the numbers, in sentences."""
    plan, truths = result.ablation, result.truths
    learned, held = len(plan.learned.names), len(truths.names)
    found = [
        f"Preset {plan.preset or 'the default'}, {plan.seeds} training(s) a value, {learned} pictures learned from, "
        f"{held} held back, size {plan.config.size}, holes: {plan.config.masks}. Means over seeds and pictures."
    ]
    if truths.without_eyes is not None:
        found.append(
            f"Of the held-back pictures, {truths.without_face} have no face that was found and {truths.without_eyes} a "
            "face without found eyes; there the bar lies where eyes usually are."
        )
    if plan.seeds == 1:
        found.append("One seed: the intervals say nothing of what another seed would give.")
    elif plan.seeds < _FEW_SEEDS or held < _FEW_PICTURES:
        found.append(f"Fewer than {_FEW_SEEDS} seeds or {_FEW_PICTURES} pictures: the intervals are too narrow.")
    if result.lpips is None:
        found.append("LPIPS was left out.")
    return found


def number(metric: str, value: float, *, sign: str = "") -> str:
    """A score as a table shows it."""
    return format(value, f"{sign}.{_DIGITS.get(metric.removesuffix('-hole'), 4)}f")


def _table(option: str, comparison: Comparison) -> str:
    metric = comparison.metric
    better = "higher" if comparison.higher_is_better else "lower"
    pictures = f"{comparison.pictures} pictures, {better} is better"
    lines = [
        f"## {metric}", "", f"{pictures}. The difference has an interval of {100 * comparison.level:.4g} %.", "",
        f"| {option} | mean | 95 % interval | each seed | less the best | significant |", "|---|---|---|---|---|---|",
    ]  # fmt: skip
    for row in comparison.rows:
        low, high = number(metric, row.mean.low), number(metric, row.mean.high)
        seeds = ", ".join(number(metric, mean) for mean in row.of_seeds)
        cells = [number(metric, row.mean.mean), f"{low} to {high}", seeds, *_difference_cells(metric, row)]
        lines.append(f"| {value_name(row.value)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _difference_cells(metric: str, row: Row) -> list[str]:
    if row.difference is None:
        return ["best", ""]
    mean, low, high = (number(metric, v, sign="+") for v in dataclasses.astuple(row.difference))
    return [f"{mean} ({low} to {high})", "yes" if row.significant else "no"]


def scores(result: AblationResult) -> dict[str, Any]:
    """All single numbers and what was made of them, as JSON holds them."""
    plan, names = result.ablation, result.truths.names
    single = [
        {"value": value, "seed": seed, "picture": name, **_without_nan(row)}
        for value, of_seeds in zip(plan.values, result.scores, strict=True)
        for seed, rows in enumerate(of_seeds)
        for name, row in zip(names, rows, strict=True)
    ]
    return {**plan.record(), "values": list(plan.values), "seeds": plan.seeds, "lpips": result.lpips,
            "without_eyes": result.truths.without_eyes, "without_face": result.truths.without_face,
            "comparisons": [comparison_record(c) for c in result.comparisons], "scores": single}  # fmt: skip


def comparison_record(comparison: Comparison) -> dict[str, Any]:
    """One metric as JSON holds it."""
    rows = [dataclasses.asdict(row) | {"significant": row.significant} for row in comparison.rows]
    return {**dataclasses.asdict(comparison), "best": comparison.best.value, "rows": rows}


def _without_nan(row: dict[str, float]) -> dict[str, float | None]:
    return {name: None if math.isnan(value) else value for name, value in row.items()}


def sheet(result: AblationResult) -> PILImage.Image:
    """Some held-back pictures, a row each: damaged, each value with its first seed, truth."""
    plan, cases = result.ablation, result.truths.cases
    captions = ["damaged", *(f"{plan.option} {value_name(value)}" for value in plan.values), "truth"]
    pictures, places = [], shown_places(len(cases))
    for row, k in enumerate(places):
        truth, mask = cases[k].image, cases[k].mask
        pictures.append(paint_hole(_enlarged(truth), _enlarged(mask)))
        pictures += [to_rgb(_enlarged(image)) for image in (*(filled[row] for filled in result.fills), truth)]
    return contact_sheet(pictures, captions * len(places), columns=len(captions))


def shown_places(count: int) -> list[int]:
    """Which of so many pictures the sheet shows, evenly."""
    return [k * count // min(SHOWN, count) for k in range(min(SHOWN, count))]


def _enlarged(image: NDArray[Any]) -> NDArray[Any]:
    """Pixels as squares, where a picture is small."""
    times = max(1, _LEAST_SIDE // image.shape[1])
    return image.repeat(times, 0).repeat(times, 1)
