"""`selfmend sample`, `retarget` and `super-resolve`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from selfmend import tasks
from selfmend.api.drawing import DrawRequest, Source, enlarged_source, opened, sample_sheet, scale_sheet
from selfmend.cli import common as arguments
from selfmend.cli.common import be_quiet, option_of, parse_settings, parse_size, print_json, teller
from selfmend.cli.progress import terminal_progress
from selfmend.errors import OptionError
from selfmend.image.outputs import check_output, is_ours, numbered, target_beside
from selfmend.methods.base import describe_config


def report(
    source: Source, outputs: list[Path], *, grid: Path | None = None, seconds: float, quiet: bool, as_json: bool
) -> None:
    """Say what was written: a line, one JSON object, or nothing."""
    height, width = source.size
    if as_json:
        sheets = {} if grid is None else {"grid": grid}
        print_json(
            {"outputs": outputs, **sheets, "method": source.method.name, "seed": source.seed,
             "seconds": round(seconds, 3), "height": height, "width": width,
             "config": describe_config(source.method.config)}
        )  # fmt: skip
    elif not quiet:
        names = ", ".join(str(p) for p in [*outputs, *([grid] if grid else [])])
        typer.echo(f"{names}  ({source.method.name}, {height}x{width}, {seconds:.1f} s)")


def sample(
    source: arguments.Source,
    output: arguments.Output = None,
    samples: Annotated[
        int, option_of("sample", "samples", "--samples", "-n", more="OUT-1, OUT-2, ...")
    ] = tasks.Sample.samples,
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
    from selfmend.image.files import save_picture
    from selfmend.pipeline import drawn

    be_quiet(quiet)
    every_scale = start_scale == "all"
    if every_scale and grid is not None:
        raise OptionError("--start-scale all writes one sheet, to -o OUT; leave --grid out")
    suffix, ending = ("-scales", ".png") if every_scale else ("-sample", None)
    target = target_beside(source, output, suffix, ending=ending)
    outputs = numbered(target, 1 if every_scale else samples, free=is_ours(output) and not overwrite)
    for path in [*outputs, *([grid] if grid else [])]:
        check_output(path, overwrite=overwrite, inputs=(source,))
    request = DrawRequest(
        source=source, method=method, preset=preset, seed=seed, device=device, options=parse_settings(settings or []),
        save_model=save_model, size=parse_size(size), scales=(scale_h, scale_w), start_scale=start_scale, below=below,
        samples=samples, say=teller(quiet or as_json),
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


def retarget(
    source: arguments.Source,
    output: arguments.Output = None,
    size: arguments.Size = None,
    scale_h: arguments.ScaleHeight = None,
    scale_w: arguments.ScaleWidth = None,
    start_scale: arguments.StartScale = None,
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
    """Give a picture another shape: its things keep their sizes, what lies between is repeated or left out."""
    from selfmend.image.files import save_picture
    from selfmend.pipeline import retargeted

    be_quiet(quiet)
    every_scale = start_scale == "all"
    suffix, ending = ("-scales", ".png") if every_scale else ("-retargeted", None)
    target = target_beside(source, output, suffix, ending=ending)
    (target,) = numbered(target, free=is_ours(output) and not overwrite)
    check_output(target, overwrite=overwrite, inputs=(source,))
    request = DrawRequest(
        source=source, method=method, preset=preset, seed=seed, device=device, options=parse_settings(settings or []),
        save_model=save_model, size=parse_size(size), scales=(scale_h, scale_w), start_scale=start_scale, reshape=True,
        say=teller(quiet or as_json),
    )  # fmt: skip
    started = time.perf_counter()
    with terminal_progress(quiet=quiet or as_json) as progress, opened(request, progress) as came:
        if every_scale:
            result = scale_sheet(came, samples=1, reshape=True, progress=progress)
        else:
            result = retargeted(
                came.worker, came.picture, came.image, size=came.size, seed=came.seed, progress=progress
            )
        save_picture(result, target)
    report(came, [target], seconds=time.perf_counter() - started, quiet=quiet, as_json=as_json)


def super_resolve(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="The picture to enlarge.", show_default=False)],
    factor: Annotated[float, option_of("super-resolve", "factor", "--factor", "-f")],
    output: arguments.Output = None,
    method: Annotated[
        str | None,
        option_of("super-resolve", "method", show_default="gpnn; singan with --preset fast or paper"),
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
    from selfmend.image.files import save_picture

    be_quiet(quiet)
    (target,) = numbered(target_beside(image, output, f"-x{factor:g}"), free=is_ours(output) and not overwrite)
    check_output(target, overwrite=overwrite, inputs=(image,))
    request = DrawRequest(
        source=image, method=method, preset=preset, seed=seed, device=device, options=parse_settings(settings or []),
        save_model=save_model, say=teller(quiet or as_json),
    )  # fmt: skip
    started = time.perf_counter()
    with (
        terminal_progress(quiet=quiet or as_json) as progress,
        enlarged_source(request, factor, progress) as (came, result),
    ):
        save_picture(result, target)
    report(came, [target], seconds=time.perf_counter() - started, quiet=quiet, as_json=as_json)
