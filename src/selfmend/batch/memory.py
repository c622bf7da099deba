"""How much memory there is for pictures that are worked on at once."""

from __future__ import annotations

from pathlib import Path

from selfmend.image.listing import picture_size

BYTES_PER_PIXEL = 150  # of the quick methods: patchmatch takes about 100 beside what the process has loaded
_GROUP = Path("/sys/fs/cgroup")


def bytes_needed(picture: Path) -> int:
    """About how much mending a picture takes; 0 where its size cannot be read."""
    size = picture_size(picture)
    return 0 if size is None else size[0] * size[1] * BYTES_PER_PIXEL


def free_memory() -> float:
    """Bytes that this machine, or this container, has left; infinity where it does not say."""
    free = float("inf")
    try:
        lines = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
        free = float(lines["MemAvailable"].split()[0]) * 1024
        free = min(free, int((_GROUP / "memory.max").read_text()) - int((_GROUP / "memory.current").read_text()))
    except (OSError, ValueError, KeyError):  # no Linux, no container, or one without a limit ("max")
        return free
    return free
