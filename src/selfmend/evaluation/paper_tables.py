"""Runs the tables of `papers`: what can be computed on these pictures, what lacks something, and what was published.

A column that needs what is not here says which file to bring; nothing stands in its place.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import selfmend
from selfmend.errors import (
    ImageError,
    MissingExtraError,
    MissingWeightsError,
    OptionError,
    SelfmendWarning,
    check_known,
)
from selfmend.evaluation.cases import Case, find_cases, make_case
from selfmend.evaluation.papers import PAPERS, Contender, PaperTable
from selfmend.evaluation.report_folder import machine
from selfmend.evaluation.scoring import Scorer
from selfmend.files import atomic_path
from selfmend.image.draw import contact_sheet, paint_hole, to_rgb
from selfmend.image.files import read_picture, save_picture
from selfmend.image.resize import resize
from selfmend.methods.registry import check_weights, method_class, methods_by_use
from selfmend.metrics.bootstrap import mean_interval
from selfmend.metrics.frechet import sifid
from selfmend.metrics.niqe import NiqeParameters, load_parameters, niqe
from selfmend.metrics.pixels import rmse, ssim
from selfmend.metrics.samples import diversity
from selfmend.nn.owned_weights import how_to_get, owned_file
from selfmend.progress import Progress, share_of, silent
from selfmend.seeding import make_rng
from selfmend.types import Image, Mask, size_of

SHIPPED = ("astronaut.png", "chelsea.png", "coffee.png")
"""Photos that come with scikit-image, where no others are given."""

FACTOR = 4
SAMPLES = 8


@dataclass(kw_only=True)
class Row:
    """A column of the paper's table, computed here.

    Attributes:
        name: as the paper has it.
        by: what computed it.
        missing: what is not here, in a line; empty where nothing is.
        mean: of each metric; None where it could not be had.
        interval: of 95 %, of the pictures; None of fewer than two.
        published: as the paper prints it.
    """

    name: str
    by: str
    missing: str = ""
    mean: dict[str, float | None] = field(default_factory=dict)
    interval: dict[str, tuple[float, float] | None] = field(default_factory=dict)
    published: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class Computed:
    """A table as it came out: its title, metrics, rows and notes, what each metric lacks, and the pictures' names."""

    paper: str
    title: str
    metrics: list[str]
    rows: list[Row]
    notes: list[str]
    lacking: dict[str, str]
    pictures: list[str]
    machine: str


@dataclass(frozen=True, kw_only=True)
class _Setting:
    """What every table is run with."""

    output: Path
    size: int
    seed: int
    device: str
    presets: Mapping[str, str]
    runs: Mapping[str, str]
    references: Path | None
    progress: Progress


def run_paper(  # noqa: PLR0913
    paper: str,
    output: str | Path,
    *,
    photos: Sequence[str | Path] = (),
    masks: str | Path | None = None,
    references: str | Path | None = None,
    runs: Mapping[str, str] | None = None,
    presets: Mapping[str, str] | None = None,
    size: int = 250,
    seed: int = 0,
    device: str = "auto",
    progress: Progress = silent,
) -> list[Computed]:
    """The tables of a paper.

    Args:
        paper: "000" to "004".
        output: folder for tables, pictures and sheets.
        photos: files and folders; none takes three of scikit-image's.
        masks: a folder of holes, as a benchmark takes them; None draws them.
        references: 000: a folder of pictures of the same scenes, by the photos' names; None moves the photo itself.
        runs: by method, the run that was trained on a folder.
        presets: by method, of its preset.
        size: longest side of a photo; larger ones are made smaller.
        seed: of holes and methods.
        device: of the networks.
        progress: called with each event.

    Raises:
        OptionError: an unknown paper, method or preset; or an ablation, for which there is `run_ablation_paper`.
        ImageError, MaskError: what does not fit of photos and masks.
    """
    check_known("paper", paper, PAPERS)
    for name in {*(presets or {}), *(runs or {})}:
        check_known("method", name, methods_by_use())
    setting = _Setting(
        output=Path(output), size=size, seed=seed, device=device, presets=presets or {}, runs=runs or {},
        references=None if references is None else Path(references), progress=progress,
    )  # fmt: skip
    if PAPERS[paper][0].kind == "ablation":
        raise OptionError(f"the table of {paper} is an ablation, which trains on a folder; run_ablation_paper does it")
    cases = find_cases(list(photos) or shipped(), holes=["text" if paper == "000" else "wide"], masks=masks)
    setting.output.mkdir(parents=True, exist_ok=True)
    found = []
    for k, table in enumerate(PAPERS[paper]):
        told = share_of(progress, k, len(PAPERS[paper]), table.title)
        found.append(_Runner(table, cases, setting, told).run(paper))
    _write(found, setting.output)
    return found


