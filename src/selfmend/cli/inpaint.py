"""`selfmend inpaint`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from selfmend import tasks
from selfmend.api.filling import Filled, FillRequest, fill
from selfmend.cli import common as arguments
from selfmend.cli.common import be_quiet, option_of, parse_settings, print_json
from selfmend.cli.progress import terminal_progress
from selfmend.errors import ImageError, OptionError
from selfmend.files import exists
from selfmend.image.outputs import beside, check_output, is_ours, numbered, target_beside
from selfmend.image.picture import Picture
from selfmend.types import Mask


def inpaint(
    image: Annotated[
        Path | None, typer.Argument(metavar="IMAGE", help="The picture to mend.", show_default=False)
    ] = None,
    mask: arguments.Mask = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Picture file, or a folder. Default: a free name, IMAGE-mended, beside IMAGE.",
            show_default=False,
        ),
    ] = None,
    method: arguments.Method = None,
    preset: arguments.Preset = None,
    init: Annotated[str | None, typer.Option(help="First guess inside the hole, for methods that take one.")] = None,
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Another picture of the scene, such as a near frame of a film: it shows what the hole hides. "
            "For patchmatch and singan.",
        ),
    ] = None,
    no_align: Annotated[bool, option_of("fill", "align", "--no-align", off=True)] = not tasks.Fill.align,
    start_scale: arguments.EntryScale = None,
    samples: Annotated[
        int, option_of("fill", "samples", "--samples", "-n", more="OUT-1, OUT-2, ...")
    ] = tasks.Fill.samples,
    seed: arguments.Seed = None,
    device: arguments.Device = "auto",
    settings: arguments.Settings = None,
    model: arguments.Model = None,
    save_model: arguments.SaveModel = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Also write picture, hole and result side by side.")
    ] = False,
    invert_mask: arguments.InvertMask = False,
    grow: arguments.Grow = tasks.Fill.grow_mask,
    overwrite: arguments.Overwrite = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Fill the holes of a picture from the picture itself.

    Known pixels are never changed. With --model, picture and mask of the training are taken unless others are given.
    """
    from selfmend.image.files import save_picture

    be_quiet(quiet)
    request = FillRequest(
        image=image, mask=mask, method=method, preset=preset, samples=samples, seed=seed, device=device,
        options=parse_settings(settings or []) | ({"init": init} if init else {}),
        model=model, save_model=save_model, invert_mask=invert_mask, grow=grow,
        reference=reference, align=not no_align, start_scale=start_scale,
    )  # fmt: skip
    outputs, sheet = _plan_outputs(request, output, overwrite, compare)
    started = time.perf_counter()
    with terminal_progress(quiet=quiet or as_json) as progress:
        done = fill(request, progress)
    for result, path in zip(done.results, outputs, strict=True):
        save_picture(result, path)
    if sheet:
        save_picture(_comparison(done.picture, done.mask, done.results), sheet)
    done.clean()
    seconds = time.perf_counter() - started
    if as_json:
        print_json(
            {"outputs": outputs, "compare": sheet, "method": done.method, "seed": done.seed,
             "seconds": round(seconds, 3), "height": done.picture.size[0], "width": done.picture.size[1],
             "hole_pixels": int(done.mask.sum()), "config": done.config, "start_scale": start_scale,
             "reference": _fit_of(done)}
        )  # fmt: skip
    elif not quiet:
        names = ", ".join(str(p) for p in [*outputs, sheet] if p)
        share = float(done.mask.mean())
        fits = f"reference fits with {done.reference.confidence:.2f}, " if done.reference else ""
        typer.echo(f"{names}  ({done.method}, {share:.1%} of the picture filled, {fits}{seconds:.1f} s)")


def _fit_of(done: Filled) -> dict[str, Any] | None:
    """How the reference lies on the picture, for programs."""
    aligned = done.reference
    if aligned is None:
        return None
    return {"confidence": round(aligned.confidence, 4), "by": aligned.by, "homography": aligned.homography.tolist()}


def _plan_outputs(
    request: FillRequest, output: Path | None, overwrite: bool, compare: bool
) -> tuple[list[Path], Path | None]:
    """Where the results and the comparison go, found writable before the work starts."""
    if request.image is None and request.model is None:
        raise OptionError("no picture given; selfmend inpaint IMAGE --mask MASK, or --model RUN for a trained one")
    if request.image is not None and not exists(request.image):
        raise ImageError(f"no such file: {request.image}")
    if request.image is not None and request.image.is_dir():
        raise ImageError(f"{request.image} is a folder; a picture file fits")
    if request.samples < 1:
        raise OptionError(f"--samples is {request.samples}; at least 1 fits")
    if request.start_scale == "all" and (request.samples > 1 or compare):
        raise OptionError("--start-scale all writes one sheet of all scales; leave --samples and --compare out")
    if request.reference is None and not request.align:
        raise OptionError("there is no reference to align; leave --no-align out, or give one: --reference FILE")
    target = _target(request.image, output, every=request.start_scale == "all")
    free = is_ours(output) and not overwrite
    names = numbered(target, request.samples, free=free)
    shown = beside(target if len(names) > 1 else names[0], "-compare", ending=".png")
    sheet = numbered(shown, free=free)[0] if compare else None
    inputs = tuple(i for i in (request.image, request.mask, request.reference) if i is not None)
    for name in [*names, *([sheet] if sheet else [])]:
        check_output(name, overwrite=overwrite, inputs=inputs)
    return names, sheet


def _target(image: Path | None, output: Path | None, *, every: bool) -> Path:
    """The output as given, or its default name: beside the picture, or in the folder that was given."""
    if image is None and (output is None or output.is_dir()):
        raise OptionError("say where the result goes: -o OUT.png")
    suffix, ending = ("-mended-scales", ".png") if every else ("-mended", None)
    return target_beside(image or Path(), output, suffix, ending=ending)


def _comparison(picture: Picture, mask: Mask, results: list[Any]) -> Any:
    from selfmend.image.draw import contact_sheet, paint_hole, to_rgb
    from selfmend.image.picture import to_picture

    fills = [to_rgb(to_picture(r).image) for r in results]
    captions = ["picture", "hole", *(["mended"] if len(fills) == 1 else [f"mended {k + 1}" for k in range(len(fills))])]
    return contact_sheet([to_rgb(picture.image), paint_hole(picture.image, mask), *fills], captions)
