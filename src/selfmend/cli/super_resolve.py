"""`selfmend super-resolve`: the picture enlarged."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from selfmend.cli import arguments
from selfmend.cli.common import be_quiet, parse_settings, target_beside
from selfmend.cli.progress import terminal_progress


def super_resolve(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="The picture to enlarge.", show_default=False)],
    factor: Annotated[float, typer.Option("--factor", "-f", help="How many times as high and wide: above 1.")],
    output: arguments.Output = None,
    method: Annotated[
        str | None, typer.Option(help="gpnn or singan.", show_default="gpnn; singan with --preset fast or paper")
    ] = None,
    preset: arguments.Preset = None,
    seed: arguments.Seed = None,
    device: arguments.Device = "auto",
    settings: arguments.Settings = None,
    save_model: arguments.SaveModel = None,
    overwrite: arguments.Overwrite = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Enlarge a picture with detail like that which it has at smaller scales.

    By gpnn from the picture's own patches in seconds, or by --method singan, which learns IMAGE first: --preset paper
    as the paper does, --preset fast in seconds and not as well.
    """
    from selfmend.cli.generate import Request, enlarged_source, report
    from selfmend.image.io import check_output, save_picture

    be_quiet(quiet)
    target = target_beside(image, output, f"-x{factor:g}")
    check_output(target, overwrite=overwrite, inputs=(image,))
    request = Request(
        source=image, method=method, preset=preset, seed=seed, device=device, options=parse_settings(settings or []),
        save_model=save_model, say=not (quiet or as_json),
    )  # fmt: skip
    started = time.perf_counter()
    with (
        terminal_progress(quiet=quiet or as_json) as progress,
        enlarged_source(request, factor, progress) as (came, result),
    ):
        save_picture(result, target)
    report(came, [target], seconds=time.perf_counter() - started, quiet=quiet, as_json=as_json)