def run_ablation_paper(
    folder: str | Path,
    output: str | Path,
    *,
    seeds: int = 3,
    held_back: int | None = None,
    preset: str | None = None,
    device: str = "auto",
    progress: Progress = silent,
) -> list[Computed]:
    """The table of paper 004: DMFN at four weights of feature matching, measured on faces that it has not learned.

    Args:
        folder: of faces.
        output: folder for trainings, tables and a sheet; a run that was stopped goes on.
        seeds, held_back, preset, device, progress: as `evaluation.ablation.run_ablation`.

    Raises:
        SelfmendError: as `run_ablation`, of which a missing file of weights is one.
    """
    from selfmend.evaluation.ablation import run_ablation

    (table,) = PAPERS["004"]
    values = [contender.options["matching"] for contender in table.contenders]
    result = run_ablation(
        "dmfn", folder, output, vary="matching", values=[str(value) for value in values], seeds=seeds,
        held_back=held_back, preset=preset, device=device, progress=progress,
    )  # fmt: skip
    metrics = [one.metric for one in result.comparisons if one.metric.startswith(("lpips", "psnr", "ssim"))]
    by_metric = {one.metric: one for one in result.comparisons}
    rows = []
    for contender, value in zip(table.contenders, values, strict=True):
        row = Row(name=contender.name, by=f"dmfn:{preset or ''}matching={value:g}", published=dict(contender.published))
        for metric in metrics:
            found = next(one.mean for one in by_metric[metric].rows if float(one.value) == value)
            row.mean[metric], row.interval[metric] = found.mean, (found.low, found.high)
        rows.append(row)
    lacking = {} if result.lpips else {"lpips-alex": "not here: LPIPS's weights; selfmend evaluate pair says which"}
    computed = Computed(
        paper="004", title=table.title, metrics=[*dict.fromkeys([*table.metrics, *metrics])], rows=rows,
        notes=list(table.notes), lacking=lacking, pictures=list(result.truths.names), machine=machine(),
    )  # fmt: skip
    _write([computed], Path(output))
    return [computed]


def _write(found: Sequence[Computed], folder: Path) -> None:
    with atomic_path(folder / "tables.json") as file:
        file.write_text(json.dumps([asdict(table) for table in found], indent=1), encoding="utf-8")
    with atomic_path(folder / "tables.md") as file:
        file.write_text("\n\n".join(as_markdown(table) for table in found) + "\n", encoding="utf-8")


def shipped() -> list[Path]:
    """The photos that are taken where none are given."""
    import skimage.data

    folder = Path(str(skimage.data.data_dir))
    files = [folder / name for name in SHIPPED]
    lacking = next((file for file in files if not file.is_file()), None)
    if lacking is not None:
        raise ImageError(f"{lacking} did not come with scikit-image; name photos, or a folder of them")
    return files


def missing(contender: Contender, runs: Mapping[str, str]) -> str:
    """What a column needs that is not here; empty where nothing is missing."""
    for name in contender.weights:
        if owned_file(name) is None:
            return f"not here: {how_to_get(name)}"
    if contender.run and contender.method not in runs:
        return f"not here: a run, --run {contender.method}=RUN, as selfmend train {contender.method} FOLDER makes it"
    return ""


