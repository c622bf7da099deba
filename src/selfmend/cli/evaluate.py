"""`selfmend evaluate`: metrics of pictures and samples."""

from __future__ import annotations

import difflib
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from selfmend.cli import common as arguments
from selfmend.cli.common import be_quiet, print_json, print_table
from selfmend.cli.comparison import check_weights_place, finite, mean_of
from selfmend.cli.picture_files import naming, pair_by_name, pictures_at, read_rgb, warn
from selfmend.cli.progress import terminal_progress
from selfmend.errors import ImageError, MissingWeightsError, check_known
from selfmend.image.outputs import check_replaced
from selfmend.metrics.frechet import sifid
from selfmend.metrics.niqe import BLOCK, PRISTINE, NiqeParameters, load_parameters, niqe, save_parameters
from selfmend.metrics.niqe import fit_niqe as fit
from selfmend.metrics.pixels import psnr, rmse, ssim
from selfmend.metrics.samples import copying, diversity, nearest_field, seams
from selfmend.nn.weights import INCEPTION_V3, WeightsFile
from selfmend.progress import Progress, work_done
from selfmend.types import Image, size_of

if TYPE_CHECKING:
    from selfmend.nn.inception import InceptionStem

SAMPLE_METRICS = ("sifid", "sifid-192", "niqe", "copying", "seams", "diversity")
_MOST_PAIRS = 1e11
"""Pixels of one picture times those of the other, 560 x 560 twice, up to which copying is measured unasked."""


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What is needed for the metrics that were asked for.

    Attributes:
        names: the metrics.
        strict: they were named by the user: what cannot be measured is an error, and not left out with a warning.
        net: for sifid.
        parameters: for niqe.
    """

    names: Sequence[str]
    strict: bool
    net: InceptionStem | None = None
    parameters: NiqeParameters | None = None


def score_samples(
    real: Path,
    fakes: list[Path],
    *,
    metrics: list[str] | None,
    weights: Path | None,
    download: bool,
    progress: Progress,
) -> dict[str, Any]:
    """Score generated pictures against the real one.

    Args:
        real: picture file.
        fakes: picture files and folders of them.
        metrics: some of `SAMPLE_METRICS`; None measures all that can be had and warns of what cannot.
        weights: file or folder; None looks where `find_weights` says.
        download: fetch missing weights.
        progress: called at every picture.

    Returns:
        real, samples (file and scores of each), mean, diversity and compared (number of pictures behind it).

    Raises:
        ImageError, OptionError, WeightsError: what does not fit; messages about a picture name its file.
    """
    for name in metrics or ():
        check_known("metric", name, SAMPLE_METRICS)
    files = [file for path in fakes for file in pictures_at(path)]
    image = read_rgb(real)
    tools = _load_tools(metrics, SAMPLE_METRICS, weights, download)
    rows, counted, sizes = [], [], Counter[tuple[int, ...]]()
    for done, file in enumerate(files):
        sample = read_rgb(file)
        with naming(file):
            rows.append({"file": str(file), **_score_sample(sample, image, tools, file)})
        sizes[tuple(sample.shape)] += 1
        counted.append(sample)
        progress(work_done("samples", done + 1, len(files)))
    value, compared = _diversity(counted, image, sizes.most_common(1)[0][0], tools)
    return {"real": str(real), "samples": rows, "mean": mean_of(rows), "diversity": value, "compared": compared}


def score_pairs(truths: Path, outputs: Path, *, weights: Path | None, progress: Progress) -> dict[str, Any]:
    """Score restored pictures against their originals, paired by the stem of their names.

    Args:
        truths, outputs: two folders, or two pictures.
        weights: of niqe, file or folder; without any it is left out with a warning.
        progress: called at every pair.

    Returns:
        pictures (file and scores of each) and mean.

    Raises:
        ImageError, WeightsError: what does not fit.
    """
    pairs = pair_by_name(truths, outputs)
    tools = _load_tools(None, ("niqe",), weights, False)
    rows = []
    for done, (truth, output) in enumerate(pairs):
        one, other = read_rgb(output), read_rgb(truth)
        with naming(output):
            scores = {"rmse": float(rmse(one, other)), "psnr": float(psnr(one, other)), "ssim": float(ssim(one, other))}
            rows.append({"file": str(output), **finite(scores), **_niqe(one, tools, output)})
        progress(work_done("pictures", done + 1, len(pairs)))
    return {"pictures": rows, "mean": mean_of(rows)}


def fit_parameters(folder: Path, output: Path, *, overwrite: bool = False, progress: Progress) -> int:
    """Fit NIQE's parameters to the photos of a folder and write them; the number of photos.

    Raises:
        ImageError: too few or too small photos, or an output that is there already, without `overwrite`.
        WeightsError: the file cannot be written.
    """
    files = pictures_at(folder)
    check_replaced(output, overwrite=overwrite)
    used = 0

    def photos() -> Iterator[Image]:
        nonlocal used
        for done, file in enumerate(files):
            image = read_rgb(file)
            if min(size_of(image)) >= BLOCK:
                used += 1
                yield image
            else:
                warn(f"{file} is left out: it is smaller than {BLOCK} x {BLOCK} px")
            progress(work_done("photos", done + 1, len(files)))

    save_parameters(fit(photos()), output)
    return used


def _load_tools(metrics: list[str] | None, known: Sequence[str], weights: Path | None, download: bool) -> Tools:
    """Load what the metrics need; unless they were named, those whose weights are missing are dropped with a word."""
    check_weights_place(weights, download=download)
    names, net, parameters = list(known if metrics is None else metrics), None, None
    try:
        if {"sifid", "sifid-192"} & set(names):
            from selfmend.nn.inception import load_inception

            net = load_inception(_place(INCEPTION_V3, weights), download=download)
    except MissingWeightsError as error:
        names = _without(names, ("sifid", "sifid-192"), metrics, error)
    try:
        if "niqe" in names:
            parameters = load_parameters(_place(PRISTINE, weights))
    except MissingWeightsError as error:
        names = _without(names, ("niqe",), metrics, error)
    return Tools(names=names, strict=metrics is not None, net=net, parameters=parameters)


def _place(file: WeightsFile, weights: Path | None) -> Path | None:
    """`weights`, if this file can be there: one file holds the weights that its ending says."""
    if weights is None or weights.is_dir() or weights.suffix == Path(file.name).suffix:
        return weights
    return None


def _without(
    names: list[str], lost: tuple[str, ...], metrics: list[str] | None, error: MissingWeightsError
) -> list[str]:
    if metrics is not None:
        raise error
    warn(f"{lost[0]} is left out: {error}")
    return [name for name in names if name not in lost]


def _score_sample(sample: Image, real: Image, tools: Tools, file: Path) -> dict[str, float | None]:
    scores: dict[str, float | None] = {}
    for name, features in (("sifid", 64), ("sifid-192", 192)):
        if name in tools.names and tools.net is not None:
            scores[name] = sifid(sample, real, net=tools.net, features=features)
    scores |= _niqe(sample, tools, file)
    wanted = {"copying", "seams"} & set(tools.names)
    if wanted and not tools.strict and math.prod(size_of(sample)) * math.prod(size_of(real)) > _MOST_PAIRS:
        warn(f"{file}: copying and seams are left out, they take minutes at this size; ask for them by --metrics")
        wanted = set()
    field = nearest_field(sample, real) if wanted else None
    if "copying" in tools.names:
        found = copying(sample, real, field=field) if wanted else None
        scores["copied-side"] = None if found is None else found.side
        scores["copied-large"] = None if found is None else found.large_share
    if "seams" in tools.names:
        scores["seams"] = seams(sample, real, field=field) if wanted else None
    return scores


def _niqe(image: Image, tools: Tools, file: Path) -> dict[str, float | None]:
    """The score by its name; None where the picture is too small, if nobody asked for it by name."""
    if "niqe" not in tools.names or tools.parameters is None:
        return {}
    try:
        return {"niqe": niqe(image, tools.parameters)}
    except ImageError as error:
        if tools.strict:
            raise
        warn(f"{file}: niqe is left out: {error}")
        return {"niqe": None}


def _diversity(samples: list[Image], real: Image, shape: tuple[int, ...], tools: Tools) -> tuple[float | None, int]:
    """Diversity of the samples of the commonest size, and how many these are."""
    same = [sample for sample in samples if tuple(sample.shape) == shape]
    if "diversity" not in tools.names:
        return None, 0
    if len(same) < 2 and not tools.strict:
        return None, 0
    if len(same) < len(samples):
        warn(f"diversity looks at the {len(same)} of {len(samples)} samples that are of one size")
    return diversity(same, real), len(same)


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


class PairUnlessNamed(TyperGroup):
    """`evaluate TRUTH OUTPUT` is `evaluate pair TRUTH OUTPUT`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `pair` before what is neither a command nor meant to be one."""
        first = args[0] if args else "--help"
        slip = not Path(first).exists() and difflib.get_close_matches(first, self.commands, cutoff=0.7)
        if first not in self.commands and first != "--help" and not slip:
            args = ["pair", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    add_completion=False,
    help="Measure pictures: `selfmend evaluate TRUTH OUTPUT` and the commands below.",
    no_args_is_help=True,
    cls=PairUnlessNamed,
)

Weights = Annotated[
    Path | None,
    typer.Option(
        help="Folder with the published weights, or one file of them (.pth Inception, .npz NIQE).",
        show_default="SELFMEND_WEIGHTS, then the cache folder",
    ),
]
Download = Annotated[bool, typer.Option("--download", help="Fetch weights that are missing (104 MB).")]


@app.command("samples")
def samples(
    real: Annotated[Path, typer.Argument(metavar="REAL", help="The picture that was learned from.")],
    fakes: Annotated[list[Path], typer.Argument(metavar="FAKES...", help="Generated pictures, or folders of them.")],
    metrics: Annotated[
        str | None,
        typer.Option(
            help="Which, with commas between: sifid, sifid-192, niqe, copying, seams, diversity.",
            show_default="all that can be had",
        ),
    ] = None,
    weights: Weights = None,
    download: Download = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Compare generated pictures with the one picture that they were learned from.

    sifid: distance of Inception's statistics, lower is better. niqe: naturalness, lower is better. copied: the size of
    the regions taken over as a whole. seams: edges that their sources lack, 0 to 255. diversity: of all the samples.
    """

    be_quiet(quiet)
    asked = _names(metrics)
    with terminal_progress(quiet=quiet or as_json) as progress:
        found = score_samples(real, fakes, metrics=asked, weights=weights, download=download, progress=progress)
    if as_json:
        print_json(found)
        return
    if len(found["mean"]) > 0:
        print_scores(found["samples"], found["mean"])
    if found["diversity"] is not None:
        typer.echo(f"diversity of {found['compared']} samples: {found['diversity']:.4f}")


