"""`selfmend demo`: the main job on a real photo that scikit-image ships."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from selfmend.cli import common as arguments
from selfmend.cli.common import be_quiet
from selfmend.cli.progress import terminal_progress


def demo(
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Folder for the pictures.", show_default="demo, or demo-2 if that is taken"
        ),
    ] = None,
    method: arguments.Method = None,
    preset: arguments.Preset = None,
    overwrite: arguments.Overwrite = False,
    quiet: arguments.Quiet = False,
) -> None:
    """Mend a damaged photo, and write what it was, where the hole is, what came out, and all side by side."""
    import selfmend.api as api
    from selfmend.image.draw import contact_sheet, damaged_photo
    from selfmend.image.files import read_picture, save_picture
    from selfmend.image.outputs import check_output, numbered
    from selfmend.masks.reading import read_mask

    be_quiet(quiet)
    (folder,) = numbered(output or Path("demo"), free=output is None and not overwrite)
    names = [
        check_output(folder / f"{n}.png", overwrite=overwrite) for n in ("damaged", "mask", "mended", "side-by-side")
    ]
    truth, damaged, mask = damaged_photo()
    save_picture(damaged, names[0])
    save_picture(mask, names[1])
    started = time.perf_counter()
    with terminal_progress(quiet=quiet) as progress:
        mended = api.inpaint(names[0], names[1], method=method or api.DEFAULT_METHOD, preset=preset, progress=progress)
    seconds = time.perf_counter() - started
    save_picture(mended, names[2])
    save_picture(contact_sheet([damaged, mended, truth], ["damaged", "mended", "what it was"]), names[3])
    if not quiet:
        share = float(read_mask(names[1], read_picture(names[0])).mean())
        typer.echo(f"mended {share:.1%} of a {damaged.width} x {damaged.height} photo in {seconds:.1f} s:")
        for name in names:
            typer.echo(f"  {name}")
