"""Learning a picture, and loading what was learned."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from selfmend.api.folder_model import FolderModel
from selfmend.api.folder_training import fit_folder
from selfmend.api.model import Model
from selfmend.api.results import is_alpha
from selfmend.core.checks import OptionError, RunError
from selfmend.core.options import replace_options
from selfmend.core.progress import Progress, silent
from selfmend.core.types import Mask
from selfmend.image.io import read_picture
from selfmend.image.mask import read_mask
from selfmend.image.picture import Picture
from selfmend.methods import method_class, method_names
from selfmend.methods.base import LearningMethod
from selfmend.methods.folder import FolderMethod
from selfmend.methods.validation import BEST
from selfmend.train.checkpoint import load_state
from selfmend.train.device import resolve_device
from selfmend.train.run_folder import RunFolder


def fit(
    method: str,
    image: Any,
    *,
    mask: Any = None,
    preset: str | None = None,
    seed: int = 0,
    device: str = "auto",
    invert_mask: bool = False,
    grow_mask: int = 0,
    folder: str | Path | None = None,
    progress: Progress = silent,
    **options: Any,
) -> Model | FolderModel:
    """Train a method on one picture, or on a folder of them.

    Args:
        method: one that learns, e.g. "singan".
        image: for a method that learns from a folder, the folder; `fit_folder` has all that can be said then.
        mask, preset, seed, device, invert_mask, grow_mask, progress, options: as in `inpaint`; without a mask
            the whole picture is learned from.
        folder: run folder in which training is kept, resumed and finished; None keeps everything in memory.

    Raises:
        OptionError: the method does not learn.
        SelfmendError: as `inpaint`; also a folder that cannot be written or holds another run.
    """
    if method_class(method).learns_from_folder:
        if mask is not None or invert_mask or grow_mask:
            raise OptionError(f"{method} learns from whole pictures; leave the mask out (masks=... makes its holes)")
        return fit_folder(
            method, image, preset=preset, seed=seed, device=device, folder=folder, progress=progress, **options
        )
    picture = read_picture(image)
    hole = None if mask is None else read_mask(mask, picture, invert=invert_mask, grow=grow_mask)
    return fit_picture(
        method, picture, hole, preset=preset, options=options, seed=seed, device=device, folder=folder,
        opaque=is_alpha(mask), progress=progress,
    )  # fmt: skip


def fit_picture(
    method: str,
    picture: Picture,
    mask: Mask | None,
    *,
    preset: str | None = None,
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
    device: str = "auto",
    folder: str | Path | None = None,
    opaque: bool = False,
    progress: Progress = silent,
) -> Model:
    """`fit` for a picture and mask that are already read; `opaque` says that transparency was the mask."""
    learner = _learner(method, preset, options or {}, device)
    model = Model(learner, picture, mask, seed=seed, opaque=opaque)
    learner.check_learnable(picture.image, mask)
    run_folder = None if folder is None else RunFolder(folder)
    if run_folder and run_folder.start(model.record()):
        learner.load_state_dict(run_folder.weights()["method"])
        learner.fitted = True
        model.folder = run_folder.path
        return model
    state_folder = run_folder.training if run_folder else None
    learner.fit(picture.image, mask, seed=seed, folder=state_folder, progress=progress)
    if run_folder:
        model.finish(run_folder)
    return model


def load(folder: str | Path, *, device: str = "auto") -> Model | FolderModel:
    """Load a run that `Model.save`, `fit(folder=...)` or `selfmend train` wrote.

    Args:
        folder: of the run; or a file `best.safetensors` in it, the best weights that a training on a folder has had in
            its validations, there while it is still going on.
        device: "auto", "cpu", "cuda" or "mps".

    Raises:
        RunError: no run there, a half-written or damaged one, or one of another format; nothing in it is executed.
    """
    best = Path(folder).name == BEST
    run_folder = RunFolder(Path(folder).parent if best else folder)
    record = run_folder.record()
    state = load_state(folder) if best else run_folder.weights()
    resolve_device(device)  # its error is about the argument, those below are about the folder
    try:
        method = _trained(record, state, device)
        if isinstance(method, FolderMethod):
            folder_model = FolderModel(method, seed=int(record["seed"]), data=record["data"])
            folder_model.folder = run_folder.path
            return folder_model
        image, mask = state["image"], state["mask"]
    except (KeyError, ValueError, RuntimeError, TypeError, AttributeError, IndexError) as error:
        why = " ".join(str(error).split())
        raise RunError(f"{folder} does not fit this version or its own record ({why}); train again") from error
    stored = next(iter(sorted(Path(folder).glob("picture.*"))), None)
    picture = read_picture(stored) if stored else Picture(image, None, image)
    model = Model(method, picture, mask, seed=int(record["seed"]), opaque=bool(record.get("opaque")))
    model.folder = run_folder.path
    return model


def load_picture_model(folder: str | Path, *, device: str = "auto") -> Model:
    """`load`, for what needs the picture that was learned.

    Raises:
        OptionError: the run learned a folder.
    """
    model = load(folder, device=device)
    if isinstance(model, FolderModel):
        raise OptionError(
            f"{folder} is a run of {model.method.name}, which learned a folder of pictures and fills holes only"
        )
    return model


def _trained(record: Mapping[str, Any], state: Mapping[str, Any], device: str) -> LearningMethod | FolderMethod:
    """The method of a run, with its weights."""
    kind = method_class(record["method"])
    if state.get("name", kind.name) != kind.name:
        raise ValueError(f"its weights are those of {state['name']}, its record is one of {kind.name}")
    method: LearningMethod | FolderMethod
    if issubclass(kind, FolderMethod):
        method = kind.from_options(None, {}, device=resolve_device(device))
    else:
        method = _learner(record["method"], None, {}, device)
    method.config = replace_options(method.config, record["config"])
    method.load_state_dict(state["method"])
    method.fitted = True
    return method


def _learner(method: str, preset: str | None, options: Mapping[str, Any], device: str) -> LearningMethod:
    kind = method_class(method)
    if not issubclass(kind, LearningMethod):
        learning = [n for n in method_names() if method_class(n).learns]
        raise OptionError(
            f"{method} learns nothing, so it needs no training: use inpaint (these learn: {', '.join(learning)})"
        )
    return kind.from_options(preset, options, device=resolve_device(device))
