"""New pictures out of one: samples, other shapes, other sizes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from selfmend.api.learn import fit_picture
from selfmend.api.model import Model
from selfmend.api.results import drawn, enlarged, generative, one_or_all, retargeted
from selfmend.core.checks import OptionError
from selfmend.core.progress import Progress, silent
from selfmend.core.types import Size
from selfmend.image.io import read_picture
from selfmend.image.picture import Picture
from selfmend.methods import method_class, method_names
from selfmend.methods.enlarging import Enlarging, check_factor
from selfmend.methods.singan.super_resolution import super_resolution_options
from selfmend.train.device import resolve_device

DEFAULT_GENERATIVE_METHOD = "gpnn"


def sample(
    image: Any,
    *,
    method: str = DEFAULT_GENERATIVE_METHOD,
    preset: str | None = None,
    size: Size | None = None,
    samples: int = 1,
    seed: int = 0,
    device: str = "auto",
    progress: Progress = silent,
    **options: Any,
) -> Any:
    """New pictures that look like one picture.

    Args:
        image: path, PIL image, array or tensor, as in `inpaint`, of one picture.
        method: one that makes new pictures; a method that learns is trained first: `fit` and `Model.sample` train once
            for many samples.
        preset: named settings of the method; its first one by default.
        size: (height, width) of the samples in pixels; None is the picture's own, or what the method has learned.
        samples: how many.
        seed: same seed, same bytes; the k-th sample does not depend on how many there are.
        device: "auto", "cpu", "cuda" or "mps".
        progress: told of what happens.
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
    picture = read_picture(image)
    worker = generative(method_class(method).from_options(preset, options, device=resolve_device(device)))
    return one_or_all(drawn(worker, picture, picture.image, size=size, samples=samples, seed=seed, progress=progress))


def retarget(
    image: Any,
    size: Size,
    *,
    method: str = DEFAULT_GENERATIVE_METHOD,
    preset: str | None = None,
    seed: int = 0,
    device: str = "auto",
    progress: Progress = silent,
    **options: Any,
) -> Any:
    """The picture in another shape: its things keep their sizes, what lies between them is repeated or left out.

    Args:
        image, method, preset, seed, device, progress, options: as in `sample`.
        size: (height, width) of the result in pixels.

    Returns:
        The kind that came, without transparency.

    Raises:
        SelfmendError: one line: what came, what fits, what to do.
    """
    picture = read_picture(image)
    worker = generative(method_class(method).from_options(preset, options, device=resolve_device(device)))
    return retargeted(worker, picture, picture.image, size=size, seed=seed, progress=progress)


def super_resolve(
    image: Any,
    factor: float,
    *,
    method: str | None = None,
    preset: str | None = None,
    seed: int = 0,
    device: str = "auto",
    folder: str | Path | None = None,
    progress: Progress = silent,
    **options: Any,
) -> Any:
    """The picture enlarged, with detail like that which it has at smaller scales.

    Args:
        image: path, PIL image, array or tensor, as in `inpaint`, of one picture.
        factor: above 1, such as 2 or 1.5.
        method: "gpnn", which learns nothing (Glasner et al. 2009), or "singan", which learns the picture first (SinGAN,
            Sec. 4). None: singan where a preset of it or a folder is named, else gpnn.
        preset: of the method; "paper" is singan's.
        seed: same seed, same bytes.
        device: "auto", "cpu", "cuda" or "mps".
        folder: run folder in which singan's training is kept and resumed; None keeps nothing.
        progress: told of what happens.
        options: fields of the method's config. Singan learns a picture with a side longer than `max_size` at that size,
            and enlarges it at its own.

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
    picture = read_picture(image)
    worker = enlarging(enlarging_name(method, preset, folder), preset, options, device=device)
    if worker is not None:
        if folder is not None:
            raise OptionError(f"{method} learns nothing, so there is nothing to keep; leave folder out")
        return enlarged(picture, worker.super_resolve(picture.image, factor, seed=seed, progress=progress))
    model = fit_super_resolution(
        picture, factor, preset=preset, options=options, seed=seed, device=device, folder=folder, progress=progress
    )
    return model.super_resolve(progress=progress)


def enlarging_name(method: str | None, preset: str | None, folder: str | Path | None) -> str:
    """The method that is meant where none is named: singan where something is asked for that only it has."""
    learns = folder is not None or preset in method_class("singan").presets
    return method or ("singan" if learns else DEFAULT_GENERATIVE_METHOD)


def enlarging(name: str, preset: str | None, options: Mapping[str, Any], *, device: str = "auto") -> Enlarging | None:
    """The method that enlarges without learning; None where it is singan, which learns first.

    Raises:
        OptionError: the method enlarges no pictures; an unknown preset or option.
    """
    if name == "singan":
        return None
    worker = method_class(name).from_options(preset, options, device=resolve_device(device))
    if not isinstance(worker, Enlarging):
        able = [n for n in method_names() if n == "singan" or issubclass(method_class(n), Enlarging)]
        raise OptionError(f"{name} enlarges no pictures; these do: {', '.join(able)}")
    return worker


def fit_super_resolution(
    picture: Picture,
    factor: float,
    *,
    preset: str | None = None,
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
    device: str = "auto",
    folder: str | Path | None = None,
    progress: Progress = silent,
) -> Model:
    """What singan learns for `super_resolve`, of a picture that is read already; its finest scale is used."""
    value = check_factor(factor, picture.size)
    return fit_picture(
        "singan", picture, None, preset=preset, options=super_resolution_options(value) | dict(options or {}),
        seed=seed, device=device, folder=folder, progress=progress,
    )  # fmt: skip
