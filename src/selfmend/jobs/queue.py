"""The queue in SQLite: jobs outlive the process, and what is old is cleaned away.

FOLDER/jobs.sqlite    a row for each job: its record, and how often it was begun
FOLDER/jobs/ID/       inputs/, results/, preview.png, run/ (a training that can go on)

One process at a time: the connection holds the file's lock for as long as it is open, and the system gives it back
however the process ends. Each change is one transaction in the write-ahead log, which survives a kill at any moment.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from pydantic_core import to_json

from selfmend.errors import DiskFullError, RunError, one_line
from selfmend.jobs.job import FINAL, Job, Limits, UnknownJob, result_url, stored_settings

VERSION = 3
_MOST = 2**53  # numbers that grow must have room to
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TABLE = """
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, task TEXT NOT NULL, state TEXT NOT NULL,
    queue TEXT NOT NULL, done REAL, stage TEXT NOT NULL, stage_index INTEGER NOT NULL, stage_count INTEGER NOT NULL,
    seconds_left REAL, terms TEXT NOT NULL, created REAL NOT NULL, started REAL, finished REAL, error TEXT,
    warnings TEXT NOT NULL, settings TEXT NOT NULL, files TEXT NOT NULL, stem TEXT NOT NULL, size TEXT NOT NULL,
    previews INTEGER NOT NULL, results TEXT NOT NULL, revision INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0, choices TEXT NOT NULL DEFAULT '[]'
)
"""
_INDEX = "CREATE INDEX by_state ON jobs (state, queue, number)"
_FIELDS = tuple(one.name for one in fields(Job) if one.name != "place")  # which depends on the other jobs
_JSON = ("terms", "warnings", "settings", "files", "size", "results", "choices")
_PROGRESS = ("done", "stage", "stage_index", "stage_count", "seconds_left", "terms", "previews")


def _row(job: Job, names: Sequence[str] = _FIELDS) -> dict[str, Any]:
    """The columns of a job."""
    values = {name: getattr(job, name) for name in names}
    return {name: to_json(value).decode() if name in _JSON else value for name, value in values.items()}


def _job(row: sqlite3.Row) -> Job:
    """The job of a row.

    Raises:
        RunError: the row is damaged, since the file was opened: every row has been through `_mend_rows`.
    """
    try:
        return _read_row(row)
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise RunError(f"the record of a job is damaged ({one_line(error)}); start the server again") from error


def _read_row(row: sqlite3.Row) -> Job:
    return Job(**{name: _value(row, name) for name in _FIELDS}, place=row["place"])


def _value(row: sqlite3.Row, name: str) -> Any:
    """What is in a column.

    Raises:
        ValueError, RecursionError: it is no JSON, or no settings.
    """
    value = json.loads(row[name]) if name in _JSON else row[name]
    if name == "settings":
        if not isinstance(value, dict):
            raise ValueError("no settings")
        return stored_settings(row["task"], value)
    return value


def _mend_rows(connection: sqlite3.Connection) -> None:
    """Make jobs again of rows that a disk, or somebody's hand, has damaged, so that one never hides the others.

    What can be read of such a job stays; it has failed, and says why. One without a sound id cannot be asked for: it
    goes.
    """
    for row in connection.execute("SELECT *, NULL AS place FROM jobs").fetchall():
        whole = all(isinstance(row[name], int) and 0 <= row[name] < _MOST for name in ("bytes", "attempts", "revision"))
        try:
            if not (isinstance(row["id"], str) and _ID.fullmatch(row["id"]) and 0 < row["number"] < _MOST):
                connection.execute("DELETE FROM jobs WHERE number = ?", (row["number"],))
                continue
            job = _read_row(row)
            to_json(job)  # lone surrogates and the like cannot be told to anybody
            if whole and (job.finished is not None) == job.final:
                continue
        except (ValueError, TypeError, RecursionError):
            pass
        mended = _row(_saved(row))
        names = f"{_assigned(mended)}, bytes = 0, attempts = 0"
        connection.execute(f"UPDATE jobs SET {names} WHERE number = ?", (*mended.values(), row["number"]))


def _mend_index(connection: sqlite3.Connection) -> None:
    """Make the indices again where they do not fit the rows.

    Raises:
        sqlite3.DatabaseError: more than they is damaged.
    """
    for mend in ("REINDEX", None):
        (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if found == "ok":
            return
        if mend is None:
            raise sqlite3.DatabaseError(found)
        connection.execute(mend)


def _saved(row: sqlite3.Row) -> Job:
    """A failed job with all that can be read of a damaged row."""
    values: dict[str, Any] = {
        "id": row["id"], "task": "fill", "queue": "quick", "created": 0.0, "settings": stored_settings("fill", {}),
    }  # fmt: skip
    for name in ("task", *(name for name in _FIELDS if name != "revision")):
        with contextlib.suppress(ValueError, TypeError, RecursionError):
            more = values | {name: _value(row, name)}
            to_json(Job(**more))
            values = more
    if values.get("state") in (None, "queued", "running") or "results" not in values:
        values |= {"state": "failed", "error": "its record was damaged; ask for it again"}
    if values.get("finished") is None:
        values["finished"] = values["created"]
    return Job(**values)


def open_database(path: Path) -> sqlite3.Connection:
    """The file, locked for as long as the connection is open, made where it does not exist.

    Raises:
        RunError: another process has it, a newer version has written it, or it is damaged.
    """
    connection = None
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=2.0)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")  # a power cut may take the last moments, never the file
        connection.execute("BEGIN EXCLUSIVE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version < VERSION:
            _migrate(connection, version)
            connection.execute(f"PRAGMA user_version = {VERSION}")
        if version <= VERSION:
            _mend_rows(connection)
            _mend_index(connection)
        connection.execute("COMMIT")
    except (sqlite3.DatabaseError, ValueError, TypeError, LookupError, RecursionError) as error:
        if connection is not None:
            connection.close()  # what was begun is undone
        if not isinstance(error, sqlite3.OperationalError):
            raise RunError(f"{path} is damaged ({one_line(error)}); move it away, or take it from a backup") from error
        if "locked" in str(error):
            raise RunError(f"another server works with {path.parent}; stop it, or choose another folder") from error
        raise RunError(f"{path} cannot be used: {one_line(error)}") from error
    if version > VERSION:
        connection.close()
        raise RunError(
            f"{path} was written by a newer version (its format is {version}, this one reads {VERSION}); use that "
            "version, or choose another folder"
        )
    return connection


def _migrate(connection: sqlite3.Connection, version: int) -> None:
    """Make the table, with the jobs of the one that an older version has left; all of it or nothing."""
    if version == 2:
        connection.execute("ALTER TABLE jobs ADD COLUMN choices TEXT NOT NULL DEFAULT '[]'")
        return
    if version == 1:
        connection.execute("DROP INDEX by_state")
        connection.execute("ALTER TABLE jobs RENAME TO jobs_1")
    connection.execute(_TABLE)
    if version == 1:
        for old in connection.execute("SELECT * FROM jobs_1 ORDER BY number").fetchall():
            row = _of_first_version(old)
            connection.execute(f"INSERT INTO jobs ({', '.join(row)}) VALUES ({_marks(row)})", tuple(row.values()))
        connection.execute("DROP TABLE jobs_1")
    connection.execute(_INDEX)


def _of_first_version(old: sqlite3.Row) -> dict[str, Any]:
    """A row of version 1: `kind` is `task` now, `lane` is `queue`, progress has columns, results have addresses."""
    row = {name: old[name] for name in old.keys() if name not in ("kind", "lane", "progress", "paths")}  # noqa: SIM118
    running = {"done": None, "stage": "", "stage_index": 0, "stage_count": 0, "terms": {}} | json.loads(old["progress"])
    results = [one | {"url": result_url(old["id"], one["index"])} for one in json.loads(old["results"])]
    if old["state"] == "done":
        running["done"] = 1.0
    return row | {
        "task": old["kind"], "queue": old["lane"], **running, "seconds_left": None,
        "terms": json.dumps(running["terms"]), "results": json.dumps(results),
    }  # fmt: skip


def _marks(values: Mapping[str, Any]) -> str:
    return ", ".join("?" * len(values))


MOST_ATTEMPTS = 2
PREPARED = "new-"
"""How the folders begin of jobs that are being put together."""

_CHANGED = "RETURNING id, queue"
Write = Callable[..., list[sqlite3.Row]]
_PLACE = """
CASE state WHEN 'queued' THEN (
    SELECT count(*) FROM jobs AS other WHERE other.queue = jobs.queue
    AND (other.state = 'running' OR (other.state = 'queued' AND other.number < jobs.number))
) END AS place
"""


class Store:
    """The table of jobs.

    Args:
        folder: made where it does not exist.
        changed: told, outside of any lock, which jobs have changed.
    """

    def __init__(self, folder: Path, *, changed: Callable[[list[str]], None] = lambda ids: None) -> None:
        self.folder = folder
        self._changed = changed
        self._lock = threading.RLock()
        (folder / "jobs").mkdir(parents=True, exist_ok=True)
        for path in (folder, folder / "jobs"):
            with contextlib.suppress(PermissionError):  # of somebody else's folder
                path.chmod(0o700)  # people's pictures
        self._connection = open_database(folder / "jobs.sqlite")

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._connection.close()

    def path_of(self, id: str) -> Path:
        """The folder of a job's files."""
        return self.folder / "jobs" / id

    def add(self, job: Job, *, prepared: Path) -> Job:
        """Put a new job at the end of its queue; the folder `prepared`, with its inputs, becomes the job's."""
        row = _row(job)
        with self._writing() as write:
            write(f"INSERT INTO jobs ({', '.join(row)}) VALUES ({_marks(row)}) {_CHANGED}", tuple(row.values()))
            prepared.rename(self.path_of(job.id))  # so that there is never a job without its files
        return self.get(job.id)

    def get(self, id: str) -> Job:
        """The job as it is now.

        Raises:
            UnknownJob: there is none of that id.
        """
        rows = self._read(f"SELECT *, {_PLACE} FROM jobs WHERE id = ?", (id,))
        if not rows:
            raise UnknownJob(f"there is no job {id[:40]!r}; it was removed, or never was")
        return _job(rows[0])

    def newest(self, limit: int) -> list[Job]:
        """The newest jobs first."""
        return [_job(row) for row in self._read(f"SELECT *, {_PLACE} FROM jobs ORDER BY number DESC LIMIT ?", (limit,))]

    def counts(self) -> dict[str, int]:
        """Jobs by their state."""
        return {row["state"]: row["n"] for row in self._read("SELECT state, count(*) AS n FROM jobs GROUP BY state")}

    def waiting(self, queue: str) -> int:
        """How many jobs wait in a queue."""
        (row,) = self._read("SELECT count(*) AS n FROM jobs WHERE state = 'queued' AND queue = ?", (queue,))
        return row["n"]

    def runs(self, id: str) -> bool:
        """Whether the job still is to be done."""
        return bool(self._read("SELECT 1 FROM jobs WHERE id = ? AND state = 'running'", (id,)))

    def take(self, queue: str, now: float) -> Job | None:
        """Begin the first job of a queue, if there is one."""
        with self._writing() as write:
            taken = write(
                "UPDATE jobs SET state = 'running', started = ?, attempts = attempts + 1, done = NULL, stage = '', "
                "stage_index = 0, stage_count = 0, terms = '{}', revision = revision + 1 WHERE number = "
                f"(SELECT min(number) FROM jobs WHERE state = 'queued' AND queue = ?) {_CHANGED}",
                (now, queue),
            )
        return self.get(taken[0]["id"]) if taken else None

    def tell(self, job: Job) -> None:
        """Keep how far a running job is."""
        row = _row(job, _PROGRESS)
        with self._writing() as write:
            write(
                f"UPDATE jobs SET {_assigned(row)}, revision = revision + 1 WHERE id = ? AND state = 'running' "
                f"{_CHANGED}",
                (*row.values(), job.id),
            )

    def finish(self, job: Job, now: float, *, size: int = 0) -> bool:
        """End a job that runs; False where it does not, so that nothing is ended twice.

        Args:
            job: with its last state, its error or results, and its warnings.
            now: seconds since 1970.
            size: bytes of all its files.
        """
        row = _row(job, ("state", "error", "warnings", "results", "choices"))
        row |= {"finished": now, "bytes": size} | ({"done": 1.0} if job.state == "done" else {})
        with self._writing() as write:
            ended = write(
                f"UPDATE jobs SET {_assigned(row)}, seconds_left = NULL, revision = revision + 1 "
                f"WHERE id = ? AND state = 'running' {_CHANGED}",
                (*row.values(), job.id),
            )
            _move_up(write, ended)
        return bool(ended)

    def cancel(self, id: str, now: float) -> str:
        """End a job that is queued or runs; the state that it had."""
        before = self.get(id)
        with self._writing() as write:
            ended = write(
                "UPDATE jobs SET state = 'cancelled', finished = ?, seconds_left = NULL, revision = revision + 1 "
                f"WHERE id = ? AND state IN ('queued', 'running') {_CHANGED}",
                (now, id),
            )
            _move_up(write, ended)
        return before.state

    def put_back(self, id: str, *, counts: bool = False) -> bool:
        """A job that runs waits again, in its old place; False where its attempts are used up.

        Args:
            id: of the job.
            counts: this attempt counts as one.
        """
        with self._writing() as write:
            return bool(
                write(
                    "UPDATE jobs SET state = 'queued', started = NULL, seconds_left = NULL, "
                    "attempts = attempts - ?, revision = revision + 1 "
                    f"WHERE id = ? AND state = 'running' AND (attempts < {MOST_ATTEMPTS} OR ?) {_CHANGED}",
                    (0 if counts else 1, id, not counts),
                )
            )

    def recover(self, now: float) -> None:
        """What ran when the last process died waits again, or has failed if that has happened too often."""
        line = f"the server ended {MOST_ATTEMPTS} times while this job ran; it is not begun again"
        with self._writing() as write:
            write(
                "UPDATE jobs SET state = 'failed', error = ?, finished = ?, seconds_left = NULL, "
                f"revision = revision + 1 WHERE state = 'running' AND attempts >= ? {_CHANGED}",
                (line, now, MOST_ATTEMPTS),
            )
            write(
                "UPDATE jobs SET state = 'queued', started = NULL, seconds_left = NULL, revision = revision + 1 "
                f"WHERE state = 'running' {_CHANGED}"
            )

    def remove(self, ids: Sequence[str]) -> None:
        """Forget finished jobs."""
        with self._writing() as write:
            for id in ids:
                write("DELETE FROM jobs WHERE id = ? AND state IN (?, ?, ?)", (id, *FINAL))

    def orphans(self) -> list[Path]:
        """Folders of jobs that are gone."""
        with self._lock:
            known = {row["id"] for row in self._read("SELECT id FROM jobs")}
            return [
                path
                for path in (self.folder / "jobs").iterdir()
                if path.name not in known and not path.name.startswith(PREPARED)
            ]

    def unfinished(self) -> list[Job]:
        """The jobs that wait or run."""
        return [_job(row) for row in self._read(f"SELECT *, {_PLACE} FROM jobs WHERE state IN ('queued', 'running')")]

    def measure(self, id: str, size: int) -> None:
        """Keep how many bytes the files of a finished job have."""
        with self._writing() as write:
            write("UPDATE jobs SET bytes = ? WHERE id = ? AND state IN (?, ?, ?)", (size, id, *FINAL))

    def finished(self) -> list[tuple[str, float, int]]:
        """(id, when it ended, bytes) of all finished jobs, the latest end first."""
        rows = self._read(
            "SELECT id, finished, bytes FROM jobs WHERE state IN (?, ?, ?) ORDER BY finished DESC, number DESC", FINAL
        )
        return [(row["id"], row["finished"], row["bytes"]) for row in rows]

    def _read(self, query: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.Error as error:
                raise RunError(f"{self.folder / 'jobs.sqlite'} cannot be read: {one_line(error)}") from error

    @contextmanager
    def _writing(self) -> Iterator[Write]:
        """One transaction; the jobs whose rows it returns have changed, which is told after it."""
        touched: dict[str, None] = {}

        def write(query: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
            rows = self._connection.execute(query, values).fetchall()
            touched.update(dict.fromkeys(row["id"] for row in rows))
            return rows

        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield write
                self._connection.execute("COMMIT")
            except BaseException as error:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
                    kind = DiskFullError if full else RunError
                    raise kind(f"{self.folder / 'jobs.sqlite'} cannot be written: {one_line(error)}") from error
                raise
        self._changed(list(touched))


def _assigned(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = ?" for name in row)


def _move_up(write: Write, ended: Sequence[sqlite3.Row]) -> None:
    """One job less is before those that wait in its queue."""
    for row in ended:
        write(
            f"UPDATE jobs SET revision = revision + 1 WHERE state = 'queued' AND queue = ? {_CHANGED}", (row["queue"],)
        )


def expired(finished: Sequence[tuple[str, float, int]], limits: Limits, now: float) -> list[str]:
    """The jobs whose time is over, and the oldest ones beyond the limit on disk.

    Args:
        finished: (id, when it ended, bytes), the latest end first.
        limits: hours and bytes.
        now: in the same seconds.
    """
    gone, used = [], 0
    for id, ended, size in finished:
        used += size
        if now - ended > limits.keep_hours * 3600 or used > limits.keep_bytes:
            gone.append(id)
    return gone


def folder_bytes(folder: Path) -> int:
    """Of all files in a folder."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # removed meanwhile
            total += path.stat().st_size if path.is_file() else 0
    return total
