"""The work on one picture of a folder, and what the engines that spread it are told."""

from __future__ import annotations

import hashlib
import os
import platform
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from selfmend._version import __version__
from selfmend.api.many import method_for_many, weights_of
from selfmend.api.restoring import restored
from selfmend.errors import OptionError, SelfmendError, SelfmendWarning, check_known, is_out_of_memory
from selfmend.files import exists
from selfmend.image.files import picture_size, save_picture
from selfmend.image.picture_files import alike_beside, pictures_at
from selfmend.masks.finders import FINDERS
from selfmend.masks.same_mark import MOST
from selfmend.methods.base import Method, describe_config
from selfmend.parallel import limit_threads
from selfmend.pipeline import fill, read_masked
from selfmend.video.pipeline import fingerprint


def mark(path: str | Path) -> dict[str, Any]:
    """Length in bytes, time of the last change in nanoseconds, and SHA-256 of a file."""
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    state = Path(path).stat()
    return {"bytes": state.st_size, "modified": state.st_mtime_ns, "sha256": digest}


def is_same(path: str | Path, marked: Mapping[str, Any]) -> bool:
    """Whether a file is the marked one: by length and time, or, where it was copied or touched, by its content."""
    try:
        state = Path(path).stat()
        if state.st_size != marked["bytes"]:
            return False
        return state.st_mtime_ns == marked["modified"] or mark(path)["sha256"] == marked["sha256"]
    except OSError:
        return False


@dataclass(frozen=True, kw_only=True)
class FolderPicture:
    """One picture to mend.

    Attributes:
        name: relative to the folder, with "/" between folders.
        image: the file.
        mask: a file, or a text as `read_mask` takes it; None is the picture's transparency.
        output: the file to write.
        seed: of this picture: `selfmend inpaint --seed` with it makes the same.
    """

    name: str
    image: Path
    mask: str | None
    output: Path
    seed: int


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of a picture.

    Attributes:
        picture: as it was given.
        error: one line; "" where the result is written.
        warnings: what was said while it was mended.
        seconds: from reading to writing.
        cpu: seconds of the processor in that time.
        worker: host and process.
        files: marks (see `files.mark`) of "image", "mask" and "output", as far as they are files.
        lost: the worker was killed, or ran out of memory: alone the picture may be mended.
    """

    picture: FolderPicture
    error: str = ""
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    cpu: float = 0.0
    worker: str = ""
    files: dict[str, Any] | None = None
    lost: bool = False


def worker_name(process: int) -> str:
    """How a process of this machine is called in the manifest."""
    return f"{platform.node()}:{process}"


Mend: TypeAlias = Callable[[FolderPicture], Outcome]
"""Mends one picture; whatever is wrong with it is in the outcome."""

Prepare: TypeAlias = Callable[[], Mend]
"""Loads all that is needed, in the worker's process, or raises SelfmendError; small, and can be pickled."""


class Engine(Protocol):
    """What has pictures mended somewhere."""

    def run(self, pictures: Iterable[FolderPicture]) -> Iterator[Outcome]:
        """Mend all pictures, in any order, and yield each outcome once, when it is there.

        What runs is ended when the iterator is closed. Pictures are taken as they are needed: there may be very many.
        """


@dataclass(frozen=True, kw_only=True)
class FolderJob:
    """How holes are filled; the fields are as in `selfmend.inpaint`.

    With `find`, a kind of `masks.finders.FINDERS`, the hole is what is found; then the fields are as in
    `selfmend.restore`.
    """

    method: str = "auto"
    preset: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    model: str | Path | None = None
    device: str = "auto"
    grow_mask: int = 0
    invert_mask: bool = False
    find: str | None = None
    sensitivity: float = 0.5
    region: str | None = None
    grain: bool = True
    same_in: Path | None = None

    def prepare(self) -> Mend:
        """Load the method, in the process that is to use it.

        Raises:
            SelfmendError: it cannot be loaded.
        """
        return Mender(self)

    def method_loaded(self) -> Method:
        """The method, with its options or with what a run learned."""
        return method_for_many(self.method, self.preset, self.options, device=self.device, model=self.model)

    def describe(self) -> dict[str, Any]:
        """All that a result depends on beside the picture, the mask and the seed, as JSON.

        Raises:
            SelfmendError: what does not fit: method, options, model, device, or the number of pixels to grow by.
        """
        if self.grow_mask < 0:
            raise OptionError(f"grow is {self.grow_mask}; at least 0 fits")
        found = self._found()
        method = self.method_loaded()
        return {
            "version": __version__,
            "method": method.name,
            "options": describe_config(method.config),
            "model": None if self.model is None else fingerprint(weights_of(self.model)),
            "grow": self.grow_mask,
            "invert-mask": self.invert_mask,
            **found,
        }

    def _found(self) -> dict[str, Any]:
        """What is looked for, if anything is."""
        if self.find is None:
            return {}
        check_known("kind", self.find, FINDERS)
        if not 0 <= self.sensitivity <= 1:
            raise OptionError(f"sensitivity is {self.sensitivity:g}; 0 to 1 fits")
        found = {"find": self.find, "sensitivity": self.sensitivity, "region": self.region, "grain": self.grain}
        if self.same_in is None:
            return found
        if self.find != "watermark":
            raise OptionError(f"other pictures tell nothing of {self.find}; they do with kind watermark")
        return {**found, "same-in": [file.name for file in pictures_at(self.same_in)]}

    def at_once(self, cores: int) -> int:
        """How many pictures are best mended at once on a machine: one where what is learned lies on a graphics card.

        Raises:
            OptionError: an unknown method or device.
        """
        from selfmend.methods.registry import method_info

        if self.model is None and not method_info(self.method).learns:
            return cores
        from selfmend.training.devices import resolve_device

        return cores if resolve_device(self.device).type == "cpu" else 1


