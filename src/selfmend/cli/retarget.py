"""`selfmend retarget`: the picture in another shape."""

from __future__ import annotations

import time

from selfmend.cli import arguments
from selfmend.cli.common import be_quiet, parse_settings, target_beside
from selfmend.cli.progress import terminal_progress


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
    from selfmend.api.results import retargeted
    from selfmend.cli.generate import Request, opened, report, scale_sheet
    from selfmend.image.io import check_output, save_picture

    be_quiet(quiet)
    every_scale = start_scale == "all"
    suffix, ending = ("-scales", ".png") if every_scale else ("-retargeted", None)
    target = target_beside(source, output, suffix, ending=ending)
    check_output(target, overwrite=overwrite, inputs=(source,))
    request = Request(
        source=source, method=method, preset=preset, seed=seed, device=device, options=parse_settings(settings or []),
        save_model=save_model, size=size, scales=(scale_h, scale_w), start_scale=start_scale, reshape=True,
        say=not (quiet or as_json),
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
