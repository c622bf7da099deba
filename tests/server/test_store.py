"""The jobs on disk: order, places, ends that happen once, and what a crash or an older version leaves."""

import json
import sqlite3
from dataclasses import replace

import pytest

from facts import mentions
from selfmend.errors import RunError
from selfmend.jobs.job import FilledBy, Job, Result, UnknownJob, stored_settings
from selfmend.jobs.queue import PREPARED, Store

RESULT = Result(
    index=0, url="/api/jobs/a/results/0", name="a-mended.png", media_type="image/png", width=3, height=2, bytes=9
)


@pytest.fixture
def changed():
    """The ids that were told of, in order."""
    return []


@pytest.fixture
def store(tmp_path, changed):
    store = Store(tmp_path / "server", changed=changed.extend)
    yield store
    store.close()


def new(id, *, queue="quick", **settings):
    """A job that waits."""
    return Job(
        id=id, task="fill", queue=queue, created=1.0, settings=stored_settings("fill", settings), size=(2, 3),
        files={"image": "image.png"}, stem="a",
    )  # fmt: skip


def add(store, id, **more):
    prepared = store.path_of(PREPARED + id)
    (prepared / "inputs").mkdir(parents=True)
    return store.add(new(id, **more), prepared=prepared)


def test_jobs_are_taken_in_order_queue_by_queue(store) -> None:
    for id, queue in {"a": "quick", "b": "heavy", "c": "quick"}.items():
        add(store, id, queue=queue, seed=ord(id))
    assert [store.get(id).place for id in "abc"] == [0, 0, 1]
    job = store.take("quick", 5.0)
    assert job == replace(new("a", seed=97), state="running", started=5.0, revision=1) == store.get("a")
    assert (store.path_of("a") / "inputs").is_dir()
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
    told = replace(store.get("a"), stage="x", done=0.25, seconds_left=9.0, terms={"loss": 1.5}, previews=2)
    store.tell(told)
    job = store.get("a")
    assert (job.stage, job.done, job.seconds_left, job.terms, job.previews) == ("x", 0.25, 9.0, {"loss": 1.5}, 2)
    before = {id: store.get(id).revision for id in "abc"}
    changed.clear()
    assert store.finish(replace(told, state="done", warnings=("w",), results=(RESULT,)), 7.0, size=9)
    assert sorted(changed) == ["a", "b", "c"]  # the others have moved up
    assert all(store.get(id).revision > before[id] for id in "abc")
    assert not store.finish(replace(told, state="failed", error="late"), 8.0)
    store.tell(replace(told, stage="late", previews=3))
    job = store.get("a")
    assert (job.state, job.results, job.warnings, job.error) == ("done", (RESULT,), ("w",), None)
    assert (job.finished, job.seconds, job.done, job.seconds_left, job.previews) == (7.0, 2.0, 1.0, None, 2)
    assert job.results[0].file == "0.png"
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
    with pytest.raises(UnknownJob, match=mentions("'a'")):
        store.get("a")
    assert store.get("b").state == "queued"
    (store.folder / "jobs" / f"{PREPARED}c").mkdir()
    assert store.orphans() == [store.path_of("a")]
    assert [(job.id, job.settings.model) for job in store.unfinished()] == [("b", "m")]
    assert store.counts() == {"queued": 1}


def test_a_job_whose_files_cannot_be_moved_is_none(store, changed) -> None:
    with pytest.raises(FileNotFoundError):
        store.add(new("a"), prepared=store.folder / "nothing")
    assert (store.newest(9), changed) == ([], [])


def test_a_full_disk_is_said_and_changes_nothing(store, changed) -> None:
    add(store, "a")
    changed.clear()
    store._connection.execute("PRAGMA query_only = 1")  # as near to a full disk as a test can come
    with pytest.raises(RunError, match=mentions("jobs.sqlite")):
        store.take("quick", 5.0)
    store._connection.execute("PRAGMA query_only = 0")
    assert (store.get("a").state, changed) == ("queued", [])
    assert store.take("quick", 5.0).id == "a"


def test_a_newer_file_is_refused(tmp_path, store) -> None:
    store.close()
    with sqlite3.connect(tmp_path / "server" / "jobs.sqlite") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(RunError, match=mentions("99", "3")):
        Store(tmp_path / "server")


def test_a_damaged_file_is_refused(tmp_path) -> None:
    (tmp_path / "jobs.sqlite").write_bytes(b"no database, " * 100)
    with pytest.raises(RunError, match=mentions("jobs.sqlite")):
        Store(tmp_path)


FIRST_VERSION = """
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, lane TEXT NOT NULL,
    state TEXT NOT NULL, settings TEXT NOT NULL, files TEXT NOT NULL, stem TEXT NOT NULL, size TEXT NOT NULL,
    created REAL NOT NULL, started REAL, finished REAL, attempts INTEGER NOT NULL DEFAULT 0, progress TEXT NOT NULL
    DEFAULT '{}', previews INTEGER NOT NULL DEFAULT 0, error TEXT, warnings TEXT NOT NULL DEFAULT '[]',
    results TEXT NOT NULL DEFAULT '[]', paths TEXT NOT NULL DEFAULT '[]', bytes INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX by_state ON jobs (state, lane, number);
PRAGMA user_version = 1;
"""


