"""`selfmend sample`, `retarget` and `super-resolve`."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

import selfmend.api as api
from selfmend import tasks
from selfmend.api.functions import enlarging, enlarging_name
from selfmend.cli import common as arguments
from selfmend.cli.common import (
    be_quiet,
    option_of,
    parse_settings,
    parse_size,
    print_json,
    scaled,
)
from selfmend.cli.inpaint import cache_folder, kept
from selfmend.cli.progress import terminal_progress
from selfmend.cli.scale_sheet import LONGEST_ON_SHEET
from selfmend.errors import OptionError
from selfmend.image.draw import contact_sheet, thumbnail, to_rgb
from selfmend.image.files import read_picture
from selfmend.image.outputs import check_output, is_ours, numbered, target_beside
from selfmend.image.picture import Picture, to_picture
from selfmend.methods.base import Method, describe_config
from selfmend.methods.generative import Generative, check_factor, check_pixels
from selfmend.methods.registry import method_class
from selfmend.pipeline import enlarged, generative, warn_of_transparency
from selfmend.progress import Progress
from selfmend.types import Image, Size, size_of


@dataclass(frozen=True, kw_only=True)
class Request:
    """The arguments as the user gave them.

    Attributes:
        source: a picture file, or the folder of a run.
        size: "HxW", or
        scales: factors of height and width.
        start_scale: a number, "all" or None.
        below: what enters at the start scale.
        samples: how many.
        reshape: whether the picture itself is wanted in that size, not samples.
        say: tell that something is learned first.
    """

    source: Path
    method: str | None = None
    preset: str | None = None
    seed: int | None = None
    device: str = "auto"
    options: dict[str, Any] = field(default_factory=dict)
    save_model: Path | None = None
    size: str | None = None
    scales: tuple[float | None, float | None] = (None, None)
    start_scale: str | None = None
    below: str | None = None
    samples: int = 1
    reshape: bool = False
    say: bool = True


@dataclass(frozen=True, kw_only=True)
class Source:
    """What new pictures are made from.

    Attributes:
        picture: whose kind and mode they get.
        image: (H, W, C), what they are to be like, without a hole.
        method: trained, if it learns.
        seed: of the drawing.
        size: (height, width) of the new pictures.
    """

    picture: Picture
    image: Image
    method: Method
    seed: int
    size: Size

    @property
    def worker(self) -> Generative:
        """The method as one that makes new pictures."""
        return generative(self.method)


@contextmanager
def opened(request: Request, progress: Progress) -> Iterator[Source]:
    """A run, or a picture that is learned first if the method learns."""
    if request.source.is_dir():
        yield _of_run(request, progress)
        return
    name = request.method or api.DEFAULT_GENERATIVE_METHOD
    method = method_class(name).from_options(request.preset, request.options, device=request.device)
    generative(method)
    if request.save_model is not None and not method.learns:
        raise OptionError(f"{name} learns nothing, so there is no model to save; leave --save-model out")
    picture, seed = read_picture(request.source), request.seed or 0
    starting = _starting(request, method, picture.image)
    size = _checked_size(request, starting, picture.image)  # what does not fit is found here, before the training
    if not method.learns:
        yield Source(picture=picture, image=picture.image, method=starting, seed=seed, size=size)
        return
    with learned(request, name, method.config, picture, _fit(request, name, picture, progress)) as model:
        starting = _starting(request, model.method, picture.image)
        yield Source(picture=picture, image=picture.image, method=starting, seed=seed, size=size)


def _fit(request: Request, name: str, picture: Picture, progress: Progress) -> Callable[[Path], api.Model]:
    def fit(folder: Path) -> api.Model:
        return api.fit_picture(
            name, picture, None, preset=request.preset, options=request.options, seed=request.seed or 0,
            device=request.device, folder=folder, progress=progress,
        )  # fmt: skip

    return fit


@contextmanager
def learned(
    request: Request, name: str, config: Any, picture: Picture, fit: Callable[[Path], api.Model]
) -> Iterator[api.Model]:
    """What `fit` learns in a folder: --save-model, or one in the user's cache, which goes when the block ends well."""
    folder = request.save_model or cache_folder(name, config, request.seed or 0, picture, None)
    if request.say:
        keep = f"it is kept in {folder}" if request.save_model else "--save-model RUN would keep what it learns"
        typer.echo(f"{name} learns {request.source} first; {keep}", err=True)
    try:
        yield fit(folder)
    except KeyboardInterrupt:
        kept(folder)
        raise
    if not request.save_model:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def enlarged_source(request: Request, factor: float, progress: Progress) -> Iterator[tuple[Source, Any]]:
    """A picture and its enlargement; singan learns the picture for that first."""
    picture, seed = read_picture(request.source), request.seed or 0
    name = enlarging_name(request.method, request.preset, request.save_model)
    worker = enlarging(name, request.preset, request.options, device=request.device)
    if worker is None:
        with _learned_for_enlarging(request, factor, picture, progress) as model:
            yield _beside(model.super_resolve(progress=progress), picture, model.method, seed)
        return
    if request.save_model is not None:
        raise OptionError(f"{name} learns nothing, so there is no model to save; leave --save-model out")
    result = enlarged(picture, worker.super_resolve(picture.image, factor, seed=seed, progress=progress))
    assert isinstance(worker, Method)
    yield _beside(result, picture, worker, seed)


