"""`selfmend mask eyes` and `mask bars`: bars over eyes, drawn and found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from selfmend.cli import arguments
from selfmend.cli.mask_command import NoOverlay, Output, Overlay, Pictures, counted, run

if TYPE_CHECKING:
    from selfmend.cli.masking import Found
    from selfmend.core.types import Image


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
        doubt = f"eyes were not found in {hidden} of {counted(len(faces), 'face')}: the bar lies where eyes should be"
        return Found(mask=mask, what=counted(len(faces), "face"), doubt=doubt if hidden else "")

    run(
        pictures, find, wanted="face", output=output, grow=grow, overlay=overlay, no_overlay=no_overlay,
        overwrite=overwrite, quiet=quiet, as_json=as_json,
    )  # fmt: skip


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
        return Found(mask=mask, what=counted(len(found), "bar")) if found else None

    run(
        pictures, find, wanted="bar", output=output, grow=grow, overlay=overlay, no_overlay=no_overlay,
        overwrite=overwrite, quiet=quiet, as_json=as_json,
    )  # fmt: skip
