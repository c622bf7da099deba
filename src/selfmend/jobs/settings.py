"""The settings of each kind of job: what there is, what fits, and which lane the job takes."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from selfmend.errors import OptionError, check_known
from selfmend.jobs.job import Limits
from selfmend.options import option, replace_options

if TYPE_CHECKING:
    from selfmend.types import Size

FORMATS = ("", "png", "jpeg", "webp", "tiff")
MOST_SAMPLES, MOST_FRAMES, MOST_GROWTH = 16, 600, 1000
_SEEDS = 2**31  # a number that JavaScript holds exactly
_SEED = "same seed, same bytes; none: drawn anew"
_MODEL = "name of a trained run"
_FORMAT = "of the results; empty: as the picture came"
_START = "scale that is drawn first, 0 the coarsest; none: the default"


@dataclass(frozen=True, kw_only=True)
class Fill:
    """Fill the hole of a picture."""

    method: str = option("patchmatch", "a method")
    preset: str | None = option(None, "named settings of the method; none: its first")
    model: str | None = option(None, _MODEL + ", which brings its own method")
    seed: int | None = option(None, _SEED)
    samples: int = option(1, "how many different fills", low=1)
    grow_mask: int = option(0, "by which the hole grows to all sides", unit="px", low=0)
    invert_mask: bool = option(False, "black is the hole")
    align: bool = option(True, "the reference is aligned first")
    format: str = option("", _FORMAT, choices=FORMATS)


@dataclass(frozen=True, kw_only=True)
class Train:
    """Learn a picture."""

    method: str = option("singan", "a method that learns")
    preset: str | None = option(None, "named settings of the method; none: its first")
    name: str | None = option(None, "of the run; none: after the picture")
    seed: int | None = option(None, _SEED)
    grow_mask: int = option(0, "by which the hole grows to all sides", unit="px", low=0)
    invert_mask: bool = option(False, "black is the hole")


@dataclass(frozen=True, kw_only=True)
class Sample:
    """New pictures like one."""

    method: str = option("gpnn", "a method that makes new pictures")
    preset: str | None = option(None, "named settings of the method; none: its first")
    model: str | None = option(None, _MODEL + ", which brings its own method")
    seed: int | None = option(None, _SEED)
    samples: int = option(1, "how many", low=1)
    height: int | None = option(None, "of the new pictures; none: as learned", unit="px", low=1)
    width: int | None = option(None, "of the new pictures; none: as learned", unit="px", low=1)
    start_scale: int | None = option(None, _START, low=0)
    format: str = option("", _FORMAT, choices=FORMATS)


@dataclass(frozen=True, kw_only=True)
class Retarget:
    """A picture in another shape."""

    method: str = option("gpnn", "a method that makes new pictures")
    preset: str | None = option(None, "named settings of the method; none: its first")
    model: str | None = option(None, _MODEL + ", which brings its own method")
    seed: int | None = option(None, _SEED)
    height: int | None = option(None, "of the result; none: as it is", unit="px", low=1)
    width: int | None = option(None, "of the result; none: as it is", unit="px", low=1)
    start_scale: int | None = option(None, _START, low=0)
    format: str = option("", _FORMAT, choices=FORMATS)


@dataclass(frozen=True, kw_only=True)
class SuperResolve:
    """A picture enlarged."""

    method: str = option("gpnn", "gpnn or singan")
    preset: str | None = option(None, "named settings of the method; none: its first")
    model: str | None = option(None, _MODEL + " that learned to enlarge")
    seed: int | None = option(None, _SEED)
    factor: float = option(2.0, "how many times as high and wide", low=1)
    format: str = option("", _FORMAT, choices=FORMATS)


@dataclass(frozen=True, kw_only=True)
class Harmonize:
    """Make a pasted object fit."""

    model: str = option("", _MODEL)
    seed: int | None = option(None, _SEED)
    start_scale: int | None = option(None, _START, low=0)
    invert_mask: bool = option(False, "black is the object")
    format: str = option("", _FORMAT, choices=FORMATS)


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Mend the seams of an edited picture."""

    model: str = option("", _MODEL)
    seed: int | None = option(None, _SEED)
    start_scale: int | None = option(None, _START, low=0)
    invert_mask: bool = option(False, "black is what was edited")
    masked: bool = option(True, "what was not edited is kept")
    format: str = option("", _FORMAT, choices=FORMATS)


@dataclass(frozen=True, kw_only=True)
class Paint:
    """A picture out of a painting."""

    model: str = option("", _MODEL)
    seed: int | None = option(None, _SEED)
    start_scale: int | None = option(None, _START, low=0)
    quantized: bool = option(False, "train that scale anew on flat colours")
    format: str = option("", _FORMAT, choices=FORMATS)


