"""The folder of an ablation: a record that tells it from another one, its runs, and what came out.

OUT/ablation.json            method, option, config, and digests of the pictures
OUT/runs/VALUE-SEED          run folders, see train.run_folder
OUT/table.md, scores.json, faces.png   written when all runs are finished
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

from selfmend.bench.report_folder import ReportFolder


class AblationFolder(ReportFolder):
    """A folder that holds one ablation."""

    kind: ClassVar[str] = "ablation"

    def run(self, value: str, seed: int) -> Path:
        """The run folder of a value and a seed."""
        return self.path / "runs" / f"{value}-{seed}"

    def _difference(self, key: str, found: Any, wanted: Any) -> str:
        return "other pictures were held back" if key == "held_back" else super()._difference(key, found, wanted)


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
