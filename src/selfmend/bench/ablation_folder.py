"""The folder of an ablation: a record that tells it from another one, its runs, and what came out.

OUT/ablation.json            method, option, config, and digests of the pictures
OUT/runs/VALUE-SEED          run folders, see train.run_folder
OUT/table.md, scores.json, faces.png   written when all runs are finished
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from selfmend._version import __version__
from selfmend.core.checks import OptionError, RunError
from selfmend.core.files import atomic_path
from selfmend.train.run_folder import check_can_hold, record_difference

FORMAT = 1


class AblationFolder:
    """A folder that holds one ablation.

    Args:
        path: made where it does not exist.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._file = self.path / "ablation.json"

    def run(self, value: str, seed: int) -> Path:
        """The run folder of a value and a seed."""
        return self.path / "runs" / f"{value}-{seed}"

    def check(self, record: Mapping[str, Any], *, pictures: Sequence[Path]) -> None:
        """Refuse, before any work, a folder that cannot take this ablation.

        Args:
            record: what makes an ablation another one.
            pictures: folders whose pictures are read; what is written must not be among these.

        Raises:
            OptionError: it lies in one of `pictures`.
            RunError: it cannot be written, holds another ablation, or something that is none.
        """
        for folder in pictures:
            if folder.resolve() in (self.path.resolve(), *self.path.resolve().parents):
                raise OptionError(f"{self.path} lies in {folder}, whose pictures are read; choose a folder outside it")
        check_can_hold(self.path)
        if self._file.exists():
            self._check_same(json.loads(json.dumps(record)))
        elif self.path.exists() and any(not p.name.startswith(".") for p in self.path.iterdir()):
            raise RunError(f"{self.path} is not empty and holds no ablation; choose a new or empty folder")

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
        difference = record_difference(differing, earlier.get(differing), record[differing])
        if differing == "held_back":
            difference = "other pictures were held back"
        raise RunError(
            f"{self.path} holds another ablation ({difference}); choose another folder, or remove it to start again"
        )


def value_name(value: Any) -> str:
    """A value in tables, and as a part of a file's name.

    Example:
        >>> value_name(5.0), value_name(-0.003), value_name(True), value_name((1, 2))
        ('5', '-0.003', 'true', '1-2')
    """
    if isinstance(value, tuple):
        return "-".join(value_name(one) for one in value)
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    text = str(value).lower() if value is None or isinstance(value, bool) else str(value)
    return re.sub(r"[^\w.+-]+", "-", text)
