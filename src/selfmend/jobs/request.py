"""A request for a job, checked before anything is done: its settings by their types, its files by their heads.

Only the heads of the files are looked at here; they are put into the job's folder as they came.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

from selfmend.errors import (
    FULL,
    DiskFullError,
    ImageError,
    MaskError,
    MissingExtraError,
    OptionError,
    RunError,
    TooManyPixelsError,
    check_known,
)
from selfmend.files import atomic_path
from selfmend.image.files import shown_size
from selfmend.image.formats import ENDINGS
from selfmend.jobs.job import Limits, NotAPicture, Settings, TooLarge, read_settings
from selfmend.tasks import TASKS, Task

if TYPE_CHECKING:
    from selfmend.types import Image, Size

NO_HOLE = "there is no mask, and the picture has no transparent pixels; mark what is to be filled, as the file 'mask'"
_LONGEST_NAME = 80
_PLAIN = " .()+,=@-_"  # signs of a name that are no letters, marks or digits, and do no harm
_SEEDS = 2**31  # a number that JavaScript holds exactly


def check_settings(name: str, given: Mapping[str, Any], *, files: Collection[str], models: Collection[str]) -> Settings:
    """All settings of a job, with the defaults, the method's own options under "options", and a seed.

    Args:
        name: of the task.
        given: by the user.
        files: which files came.
        models: names of the trained runs.

    Raises:
        OptionError: an unknown task, setting or file, a missing file, or a value that does not fit.
    """
    task = TASKS[check_known("task", name, TASKS)]
    settings = read_settings(task, given)
    _check_files(task, files, settings.get("model"))
    _check_film(task, settings, files)
    _check_model(task, settings, files, models)
    if not settings.get("model"):
        _check_method(task, settings)
    if "seed" in type(settings).model_fields and settings.get("seed") is None:
        settings = settings.model_copy(update={"seed": secrets.randbelow(_SEEDS)})
    return settings


def check_made(task: str, settings: Settings, *, size: Size | None, limits: Limits) -> None:
    """Refuse what would become larger than a picture may be.

    Args:
        task: of the job.
        settings: checked.
        size: (height, width) of the picture that came or was learned, if there is one.
        limits: that count.

    Raises:
        OptionError: too many pixels, or no new size where one is needed.
    """
    height, width = settings.get("height"), settings.get("width")
    if task == "retarget" and height is None and width is None:
        raise OptionError("retarget needs a new height or width")
    if size is None and None in (height, width):
        return
    own_height, own_width = size or (0, 0)
    pixels = (height or own_height) * (width or own_width) * (settings.get("factor") or 1.0) ** 2
    if pixels > limits.max_pixels:
        raise OptionError(
            f"the result would have {pixels / 1e6:.3g} million pixels; at most {limits.max_pixels / 1e6:.3g} million "
            "fit"
        )


def queue_of(task: str, settings: Settings) -> Literal["quick", "heavy"]:
    """ "heavy" for what trains, else "quick"."""
    if TASKS[task].trains or "clip" in TASKS[task].needs or settings.get("quantized"):
        return "heavy"
    if settings.get("model") or not settings.get("method"):
        return "quick"
    from selfmend.methods.registry import method_info

    return "heavy" if method_info(settings.get("method")).learns == "picture" else "quick"


def _check_files(task: Task, files: Collection[str], model: str | None) -> None:
    for name in files:
        check_known(f"file of {task.name}", name, (*task.needs, *task.takes))
    given = {*files, "image"} if task.learned and model else files
    missing = [name for name in task.needs if name not in given]
    if missing:
        also = ", or name a model" if task.learned and missing[0] == "image" else ""
        raise OptionError(f"{task.name} needs the file {missing[0]!r}; send it{also}")


def _check_film(task: Task, settings: Settings, files: Collection[str]) -> None:
    """A film's hole is what is marked, or what is found."""
    if task.name == "video" and bool(settings.get("find")) == ("mask" in files):
        also = "both came, the file 'mask' and what to find" if "mask" in files else "neither came"
        raise OptionError(f"the hole of a film is the file 'mask', or what find names; {also}")


def _check_model(task: Task, settings: Settings, files: Collection[str], models: Collection[str]) -> None:
    if not hasattr(settings, "model"):
        return
    if settings.get("model"):
        check_known("model", settings.get("model"), models)
        if any(settings.get(name) for name in {"method", "preset"} & settings.model_fields_set):
            raise OptionError("a model brings its own method and settings; leave method and preset out")
        beside = [name for name in ("image", "example") if name in files]
        if beside and not hasattr(settings, "method"):
            raise OptionError(f"a model brings its own picture; leave the file {beside[0]} out, or the model")
        if settings.get("noise") is not None:
            raise OptionError("noise is of what is done without a model; leave it out, or the model")
    elif settings.get("quantized"):
        raise OptionError("quantized trains a scale of a model; name one, or leave quantized out")
    elif task.name == "edit" and not {"mask", "example"} & set(files):
        raise OptionError("edit needs the file 'mask', or as 'example' the picture before the edit; send one")
    elif task.name == "harmonize" and settings.get("start_scale") is not None:
        raise OptionError("start_scale is of a model; name one, or leave it out")


def _check_method(task: Task, settings: Settings) -> None:
    """Find out now whether the method, its preset and its options are there; those of a model say so themselves."""
    if not hasattr(settings, "method"):
        return
    from selfmend.methods.registry import any_class, check_weights, method_class, method_info, methods_that

    if "enlarges" in task.methods and not method_info(settings.method).learns:
        any_class(settings.method).from_options(settings.get("preset"), settings.options)
        check_weights(settings.method)
        return
    method = method_class(settings.method)
    check_weights(settings.method)
    if method.learns_from_folder:
        raise OptionError(f"{method.name} learns from a folder first; name a run of it as the model")
    if task.trains and not method.learns:
        able = ", ".join(methods_that("learns"))
        raise OptionError(f"{method.name} learns nothing, so it needs no training; these learn: {able}")
    method.from_options(settings.get("preset"), settings.options)


