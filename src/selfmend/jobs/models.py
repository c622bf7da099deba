"""The folder of trained runs: what is in it, what each can do, and names that lead nowhere else."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfmend.errors import OptionError, RunError, SelfmendError, check_known, nearest_name
from selfmend.files import atomic_path
from selfmend.jobs.job import UnknownModel

if TYPE_CHECKING:
    from selfmend.types import Size

THUMBNAIL = 256
"""Longest side in pixels."""

_NAME = re.compile(r"\w[\w .()+,=@-]{0,79}")
_DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d) *(\..*)?", re.IGNORECASE)  # no folder in Windows


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """What is known of a run without loading it.

    Attributes:
        name: of its folder.
        method: that was trained, empty where the run cannot be read.
        kind: "picture" or "folder", by what it has learned.
        size: (height, width) of the learned picture, or None.
        scales: how many, 0 for methods without any.
        created: when its training ended, in seconds since 1970.
        applications: the tasks that can be done with it.
        default_start_scale: by the application, where it has one that does not depend on the picture.
        error: why the run cannot be used, one line; None where it can.
    """

    name: str
    method: str = ""
    kind: str = "picture"
    size: Size | None = None
    scales: int = 0
    created: float = 0.0
    applications: tuple[str, ...] = ()
    default_start_scale: Mapping[str, int] = field(default_factory=dict)
    error: str | None = None


def model_names(runs: Path) -> list[str]:
    """The folders that hold a run, sound or not."""
    if not runs.is_dir():
        return []
    return sorted(p.name for p in runs.iterdir() if not p.name.startswith(".") and (p / "run.json").is_file())


def model_folder(runs: Path, name: str) -> Path:
    """The folder of a run.

    Raises:
        UnknownModel: there is none of that name; a path is no name.
    """
    known = model_names(runs)
    if name not in known:
        raise UnknownModel(f"unknown model {name[:80]!r}; {nearest_name(name[:80], known)}")
    return runs / name


def list_models(runs: Path) -> list[ModelInfo]:
    """All runs, the newest first; a damaged one says why it cannot be used."""
    found = [_info(runs / name) for name in model_names(runs)]
    return sorted(found, key=lambda one: one.created, reverse=True)


def check_application(runs: Path, name: str, task: str) -> ModelInfo:
    """What is known of a run, if a task can be done with it.

    Raises:
        UnknownModel: there is none of that name.
        RunError: it cannot be used.
        OptionError: it cannot do that.
    """
    info = _info(model_folder(runs, name))
    if info.error is not None:
        raise RunError(f"the model {name!r} cannot be used: {info.error}")
    if task not in info.applications:
        able = ", ".join(info.applications)
        raise OptionError(
            f"the model {name!r} cannot do {task!r}; it can do: {able}. Train another one, without a mask"
        )
    return info


def remove_model(runs: Path, name: str) -> None:
    """Remove a run with all that is in it.

    Raises:
        UnknownModel: there is none of that name.
        RunError: it cannot be removed.
    """
    folder = model_folder(runs, name)
    try:
        if folder.is_symlink():  # what it leads to is not ours
            folder.unlink()
        else:
            shutil.rmtree(folder)
    except OSError as error:
        raise RunError(f"the model {name!r} cannot be removed: {error.strerror or error}") from error


def save_thumbnail(runs: Path, name: str, folder: Path) -> Path:
    """A small PNG of the picture that a run has learned, kept in `folder`.

    Raises:
        UnknownModel: there is no such run, or it has learned a folder of pictures.
    """
    from selfmend.image.draw import thumbnail, to_rgb
    from selfmend.image.files import read_picture
    from selfmend.nn.tensors import to_array
    from selfmend.training.checkpoints import load_state

    run = model_folder(runs, name)
    weights = run / "weights.safetensors"
    stored = next(iter(sorted(run.glob("picture.*"))), None)
    source = stored or weights
    if not source.exists() or (stored is None and "image" not in _outline(weights)):
        raise UnknownModel(f"the model {name!r} has no picture of its own")
    key = hashlib.sha256(f"{name}\0{source.stat().st_mtime_ns}".encode()).hexdigest()[:24]
    path = folder / f"{key}.png"
    if not path.exists():
        image = read_picture(stored).image if stored else to_array(load_state(weights)["image"])
        with atomic_path(path) as temporary:
            to_rgb(thumbnail(image, THUMBNAIL)).save(temporary, format="PNG")
    return path


def new_name(name: str | None, stem: str, taken: set[str]) -> str:
    """The name of a run that is to be trained: the one that was asked for, or one after the picture.

    It fits on all systems: Windows knows names of devices, and, as macOS, no difference between a and A.

    Raises:
        OptionError: no name for a folder, or one that is taken.
    """
    used = {one.casefold() for one in taken}
    if name is None:
        clean = re.sub(r"[^\w .()+,=@-]", "_", stem).strip(" ._") or "picture"
        base = clean if _NAME.fullmatch(clean) and not _DEVICE.fullmatch(clean) else "picture"
        numbered = (base if k == 1 else f"{base}-{k}" for k in range(1, len(taken) + 2))
        return next(one for one in numbered if one.casefold() not in used)
    if not _NAME.fullmatch(name) or name != name.strip(" ."):
        raise OptionError(f"option name is {name[:80]!r}; letters, digits, spaces and -_.()+,=@ fit, up to 80 of them")
    if _DEVICE.fullmatch(name):
        raise OptionError(f"option name is {name!r}, which is a device in Windows; choose another name")
    if name.casefold() in used:
        raise OptionError(f"there is a model {name!r} already; choose another name, or remove that one")
    return name


def _info(folder: Path) -> ModelInfo:
    from selfmend.training.checkpoints import RunFolder

    name, created = folder.name, (folder / "run.json").stat().st_mtime
    try:
        record = RunFolder(folder).record()
        if record["status"] != "trained":
            return ModelInfo(name=name, method=record["method"], created=created, error="its training is not finished")
        return _of(name, created, record, _outline(folder / "weights.safetensors"))
    except SelfmendError as error:
        return ModelInfo(name=name, created=created, error=" ".join(str(error).split()))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OSError) as error:
        return ModelInfo(name=name, created=created, error=f"it is damaged ({type(error).__name__}: {error})")


def _outline(weights: Path) -> Any:
    from selfmend.training.checkpoints import load_outline

    if not weights.exists():
        raise RunError("it lacks its weights.safetensors; copy the whole folder, or train again")
    return load_outline(weights)


def _of(name: str, created: float, record: Mapping[str, Any], outline: Mapping[str, Any]) -> ModelInfo:
    from selfmend.methods.generative import Generative
    from selfmend.methods.registry import method_class, method_names
    from selfmend.methods.singan import SinGAN

    kind = method_class(check_known("method", record["method"], method_names()))
    if kind.learns_from_folder:
        return ModelInfo(name=name, method=kind.name, kind="folder", created=created, applications=("fill",))
    size = int(record["picture"]["height"]), int(record["picture"]["width"])
    info: dict[str, Any] = {"name": name, "method": kind.name, "size": size, "created": created}
    if not issubclass(kind, SinGAN):
        able = ("fill", "sample", "retarget") if issubclass(kind, Generative) else ("fill",)
        return ModelInfo(**info, applications=able)
    scales = outline["method"]["scales"]
    starts = _start_scales(record["config"], scales)
    return ModelInfo(
        **info, scales=len(scales["sizes"]), applications=tuple(starts),
        default_start_scale={one: level for one, level in starts.items() if level is not None},
    )  # fmt: skip


def _start_scales(config: Mapping[str, Any], scales: Mapping[str, Any]) -> dict[str, int | None]:
    """What a run of SinGAN can do, and from which scale it does so by default; None where that depends on a mask."""
    if config.get("super_resolution") is not None:
        return {"super-resolve": None}
    if scales["first"]:  # trained to fill one hole: there is nothing below the scale at which the guess enters
        return {"fill": None}
    count = len(scales["sizes"])
    return {
        "fill": None,
        "sample": 0,
        "retarget": min(1, count - 1),
        "harmonize": count // 2,
        "edit": None,
        "paint": min(1, count - 1),
        "animate": min(1, count - 1) if scales.get("layout") is None else 0,
    }
