"""What a worker does for each task, by the Python interface: `TASKS` names these functions. Imports torch."""

from __future__ import annotations

import dataclasses
import importlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image as PILImage

import selfmend.api as api
from selfmend.api.filling import FillRequest
from selfmend.api.filling import fill as fill_request
from selfmend.errors import MaskError
from selfmend.image.animation import save_frames
from selfmend.image.files import read_picture, save_picture, shown_size
from selfmend.image.picture import Picture
from selfmend.image.picture_files import warn
from selfmend.jobs.job import FilledBy, Job, Result, result_url
from selfmend.jobs.request import NO_HOLE
from selfmend.masks.finders import FINDERS
from selfmend.masks.reading import check_hole, default_mask, read_mask
from selfmend.methods.base import Choice
from selfmend.methods.registry import method_info
from selfmend.progress import Progress, ProgressEvent, after_learning, while_learning
from selfmend.tasks import TASKS
from selfmend.types import Size

if TYPE_CHECKING:
    from selfmend.jobs.worker import WorkerContext

_MEDIA = {
    ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".jpe": "image/jpeg", ".jfif": "image/jpeg",
    ".webp": "image/webp", ".tif": "image/tiff", ".tiff": "image/tiff", ".bmp": "image/bmp", ".dib": "image/bmp",
    ".gif": "image/gif", ".tga": "image/x-tga", ".ppm": "image/x-portable-pixmap", ".pgm": "image/x-portable-graymap",
    ".pbm": "image/x-portable-bitmap", ".pnm": "image/x-portable-anymap", ".pam": "image/x-portable-arbitrarymap",
    ".jp2": "image/jp2", ".j2k": "image/jp2",
    ".avif": "image/avif", ".heic": "image/heic", ".heif": "image/heif", ".hif": "image/heif",
    ".mp4": "video/mp4",
    ".mov": "video/quicktime", ".m4v": "video/mp4", ".mkv": "video/x-matroska", ".webm": "video/webm",
    ".avi": "video/x-msvideo",
}  # fmt: skip
_ENDINGS = {"png": ".png", "jpeg": ".jpg", "webp": ".webp", "tiff": ".tif"}


@dataclass(frozen=True, kw_only=True)
class JobOutput:
    """What came of a job.

    Attributes:
        results: pictures, PIL images or arrays; of an animation the list of its frames is the only one; or a file that
            is there already.
        suffix: "-mended" makes photo-mended.jpg.
        ending: of their files.
        choices: what filled which share of the hole, and why, of a method that chooses.
    """

    results: list[Any]
    suffix: str
    ending: str
    choices: Sequence[Choice] = ()


