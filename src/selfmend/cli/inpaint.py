"""`selfmend inpaint`."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import platformdirs
import typer

import selfmend.api as api
from selfmend import pipeline, tasks
from selfmend._version import __version__
from selfmend.cli import common as arguments
from selfmend.cli.common import be_quiet, option_of, parse_settings, print_json
from selfmend.cli.progress import terminal_progress
from selfmend.cli.scale_sheet import parse_start_scale, sheet
from selfmend.errors import ImageError, MaskError, OptionError, SelfmendWarning
from selfmend.files import exists
from selfmend.image.files import read_picture
from selfmend.image.outputs import beside, check_output, is_ours, numbered, target_beside
from selfmend.image.picture import Picture
from selfmend.masks.reading import check_hole, default_mask, needed_mask, read_mask
from selfmend.methods.base import Method, describe_config
from selfmend.methods.hole_init import mean
from selfmend.methods.registry import check_takes_reference, method_class
from selfmend.pipeline import MaskedPicture, fitted_reference
from selfmend.progress import Progress
from selfmend.types import Mask

if TYPE_CHECKING:
    from selfmend.registration.align import Aligned


Draw = Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class Request:
    """The arguments of one filling, as the user gave them."""

    image: Any
    mask: str | None
    method: str | None = None
    preset: str | None = None
    samples: int = 1
    seed: int | None = None
    device: str = "auto"
    options: dict[str, Any] = field(default_factory=dict)
    model: Path | None = None
    save_model: Path | None = None
    invert_mask: bool = False
    grow: int = 0
    reference: str | None = None
    align: bool = True
    start_scale: str | None = None

    @property
    def every_scale(self) -> bool:
        """Whether all scales are wanted, on a sheet."""
        return self.start_scale == "all"


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What came of a request.

    Attributes:
        picture: the picture that was filled.
        mask: its hole.
        results: the filled pictures, of the kind of `picture.original`; or one sheet of all scales.
        method: its name.
        seed: of the fill.
        config: the method's options.
        reference: as it lies on the picture, if there is one.
        scratch: a folder to remove once the results are written; until then the command can be repeated cheaply.
    """

    picture: Picture
    mask: Mask
    results: list[Any]
    method: str
    seed: int
    config: dict[str, Any]
    reference: Aligned | None = None
    scratch: Path | None = None

    def clean(self) -> None:
        """Remove what is of no use once the results are written."""
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)


def fill(request: Request, progress: Progress) -> Filled:
    """Fill with a saved model, with a method that learns first, or with one that does not."""
    request = _with_start_scale(request)
    if request.model is not None:
        return _fill_with_model(request, request.model, progress)
    name = request.method or api.DEFAULT_METHOD
    kind = method_class(name)
    _check_fields(name, kind, request)
    method = kind.from_options(request.preset, request.options, device=request.device)
    if request.save_model is not None and not kind.learns:
        raise OptionError(f"{name} learns nothing, so there is no model to save; leave --save-model out")
    picture = read_picture(request.image)
    source = needed_mask(picture, request.mask)
    mask = read_mask(source, picture, invert=request.invert_mask, grow=request.grow)
    seed = request.seed or 0
    reference = _aligned_reference(request, picture, mask, kind, progress)
    scratch = None
    if kind.learns and mask.any():
        check_hole(mask)
        if request.save_model is None:
            scratch = cache_folder(name, method.config, seed, picture, mask)
        folder = request.save_model or scratch
        results = _learn_and_fill(request, name, picture, mask, reference, source == "alpha", folder, progress)
    else:
        masked = MaskedPicture(picture=picture, mask=mask, opaque=source == "alpha")
        results = pipeline.fill(
            masked, method, seed=seed, samples=request.samples, reference=reference, progress=progress
        )
        if mask.any() and len(results) > 1 and np.array_equal(results[0], results[1]):
            warnings.warn(f"{name} has one fill only: all samples are the same", SelfmendWarning, stacklevel=2)
    return Filled(
        picture=picture, mask=mask, results=results, method=name, seed=seed, config=describe_config(method.config),
        reference=reference, scratch=scratch,
    )  # fmt: skip


def kept(folder: Path) -> None:
    """Say after Ctrl-C where the training is."""
    typer.secho(f"stopped; what was learned is kept in {folder}, and the same command goes on from there", err=True)


def _with_start_scale(request: Request) -> Request:
    """The start scale as an option of the method; for all of them, a training must begin at the lowest."""
    if request.start_scale is None or (request.every_scale and request.model is not None):
        return request
    level = 1 if request.every_scale else parse_start_scale(request.start_scale)
    return dataclasses.replace(request, options=request.options | {"injection_scale": level})


