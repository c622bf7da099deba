"""A request for a job, checked against `TASKS`: what fits, and which lane the job takes."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from selfmend.errors import OptionError, check_known
from selfmend.jobs.job import Limits
from selfmend.options import replace_options
from selfmend.tasks import TASKS, Task

if TYPE_CHECKING:
    from selfmend.types import Size

_SEEDS = 2**31  # a number that JavaScript holds exactly


def check_settings(
    kind: str, given: Mapping[str, Any], *, files: Collection[str], models: Collection[str]
) -> dict[str, Any]:
    """All settings of a job, with the defaults, the method's own options under "options", and a seed.

    Args:
        kind: one of `TASKS`.
        given: by the user.
        files: which files came.
        models: names of the trained runs.

    Raises:
        OptionError: an unknown kind, setting or file, a missing file, or a value that does not fit.
    """
    check_known("kind of job", kind, TASKS)
    task = TASKS[kind]
    values = {name: value for name, value in given.items() if name != "options"}
    options = given.get("options") or {}
    if not isinstance(options, Mapping) or not all(isinstance(name, str) for name in options):
        raise OptionError(f"options is {options!r}; an object of names and values fits")
    settings = dataclasses.asdict(replace_options(task.options, values))
    _check_limits(task, settings)
    _check_files(task, files, settings.get("model"))
    _check_model(kind, settings, given, models)
    if "seed" in settings and settings["seed"] is None:
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
    if TASKS[kind].trains or settings.get("quantized"):
        return "heavy"
    if "method" not in settings or settings.get("model"):
        return "quick"
    from selfmend.methods.registry import method_info

    return "heavy" if method_info(settings["method"]).learns == "picture" else "quick"


def _check_limits(task: Task, settings: Mapping[str, Any]) -> None:
    """Refuse numbers that are possible, but too much where others wait too."""
    for field in dataclasses.fields(task.options):
        limit, value = field.metadata["limit"], settings[field.name]
        if limit is not None and value is not None and value > limit:
            raise OptionError(f"option {field.name} is {value}; at most {limit} fits")


def _check_files(task: Task, files: Collection[str], model: str | None) -> None:
    for name in files:
        check_known(f"file of {task.name}", name, (*task.needs, *task.takes))
    missing = [name for name in task.needs if name not in files]
    if missing and not (task.learned and model):
        also = ", or name a model" if task.learned else ""
        raise OptionError(f"{task.name} needs the file {missing[0]!r}; send it{also}")


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
    if TASKS[kind].trains and not method.learns:
        able = ", ".join(methods_that("learns"))
        raise OptionError(f"{method.name} learns nothing, so it needs no training; these learn: {able}")
    method.from_options(settings["preset"], settings["options"])