class RunningJob:
    """A job that is done, with what most tasks do: find files, learn, load.

    Attributes:
        job: the record.
        settings: of the job.
        options: of the method, by name.
        folder: of the job.
        context: of the worker.
        progress: is told of each step.
    """

    def __init__(self, job: Job, context: WorkerContext, progress: Progress) -> None:
        self.job, self.context, self.progress = job, context, progress
        self.folder = context.jobs / job.id
        self.settings: Any = job.settings  # of the class of its task
        self.options: dict[str, Any] = dict(job.settings.options)

    def path(self, what: str) -> Path | None:
        """The file that came as `what`, if one did."""
        name = self.job.files.get(what)
        return None if name is None else self.folder / "inputs" / name

    def needed(self, what: str) -> Path:
        """The file that came as `what`, without which there would be no such job."""
        path = self.path(what)
        assert path is not None
        return path

    def model(self) -> api.Model | api.FolderModel | None:
        """The run that was named, with the options looked at, if one was."""
        name = self.settings.get("model")
        if not name:
            return None
        model = api.load(self.context.runs / name, device=self.context.device)
        model.method.with_fill_options(self.options)  # else they would be taken for other arguments
        return model

    def picture_model(self) -> api.Model | None:
        """The same, of a run that has learned one picture; another one is no model for these jobs."""
        model = self.model()
        assert model is None or isinstance(model, api.Model)
        return model

    def learn(self, path: Path, source: Any = None) -> api.Model:
        """Learn a picture in the job's folder, where it goes on after a crash."""
        picture, settings = read_picture(path), self.settings
        hole = None
        if source is not None:
            hole = read_mask(source, picture, invert=settings.invert_mask, grow=settings.grow_mask)
            check_hole(hole)
        progress, self.progress = self.progress, after_learning(self.progress)
        return api.fit_picture(
            settings.method, picture, hole, preset=settings.preset, options=self.options, seed=settings.seed,
            device=self.context.device, folder=self.folder / "run", opaque=source == "alpha",
            progress=while_learning(progress),
        )  # fmt: skip

    def ending(self, path: Path | None, model: api.Model | api.FolderModel | None = None) -> str:
        """Of the results: as it was asked for, or of the picture that came, or of the one that the model has."""
        wanted = _ENDINGS.get(self.settings.format)
        if wanted or path:
            return wanted or (path.suffix if path else "")
        assert isinstance(model, api.Model)
        return ".tif" if getattr(model.picture.original, "mode", "") == "CMYK" else ".png"

    def redrawing(self, *names: str) -> dict[str, Any]:
        """The arguments of whatever draws anew, by a model or by the patches of a picture, with the settings named."""
        given = {name: getattr(self.settings, name) for name in ("start_scale", "seed", *names)}
        photo = self.path("image") or self.path("example")
        return given | {"model": self.picture_model(), "picture": photo, "progress": self.progress}


def do(job: Job, context: WorkerContext, progress: Progress) -> tuple[tuple[Result, ...], tuple[FilledBy, ...]]:
    """Do a job, and write its results; these, and what a method that chooses has chosen."""
    running = RunningJob(job, context, progress)
    results = running.folder / "results"
    shutil.rmtree(results, ignore_errors=True)  # of an attempt that was cut off
    results.mkdir(parents=True, exist_ok=True)
    made = _function(job.task)(running)
    saved = tuple(_saved(made, k, job, results) for k in range(len(made.results)))
    shutil.rmtree(running.folder / "run", ignore_errors=True)
    return saved, tuple(FilledBy(by=one.by, share=one.share, why=one.why) for one in made.choices)


def _function(task: str) -> Callable[[RunningJob], JobOutput]:
    module, _, name = TASKS[task].does.partition(":")
    return getattr(importlib.import_module(module), name)


def _saved(made: JobOutput, k: int, job: Job, folder: Path) -> Result:
    path, result = folder / f"{k}{made.ending}", made.results[k]
    if isinstance(result, Path):
        result.replace(path)
        assert job.size is not None
        height, width = job.size
    elif isinstance(result, list):
        save_frames(result, path, fps=job.settings.get("fps"))
        width, height = result[0].size
    else:
        save_picture(result, path)
        with PILImage.open(path) as picture:
            height, width = shown_size(picture)
    number = f"-{k + 1}" if len(made.results) > 1 else ""
    return Result(
        index=k, url=result_url(job.id, k), name=f"{job.stem}{made.suffix}{number}{made.ending}",
        media_type=_MEDIA[made.ending], width=width, height=height, bytes=path.stat().st_size,
    )  # fmt: skip


def fill(job: RunningJob) -> JobOutput:
    """Fill with a run, with a method that learns the picture first, or with one that does not."""
    settings, path, model = job.settings, job.path("image"), job.model()
    given: dict[str, Any] = {"samples": settings.samples, "reference": job.path("reference")}
    given |= {"align": settings.align, "progress": job.progress}
    changed: dict[str, Any] = {"invert_mask": settings.invert_mask, "grow_mask": settings.grow_mask}
    source: Any = job.path("mask")
    if model is not None:
        own = isinstance(model, api.Model) and model.mask is not None
        if source is None and path is not None:
            picture = read_picture(path)
            source = default_mask(picture, None) if own else _transparency(picture)
        filled = model.inpaint(path, source, seed=settings.seed, **given, **changed, **job.options)
    else:
        path = job.needed("image")
        source = source or _transparency(read_picture(path))
        if method_info(settings.method).learns == "picture":
            model = job.learn(path, source)
            filled = model.inpaint(**given | {"progress": job.progress})
        else:
            return _filled_by_method(job, path, source)
    return JobOutput(results=_listed(filled), suffix="-mended", ending=job.ending(path, model))