@dataclass(frozen=True, kw_only=True)
class Input:
    """What the head of a picture file says.

    Attributes:
        ending: of a file of its format, such as ".jpg".
        size: (height, width) as it is shown.
        transparent: whether it can have transparent pixels.
    """

    ending: str
    size: Size
    transparent: bool


def check_inputs(files: Mapping[str, bytes], names: Mapping[str, str], limits: Limits) -> dict[str, Input]:
    """Look at the heads of all files.

    Args:
        files: contents by what they are, such as "image" or "mask".
        names: as their owner calls them, if known.
        limits: bytes and pixels.

    Raises:
        NotAPicture: no picture of a known format.
        TooLarge: beyond a limit.
        MaskError: the mask's shape is not the picture's.
    """
    from selfmend.masks.reading import same_aspect

    total = sum(map(len, files.values()))
    if total > limits.max_bytes:
        raise TooLarge(f"the files have {total / 1e6:.1f} MB; at most {limits.max_bytes / 1e6:.1f} MB fit")
    looked = {what: _look(what, data, names.get(what, ""), limits) for what, data in files.items()}
    shown = looked.get("image") or looked.get("picture") or looked.get("clip")
    if shown and "mask" in looked and not same_aspect(looked["mask"].size, shown.size):
        (height, width), (mask_height, mask_width) = shown.size, looked["mask"].size
        raise MaskError(
            f"the mask is {mask_width} x {mask_height} and the picture {width} x {height}; a mask of the same size, or "
            "of the same aspect, fits"
        )
    return looked


def save_inputs(files: Mapping[str, bytes], looked: Mapping[str, Input], folder: Path) -> dict[str, str]:
    """Write the files into `folder`; their names there.

    Raises:
        RunError: they cannot be written.
    """
    saved = {what: what + looked[what].ending for what in files}
    try:
        folder.mkdir(parents=True)
        for what, data in files.items():
            with atomic_path(folder / saved[what]) as temporary:
                temporary.write_bytes(data)
    except OSError as error:
        kind = DiskFullError if error.errno in FULL else RunError
        raise kind(f"the files cannot be kept: {error.strerror or error}") from error
    return saved


def safe_stem(name: str) -> str:
    """What a result is called after: the user's name for the picture, without folders, ending and odd characters."""
    stem = unicodedata.normalize("NFC", PurePosixPath(name.replace("\\", "/")).stem)  # macOS sends decomposed names
    kept = (c if c in _PLAIN or unicodedata.category(c)[0] in "LMN" else "_" for c in stem)
    clean = "".join(kept).strip(" .")[:_LONGEST_NAME].strip(" .")
    return clean or "picture"


_FILMS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v")


def first_frame(data: bytes, name: str) -> Image:
    """The first frame of a film, (H, W, 3) in [0, 1].

    Raises:
        NotAPicture: no film.
    """
    import tempfile

    from selfmend.video.reader import Clip

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"clip{_film_ending(name)}"
        path.write_bytes(data)
        try:
            with Clip(path, last=0) as clip:
                frame: Image = next(iter(clip.frames())).image.copy()
                return frame
        except MissingExtraError:
            raise
        except Exception as error:  # what a damaged film raises depends on the format
            raise NotAPicture(f"the film ({safe_stem(name)}) cannot be read; MP4, MOV, MKV and WebM fit") from error


def _film_ending(name: str) -> str:
    own = PurePosixPath(name).suffix.lower()
    return own if own in _FILMS else ".mp4"


def _look_at_film(data: bytes, name: str, limits: Limits) -> Input:
    height, width = first_frame(data, name).shape[:2]
    if height * width > limits.max_pixels:
        raise TooLarge(
            f"the film has {height * width / 1e6:.3g} million pixels a frame; {limits.max_pixels / 1e6:.3g} fit"
        )
    return Input(ending=_film_ending(name), size=(height, width), transparent=False)


def _look(what: str, data: bytes, name: str, limits: Limits) -> Input:
    from selfmend.image.decoding import open_picture

    if what == "clip":
        return _look_at_film(data, name, limits)
    called = f"the {what}" + (f" ({safe_stem(name)}{PurePosixPath(name).suffix[:8]})" if name else "")
    if not data:
        raise NotAPicture(f"{called} is empty (0 bytes); send a whole copy of the file")
    formats = (*set(ENDINGS.values()), "MPO")  # not all that PIL reads: it starts programs for some
    try:
        picture = open_picture(data, name=called, max_pixels=limits.max_pixels, formats=formats)
        size = shown_size(picture)
    except TooManyPixelsError as error:
        raise TooLarge(str(error)) from error
    except MissingExtraError:
        raise
    except ImageError as error:
        raise NotAPicture(f"{error}; PNG, JPEG, WebP, TIFF, BMP, GIF and the like fit") from error
    except Exception as error:  # what a damaged directory raises depends on the format
        raise NotAPicture(f"{called} is damaged; send a whole copy of the file") from error
    kind = "JPEG" if picture.format == "MPO" else picture.format
    own = PurePosixPath(name).suffix.lower()
    ending = own if ENDINGS.get(own) == kind else next(end for end, other in ENDINGS.items() if other == kind)
    return Input(ending=ending, size=size, transparent=picture.has_transparency_data)
