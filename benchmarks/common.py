"""What the benchmarks share: how a method is written, and what a result must say of where it comes from."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from selfmend.evaluation.entries import parse_spec as parse
from selfmend.evaluation.report_folder import machine

__all__ = ["commit", "kept", "machine", "parse"]


def commit() -> str:
    """The commit that is checked out, with a + if files differ from it."""
    run = ["git", "describe", "--always", "--dirty=+", "--abbrev=8"]
    return subprocess.run(run, capture_output=True, text=True).stdout.strip()


def kept(out: Path, seed: int) -> Path:
    """Where results are kept of this seed and this code, so that those of another one are never taken for them."""
    changes = subprocess.run(["git", "diff", "HEAD"], capture_output=True).stdout
    own = hashlib.sha256(changes).hexdigest()[:8] if changes else ""
    return out / f"{commit()}{own}-seed{seed}"