@pytest.fixture
def first(tmp_path):
    """A folder as the first version left it: a job that is done, one that ran at a kill, one that waits."""
    folder = tmp_path / "old"
    folder.mkdir()
    settings = {"method": "gpnn", "preset": None, "model": None, "seed": 5, "samples": 1, "options": {"patch": 5}}
    made = {"index": 0, "name": "a-mended.png", "media_type": "image/png", "width": 3, "height": 2, "bytes": 9}
    progress = {"stage": "one", "stage_index": 1, "stage_count": 2, "terms": {"loss": 1.5}, "done": 0.5}
    common = {"settings": json.dumps(settings), "files": '{"image": "image.png"}', "stem": "a", "created": 1.0}
    rows = [
        {"id": "a", "kind": "fill", "lane": "quick", "state": "done", "size": "[2, 3]", "started": 2.0, "finished": 4.0,
         "attempts": 1, "progress": json.dumps(progress | {"seconds_left": 3.0}), "previews": 2, "warnings": '["w"]',
         "results": json.dumps([made]), "paths": '["0.png"]', "bytes": 9, "revision": 7},
        {"id": "b", "kind": "train", "lane": "heavy", "state": "running", "size": "[2, 3]", "started": 3.0,
         "attempts": 1, "progress": json.dumps(progress), "previews": 1, "revision": 3},
        {"id": "c", "kind": "animate", "lane": "quick", "state": "queued", "size": "null"},
    ]  # fmt: skip
    with sqlite3.connect(folder / "jobs.sqlite") as connection:
        connection.executescript(FIRST_VERSION)
        for row in rows:
            row = common | row
            marks = ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO jobs ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))
    connection.close()
    return folder


def test_jobs_of_the_first_version_are_still_there(first) -> None:
    for _ in range(2):  # the second time there is nothing to be done
        store = Store(first)
        done, ran, waits = (store.get(id) for id in "abc")
        assert (done.task, done.queue, done.state, done.done, done.seconds_left) == ("fill", "quick", "done", 1.0, None)
        assert (done.started, done.finished, done.previews, done.warnings, done.revision) == (2.0, 4.0, 2, ("w",), 7)
        assert (done.settings.seed, done.settings.options, done.files) == (5, {"patch": 5}, {"image": "image.png"})
        assert done.results == (RESULT,)
        assert (done.size, done.stage, done.stage_count, done.terms) == ((2, 3), "one", 2, {"loss": 1.5})
        assert (ran.task, ran.queue, ran.state, ran.done, ran.error) == ("train", "heavy", "running", 0.5, None)
        assert (waits.task, waits.state, waits.place, waits.size, waits.results) == ("animate", "queued", 0, None, ())
        assert [job.id for job in store.newest(9)] == ["c", "b", "a"]
        assert store.finished() == [("a", 4.0, 9)]
        store.close()
    store = Store(first)
    store.recover(9.0)
    assert [store.get(id).state for id in "bc"] == ["queued", "queued"]
    assert store.take("heavy", 9.0).id == "b"
    add(store, "d")
    assert store.get("d").place == 1
    store.close()


def test_a_migration_that_fails_leaves_the_old_file(first, monkeypatch) -> None:
    monkeypatch.setattr("selfmend.jobs.queue._INDEX", "CREATE NOTHING")
    with pytest.raises(RunError, match=mentions("jobs.sqlite")):
        Store(first)
    monkeypatch.undo()
    store = Store(first)
    assert store.counts() == {"done": 1, "running": 1, "queued": 1}
    store.close()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("results", "-1"), ("results", "[{}]"), ("settings", "5"), ("settings", "[" * 99_999), ("terms", "nothing"),
        ("size", '{"x": 1}'), ("state", "asleep"), ("queue", 5), ("created", "yesterday"), ("bytes", "many"),
        ("choices", "5"), ("choices", "[{}]"),
        ("attempts", -1), ("revision", 2**63 - 1), ("warnings", '["\\ud800"]'), ("finished", 5.0),
    ],
)  # fmt: skip
def test_a_damaged_row_is_a_failed_job_and_hides_no_other(tmp_path, column, value) -> None:
    store = Store(tmp_path)
    for id in "abcd":
        add(store, id)
    job = store.take("quick", 2.0)
    store.finish(replace(job, state="done", results=(RESULT,)), 3.0)
    store._connection.execute("UPDATE jobs SET results = '5' WHERE id = 'a'")
    store._connection.execute(f"UPDATE jobs SET {column} = ? WHERE id = 'b'", (value,))
    store._connection.execute("UPDATE jobs SET id = '../..' WHERE id = 'c'")
    store.close()
    store = Store(tmp_path)
    assert [(job.id, job.state) for job in store.newest(9)] == [("d", "queued"), ("b", "failed"), ("a", "failed")]
    assert "damaged" in store.get("b").error
    assert store.get("b").files == {"image": "image.png"}
    assert {id for id, _, _ in store.finished()} == {"a", "b"}
    store.close()


def test_what_a_method_has_chosen_is_kept(tmp_path, store) -> None:
    store.close()
    path = tmp_path / "server" / "jobs.sqlite"
    with sqlite3.connect(path) as connection:  # as the version before wrote it
        connection.execute("ALTER TABLE jobs DROP COLUMN choices")
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    opened = Store(tmp_path / "server")
    add(opened, "a")
    taken = opened.take("quick", 2.0)
    assert taken.choices == ()
    chosen = FilledBy(by="thin plate", share=0.25, why="thin")
    assert opened.finish(replace(taken, state="done", choices=(chosen,)), 3.0)
    assert opened.get("a").choices == (chosen,)
    opened.close()
