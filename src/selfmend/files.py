"""Files that are either whole or not there: every write in the house goes through here."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; when the block ends well, it replaces `path` in one move.

    A reader never sees a half-written file, and a failed write leaves what was there before. Missing folders are made,
    a link is followed, and the permissions are those that the file had, or that a plain open() gives.

    Raises:
        OSError: where the folder cannot be written.
    """
    path = Path(os.path.realpath(path))  # through a link: the move would replace the link itself
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not tempfile: its files are 0600. The short name fits where the name of `path` is as long as the disk allows.
    temporary = path.with_name(f".{secrets.token_hex(6)}{path.suffix[:16]}")
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())  # a power cut after the move must not leave an empty file under the final name
        if path.exists():
            with contextlib.suppress(PermissionError):  # of a file that somebody else owns
                os.chmod(temporary, path.stat().st_mode & 0o777)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def check_writable(folder: str | Path) -> None:
    """Find out before the work, not after it, whether files can be written into `folder`.

    A folder that does not exist yet is not made: what would hold it is tried instead, so that a mistake found later
    leaves nothing behind.

    Raises:
        OSError: where they cannot; NotADirectoryError where a file stands in the way.
    """
    folder = Path(os.path.realpath(folder))
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    with tempfile.TemporaryFile(dir=folder):
        pass


def exists(path: str | Path) -> bool:
    """Whether there is such a file or folder; a text that can be no path (too long, a NUL in it) is none."""
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False
