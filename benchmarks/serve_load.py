"""Whether a server loses none of many fills that come at once, and how much memory that takes.

    python benchmarks/serve_load.py --json load.json

A real `selfmend serve`, warmed by one fill. Then, three times in turn: COUNT jobs at once through /api/jobs, each with
its event stream and its result, and COUNT calls at once of /api/v1/inpaint. Every picture is compared with the one that
came: known pixels must be equal (to 3 of 255 on average where a JPEG is written again). Memory is that of the server
and all its processes.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import json
import time
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

from common import tell
from served import MemoryWatch, circumstances, cpu_seconds, photo, served, warm


async def one_job(client: httpx.AsyncClient, image: bytes, mask: bytes, seed: int) -> bytes:
    """A fill through the queue."""
    files = {"image": ("photo.jpg", image), "mask": ("mask.png", mask)}
    answer = await client.post("/api/jobs", files=files, data={"settings": json.dumps({"seed": seed})})
    job = answer.raise_for_status().json()
    last = ""
    async with client.stream("GET", f"/api/jobs/{job['id']}/events") as events:
        async for line in events.aiter_lines():
            last = line if line.startswith("data:") else last
    assert json.loads(last[5:])["state"] == "done", last
    return (await client.get(f"/api/jobs/{job['id']}/results/0")).raise_for_status().content


async def one_call(client: httpx.AsyncClient, image: bytes, mask: bytes, seed: int) -> bytes:
    """A fill through IOPaint's interface."""
    body = {"image": base64.b64encode(image).decode(), "mask": base64.b64encode(mask).decode(), "sd_seed": seed}
    return (await client.post("/api/v1/inpaint", json=body)).raise_for_status().content


def sound(result: bytes, image: bytes, mask: bytes) -> bool:
    """Whether what came is the picture that was sent, with its hole filled."""
    known = np.asarray(Image.open(io.BytesIO(mask))) == 0
    before, after = (np.asarray(Image.open(io.BytesIO(one)).convert("RGB")).astype(int) for one in (image, result))
    return before.shape == after.shape and abs(before - after)[known].mean() < 3 and (before != after)[~known].any()


async def crowd(address: str, ask, count: int, image: bytes, mask: bytes) -> dict[str, float]:
    """`count` clients at once: how many got their picture, and after how long."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=address, timeout=900, limits=limits) as client:
        began = time.perf_counter()
        waited = []

        async def timed(seed: int) -> bytes:
            result = await ask(client, image, mask, seed)
            waited.append(time.perf_counter() - began)
            return result

        results = await asyncio.gather(*(timed(seed) for seed in range(count)), return_exceptions=True)
    for error in {repr(result) for result in results if isinstance(result, BaseException)}:
        print("lost:", error)
    good = sum(1 for result in results if isinstance(result, bytes) and sound(result, image, mask))
    return {"sent": count, "good": good, "seconds": max(waited, default=0.0), "median wait": float(np.median(waited))}


def shown(value: object) -> str:
    """A number in four digits, anything else as it is."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--size", default="640x480", help="width x height of the photo")
    parser.add_argument("--hole", type=int, default=64, help="side of the hole in pixels")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))
    image, mask = photo(width, height, arguments.hole)
    report = {**circumstances(), "photo": arguments.size, "hole": arguments.hole, "rounds": []}
    with served() as server:
        report["first fill, seconds"] = round(warm(server.address, image, mask), 1)
        with MemoryWatch(server.pid) as watch:
            report["memory idle, MB"] = round(watch.now() / 1e6)
            for number in range(arguments.rounds):
                for name, ask in (("jobs", one_job), ("IOPaint", one_call)):
                    watch.peak, before = 0, cpu_seconds(server.pid)
                    outcome = asyncio.run(crowd(server.address, ask, arguments.count, image, mask))
                    row = {"round": number + 1, "through": name, **outcome, "peak MB": watch.peak / 1e6}
                    row["CPU seconds"] = cpu_seconds(server.pid) - before
                    report["rounds"].append(row)
                    print(", ".join(f"{name}: {shown(value)}" for name, value in row.items()), flush=True)
            time.sleep(2)
            report["memory after, MB"] = round(watch.now() / 1e6)
        report["log"] = server.log.read_text()[-2000:]
    tell(report, arguments.json, without={"rounds"})
    if any(row["good"] != row["sent"] for row in report["rounds"]):
        raise SystemExit("pictures were lost")


if __name__ == "__main__":
    main()
