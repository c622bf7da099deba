"""`selfmend edit`: the seams of a picture that was edited by hand are mended."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selfmend.cli import arguments

if TYPE_CHECKING:
    from selfmend.api import Model
    from selfmend.core.progress import Progress


def edit(
    run: arguments.Run,
    edited: Annotated[Path, typer.Argument(metavar="EDITED", help="The learned picture with parts moved or copied.")],
    mask: Annotated[
        str | None,
        typer.Option(
            "--mask",
            "-m",
            metavar="MASK",
            help="Where it was edited, in white; kinds as in inpaint. Left out, it is where EDITED differs from the "
            "learned picture by more than 16 of 255 levels.",
        ),
    ] = None,
    output: arguments.Output = None,
    start_scale: arguments.EntryScale = None,
    unmasked: Annotated[
        bool, typer.Option("--unmasked", help="Draw everything anew, not only what was edited.")
    ] = False,
    seed: arguments.Seed = None,
    device: arguments.Device = "auto",
    invert_mask: arguments.InvertMask = False,
    overwrite: arguments.Overwrite = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Mend the seams of the picture that RUN has learned, after parts of it were moved, copied or removed."""
    from selfmend.cli.drawing import Drawing, draw

    drawing = Drawing(
        run=run, picture=edited, output=output, suffix="-unmasked" if unmasked else "-mended", start_scale=start_scale,
        seed=seed, device=device, mask=mask, overwrite=overwrite, quiet=quiet, as_json=as_json,
    )  # fmt: skip

    def call(model: Model, level: int | None, progress: Progress) -> Any:
        return model.edit(
            edited, mask, start_scale=level, masked=not unmasked, seed=seed, invert_mask=invert_mask, progress=progress
        )

    def found(model: Model) -> str:
        share = float(model.edited_mask(edited).float().mean())
        return f"no mask: the {share:.1%} of the picture that differ by more than 16 of 255 levels were edited"

    draw(drawing, call, note=found if mask is None else None)
