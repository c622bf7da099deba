"""New pictures out of one: samples, other shapes, other sizes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from selfmend.api.learn import fit_picture
from selfmend.api.model import Model
from selfmend.api.results import drawn, generative, one_or_all, retargeted
from selfmend.core.progress import Progress, silent
from selfmend.core.types import Size
from selfmend.image.io import read_picture
from selfmend.image.picture import Picture
from selfmend.methods import method_class
from selfmend.methods.singan.super_resolution import check_factor, super_resolution_options
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
    preset: str | None = None,
    seed: int = 0,
    device: str = "auto",
    folder: str | Path | None = None,
    progress: Progress = silent,
    **options: Any,
) -> Any:
    """The picture enlarged, with detail like that which it has at smaller scales (SinGAN, Sec. 4).

    Args:
        image: path, PIL image, array or tensor, as in `inpaint`, of one picture.
        factor: above 1, such as 2 or 1.5.
        preset: of singan: "fast" or "paper".
        seed: same seed, same bytes.
        device: "auto", "cpu", "cuda" or "mps".
        folder: run folder in which the training is kept and resumed; None keeps nothing.
        progress: told of what happens.
        options: fields of singan's config. A picture with a side longer than `max_size` is learned at that size, and
            enlarged at its own.

    Returns:
        The kind that came, of size int(factor * H) x int(factor * W), with its transparency.

    Raises:
        SelfmendError: one line: what came, what fits, what to do.

    Example:
        >>> import numpy as np
        >>> stripes = np.tile(np.uint8([0, 0, 255, 255]), (36, 9))
        >>> super_resolve(stripes, 1.5, preset="tiny").shape
        (54, 54)
    """
    picture = read_picture(image)
    model = fit_super_resolution(
        picture, factor, preset=preset, options=options, seed=seed, device=device, folder=folder, progress=progress
    )
    return model.super_resolve(progress=progress)


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
    """What `super_resolve` learns, of a picture that is already read; only its finest scale is used in the end."""
    value = check_factor(factor, picture.size)
    return fit_picture(
        "singan", picture, None, preset=preset, options=super_resolution_options(value) | dict(options or {}),
        seed=seed, device=device, folder=folder, progress=progress,
    )  # fmt: skip
