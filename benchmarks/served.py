"""A real server for the benchmarks of it, and what it holds of memory."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
from PIL import Image
from skimage import data

from common import commit, machine


@dataclass
class Served:
    """A server that answers.

    Attributes:
        address: without a slash at its end.
        pid: of its process.
        seconds: from the start of the process to its first line.
        log: what it has written on standard error.
    """

    address: str
    pid: int
    seconds: float
    log: Path = field(default_factory=Path)


@contextlib.contextmanager
def served(*options: str) -> Iterator[Served]:
    """`selfmend serve` on a free port with a data folder of its own."""
    with tempfile.TemporaryDirectory() as folder, open(Path(folder) / "log", "w") as log:
        command = [sys.executable, "-m", "selfmend", "serve", "--port", "0", "--data", f"{folder}/data", "--no-open"]
        began = time.perf_counter()
        process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=log, text=True)
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            seconds = time.perf_counter() - began
            yield Served(re.findall(r"http://[^/]+", line)[0], process.pid, seconds, Path(folder) / "log")
        finally:
            process.terminate()  # what was started in the background may have to ignore SIGINT
            process.wait(60)


def photo(width: int, height: int, hole: int) -> tuple[bytes, bytes]:
    """A cup of coffee (Rachel Michetti, CC0) as JPEG, and a square hole in its middle as PNG."""
    mask = Image.new("L", (width, height))
    left, top = (width - hole) // 2, (height - hole) // 2
    mask.paste(255, (left, top, left + hole, top + hole))
    picture = Image.fromarray(np.asarray(data.coffee())).resize((width, height), Image.Resampling.LANCZOS)
    return encoded(picture, "JPEG", quality=92), encoded(mask, "PNG")


def encoded(picture: Image.Image, kind: str, **options: int) -> bytes:
    """The bytes of a picture file."""
    import io

    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()


class MemoryWatch:
    """Memory of a process and of all below it, several times a second: resident pages, shared ones once a process."""

    def __init__(self, pid: int) -> None:
        self.pid, self.peak, self._ending = pid, 0, threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.wait(0.2):
            self.peak = max(self.peak, self.now())

    def now(self) -> int:
        """Bytes at this moment."""
        return sum(resident(pid) for pid in family(self.pid))


def family(pid: int) -> list[int]:
    """A process and all below it."""
    children = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += [int(child) for child in (task / "children").read_text().split()]
    return [pid, *(one for child in children for one in family(child))]


def resident(pid: int) -> int:
    """Bytes that a process holds; 0 for one that has ended."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return 0


def cpu_seconds(pid: int) -> float:
    """What a process and all below it have computed so far: this, unlike the clock, knows nothing of other programs."""
    ticks = 0
    for one in family(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))  # its own, and those of children that have ended
    return ticks / os.sysconf("SC_CLK_TCK")


def circumstances() -> dict[str, str]:
    """What a number must say of where it comes from."""
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return {"machine": machine(), "commit": commit(), "date": time.strftime("%Y-%m-%d"), "load before": load}


def warm(address: str, image: bytes, mask: bytes) -> float:
    """Seconds until the first fill is there, which waits for the workers to load all that they need."""
    began = time.perf_counter()
    fill(httpx.Client(base_url=address, timeout=300), image, mask)
    return time.perf_counter() - began


def fill(client: httpx.Client, image: bytes, mask: bytes) -> bytes:
    """One fill as the page asks for it: a job, its events, its result."""
    files = {"image": ("photo.jpg", image), "mask": ("mask.png", mask)}
    job = client.post("/api/jobs", files=files).raise_for_status().json()
    with client.stream("GET", f"/api/jobs/{job['id']}/events") as events:
        last = [line for line in events.iter_lines() if line.startswith("data:")][-1]
    assert '"state":"done"' in last, last
    return client.get(f"/api/jobs/{job['id']}/results/0").raise_for_status().content
