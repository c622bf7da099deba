"""`selfmend paint`: a picture like the learned one out of a painting of a few colours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from selfmend.cli import arguments


def paint(
    run: arguments.Run,
    painting: Annotated[Path, typer.Argument(metavar="PAINTING", help="A few flat colours, of any size.")],
    output: arguments.Output = None,
    start_scale: arguments.EntryScale = None,
    quantized: Annotated[
        bool,
        typer.Option(
            "--quantized",
            help="Train the start scale anew on flat colours, and snap the painting to these: for paintings whose "
            "colours are not the picture's. Kept in RUN.",
        ),
    ] = False,
    seed: arguments.Seed = None,
    device: arguments.Device = "auto",
    overwrite: arguments.Overwrite = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Turn a painting of a few flat colours into a picture like the one that RUN has learned."""
    from selfmend.cli.drawing import Drawing, draw

    drawing = Drawing(
        run=run, picture=painting, output=output, suffix="-painted", start_scale=start_scale, seed=seed, device=device,
        trains=quantized, overwrite=overwrite, quiet=quiet, as_json=as_json,
    )  # fmt: skip
    draw(
        drawing,
        lambda model, level, progress: model.paint(
            painting, start_scale=level, quantized=quantized, seed=seed, progress=progress
        ),
    )
