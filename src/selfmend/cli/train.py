"""`selfmend train`: learn from a picture and keep what was learned."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from selfmend.cli.common import parse_settings, print_json, terminal_progress


def train(
    method: Annotated[str, typer.Argument(help="A method that learns, e.g. singan.")],
    image: Annotated[Path, typer.Argument(help="The picture to learn from.")],
    run: Annotated[Path, typer.Option("--output", "-o", metavar="RUN", help="Folder for what is learned.")],
    mask: Annotated[
        str | None, typer.Option("--mask", "-m", metavar="FILE|alpha|#RRGGBB|x,y,w,h", help="Kept out of the learning.")
    ] = None,
    preset: Annotated[str | None, typer.Option(help="Named settings; see `selfmend methods NAME`.")] = None,
    seed: Annotated[int, typer.Option(help="Same seed, same model.")] = 0,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One option; repeatable.")
    ] = None,
    invert_mask: Annotated[bool, typer.Option("--invert-mask", help="In the mask file, black is the hole.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object about the run.")] = False,
) -> None:
    """Learn from one picture. Ctrl-C keeps what is learned so far; the same command goes on from there."""
    import selfmend.api as api

    started = time.perf_counter()
    with terminal_progress(quiet=quiet or as_json) as progress:
        try:
            model = api.fit(
                method, image, mask=mask, preset=preset, seed=seed, device=device, invert_mask=invert_mask,
                folder=run, progress=progress, **parse_settings(settings or []),
            )  # fmt: skip
        except KeyboardInterrupt:
            typer.secho(
                f"stopped; what was learned is kept in {run}, and the same command goes on from there", err=True
            )
            raise
    seconds = time.perf_counter() - started
    if as_json:
        print_json({"run": run, "method": model.method.name, "seed": seed, "seconds": round(seconds, 3)})
    elif not quiet:
        typer.echo(
            f"{run}  ({model.method.name}, {seconds:.1f} s); fill with: selfmend inpaint --model {run} -o OUT.png"
        )
