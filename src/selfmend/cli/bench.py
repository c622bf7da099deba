"""`selfmend bench` and `selfmend ablation`."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from selfmend.api.kept import kept_in
from selfmend.cli import common as arguments
from selfmend.cli.common import be_quiet, parse_settings, print_json, print_table
from selfmend.cli.progress import terminal_progress
from selfmend.errors import OptionError

if TYPE_CHECKING:
    from selfmend.evaluation.ablation import AblationResult
    from selfmend.evaluation.benchmark import BenchmarkResult


_ETA = ("dmfn", "matching")  # the name of "Deep Learning for Visual Inpainting" (2020) for an option of DMFN


def ablation(
    method: Annotated[str, typer.Argument(metavar="METHOD", help="A method that learns from folders, e.g. dmfn.")],
    data: Annotated[Path, typer.Option("--data", metavar="DIR", help="Pictures to learn from.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="OUT", help="Folder for everything.")],
    vary: Annotated[
        str | None, typer.Option(metavar="NAME=V1,V2,...", help="The option and its values.", show_default=False)
    ] = None,
    eta: Annotated[
        str | None, typer.Option(metavar="V1,V2,...", help="Short for --vary matching=V1,V2,... of dmfn.")
    ] = None,
    seeds: Annotated[int, typer.Option(help="Trainings of each value.")] = 3,
    held_back: Annotated[
        int | None,
        typer.Option(metavar="N", help="Measure on the last N pictures, which are not learned.", show_default="100"),
    ] = None,
    validation: Annotated[Path | None, typer.Option("--val", metavar="DIR", help="Measure on these instead.")] = None,
    masks: Annotated[
        str | None,
        typer.Option(
            help="Holes: center, random-box, strokes, text, eyes, mix, wide, medium, thin, or a folder of masks.",
            show_default="eyes",
        ),
    ] = None,
    preset: arguments.Preset = None,
    settings: arguments.Settings = None,
    lpips: Annotated[
        str | None,
        typer.Option(metavar="alex|squeeze", help="Backbone of LPIPS.", show_default="alex, if its files are there"),
    ] = None,
    device: arguments.Device = "auto",
    workers: Annotated[int | None, typer.Option(help="Processes that decode.")] = None,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Train a method at several values of one option, and compare how it fills pictures that it has not seen.

    OUT gets runs/VALUE-SEED, table.md, scores.json and faces.png. After Ctrl-C the same command goes on where it was.
    """
    name, values = _varied(method, vary, eta)
    from selfmend.evaluation.ablation import run_ablation

    be_quiet(quiet)
    with terminal_progress(quiet=quiet or as_json) as progress, kept_in(output):
        result = run_ablation(
            method, data, output, vary=name, values=values, seeds=seeds, held_back=held_back,
            validation=validation, masks=masks, preset=preset, options=parse_settings(settings or []),
            lpips=lpips, device=device, workers=workers, progress=progress,
        )  # fmt: skip
    _tell_of_ablation(result, output, quiet=quiet, as_json=as_json)


def _varied(method: str, vary: str | None, eta: str | None) -> tuple[str, list[str]]:
    """The option's name and its values, as text."""
    if (vary is None) == (eta is None):
        raise OptionError("give either --vary NAME=V1,V2,... or, for dmfn, --eta V1,V2,...")
    if vary is not None:
        name, equals, text = vary.partition("=")
        if not equals or not name.strip():
            raise OptionError(f"--vary {vary!r} is not NAME=V1,V2,...; for example --vary matching=0,5")
        name = name.strip().replace("-", "_")
    else:
        owner, name = _ETA
        if method != owner:
            raise OptionError(f"--eta is an option of {owner} alone; for {method}, use --vary NAME=V1,V2,...")
        text = eta or ""
    return name, [value.strip() for value in text.split(",") if value.strip()]


def _tell_of_ablation(result: AblationResult, output: Path, *, quiet: bool, as_json: bool) -> None:
    from selfmend.evaluation.ablation_report import comparison_record, notes, number, value_name

    if as_json:
        print_json({"output": output, "comparisons": [comparison_record(c) for c in result.comparisons]})
        return
    if quiet:
        return
    holes = [c for c in result.comparisons if c.metric.endswith("-hole")]
    for title, comparisons in (
        ("the hole:", holes),
        ("whole pictures:", [c for c in result.comparisons if c not in holes]),
    ):
        typer.echo(title)
        rows: list[list[str]] = [[value_name(value)] for value in result.ablation.values]
        for comparison in comparisons:
            for cells, row in zip(rows, comparison.rows, strict=True):
                mark = "best" if row.difference is None else "worse" if row.significant else "-"
                cells.append(f"{number(comparison.metric, row.mean.mean)} {mark}")
        print_table(
            [result.ablation.option, *(c.metric.removesuffix("-hole") for c in comparisons)], rows, numbers=True
        )
    for line in notes(result)[1:]:
        typer.echo(line)
    typer.echo(f"{output / 'table.md'}  (worse: than the best, by more than chance; -: it may be chance)")


