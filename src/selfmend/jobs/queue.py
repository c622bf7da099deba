"""The queue in SQLite: jobs outlive the process, and what is old is cleaned away.

The file of the jobs: its tables, its version, and its lock.

The jobs on disk: a table in SQLite, and a folder of files for each.

FOLDER/jobs.sqlite    all that `Job` says, and what is needed to do the job again after a crash
FOLDER/jobs/ID/       inputs/, results/, preview.png, run/ (a training that can go on)

One process at a time: the connection holds the file's lock for as long as it is open, and the system gives it back
however the process ends. Each change is one transaction in the write-ahead log, which survives a kill at any moment.

What is removed of finished jobs, and when.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from selfmend.errors import RunError
from selfmend.jobs.job import FINAL, Job, Limits, Result, UnknownJob, Work

VERSION = 1
_TABLES = (
    """
CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, lane TEXT NOT NULL,
    state TEXT NOT NULL, settings TEXT NOT NULL, files TEXT NOT NULL, stem TEXT NOT NULL, size TEXT NOT NULL,
    created REAL NOT NULL, started REAL, finished REAL, attempts INTEGER NOT NULL DEFAULT 0, progress TEXT NOT NULL
    DEFAULT '{}', previews INTEGER NOT NULL DEFAULT 0, error TEXT, warnings TEXT NOT NULL DEFAULT '[]',
    results TEXT NOT NULL DEFAULT '[]', paths TEXT NOT NULL DEFAULT '[]', bytes INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL DEFAULT 0
)
""",
    "CREATE INDEX by_state ON jobs (state, lane, number)",
)


def open_database(path: Path) -> sqlite3.Connection:
    """The file, locked for as long as the connection is open, made where it does not exist.

    Raises:
        RunError: another process has it, a newer version has written it, or it is damaged.
    """
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=2.0)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")  # a power cut may take the last moments, never the file
        connection.execute("BEGIN EXCLUSIVE")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in _TABLES:
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise RunError(f"another server works with {path.parent}; stop it, or choose another folder") from error
        raise RunError(f"{path} cannot be used: {error}") from error
    except sqlite3.DatabaseError as error:
        raise RunError(f"{path} is damaged ({error}); move it away, or take it from a backup") from error
    if version > VERSION:
        connection.close()
        raise RunError(
            f"{path} was written by a newer version (its format is {version}, this one reads {VERSION}); use that "
            "version, or choose another folder"
        )
    return connection


MOST_ATTEMPTS = 2
PREPARED = "new-"
"""How the folders begin of jobs that are being put together."""

_CHANGED = "RETURNING id, lane"
Write = Callable[..., list[sqlite3.Row]]
_PLACE = """
CASE state WHEN 'queued' THEN (
    SELECT count(*) FROM jobs AS other WHERE other.lane = jobs.lane
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
        self._connection = open_database(folder / "jobs.sqlite")

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._connection.close()

    def path_of(self, id: str) -> Path:
        """The folder of a job's files."""
        return self.folder / "jobs" / id

    def add(self, job: Job, *, files: Mapping[str, str], stem: str, prepared: Path) -> Job:
        """Put a new job at the end of its lane.

        Args:
            job: that is queued.
            files: in PREPARED/inputs, by what they are.
            stem: see `Work`.
            prepared: the folder that becomes the job's.
        """
        values = (job.id, job.kind, job.lane, json.dumps(dict(job.settings)), json.dumps(dict(files)), stem)
        with self._writing() as write:
            write(
                "INSERT INTO jobs (id, kind, lane, state, settings, files, stem, size, created) "
                f"VALUES (?, ?, ?, 'queued', ?, ?, ?, ?, ?) {_CHANGED}",
                (*values, json.dumps(job.size), job.created),
            )
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

    def file(self, id: str, table: str, key: str | int) -> str:
        """The name of a file of a job: of its "files" by what it is, or of its "paths" (of results) by index.

        Raises:
            UnknownJob: there is no such job or file.
        """
        self.get(id)
        rows = self._read("SELECT files, paths FROM jobs WHERE id = ?", (id,))
        found = json.loads(rows[0][table]) if rows else {}
        found = dict(enumerate(found)) if isinstance(found, list) else found
        if key not in found:
            known = ", ".join(map(str, found)) or "nothing"
            raise UnknownJob(f"job {id} has no {key!r} among its {'results' if table == 'paths' else table}: {known}")
        return found[key]

    def waiting(self, lane: str) -> int:
        """How many jobs are queued in a lane."""
        (row,) = self._read("SELECT count(*) AS n FROM jobs WHERE state = 'queued' AND lane = ?", (lane,))
        return row["n"]

    def runs(self, id: str) -> bool:
        """Whether the job still is to be done."""
        return bool(self._read("SELECT 1 FROM jobs WHERE id = ? AND state = 'running'", (id,)))

    def take(self, lane: str, now: float) -> Work | None:
        """Begin the first job of a lane, if there is one."""
        with self._writing() as write:
            rows = write("SELECT * FROM jobs WHERE state = 'queued' AND lane = ? ORDER BY number LIMIT 1", (lane,))
            if not rows:
                return None
            (row,) = rows
            write(
                "UPDATE jobs SET state = 'running', started = ?, attempts = attempts + 1, progress = '{}', "
                f"revision = revision + 1 WHERE id = ? {_CHANGED}",
                (now, row["id"]),
            )
        return Work(
            id=row["id"], kind=row["kind"], folder=self.path_of(row["id"]), settings=json.loads(row["settings"]),
            files=json.loads(row["files"]), stem=row["stem"],
        )  # fmt: skip

    def tell(self, id: str, progress: Mapping[str, Any], *, previews: int) -> None:
        """Keep how far a running job is."""
        with self._writing() as write:
            write(
                "UPDATE jobs SET progress = ?, previews = ?, revision = revision + 1 "
                f"WHERE id = ? AND state = 'running' {_CHANGED}",
                (json.dumps(dict(progress)), previews, id),
            )

    def finish(
        self,
        id: str,
        state: str,
        now: float,
        *,
        error: str | None = None,
        warnings: Sequence[str] = (),
        results: Sequence[tuple[str, Result]] = (),
        size: int = 0,
    ) -> bool:
        """End a job that runs; False where it does not, so that nothing is ended twice.

        Args:
            id: of the job.
            state: of its end.
            now: seconds since 1970.
            error: why it failed.
            warnings: lines.
            results: the file name in FOLDER/results, and what is said of it.
            size: bytes of all its files.
        """
        kept = json.dumps([asdict(result) for _, result in results]), json.dumps([path for path, _ in results])
        with self._writing() as write:
            ended = write(
                "UPDATE jobs SET state = ?, finished = ?, error = ?, warnings = ?, results = ?, paths = ?, bytes = ?, "
                f"revision = revision + 1 WHERE id = ? AND state = 'running' {_CHANGED}",
                (state, now, error, json.dumps(list(warnings)), *kept, size, id),
            )
            _move_up(write, ended)
        return bool(ended)

    def cancel(self, id: str, now: float) -> str:
        """End a job that is queued or runs; the state that it had."""
        before = self.get(id)
        with self._writing() as write:
            ended = write(
                "UPDATE jobs SET state = 'cancelled', finished = ?, revision = revision + 1 "
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
                    "UPDATE jobs SET state = 'queued', started = NULL, attempts = attempts - ?, "
                    "revision = revision + 1 "
                    f"WHERE id = ? AND state = 'running' AND (attempts < {MOST_ATTEMPTS} OR ?) {_CHANGED}",
                    (0 if counts else 1, id, not counts),
                )
            )

    def recover(self, now: float) -> None:
        """What ran when the last process died waits again, or has failed if that has happened too often."""
        line = f"the server ended {MOST_ATTEMPTS} times while this job ran; it is not begun again"
        with self._writing() as write:
            write(
                "UPDATE jobs SET state = 'failed', error = ?, finished = ?, revision = revision + 1 "
                f"WHERE state = 'running' AND attempts >= ? {_CHANGED}",
                (line, now, MOST_ATTEMPTS),
            )
            write(
                "UPDATE jobs SET state = 'queued', started = NULL, revision = revision + 1 WHERE state = 'running' "
                f"{_CHANGED}"
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

    def settings_in_use(self) -> list[tuple[str, dict[str, Any]]]:
        """(kind, settings) of all jobs that are not finished."""
        rows = self._read("SELECT kind, settings FROM jobs WHERE state IN ('queued', 'running')")
        return [(row["kind"], json.loads(row["settings"])) for row in rows]

    def finished(self) -> list[tuple[str, float, int]]:
        """(id, when it ended, bytes) of all finished jobs, the latest end first."""
        rows = self._read(
            "SELECT id, finished, bytes FROM jobs WHERE state IN (?, ?, ?) ORDER BY finished DESC, number DESC", FINAL
        )
        return [(row["id"], row["finished"], row["bytes"]) for row in rows]

    def _read(self, query: str, values: Sequence[Any] = ()) -> list[sqlite3.Row]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()

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
                    raise RunError(f"{self.folder / 'jobs.sqlite'} cannot be written: {error}") from error
                raise
        self._changed(list(touched))


def _move_up(write: Write, ended: Sequence[sqlite3.Row]) -> None:
    """One job less is before those that wait in its lane."""
    for row in ended:
        write(f"UPDATE jobs SET revision = revision + 1 WHERE state = 'queued' AND lane = ? {_CHANGED}", (row["lane"],))


def _job(row: sqlite3.Row) -> Job:
    size, running = json.loads(row["size"]), json.loads(row["progress"])
    left, done = running.pop("seconds_left", None), running.pop("done", None)
    return Job(
        id=row["id"], kind=row["kind"], state=row["state"], lane=row["lane"], place=row["place"],
        created=row["created"], started=row["started"], finished=row["finished"], error=row["error"],
        warnings=tuple(json.loads(row["warnings"])), settings=json.loads(row["settings"]),
        size=None if size is None else (size[0], size[1]), previews=row["previews"],
        done=1.0 if row["state"] == "done" else done,
        results=tuple(Result(**one) for one in json.loads(row["results"])), revision=row["revision"],
        seconds_left=left if row["state"] == "running" else None, **running,
    )  # fmt: skip


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
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
