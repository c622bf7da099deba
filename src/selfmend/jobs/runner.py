"""The queue: takes jobs, has workers do them, and keeps what they made. Nothing of HTTP is known here."""

from __future__ import annotations

import dataclasses
import logging
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from selfmend.errors import MaskError, OptionError
from selfmend.jobs.dispatcher import Dispatcher
from selfmend.jobs.job import Busy, Job, Limits, QueueFull, UnknownJob
from selfmend.jobs.models import (
    ModelInfo,
    check_application,
    list_models,
    model_names,
    new_name,
    remove_model,
    save_thumbnail,
)
from selfmend.jobs.queue import PREPARED, Store
from selfmend.jobs.request import (
    NO_HOLE,
    check_inputs,
    check_made,
    check_settings,
    queue_of,
    safe_stem,
    save_inputs,
)

_LOG = logging.getLogger("selfmend.server")
Told = Callable[[Job], None]


class Runner:
    """Jobs in a folder, and the processes that do them.

    Args:
        folder: for the jobs; made where it does not exist. One process at a time.
        runs: the folder of trained runs; None is FOLDER/runs.
        limits: what is accepted, and how long it is kept.
        quick_workers: processes for jobs that train nothing; None is one for each two cores.
        device: "auto", "cpu", "cuda" or "mps".
        clock: seconds since 1970.

    Raises:
        RunError: another process works with the folder, or a newer version has written it.
    """

    def __init__(
        self,
        folder: Path,
        *,
        runs: Path | None = None,
        limits: Limits = Limits(),  # noqa: B008, it is frozen
        quick_workers: int | None = None,
        device: str = "auto",
        clock: Callable[[], float] = time.time,
    ) -> None:
        if quick_workers is not None and quick_workers < 1:
            raise OptionError(f"quick_workers is {quick_workers}; at least 1 fits")
        self.folder, self.runs, self.limits = folder, runs or folder / "runs", limits
        self._clock = clock
        self._told: dict[str, dict[object, Told]] = {}
        self._told_lock = threading.Lock()
        self._accepting = threading.Lock()
        self.runs.mkdir(parents=True, exist_ok=True)
        self._store = Store(folder, changed=self._tell)
        for path in (folder / "jobs").glob(f"{PREPARED}*"):  # of a server that was killed while they came
            shutil.rmtree(path, ignore_errors=True)
        self._dispatcher = Dispatcher(
            self._store, runs=self.runs, limits=limits, quick_workers=quick_workers, device=device, clock=clock
        )

    def start(self) -> None:
        """Begin to work; what ran when the last process ended is begun again, or goes on."""
        self._store.recover(self._clock())
        self._dispatcher.start()

    def stop(self) -> None:
        """End the workers; what runs goes back into the queue, for the next start."""
        self._dispatcher.stop()
        self._store.close()

    def submit(
        self,
        task: str,
        files: Mapping[str, bytes],
        settings: Mapping[str, Any],
        *,
        names: Mapping[str, str] | None = None,
    ) -> Job:
        """Put a job into the queue.

        Args:
            task: one of `selfmend.tasks.TASKS`.
            files: contents by what they are, such as "image" or "mask".
            settings: of that task; what is left out has its default.
            names: of the files, as their owner calls them.

        Raises:
            QueueFull: too many jobs wait.
            SelfmendError: one line: what came, what fits, what to do.
        """
        names = names or {}
        self._check_room()
        looked = check_inputs(files, names, self.limits)
        checked = check_settings(task, settings, files=files, models=model_names(self.runs))
        shown = looked.get("image") or looked.get("picture") or looked.get("clip")
        named = checked.get("model")
        if task == "fill" and not named and "mask" not in files and shown and not shown.transparent:
            raise MaskError(NO_HOLE)
        size = shown.size if shown else None
        model = check_application(self.runs, named, task) if named else None
        check_made(task, checked, size=size or (model.size if model else None), limits=self.limits)
        stem = safe_stem(names.get("image") or names.get("picture") or names.get("clip") or named or "")
        id = secrets.token_urlsafe(16)
        prepared = self._store.path_of(PREPARED + id)
        try:
            saved = save_inputs(files, looked, prepared / "inputs")
            with self._accepting:
                self._check_room()
                if task == "train":
                    name = new_name(checked.get("name"), stem, self._names_taken())
                    checked = checked.model_copy(update={"name": name})
                job = Job(
                    id=id, task=task, queue=queue_of(task, checked), created=self._clock(), settings=checked,
                    files=saved, stem=stem, size=size,
                )  # fmt: skip
                job = self._store.add(job, prepared=prepared)
        except BaseException:
            shutil.rmtree(prepared, ignore_errors=True)
            raise
        self._dispatcher.wake()
        return self._with_reason(job)

    def get(self, id: str) -> Job:
        """A job as it is now.

        Raises:
            UnknownJob: there is none of that id.
        """
        return self._with_reason(self._store.get(id))

    def list(self, limit: int = 100) -> list[Job]:
        """The newest jobs first."""
        return [self._with_reason(job) for job in self._store.newest(limit)]

    def counts(self) -> Mapping[str, int]:
        """How many jobs there are of each state."""
        return self._store.counts()

    def cancel(self, id: str) -> Job:
        """End a job that is queued or runs; a finished one stays as it is.

        Raises:
            UnknownJob: there is none of that id.
        """
        self._store.cancel(id, self._clock())
        self._dispatcher.wake()
        return self.get(id)

    def remove(self, id: str) -> None:
        """Forget a job and its files; one that is not finished is cancelled first.

        Raises:
            UnknownJob: there is none of that id.
        """
        self._store.cancel(id, self._clock())
        self._store.remove([id])
        self._dispatcher.sweep_soon()

    def wait(self, id: str, *, revision: int = -1, timeout: float | None = None) -> Job:
        """Block until a job's revision is greater, or the time is over; the job as it is then.

        Raises:
            UnknownJob: there is none of that id, or it was removed meanwhile.
        """
        changed = threading.Event()
        unsubscribe = self.subscribe(id, lambda job: changed.set() if job.revision > revision else None)
        try:
            if self.get(id).revision <= revision:
                changed.wait(timeout)
            return self.get(id)
        finally:
            unsubscribe()

    def subscribe(self, id: str, callback: Told) -> Callable[[], None]:
        """Have each change of a job told, from whichever thread makes it; call what comes back to end that.

        `callback` must not block. A removed job is called for no more.
        """
        key = object()
        with self._told_lock:
            self._told.setdefault(id, {})[key] = callback

        def unsubscribe() -> None:
            with self._told_lock:
                self._told.get(id, {}).pop(key, None)
                if not self._told.get(id):
                    self._told.pop(id, None)

        return unsubscribe

    def result_path(self, id: str, index: int) -> Path:
        """The file of a result.

        Raises:
            UnknownJob: there is no such job or result.
        """
        results = self.get(id).results
        if not 0 <= index < len(results):
            raise UnknownJob(f"this job has {len(results)} results, counted from 0; there is none {index}")
        return self._store.path_of(id) / "results" / results[index].file

    def preview_path(self, id: str) -> Path | None:
        """The last preview, a PNG, if there has been one."""
        return self._store.path_of(id) / "preview.png" if self.get(id).previews else None

    def input_path(self, id: str, name: str) -> Path:
        """A file that came with a job, such as its "image" or "mask".

        Raises:
            UnknownJob: there is no such job or file.
        """
        files = self.get(id).files
        if name not in files:
            raise UnknownJob(f"this job came without {name!r}; it has: {', '.join(files) or 'no files'}")
        return self._store.path_of(id) / "inputs" / files[name]

    def models(self) -> Sequence[ModelInfo]:
        """The trained runs, the newest first."""
        return list_models(self.runs)

    def remove_model(self, name: str) -> None:
        """Remove a trained run.

        Raises:
            UnknownModel: there is none of that name.
            Busy: a job that is not finished needs it.
        """
        for job in self._store.unfinished():
            if job.settings.get("model") == name:
                raise Busy(f"the model {name!r} is needed by a job ({job.task}); wait for it, or cancel it")
        remove_model(self.runs, name)

    def thumbnail(self, name: str) -> Path:
        """A small PNG of the picture that a run has learned.

        Raises:
            UnknownModel: there is none of that name, or it has learned a folder of pictures.
        """
        return save_thumbnail(self.runs, name, self.folder / "thumbnails")

    def _check_room(self) -> None:
        waiting = self._store.counts().get("queued", 0)
        if waiting >= self.limits.max_queue:
            raise QueueFull(f"{waiting} jobs wait, and no more may; try again when some of them are done")

    def _with_reason(self, job: Job) -> Job:
        """A job that waits though none is before it says why."""
        if job.state != "queued" or job.place or not self._dispatcher.starting(job.queue):
            return job
        return dataclasses.replace(job, stage="a worker gets ready")

    def _names_taken(self) -> set[str]:
        """Of runs, those that are still to be trained among them."""
        coming = {job.settings.get("name") for job in self._store.unfinished() if job.task == "train"}
        return coming | {path.name for path in self.runs.iterdir()}

    def _tell(self, ids: Sequence[str]) -> None:
        for id in ids:
            with self._told_lock:
                callbacks = list(self._told.get(id, {}).values())
            if not callbacks:
                continue
            try:
                job = self.get(id)
            except UnknownJob:  # removed meanwhile
                continue
            for callback in callbacks:
                try:
                    callback(job)
                except Exception:  # of whoever listens: the work goes on
                    _LOG.exception("a listener of job %s failed", id)
