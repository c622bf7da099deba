"""What `inpaint` and `demo` do between reading the arguments and writing the files. Imports torch."""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import platformdirs
import torch
import typer

import selfmend.api as api
from selfmend._version import __version__
from selfmend.api.references import fitted_reference
from selfmend.cli.scale_sheet import parse_start_scale, sheet
from selfmend.core.checks import MaskError, OptionError, SelfmendWarning
from selfmend.core.progress import Progress
from selfmend.core.types import Mask
from selfmend.hole_init.mean import mean
from selfmend.image.align import Aligned
from selfmend.image.io import read_picture
from selfmend.image.mask import check_hole, default_mask, needed_mask, read_mask
from selfmend.image.picture import Picture
from selfmend.methods import check_takes_reference, method_class
from selfmend.methods.base import Method, describe_config
from selfmend.train.device import resolve_device

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
    method = kind.from_options(request.preset, request.options, device=resolve_device(request.device))
    if request.save_model is not None and not kind.learns:
        raise OptionError(f"{name} learns nothing, so there is no model to save; leave --save-model out")
    picture = read_picture(request.image)
    source = needed_mask(picture, request.mask)
    mask = read_mask(source, picture, invert=request.invert_mask, grow=request.grow)
    seed = request.seed or 0
    reference = _lying(request, picture, mask, kind, progress)
    scratch = None
    if kind.learns and mask.any():
        check_hole(mask)
        if request.save_model is None:
            scratch = cache_folder(name, method.config, seed, picture, mask)
        folder = request.save_model or scratch
        results = _learn_and_fill(request, name, picture, mask, reference, source == "alpha", folder, progress)
    else:
        fills = method.inpaint(
            picture.image, mask, seed=seed, samples=request.samples, reference=reference, progress=progress
        )
        results = [picture.rebuild(f, mask, opaque=source == "alpha") for f in fills]
        if mask.any() and len(fills) > 1 and torch.equal(fills[0], fills[1]):
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


def _lying(request: Request, picture: Picture, mask: Mask, kind: type[Method], progress: Progress) -> Aligned | None:
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
    if mask.shape[2:] != picture.size:
        raise MaskError("the model's own hole is of another size than this picture; say where its hole is: --mask")
    reference = _lying(request, picture, mask, type(model.method), progress)
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
    picture = read_picture(request.image)
    source = needed_mask(picture, request.mask)
    mask = read_mask(source, picture, invert=request.invert_mask, grow=request.grow)
    seed = model.seed if request.seed is None else request.seed
    worker = model.method.with_fill_options(request.options)
    fills = worker.inpaint(picture.image, mask, seed=seed, samples=request.samples, progress=progress)
    return Filled(
        picture=picture, mask=mask, results=[picture.rebuild(f, mask, opaque=source == "alpha") for f in fills],
        method=worker.name, seed=seed, config=describe_config(worker.config),
    )  # fmt: skip


def cache_folder(name: str, config: Any, seed: int, picture: Picture, mask: Mask | None) -> Path:
    """One folder for each different command, so that repeating the command finds its interrupted training."""
    digest = api.digest(picture.image, mask, excludes_hole=getattr(config, "exclude_hole", True))
    parts = (__version__, name, sorted(describe_config(config).items()), seed, digest)
    key = hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
    return Path(platformdirs.user_cache_dir("selfmend")) / "runs" / key
