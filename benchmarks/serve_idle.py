"""Streams of events that nothing happens on: are they still open after an hour, and do they tell the end?

    python benchmarks/serve_idle.py --listeners 50 --minutes 60 [--json idle.json]

A real `selfmend serve` with one long training, whose worker is stopped (SIGSTOP) once the streams are open: it takes
no time of the processor and says nothing, as a job that waits for hours. Then the worker goes on, and the job is
cancelled. Told are the streams that ended or broke before that, those that were told of the end, the longest silence on
any of them (proxies close a connection after 30 to 60 seconds of it), and what the server took: memory, file
descriptors, seconds of the processor.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import time
from pathlib import Path

import httpx

from common import tell
from served import circumstances, cpu_seconds, family, photo, resident, served


class Stream:
    """What one listener has seen."""

    def __init__(self) -> None:
        self.last, self.silence, self.comments = time.monotonic(), 0.0, 0
        self.state, self.fault = "", ""

    def hear(self, line: str) -> None:
        now = time.monotonic()
        self.silence, self.last = max(self.silence, now - self.last), now
        self.comments += line.startswith(":")
        if line.startswith("data:"):
            self.state = json.loads(line[5:])["state"]


async def listen(http: httpx.AsyncClient, id: str, stream: Stream) -> None:
    """Until the server ends the stream."""
    try:
        async with http.stream("GET", f"/api/jobs/{id}/events") as events:
            async for line in events.aiter_lines():
                stream.hear(line)
    except httpx.HTTPError as error:
        stream.fault = repr(error)


def busiest(pid: int) -> int:
    """Of the processes below a server, the one that has computed most: the worker that trains."""
    return max(family(pid)[1:], key=cpu_seconds)


async def hold(address: str, pid: int, listeners: int, minutes: float) -> dict[str, object]:
    """All streams at once."""
    image, mask = photo(320, 240, 32)
    async with httpx.AsyncClient(base_url=address, timeout=300, limits=httpx.Limits(max_connections=None)) as http:
        settings = {"method": "singan", "preset": "tiny", "options": {"steps": 1_000_000}}
        files = {"image": ("photo.jpg", image), "mask": ("mask.png", mask)}
        job = (await http.post("/api/jobs", files=files, data={"settings": json.dumps(settings)})).json()
        while (await http.get(f"/api/jobs/{job['id']}")).json()["state"] != "running":
            await asyncio.sleep(0.5)
        await asyncio.sleep(20)  # the trainer has computed more than any other by now
        streams = [Stream() for _ in range(listeners)]
        tasks = [asyncio.create_task(listen(http, job["id"], stream)) for stream in streams]
        await asyncio.sleep(2)
        worker = busiest(pid)
        os.kill(worker, signal.SIGSTOP)
        before = resident(pid), len(os.listdir(f"/proc/{pid}/fd")), cpu_seconds(pid)
        began = time.monotonic()
        ended = 0
        while time.monotonic() - began < 60 * minutes:
            await asyncio.sleep(5)
            ended = sum(task.done() for task in tasks)
        after = resident(pid), len(os.listdir(f"/proc/{pid}/fd")), cpu_seconds(pid)
        os.kill(worker, signal.SIGCONT)
        await http.delete(f"/api/jobs/{job['id']}")
        await asyncio.wait(tasks, timeout=60)
    return {
        "listeners": listeners,
        "minutes": minutes,
        "ended or broken before": ended,
        "told of the end": sum(stream.state == "cancelled" for stream in streams),
        "faults": sorted({stream.fault for stream in streams} - {""}),
        "longest silence, s": round(max(stream.silence for stream in streams), 1),
        "comments of a stream": sorted({stream.comments for stream in streams}),
        "server, MB before and after": [round(one[0] / 1e6) for one in (before, after)],
        "file descriptors before and after": [before[1], after[1]],
        "processor's seconds": round(after[2] - before[2], 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listeners", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with served() as server:
        report = circumstances() | asyncio.run(hold(server.address, server.pid, given.listeners, given.minutes))
        tell(report, given.json)


if __name__ == "__main__":
    main()
