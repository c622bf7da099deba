"""`selfmend mask`: draw the masks that `selfmend inpaint` fills."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from selfmend.cli import arguments
from selfmend.cli.common import be_quiet, print_json
from selfmend.cli.progress import terminal_progress

if TYPE_CHECKING:
    from selfmend.cli.masking import Find, Found
    from selfmend.core.types import Image

app = typer.Typer(help="Draw masks: white where the hole is.", no_args_is_help=True)

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


@app.command("eyes")
def eyes(
    pictures: Pictures,
    output: Output = None,
    height: Annotated[float, typer.Option(help="Of the bar, in heights of the face.")] = 0.15,
    margin: Annotated[float, typer.Option(help="From an eye's centre to the bar's end, in widths of the face.")] = 0.2,
    grow: arguments.Grow = 0,
    overlay: Overlay = None,
    no_overlay: NoOverlay = False,
    overwrite: arguments.Overwrite = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """A bar over the eyes of every face that looks into the camera.

    Where eyes are closed or hidden the bar lies where eyes are in a face, with a warning. Exit code 1 if a picture has
    no face; the others are written.
    """

    def find(image: Image, file: Path) -> Found | None:
        from selfmend.cli.masking import Found
        from selfmend.image.bars import eye_bars
        from selfmend.image.faces import find_faces

        faces = find_faces(image)
        if not faces:
            return None
        mask = eye_bars(faces, (image.shape[2], image.shape[3]), height=height, margin=margin)
        hidden = sum(face.eyes is None for face in faces)
        doubt = f"eyes were not found in {hidden} of {_count(len(faces), 'face')}: the bar lies where eyes should be"
        return Found(mask=mask, what=_count(len(faces), "face"), doubt=doubt if hidden else "")

    _run(
        pictures, find, wanted="face", output=output, grow=grow, overlay=overlay, no_overlay=no_overlay,
        overwrite=overwrite, quiet=quiet, as_json=as_json,
    )  # fmt: skip


@app.command("bars")
def bars(
    pictures: Pictures,
    output: Output = None,
    grow: Annotated[int, typer.Option(help="Let the hole grow by so many pixels: JPEG blurs the bar's border.")] = 2,
    overlay: Overlay = None,
    no_overlay: NoOverlay = False,
    overwrite: arguments.Overwrite = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """A black bar that is there already: an even, dark rectangle with sharp borders, straight or turned.

    A dark window can look like one: check the overlay. Exit code 1 if a picture has no bar; the others are written.
    """

    def find(image: Image, file: Path) -> Found | None:
        from selfmend.cli.masking import Found
        from selfmend.image.bar_search import search_bars
        from selfmend.image.bars import mask_of

        found = search_bars(image)
        mask = mask_of(found, (image.shape[2], image.shape[3]))
        return Found(mask=mask, what=_count(len(found), "bar")) if found else None

    _run(
        pictures, find, wanted="bar", output=output, grow=grow, overlay=overlay, no_overlay=no_overlay,
        overwrite=overwrite, quiet=quiet, as_json=as_json,
    )  # fmt: skip


def _run(
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
        typer.secho(f"no {wanted} was found{of_all}: {', '.join(lacking)}", fg="yellow", err=True)
        raise typer.Exit(NOTHING_FOUND)


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
