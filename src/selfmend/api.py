"""The Python interface: inpaint, fit, load. Paths, PIL images, arrays and tensors in; the same kind out."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from selfmend.core.checks import OptionError, RunError
from selfmend.core.options import replace_options
from selfmend.core.progress import Progress, silent
from selfmend.core.types import Image, Mask
from selfmend.image.io import read_picture, save_picture
from selfmend.image.mask import read_mask
from selfmend.image.picture import Picture
from selfmend.methods import method_class, method_names
from selfmend.methods.base import LearningMethod, describe_config
from selfmend.train.device import resolve_device
from selfmend.train.run_folder import RunFolder

DEFAULT_METHOD = "patchmatch"


def methods() -> list[str]:
    """Names of all methods, sorted."""
    return method_names()


def inpaint(
    image: Any,
    mask: Any,
    *,
    method: str = DEFAULT_METHOD,
    preset: str | None = None,
    samples: int = 1,
    seed: int = 0,
    device: str = "auto",
    invert_mask: bool = False,
    grow_mask: int = 0,
    progress: Progress = silent,
    **options: Any,
) -> Any:
    """Fill the holes of a picture from the picture itself.

    Args:
        image: path, PIL image of any mode, array (H, W[, C]) of uint8, uint16 or float in [0, 1], or float tensor
            (C, H, W) or (N, C, H, W) in [0, 1].
        mask: the same kinds, white or True = hole; or "alpha" (transparent pixels), "#RRGGBB" (a colour), "x,y,w,h".
        method: one of `methods()`.
        preset: named settings of the method; its first one by default.
        samples: number of different fills.
        seed: same seed, same bytes.
        device: "auto", "cpu", "cuda" or "mps".
        invert_mask: the mask means black by hole.
        grow_mask: pixels by which the hole grows to all sides.
        progress: told of what happens.
        options: fields of the method's config, e.g. `patch_size=9`.

    Returns:
        The kind that came (a path gives a PIL image, or a uint16 array for 16-bit colour) with the same size and mode,
        equal outside the hole; a list of them where `samples` > 1.

    Raises:
        SelfmendError: one line: what came, what fits, what to do.

    Example:
        >>> import numpy as np
        >>> stripes = np.tile(np.uint8([0, 0, 255, 255]), (24, 6))
        >>> hole = np.zeros((24, 24), bool)
        >>> hole[10:14, 10:14] = True
        >>> bool((inpaint(stripes, hole) == stripes).all())
        True
    """
    picture = read_picture(image)
    hole = read_mask(mask, picture, invert=invert_mask, grow=grow_mask)
    worker = method_class(method).from_options(preset, options, device=resolve_device(device))
    fills = worker.inpaint(picture.image, hole, seed=seed, samples=samples, progress=progress)
    return _give_back(picture, hole, fills, opaque=_is_alpha(mask))


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
) -> Model:
    """Train a method on one picture.

    Args:
        method: one that learns, e.g. "singan".
        image, mask, preset, seed, device, invert_mask, grow_mask, progress, options: as in `inpaint`; without a mask
            the whole picture is learned from.
        folder: run folder in which training is kept, resumed and finished; None keeps everything in memory.

    Raises:
        OptionError: the method does not learn.
        SelfmendError: as `inpaint`; also a folder that cannot be written or holds another run.
    """
    picture = read_picture(image)
    hole = None if mask is None else read_mask(mask, picture, invert=invert_mask, grow=grow_mask)
    return fit_picture(
        method, picture, hole, preset=preset, options=options, seed=seed, device=device, folder=folder,
        opaque=_is_alpha(mask), progress=progress,
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
    run_folder = None if folder is None else RunFolder(folder)
    if run_folder and run_folder.start(model._record()):
        learner.load_state_dict(run_folder.weights()["method"])
        learner.fitted = True
        return model
    state_folder = run_folder.training if run_folder else None
    learner.fit(picture.image, mask, seed=seed, folder=state_folder, progress=progress)
    if run_folder:
        model._finish(run_folder)
    return model


def load(folder: str | Path, *, device: str = "auto") -> Model:
    """Load a run that `Model.save`, `fit(folder=...)` or `selfmend train` wrote.

    Raises:
        RunError: no run there, a half-written or damaged one, or one of another format; nothing in it is executed.
    """
    run_folder = RunFolder(folder)
    record = run_folder.record()
    state = run_folder.weights()
    resolve_device(device)  # its error is about the argument, those below are about the folder
    try:
        learner = _learner(record["method"], None, {}, device)
        learner.config = replace_options(learner.config, record["config"])
        learner.load_state_dict(state["method"])
        image, mask = state["image"], state["mask"]
    except (KeyError, ValueError, RuntimeError, TypeError, AttributeError, IndexError) as error:
        why = " ".join(str(error).split())
        raise RunError(f"{folder} does not fit this version or its own record ({why}); train again") from error
    learner.fitted = True
    stored = next(iter(sorted(Path(folder).glob("picture.*"))), None)
    picture = read_picture(stored) if stored else Picture(image, None, image)
    return Model(learner, picture, mask, seed=int(record["seed"]), opaque=bool(record.get("opaque")))


class Model:
    """A method that has learned one picture. Made by `fit` and `load`.

    Attributes:
        method: the method, with what it learned.
        picture: the picture that it learned from.
        mask: the hole that was kept out of the learning, (1, 1, H, W) bool, or None.
        seed: the seed of the training.
    """

    def __init__(
        self, method: LearningMethod, picture: Picture, mask: Mask | None, *, seed: int, opaque: bool = False
    ) -> None:
        self.method, self.picture, self.mask, self.seed, self._opaque = method, picture, mask, seed, opaque

    def inpaint(
        self,
        image: Any = None,
        mask: Any = None,
        *,
        samples: int = 1,
        seed: int | None = None,
        invert_mask: bool = False,
        grow_mask: int = 0,
        progress: Progress = silent,
        **options: Any,
    ) -> Any:
        """Fill holes with what was learned.

        Args:
            image: a picture like the learned one; None takes the learned one.
            mask: its hole; None takes the one that was given to the training.
            samples, invert_mask, grow_mask, progress: as in `selfmend.inpaint`.
            seed: None takes the training's.
            options: fields of the config that matter to filling only, e.g. `init="local-means"`.

        Raises:
            MaskError: no mask here and none in the training.
            OptionError: unknown options, or one that training has fixed.
        """
        picture = self.picture if image is None else read_picture(image)
        if mask is None and self.mask is None:
            raise OptionError("this model was trained without a mask; say which hole to fill: mask=...")
        hole = self.mask if mask is None else read_mask(mask, picture, invert=invert_mask, grow=grow_mask)
        assert hole is not None
        worker = self.method.with_fill_options(options)
        fills = worker.inpaint(
            picture.image, hole, seed=self.seed if seed is None else seed, samples=samples, progress=progress
        )
        return _give_back(picture, hole, fills, opaque=self._opaque if mask is None else _is_alpha(mask))

    def save(self, folder: str | Path) -> None:
        """Write a run folder that `selfmend.load` reads, with the picture in it.

        Raises:
            RunError: the folder cannot be written or holds another run.
        """
        run_folder = RunFolder(folder)
        run_folder.start(self._record())
        self._finish(run_folder)

    def _finish(self, run_folder: RunFolder) -> None:
        state = {"method": self.method.state_dict(), "image": self.picture.image, "mask": self.mask}
        original = self.picture.original
        if not isinstance(original, torch.Tensor) and getattr(original, "dtype", None) not in ("float32", "float64"):
            ending = "tif" if getattr(original, "mode", "") == "CMYK" else "png"  # PNG has no CMYK
            save_picture(original, run_folder.path / f"picture.{ending}")
        run_folder.finish(state)

    def _record(self) -> dict[str, Any]:
        height, width = self.picture.size
        return {
            "method": self.method.name,
            "config": describe_config(self.method.config),
            "seed": self.seed,
            "picture": {"height": height, "width": width, "sha256": digest(self.picture.image, self.mask)},
            "opaque": self._opaque,
        }


def _learner(method: str, preset: str | None, options: Mapping[str, Any], device: str) -> LearningMethod:
    kind = method_class(method)
    if not issubclass(kind, LearningMethod):
        learning = [n for n in method_names() if method_class(n).learns]
        raise OptionError(
            f"{method} learns nothing, so it needs no training: use inpaint (these learn: {', '.join(learning)})"
        )
    return kind.from_options(preset, options, device=resolve_device(device))


def _give_back(picture: Picture, mask: Mask, fills: list[Image], *, opaque: bool) -> Any:
    results = [picture.rebuild(fill, mask, opaque=opaque) for fill in fills]
    return results[0] if len(results) == 1 else results


def _is_alpha(mask: Any) -> bool:
    return isinstance(mask, str) and mask == "alpha"


def digest(image: Image, mask: Mask | None) -> str:
    """Names a picture and its hole; what the hole holds does not count."""
    known = image if mask is None else torch.where(mask, 0.0, image)
    digest = hashlib.sha256(known.numpy().tobytes())
    digest.update(b"" if mask is None else mask.numpy().tobytes())
    return digest.hexdigest()