SOMETHING_MISSING = 1
_SHOWN = (
    "psnr-hole",
    "ssim-hole",
    "lpips-alex-hole",
    "asvs-itti-koch-niebur",
    "seconds",
)  # wider tables break a terminal
_LISTED = 20  # failures


def bench(
    photos: Annotated[list[Path], typer.Argument(metavar="PHOTOS...", help="Folders of photos, or picture files.")],
    report: Annotated[Path, typer.Option("--output", "-o", metavar="REPORT", help="Folder for everything.")],
    masks: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Holes: a folder of masks, paired by name or, if no name fits, in order."),
    ] = None,
    holes: Annotated[
        str | None,
        typer.Option(metavar="KIND,...", help="Holes that are drawn instead.", show_default="thin,wide,block,text"),
    ] = None,
    methods: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[:PRESET][:KEY=VALUE],...",
            help="Who fills them; 'none' where only --external and --command take part; NAME:model=RUN for a trained "
            "one.",
            show_default="telea,navier-stokes,biharmonic,patchmatch,auto",
        ),
    ] = None,
    external: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=DIR", help="Pictures that are there already, by the cases' names; repeatable."),
    ] = None,
    command: Annotated[
        list[str] | None,
        typer.Option(
            metavar="'NAME=TOOL {image} {mask} {output}'",
            help="A program that is started for each case, without a shell; repeatable.",
        ),
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="End a --command that takes longer for a case.")
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,...",
            help="psnr, ssim, mae, lpips, lpips-squeeze, asvs, dn.",
            show_default="all that can be had, but for lpips-squeeze",
        ),
    ] = None,
    size: Annotated[int, typer.Option(help="Longest side in pixels; smaller photos stay as they are.")] = 250,
    seed: arguments.Seed = None,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", metavar="N", help="Processes at once, with one thread each.")
    ] = 1,
    device: arguments.Device = "auto",
    restart: Annotated[bool, typer.Option("--restart", help="Remove what another benchmark left in REPORT.")] = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Make holes in photos, fill them with every method, and measure against the truth.

    REPORT gets index.html, table.md, scores.csv, the cases and all results. After Ctrl-C the same command goes on. Exit
    code 1 if a case could not be filled; the others are.
    """
    from selfmend.evaluation.benchmark import METHODS, run_benchmark

    be_quiet(quiet)
    with terminal_progress(quiet=quiet or as_json) as progress, kept_in(report, what="what is done"):
        result = run_benchmark(
            photos, report, masks=masks, holes=_parts(holes), external=external or [], commands=command or [],
            methods=METHODS if methods is None else [] if methods == "none" else _parts(methods) or [],
            metrics=_parts(metrics), size=size, seed=seed or 0, jobs=jobs, timeout=timeout, device=device,
            restart=restart, command_line=shlex.join(["selfmend", *sys.argv[1:]]), progress=progress,
        )  # fmt: skip
    _tell(result, quiet=quiet, as_json=as_json)
    if result.failures:
        raise typer.Exit(SOMETHING_MISSING)


def _parts(text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",") if part.strip()]


def _tell(result: BenchmarkResult, *, quiet: bool, as_json: bool) -> None:
    failures = [dataclasses.asdict(failure) for failure in result.failures]
    if as_json:
        tables = [dataclasses.asdict(table) for table in result.tables]
        print_json({"output": result.folder.path, "cases": len(result.cases), "tables": tables, "failures": failures})
        return
    if not quiet:
        _print_table(result)
        typer.echo(f"{result.folder.path / 'index.html'}  (worse: than the best, by more than chance)")
    for failure in failures[:_LISTED]:
        typer.secho("missing: {method}, {case}: {why}".format(**failure), fg="yellow", err=True)
    if len(failures) > _LISTED:
        typer.secho(f"missing: {len(failures) - _LISTED} more, see table.md", fg="yellow", err=True)


def _print_table(result: BenchmarkResult) -> None:
    """The means over all cases, of the metrics that fit onto a terminal."""
    from selfmend.evaluation.scoring import shown

    table = result.tables[0]
    names = [name for name in _SHOWN if name in table.shared]
    rows = []
    for method, cells in table.rows.items():
        marks = {n: " best" if c.best else " worse" if c.worse else "" for n, c in cells.items()}
        rows.append([method, *(shown(n, cells[n].mean) + marks[n] if n in cells else "-" for n in names)])
    print_table([f"{table.cases} cases", *names], rows, numbers=True)
