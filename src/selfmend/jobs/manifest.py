"""The manifest of a folder job: what was done with each picture, a line of JSON each."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from selfmend._version import __version__
from selfmend.errors import ImageError, RunError
from selfmend.files import atomic_path, has_name, lock
from selfmend.jobs.folder_work import FolderPicture, Outcome, is_same

NAME = "manifest.jsonl"
_FORMAT = 1


class Manifest:
    """What was done, with which settings.

    A line is written in one piece, after the result that it tells of is there: a kill costs the picture that was
    worked on, and a line that a kill has cut off counts for nothing. One process at a time writes it.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any], *, resume: bool, overwrite: bool = True) -> None:
        """Begin a manifest, or go on with the one that is there.

        Args:
            folder: of the results.
            settings: all that a result depends on beside its files, as JSON.
            resume: go on; where there is none, one is begun.
            overwrite: begin anew where there is one.

        Raises:
            RunError: another process writes it or has written it meanwhile, it tells of other settings, or is no
                manifest.
            ImageError: it cannot be written.
        """
        self.path = folder / NAME
        before = self._claimed(anew=True)
        try:
            if not resume and not overwrite and has_records(self.path):
                raise RunError(f"{folder} holds results of another selfmend by now; choose another -o")
            self._begin(settings, resume=resume)
        except BaseException:
            if _is_empty(self.path):
                self.path.unlink()
            raise
        finally:
            if before is not None:
                os.close(before)

    def _claimed(self, *, anew: bool = False) -> int | None:
        """The descriptor of the manifest, locked; None where an open file could not be replaced (Windows).

        Two processes that begin at once both find no manifest: so an empty one is made and locked first (`anew`), and
        one that was replaced before it was locked is let go.

        Raises:
            RunError: another process has the lock.
        """
        if sys.platform == "win32":
            return None
        while True:
            try:
                if anew:
                    self.path.parent.mkdir(parents=True, exist_ok=True)
                descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | (os.O_CREAT if anew else 0), 0o666)
            except OSError as error:
                raise ImageError(f"cannot write {self.path}: {error.strerror}; choose another -o") from error
            if not lock(descriptor):
                os.close(descriptor)
                raise RunError(
                    f"another selfmend is mending into {self.path.parent}; wait for it, or choose another -o"
                )
            if has_name(descriptor):
                return descriptor
            os.close(descriptor)

    def _begin(self, settings: Mapping[str, Any], *, resume: bool) -> None:
        held = json.loads(json.dumps(settings))
        header, records = read_manifest(self.path) if resume and not _is_empty(self.path) else (None, {})
        header = header if records else None
        if header is not None:
            self._check(header["settings"], held)
        self._records = records
        lines = [header or {"manifest": _FORMAT, "version": __version__, "begun": _now(), "settings": held}]
        try:
            with atomic_path(self.path) as path:  # each picture's last line; one that was cut off is gone
                path.write_text("".join(json.dumps(line) + "\n" for line in [*lines, *records.values()]))
            claimed = self._claimed()
            self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND) if claimed is None else claimed
        except OSError as error:
            raise ImageError(f"cannot write {self.path}: {error.strerror}; choose another -o") from error

    def is_done(self, picture: FolderPicture) -> bool:
        """Whether this picture was mended with this mask, and the result is there."""
        record = self._records.get(picture.name)
        if record is None or record["state"] != "done" or record["seed"] != picture.seed:
            return False
        files = record["files"]
        if files["mask"] is None and record["mask"] != picture.mask:
            return False
        if files["output"]["bytes"] != _length(picture.output):
            return False
        mask_fits = files["mask"] is None or (picture.mask is not None and is_same(picture.mask, files["mask"]))
        return mask_fits and is_same(picture.image, files["image"])

    def write(self, outcome: Outcome) -> None:
        """Add what became of a picture.

        Raises:
            OSError: the disk is full.
        """
        picture = outcome.picture
        record = {
            "name": picture.name,
            "state": "failed" if outcome.error else "done",
            "image": str(picture.image),
            "mask": picture.mask,
            "output": None if outcome.error else str(picture.output),
            "seed": picture.seed,
            "seconds": round(outcome.seconds, 3),
            "cpu": round(outcome.cpu, 3),
            "worker": outcome.worker,
            "error": outcome.error or None,
            "warnings": list(outcome.warnings),
            "files": outcome.files,
            "at": _now(),
        }
        self._records[picture.name] = record
        line = (json.dumps(record) + "\n").encode()
        if os.write(self._file, line) != len(line):
            raise OSError(28, "No space left on device", str(self.path))

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def _check(self, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        for name in sorted(before.keys() | now.keys()):
            if before.get(name) != now.get(name):
                raise RunError(
                    f"{self.path} tells of work with another {name} ({_short(before.get(name), now.get(name))}); the "
                    "same settings go on there, --overwrite begins anew"
                )


def read_manifest(path: str | Path) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The first line of a manifest, and the last line about each picture, by its name.

    Raises:
        RunError: it is no manifest.
    """
    records: dict[str, dict[str, Any]] = {}
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            header = json.loads(file.readline())
            if header.get("manifest") != _FORMAT or not isinstance(header.get("settings"), dict):
                raise ValueError("its first line is not that of a manifest")
            for line in file:
                record = _record(line)
                if record is not None:
                    records[record["name"]] = record
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise RunError(f"{path} is no manifest of this version ({error}); --overwrite begins anew") from error
    return header, records


_FIELDS: dict[str, tuple[type, ...]] = {
    "name": (str,), "state": (str,), "seed": (int,), "mask": (str, type(None)), "files": (dict, type(None)),
}  # fmt: skip
_MARK = {"bytes": int, "modified": int, "sha256": str}


def _record(line: str) -> dict[str, Any] | None:
    """What a line tells of a picture; None of one that a kill has cut off or a disk damaged: that is done again."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict):
        return None
    if not all(name in record and isinstance(record[name], kinds) for name, kinds in _FIELDS.items()):
        return None
    if record["state"] == "done":
        files = record["files"] or {}
        if not (_is_mark(files.get("image")) and _is_mark(files.get("output"))):
            return None
        if "mask" not in files or not (files["mask"] is None or _is_mark(files["mask"])):
            return None
    return record


def _is_mark(value: Any) -> bool:
    """Whether it is what `folder_work.mark` makes."""
    return isinstance(value, dict) and all(isinstance(value.get(name), kind) for name, kind in _MARK.items())


def has_records(path: str | Path) -> bool:
    """Whether a file holds more than the first line of a manifest."""
    if _is_empty(path):
        return False
    try:
        return bool(read_manifest(path)[1])
    except RunError:
        return True


def _is_empty(path: str | Path) -> bool:
    """Whether there is no such file, or nothing in it: one that was claimed, and came to nothing."""
    try:
        return os.stat(path).st_size == 0
    except FileNotFoundError:
        return True


def _short(before: Any, now: Any) -> str:
    """Both values; of nested ones the first that differs."""
    if isinstance(before, dict) and isinstance(now, dict):
        name = next(name for name in sorted(before.keys() | now.keys()) if before.get(name) != now.get(name))
        return f"{name}: {before.get(name)}, now {now.get(name)}"
    return f"{before}, now {now}"


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
