"""What the dispatcher makes of workers that die, and of files that nobody needs."""

import signal
import time
from dataclasses import replace

import pytest

from selfmend.jobs.dispatcher import Dispatcher
from selfmend.jobs.job import Job, Limits, Settings
from selfmend.jobs.queue import PREPARED, Store
from selfmend.processes import ChildEndedError


class WorkerHandle:
    """A worker that has died."""

    queue, ready = "quick", False

    def __init__(self, job, code):
        self.job, self._code = job, code

    def take(self):
        raise ChildEndedError("it has ended")

    def end(self, *, now=False):
        return self._code


@pytest.fixture
def dispatcher(tmp_path, monkeypatch):
    """Never started: the tests take its turns one by one."""
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    store = Store(tmp_path)
    yield Dispatcher(
        store, runs=tmp_path / "runs", limits=Limits(keep_hours=1), quick_workers=1, device="cpu", clock=lambda: 9000.0
    )
    store.close()


def begun(store, id):
    """A job that runs."""
    prepared = store.path_of(PREPARED + id)
    prepared.mkdir(parents=True)
    store.add(Job(id=id, task="fill", queue="quick", created=1.0, settings=Settings()), prepared=prepared)
    return store.take("quick", 2.0)


def die(dispatcher, job, code):
    worker = WorkerHandle(job, code)
    dispatcher._workers.append(worker)
    dispatcher._receive(worker)
    assert worker not in dispatcher._workers


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (1, "the worker ended unexpectedly (exit code 1)"),
        (-signal.SIGSEGV, "the worker ended unexpectedly (exit code -11)"),
        (-signal.SIGKILL, "the worker ended unexpectedly (exit code -9); perhaps memory was used up, then a smaller "
         "picture fits"),
    ],
)  # fmt: skip
def test_the_job_of_a_dead_worker_has_failed(dispatcher, caplog, code, error) -> None:
    job = begun(dispatcher._store, "a")
    die(dispatcher, replace(job, warnings=("it said something",)), code)
    job = dispatcher._store.get("a")
    assert (job.state, job.error, job.warnings) == ("failed", error, ("it said something",))
    assert error in caplog.text


def test_a_job_given_to_a_worker_that_is_leaving_waits_again(dispatcher) -> None:
    """It says so after its last job, and may have been given the next one by then."""
    worker = WorkerHandle(begun(dispatcher._store, "a"), 0)
    dispatcher._workers.append(worker)
    dispatcher._answer(worker, "leaving")
    assert dispatcher._workers == []
    assert dispatcher._store.get("a").state == "queued"


def test_a_worker_that_was_told_to_end_leaves_its_job_to_another_one_once(dispatcher) -> None:
    die(dispatcher, begun(dispatcher._store, "a"), -signal.SIGTERM)
    assert dispatcher._store.get("a").state == "queued"
    die(dispatcher, dispatcher._store.take("quick", 3.0), -signal.SIGTERM)
    assert dispatcher._store.get("a").error == "the worker ended unexpectedly (exit code -15)"


def test_an_idle_worker_that_dies_is_said_in_the_log(dispatcher, caplog) -> None:
    die(dispatcher, None, 1)
    assert "a worker ended unexpectedly (exit code 1); another one takes its place" in caplog.text


def test_old_jobs_and_files_without_a_job_go(dispatcher) -> None:
    store = dispatcher._store
    for id, ended in {"old": 5000.0, "new": 6000.0}.items():
        store.finish(replace(begun(store, id), state="done"), ended)
    running = begun(store, "running")
    for name in ("left", f"{PREPARED}coming"):
        store.path_of(name).mkdir()
    dispatcher._clean()
    assert sorted(path.name for path in (store.folder / "jobs").iterdir()) == ["new", f"{PREPARED}coming", "running"]
    assert [job.id for job in store.newest(9)] == ["running", "new"]
    store.cancel("running", 1.0)
    store.remove(["running"])
    dispatcher._workers.append(WorkerHandle(running, 0))
    dispatcher._sweeping = True
    dispatcher._clean()
    assert store.path_of("running").exists()  # a worker still writes there
    dispatcher._workers.clear()
    dispatcher._clean()
    assert not store.path_of("running").exists()
