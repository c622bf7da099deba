"""`selfmend animate`: the learned picture moves."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selfmend.cli import arguments
from selfmend.cli.common import be_quiet, print_json
from selfmend.cli.progress import terminal_progress

if TYPE_CHECKING:
    from selfmend.api import Model


def animate(
    run: arguments.Run,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILM", help="A .gif, .webp or .mp4 file.")],
    alpha: Annotated[float, typer.Option(help="Pull back to the picture, 0 to 1; 1 stands still.")] = 0.1,
    beta: Annotated[float, typer.Option(help="Smoothness of the movement, 0 to 1.")] = 0.9,
    frames: Annotated[int, typer.Option(help="How many.")] = 100,
    fps: Annotated[float, typer.Option(help="Frames a second.")] = 10.0,
    start_scale: Annotated[
        str | None,
        typer.Option(
            metavar="N|all",
            help="The coarsest scale that moves: the lower, the larger the things that do. 'all' shows every scale in "
            "one film, to choose from.",
            show_default="1, fast: 0",
        ),
    ] = None,
    loop: Annotated[bool, typer.Option("--loop", help="Let the last frame lead back to the first.")] = False,
    seed: arguments.Seed = None,
    device: arguments.Device = "auto",
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Make the picture that RUN has learned move, by a walk through the noise that it is drawn from."""
    import selfmend.api as api
    from selfmend.cli.scale_sheet import parse_start_scale
    from selfmend.image.frames import check_frames_output, save_frames

    be_quiet(quiet)
    check_frames_output(output, fps=fps)
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

    from selfmend.cli.scale_sheet import scale_caption
    from selfmend.image.sheet import contact_sheet

    levels = model.walking_scales()
    films = [model.animate(start_scale=level, **options) for level in levels]
    captions, columns = [scale_caption(model, level) for level in levels], math.ceil(math.sqrt(len(levels)))
    return [contact_sheet(pictures, captions, columns=columns) for pictures in zip(*films, strict=True)]
