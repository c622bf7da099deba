"""The folder of a benchmark: fills, scores and what they were made with, from which stopped work goes on."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from selfmend.errors import OptionError, RunError
from selfmend.evaluation.entries import folder_name
from selfmend.evaluation.report_folder import ReportFolder
from selfmend.files import naming_file

REPORTS = ("scores.csv", "table.md", "index.html")


class BenchmarkFolder(ReportFolder):
    """A folder that holds one benchmark."""

    kind: ClassVar[str] = "benchmark"
    again: ClassVar[str] = "start again with --restart, which removes what it holds"

    def truth(self, case: str) -> Path:
        """The undamaged picture of a case."""
        return self.path / "cases" / "truth" / f"{case}.png"

    def mask(self, case: str) -> Path:
        """Its mask, white where the hole is."""
        return self.path / "cases" / "mask" / f"{case}.png"

    def damaged(self, case: str) -> Path:
        """The picture with the hole in one colour."""
        return self.path / "cases" / "damaged" / f"{case}.png"

    def results(self, name: str) -> Path:
        """The folder of what one method made."""
        return self.path / "results" / folder_name(name)

    def result(self, name: str, case: str) -> Path:
        """What a method made of a case."""
        return self.results(name) / f"{case}.png"

    def prepare(self, record: Mapping[str, Any], *, inputs: Sequence[Path], restart: bool) -> None:
        """Refuse, before any work, a folder that cannot take this benchmark; else begin it, or go on.

        Args:
            record: what makes a benchmark another one.
            inputs: files and folders that are read.
            restart: remove first what this folder's benchmark has written, and nothing else.

        Raises:
            OptionError: it lies in one of `inputs`, or one of these in it.
            RunError: as `ReportFolder.check`.
        """
        for one in inputs:
            if self.path.resolve() in one.resolve().parents:
                raise OptionError(f"{one} lies in {self.path}, into which is written; move it elsewhere")
        folders = [one for one in inputs if one.is_dir()]
        if restart:
            self.check_outside(folders)
            self._remove()
        else:
            self.check(record, pictures=folders)
        self.start(record)

    def _difference(self, key: str, found: Any, wanted: Any) -> str:
        return "of other photos or masks" if key == "data" else super()._difference(key, found, wanted)

    def _remove(self) -> None:
        if not self.is_begun:
            return
        for name in ("cases", "results"):
            shutil.rmtree(self.path / name, ignore_errors=True)
        for name in REPORTS:
            (self.path / name).unlink(missing_ok=True)
        self._file.unlink()

    def done(self, name: str, settings: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """The lines of a method's results that were made with these settings, by case.

        A line that is damaged, or whose picture is gone, is as if it were not there.
        """
        wanted, found = settings_key(settings), {}
        try:
            lines = self._log(name).read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise RunError(f"{self._log(name)} cannot be read ({error}); remove it") from error
        for line in lines:
            try:
                record = json.loads(line)
                found[str(record["case"])] = record
            except (ValueError, KeyError, TypeError):
                continue  # the process was killed while it wrote
        return {
            case: record
            for case, record in found.items()
            if record.get("settings") == wanted and self.result(name, case).exists()
        }

    def add(self, name: str, case: str, settings: Mapping[str, Any], cost: Mapping[str, float | None]) -> None:
        """Note that the picture of a case is there, and what it cost."""
        log = self._log(name)
        log.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"case": case, "settings": settings_key(settings), **cost})
        torn = log.exists() and log.stat().st_size and not log.read_bytes().endswith(b"\n")
        with naming_file(log), open(log, "a", encoding="utf-8") as file:
            file.write(("\n" if torn else "") + line + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _log(self, name: str) -> Path:
        return self.results(name) / "log.jsonl"


def settings_key(settings: Mapping[str, Any]) -> str:
    """A short hash: other settings have another one."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode()).hexdigest()[:16]
