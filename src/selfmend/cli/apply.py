"""`selfmend paint`, `harmonize`, `edit` and `animate`: SinGAN's applications with a picture of one's own."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import selfmend.api as api
from selfmend import tasks
from selfmend.api.kept import kept_in
from selfmend.api.scale_sheets import parse_start_scale, sheet
from selfmend.cli import common as arguments
from selfmend.cli.common import be_quiet, option_of, print_json
from selfmend.cli.progress import terminal_progress
from selfmend.errors import ImageError
from selfmend.files import exists
from selfmend.image.files import read_picture, save_picture
from selfmend.image.outputs import check_output, is_ours, numbered, target_beside
from selfmend.progress import Progress

if TYPE_CHECKING:
    from selfmend.api import Model
    from selfmend.progress import Progress


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
    (target,) = numbered(target, free=is_ours(drawing.output) and not drawing.overwrite)
    inputs = tuple(i for i in (drawing.picture, drawing.mask) if i is not None)
    check_output(target, overwrite=drawing.overwrite, inputs=inputs)
    started = time.perf_counter()
    model = api.load_picture_model(drawing.run, device=drawing.device)
    keeping = kept_in(drawing.run) if drawing.trains else nullcontext()
    with terminal_progress(quiet=drawing.quiet or drawing.as_json) as progress, keeping:
        if every:
            shown = {"input": read_picture(drawing.picture).image}
            result = sheet(model, shown, lambda level: call(model, level, progress))
        else:
            result = call(model, level, progress)
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


def paint(
    run: arguments.Run,
    painting: Annotated[Path, typer.Argument(metavar="PAINTING", help="A few flat colours, of any size.")],
    output: arguments.Output = None,
    start_scale: arguments.EntryScale = None,
    quantized: Annotated[
        bool, option_of("paint", "quantized", "--quantized", more="Kept in RUN.")
    ] = tasks.Paint.quantized,
    seed: arguments.Seed = None,
    device: arguments.Device = "auto",
    overwrite: arguments.Overwrite = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Turn a painting of a few flat colours into a picture like the one that RUN has learned."""
    from selfmend.cli.apply import Drawing, draw

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
    invert_mask: Annotated[bool, option_of("harmonize", "invert_mask", "--invert-mask")] = False,
    overwrite: arguments.Overwrite = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Make a pasted object fit the picture that RUN has learned; what lies outside its mask stays as it is."""
    from selfmend.cli.apply import Drawing, draw

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
    unmasked: Annotated[bool, option_of("edit", "masked", "--unmasked", off=True)] = not tasks.Edit.masked,
    seed: arguments.Seed = None,
    device: arguments.Device = "auto",
    invert_mask: Annotated[bool, option_of("edit", "invert_mask", "--invert-mask")] = False,
    overwrite: arguments.Overwrite = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Mend the seams of the picture that RUN has learned, after parts of it were moved, copied or removed."""
    from selfmend.cli.apply import Drawing, draw

    drawing = Drawing(
        run=run, picture=edited, output=output, suffix="-unmasked" if unmasked else "-mended", start_scale=start_scale,
        seed=seed, device=device, mask=mask, overwrite=overwrite, quiet=quiet, as_json=as_json,
    )  # fmt: skip

    def call(model: Model, level: int | None, progress: Progress) -> Any:
        return model.edit(
            edited, mask, start_scale=level, masked=not unmasked, seed=seed, invert_mask=invert_mask, progress=progress
        )

    def found(model: Model) -> str:
        share = float(model.edited_mask(edited).mean())
        return f"no mask: the {share:.1%} of the picture that differ by more than 16 of 255 levels were edited"

    draw(drawing, call, note=found if mask is None else None)


def animate(
    run: arguments.Run,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILM", help="A .gif, .webp or .mp4 file.")],
    alpha: Annotated[float, option_of("animate", "alpha")] = tasks.Animate.alpha,
    beta: Annotated[float, option_of("animate", "beta")] = tasks.Animate.beta,
    frames: Annotated[int, option_of("animate", "frames")] = tasks.Animate.frames,
    fps: Annotated[float, option_of("animate", "fps")] = tasks.Animate.fps,
    start_scale: Annotated[
        str | None,
        option_of(
            "animate",
            "start_scale",
            metavar="N|all",
            show_default="1, fast: 0",
            more="'all' shows every scale in one film, to choose from.",
        ),
    ] = None,
    loop: Annotated[bool, option_of("animate", "loop", "--loop")] = tasks.Animate.loop,
    seed: arguments.Seed = None,
    device: arguments.Device = "auto",
    overwrite: arguments.Overwrite = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Make the picture that RUN has learned move, by a walk through the noise that it is drawn from."""
    import selfmend.api as api
    from selfmend.api.scale_sheets import parse_start_scale
    from selfmend.image.animation import check_frames_output, save_frames

    be_quiet(quiet)
    check_frames_output(output, fps=fps, overwrite=overwrite)
    level = None if start_scale == "all" else parse_start_scale(start_scale)
    started = time.perf_counter()
    model = api.load_picture_model(run, device=device)
    options: dict[str, Any] = {"frames": frames, "alpha": alpha, "beta": beta, "loop": loop, "seed": seed}
    with terminal_progress(quiet=quiet or as_json) as progress:
        if start_scale == "all":
            film = _every_scale(model, options | {"progress": progress})
        else:
            film = model.animate(start_scale=level, progress=progress, **options)
    save_frames(film, output, fps=fps)
    seconds = time.perf_counter() - started
    width, height = film[0].size
    if as_json:
        options["seed"] = model.seed if seed is None else seed
        print_json(
            {"outputs": [output], "run": run, "start_scale": start_scale, "fps": fps, "height": height, "width": width,
             "seconds": round(seconds, 3), **options}
        )  # fmt: skip
    elif not quiet:
        typer.echo(f"{output}  ({model.method.name}, {frames} frames of {width} x {height}, {seconds:.1f} s)")


def _every_scale(model: Model, options: dict[str, Any]) -> list[Any]:
    """One film in which all start scales move beside each other."""
    import math

    from selfmend.api.scale_sheets import scale_caption
    from selfmend.image.draw import contact_sheet

    levels = model.walking_scales()
    films = [model.animate(start_scale=level, **options) for level in levels]
    captions, columns = [scale_caption(model, level) for level in levels], math.ceil(math.sqrt(len(levels)))
    return [contact_sheet(pictures, captions, columns=columns) for pictures in zip(*films, strict=True)]
