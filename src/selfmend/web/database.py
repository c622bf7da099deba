"""The file of the jobs: its tables, its version, and its lock."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from selfmend.core.checks import RunError

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
