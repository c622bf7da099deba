"""What the benchmarks share: how a method is written, and what a result must say of where it comes from."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path


def parse(spec: str) -> tuple[str, str | None, dict[str, str]]:
    """NAME[:PRESET][:key=value,...] as name, preset, options."""
    name, *rest = spec.split(":")
    preset = next((r for r in rest if "=" not in r), None)
    options = dict(pair.split("=") for r in rest if "=" in r for pair in r.split(","))
    return name, preset, options


def machine() -> str:
    """Cores and processor."""
    try:
        model = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
        model = model.split(":")[1].strip()
    except (OSError, StopIteration):
        model = platform.processor()
    return f"{os.cpu_count()} cores, {model}"


def commit() -> str:
    """The commit that is checked out, with a + if files differ from it."""
    run = ["git", "describe", "--always", "--dirty=+", "--abbrev=8"]
    return subprocess.run(run, capture_output=True, text=True).stdout.strip()
