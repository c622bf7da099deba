"""What the queue accepts, and how long it keeps what it made."""

from __future__ import annotations

from dataclasses import dataclass

from selfmend.core.options import option


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Every limit; `selfmend serve` has an option for each."""

    max_bytes: int = option(50_000_000, "of all files of one job", unit="bytes", low=1)
    max_pixels: int = option(50_000_000, "of one picture, coming or made", unit="px", low=1)
    max_queue: int = option(100, "jobs that wait at once", low=1)
    max_seconds: float = option(4 * 3600.0, "that one job may run", unit="s", low=0)
    keep_hours: float = option(24.0, "that a finished job is kept", unit="h", low=0)
    keep_bytes: int = option(2_000_000_000, "of all finished jobs; the oldest ones go first", unit="bytes", low=0)
