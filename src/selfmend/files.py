"""Files that are either whole or not there: every write in the house goes through here, and locks that die with us."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from selfmend.errors import FULL

_TEMPORARY = re.compile(r"\.selfmend-[0-9a-f]{12}(\..{0,15})?")
_SWEPT = 1 << 12  # folders that this process remembers to have looked through
_WINDOWS_AGE = 86400.0  # seconds: where no lock tells whether somebody still writes, a day without a change does


@contextlib.contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; when the block ends well, it replaces `path` in one move.

    A reader never sees a half-written file, and a failed write leaves what was there before. Missing folders are made,
    a link is followed, and the permissions are those that the file had, or that a plain open() gives. What a killed
    process has left of this kind is removed by the next one that writes into the folder.

    Raises:
        OSError: where the folder cannot be written, or the disk is full; it names `path`.
    """
    # through a link: the move would replace the link itself
    with naming_file(path), _beside(Path(os.path.realpath(path))) as temporary:
        yield temporary


@contextlib.contextmanager
def naming_file(path: str | Path) -> Iterator[None]:
    """Say in what cannot be written which file it is: a write that fails names none, or a temporary one.

    A full disk is that of the file which is written, whatever else was read for it.
    """
    try:
        yield
    except OSError as error:
        named = error.filename is not None and not _TEMPORARY.fullmatch(os.path.basename(str(error.filename)))
        if error.errno is not None and (not named or error.errno in FULL):
            error.filename, error.filename2 = str(path), None
        raise


def append_text(path: str | Path, text: str) -> None:
    """Write at a file's end, which is made where there is none.

    Raises:
        OSError: as `atomic_path`; a part of the text may be there then.
    """
    with naming_file(path), open(path, "a", encoding="utf-8") as file:
        file.write(text)


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[Path]:
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep_once(path.parent, os.getpid())
    held: int | None
    temporary, held = _create(path)
    made = os.fstat(held)
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())  # a power cut after the move must not leave an empty file under the final name
        mode = (path.stat() if path.exists() else made).st_mode & 0o777
        if temporary.stat().st_mode & 0o777 != mode:  # as of a writer that puts a file of its own there
            with contextlib.suppress(PermissionError):  # of a file that somebody else owns
                os.chmod(temporary, mode)
        if sys.platform == "win32":  # where an open file cannot be moved
            os.close(held)
            held = None
        os.replace(temporary, path)
    finally:
        if held is not None:
            os.close(held)
        temporary.unlink(missing_ok=True)


def _create(path: Path) -> tuple[Path, int]:
    """A new temporary file beside `path`, and the descriptor whose lock says that it is being written."""
    while True:
        # Not tempfile: its files are 0600. The short name fits where the name of `path` is as long as the disk allows.
        temporary = path.with_name(f".selfmend-{secrets.token_hex(6)}{path.suffix[:16]}")
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666)
        if sys.platform == "win32":  # an open file can neither be removed nor moved there, and needs no lock
            return temporary, descriptor
        lock(descriptor, wait=True)
        if has_name(descriptor):
            return temporary, descriptor
        os.close(descriptor)  # another process took it for an orphan before the lock was there


@lru_cache(maxsize=_SWEPT)
def _sweep_once(folder: Path, process: int) -> None:
    """Once for each folder and process: a folder may hold a million files."""
    remove_orphans(folder)


def remove_orphans(folder: Path) -> int:
    """Remove the temporary files in a folder that killed processes have left; how many.

    Only what is surely ours and nobody's: the name is that of `atomic_path`, the owner this user, and no process holds
    the lock. Where a disk knows no locks, nothing is removed.
    """
    removed = 0
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        names = [entry.name for entry in entries if _TEMPORARY.fullmatch(entry.name)]
        for name in names:
            with contextlib.suppress(OSError):
                removed += _remove_orphan(os.path.join(folder, name))
    return removed


def _remove_orphan(path: str) -> bool:
    about = os.lstat(path)
    if not stat.S_ISREG(about.st_mode):
        return False
    if sys.platform == "win32":
        if time.time() - about.st_mtime < _WINDOWS_AGE:
            return False
        os.unlink(path)
        return True
    if about.st_uid != os.geteuid():
        return False
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    try:
        if not lock(descriptor, strict=True) or not has_name(descriptor):
            return False
        os.unlink(path)
        return True
    finally:
        os.close(descriptor)


def lock(descriptor: int, *, wait: bool = False, strict: bool = False) -> bool:
    """Lock an open file for this process alone; the system gives it back however the process ends.

    Args:
        descriptor: of a file opened for writing.
        wait: until it is free.
        strict: where the disk knows no locks, raise; otherwise it counts as locked.

    Returns:
        Whether it is locked now; False where another process, or another opening of the file, has it.

    Raises:
        OSError: with `strict`.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # flock and not lockf: that one is one for all threads, and is lost with any close

            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        if strict:
            raise
    return True


def has_name(descriptor: int) -> bool:
    """Whether an open file has not been removed since; not by its number, which some network disks change."""
    return os.fstat(descriptor).st_nlink > 0


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