def _filled_by_method(job: RunningJob, path: Path, source: Any) -> JobOutput:
    """Filled by a method that learns nothing first, with what it says of its choices."""
    settings = job.settings
    names = ("method", "preset", "seed", "samples", "align", "invert_mask")
    request = FillRequest(
        image=path, mask=source, grow=settings.grow_mask, reference=job.path("reference"), options=job.options,
        device=job.context.device, **{name: getattr(settings, name) for name in names},
    )  # fmt: skip
    done = fill_request(request, job.progress)
    return JobOutput(results=done.results, suffix="-mended", ending=job.ending(path), choices=done.choices)


def find(job: RunningJob) -> JobOutput:
    """A mask of what is found."""
    settings = job.settings
    how = {name: getattr(settings, name) for name in ("sensitivity", "region", "grow", "at")}
    mask = api.find_mask(job.needed("image"), settings.kind, **how)
    if not mask.any():
        wanted = FINDERS[settings.kind].wanted if settings.kind in FINDERS else settings.kind
        warn(f"no {wanted} was found: the mask is black")
    return JobOutput(results=[mask.astype(np.uint8) * 255], suffix="-mask", ending=".png")


def restore(job: RunningJob) -> JobOutput:
    """Damage found and filled."""
    settings, path = job.settings, job.needed("image")
    names = ("sensitivity", "region", "grow", "grain", "method", "preset", "seed")
    how = {name: getattr(settings, name) for name in names}
    made = api.restore(
        path, settings.kind, device=job.context.device, progress=job.progress, **how, **job.options
    )  # fmt: skip
    return JobOutput(results=[made], suffix="-restored", ending=job.ending(path))


def expand(job: RunningJob) -> JobOutput:
    """The picture with more around it."""
    settings, path = job.settings, job.needed("image")
    names = ("left", "right", "top", "bottom", "aspect", "method", "preset", "seed")
    how = {name: getattr(settings, name) for name in names}
    made = api.expand(path, device=job.context.device, progress=job.progress, **how, **job.options)
    return JobOutput(results=[made], suffix="-expanded", ending=job.ending(path))


def train(job: RunningJob) -> JobOutput:
    """Learn in the job's folder, and move what was learned to the runs, so that no half-trained run is ever there."""
    from selfmend.training.checkpoints import RunFolder  # PyTorch: a worker that fills needs none

    target, run = job.context.runs / job.settings.name, job.folder / "run"
    if target.exists():  # an attempt was cut off between the move and its end
        RunFolder(target).weights()
        return JobOutput(results=[], suffix="", ending="")
    path = job.needed("image")
    source = job.path("mask") or default_mask(read_picture(path), None)
    job.learn(path, source)
    moving = target.with_name(f".{job.job.id}")
    shutil.rmtree(moving, ignore_errors=True)
    shutil.move(run, moving)  # copies, where the runs are on another disk
    moving.rename(target)
    return JobOutput(results=[], suffix="", ending="")


def sample(job: RunningJob) -> JobOutput:
    """New pictures like one."""
    made, ending = _drawn(job, "sample", samples=job.settings.samples)
    return JobOutput(results=_listed(made), suffix="-sample", ending=ending)


def retarget(job: RunningJob) -> JobOutput:
    """The picture in another shape."""
    made, ending = _drawn(job, "retarget")
    return JobOutput(results=[made], suffix="-retargeted", ending=ending)


