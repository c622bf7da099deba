"""What a worker tells the server of its jobs, without a process of its own."""

import math
import mmap
import multiprocessing
import threading
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

import selfmend.jobs.work
from encoded import decoded
from selfmend.errors import ImageError, SelfmendWarning
from selfmend.jobs import worker
from selfmend.jobs.job import Work
from selfmend.jobs.work import WorkerContext
from selfmend.jobs.worker import CANCEL, PREVIEW, do_all, memory
from selfmend.progress import ProgressEvent

FINAL = ("done", "failed", "cancelled")


class Server:
    """The other end of a worker's connection; the worker is a thread."""

    def __init__(self, tmp_path, monkeypatch):
        self.connection, self._other = multiprocessing.Pipe()
        self._place, self._folder = WorkerContext(runs=tmp_path, device="cpu"), tmp_path
        self._monkeypatch = monkeypatch

    def order(self, *jobs, during=()):
        """Have functions of the progress done as jobs, one after the other; all that is told."""
        waiting, told = list(jobs), []
        self._monkeypatch.setattr(selfmend.jobs.work, "do", lambda work, place, progress: waiting.pop(0)(progress))
        thread = threading.Thread(target=do_all, args=(self._other, self._place))
        thread.start()
        for _ in jobs:
            self.connection.send(Work(id="a", kind="fill", folder=self._folder, settings={}, files={}, stem="a"))
            for message in during:
                self.connection.send(message)
            while not told or told[-1][0] not in FINAL:
                assert self.connection.poll(20)
                told.append(self.connection.recv())
            told.append(("-",))
        self.connection.send(None)
        thread.join(20)
        assert not thread.is_alive()
        while self.connection.poll():
            told.append(self.connection.recv())
        return [message for message in told if message != ("-",)]


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
        return ["result"]

    jobs = [
        warned, raising(ImageError("bad\npicture")), raising(MemoryError()),
        raising(OSError(28, "No space left", "/x")), raising(ZeroDivisionError("division by zero")),
        lambda progress: ["fine"],
    ]  # fmt: skip
    told = server.order(*jobs)
    assert told[0::2] == [("warnings", ["one line"]), *[("warnings", [])] * 5]
    answers = told[1::2]
    assert answers[0] == ("done", ["result"])
    assert answers[1] == ("failed", "bad picture", None)
    assert answers[2][1].startswith("not enough memory for this picture")
    assert answers[3][1] == "/x: No space left"
    assert answers[4][:2] == ("failed", "the program failed; the log has the details")
    assert "ZeroDivisionError: division by zero" in answers[4][2]
    assert answers[5] == ("done", ["fine"])


def test_cancel_is_seen_at_the_next_step(server) -> None:
    def endless(progress):
        while True:
            progress(ProgressEvent(stage="x"))

    told = server.order(endless, lambda progress: ["fine"], during=[CANCEL])
    assert [message for message in told if message[0] in FINAL] == [("cancelled",), ("done", ["fine"])]  # one was late


def test_progress_is_told_a_few_times_a_second_and_never_falls(server, monkeypatch) -> None:
    now = [100.0]
    monkeypatch.setattr(worker, "time", SimpleNamespace(monotonic=lambda: now[0]))

    def job(progress):
        for k in range(100):
            progress(ProgressEvent(stage="one", step=k, steps=100, done=k / 200, terms={"loss": 1.0, "bad": math.nan}))
            now[0] += 0.01
        progress(ProgressEvent(stage="two", stage_index=1, stage_count=2, done=0.1))
        return []

    told = [message for message in server.order(job) if message[0] == "progress"]
    assert len(told) == 11
    assert told[0] == (
        "progress", {"stage": "one", "stage_index": 0, "stage_count": 0, "done": 0.0, "terms": {"loss": 1.0}}, 0,
    )  # fmt: skip
    assert told[-1][1] | {"terms": {}} == {
        "stage": "two", "stage_index": 1, "stage_count": 2, "done": pytest.approx(0.495), "terms": {},
    }  # fmt: skip


def test_previews_are_drawn_small_and_counted(server, tmp_path) -> None:
    def job(progress):
        progress(ProgressEvent(stage="x", preview=lambda: np.zeros((20, 2 * PREVIEW, 3), np.float32)))
        progress(ProgressEvent(stage="x", preview=lambda: None))
        progress(ProgressEvent(stage="x", preview=lambda: np.ones((20, 30, 1), np.float32)))
        return []

    told = [message for message in server.order(job) if message[0] == "progress"]
    assert [previews for _, _, previews in told] == [1, 1, 2]
    assert decoded(tmp_path / "preview.png").shape == (20, 30, 3)


def test_a_large_preview_is_shrunk(server, tmp_path) -> None:
    server.order(
        lambda progress: progress(ProgressEvent(stage="x", preview=lambda: np.zeros((20, 2 * PREVIEW, 3), np.float32)))
    )
    assert decoded(tmp_path / "preview.png").shape == (10, PREVIEW, 3)


@pytest.mark.parametrize("limit", ["MOST_JOBS", "MOST_MEMORY"])
def test_a_process_that_has_grown_gives_way(server, monkeypatch, limit) -> None:
    assert server.order(lambda progress: [])[-1] == ("done", [])
    monkeypatch.setattr(worker, limit, 1)
    assert server.order(lambda progress: [])[-2:] == [("done", []), ("leaving",)]


def test_memory_is_what_the_process_holds() -> None:
    before = memory()
    block = mmap.mmap(-1, 50_000_000)  # not from the heap, which may have as much to reuse
    block.write(b"x" * 50_000_000)
    assert 30e6 < memory() - before < 120e6
    block.close()
