"""`selfmend mask text`: the letters in pictures, and the subtitles of films."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from selfmend.cli import arguments
from selfmend.cli.common import be_quiet, parse_settings, print_json
from selfmend.cli.mask_command import NoOverlay, Output, Overlay, counted, not_found, run
from selfmend.cli.progress import terminal_progress

if TYPE_CHECKING:
    from selfmend.cli.masking import Found
    from selfmend.core.types import Image


def text(
    pictures: Annotated[
        Path,
        typer.Argument(
            metavar="IMAGE|FOLDER|CLIP", help="A picture, a folder of pictures, or a film.", show_default=False
        ),
    ],
    region: Annotated[str | None, typer.Option(metavar="X,Y,W,H", help="The box in which text is looked for.")] = None,
    dark: Annotated[bool, typer.Option("--dark", help="The letters are darker than what is around them.")] = False,
    settings: arguments.Settings = None,
    output: Output = None,
    grow: arguments.Grow = 0,
    overlay: Overlay = None,
    no_overlay: NoOverlay = False,
    overwrite: arguments.Overwrite = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Subtitles and other text in lines, with its outline: bright letters with something darker around them.

    Of a film each frame gets a mask, NUMBER.png, and only what stands still counts: give a folder with -o. Options for
    --set: threshold, saturation, contrast, height, stroke, letters, outline, spread. Exit code 1 if a picture has no
    text; the others are written.
    """
    from selfmend.core.options import replace_options
    from selfmend.image.formats import ENDINGS
    from selfmend.image.mask import parse_box
    from selfmend.image.text_letters import TextOptions

    options = replace_options(TextOptions(dark=dark), parse_settings(settings or []))
    box = None if region is None else parse_box(region)
    if pictures.is_file() and pictures.suffix.lower() not in ENDINGS:
        from selfmend.cli.mask_film import write_film_masks

        be_quiet(quiet)
        with terminal_progress(quiet=quiet or as_json) as progress:
            row = write_film_masks(
                pictures, output, options=options, region=box, grow=grow, overlay=overlay,
                with_overlay=not no_overlay, progress=progress,
            )  # fmt: skip
        if as_json:
            print_json(asdict(row))
        if not row.with_text:
            raise not_found(f"text was found in the {row.frames} frames of {pictures}; nothing was written")
        if not (quiet or as_json):
            names = ", ".join(name for name in (row.masks, row.overlay) if name)
            typer.echo(f"{names}  (text in {row.with_text} of {row.frames} frames, {row.hole:.1%} of all pixels)")
        return

    def find(image: Image, file: Path) -> Found | None:
        from selfmend.cli.masking import Found
        from selfmend.image.text import mask_of, search_text

        lines = search_text(image, options=options, region=box)
        mask = mask_of(lines, (image.shape[2], image.shape[3]))
        return Found(mask=mask, what=counted(len(lines), "line")) if lines else None

    run(
        pictures, find, wanted="text", output=output, grow=grow, overlay=overlay, no_overlay=no_overlay,
        overwrite=overwrite, quiet=quiet, as_json=as_json,
    )  # fmt: skip