@contextmanager
def _learned_for_enlarging(
    request: Request, factor: float, picture: Picture, progress: Progress
) -> Iterator[api.Model]:
    from selfmend.methods.singan.sample import super_resolution_options

    options = super_resolution_options(check_factor(factor, picture.size)) | request.options
    config = method_class("singan").from_options(request.preset, options).config

    def fit(folder: Path) -> api.Model:
        return api.fit_super_resolution(
            picture, factor, preset=request.preset, options=request.options, seed=request.seed or 0,
            device=request.device, folder=folder, progress=progress,
        )  # fmt: skip

    with learned(request, "singan", config, picture, fit) as model:
        yield model


def _beside(result: Any, picture: Picture, method: Method, seed: int) -> tuple[Source, Any]:
    """An enlargement and what it was made from."""
    size = to_picture(result).size
    return Source(picture=picture, image=picture.image, method=method, seed=seed, size=size), result


def _of_run(request: Request, progress: Progress) -> Source:
    if request.method or request.preset or request.save_model:
        raise OptionError("a RUN brings its own method and settings; leave --method, --preset and --save-model out")
    model = api.load_picture_model(request.source, device=request.device)
    generative(model.method)
    seed = model.seed if request.seed is None else request.seed
    method = _starting(request, model.method.with_fill_options(request.options), model.picture.image)
    size = _checked_size(request, method, model.picture.image)
    image = model.whole_image(progress=progress)
    return Source(picture=model.picture, image=image, method=method, seed=seed, size=size)


def _starting(request: Request, method: Method, image: Image) -> Method:
    """The method with --start-scale (the lowest for "all") and --below."""
    if request.start_scale is None and request.below is None:
        return method
    scales = [n for n in generative(method).start_scales(image) if n or not request.reshape]
    if not scales or not method.learns:
        raise OptionError(f"{method.name} has no start scale to choose; leave --start-scale and --below out")
    from selfmend.methods.learning import TrainedMethod

    assert isinstance(method, TrainedMethod)
    number = min(scales) if request.start_scale == "all" else request.start_scale
    options = {"start_scale": number, "start_below": request.below}
    return method.with_fill_options({name: value for name, value in options.items() if value is not None})


def _checked_size(request: Request, method: Method, image: Image) -> Size:
    """The size that was asked for, or the method's own, if it can be made."""
    worker = generative(method)
    if request.size is not None:
        if request.scales != (None, None):
            raise OptionError("--size says it all; leave --scale-h and --scale-w out")
        size = parse_size(request.size)
    elif request.scales == (None, None) and request.reshape:
        raise OptionError("say the new shape: --size HxW, or --scale-h and --scale-w")
    else:
        base = size_of(image) if request.reshape else worker.default_size(image)
        size = scaled(base, *request.scales)
    worker.check_size(image, check_pixels(size, samples=request.samples), reshape=request.reshape)
    return size


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


def scale_sheet(source: Source, *, samples: int, reshape: bool = False, progress: Progress) -> Any:
    """What comes of starting at each scale, on one sheet: how people choose one."""
    from selfmend.methods.learning import LearningMethod

    assert isinstance(source.method, LearningMethod)
    pictures, captions = [], []
    for number, (height, width) in source.worker.start_scales(source.image).items():
        if reshape and number == 0:  # nothing of the picture enters there
            continue
        worker = generative(source.method.with_fill_options({"start_scale": number}))
        if reshape:
            pictures.append(worker.retarget(source.image, size=source.size, seed=source.seed, progress=progress))
        else:
            pictures += worker.sample(
                source.image, size=source.size, samples=samples, seed=source.seed, progress=progress
            )
        captions += [f"scale {number} ({height}x{width})"] * samples
    warn_of_transparency(source.picture)
    return sheet(source, pictures, captions, columns=samples if samples > 1 else None)


def sample_sheet(source: Source, results: list[Any]) -> Any:
    """Samples and the picture that they are like on one sheet."""
    images = [to_picture(result).image for result in results]
    return sheet(source, images, [f"sample {k + 1}" for k in range(len(images))])


def sheet(source: Source, images: list[Image], captions: list[str], *, columns: int | None = None) -> Any:
    """Pictures in a grid; where no number of columns is given, as square as can be, after the picture itself."""
    if columns is None:
        images, captions = [source.image, *images], ["picture", *captions]
        columns = math.ceil(math.sqrt(len(images)))
    shown = [to_rgb(thumbnail(image, LONGEST_ON_SHEET)) for image in images]
    return contact_sheet(shown, captions, columns=columns)


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
