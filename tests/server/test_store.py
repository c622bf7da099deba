"""The jobs on disk: order, places, ends that happen once, and what a crash leaves."""

import sqlite3

import pytest

from selfmend.errors import RunError
from selfmend.jobs.job import Job, Result, UnknownJob
from selfmend.jobs.queue import PREPARED, Store

RESULT = Result(index=0, name="a-mended.png", media_type="image/png", width=3, height=2, bytes=9)


@pytest.fixture
def changed():
    """The ids that were told of, in order."""
    return []


@pytest.fixture
def store(tmp_path, changed):
    store = Store(tmp_path / "server", changed=changed.extend)
    yield store
    store.close()


def add(store, id, *, lane="quick", kind="fill", **settings):
    prepared = store.path_of(PREPARED + id)
    (prepared / "inputs").mkdir(parents=True)
    job = Job(id=id, kind=kind, state="queued", lane=lane, created=1.0, settings=settings, size=(2, 3))
    return store.add(job, files={"image": "image.png"}, stem="a", prepared=prepared)


def test_jobs_are_taken_in_order_lane_by_lane(store) -> None:
    for id, lane in {"a": "quick", "b": "heavy", "c": "quick"}.items():
        add(store, id, lane=lane, seed=ord(id))
    assert [store.get(id).place for id in "abc"] == [0, 0, 1]
    work = store.take("quick", 5.0)
    assert (work.id, work.kind, work.settings, work.files, work.stem) == (
        "a", "fill", {"seed": 97}, {"image": "image.png"}, "a",
    )  # fmt: skip
    assert work.folder == store.path_of("a")
    assert (work.folder / "inputs").is_dir()
    job = store.get("a")
    assert (job.state, job.place, job.started, job.size) == ("running", None, 5.0, (2, 3))
    assert [store.get(id).place for id in "bc"] == [0, 1]
    assert store.take("quick", 6.0).id == "c"
    assert store.take("quick", 6.0) is None
    assert store.take("heavy", 6.0).id == "b"
    assert [job.id for job in store.newest(2)] == ["c", "b"]


def test_a_job_ends_once(store, changed) -> None:
    for id in "abc":
        add(store, id)
    store.take("quick", 5.0)
    store.tell("a", {"stage": "x", "done": 0.25, "seconds_left": 9.0, "terms": {"loss": 1.5}}, previews=2)
    job = store.get("a")
    assert (job.stage, job.done, job.seconds_left, job.terms, job.previews) == ("x", 0.25, 9.0, {"loss": 1.5}, 2)
    before = {id: store.get(id).revision for id in "abc"}
    changed.clear()
    assert store.finish("a", "done", 7.0, warnings=["w"], results=[("0.png", RESULT)], size=9)
    assert sorted(changed) == ["a", "b", "c"]  # the others have moved up
    assert all(store.get(id).revision > before[id] for id in "abc")
    assert not store.finish("a", "failed", 8.0, error="late")
    store.tell("a", {"stage": "late"}, previews=3)
    job = store.get("a")
    assert (job.state, job.results, job.warnings, job.error) == ("done", (RESULT,), ("w",), None)
    assert (job.finished, job.seconds, job.done, job.seconds_left, job.previews) == (7.0, 2.0, 1.0, None, 2)
    assert store.file("a", "paths", 0) == "0.png"
    assert store.cancel("a", 9.0) == "done"
    assert store.get("a").state == "done"
    assert store.finished() == [("a", 7.0, 9)]


def test_what_ran_at_a_crash_is_begun_again_but_not_for_ever(tmp_path, store) -> None:
    for id in "ab":
        add(store, id)
    for attempt in range(2):
        assert store.take("quick", 5.0).id == "a"
        store.close()
        store = Store(tmp_path / "server")
        revision = store.get("a").revision
        store.recover(9.0)
        assert store.get("a").revision > revision
        assert store.get("a").state == ("queued", "failed")[attempt]
    assert store.get("a").error == "the server ended 2 times while this job ran; it is not begun again"
    assert store.get("a").finished == 9.0
    assert (store.get("b").state, store.get("b").place) == ("queued", 0)
    store.close()


def test_an_attempt_that_is_put_back_may_count_or_not(store) -> None:
    add(store, "a")
    for _ in range(3):
        assert store.take("quick", 5.0).id == "a"
        assert store.put_back("a")
    assert not store.put_back("a")
    assert (store.take("quick", 5.0).id, store.put_back("a", counts=True)) == ("a", True)
    assert (store.take("quick", 5.0).id, store.put_back("a", counts=True)) == ("a", False)
    assert store.get("a").state == "running"


def test_only_finished_jobs_are_removed_and_their_folders_are_orphans(store) -> None:
    for id in "ab":
        add(store, id, model="m")
    store.cancel("a", 2.0)
    store.remove(["a", "b"])
    with pytest.raises(UnknownJob, match="there is no job 'a'; it was removed, or never was"):
        store.get("a")
    assert store.get("b").state == "queued"
    (store.folder / "jobs" / f"{PREPARED}c").mkdir()
    assert store.orphans() == [store.path_of("a")]
    assert store.settings_in_use() == [("fill", {"model": "m"})]
    assert store.counts() == {"queued": 1}


def test_a_job_whose_files_cannot_be_moved_is_none(store, changed) -> None:
    job = Job(id="a", kind="fill", state="queued", lane="quick", created=1.0)
    with pytest.raises(FileNotFoundError):
        store.add(job, files={}, stem="a", prepared=store.folder / "nothing")
    assert (store.newest(9), changed) == ([], [])


def test_a_full_disk_is_said_and_changes_nothing(store, changed) -> None:
    add(store, "a")
    changed.clear()
    store._connection.execute("PRAGMA query_only = 1")  # as near to a full disk as a test can come
    with pytest.raises(RunError, match=r"jobs\.sqlite cannot be written: attempt to write"):
        store.take("quick", 5.0)
    store._connection.execute("PRAGMA query_only = 0")
    assert (store.get("a").state, changed) == ("queued", [])
    assert store.take("quick", 5.0).id == "a"


def test_a_newer_file_is_refused(tmp_path, store) -> None:
    store.close()
    with sqlite3.connect(tmp_path / "server" / "jobs.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(RunError, match=r"was written by a newer version \(its format is 99, this one reads 1\)"):
        Store(tmp_path / "server")


def test_a_damaged_file_is_refused(tmp_path) -> None:
    (tmp_path / "jobs.sqlite").write_bytes(b"no database, " * 100)
    with pytest.raises(RunError, match=r"jobs\.sqlite is damaged .*; move it away, or take it from a backup"):
        Store(tmp_path)
