"""Learning a picture or a folder, loading what was learned, and the authors' checkpoints.

Learning a picture, and loading what was learned.

Training a method on a folder of pictures: checked as a whole before anything is written or started.

Checkpoints of the authors' codes as models.

What fills many pictures one after the other: a method made once, or what a training has learned of a folder.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from selfmend.api.models import FolderModel, Model
from selfmend.errors import OptionError, RunError, SelfmendWarning
from selfmend.image.files import read_picture
from selfmend.image.picture import Picture
from selfmend.masks.random import hole_maker
from selfmend.masks.reading import read_mask
from selfmend.methods.folder import FolderMethod
from selfmend.methods.learning import LearningMethod
from selfmend.methods.official import from_official
from selfmend.methods.registry import method_class, methods_that
from selfmend.methods.validation import BEST, SHOWN, Validator
from selfmend.nn.tensors import make_generator, to_array, to_mask, to_tensor
from selfmend.options import replace_options
from selfmend.pipeline import is_alpha
from selfmend.progress import Progress
from selfmend.progress_bar import shown
from selfmend.training.checkpoints import RunFolder, load_state
from selfmend.training.data import FolderBatches
from selfmend.training.devices import (
    Processes,
    activation_bytes,
    make_fabric,
    on_meta,
    resolve_device,
    started_processes,
    state_bytes,
)
from selfmend.training.log import Listener, LogFile
from selfmend.training.pictures import PictureSet, find_pictures
from selfmend.types import ImageLike, Mask, MaskLike, OptionValue, size_of

if TYPE_CHECKING:
    from lightning_fabric import Fabric


def fit(
    method: str,
    image: ImageLike,
    *,
    mask: MaskLike | None = None,
    preset: str | None = None,
    seed: int = 0,
    device: str = "auto",
    invert_mask: bool = False,
    grow_mask: int = 0,
    folder: str | Path | None = None,
    progress: Progress | bool = False,
    **options: OptionValue,
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
    progress = shown(progress)
    if method_class(method).learns_from_folder:
        if mask is not None or invert_mask or grow_mask:
            raise OptionError(f"{method} learns from whole pictures; leave the mask out (masks=... makes its holes)")
        if not isinstance(image, str | Path):
            raise OptionError(f"{method} learns from a folder of pictures; {type(image).__name__} came")
        given: dict[str, Any] = {"preset": preset, "seed": seed, "device": device, "folder": folder, **options}
        return fit_folder(method, image, progress=progress, **given)
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
    progress: Progress | bool = False,
) -> Model:
    """`fit` for a picture and mask that are already read; `opaque` says that transparency was the mask."""
    progress = shown(progress)
    learner = _learner(method, preset, options or {}, device)
    model = Model(learner, picture, mask, seed=seed, opaque=opaque)
    learner.check_learnable(to_tensor(picture.image), None if mask is None else to_tensor(mask))
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
        image, mask = to_array(state["image"]), None if state["mask"] is None else to_mask(state["mask"])
    except (KeyError, ValueError, RuntimeError, TypeError, AttributeError, IndexError) as error:
        why = " ".join(str(error).split())
        raise RunError(f"{folder} does not fit this version or its own record ({why}); train again") from error
    stored = next(iter(sorted(Path(folder).glob("picture.*"))), None)
    as_it_came = to_tensor(image) if state.get("kind", "tensor") == "tensor" else image
    picture = read_picture(stored) if stored else Picture(as_it_came, size_of(image), image, opaque=True)
    model = Model(method, picture, mask, seed=int(record["seed"]), opaque=bool(record.get("opaque")))
    model.folder = run_folder.path
    return model


def load_picture_model(folder: str | Path | Model, *, device: str = "auto") -> Model:
    """`load`, for what needs the picture that was learned; a model comes back as it is.

    Raises:
        OptionError: the run learned a folder.
    """
    model = load(folder, device=device) if isinstance(folder, str | Path) else folder
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
        method = kind.from_options(None, {}, device=device)
    else:
        method = _learner(record["method"], None, {}, device)
    method.config = replace_options(method.config, record["config"])
    method.load_state_dict(state["method"])
    method.fitted = True
    return method


def _learner(method: str, preset: str | None, options: Mapping[str, Any], device: str) -> LearningMethod:
    kind = method_class(method)
    if not issubclass(kind, LearningMethod):
        learning = methods_that("learns")
        raise OptionError(
            f"{method} learns nothing, so it needs no training: use inpaint (these learn: {', '.join(learning)})"
        )
    return kind.from_options(preset, options, device=device)


VALIDATED = 128  # pictures of a validation, at most
VALIDATE_EVERY = 1000  # steps


class FolderTraining:
    """A training that is checked and not yet begun; arguments as in `fit_folder`, or a set of pictures.

    Raises:
        SelfmendError: as `fit_folder`.
    """

    def __init__(
        self,
        method: str,
        pictures: str | Path | PictureSet,
        *,
        validation: str | Path | None = None,
        celeba_attributes: Sequence[str] = (),
        preset: str | None = None,
        options: Mapping[str, Any] | None = None,
        seed: int = 0,
        device: str | torch.device = "auto",
        devices: int = 1,
        nodes: int = 1,
        precision: str = "32",
        workers: int | None = None,
    ) -> None:
        kind = folder_method(method)
        self._device = resolve_device(device)
        self.method = kind.from_options(preset, options, device=self._device)
        self.holes = hole_maker(self.method.config.masks, max_delta=self.method.config.max_delta)
        with warnings.catch_warnings():
            if int(os.environ.get("LOCAL_RANK", "0")):  # the first process has said it
                warnings.simplefilter("ignore", SelfmendWarning)
            if isinstance(pictures, PictureSet):
                self.pictures = pictures
            else:
                self.pictures = find_pictures(pictures, celeba_attributes=celeba_attributes)
            self.validation = None if validation is None else find_pictures(validation)
        self.seed, self._precision = seed, precision
        self._devices, self._nodes = started_processes(devices, nodes)
        self.workers = default_workers(self._devices) if workers is None else workers
        if self.workers < 0:
            raise OptionError(f"workers is {workers}; at least 0 fits")
        self.method.check_trainable()
        _ = self.batches  # what does not fit is found here

    @cached_property
    def batches(self) -> FolderBatches:
        """All batches, for one process: for looking at, and for a training with one process."""
        return self._batches(self._device, rank=0, world_size=1)

    def run(
        self,
        folder: str | Path | None = None,
        *,
        validate_every: int = VALIDATE_EVERY,
        tensorboard: bool = False,
        save_seconds: float = 120.0,
        progress: Progress | bool = False,
    ) -> FolderModel:
        """Train, or go on with a training; arguments as in `fit_folder`."""
        progress = shown(progress)
        if validate_every < 1:
            raise OptionError(f"validate_every is {validate_every}; at least 1 fits")
        fabric = make_fabric(self._device, precision=self._precision, devices=self._devices, nodes=self._nodes)
        processes = Processes(fabric)
        self.method.device = fabric.device
        model = FolderModel(self.method, seed=self.seed, data=self.pictures.digest())
        run_folder = None if folder is None else RunFolder(folder)
        if run_folder and run_folder.start(model.record(), write=processes.first):
            self.method.load_state_dict(run_folder.weights()["method"])
            self.method.fitted = True
            model.folder = run_folder.path
            return model
        processes.wait()
        batches = self._batches(fabric.device, rank=fabric.global_rank, world_size=fabric.world_size)
        listeners: list[Listener] = []
        if run_folder and processes.first:
            board = run_folder.path / "tensorboard" if tensorboard else None
            log = LogFile(run_folder.path / "log.jsonl", batch_size=self.method.config.batch_size, board=board)
            listeners = [log, self._validator(run_folder.path, log, validate_every, batches)]
        self.method.fit_folder(
            batches, fabric=fabric, seed=self.seed, folder=run_folder.training if run_folder else None,
            progress=progress, listeners=listeners, save_seconds=save_seconds,
        )  # fmt: skip
        if run_folder and processes.first:
            model.finish(run_folder)
        processes.wait()
        return model

    def describe(self) -> dict[str, Any]:
        """What `run` would do: pictures, networks, memory in bytes, steps and epochs of each stage."""
        config, batches = self.method.config, self.batches
        self.method.build(seed=self.seed)
        stages = self.method.stages(lambda stage: lambda first: iter(()), seed=self.seed, fabric=self._one_process())
        epochs = config.batch_size / len(self.pictures.names)
        steps = [{"stage": s.name, "steps": s.steps, "epochs": round(s.steps * epochs, 2)} for s in stages]
        sides = [s for size in self.pictures.sizes for s in size]
        return {
            "pictures": len(self.pictures.names),
            "unreadable": len(self.pictures.unreadable),
            "shortest_side": min(sides),
            "longest_side": max(sides),
            "validation_pictures": 0 if self.validation is None else min(VALIDATED, len(self.validation.names)),
            "decoded_bytes": batches.cache.bytes,
            "decoded_kept_in_memory": batches.cache.kept,
            "workers": self.workers,
            "processes": self._devices * self._nodes,
            "parameters": self.method.parameter_counts(),
            "memory": {**state_bytes(self.method.networks()), "activations": self._activations()},
            "stages": steps,
        }

    def _activations(self) -> int | None:
        """Bytes of one pass for one process's batch; None where the pass looks at values, which meta tensors lack."""
        config = self.method.config
        count = max(1, config.batch_size // (self._devices * self._nodes))
        shadow = on_meta(self.method, lambda method: method.networks())
        shadow.device = torch.device("meta")
        image = torch.empty(count, 3, config.size, config.size, device="meta")
        generator = make_generator(self.seed)
        try:
            return activation_bytes(
                shadow.networks(), lambda: shadow.complete(image, image[:, :1] > 0, generator=generator)
            )
        except (NotImplementedError, RuntimeError):
            return None

    def _one_process(self) -> Fabric:
        return make_fabric(self._device, precision=self._precision)

    def _batches(self, device: torch.device, *, rank: int, world_size: int) -> FolderBatches:
        config = self.method.config
        return FolderBatches(
            self.pictures, self.holes, size=config.size, scale=config.scale, flip=config.flip,
            batch_size=config.batch_size, seed=self.seed, device=device, rank=rank, world_size=world_size,
            workers=self.workers,
        )  # fmt: skip

    def _validator(self, run: Path, log: LogFile, every: int, batches: FolderBatches) -> Validator:
        config, measured = self.method.config, self.validation is not None
        if self.validation is not None:
            batches = FolderBatches(
                self.validation, self.holes, size=config.size, scale=config.scale, flip=False, batch_size=1,
                seed=self.seed, device=batches.device,
            )  # fmt: skip
        looked_at = list(batches.validation(VALIDATED if measured else SHOWN))
        return Validator(self.method, looked_at, run=run, log=log, every=every, seed=self.seed, measured=measured)


def folder_method(name: str) -> type[FolderMethod]:
    """The class of a method that learns from folders.

    Raises:
        OptionError: an unknown method, or one that learns otherwise.
    """
    kind = method_class(name)
    if not issubclass(kind, FolderMethod):
        able = ", ".join(methods_that("learns_from_folder")) or "none is installed"
        raise OptionError(f"{name} does not learn from a folder of pictures (these do: {able})")
    return kind


def fit_folder(
    method: str,
    pictures: str | Path,
    *,
    validation: str | Path | None = None,
    celeba_attributes: Sequence[str] = (),
    preset: str | None = None,
    seed: int = 0,
    device: str = "auto",
    devices: int = 1,
    nodes: int = 1,
    precision: str = "32",
    workers: int | None = None,
    folder: str | Path | None = None,
    validate_every: int = VALIDATE_EVERY,
    tensorboard: bool = False,
    progress: Progress | bool = False,
    **options: OptionValue,
) -> FolderModel:
    """Train a method on a folder of pictures.

    Args:
        method: one that learns from folders, e.g. "dmfn".
        pictures: the folder, of any depth.
        validation: a folder of other pictures, on which the best weights are chosen.
        celeba_attributes: only pictures with these attributes of CelebA, e.g. "Mustache" or "-Mustache".
        preset, options: named settings, and changes to them, e.g. `masks="strokes"`.
        seed: same seed, same weights.
        device: "auto", "cpu", "cuda" or "mps".
        devices, nodes: processes a machine, and machines; see `train.device.make_fabric`.
        precision: "32", "bf16", or "auto".
        workers: processes that decode pictures; None takes what the machine has to spare.
        folder: run folder in which training is kept, resumed and finished; None keeps everything in memory.
        validate_every: steps between validations and sample sheets.
        tensorboard: write the log for TensorBoard too.
        progress: called at every step.

    Raises:
        SelfmendError: one line: what came, what fits, what to do.
    """
    progress = shown(progress)
    training = FolderTraining(
        method, pictures, validation=validation, celeba_attributes=celeba_attributes, preset=preset, options=options,
        seed=seed, device=device, devices=devices, nodes=nodes, precision=precision, workers=workers,
    )  # fmt: skip
    return training.run(folder, validate_every=validate_every, tensorboard=tensorboard, progress=progress)


def default_workers(devices: int) -> int:
    """Worker processes for each of `devices` processes on this machine: a core is left for each of these; 1 to 4."""
    return max(1, min(4, (os.cpu_count() or 1) // devices - 1))


def import_official(method: str, files: Sequence[str | Path], **options: Any) -> FolderModel:
    """A model from the authors' own weights; `FolderModel.save` makes a run of it.

    Args:
        method: "edgeconnect", "dmfn" or "context-encoder".
        files: the generators' checkpoints, in any order.
        options: changes to the config, e.g. `size=512`.

    Raises:
        WeightsError: a file that is not whole, or holds another network than is needed; the message names it.
        OptionError: another method, or an option that does not fit.
    """
    paths = [Path(file) for file in files]
    made = from_official(method, paths, options)
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in paths}
    return FolderModel(made, seed=0, data={"imported": digests})
