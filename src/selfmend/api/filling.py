"""A fill as a whole: with a run, with a method that learns the picture first, or with one that does not.

`selfmend.inpaint` gives back the pictures alone; this also says what made them, and goes on with a training that
was stopped.
"""

from __future__ import annotations

import dataclasses
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from selfmend import pipeline
from selfmend.api.kept import cache_folder, kept_in
from selfmend.api.scale_sheets import parse_start_scale, sheet
from selfmend.errors import MaskError, OptionError, SelfmendWarning
from selfmend.image.files import read_picture
from selfmend.image.picture import Picture
from selfmend.masks.reading import check_hole, default_mask, needed_mask, read_mask
from selfmend.methods.base import Choice, Method, describe_config
from selfmend.methods.hole_init import mean
from selfmend.methods.registry import DEFAULT_METHOD, check_takes_reference, method_class
from selfmend.pipeline import MaskedPicture, fitted_reference
from selfmend.progress import Progress, after_learning, silent, while_learning
from selfmend.types import Mask

if TYPE_CHECKING:
    from selfmend.api.models import FolderModel, Model
    from selfmend.registration.align import Aligned


Draw = Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class FillRequest:
    """What is to be filled, and how.

    Attributes:
        image: the picture: path, PIL image, array or tensor; None is the one that `model` has learned.
        mask: as `masks.reading.read_mask` takes it; None is the picture's transparency, or the model's own hole.
        method, preset, options: as in `selfmend.inpaint`; None is the default method, or the model's own.
        samples: number of fills.
        seed: same seed, same bytes; None is 0, or the model's own.
        device: "auto", "cpu", "cuda" or "mps".
        model: a run folder of a training.
        save_model: run folder for what a method learns first; None keeps an unfinished training in the user's cache.
        invert_mask: in the mask, black is the hole.
        grow: pixels by which the hole grows to all sides.
        reference: another picture of the scene, for methods that take one.
        align: False takes the reference as it lies.
        start_scale: of singan, where the picture enters, 1 is the second coarsest; "all" makes one sheet of all scales.
    """

    image: Any
    mask: Any = None
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
    reference: Any = None
    align: bool = True
    start_scale: int | str | None = None

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
        choices: what filled which share of the hole, and why, of a method that chooses.
        reference: as it lies on the picture, if there is one.
        scratch: a folder to remove once the results are written; until then the command can be repeated cheaply.
    """

    picture: Picture
    mask: Mask
    results: list[Any]
    method: str
    seed: int
    config: dict[str, Any]
    choices: list[Choice] = field(default_factory=list)
    reference: Aligned | None = None
    scratch: Path | None = None

    def clean(self) -> None:
        """Remove what is of no use once the results are written."""
        if self.scratch is not None:
            shutil.rmtree(self.scratch, ignore_errors=True)


def fill(request: FillRequest, progress: Progress = silent) -> Filled:
    """Fill with a saved model, with a method that learns first, or with one that does not.

    A training that is stopped goes on when the same request is made again; a Ctrl-C says where it is kept.

    Raises:
        SelfmendError: one line: what came, what fits, what to do.
    """
    request = _with_start_scale(request)
    if request.model is not None:
        return _fill_with_model(request, request.model, progress)
    name = request.method or DEFAULT_METHOD
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
        if mask.any() and len(results) > 1 and np.array_equal(np.asarray(results[0]), np.asarray(results[1])):
            warnings.warn(f"{name} has one fill only: all samples are the same", SelfmendWarning, stacklevel=2)
    return Filled(
        picture=picture, mask=mask, results=results, method=name, seed=seed, config=describe_config(method.config),
        choices=method.choices(mask, reference=reference is not None) if mask.any() else [], reference=reference,
        scratch=scratch,
    )  # fmt: skip


def _with_start_scale(request: FillRequest) -> FillRequest:
    """The start scale as an option of the method; for all of them, a training must begin at the lowest."""
    if request.start_scale is None or (request.every_scale and request.model is not None):
        return request
    level = 1 if request.every_scale else parse_start_scale(request.start_scale)
    return dataclasses.replace(request, options=request.options | {"injection_scale": level})


def _check_fields(name: str, kind: type[Method], request: FillRequest) -> None:
    """Refuse what the method has no use for."""
    fields = {f.name for f in dataclasses.fields(next(iter(kind.presets.values())))}
    if "init" in request.options and "init" not in fields:
        raise OptionError(f"{name} takes no first guess; leave --init out")
    if request.start_scale is not None and "injection_scale" not in fields:
        raise OptionError(f"{name} has no scales to start from; leave --start-scale out, or take --method singan")
    if request.reference is not None:
        check_takes_reference(kind)


def _aligned_reference(
    request: FillRequest, picture: Picture, mask: Mask, kind: type[Method], progress: Progress
) -> Aligned | None:
    return fitted_reference(request.reference, picture, mask, kind, aligning=request.align, progress=progress)


def _sheet(model: Model, picture: Picture, mask: Mask, reference: Aligned | None, draw: Draw) -> list[Any]:
    """One sheet: the damaged picture, the reference as it lies on it, and what comes of entering at each scale."""
    shown = {"picture": mean(picture.image, mask)} | ({"reference": reference.image} if reference else {})
    return [sheet(model.entry_scales(), shown, lambda level: draw(injection_scale=level))]


def _learn_and_fill(
    request: FillRequest,
    name: str,
    picture: Picture,
    mask: Mask,
    reference: Aligned | None,
    opaque: bool,
    folder: Path | None,
    progress: Progress,
) -> list[Any]:
    """Train in a folder, so that an interrupted command goes on where it stopped; then fill."""
    from selfmend.api.models import Model
    from selfmend.api.training import fit_picture

    with kept_in(folder):
        model = fit_picture(
            name, picture, mask, preset=request.preset, options=request.options, seed=request.seed or 0,
            device=request.device, folder=folder, opaque=opaque, progress=while_learning(progress),
        )  # fmt: skip
        told = after_learning(progress)
        draw: Draw = partial(model.inpaint, samples=request.samples, reference=reference, progress=told)
        if request.every_scale and isinstance(model, Model):
            return _sheet(model, picture, mask, reference, draw)
        results = draw()
    return results if request.samples > 1 else [results]


def _fill_with_model(request: FillRequest, folder: Path, progress: Progress) -> Filled:
    if request.method or request.preset or request.save_model:
        raise OptionError("--model brings its own method and settings; leave --method, --preset and --save-model out")
    from selfmend.api.models import Model
    from selfmend.api.training import load

    model = load(folder, device=request.device)
    _check_fields(model.method.name, type(model.method), request)
    model.method.with_fill_options(request.options)  # its errors come before the reading
    if not isinstance(model, Model):
        return _fill_with_folder_model(request, model, progress)
    picture = model.picture if request.image is None else read_picture(request.image)
    source = request.mask if request.image is None else default_mask(picture, request.mask)
    mask = model.mask if source is None else read_mask(source, picture, invert=request.invert_mask, grow=request.grow)
    if mask is None:
        raise MaskError("this model was trained without a mask; say which hole to fill: --mask MASK.png")
    if mask.shape != picture.size:
        raise MaskError("the model's own hole is of another size than this picture; say where its hole is: --mask")
    reference = _aligned_reference(request, picture, mask, type(model.method), progress)
    draw: Draw = partial(
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


def _fill_with_folder_model(request: FillRequest, model: FolderModel, progress: Progress) -> Filled:
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
