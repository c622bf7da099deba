"""`selfmend ablation`: one option of a method at several values, with seeds and intervals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from selfmend.cli import arguments
from selfmend.cli.common import be_quiet, parse_settings, print_json
from selfmend.cli.progress import terminal_progress
from selfmend.cli.table import print_table
from selfmend.core.checks import OptionError

if TYPE_CHECKING:
    from selfmend.bench.ablation import AblationResult

_ETA = ("dmfn", "matching")  # paper 004's name for an option of one method


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
            help="Holes: center, random-box, strokes, text, eyes, mix, or a folder of masks.", show_default="eyes"
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
    from selfmend.bench.ablation import run_ablation
    from selfmend.cli.fill import kept

    be_quiet(quiet)
    with terminal_progress(quiet=quiet or as_json) as progress:
        try:
            result = run_ablation(
                method, data, output, vary=name, values=values, seeds=seeds, held_back=held_back,
                validation=validation, masks=masks, preset=preset, options=parse_settings(settings or []),
                lpips=lpips, device=device, workers=workers, progress=progress,
            )  # fmt: skip
        except KeyboardInterrupt:
            kept(output)
            raise
    _tell(result, output, quiet=quiet, as_json=as_json)


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


def _tell(result: AblationResult, output: Path, *, quiet: bool, as_json: bool) -> None:
    from selfmend.bench.ablation_folder import value_name
    from selfmend.bench.ablation_report import comparison_record, notes, number

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