def _check_fields(name: str, kind: type[Method], request: Request) -> None:
    """Refuse what the method has no use for."""
    fields = {f.name for f in dataclasses.fields(next(iter(kind.presets.values())))}
    if "init" in request.options and "init" not in fields:
        raise OptionError(f"{name} takes no first guess; leave --init out")
    if request.start_scale is not None and "injection_scale" not in fields:
        raise OptionError(f"{name} has no scales to start from; leave --start-scale out, or take --method singan")
    if request.reference is not None:
        check_takes_reference(kind)


def _aligned_reference(
    request: Request, picture: Picture, mask: Mask, kind: type[Method], progress: Progress
) -> Aligned | None:
    return fitted_reference(request.reference, picture, mask, kind, aligning=request.align, progress=progress)


def _sheet(model: api.Model, picture: Picture, mask: Mask, reference: Aligned | None, draw: Draw) -> list[Any]:
    """One sheet: the damaged picture, the reference as it lies on it, and what comes of entering at each scale."""
    shown = {"picture": mean(picture.image, mask)} | ({"reference": reference.image} if reference else {})
    return [sheet(model, shown, lambda level: draw(injection_scale=level))]


def _learn_and_fill(
    request: Request,
    name: str,
    picture: Picture,
    mask: Mask,
    reference: Aligned | None,
    opaque: bool,
    folder: Path | None,
    progress: Progress,
) -> list[Any]:
    """Train in a folder, so that an interrupted command goes on where it stopped; then fill."""
    assert folder is not None
    try:
        model = api.fit_picture(
            name, picture, mask, preset=request.preset, options=request.options, seed=request.seed or 0,
            device=request.device, folder=folder, opaque=opaque, progress=progress,
        )  # fmt: skip
        draw = partial(model.inpaint, samples=request.samples, reference=reference, progress=progress)
        if request.every_scale and isinstance(model, api.Model):
            return _sheet(model, picture, mask, reference, draw)
        results = draw()
    except KeyboardInterrupt:
        kept(folder)
        raise
    return results if request.samples > 1 else [results]


def _fill_with_model(request: Request, folder: Path, progress: Progress) -> Filled:
    if request.method or request.preset or request.save_model:
        raise OptionError("--model brings its own method and settings; leave --method, --preset and --save-model out")
    model = api.load(folder, device=request.device)
    _check_fields(model.method.name, type(model.method), request)
    model.method.with_fill_options(request.options)  # its errors come before the reading
    if isinstance(model, api.FolderModel):
        return _fill_with_folder_model(request, model, progress)
    picture = model.picture if request.image is None else read_picture(request.image)
    source = request.mask if request.image is None else default_mask(picture, request.mask)
    mask = model.mask if source is None else read_mask(source, picture, invert=request.invert_mask, grow=request.grow)
    if mask is None:
        raise MaskError("this model was trained without a mask; say which hole to fill: --mask MASK.png")
    if mask.shape != picture.size:
        raise MaskError("the model's own hole is of another size than this picture; say where its hole is: --mask")
    reference = _aligned_reference(request, picture, mask, type(model.method), progress)
    draw = partial(
        model.inpaint, request.image, source, samples=request.samples, seed=request.seed,
        invert_mask=request.invert_mask, grow_mask=request.grow, reference=reference, progress=progress,
        **request.options,
    )  # fmt: skip
    if request.every_scale:
        results = _sheet(model, picture, mask, reference, draw)
    else:
        results = draw() if request.samples > 1 else [draw()]
    return Filled(
        picture=picture, mask=mask, results=results, method=model.method.name, reference=reference,
        seed=model.seed if request.seed is None else request.seed, config=describe_config(model.method.config),
    )  # fmt: skip


def _fill_with_folder_model(request: Request, model: api.FolderModel, progress: Progress) -> Filled:
    if request.image is None:
        raise OptionError("this model learned a folder and has no picture of its own; give the picture to mend")
    masked = pipeline.read_masked(request.image, request.mask, invert=request.invert_mask, grow=request.grow)
    seed = model.seed if request.seed is None else request.seed
    worker = model.method.with_fill_options(request.options)
    results = pipeline.fill(masked, worker, seed=seed, samples=request.samples, progress=progress)
    return Filled(
        picture=masked.picture, mask=masked.mask, results=results, method=worker.name, seed=seed,
        config=describe_config(worker.config),
    )  # fmt: skip


def cache_folder(name: str, config: Any, seed: int, picture: Picture, mask: Mask | None) -> Path:
    """One folder for each different command, so that repeating the command finds its interrupted training."""
    digest = api.digest(picture.image, mask, excludes_hole=getattr(config, "exclude_hole", True))
    parts = (__version__, name, sorted(describe_config(config).items()), seed, digest)
    key = hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
    return Path(platformdirs.user_cache_dir("selfmend")) / "runs" / key


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
    request = Request(
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
    request: Request, output: Path | None, overwrite: bool, compare: bool
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
