"""A runner without processes: its jobs do what a test tells them, at once or when it is told."""

import dataclasses
import io
import secrets
import threading
import time
from pathlib import Path

from PIL import Image as PILImage

from selfmend.errors import OptionError
from selfmend.jobs.job import Job, Limits, QueueFull, Result, UnknownJob, UnknownModel, result_url, stored_settings
from selfmend.jobs.request import check_inputs


def png(size=(6, 4), colour="blue", kind="PNG"):
    """The bytes of a picture file."""
    target = io.BytesIO()
    PILImage.new("RGB", size, colour).save(target, kind)
    return target.getvalue()


class FakeRunner:
    """The runner's interface over plain dicts.

    Attributes:
        finishes: whether a job is done as soon as it comes; else a test calls `finish` or `change`.
        room: how many jobs may wait.
        fails: the line with which every job fails, if any.
        settings: of all jobs that ever came.
    """

    def __init__(self, folder: Path, *, finishes: bool = True, room: int = 1000) -> None:
        self.folder, self.finishes, self.room = folder, finishes, room
        self.limits = Limits(max_pixels=10_000)
        self.jobs, self.orders, self.listeners = {}, {}, {}
        self.lock, self.fails, self.settings = threading.RLock(), None, []

    def submit(self, task, files, settings, *, names=None):
        if task not in ("fill", "sample"):
            raise OptionError(f"unknown task {task!r}")
        if "colour" in settings:
            raise OptionError("unknown option 'colour'")
        check_inputs(files, names or {}, self.limits)
        with self.lock:
            if sum(job.state == "queued" for job in self.jobs.values()) >= self.room:
                raise QueueFull(f"{self.room} jobs wait already; try again later")
            job = Job(
                id=secrets.token_urlsafe(16), task=task, queue="quick", place=0, created=time.time(),
                settings=stored_settings(task, settings),
            )  # fmt: skip
            self.jobs[job.id] = job
            self.orders[job.id] = (dict(files), dict(names or {}))
            for name, data in files.items():
                path = self.folder / job.id / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
        self.settings.append(dict(settings))
        if self.fails:
            self.change(job.id, state="failed", error=self.fails, place=None, finished=time.time())
        elif self.finishes:
            self.finish(job.id)
        return self.jobs[job.id]

    def change(self, job_id, **changes):
        with self.lock:
            job = self.jobs[job_id]
            self.jobs[job_id] = dataclasses.replace(job, revision=job.revision + 1, **changes)
            listeners = list(self.listeners.get(job_id, ()))
        for listener in listeners:
            listener(self.jobs[job_id])

    def finish(self, job_id, colour="red"):
        """A picture of 6 x 4 pixels as the result, JPEG if nothing else is asked for."""
        path = self.result_path(job_id, 0)
        path.parent.mkdir(parents=True, exist_ok=True)
        exif = PILImage.Exif()
        exif[271] = "a camera"
        kind = self.jobs[job_id].settings.format or "jpeg"
        PILImage.new("RGB", (6, 4), colour).save(path, kind, exif=exif)
        name = f"{Path(self.orders[job_id][1].get('image', 'picture.jpg')).stem}-mended.jpg"
        result = Result(
            index=0, url=result_url(job_id, 0), name=name, media_type=f"image/{kind}", width=6, height=4,
            bytes=path.stat().st_size,
        )  # fmt: skip
        now = time.time()
        self.change(job_id, state="done", place=None, done=1.0, started=now, finished=now, results=(result,))

    def get(self, job_id):
        if job_id not in self.jobs:
            raise UnknownJob(f"there is no job {job_id!r}")
        return self.jobs[job_id]

    def list(self, limit=100):
        return list(reversed(self.jobs.values()))[:limit]

    def cancel(self, job_id):
        self.change(self.get(job_id).id, state="cancelled", place=None, finished=time.time())
        return self.get(job_id)

    def remove(self, job_id):
        del self.jobs[self.get(job_id).id]

    def subscribe(self, job_id, callback):
        listeners = self.listeners.setdefault(job_id, [])
        listeners.append(callback)
        return lambda: listeners.remove(callback)

    def result_path(self, job_id, index):
        job = self.jobs[job_id]
        if job.final and index >= len(job.results):
            raise UnknownJob(f"there is no result {index}")
        return self.folder / job_id / f"result-{index}.jpg"

    def preview_path(self, job_id):
        return self.folder / job_id / "preview.png" if self.get(job_id).previews else None

    def input_path(self, job_id, name):
        if name not in self.orders[self.get(job_id).id][0]:
            raise UnknownJob(f"this job came without {name}")
        return self.folder / job_id / name

    def counts(self):
        states = [job.state for job in self.jobs.values()]
        return {"queued": states.count("queued"), "running": states.count("running")}

    def models(self):
        return []

    def remove_model(self, name):
        raise UnknownModel(f"there is no model {name!r}")

    def thumbnail(self, name):
        raise UnknownModel(f"there is no model {name!r}")
