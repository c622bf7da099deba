"""`selfmend bench`: methods side by side on photos of yours, in numbers and to look at."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from selfmend.cli import arguments
from selfmend.cli.common import be_quiet, print_json
from selfmend.cli.progress import terminal_progress
from selfmend.cli.table import print_table

if TYPE_CHECKING:
    from selfmend.bench.benchmark import BenchmarkResult

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
            show_default="telea,navier-stokes,biharmonic,patchmatch",
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
    from selfmend.bench.benchmark import METHODS, run_benchmark

    be_quiet(quiet)
    with terminal_progress(quiet=quiet or as_json) as progress:
        try:
            result = run_benchmark(
                photos, report, masks=masks, holes=_parts(holes), external=external or [], commands=command or [],
                methods=METHODS if methods is None else [] if methods == "none" else _parts(methods) or [],
                metrics=_parts(metrics), size=size, seed=seed or 0, jobs=jobs, timeout=timeout, device=device,
                restart=restart, command_line=shlex.join(["selfmend", *sys.argv[1:]]), progress=progress,
            )  # fmt: skip
        except KeyboardInterrupt:
            typer.secho(f"stopped; what is done is kept in {report}, and the same command goes on from there", err=True)
            raise
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
    from selfmend.bench.scoring import shown

    table = result.tables[0]
    names = [name for name in _SHOWN if name in table.shared]
    rows = []
    for method, cells in table.rows.items():
        marks = {n: " best" if c.best else " worse" if c.worse else "" for n, c in cells.items()}
        rows.append([method, *(shown(n, cells[n].mean) + marks[n] if n in cells else "-" for n in names)])
    print_table([f"{table.cases} cases", *names], rows, numbers=True)
