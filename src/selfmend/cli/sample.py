"""`selfmend sample`: new pictures that look like one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from selfmend.cli import arguments
from selfmend.cli.common import be_quiet, numbered, parse_settings, target_beside
from selfmend.cli.progress import terminal_progress
from selfmend.core.checks import OptionError


def sample(
    source: arguments.Source,
    output: arguments.Output = None,
    samples: Annotated[int, typer.Option("--samples", "-n", help="How many: OUT-1, OUT-2, ...")] = 1,
    size: arguments.Size = None,
    scale_h: arguments.ScaleHeight = None,
    scale_w: arguments.ScaleWidth = None,
    start_scale: arguments.StartScale = None,
    below: arguments.Below = None,
    grid: Annotated[Path | None, typer.Option(help="Also write the picture and all samples on one sheet.")] = None,
    method: arguments.GenerativeMethod = None,
    preset: arguments.Preset = None,
    seed: arguments.Seed = None,
    device: arguments.Device = "auto",
    settings: arguments.Settings = None,
    save_model: arguments.SaveModel = None,
    overwrite: arguments.Overwrite = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Make new pictures that look like one: its things and textures, arranged anew, in any size.

    A method that learns starts from a RUN of `selfmend train`, or learns IMAGE first.
    """
    from selfmend.api.results import drawn
    from selfmend.cli.generate import Request, opened, report, sample_sheet, scale_sheet
    from selfmend.image.io import check_output, save_picture

    be_quiet(quiet)
    if samples < 1:
        raise OptionError(f"--samples is {samples}; at least 1 fits")
    every_scale = start_scale == "all"
    if every_scale and grid is not None:
        raise OptionError("--start-scale all writes one sheet, to -o OUT; leave --grid out")
    suffix, ending = ("-scales", ".png") if every_scale else ("-sample", None)
    target = target_beside(source, output, suffix, ending=ending)
    outputs = [target] if every_scale else numbered(target, samples)
    for path in [*outputs, *([grid] if grid else [])]:
        check_output(path, overwrite=overwrite, inputs=(source,))
    request = Request(
        source=source, method=method, preset=preset, seed=seed, device=device, options=parse_settings(settings or []),
        save_model=save_model, size=size, scales=(scale_h, scale_w), start_scale=start_scale, below=below,
        samples=samples, say=not (quiet or as_json),
    )  # fmt: skip
    started = time.perf_counter()
    with terminal_progress(quiet=quiet or as_json) as progress, opened(request, progress) as came:
        if every_scale:
            results = [scale_sheet(came, samples=samples, progress=progress)]
        else:
            results = drawn(
                came.worker,
                came.picture,
                came.image,
                size=came.size,
                samples=samples,
                seed=came.seed,
                progress=progress,
            )
        for result, path in zip(results, outputs, strict=True):
            save_picture(result, path)
        if grid:
            save_picture(sample_sheet(came, results), grid)
    report(came, outputs, grid=grid, seconds=time.perf_counter() - started, quiet=quiet, as_json=as_json)
