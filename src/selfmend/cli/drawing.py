"""What `paint`, `harmonize` and `edit` do around their one call of the Python interface. Imports torch."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

import selfmend.api as api
from selfmend.cli.common import be_quiet, print_json, target_beside
from selfmend.cli.fill import kept
from selfmend.cli.progress import terminal_progress
from selfmend.cli.scale_sheet import parse_start_scale, sheet
from selfmend.core.checks import ImageError
from selfmend.core.files import exists
from selfmend.core.progress import Progress
from selfmend.image.io import check_output, read_picture, save_picture

Draw = Callable[[api.Model, int | None, Progress], Any]
"""Draws with a model from a start scale, or from the default one for None."""


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """The arguments that the commands share, as the user gave them.

    Attributes:
        run: the folder of a run.
        picture: what enters: a painting, a composite, an edited picture.
        output: where the result goes; None is beside the picture.
        suffix: of the default name.
        start_scale: a number, "all" or None.
        seed: None is the run's.
        device: of the drawing.
        mask: the mask's file, if it is one: it is not overwritten.
        trains: whether Ctrl-C leaves something to go on from.
    """

    run: Path
    picture: Path
    output: Path | None
    suffix: str
    start_scale: str | None = None
    seed: int | None = None
    device: str = "auto"
    mask: str | None = None
    trains: bool = False
    overwrite: bool = False
    quiet: bool = False
    as_json: bool = False


def draw(drawing: Drawing, call: Draw, *, note: Callable[[api.Model], str] | None = None) -> None:
    """Load the run, draw from one start scale or from all, write the result, and say so.

    Args:
        drawing: the arguments.
        call: draws.
        note: said beside the result, if anything.
    """
    be_quiet(drawing.quiet)
    every = drawing.start_scale == "all"
    level = None if every else parse_start_scale(drawing.start_scale)
    if not exists(drawing.picture):
        raise ImageError(f"no such file: {drawing.picture}")
    suffix, ending = (f"{drawing.suffix}-scales", ".png") if every else (drawing.suffix, None)
    target = target_beside(drawing.picture, drawing.output, suffix, ending=ending)
    inputs = tuple(i for i in (drawing.picture, drawing.mask) if i is not None)
    check_output(target, overwrite=drawing.overwrite, inputs=inputs)
    started = time.perf_counter()
    model = api.load_picture_model(drawing.run, device=drawing.device)
    with terminal_progress(quiet=drawing.quiet or drawing.as_json) as progress:
        try:
            if every:
                shown = {"input": read_picture(drawing.picture).image}
                result = sheet(model, shown, lambda level: call(model, level, progress))
            else:
                result = call(model, level, progress)
        except KeyboardInterrupt:
            if drawing.trains:
                kept(drawing.run)
            raise
    save_picture(result, target)
    seconds, said = time.perf_counter() - started, note(model) if note else ""
    if drawing.as_json:
        seed = model.seed if drawing.seed is None else drawing.seed
        print_json(
            {"outputs": [target], "run": drawing.run, "start_scale": drawing.start_scale, "seed": seed, "note": said,
             "seconds": round(seconds, 3)}
        )  # fmt: skip
    elif not drawing.quiet:
        typer.echo(f"{target}  ({', '.join([model.method.name, *([said] if said else []), f'{seconds:.1f} s'])})")
