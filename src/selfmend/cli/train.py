"""`selfmend train`: learn from a picture and keep what was learned."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from selfmend.cli import arguments
from selfmend.cli.common import be_quiet, parse_settings, print_json
from selfmend.cli.progress import terminal_progress


def train(
    method: Annotated[str, typer.Argument(metavar="METHOD", help="A method that learns, e.g. singan.")],
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="The picture to learn from.")],
    run: Annotated[Path, typer.Option("--output", "-o", metavar="RUN", help="Folder for what is learned.")],
    mask: arguments.Mask = None,
    preset: arguments.Preset = None,
    seed: arguments.Seed = None,
    device: arguments.Device = "auto",
    settings: arguments.Settings = None,
    invert_mask: arguments.InvertMask = False,
    grow: arguments.Grow = 0,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Learn from one picture, its hole left out. After Ctrl-C the same command goes on where it was."""
    import selfmend.api as api
    from selfmend.cli.fill import default_mask, kept
    from selfmend.image.io import read_picture
    from selfmend.image.mask import check_hole, read_mask
    from selfmend.methods.generative import Generative

    be_quiet(quiet)
    options = parse_settings(settings or [])
    started = time.perf_counter()
    with terminal_progress(quiet=quiet or as_json) as progress:
        picture = read_picture(image)
        source = default_mask(picture, mask)
        hole = None if source is None else read_mask(source, picture, invert=invert_mask, grow=grow)
        if hole is not None:
            check_hole(hole)  # before the folder is made
        try:
            model = api.fit_picture(
                method, picture, hole, preset=preset, options=options, seed=seed or 0, device=device, folder=run,
                opaque=source == "alpha", progress=progress,
            )  # fmt: skip
        except KeyboardInterrupt:
            kept(run)
            raise
    seconds = time.perf_counter() - started
    if as_json:
        print_json({"run": run, "method": model.method.name, "seed": seed or 0, "seconds": round(seconds, 3)})
    elif not quiet:
        use = f"sample with: selfmend sample {run}"
        if hole is not None or not isinstance(model.method, Generative):
            use = f"fill with: selfmend inpaint --model {run} -o OUT.png"
        typer.echo(f"{run}  ({model.method.name}, {seconds:.1f} s); {use}")
