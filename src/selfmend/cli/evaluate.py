"""`selfmend evaluate`: what generated and restored pictures are worth, in numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from selfmend.cli import arguments
from selfmend.cli.common import be_quiet, print_json
from selfmend.cli.progress import terminal_progress
from selfmend.cli.table import print_table

app = typer.Typer(help="Measure pictures.", no_args_is_help=True)

Weights = Annotated[
    Path | None,
    typer.Option(
        help="Folder with the published weights, or one file of them (.pth Inception, .npz NIQE).",
        show_default="SELFMEND_WEIGHTS, then the cache folder",
    ),
]
Download = Annotated[bool, typer.Option("--download", help="Fetch weights that are missing (104 MB).")]
_HEADINGS = {
    "copied-side": "copied side px",
    "copied-large": "copied >32 px",
}
_DIGITS = {"copied-side": 1, "copied-large": 3, "seams": 2, "rmse": 2, "psnr": 2, "niqe": 2}


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
    from selfmend.cli.evaluation import score_samples

    be_quiet(quiet)
    asked = None if metrics is None else [name.strip() for name in metrics.split(",")]
    with terminal_progress(quiet=quiet or as_json) as progress:
        found = score_samples(real, fakes, metrics=asked, weights=weights, download=download, progress=progress)
    if as_json:
        print_json(found)
        return
    if len(found["mean"]) > 0:
        _print_scores(found["samples"], found["mean"])
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
    from selfmend.cli.evaluation import score_pairs

    be_quiet(quiet)
    with terminal_progress(quiet=quiet or as_json) as progress:
        found = score_pairs(truths, outputs, weights=weights, progress=progress)
    if as_json:
        print_json(found)
    else:
        _print_scores(found["pictures"], found["mean"])


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
    lpips: Annotated[
        str | None, typer.Option(metavar="alex|squeeze", help="Also measure LPIPS on this backbone.")
    ] = None,
    weights: Annotated[
        Path | None,
        typer.Option(
            help="Folder with the two files of LPIPS.", show_default="SELFMEND_WEIGHTS, then the cache folder"
        ),
    ] = None,
    download: Annotated[bool, typer.Option("--download", help="Fetch them (alex: 244 MB, squeeze: 5 MB).")] = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Compare mended pictures with the originals, paired by name: psnr (dB), ssim, mae, rmse (0 to 255), LPIPS.

    With --mask each also of the hole alone: known pixels are equal and flatter every number.
    """
    from selfmend.cli.comparison import compare

    be_quiet(quiet)
    with terminal_progress(quiet=quiet or as_json) as progress:
        found = compare(
            truths, outputs, mask=mask, backbone=lpips, weights=weights, download=download, progress=progress
        )
    if as_json:
        print_json(found)
        return
    _print_scores(found["pictures"], {name: value for name, value in found["mean"].items() if "-hole" not in name})
    if mask is not None:  # a table of its own: both side by side are wider than a terminal
        typer.echo("in the hole:")
        _print_scores([_of_hole(row) for row in found["pictures"]], _of_hole(found["mean"]))


@app.command("fit-niqe")
def fit_niqe(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Sharp, undamaged photos; some hundred are good.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE.npz", help="Where the parameters go.")],
    quiet: arguments.Quiet = False,
) -> None:
    """Learn from photos what niqe takes for natural.

    Put the file into the folder that SELFMEND_WEIGHTS names, as niqe_pris_params.npz, or pass it with --weights.
    """
    from selfmend.cli.evaluation import fit_parameters

    be_quiet(quiet)
    with terminal_progress(quiet=quiet) as progress:
        count = fit_parameters(folder, output, progress=progress)
    if not quiet:
        typer.echo(f"{output}  (from {count} photos)")


def _of_hole(scores: dict[str, Any]) -> dict[str, Any]:
    """The scores of the hole under the metrics' own names."""
    return {name.removesuffix("-hole"): value for name, value in scores.items() if name == "file" or "-hole" in name}


def _print_scores(rows: list[dict[str, Any]], mean: dict[str, float | None]) -> None:
    """A row a picture, and their mean."""
    short = {row["file"]: Path(row["file"]).name for row in rows}
    if len(set(short.values())) < len(rows):  # from several folders
        short = {file: file for file in short}
    named = [{**row, "file": short[row["file"]]} for row in rows]
    last = [{"file": f"mean of {len(rows)}", **mean}] if len(rows) > 1 else []
    body = [[row["file"], *(_number(name, row[name]) for name in mean)] for row in [*named, *last]]
    print_table(["picture", *(_HEADINGS.get(name, name) for name in mean)], body, numbers=True)


def _number(name: str, value: float | None) -> str:
    return "-" if value is None else f"{value:.{_DIGITS.get(name, 4)}f}"
