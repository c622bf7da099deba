"""`selfmend batch`: fill the holes of all pictures of a folder."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selfmend.cli import common as arguments
from selfmend.cli.common import be_quiet, parse_settings, print_json
from selfmend.cli.progress import terminal_progress
from selfmend.errors import OptionError
from selfmend.interrupts import telling

if TYPE_CHECKING:
    from selfmend.jobs.folder import BatchReport

FAILED = 1
_SHOWN = 20


def batch(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="The pictures to mend, in any depth.", show_default=False)
    ],
    masks: Annotated[
        str | None,
        typer.Option(
            "--masks",
            "-m",
            metavar="DIR|MASK",
            help="A folder with a mask for each picture, of its name (a.jpg: a.png, a-mask.png or a_mask.png); or one "
            "for all: a picture FILE, 'alpha', '#RRGGBB', or a box x,y,w,h. Left out, transparency is the hole.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Folder of the results. Default: FOLDER-mended beside FOLDER.", show_default=False
        ),
    ] = None,
    method: arguments.Method = None,
    preset: arguments.Preset = None,
    settings: arguments.Settings = None,
    model: Annotated[
        Path | None, typer.Option(help="Fill with a RUN that `selfmend train METHOD FOLDER` wrote.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same results: each picture's is derived from it.")] = 0,
    device: arguments.Device = "auto",
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", help="Pictures at once.", show_default="one for each core")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where it was stopped; skip what is done.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Begin anew in a folder that holds something.")
    ] = False,
    invert_mask: arguments.InvertMask = False,
    grow: arguments.Grow = 0,
    engine: Annotated[
        str, typer.Option(metavar="processes|ray", help="Processes of this machine, or a Ray cluster.")
    ] = "processes",
    address: Annotated[
        str | None, typer.Option(help="Of a Ray cluster, or 'auto'.", show_default="one is started here")
    ] = None,
    shared: Annotated[
        bool, typer.Option("--shared", help="All machines of the cluster see the folders: send no files.")
    ] = False,
    retries: Annotated[int, typer.Option(help="How often a picture whose worker was killed is tried again.")] = 1,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Fill the holes of all pictures of a folder, on all cores.

    Names, formats and metadata stay. One bad picture does not stop the others: it is listed at the end, and the exit
    code is 1. OUTPUT/manifest.jsonl tells of every picture; after Ctrl-C, --resume goes on.
    """
    from selfmend.jobs.folder import default_output, mend_folder

    be_quiet(quiet)
    if model is not None and (method or preset):
        raise OptionError("--model brings its own method and settings; leave --method and --preset out")
    target = default_output(folder) if output is None else output
    options: dict[str, Any] = {**parse_settings(settings or [])}
    with told_when_stopped(target), terminal_progress(quiet=quiet or as_json) as progress:
        report = mend_folder(
            folder, target, masks=masks, method=method or "auto", preset=preset, model=model, seed=seed,
            device=device, grow_mask=grow, invert_mask=invert_mask, engine=engine, jobs=jobs, address=address,
            shared=shared, retries=retries, resume=resume, overwrite=overwrite, progress=progress,
            **options,
        )  # fmt: skip
    tell_of_folder(report, quiet=quiet, as_json=as_json)


def told_when_stopped(output: Path) -> AbstractContextManager[None]:
    """After Ctrl-C, or on a full disk, say what is done."""
    return telling(lambda: _kept(output))


def tell_of_folder(report: BatchReport, *, quiet: bool, as_json: bool) -> None:
    """Say what became of a folder.

    Raises:
        typer.Exit: with code 1 where a picture could not be mended.
    """
    names = list(report.failed)
    if as_json:
        print_json(
            {"output": report.output, "manifest": report.manifest, "pictures": report.pictures,
             "mended": report.mended, "skipped": report.skipped, "failed": report.failed, "others": report.others,
             "seconds": round(report.seconds, 3), "workers": report.workers}
        )  # fmt: skip
    else:
        for name in names[:_SHOWN]:
            typer.secho(f"failed: {name}: {report.failed[name]}", fg="red", err=True)
        if len(names) > _SHOWN:
            typer.secho(f"failed: {len(names) - _SHOWN} more, see {report.manifest}", fg="red", err=True)
    if not quiet and not as_json:
        before = f", {report.skipped} done before" if report.skipped else ""
        failed = f", {len(names)} failed" if names else ""
        counts = f"{report.mended} of {report.pictures} pictures mended{before}{failed}"
        typer.echo(f"{report.output}  ({counts}, {report.seconds:.1f} s)")
    if names:
        raise typer.Exit(FAILED)


def _kept(output: Path) -> str:
    """What is done."""
    from selfmend.jobs.manifest import NAME, read_manifest

    if not (output / NAME).exists():
        return ""
    done = sum(record["state"] == "done" for record in read_manifest(output / NAME)[1].values())
    return f"{done} pictures are done, and the same command with --resume goes on"
