"""New pictures of one as a whole: from a run, or of a picture that is learned first where the method learns.

`selfmend.sample` and its like give back the pictures alone; these also say what makes them, find out before a training
what does not fit, and resume one that was stopped.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfmend.api.functions import enlarging, enlarging_name, fit_super_resolution
from selfmend.api.kept import cache_folder, kept_in
from selfmend.errors import OptionError
from selfmend.image.draw import LONGEST_ON_SHEET, contact_sheet, thumbnail, to_rgb
from selfmend.image.files import read_picture
from selfmend.image.picture import Picture, to_picture
from selfmend.methods.base import Configured, Method
from selfmend.methods.generative import Generative, check_factor, check_pixels
from selfmend.methods.registry import DEFAULT_GENERATIVE_METHOD, method_class
from selfmend.pipeline import enlarged, generative, warn_of_transparency
from selfmend.progress import Progress, while_learning
from selfmend.types import Image, Size, size_of

if TYPE_CHECKING:
    from selfmend.api.models import Model


@dataclass(frozen=True, kw_only=True)
class DrawRequest:
    """What is to be drawn, and how.

    Attributes:
        source: a picture file, or the folder of a run.
        method, preset, options: as in `selfmend.sample`; None is the default method, or the run's own.
        seed: same seed, same bytes; None is 0, or the run's own.
        device: "auto", "cpu", "cuda" or "mps".
        save_model: run folder for what a method learns first; None keeps an unfinished training in the user's cache.
        size: (height, width) in pixels, or
        scales: factors of height and width, None for 1.
        start_scale: from which all is drawn anew, 0 is the coarsest; "all" begins at the lowest, for `scale_sheet`.
        below: what enters at the start scale, "image" or "reconstruction".
        samples: how many.
        reshape: whether the picture itself is wanted in that size, not samples.
        say: is told, in a line, that something is learned first.
    """

    source: Path
    method: str | None = None
    preset: str | None = None
    seed: int | None = None
    device: str = "auto"
    options: dict[str, Any] = field(default_factory=dict)
    save_model: Path | None = None
    size: Size | None = None
    scales: tuple[float | None, float | None] = (None, None)
    start_scale: int | str | None = None
    below: str | None = None
    samples: int = 1
    reshape: bool = False
    say: Callable[[str], object] = lambda line: None


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
    method: Configured
    seed: int
    size: Size

    @property
    def worker(self) -> Generative:
        """The method as one that makes new pictures."""
        return generative(self.method)


@contextmanager
def opened(request: DrawRequest, progress: Progress) -> Iterator[Source]:
    """A run, or a picture that is learned first if the method learns."""
    if request.source.is_dir():
        yield _of_run(request, progress)
        return
    name = request.method or DEFAULT_GENERATIVE_METHOD
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


def _fit(request: DrawRequest, name: str, picture: Picture, progress: Progress) -> Callable[[Path | None], Model]:
    from selfmend.api.training import fit_picture

    def fit(folder: Path | None) -> Model:
        return fit_picture(
            name, picture, None, preset=request.preset, options=request.options, seed=request.seed or 0,
            device=request.device, folder=folder, progress=while_learning(progress),
        )  # fmt: skip

    return fit


@contextmanager
def learned(
    request: DrawRequest, name: str, config: Any, picture: Picture, fit: Callable[[Path | None], Model]
) -> Iterator[Model]:
    """What `fit` learns in a folder: --save-model, or one in the user's cache, which goes when the block ends well."""
    folder = request.save_model or cache_folder(name, config, request.seed or 0, picture, None)
    keep = f"it is kept in {folder}" if request.save_model else "--save-model RUN would keep what it learns"
    request.say(f"{name} learns {request.source} first; {keep}")
    with kept_in(folder):
        yield fit(folder)
    if folder is not None and not request.save_model:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def enlarged_source(request: DrawRequest, factor: float, progress: Progress) -> Iterator[tuple[Source, Any]]:
    """A picture and its enlargement; what learns, learns the picture for that first."""
    picture, seed = read_picture(request.source), request.seed or 0
    name = enlarging_name(request.method, request.preset, request.save_model)
    worker = enlarging(name, request.preset, request.options, device=request.device)
    if worker is None:
        with _learned_for_enlarging(request, name, factor, picture, progress) as model:
            yield _beside(model.super_resolve(progress=progress), picture, model.method, seed)
        return
    if request.save_model is not None:
        raise OptionError(f"{name} learns nothing, so there is no model to save; leave --save-model out")
    result = enlarged(picture, worker.super_resolve(picture.image, factor, seed=seed, progress=progress))
    assert isinstance(worker, Configured)
    yield _beside(result, picture, worker, seed)


@contextmanager
def _learned_for_enlarging(
    request: DrawRequest, name: str, factor: float, picture: Picture, progress: Progress
) -> Iterator[Model]:
    from selfmend.methods.singan.sample import super_resolution_options

    options = super_resolution_options(check_factor(factor, picture.size)) | request.options
    config = method_class(name).from_options(request.preset, options).config

    def fit(folder: Path | None) -> Model:
        return fit_super_resolution(
            picture, factor, method=name, preset=request.preset, options=request.options, seed=request.seed or 0,
            device=request.device, folder=folder, progress=progress,
        )  # fmt: skip

    with learned(request, name, config, picture, fit) as model:
        yield model


def _beside(result: Any, picture: Picture, method: Configured, seed: int) -> tuple[Source, Any]:
    """An enlargement and what it was made from."""
    size = to_picture(result).size
    return Source(picture=picture, image=picture.image, method=method, seed=seed, size=size), result


def _of_run(request: DrawRequest, progress: Progress) -> Source:
    if request.method or request.preset or request.save_model:
        raise OptionError("a RUN brings its own method and settings; leave --method, --preset and --save-model out")
    from selfmend.api.training import load_picture_model

    model = load_picture_model(request.source, device=request.device)
    generative(model.method)
    seed = model.seed if request.seed is None else request.seed
    method = _starting(request, model.method.with_fill_options(request.options), model.picture.image)
    size = _checked_size(request, method, model.picture.image)
    image = model.whole_image(progress=progress)
    return Source(picture=model.picture, image=image, method=method, seed=seed, size=size)


def _starting(request: DrawRequest, method: Method, image: Image) -> Method:
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


def _checked_size(request: DrawRequest, method: Method, image: Image) -> Size:
    """The size that was asked for, or the method's own, if it can be made."""
    worker = generative(method)
    if request.size is not None:
        if request.scales != (None, None):
            raise OptionError("--size says it all; leave --scale-h and --scale-w out")
        size = request.size
    elif request.scales == (None, None) and request.reshape:
        raise OptionError("say the new shape: --size HxW, or --scale-h and --scale-w")
    else:
        base = size_of(image) if request.reshape else worker.default_size(image)
        size = scaled(base, *request.scales)
    worker.check_size(image, check_pixels(size, samples=request.samples), reshape=request.reshape)
    return size


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


def scaled(size: tuple[int, int], scale_h: float | None, scale_w: float | None) -> tuple[int, int]:
    """A size times --scale-h and --scale-w; one that is not given is 1.

    Raises:
        OptionError: a factor that is no positive number.
    """
    for name, factor in (("--scale-h", scale_h), ("--scale-w", scale_w)):
        if factor is not None and not (factor > 0 and math.isfinite(factor)):
            raise OptionError(f"{name} is {factor:g}; a factor above 0 fits, such as 1.5")
    return round(size[0] * (scale_h or 1)), round(size[1] * (scale_w or 1))
