"""What each kind of job does, by the Python interface. Imports torch; runs in a worker process."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image as PILImage

import selfmend.api as api
from selfmend.api.references import fitted_reference
from selfmend.core.checks import MaskError
from selfmend.core.progress import Progress
from selfmend.image.io import read_picture, save_picture
from selfmend.image.mask import read_mask
from selfmend.image.picture import Picture
from selfmend.methods import method_class
from selfmend.web.job import Result
from selfmend.web.store import Work

_MEDIA = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".jpe": "image/jpeg", ".jfif": "image/jpeg",
    ".webp": "image/webp", ".tif": "image/tiff", ".tiff": "image/tiff", ".bmp": "image/bmp", ".dib": "image/bmp",
    ".gif": "image/gif", ".tga": "image/x-tga", ".ppm": "image/x-portable-pixmap", ".pgm": "image/x-portable-graymap",
    ".jp2": "image/jp2", ".avif": "image/avif", ".mp4": "video/mp4",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the work is done.

    Attributes:
        runs: the folder of the trained runs.
        device: "auto", "cpu", "cuda" or "mps".
    """

    runs: Path
    device: str


@dataclass(frozen=True, kw_only=True)
class Made:
    """What came of a job: pictures of the kind that came, and how their files are called.

    Attributes:
        pictures: PIL images or arrays.
        suffix: "-mended" makes photo-mended.jpg.
        ending: of their files.
    """

    pictures: list[Any]
    suffix: str
    ending: str


def do(work: Work, place: Place, progress: Progress) -> list[tuple[str, Result]]:
    """Do a job, and write its results; each one's file name in FOLDER/results, and what is said of it."""
    results = work.folder / "results"
    shutil.rmtree(results, ignore_errors=True)  # of an attempt that was cut off
    made = _KINDS[work.kind](work, place, progress)
    return [_saved(made, k, work, results) for k in range(len(made.pictures))]


def _saved(made: Made, k: int, work: Work, folder: Path) -> tuple[str, Result]:
    path = folder / f"{k}{made.ending}"
    save_picture(made.pictures[k], path)
    number = f"-{k + 1}" if len(made.pictures) > 1 else ""
    with PILImage.open(path) as picture:
        width, height = picture.size
    return path.name, Result(
        index=k, name=f"{work.stem}{made.suffix}{number}{made.ending}", media_type=_MEDIA[made.ending],
        width=width, height=height, bytes=path.stat().st_size,
    )  # fmt: skip


def _fill(work: Work, place: Place, progress: Progress) -> Made:
    settings = work.settings
    path = _input(work, "image")
    picture = read_picture(path)
    source = _input(work, "mask") if "mask" in work.files else _alpha(picture)
    mask = read_mask(source, picture, invert=settings["invert_mask"], grow=settings["grow_mask"])
    kind = method_class(settings["method"])
    seed, samples, opaque = settings["seed"], settings["samples"], source == "alpha"
    named: Mapping[str, Any] = {"preset": settings["preset"], "options": settings["options"], "device": place.device}
    given = _input(work, "reference") if "reference" in work.files else None
    lying = fitted_reference(given, picture, mask, kind, aligning=settings["align"], progress=progress)
    model = api.fit_picture(
        settings["method"], picture, mask, seed=seed, folder=work.folder / "run", opaque=opaque, progress=progress,
        **named,
    ) if kind.learns else None  # fmt: skip
    if model is not None:
        filled = model.inpaint(samples=samples, reference=lying, progress=progress)
        pictures = filled if samples > 1 else [filled]
    else:
        worker = kind.from_options(settings["preset"], settings["options"])
        fills = worker.inpaint(picture.image, mask, seed=seed, samples=samples, reference=lying, progress=progress)
        pictures = [picture.rebuild(fill, mask, opaque=opaque) for fill in fills]
    return Made(pictures=pictures, suffix="-mended", ending=path.suffix)


def _alpha(picture: Picture) -> str:
    if picture.alpha is None or not bool((picture.alpha < 0.5).any()):
        raise MaskError("there is no mask, and the picture has no transparent pixels; send the file 'mask'")
    return "alpha"


def _input(work: Work, what: str) -> Path:
    return work.folder / "inputs" / work.files[what]


_KINDS: dict[str, Callable[[Work, Place, Progress], Made]] = {"fill": _fill}