BYTES_PER_PIXEL = 150  # of the quick methods: patchmatch takes about 100 beside what the process has loaded
_GROUP = Path("/sys/fs/cgroup")


def bytes_needed(picture: Path) -> int:
    """About how much mending a picture takes; 0 where its size cannot be read."""
    size = picture_size(picture)
    return 0 if size is None else size[0] * size[1] * BYTES_PER_PIXEL


def free_memory() -> float:
    """Bytes that this machine, or this container, has left; infinity where it does not say."""
    free = float("inf")
    try:
        lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        free = float(lines["MemAvailable"].split()[0]) * 1024
        free = min(free, int((_GROUP / "memory.max").read_text()) - int((_GROUP / "memory.current").read_text()))
    except (OSError, ValueError, KeyError):  # no Linux, no container, or one without a limit ("max")
        return free
    return free


class Mender:
    """Mends pictures with a method that is loaded once. Made by `FolderJob.prepare`."""

    def __init__(self, job: FolderJob) -> None:
        limit_threads(1)
        self._job, self._method = job, job.method_loaded()

    def __call__(self, picture: FolderPicture) -> Outcome:
        """Mend one picture; what is wrong with it is in the outcome."""
        started, cpu, error, lost, files = time.perf_counter(), time.process_time(), "", False, None
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", SelfmendWarning)
            try:
                files = self._mend(picture)
            except SelfmendError as problem:
                error = str(problem)
            except Exception as problem:  # whatever a method does, the other pictures go on
                lost = is_out_of_memory(problem)
                error = "not enough memory" if lost else f"{type(problem).__name__}: {problem}"
        told = dict.fromkeys(str(w.message) for w in said if issubclass(w.category, SelfmendWarning))
        return Outcome(
            picture=picture, error=" ".join(error.split()), warnings=tuple(told), seconds=time.perf_counter() - started,
            cpu=time.process_time() - cpu, worker=worker_name(os.getpid()), files=files, lost=lost,
        )  # fmt: skip

    def _mend(self, picture: FolderPicture) -> dict[str, Any]:
        job = self._job
        image_mark = mark(picture.image) if exists(picture.image) else None  # before: a change meanwhile is seen later
        drawn = picture.mask if picture.mask not in (None, "alpha") and exists(str(picture.mask)) else None
        mask_mark = None if drawn is None else mark(drawn)
        mended = self._restored(picture) if job.find else self._filled(picture)
        save_picture(mended, picture.output)
        return {"image": image_mark, "mask": mask_mark, "output": mark(picture.output)}

    def _filled(self, picture: FolderPicture) -> Any:
        masked = read_masked(picture.image, picture.mask, invert=self._job.invert_mask, grow=self._job.grow_mask)
        return fill(masked, self._method, seed=picture.seed)[0]

    def _restored(self, picture: FolderPicture) -> Any:
        job = self._job
        assert job.find is not None
        others = [] if job.same_in is None else alike_beside(picture.image, job.same_in, most=MOST)
        if job.same_in is not None and not others:
            warnings.warn(
                f"no other picture in {job.same_in} has its size: the mark is looked for in it alone",
                SelfmendWarning, stacklevel=2,
            )  # fmt: skip
        return restored(
            picture.image, self._method, kind=job.find, sensitivity=job.sensitivity, region=job.region,
            grow=job.grow_mask, grain=job.grain, same_in=others, seed=picture.seed,
        ).result  # fmt: skip
