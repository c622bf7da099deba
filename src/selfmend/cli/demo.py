"""`selfmend demo`: the main jobs on a real photo that scikit-image ships."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from selfmend.cli import common as arguments
from selfmend.cli.common import be_quiet
from selfmend.cli.progress import terminal_progress

_SEED = 4  # of the damage that is to be found


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
    """Mend a damaged photo, and write what it was, where the hole is, what came out, and all side by side.

    Then the same photo with scratches, cracks and dust, of which nothing is told: they are found and filled.
    """
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
        mended = api.inpaint(damaged, names[1], method=method or api.DEFAULT_METHOD, preset=preset, progress=progress)
    seconds = time.perf_counter() - started
    save_picture(mended, names[2])
    save_picture(contact_sheet([damaged, mended, truth], ["damaged", "mended", "what it was"]), names[3])
    if not quiet:
        share = float(read_mask(names[1], read_picture(names[0])).mean())
        typer.echo(f"mended {share:.1%} of a {damaged.width} x {damaged.height} photo in {seconds:.1f} s:")
        for name in names:
            typer.echo(f"  {name}")
    _restore(truth, folder, overwrite=overwrite, quiet=quiet)


def _restore(truth: Any, folder: Path, *, overwrite: bool, quiet: bool) -> None:
    """Damage the photo, find the damage, and fill it."""
    import selfmend.api as api
    from selfmend.image.draw import contact_sheet, paint_hole, to_rgb
    from selfmend.image.files import save_picture
    from selfmend.image.outputs import check_output
    from selfmend.image.picture import to_picture
    from selfmend.masks.damage.drawing import draw_damage

    names = [check_output(folder / f"{n}.png", overwrite=overwrite) for n in ("old", "restored", "restored-steps")]
    photo = to_picture(truth).image
    old = to_rgb(draw_damage(photo, ["scratches", "cracks", "dust"], seed=_SEED, looks=False).image)
    save_picture(old, names[0])
    started = time.perf_counter()
    found = api.find_mask(names[0], grow=1)
    restored = api.restore(names[0])
    seconds = time.perf_counter() - started
    save_picture(restored, names[1])
    steps = [truth, old, paint_hole(to_picture(old).image, found), restored]
    save_picture(contact_sheet(steps, ["what it was", "damaged", "found", "restored"], columns=2), names[2])
    if not quiet:
        typer.echo(
            f"found and filled {float(found.mean()):.1%} of the same photo, damaged otherwise, in {seconds:.1f} s:"
        )
        for name in names:
            typer.echo(f"  {name}")
