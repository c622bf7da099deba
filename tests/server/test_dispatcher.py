"""What the dispatcher makes of workers that die, and of files that nobody needs."""

import signal
import time
from dataclasses import replace

import numpy as np
import pytest

from selfmend.errors import DiskFullError
from selfmend.jobs.dispatcher import Dispatcher, SteadyClock, WorkerHandle
from selfmend.jobs.job import Job, Limits, Settings
from selfmend.jobs.queue import PREPARED, Store
from selfmend.processes import ChildEndedError


class Dead:
    """A worker that has died."""

    queue, ready = "quick", False

    def __init__(self, job, code):
        self.job, self._code = job, code

    def take(self):
        raise ChildEndedError("it has ended")

    def end(self, *, now=False):
        return self._code


class Alive(WorkerHandle):
    """A worker without a process."""

    def __init__(self, job):
        self.queue, self.job, self.ready, self._stopping, self._ended = "quick", job, False, 0.0, False

    def end(self, *, now=False):
        return 1


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
    worker = Dead(job, code)
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
    worker = Dead(begun(dispatcher._store, "a"), 0)
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


def test_workers_that_cannot_get_ready_are_started_more_and_more_seldom(dispatcher, monkeypatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    starts = []

    def start(queue, context):
        starts.append(clock[0])
        return Dead(None, 1)

    monkeypatch.setattr("selfmend.jobs.dispatcher.WorkerHandle", start)
    for _ in range(600):
        dispatcher._start_worker()
        for worker in list(dispatcher._workers):
            dispatcher._receive(worker)
        clock[0] += 1
    gaps = np.diff(starts)
    assert len(starts) < 20
    assert gaps.max() <= 61
    assert list(gaps) == sorted(gaps)
    dispatcher._answer(Dead(None, 1), "ready")  # one has come up again
    assert dispatcher._pause_starts(Dead(None, 1)) < 1


def test_a_full_disk_holds_results_and_workers_until_there_is_room(dispatcher, caplog) -> None:
    """The worker takes no other job, nothing is lost, and the log has one line for the outage and one for its end."""
    store = dispatcher._store
    idle, dead, leaving = (Alive(begun(store, id)) for id in "abc")
    dispatcher._workers += [idle, dead, leaving]
    (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
    store._connection.execute(f"PRAGMA max_page_count = {pages}")  # SQLite's own way to a full disk
    done = replace(idle.job, state="done", warnings=("x" * 50_000,))
    with pytest.raises(DiskFullError, match=r"jobs\.sqlite cannot be written"):
        dispatcher._answer(idle, "job", done)
    for _ in range(3):
        with pytest.raises(DiskFullError):
            dispatcher._keep_rest()
        dispatcher._tell_trouble("jobs.sqlite cannot be written")
    assert (store.get("a").state, idle.ready, idle.late) == ("running", False, False)
    with pytest.raises(DiskFullError):
        dispatcher._lost(dead)
    with pytest.raises(DiskFullError):
        dispatcher._answer(leaving, "leaving")
    store._connection.execute("PRAGMA max_page_count = 1000000")
    dispatcher._keep_rest()
    dispatcher._tell_trouble("")
    assert [store.get(id).state for id in "abc"] == ["done", "failed", "queued"]
    assert (idle.job, idle.ready) == (None, True)
    told = [
        record.getMessage()
        for record in caplog.records
        if "kept" in record.getMessage() or "wait" in record.getMessage()
    ]
    assert len(told) == 2


def test_what_was_cancelled_counts_and_a_clock_that_jumps_makes_nothing_old(dispatcher) -> None:
    store = dispatcher._store
    job = begun(store, "a")
    (store.path_of("a") / "input").write_bytes(b"x" * 100)
    store.cancel("a", 9000.0)
    dispatcher._clean()
    assert store.finished() == [("a", 9000.0, 100)]
    dispatcher._clock = dispatcher._steady._clock = lambda: 9000.0 + 25 * 3600
    dispatcher._clean_at = 0.0
    dispatcher._clean()
    assert store.get(job.id).state == "cancelled"


def test_time_passes_by_both_clocks() -> None:
    clocks = {"clock": 1000.0, "steady": 5.0}
    steady = SteadyClock(lambda: clocks["clock"], lambda: clocks["steady"])
    for clock, passed, seconds in ((1010, 15, 1010), (99000, 16, 1011), (900, 17, 900), (1050, 55, 1050)):
        clocks |= {"clock": clock, "steady": passed}
        assert steady() == seconds


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
    dispatcher._workers.append(Dead(running, 0))
    dispatcher._sweeping = True
    dispatcher._clean()
    assert store.path_of("running").exists()  # a worker still writes there
    dispatcher._workers.clear()
    dispatcher._clean()
    assert not store.path_of("running").exists()
