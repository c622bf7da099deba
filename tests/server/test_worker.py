"""What a worker tells the server of its jobs, without a process of its own."""

import math
import mmap
import multiprocessing
import subprocess
import sys
import threading
import warnings
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import selfmend.jobs.work
from encoded import decoded
from selfmend.errors import ImageError, SelfmendWarning
from selfmend.jobs import worker
from selfmend.jobs.job import Job, stored_settings
from selfmend.jobs.worker import CANCEL, PREVIEW, WorkerContext, do_all, memory
from selfmend.progress import ProgressEvent

JOB = Job(id="a", task="fill", queue="quick", created=1.0, settings=stored_settings("fill", {"seed": 3}))


def jobs_of(told):
    return [told for what, told in told if what == "job"]


def ends(told):
    """(state, error) of each job that has ended."""
    return [(job.state, job.error) for job in jobs_of(told) if job.final]


class Server:
    """The other end of a worker's connection; the worker is a thread."""

    def __init__(self, tmp_path, monkeypatch):
        self.connection, self._other = multiprocessing.Pipe()
        self._context = WorkerContext(jobs=tmp_path, runs=tmp_path, device="cpu")
        (tmp_path / JOB.id).mkdir()
        self._monkeypatch = monkeypatch

    def order(self, *jobs, during=()):
        """Have functions of the progress done as jobs, one after the other; all that is told."""
        waiting, told = list(jobs), []
        done = lambda job, context, progress: (waiting.pop(0)(progress), ())  # noqa: E731, results and choices
        self._monkeypatch.setattr(selfmend.jobs.work, "do", done)
        thread = threading.Thread(target=do_all, args=(self._other, self._context))
        thread.start()
        for _ in jobs:
            self.connection.send(JOB)
            for message in during:
                self.connection.send(message)
            before = len(ends(told))
            while len(ends(told)) == before:
                assert self.connection.poll(20)
                told.append(self.connection.recv())
        self.connection.send(None)
        thread.join(20)
        assert not thread.is_alive()
        while self.connection.poll():
            told.append(self.connection.recv())
        return told


@pytest.fixture
def server(tmp_path, monkeypatch):
    return Server(tmp_path, monkeypatch)


def raising(error):
    def job(progress):
        raise error

    return job


def test_each_job_is_answered_whatever_happens_to_it(server) -> None:
    def warned(progress):
        for _ in range(2):
            warnings.warn("one\nline", SelfmendWarning, stacklevel=1)
        warnings.warn("for developers", UserWarning, stacklevel=1)
        return ()

    jobs = [
        warned, raising(ImageError("bad\npicture")), raising(MemoryError()),
        raising(OSError(28, "No space left", "/x")), raising(ZeroDivisionError("division by zero")),
        lambda progress: (),
    ]  # fmt: skip
    told = server.order(*jobs)
    assert [job.warnings for job in jobs_of(told)] == [("one line",), *[()] * 5]
    assert all(job.settings == JOB.settings for job in jobs_of(told))  # there and back through the connection
    answers = ends(told)
    assert answers[:2] == [("done", None), ("failed", "bad picture")]
    assert answers[2][1].startswith("not enough memory for this picture")
    assert answers[3] == ("failed", "/x: No space left")
    assert answers[4] == ("failed", "the program failed; the log has the details")
    assert answers[5] == ("done", None)
    (fault,) = (details for what, details in told if what == "fault")
    assert "ZeroDivisionError: division by zero" in fault


def test_cancel_is_seen_at_the_next_step(server) -> None:
    def endless(progress):
        while True:
            progress(ProgressEvent(stage="x"))

    told = server.order(endless, lambda progress: (), during=[CANCEL])
    assert ends(told) == [("cancelled", None), ("done", None)]  # one was late


def test_progress_is_told_a_few_times_a_second_and_never_falls(server, monkeypatch) -> None:
    now = [100.0]
    monkeypatch.setattr(worker, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def job(progress):
        for k in range(100):
            progress(ProgressEvent(stage="one", step=k, steps=100, done=k / 200, terms={"loss": 1.0, "bad": math.nan}))
            now[0] += 0.01
        progress(ProgressEvent(stage="two", stage_index=1, stage_count=2, done=0.1))
        return ()

    *told, _ = jobs_of(server.order(job))
    assert len(told) == 11
    assert told[0] == replace(JOB, stage="one", done=0.0, terms={"loss": 1.0})
    assert told[-1] == replace(JOB, stage="two", stage_index=1, stage_count=2, done=0.99 / 2)


def test_previews_are_drawn_small_and_counted(server, tmp_path) -> None:
    def job(progress):
        progress(ProgressEvent(stage="x", preview=lambda: np.zeros((20, 2 * PREVIEW, 3), np.float32)))
        progress(ProgressEvent(stage="x", preview=lambda: None))
        progress(ProgressEvent(stage="x", preview=lambda: np.ones((20, 30, 1), np.float32)))
        return ()

    *told, _ = jobs_of(server.order(job))
    assert [job.previews for job in told] == [1, 1, 2]
    assert decoded(tmp_path / JOB.id / "preview.png").shape == (20, 30, 3)


def test_a_large_preview_is_shrunk(server, tmp_path) -> None:
    def job(progress):
        progress(ProgressEvent(stage="x", preview=lambda: np.zeros((20, 2 * PREVIEW, 3), np.float32)))
        return ()

    server.order(job)
    assert decoded(tmp_path / JOB.id / "preview.png").shape == (10, PREVIEW, 3)


@pytest.mark.parametrize("limit", ["MOST_JOBS", "MOST_MEMORY"])
def test_a_process_that_has_grown_gives_way(server, monkeypatch, limit) -> None:
    assert server.order(lambda progress: ())[-1][1].state == "done"
    monkeypatch.setattr(worker, limit, 1)
    assert server.order(lambda progress: ())[-1] == ("leaving", None)


def test_memory_is_what_the_process_holds() -> None:
    before = memory()
    block = mmap.mmap(-1, 50_000_000)  # not from the heap, which may have as much to reuse
    block.write(b"x" * 50_000_000)
    assert 30e6 < memory() - before < 120e6
    block.close()


def test_a_worker_that_fills_loads_no_network() -> None:
    code = "import sys; from selfmend.jobs.worker import _warm; _warm(1); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
