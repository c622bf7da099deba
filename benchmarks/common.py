"""What the benchmarks share: how a method is written, and what a result must say of where it comes from."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Collection, Mapping
from pathlib import Path

from selfmend.evaluation.entries import parse_spec as parse
from selfmend.evaluation.report_folder import machine

__all__ = ["commit", "kept", "machine", "parse", "tell"]


def commit() -> str:
    """The commit that is checked out, with a + if files differ from it."""
    run = ["git", "describe", "--always", "--dirty=+", "--abbrev=8"]
    return subprocess.run(run, capture_output=True, text=True).stdout.strip()


def kept(out: Path, seed: int) -> Path:
    """Where results are kept of this seed and this code, so that those of another one are never taken for them."""
    changes = subprocess.run(["git", "diff", "HEAD"], capture_output=True).stdout
    own = hashlib.sha256(changes).hexdigest()[:8] if changes else ""
    return out / f"{commit()}{own}-seed{seed}"


def tell(report: Mapping[str, object], file: Path | None = None, *, without: Collection[str] = ()) -> None:
    """Print a report, numbers in four digits, and write all of it as it is to a file where one is named.

    Args:
        report: values that JSON knows.
        file: of JSON.
        without: keys that are not printed: what was printed before.
    """
    short = {key: float(f"{value:.4g}") if isinstance(value, float) else value for key, value in report.items()}
    print(json.dumps({key: value for key, value in short.items() if key not in without}, indent=1), flush=True)
    if file:
        file.write_text(json.dumps(report, indent=1))
