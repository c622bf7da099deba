"""What the commands of `selfmend mask` share: their options, and what they say."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from selfmend.cli.common import be_quiet, print_json
from selfmend.cli.progress import terminal_progress

if TYPE_CHECKING:
    from selfmend.cli.masking import Find

NOTHING_FOUND = 1
Pictures = Annotated[
    Path, typer.Argument(metavar="IMAGE|FOLDER", help="A picture, or a folder of pictures.", show_default=False)
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="PNG file, or a folder. Default: IMAGE-mask.png beside the picture, or the folder FOLDER-masks.",
        show_default=False,
    ),
]
Overlay = Annotated[
    Path | None,
    typer.Option(
        help="Where the picture to check by eye goes, or the folder for them. Default: MASK-overlay beside the mask.",
        show_default=False,
    ),
]
NoOverlay = Annotated[bool, typer.Option("--no-overlay", help="Write no picture to check by eye.")]


def run(
    pictures: Path,
    find: Find,
    *,
    wanted: str,
    output: Path | None,
    grow: int,
    overlay: Path | None,
    no_overlay: bool,
    overwrite: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Write the masks and say what was found and where nothing was.

    Raises:
        typer.Exit: with code 1 where a picture has nothing that is wanted.
    """
    from selfmend.cli.masking import write_masks

    be_quiet(quiet)
    with terminal_progress(quiet=quiet or as_json) as progress:
        rows = write_masks(
            pictures, output, find, grow=grow, overlay=overlay, with_overlay=not no_overlay, overwrite=overwrite,
            progress=progress,
        )  # fmt: skip
    lacking = [row.file for row in rows if row.mask is None]
    if as_json:
        print_json({"masks": [asdict(row) for row in rows], "without": lacking})
    elif not quiet:
        for row in rows:
            if row.mask is not None:
                names = ", ".join(name for name in (row.mask, row.overlay) if name)
                typer.echo(f"{names}  ({row.what}, {row.hole:.1%} of the picture)")
    if lacking:
        of_all = f" in {len(lacking)} of {len(rows)} pictures" if len(rows) > 1 else ""
        raise not_found(f"{wanted} was found{of_all}: {', '.join(lacking)}")


def not_found(what: str) -> typer.Exit:
    """Say that there is no such thing; the exit to raise."""
    typer.secho(f"no {what}", fg="yellow", err=True)
    return typer.Exit(NOTHING_FOUND)


def counted(number: int, one: str, several: str | None = None) -> str:
    """A number and what it counts: 1 face, 2 faces."""
    return f"{number} {one if number == 1 else several or one + 's'}"
