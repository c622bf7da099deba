"""A server on a free port, with a runner that fills in threads of this process: for clients to talk to."""

import io
import threading
import time

import numpy as np
import uvicorn
from PIL import Image as PILImage

import selfmend
from fake_runner import FakeRunner
from selfmend.jobs.job import Limits, Result, result_url
from selfmend.jobs.request import check_settings
from selfmend.server.app import create_app
from selfmend.server.security import Access

TOKEN = "a token of many letters"
PATIENCE = 20  # seconds; a busy machine


class MendingRunner(FakeRunner):
    """Takes what the real runner takes and fills at once; jobs whose method is "waits" wait until a test changes them.

    Attributes:
        submitted: the jobs as they came, also those that are removed.
        cancelled: ids of those that were stopped before their end.
    """

    def __init__(self, folder, *, limits=None, **options):
        super().__init__(folder, finishes=False, **options)
        self.limits = limits or Limits()
        self.submitted, self.cancelled = [], []

    def submit(self, task, files, settings, *, names=None):
        if settings.get("method") != "waits":
            check_settings(task, settings, files=files, models=())
        job = super().submit(task, files, settings, names=names)
        self.submitted.append(job)
        if settings.get("method") != "waits":
            threading.Thread(target=self.mend, args=(job.id,), daemon=True).start()
        return job

    def cancel(self, job_id):
        self.cancelled.append(job_id)
        return super().cancel(job_id)

    def mend(self, job_id):
        self.change(job_id, state="running", done=0.5, stage="filling", seconds_left=2.4, place=None)
        settings, folder = self.jobs[job_id].settings.model_dump(exclude_unset=True), self.folder / job_id
        try:
            mended = selfmend.inpaint(
                folder / "image", folder / "mask", method=settings.get("method", "telea"), seed=settings.get("seed", 0)
            )  # fmt: skip
        except selfmend.SelfmendError as error:
            self.change(job_id, state="failed", error=str(error), finished=time.time())
            return
        mended.save(self.result_path(job_id, 0), "PNG")
        size = self.result_path(job_id, 0).stat().st_size
        result = Result(
            index=0, url=result_url(job_id, 0), name="a.png", media_type="image/png", width=1, height=1, bytes=size
        )
        self.change(job_id, state="done", done=1.0, finished=time.time(), results=(result,))

    def stopped(self):
        """Whether the last job was cancelled, and then removed."""
        id = self.submitted[-1].id
        return id in self.cancelled and id not in self.jobs


class Server:
    """uvicorn in a thread; `runner` is what it asks."""

    def __init__(self, runner, *, token=None, port=0):
        self.runner = runner
        app = create_app(runner, access=Access(token=token), limits=runner.limits)
        self.server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical", ws="none"))
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        until(lambda: self.server.started)
        self.address = f"http://127.0.0.1:{self.server.servers[0].sockets[0].getsockname()[1]}"
        return self

    def __exit__(self, *_):
        self.server.should_exit = True
        self.thread.join(PATIENCE)


def until(condition):
    """Wait until it holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def png(array):
    file = io.BytesIO()
    PILImage.fromarray(array).save(file, "PNG")
    return file.getvalue()


def pixels(picture):
    return np.array(PILImage.open(io.BytesIO(picture)))
