"""On what a benchmark was run."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def machine() -> str:
    """Cores and processor."""
    try:
        model = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
        model = model.split(":")[1].strip()
    except (OSError, StopIteration):
        model = platform.processor()
    return f"{os.cpu_count()} cores, {model}"
