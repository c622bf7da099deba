"""The folder of a report: what it was made with, and on which machine.

On what a benchmark was run.

A folder that holds what came of one comparison, with a record that tells it from another one.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from selfmend._version import __version__
from selfmend.errors import OptionError, RunError
from selfmend.files import atomic_path
from selfmend.training.checkpoints import check_can_hold, record_difference


def machine() -> str:
    """Cores and processor."""
    try:
        model = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
        model = model.split(":")[1].strip()
    except (OSError, StopIteration):
        model = platform.processor()
    return f"{os.cpu_count()} cores, {model}"


FORMAT = 1


class ReportFolder:
    """A folder that holds one comparison of a kind.

    Args:
        path: made where it does not exist.

    Attributes:
        kind: what it holds, also the name of its record.
        again: what a person does to start again.
    """

    kind: ClassVar[str]
    again: ClassVar[str] = "remove it to start again"

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._file = self.path / f"{self.kind}.json"

    @property
    def is_begun(self) -> bool:
        """Whether there is a record."""
        return self._file.exists()

    def check(self, record: Mapping[str, Any], *, pictures: Sequence[Path]) -> None:
        """Refuse, before any work, a folder that cannot take this comparison.

        Args:
            record: what makes a comparison another one.
            pictures: folders whose pictures are read; what is written must not be among these.

        Raises:
            OptionError: it lies in one of `pictures`.
            RunError: it cannot be written, holds another comparison, or something that is none.
        """
        self.check_outside(pictures)
        if self.is_begun:
            self._check_same(json.loads(json.dumps(record)))

    def check_outside(self, pictures: Sequence[Path]) -> None:
        """As `check`, but for the record, if there is one."""
        for folder in pictures:
            if folder.resolve() in (self.path.resolve(), *self.path.resolve().parents):
                raise OptionError(f"{self.path} lies in {folder}, whose pictures are read; choose a folder outside it")
        check_can_hold(self.path)
        if not self.is_begun and self.path.exists() and any(not p.name.startswith(".") for p in self.path.iterdir()):
            raise RunError(f"{self.path} is not empty and holds no {self.kind}; choose a new or empty folder")

    def start(self, record: Mapping[str, Any]) -> None:
        """Write the record; `check` has been called."""
        with atomic_path(self._file) as temporary:
            whole = {"format": FORMAT, "selfmend": __version__, **record}
            temporary.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")

    def _check_same(self, record: Mapping[str, Any]) -> None:
        try:
            earlier = json.loads(self._file.read_text(encoding="utf-8"))
            differing = next((key for key in record if earlier.get(key) != record[key]), None)
        except (OSError, ValueError, AttributeError) as error:
            raise RunError(f"{self._file} is damaged ({error}); choose another folder") from error
        if differing is None:
            return
        difference = self._difference(differing, earlier.get(differing), record[differing])
        raise RunError(f"{self.path} holds another {self.kind} ({difference}); choose another folder, or {self.again}")

    def _difference(self, key: str, found: Any, wanted: Any) -> str:
        return record_difference(key, found, wanted)
