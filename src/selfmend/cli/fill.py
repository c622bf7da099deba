"""What `inpaint` and `demo` do between reading the arguments and writing the files. Imports torch."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import platformdirs
import typer

import selfmend.api as api
from selfmend.core.checks import MaskError, OptionError
from selfmend.core.progress import Progress
from selfmend.core.types import Mask
from selfmend.image.io import read_picture
from selfmend.image.mask import check_hole, read_mask
from selfmend.image.picture import Picture
from selfmend.methods import method_class
from selfmend.methods.base import describe_config
from selfmend.train.device import resolve_device


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


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What came of a request."""

    picture: Picture
    mask: Mask
    results: list[Any]
    method: str
    seed: int
    config: dict[str, Any]


def fill(request: Request, progress: Progress) -> Filled:
    """Fill with a saved model, with a method that learns first, or with one that does not."""
    if request.model is not None:
        return _fill_with_model(request, progress)
    name = request.method or api.DEFAULT_METHOD
    kind = method_class(name)
    method = kind.from_options(request.preset, request.options, device=resolve_device(request.device))
    picture = read_picture(request.image)
    source = _default_mask(picture, request.mask)
    mask = read_mask(source, picture, invert=request.invert_mask)
    seed = request.seed or 0
    if kind.learns and mask.any():
        check_hole(mask)
        results = _learn_and_fill(request, name, picture, mask, source == "alpha", seed, progress)
    elif request.save_model is not None:
        raise OptionError(f"{name} learns nothing, so there is no model to save; leave --save-model out")
    else:
        fills = method.inpaint(picture.image, mask, seed=seed, samples=request.samples, progress=progress)
        results = [picture.rebuild(f, mask, opaque=source == "alpha") for f in fills]
    config = describe_config(method.config)
    return Filled(picture=picture, mask=mask, results=results, method=name, seed=seed, config=config)


def _learn_and_fill(
    request: Request, name: str, picture: Picture, mask: Mask, opaque: bool, seed: int, progress: Progress
) -> list[Any]:
    """Train in a folder, so that an interrupted command goes on where it stopped; then fill."""
    folder = request.save_model or _cache_folder(request, picture, mask)
    try:
        model = api.fit_picture(
            name, picture, mask, preset=request.preset, options=request.options, seed=seed, device=request.device,
            folder=folder, opaque=opaque, progress=progress,
        )  # fmt: skip
    except KeyboardInterrupt:
        typer.secho(f"stopped; what was learned is kept in {folder}, and the same command goes on from there", err=True)
        raise
    results = model.inpaint(samples=request.samples, progress=progress)
    if request.save_model is None:
        shutil.rmtree(folder, ignore_errors=True)
    return results if request.samples > 1 else [results]


def _fill_with_model(request: Request, progress: Progress) -> Filled:
    if request.method or request.preset or request.save_model:
        raise OptionError("--model brings its own method and settings; leave --method, --preset and --save-model out")
    assert request.model is not None
    model = api.load(request.model, device=request.device)
    picture = model.picture if request.image is None else read_picture(request.image)
    mask = model.mask if request.mask is None else read_mask(request.mask, picture, invert=request.invert_mask)
    if mask is None:
        raise OptionError("this model was trained without a mask; say which hole to fill: --mask MASK.png")
    results = model.inpaint(
        request.image, request.mask, samples=request.samples, seed=request.seed, invert_mask=request.invert_mask,
        progress=progress, **request.options,
    )  # fmt: skip
    return Filled(
        picture=picture, mask=mask, results=results if request.samples > 1 else [results], method=model.method.name,
        seed=model.seed if request.seed is None else request.seed, config=describe_config(model.method.config),
    )  # fmt: skip


def _cache_folder(request: Request, picture: Picture, mask: Mask) -> Path:
    """One folder for each different command, so that repeating the command finds its interrupted training."""
    parts = (
        request.method,
        request.preset,
        request.seed,
        sorted(request.options.items()),
        api.digest(picture.image, mask),
    )
    name = hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
    return Path(platformdirs.user_cache_dir("selfmend")) / "runs" / name


def _default_mask(picture: Picture, mask: str | None) -> str:
    """The mask that was given, or the picture's transparency.

    Raises:
        MaskError: neither.
    """
    if mask is not None:
        return mask
    if picture.alpha is not None and bool((picture.alpha < 0.5).any()):
        return "alpha"
    raise MaskError("no mask given and the picture has no transparent pixels; say where the hole is: --mask MASK.png")
