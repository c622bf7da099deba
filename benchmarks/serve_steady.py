"""How long a server lets many clients wait that come again and again.

    python benchmarks/serve_steady.py --clients 50 --seconds 60 [--idle 50] [--json steady.json]

A real `selfmend serve`, warmed by one fill. Each client sends a job, listens to its events, fetches the result, and
begins again. Told are the times of POST /api/jobs, the jobs that were done, and the errors: any answer but 2xx, any job
that is not done, any connection that breaks. A 429, when the queue is full, is counted apart: the client waits a second
and asks again. `--idle` further clients listen to the events of one long training all the while; how many of their
streams are still open at the end is told too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from pathlib import Path

import httpx
import numpy as np

from common import tell
from served import circumstances, photo, served, warm


class Tally:
    """What was seen."""

    def __init__(self) -> None:
        self.posts: list[float] = []
        self.done = self.full = self.open = 0
        self.errors: list[str] = []


async def client(http: httpx.AsyncClient, image: bytes, mask: bytes, until: float, tally: Tally) -> None:
    """One that comes again and again."""
    while time.perf_counter() < until:
        try:
            began = time.perf_counter()
            files = {"image": ("photo.jpg", image), "mask": ("mask.png", mask)}
            answer = await http.post("/api/jobs", files=files)
            tally.posts.append(time.perf_counter() - began)
            if answer.status_code == 429:
                tally.full += 1
                await asyncio.sleep(1)
                continue
            job = answer.raise_for_status().json()
            last = ""
            async with http.stream("GET", f"/api/jobs/{job['id']}/events") as events:
                async for line in events.aiter_lines():
                    last = line if line.startswith("data:") else last
            job = json.loads(last[5:])
            if job["state"] != "done":
                raise ValueError(job["error"])
            (await http.get(f"/api/jobs/{job['id']}/results/0")).raise_for_status()
            tally.done += 1
        except Exception as error:
            tally.errors.append(repr(error))


async def listener(http: httpx.AsyncClient, id: str, tally: Tally) -> None:
    """One that only listens."""
    async with http.stream("GET", f"/api/jobs/{id}/events") as events:
        tally.open += 1
        async for _ in events.aiter_lines():
            pass
        tally.open -= 1


async def crowd(address: str, image: bytes, mask: bytes, clients: int, seconds: float, idle: int) -> Tally:
    """All clients at once."""
    tally = Tally()
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=address, timeout=900, limits=limits) as http:
        listeners = []
        if idle:
            settings = {"method": "singan", "preset": "tiny", "options": {"steps": 1_000_000}}
            files = {"image": ("photo.jpg", image), "mask": ("mask.png", mask)}
            job = (await http.post("/api/jobs", files=files, data={"settings": json.dumps(settings)})).json()
            listeners = [asyncio.create_task(listener(http, job["id"], tally)) for _ in range(idle)]
        until = time.perf_counter() + seconds
        await asyncio.gather(*(client(http, image, mask, until, tally) for _ in range(clients)))
        for one in listeners:
            one.cancel()
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--idle", type=int, default=0, help="clients that only listen")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    image, mask = photo(640, 480, 64)
    with served() as server:
        warm(server.address, image, mask)
        tally = asyncio.run(crowd(server.address, image, mask, given.clients, given.seconds, given.idle))
    posts = np.percentile(tally.posts, [50, 95, 99, 100])
    report = {
        **circumstances(), "clients": given.clients, "seconds": given.seconds, "posts": len(tally.posts),
        "jobs done": tally.done, "queue full": tally.full, "errors": len(tally.errors),
        "kinds": sorted(set(tally.errors))[:5],
        **{f"POST p{name}, s": round(float(value), 3) for name, value in zip((50, 95, 99, 100), posts, strict=True)},
        "streams still open": f"{tally.open} of {given.idle}",
    }  # fmt: skip
    tell(report, given.json)


if __name__ == "__main__":
    main()