@dataclass(frozen=True, kw_only=True)
class Animate:
    """A film in which the learned picture moves."""

    model: str = option("", _MODEL)
    seed: int | None = option(None, _SEED)
    start_scale: int | None = option(None, _START, low=0)
    frames: int = option(100, "how many", low=1)
    fps: float = option(10.0, "frames a second", low=0.1)
    alpha: float = option(0.1, "pull back to the picture, 0 to 1", low=0)
    beta: float = option(0.9, "smoothness of the movement, 0 to 1", low=0)
    loop: bool = option(False, "the last frame leads back to the first")
    format: str = option("gif", "of the film", choices=("gif", "webp", "mp4"))


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What a kind of job is given.

    Attributes:
        settings: with the defaults.
        needs: files without which there is nothing to do.
        takes: files that may come too.
        learned: whether the run's own picture can take the place of the files that are needed.
    """

    settings: Any
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    learned: bool = False


KINDS: Mapping[str, Kind] = {
    "fill": Kind(settings=Fill(), needs=("image",), takes=("mask", "reference"), learned=True),
    "train": Kind(settings=Train(), needs=("image",), takes=("mask",)),
    "sample": Kind(settings=Sample(), needs=("image",), learned=True),
    "retarget": Kind(settings=Retarget(), needs=("image",), learned=True),
    "super-resolve": Kind(settings=SuperResolve(), needs=("image",), learned=True),
    "harmonize": Kind(settings=Harmonize(), needs=("picture", "mask")),
    "edit": Kind(settings=Edit(), needs=("picture",), takes=("mask",)),
    "paint": Kind(settings=Paint(), needs=("picture",)),
    "animate": Kind(settings=Animate()),
}


def check_settings(
    kind: str, given: Mapping[str, Any], *, files: Collection[str], models: Collection[str]
) -> dict[str, Any]:
    """All settings of a job, with the defaults, the method's own options under "options", and a seed.

    Args:
        kind: one of `KINDS`.
        given: by the user.
        files: which files came.
        models: names of the trained runs.

    Raises:
        OptionError: an unknown kind, setting or file, a missing file, or a value that does not fit.
    """
    check_known("kind of job", kind, KINDS)
    form = KINDS[kind]
    values = {name: value for name, value in given.items() if name != "options"}
    options = given.get("options") or {}
    if not isinstance(options, Mapping) or not all(isinstance(name, str) for name in options):
        raise OptionError(f"options is {options!r}; an object of names and values fits")
    settings = dataclasses.asdict(replace_options(form.settings, values))
    _check_numbers(settings)
    _check_files(kind, form, files, settings.get("model"))
    _check_model(kind, settings, given, models)
    if settings["seed"] is None:
        settings["seed"] = secrets.randbelow(_SEEDS)
    settings["options"] = dict(options)
    _check_method(kind, settings)
    return settings


def check_made(kind: str, settings: Mapping[str, Any], *, size: Size | None, limits: Limits) -> None:
    """Refuse what would become larger than a picture may be.

    Args:
        kind: of the job.
        settings: checked.
        size: (height, width) of the picture that came or was learned, if there is one.
        limits: that count.

    Raises:
        OptionError: too many pixels, or no new size where one is needed.
    """
    height, width = settings.get("height"), settings.get("width")
    if kind == "retarget" and height is None and width is None:
        raise OptionError("retarget needs a new height or width")
    if size is None and None in (height, width):
        return
    own_height, own_width = size or (0, 0)
    factor = settings.get("factor", 1.0)
    pixels = (height or own_height) * (width or own_width) * factor**2
    if pixels > limits.max_pixels:
        raise OptionError(
            f"the result would have {pixels / 1e6:.3g} million pixels; at most {limits.max_pixels / 1e6:.3g} million "
            "fit"
        )


def lane_of(kind: str, settings: Mapping[str, Any]) -> str:
    """ "heavy" for what trains, else "quick"."""
    if kind == "train" or settings.get("quantized"):
        return "heavy"
    if "method" not in settings or settings.get("model"):
        return "quick"
    from selfmend.methods.registry import method_info

    return "heavy" if method_info(settings["method"]).learns == "picture" else "quick"


def _check_numbers(settings: Mapping[str, Any]) -> None:
    for name, most in {"samples": MOST_SAMPLES, "frames": MOST_FRAMES, "grow_mask": MOST_GROWTH, "factor": 16}.items():
        if settings.get(name, 0) > most:
            raise OptionError(f"option {name} is {settings[name]}; at most {most} fits")
    if not 0 <= (settings["seed"] or 0) < 2**63:
        raise OptionError(f"option seed is {settings['seed']}; a whole number from 0 to 2^63 fits")


def _check_files(kind: str, form: Kind, files: Collection[str], model: str | None) -> None:
    for name in files:
        check_known(f"file of {kind}", name, (*form.needs, *form.takes))
    missing = [name for name in form.needs if name not in files]
    if missing and not (form.learned and model):
        also = ", or name a model" if form.learned else ""
        raise OptionError(f"{kind} needs the file {missing[0]!r}; send it{also}")


def _check_model(kind: str, settings: dict[str, Any], given: Mapping[str, Any], models: Collection[str]) -> None:
    if "model" not in settings:
        return
    if settings["model"]:
        check_known("model", settings["model"], models)
        if given.get("method") or given.get("preset"):
            raise OptionError("a model brings its own method and settings; leave method and preset out")
        settings.pop("method", None)
        settings.pop("preset", None)
    elif "method" not in settings:
        raise OptionError(f"{kind} needs a model; train one, and send its name as model")


def _check_method(kind: str, settings: Mapping[str, Any]) -> None:
    """Find out now whether the method, its preset and its options are there; those of a model say so themselves."""
    if "method" not in settings:
        return
    from selfmend.methods.registry import method_class, methods_that

    method = method_class(settings["method"])
    if method.learns_from_folder:
        raise OptionError(f"{method.name} learns from a folder first; name a run of it as the model")
    if kind == "train" and not method.learns:
        able = ", ".join(methods_that("learns"))
        raise OptionError(f"{method.name} learns nothing, so it needs no training; these learn: {able}")
    method.from_options(settings["preset"], settings["options"])
