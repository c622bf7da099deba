"""`selfmend harmonize`: a pasted object takes on the texture and palette of the picture around it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from selfmend.cli import arguments


def harmonize(
    run: arguments.Run,
    composite: Annotated[Path, typer.Argument(metavar="COMPOSITE", help="The learned picture with an object pasted.")],
    mask: Annotated[
        str,
        typer.Option("--mask", "-m", metavar="MASK", help="Where the object is, in white; kinds as in inpaint."),
    ],
    output: arguments.Output = None,
    start_scale: arguments.EntryScale = None,
    seed: arguments.Seed = None,
    device: arguments.Device = "auto",
    invert_mask: arguments.InvertMask = False,
    overwrite: arguments.Overwrite = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Make a pasted object fit the picture that RUN has learned; what lies outside its mask stays as it is."""
    from selfmend.cli.drawing import Drawing, draw

    drawing = Drawing(
        run=run, picture=composite, output=output, suffix="-harmonized", start_scale=start_scale, seed=seed,
        device=device, mask=mask, overwrite=overwrite, quiet=quiet, as_json=as_json,
    )  # fmt: skip
    draw(
        drawing,
        lambda model, level, progress: model.harmonize(
            composite, mask, start_scale=level, seed=seed, invert_mask=invert_mask, progress=progress
        ),
    )