def _drawn(job: RunningJob, call: str, **more: Any) -> tuple[Any, str]:
    """New pictures by `sample` or `retarget`, of a model or of the interface, and the ending of their files."""
    settings, path, model, options = job.settings, job.path("image"), job.picture_model(), job.options
    if settings.start_scale is not None:
        options["start_scale"] = settings.start_scale
    if getattr(settings, "variety", ""):
        options["variety"] = settings.variety
    if model is None and method_info(settings.method).learns == "picture":
        model, options = job.learn(job.needed("image")), {}  # it has learned with them
    more |= {"seed": settings.seed, "progress": job.progress}
    if model is not None:
        made = getattr(model, call)(size=_size(job, model.picture.size), **more, **options)
    else:
        size = _size(job, read_picture(job.needed("image")).size)
        more |= {name: getattr(settings, name) for name in ("method", "preset")}
        made = getattr(api, call)(path, size=size, device=job.context.device, **more, **options)
    return made, job.ending(path, model)


def super_resolve(job: RunningJob) -> JobOutput:
    """The picture enlarged."""
    settings, path, model = job.settings, job.path("image"), job.picture_model()
    drawn: dict[str, Any] = {"seed": settings.seed, "progress": job.progress}
    if model is not None:
        made = model.super_resolve(**drawn)
    else:
        learns = method_info(settings.method).learns == "picture"
        named = {name: getattr(settings, name) for name in ("method", "preset")}
        made = api.super_resolve(
            job.needed("image"), settings.factor, device=job.context.device,
            folder=job.folder / "run" if learns else None, **named, **drawn, **job.options,
        )  # fmt: skip
    return JobOutput(results=[made], suffix="-enlarged", ending=job.ending(path, model))


def harmonize(job: RunningJob) -> JobOutput:
    """A pasted object made to fit."""
    path = job.needed("picture")
    made = api.harmonize(path, job.needed("mask"), **job.redrawing("invert_mask"))
    return JobOutput(results=[made], suffix="-harmonized", ending=job.ending(path))


def edit(job: RunningJob) -> JobOutput:
    """The seams of an edit mended."""
    path = job.needed("picture")
    made = api.edit(path, job.path("mask"), **job.redrawing("noise", "invert_mask", "masked"))
    return JobOutput(results=[made], suffix="-mended", ending=job.ending(path))


def paint(job: RunningJob) -> JobOutput:
    """A picture out of a painting."""
    path, given = job.needed("picture"), job.redrawing("noise", "quantized")
    return JobOutput(results=[api.paint(path, **given)], suffix="-painted", ending=job.ending(path))


def animate(job: RunningJob) -> JobOutput:
    """The frames of a film."""
    film = api.animate(**job.redrawing("noise", "frames", "alpha", "beta", "loop"))
    return JobOutput(results=[film], suffix="-moving", ending=f".{job.settings.format}")


def video(job: RunningJob) -> JobOutput:
    """The frames of a film filled."""
    settings, path = job.settings, job.needed("clip")
    target = job.folder / f"mended{path.suffix}"
    names = ("sensitivity", "grow_mask", "method", "preset", "steady", "seed")
    how: dict[str, Any] = {name: getattr(settings, name) for name in names}
    text = settings.find == "text"
    api.mend_video(
        path, target, mask=job.path("mask"), subtitles=text, find=None if text else settings.find or None,
        device=job.context.device, overwrite=True, progress=_by_frame(job.progress), **how, **job.options,
    )  # fmt: skip
    return JobOutput(results=[target], suffix="-mended", ending=path.suffix)


def _by_frame(progress: Progress) -> Progress:
    """Progress that says which frame it is at."""

    def told(event: ProgressEvent) -> None:
        if event.stage == "frames" and event.steps:
            event = dataclasses.replace(event, stage=f"frame {event.step} of {event.steps}")
        progress(event)

    return told


def _transparency(picture: Picture) -> str:
    source = default_mask(picture, None)
    if source is None:
        raise MaskError(NO_HOLE)
    return source


def _size(job: RunningJob, own: Size) -> Size | None:
    """As it was asked for; a side that was not named is the picture's own, and with none of them the method chooses."""
    height, width = job.settings.height, job.settings.width
    return None if height is None and width is None else (height or own[0], width or own[1])


def _listed(made: Any) -> list[Any]:
    return made if isinstance(made, list) else [made]
