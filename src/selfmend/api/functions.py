"""The functions that users call: inpaint, sample, retarget, super_resolve, mend_video.

What needs PyTorch or FFmpeg is imported where it is used, so that a fill that needs neither costs neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from selfmend.api.mender import Mender, each_of_batch, is_batch
from selfmend.errors import OptionError
from selfmend.image.files import read_picture
from selfmend.image.picture import Picture
from selfmend.methods.base import Configured, describe_config
from selfmend.methods.generative import Enlarging, check_factor
from selfmend.methods.registry import (
    DEFAULT_ENLARGING_METHOD,
    DEFAULT_GENERATIVE_METHOD,
    DEFAULT_METHOD,
    PLAIN_METHOD,
    any_class,
    check_weights,
    method_class,
    methods_that,
)
from selfmend.pipeline import drawn, enlarged, generative, one_or_all, retargeted
from selfmend.progress import Progress, after_learning, while_learning
from selfmend.progress_bar import shown
from selfmend.types import FileImage, FilePath, ImageLike, ImageResult, ImageT, MaskLike, OptionValue, Size

if TYPE_CHECKING:
    from selfmend.api.models import Model
    from selfmend.video.pipeline import VideoReport
    from selfmend.video.reader import Moment


# fmt: off
@overload
def inpaint(  # type: ignore[overload-overlap]
    image: ImageT, mask: MaskLike | None = ..., *, method: str = ..., preset: str | None = ...,
    samples: Literal[1] = ..., seed: int = ..., device: str = ..., invert_mask: bool = ..., grow_mask: int = ...,
    reference: ImageLike | None = ..., align: bool = ..., model: str | Path | None = ...,
    progress: Progress | bool = ..., **options: OptionValue
) -> ImageT: ...
@overload
def inpaint(
    image: ImageT, mask: MaskLike | None = ..., *, method: str = ..., preset: str | None = ..., samples: int,
    seed: int = ..., device: str = ..., invert_mask: bool = ..., grow_mask: int = ...,
    reference: ImageLike | None = ..., align: bool = ..., model: str | Path | None = ...,
    progress: Progress | bool = ..., **options: OptionValue
) -> list[ImageT]: ...
@overload
def inpaint(  # type: ignore[overload-overlap]
    image: FilePath, mask: MaskLike | None = ..., *, method: str = ..., preset: str | None = ...,
    samples: Literal[1] = ..., seed: int = ..., device: str = ..., invert_mask: bool = ..., grow_mask: int = ...,
    reference: ImageLike | None = ..., align: bool = ..., model: str | Path | None = ...,
    progress: Progress | bool = ..., **options: OptionValue
) -> FileImage: ...
@overload
def inpaint(
    image: FilePath, mask: MaskLike | None = ..., *, method: str = ..., preset: str | None = ..., samples: int,
    seed: int = ..., device: str = ..., invert_mask: bool = ..., grow_mask: int = ...,
    reference: ImageLike | None = ..., align: bool = ..., model: str | Path | None = ...,
    progress: Progress | bool = ..., **options: OptionValue
) -> list[FileImage]: ...
# fmt: on
def inpaint(
    image: ImageLike,
    mask: MaskLike | None = None,
    *,
    method: str = DEFAULT_METHOD,
    preset: str | None = None,
    samples: int = 1,
    seed: int = 0,
    device: str = "auto",
    invert_mask: bool = False,
    grow_mask: int = 0,
    reference: ImageLike | None = None,
    align: bool = True,
    model: str | Path | None = None,
    progress: Progress | bool = False,
    **options: Any,
) -> ImageResult | list[Any]:
    """Fill the holes of a picture from the picture itself, or with a trained model.

    Args:
        image: path, PIL image of any mode, array (H, W[, C]) of uint8, uint16 or float in [0, 1], or float tensor
            (C, H, W) or (N, C, H, W) in [0, 1].
        mask: the same kinds, white or True = hole; or "alpha" (transparent pixels), "#RRGGBB" (a colour), "x,y,w,h".
            None takes the picture's transparent pixels; with the `model` of one picture, the hole it has learned.
        method: one of `list_methods()`.
        preset: named settings of the method; its first one by default.
        samples: number of different fills.
        seed: same seed, same bytes.
        device: "auto", "cpu", "cuda" or "mps".
        invert_mask: the mask means black by hole.
        grow_mask: pixels by which the hole grows to all sides.
        reference: another picture of the scene, such as a near frame of a film, for methods that take one; kinds as
            `image`, of any size, transparent where it shows nothing. It is aligned, and refused where it does not fit.
        align: False takes the reference as it lies, of the same size or aspect.
        model: a run folder of `fit` or `selfmend train`, which brings its own method; `method` and `preset` are not
            looked at.
        progress: True shows a bar; a function is called with each event.
        options: fields of the method's config, e.g. `patch=9` of patchmatch.

    Returns:
        The kind that came (a path gives a PIL image, or a uint16 array for 16-bit colour) with the same size and mode,
        equal outside the hole; a list of them where `samples` > 1.

    Raises:
        SelfmendError: one line: what came, what fits, what to do.

    Example:
        >>> import numpy as np
        >>> stripes = np.tile(np.uint8([0, 0, 255, 255]), (24, 6))
        >>> hole = np.zeros((24, 24), bool)
        >>> hole[10:14, 10:14] = True
        >>> bool((inpaint(stripes, hole, method="patchmatch") == stripes).all())
        True
    """
    given: dict[str, Any] = {
        "samples": samples, "seed": seed, "invert_mask": invert_mask, "grow_mask": grow_mask, "reference": reference,
        "align": align, "progress": shown(progress),
    }  # fmt: skip
    if model is None:
        return Mender(method, preset=preset, device=device, **options)(image, mask, **given)
    from selfmend.api.training import load

    learned = load(model, device=device)
    if is_batch(image):
        return each_of_batch(
            lambda one, hole: learned.inpaint(one, hole, **given, **options), image, mask, reference=reference,
            samples=samples,
        )  # fmt: skip
    return learned.inpaint(image, mask, **given, **options)


# fmt: off
@overload
def sample(  # type: ignore[overload-overlap]
    image: ImageT, *, method: str = ..., preset: str | None = ..., size: Size | None = ...,
    samples: Literal[1] = ..., seed: int | None = ..., device: str = ..., model: str | Path | Model | None = ...,
    folder: str | Path | None = ..., progress: Progress | bool = ..., **options: OptionValue
) -> ImageT: ...
@overload
def sample(
    image: ImageT, *, method: str = ..., preset: str | None = ..., size: Size | None = ..., samples: int,
    seed: int | None = ..., device: str = ..., model: str | Path | Model | None = ...,
    folder: str | Path | None = ..., progress: Progress | bool = ..., **options: OptionValue
) -> list[ImageT]: ...
@overload
def sample(  # type: ignore[overload-overlap]
    image: FilePath, *, method: str = ..., preset: str | None = ..., size: Size | None = ...,
    samples: Literal[1] = ..., seed: int | None = ..., device: str = ..., model: str | Path | Model | None = ...,
    folder: str | Path | None = ..., progress: Progress | bool = ..., **options: OptionValue
) -> FileImage: ...
@overload
def sample(
    image: FilePath, *, method: str = ..., preset: str | None = ..., size: Size | None = ..., samples: int,
    seed: int | None = ..., device: str = ..., model: str | Path | Model | None = ...,
    folder: str | Path | None = ..., progress: Progress | bool = ..., **options: OptionValue
) -> list[FileImage]: ...
@overload
def sample(  # type: ignore[overload-overlap]
    image: None = ..., *, method: str = ..., preset: str | None = ..., size: Size | None = ...,
    samples: Literal[1] = ..., seed: int | None = ..., device: str = ..., model: str | Path | Model | None = ...,
    folder: str | Path | None = ..., progress: Progress | bool = ..., **options: OptionValue
) -> ImageResult: ...
@overload
def sample(
    image: None = ..., *, method: str = ..., preset: str | None = ..., size: Size | None = ..., samples: int,
    seed: int | None = ..., device: str = ..., model: str | Path | Model | None = ...,
    folder: str | Path | None = ..., progress: Progress | bool = ..., **options: OptionValue
) -> list[ImageResult]: ...
# fmt: on
def sample(
    image: ImageLike | None = None,
    *,
    method: str = DEFAULT_GENERATIVE_METHOD,
    preset: str | None = None,
    size: Size | None = None,
    samples: int = 1,
    seed: int | None = None,
    device: str = "auto",
    model: str | Path | Model | None = None,
    folder: str | Path | None = None,
    progress: Progress | bool = False,
    **options: Any,
) -> ImageResult | list[Any]:
    """New pictures that look like one picture.

    Args:
        image: path, PIL image, array or tensor, as in `inpaint`, of one picture; None with `model`.
        method: one that makes new pictures; a method that learns is trained first: `fit` and `Model.sample` train once
            for many samples.
        preset: named settings of the method; its first one by default.
        size: (height, width) of the samples in pixels; None is the picture's own, or what the method has learned.
        samples: how many.
        seed: same seed, same bytes; the k-th sample does not depend on how many there are. None is 0, or the model's.
        device: "auto", "cpu", "cuda" or "mps".
        model: what `fit` gives, or a run folder of it or of `selfmend train`, instead of the picture; it brings its own
            method and preset.
        folder: run folder in which the training of a method that learns is kept and resumed; None keeps nothing.
        progress: True shows a bar; a function is called with each event.
        options: fields of the method's config, e.g. `start_scale=2` of singan.

    Returns:
        The kind that came, without transparency; a list where `samples` > 1.

    Raises:
        SelfmendError: one line: what came, what fits, what to do.

    Example:
        >>> import numpy as np
        >>> stripes = np.tile(np.uint8([0, 0, 255, 255]), (36, 9))
        >>> sample(stripes, method="singan", preset="tiny", size=(36, 72)).shape
        (36, 72)
    """
    progress = shown(progress)
    if model is not None or folder is not None:
        first = while_learning(progress) if model is None else progress
        learned = _learned_here(image, model, folder, method, preset, options, seed, device, first)
        progress = after_learning(progress) if model is None else progress
        chosen = options if model is not None else {}  # a training has begun with them
        return learned.sample(size=size, samples=samples, seed=seed, progress=progress, **chosen)
    picture = _picture(image)
    worker, seed = generative(method_class(method).from_options(preset, options, device=device)), seed or 0
    return one_or_all(drawn(worker, picture, picture.image, size=size, samples=samples, seed=seed, progress=progress))


# fmt: off
@overload
def retarget(
    image: ImageT, size: Size, *, method: str = ..., preset: str | None = ..., seed: int | None = ...,
    device: str = ..., model: str | Path | Model | None = ..., folder: str | Path | None = ...,
    progress: Progress | bool = ..., **options: OptionValue
) -> ImageT: ...
@overload
def retarget(
    image: FilePath, size: Size, *, method: str = ..., preset: str | None = ..., seed: int | None = ...,
    device: str = ..., model: str | Path | Model | None = ..., folder: str | Path | None = ...,
    progress: Progress | bool = ..., **options: OptionValue
) -> FileImage: ...
@overload
def retarget(
    image: None, size: Size, *, method: str = ..., preset: str | None = ..., seed: int | None = ...,
    device: str = ..., model: str | Path | Model | None = ..., folder: str | Path | None = ...,
    progress: Progress | bool = ..., **options: OptionValue
) -> ImageResult: ...
# fmt: on
def retarget(
    image: ImageLike | None,
    size: Size,
    *,
    method: str = DEFAULT_GENERATIVE_METHOD,
    preset: str | None = None,
    seed: int | None = None,
    device: str = "auto",
    model: str | Path | Model | None = None,
    folder: str | Path | None = None,
    progress: Progress | bool = False,
    **options: Any,
) -> ImageResult:
    """The picture in another shape: its things keep their sizes, what lies between them is repeated or left out.

    Args:
        image, method, preset, seed, device, model, folder, progress, options: as in `sample`.
        size: (height, width) of the result in pixels.

    Returns:
        The kind that came, without transparency.

    Raises:
        SelfmendError: one line: what came, what fits, what to do.
    """
    progress = shown(progress)
    if model is not None or folder is not None:
        first = while_learning(progress) if model is None else progress
        learned = _learned_here(image, model, folder, method, preset, options, seed, device, first)
        progress = after_learning(progress) if model is None else progress
        chosen = options if model is not None else {}  # a training has begun with them
        return learned.retarget(size, seed=seed, progress=progress, **chosen)
    picture = _picture(image)
    worker, seed = generative(method_class(method).from_options(preset, options, device=device)), seed or 0
    return retargeted(worker, picture, picture.image, size=size, seed=seed, progress=progress)


def _picture(image: ImageLike | None) -> Picture:
    if image is None:
        raise OptionError("no picture given, and no model that has learned one")
    return read_picture(image)


def _learned_here(
    image: ImageLike | None,
    model: str | Path | Model | None,
    folder: str | Path | None,
    method: str,
    preset: str | None,
    options: Mapping[str, OptionValue],
    seed: int | None,
    device: str,
    progress: Progress,
) -> Model:
    """The model that was given, or what a method learns of the picture, in a folder."""
    if model is not None:
        if image is not None or folder is not None:
            raise OptionError("a model brings the picture that it has learned; leave image and folder out")
        from selfmend.api.training import load_picture_model

        return load_picture_model(model, device=device)
    from selfmend.api.training import fit_picture

    kind = method_class(method)
    generative(kind.from_options(preset, options, device=device))  # what does not fit is found before the training
    if not kind.learns:
        raise OptionError(f"{method} learns nothing, so there is nothing to keep; leave folder out")
    return fit_picture(
        method, _picture(image), None, preset=preset, options=options, seed=seed or 0, device=device, folder=folder,
        progress=progress,
    )  # fmt: skip


# fmt: off
@overload
def super_resolve(
    image: ImageT, factor: float, *, method: str | None = ..., preset: str | None = ..., seed: int = ...,
    device: str = ..., folder: str | Path | None = ..., progress: Progress | bool = ..., **options: OptionValue
) -> ImageT: ...
@overload
def super_resolve(
    image: FilePath, factor: float, *, method: str | None = ..., preset: str | None = ..., seed: int = ...,
    device: str = ..., folder: str | Path | None = ..., progress: Progress | bool = ..., **options: OptionValue
) -> FileImage: ...
# fmt: on
def super_resolve(
    image: ImageLike,
    factor: float,
    *,
    method: str | None = None,
    preset: str | None = None,
    seed: int = 0,
    device: str = "auto",
    folder: str | Path | None = None,
    progress: Progress | bool = False,
    **options: Any,
) -> ImageResult:
    """The picture enlarged, with detail like that which it has at smaller scales.

    Args:
        image: path, PIL image, array or tensor, as in `inpaint`, of one picture.
        factor: above 1, such as 2 or 1.5.
        method: "gpnn", which learns nothing (Glasner et al. 2009); "zssr", which fits a network while it works (Shocher
            et al. 2018); or "singan" or "sliced-wasserstein", which learn the picture first (SinGAN, Sec. 4). None:
            singan where a preset of it or a folder is named, else gpnn.
        preset: of the method; "paper" is singan's.
        seed: same seed, same bytes.
        device: "auto", "cpu", "cuda" or "mps".
        folder: run folder in which their training is kept and resumed; None keeps nothing.
        progress: True shows a bar; a function is called with each event.
        options: fields of the method's config. What learns takes a picture with a side longer than `max_size` at that
            size, and enlarges it at its own.

    Returns:
        The kind that came, of size int(factor * H) x int(factor * W), with its transparency.

    Raises:
        SelfmendError: one line: what came, what fits, what to do.

    Example:
        >>> import numpy as np
        >>> stripes = np.tile(np.uint8([0, 0, 255, 255]), (36, 9))
        >>> super_resolve(stripes, 1.5).shape
        (54, 54)
    """
    progress = shown(progress)
    picture = read_picture(image)
    name = enlarging_name(method, preset, folder)
    worker = enlarging(name, preset, options, device=device)
    if worker is not None:
        if folder is not None:
            raise OptionError(f"{method} learns nothing, so there is nothing to keep; leave folder out")
        return enlarged(picture, worker.super_resolve(picture.image, factor, seed=seed, progress=progress))
    model = fit_super_resolution(
        picture, factor, method=name, preset=preset, options=options, seed=seed, device=device, folder=folder,
        progress=while_learning(progress),
    )  # fmt: skip
    return model.super_resolve(progress=after_learning(progress))


LEARN_TO_ENLARGE = ("singan", "sliced-wasserstein")
"""Methods that learn a picture first, and then enlarge it (SinGAN, Sec. 4)."""


def enlarging_name(method: str | None, preset: str | None, folder: str | Path | None) -> str:
    """The method that is meant where none is named: singan where something is asked for that only it has."""
    learns = folder is not None or (preset is not None and preset in method_class("singan").presets)
    return method or ("singan" if learns else DEFAULT_ENLARGING_METHOD)


def enlarging(
    name: str, preset: str | None, options: Mapping[str, OptionValue], *, device: str = "auto"
) -> Enlarging | None:
    """The method that enlarges without learning; None for one of `LEARN_TO_ENLARGE`.

    Raises:
        OptionError: the method enlarges no pictures; an unknown preset or option.
        MissingWeightsError: it needs weights that nobody has brought.
    """
    if name in LEARN_TO_ENLARGE:
        return None
    worker: Configured = any_class(name).from_options(preset, options, device=device)
    if not isinstance(worker, Enlarging):
        able = ", ".join([*methods_that("enlarges"), *LEARN_TO_ENLARGE])
        raise OptionError(f"{name} enlarges no pictures; these do: {able}")
    check_weights(name)
    return worker


def fit_super_resolution(
    picture: Picture,
    factor: float,
    *,
    method: str = "singan",
    preset: str | None = None,
    options: Mapping[str, OptionValue] | None = None,
    seed: int = 0,
    device: str = "auto",
    folder: str | Path | None = None,
    progress: Progress | bool = False,
) -> Model:
    """What one of `LEARN_TO_ENLARGE` learns for `super_resolve`, of a picture that is read: its finest scale counts."""
    progress = shown(progress)
    from selfmend.api.training import fit_picture
    from selfmend.methods.singan.sample import super_resolution_options

    value = check_factor(factor, picture.size)
    return fit_picture(
        method, picture, None, preset=preset, options=super_resolution_options(value) | dict(options or {}),
        seed=seed, device=device, folder=folder, progress=progress,
    )  # fmt: skip


def mend_video(
    film: str | Path,
    output: str | Path,
    *,
    mask: MaskLike | None = None,
    masks: str | Path | None = None,
    subtitles: bool = False,
    find: str | None = None,
    sensitivity: float = 0.5,
    region: tuple[int, int, int, int] | None = None,
    text: Mapping[str, OptionValue] | None = None,
    invert_mask: bool = False,
    grow_mask: int = 0,
    first: Moment = 0,
    last: Moment | None = None,
    method: str = PLAIN_METHOD,
    preset: str | None = None,
    steady: str = "temporal",
    temporal: Mapping[str, OptionValue] | None = None,
    seed: int = 0,
    device: str = "auto",
    model: str | Path | None = None,
    crf: int | None = None,
    fps: float | None = None,
    restart: bool = False,
    overwrite: bool = False,
    progress: Progress | bool = False,
    **options: OptionValue,
) -> VideoReport:
    """Fill the holes of a film's frames, and write a film like it with the same sound.

    Work that was stopped goes on when it is called again with the same arguments: what is mended is kept beside the
    output, in OUTPUT.partial, until the film is written.

    Args:
        film: a file that FFmpeg reads, or a folder of its frames: pictures of one kind, in the order of their names.
        output: ending as .mp4, .mkv, .mov, ..., or a folder for PNG files (a name without ending).
        mask: the hole of all frames: a file, "x,y,w,h", a PIL image, an array or a tensor, as in `inpaint`.
        masks: a folder with a mask for each frame, in the order of their names.
        subtitles: text is looked for, and is the hole.
        find: "scratches", "dust", "stamp" or "watermark" is looked for, and is the hole.
        sensitivity: of that, 0 to 1; more finds more, and more that is none.
        region: x, y, width, height of the box in which it is looked for; None is everywhere.
        text: how it looks: fields of `TextOptions`, e.g. {"dark": True}.
        invert_mask, grow_mask: as in `inpaint`.
        first, last: part of the film, both included: an int is a frame's number from 0, a float seconds.
        method: for pictures, one of `list_methods()`; preset and options as in `inpaint`.
        steady: "temporal" takes what near frames show and keeps the fills alike, "none" fills each frame alone.
        temporal: changes to `TemporalOptions`, e.g. {"reach": 10} frames.
        seed: same seed, same bytes.
        device: "auto", "cpu", "cuda" or "mps".
        model: a run of `fit_folder`, which brings its own method.
        crf: how near to the frames the film is encoded, for encoders that have it: 0 is the nearest.
        fps: frames a second of a folder of frames; None is 25.
        restart: forget what is kept of work that was stopped.
        overwrite: allow the output to replace what is there, but for the film.
        progress: True shows a bar; a function is called at every frame.

    Raises:
        SelfmendError: one line: what came, what fits, what to do.
    """
    progress = shown(progress)
    from selfmend.api.many import method_for_many, weights_of
    from selfmend.video.filling import make_filler
    from selfmend.video.masks import choose_masks
    from selfmend.video.pipeline import check_film_output, fingerprint, mend_clip
    from selfmend.video.reader import Clip

    worker = method_for_many(method, preset, options, device=device, model=model, many="a film")
    filler, looking = make_filler(steady, method=worker, seed=seed, options=temporal)
    path = check_film_output(output, film=film, overwrite=overwrite)
    with Clip(film, first=first, last=last, fps=fps) as clip:
        holes = choose_masks(
            clip, mask=mask, masks=masks, subtitles=subtitles, find=find, sensitivity=sensitivity, region=region,
            text=text, invert=invert_mask, grow=grow_mask,
        )  # fmt: skip
        settings = {
            "method": worker.name,
            "options": describe_config(worker.config),
            "seed": seed,
            "steady": steady,
            "temporal": None if looking is None else describe_config(looking),
        }
        if model is not None:
            settings["model"] = fingerprint(weights_of(model))
        return mend_clip(clip, holes, filler, path, settings=settings, crf=crf, restart=restart, progress=progress)
