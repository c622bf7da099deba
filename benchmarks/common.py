"""What the benchmarks share: how a method is written, and what a result must say of where it comes from."""

from __future__ import annotations

import subprocess

from selfmend.evaluation.entries import parse_spec as parse
from selfmend.evaluation.report_folder import machine

__all__ = ["commit", "machine", "parse"]


def commit() -> str:
    """The commit that is checked out, with a + if files differ from it."""
    run = ["git", "describe", "--always", "--dirty=+", "--abbrev=8"]
    return subprocess.run(run, capture_output=True, text=True).stdout.strip()