@app.command("super-resolution")
def super_resolution(
    truths: Annotated[Path, typer.Argument(metavar="TRUTHS", help="The originals: a folder, or one picture.")],
    outputs: Annotated[Path, typer.Argument(metavar="OUTPUTS", help="What was made: a folder of equal names, or one.")],
    weights: Weights = None,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Compare enlarged pictures with the originals, paired by name: rmse (0 to 255), psnr (dB), ssim, niqe.

    In colour, with nothing cut off at the borders. niqe looks at the outputs alone.
    """

    be_quiet(quiet)
    with terminal_progress(quiet=quiet or as_json) as progress:
        found = score_pairs(truths, outputs, weights=weights, progress=progress)
    if as_json:
        print_json(found)
    else:
        print_scores(found["pictures"], found["mean"])


@app.command("pair")
def pair(
    truths: Annotated[Path, typer.Argument(metavar="TRUTH", help="The original, or a folder of them.")],
    outputs: Annotated[Path, typer.Argument(metavar="OUTPUT", help="What was made of it; a folder: of equal names.")],
    mask: Annotated[
        str | None,
        typer.Option(
            "--mask",
            "-m",
            metavar="MASK",
            help="Also measure the hole alone. As in inpaint, or a folder with a mask of each name.",
        ),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            help="Which, with commas between: psnr, ssim, mae, rmse, lpips-alex, lpips-squeeze, edges, asvs, dn, fid.",
            show_default="all that can be had",
        ),
    ] = None,
    lpips: Annotated[
        str | None, typer.Option(metavar="alex|squeeze", help="LPIPS on this backbone, which must be had then.")
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(help="Folder with the published weights.", show_default="SELFMEND_WEIGHTS, then the cache folder"),
    ] = None,
    download: Annotated[
        bool, typer.Option("--download", help="Fetch those that are missing (alex: 244 MB, squeeze: 5 MB, fid: 91 MB).")
    ] = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Compare mended pictures with the originals, paired by name; `pair` can be left out.

    psnr (dB), ssim, mae, rmse (0 to 255), LPIPS; edges: precision and recall of Canny's; asvs, dn: how much the fill
    draws the eye, under two models of saliency; fid: of whole folders. With --mask each also of the hole alone: known
    pixels are equal and flatter every number.
    """
    from selfmend.cli.comparison import compare

    be_quiet(quiet)
    asked = _names(metrics)
    with terminal_progress(quiet=quiet or as_json) as progress:
        found = compare(
            truths,
            outputs,
            mask=mask,
            metrics=asked,
            backbone=lpips,
            weights=weights,
            download=download,
            progress=progress,
        )
    if as_json:
        print_json(found)
        return
    print_comparison(found, hole=mask is not None)
    if found["fid"] is not None:
        typer.echo(f"fid of {len(found['pictures'])} pictures: {found['fid']:.3f}")


@app.command("fit-niqe")
def fit_niqe(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Sharp, undamaged photos; some hundred are good.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.npz", help="Where the parameters go.")],
    overwrite: arguments.Overwrite = False,
    quiet: arguments.Quiet = False,
) -> None:
    """Learn from photos what niqe takes for natural.

    Put the file into the folder that SELFMEND_WEIGHTS names, as niqe_pris_params.npz, or pass it with --weights.
    """

    be_quiet(quiet)
    with terminal_progress(quiet=quiet) as progress:
        count = fit_parameters(folder, output, overwrite=overwrite, progress=progress)
    if not quiet:
        typer.echo(f"{output}  (from {count} photos)")


def _names(metrics: str | None) -> list[str] | None:
    """The metrics that were named."""
    return None if metrics is None else [name.strip() for name in metrics.split(",")]