class _Runner:
    """One table on all pictures."""

    def __init__(self, table: PaperTable, cases: Sequence[Case], setting: _Setting, progress: Progress) -> None:
        self.table, self.cases, self.setting, self.progress = table, cases, setting, progress
        self.lacking: dict[str, str] = {}
        self.models: dict[tuple[str, ...], Any] = {}
        self.niqe: NiqeParameters | None = None
        self.inception: Any = None
        self.scorer = Scorer(names=("psnr", "ssim", "mae", "asvs"))
        self._load()

    def _load(self) -> None:
        """What the metrics need; which of them cannot be had is said in their column."""

        def inception() -> None:
            from selfmend.nn.inception import load_inception

            self.inception = load_inception()

        def pristine() -> None:
            self.niqe = load_parameters(None)

        def lpips() -> None:
            from selfmend.metrics.lpips import load_lpips

            self.scorer = Scorer(names=(*self.scorer.names, "lpips"), nets=(load_lpips("alex"),))

        for name, load in {"niqe": pristine, "sifid": inception, "lpips": lpips}.items():
            if name in self.table.metrics:
                try:
                    load()
                except (MissingWeightsError, MissingExtraError) as error:
                    self.lacking[name] = f"not here: {error}"
        for name in self.table.metrics:
            if name.startswith("confusion"):
                self.lacking[name] = "not here: what people say, selfmend evaluate study"

    def run(self, paper: str) -> Computed:
        """All columns."""
        many = len(self.table.contenders) * len(self.cases)
        scores: dict[str, list[dict[str, float]]] = {c.name: [] for c in self.table.contenders}
        lost = {c.name: missing(c, self.setting.runs) for c in self.table.contenders}
        for i, case in enumerate(self.cases):
            truth, mask = make_case(case, size=self.setting.size, seed=self.setting.seed)
            shown = [to_rgb(truth)] if self.table.kind in ("enlarge", "sample") else [paint_hole(truth, mask)]
            captions = ["the photo"]
            self.models.clear()
            for k, contender in enumerate(self.table.contenders):
                if lost[contender.name]:
                    continue
                place, what = i * len(self.table.contenders) + k, f"{case.photo.name}, {contender.name}"
                told = share_of(self.progress, place, many, what)
                try:
                    picture, found = self._one(contender, case, truth, mask, told)
                except OptionError as error:  # such as a picture that is too small for a method
                    lost[contender.name] = f"not of these pictures: {case.photo.name}: {error}"
                    scores[contender.name].clear()
                    continue
                scores[contender.name].append(found)
                shown.append(to_rgb(picture))
                captions.append(contender.name)
                name = contender.name.replace(", ", "-").replace(" ", "-").lower()
                save_picture(shown[-1], self.setting.output / f"{case.name}-{name}.png")
            sheet = contact_sheet(shown, captions, columns=math.ceil(math.sqrt(len(shown))))
            save_picture(sheet, self.setting.output / f"sheet-{case.name}-{self.table.kind}.png")
        for metric in self.table.metrics:
            if metric not in self.lacking and not any(metric in one for rows in scores.values() for one in rows):
                self.lacking[metric] = "of none of these pictures; they may be too small"
        rows = [self._row(c, scores[c.name], lost[c.name]) for c in self.table.contenders]
        return Computed(
            paper=paper, title=self.table.title, metrics=list(self.table.metrics), rows=rows,
            notes=list(self.table.notes), lacking=self.lacking, pictures=[case.photo.name for case in self.cases],
            machine=machine(),
        )  # fmt: skip

    def _row(self, contender: Contender, scores: list[dict[str, float]], lost: str) -> Row:
        row = Row(name=contender.name, by=self._by(contender), missing=lost, published=dict(contender.published))
        for metric in self.table.metrics:
            values = [one[metric] for one in scores if math.isfinite(one.get(metric, math.nan))]
            row.mean[metric] = float(np.mean(values)) if values else None
            row.interval[metric] = None
            if len(values) > 1:
                generator = make_rng(self.setting.seed, "interval", contender.name, metric)
                ends = mean_interval(np.array([values]), generator=generator)
                row.interval[metric] = (ends.low, ends.high)
        return row

    def _preset(self, contender: Contender) -> str | None:
        return self.setting.presets.get(contender.method, contender.preset)

    def _by(self, contender: Contender) -> str:
        words = [contender.method, self._preset(contender) or ""]
        return ":".join(word for word in (*words, *(f"{k}={v}" for k, v in contender.options.items())) if word)

    def _one(
        self, contender: Contender, case: Case, truth: Image, mask: Mask, progress: Progress
    ) -> tuple[Image, dict[str, float]]:
        """What a column makes of a picture, and its scores."""
        make: dict[str, Callable[..., tuple[Image, dict[str, float]]]] = {
            "fill": self._filled, "reference": self._filled_from, "enlarge": self._enlarged, "sample": self._sampled,
        }  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SelfmendWarning)  # of frames, depths and scales of other people's pictures
            return make[self.table.kind](contender, case, truth, mask, progress)

    def _filled(
        self, contender: Contender, case: Case, truth: Image, mask: Mask, progress: Progress
    ) -> tuple[Image, dict[str, float]]:
        made = self._fill(contender, truth, mask, progress, None)
        return made, self._scores(made, truth, mask)

    def _filled_from(
        self, contender: Contender, case: Case, truth: Image, mask: Mask, progress: Progress
    ) -> tuple[Image, dict[str, float]]:
        reference = self._reference(case, truth)
        takes = method_class(contender.method).takes_reference
        made = self._fill(contender, truth, mask, progress, reference if takes else None)
        return made, self._scores(made, truth, mask) | {"ssim-reference": float(ssim(made, reference))}

    def _scores(self, made: Image, truth: Image, mask: Mask) -> dict[str, float]:
        found = self.scorer(made, truth, mask)
        found["lpips"] = found.get("lpips-alex", math.nan)
        if self.inception is not None:
            found["sifid"] = float(sifid(made, truth, net=self.inception))
        return found

    def _fill(
        self, contender: Contender, truth: Image, mask: Mask, progress: Progress, reference: Image | None
    ) -> Image:
        common: dict[str, Any] = {"seed": self.setting.seed, "progress": progress}
        if contender.run:
            return selfmend.inpaint(truth, mask, model=self.setting.runs[contender.method],
                                    device=self.setting.device, **common)  # fmt: skip
        kind = method_class(contender.method)
        if not kind.learns:
            return selfmend.inpaint(truth, mask, method=contender.method, preset=self._preset(contender),
                                    device=self.setting.device, **common, **contender.options)  # fmt: skip
        later = {k: v for k, v in contender.options.items() if k in getattr(kind, "fill_options", ())}
        first = {k: v for k, v in contender.options.items() if k not in later}
        key = (contender.method, str(sorted(first.items())))
        if key not in self.models:  # what differs only after the training is trained once
            damaged = np.where(mask[..., None], np.float32(1), truth)  # white, as a hole that nobody has filled
            self.models[key] = selfmend.fit(contender.method, damaged, mask=mask, preset=self._preset(contender),
                                            device=self.setting.device, **common, **first)  # fmt: skip
        more = {} if reference is None else {"reference": reference}
        filled: Image = self.models[key].inpaint(seed=self.setting.seed, **later, **more)
        return filled

    def _reference(self, case: Case, truth: Image) -> Image:
        """Another picture of the scene, of the size of this one: the user's, or the photo itself, moved and darker."""
        height, width = size_of(truth)
        if self.setting.references is None:
            moved = cv2.getRotationMatrix2D((width / 2, height / 2), 1.0, 1.03)
            moved[:, 2] += (0.015 * width, 0.01 * height)
            seen = cv2.warpAffine(truth, moved, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
            return (0.95 * seen).clip(0, 1).astype(np.float32)
        files = [file for file in self.setting.references.iterdir() if file.stem == case.photo.stem]
        if not files:
            raise ImageError(f"{self.setting.references} has no picture named {case.photo.stem!r}; one of each fits")
        return resize(read_picture(files[0]).image, (height, width)).clip(0, 1)

    def _enlarged(
        self, contender: Contender, case: Case, truth: Image, mask: Mask, progress: Progress
    ) -> tuple[Image, dict[str, float]]:
        height, width = (side // FACTOR * FACTOR for side in size_of(truth))
        truth = truth[:height, :width]
        small = _bytes(resize(truth, (height // FACTOR, width // FACTOR)))
        if contender.method == "bicubic":
            large = resize(small, (height, width))
        else:
            if contender.method not in ("singan", "sliced-wasserstein"):
                check_weights(contender.method)
            large = selfmend.super_resolve(small, FACTOR, method=contender.method, preset=self._preset(contender),
                                           seed=self.setting.seed, device=self.setting.device, progress=progress,
                                           **contender.options)  # fmt: skip
        large = _bytes(large)
        scores = {"rmse": float(rmse(large, truth))}
        if self.niqe is not None:
            with suppress(ImageError):  # of fewer than two blocks
                scores["niqe"] = niqe(large, self.niqe)
        return large, scores

    def _sampled(
        self, contender: Contender, case: Case, truth: Image, mask: Mask, progress: Progress
    ) -> tuple[Image, dict[str, float]]:
        key = (contender.method,)
        if key not in self.models:
            self.models[key] = selfmend.fit(
                contender.method, truth, preset=self._preset(contender), seed=self.setting.seed,
                device=self.setting.device, progress=progress,
            )  # fmt: skip
        samples: list[Image] = self.models[key].sample(samples=SAMPLES, seed=self.setting.seed, **contender.options)
        alike = [one for one in samples if one.shape == samples[0].shape]
        scores = {"diversity": float(diversity(alike, truth))}
        if self.inception is not None:
            scores["sifid"] = float(np.mean([sifid(one, truth, net=self.inception) for one in samples]))
        return samples[0], scores


def _bytes(image: Image) -> Image:
    """As a file of 8 bits has it."""
    return (np.round(image.clip(0, 1) * 255) / 255).astype(np.float32)


def as_markdown(table: Computed) -> str:
    """The table as text: a row for each of the paper's columns, beside each metric what was published."""
    published = [m for m in table.metrics if any(m in row.published for row in table.rows)]
    head = ["", *(word for m in table.metrics for word in ([m, f"{m}, published"] if m in published else [m])), "by"]
    lines = [f"## {table.paper}: {table.title}", "", f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for row in table.rows:
        cells = [row.name]
        for metric in table.metrics:
            cells.append("not here" if row.missing else shown(row, metric))
            if metric in published:
                cells.append(row.published.get(metric, ""))
        lines.append(f"| {' | '.join(cells)} | {row.by} |")
    said = [f"{row.name}: {row.missing}" for row in table.rows if row.missing]
    said += [f"{metric}: {why}" for metric, why in table.lacking.items()]
    about = f"{len(table.pictures)} pictures ({', '.join(table.pictures[:5])}); in brackets 95 % of the pictures"
    return "\n".join([*lines, "", *(f"- {line}" for line in (*said, *table.notes, f"{about}; {table.machine}."))])


def shown(row: Row, metric: str) -> str:
    """A mean with its interval; "-" where the metric could not be had."""
    mean, ends = row.mean.get(metric), row.interval.get(metric)
    if mean is None:
        return "-"
    digits = 2 if metric.startswith(("psnr", "rmse", "niqe")) else 4
    return f"{mean:.{digits}f}" + ("" if ends is None else f" ({ends[0]:.{digits}f} to {ends[1]:.{digits}f})")
