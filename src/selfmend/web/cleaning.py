"""What is removed of finished jobs, and when."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from selfmend.web.limits import Limits


def expired(finished: Sequence[tuple[str, float, int]], limits: Limits, now: float) -> list[str]:
    """The jobs whose time is over, and the oldest ones beyond the limit on disk.

    Args:
        finished: (id, when it ended, bytes), the latest end first.
        limits: hours and bytes.
        now: in the same seconds.
    """
    gone, used = [], 0
    for id, ended, size in finished:
        used += size
        if now - ended > limits.keep_hours * 3600 or used > limits.keep_bytes:
            gone.append(id)
    return gone


def folder_bytes(folder: Path) -> int:
    """Of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
