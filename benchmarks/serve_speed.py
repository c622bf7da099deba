"""How long a person waits for `selfmend serve`: until it answers, for the page, and from the press to the picture.

    python benchmarks/serve_speed.py --json speed.json
    python benchmarks/serve_speed.py --size 4243x2828 --hole 600 --starts 1 --runs 3

Starts: the median of STARTS real servers; "answers" is from the start of the process to the first answer, "page" from
there until / and all files that it names have come (over one connection, one after the other). From press to picture:
the median of RUNS fills of a photo (1000 x 750, with a hole of 100 x 100 pixels) by a warmed server, upload, queue,
events and download in it; through the queue as the page does it, and through IOPaint's call. "Computed" are the CPU
seconds of the server and its workers meanwhile, which do not depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import base64
import os
import re
import statistics
import time
from pathlib import Path

import httpx

from common import tell
from served import circumstances, cpu_seconds, fill, photo, served, warm


def start() -> dict[str, float]:
    """One server from its start to the whole page."""
    began = time.perf_counter()
    with served() as server, httpx.Client(base_url=server.address, timeout=60) as client:
        client.get("/api/health").raise_for_status()
        answers = time.perf_counter() - began
        came = size = 0
        wanted, seen = ["/"], set()
        while wanted:
            path = wanted.pop(0)
            answer = client.get(path)
            if path == "/" and answer.status_code == 404:
                break  # an installation without the page
            seen.add(path)
            came, size = came + 1, size + len(answer.content)
            named = re.findall(
                r"""(?:src|href|from|import)[=\s(]*["'](\.?/?[\w./-]+\.(?:js|css|svg|png))["']""", answer.text
            )
            for name in named:
                full = str(httpx.URL(f"{server.address}{path}").join(name).path)
                if full not in seen and full not in wanted:
                    wanted.append(full)
        return {"answers, s": answers, "page, s": time.perf_counter() - began - answers, "files": came, "bytes": size}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--size", default="1000x750", help="width x height of the photo")
    parser.add_argument("--hole", type=int, default=100, help="side of the hole, pixels")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    report: dict[str, object] = circumstances()
    starts = [start() for _ in range(arguments.starts)]
    report |= {f"start: {name}": statistics.median(one[name] for one in starts) for name in starts[0]}
    width, height = map(int, arguments.size.split("x"))
    image, mask = photo(width, height, arguments.hole)
    body = {"image": base64.b64encode(image).decode(), "mask": base64.b64encode(mask).decode()}
    with served() as server, httpx.Client(base_url=server.address, timeout=300) as client:
        report["first fill, s"] = warm(server.address, image, mask)
        ways = {
            "jobs and events": lambda: fill(client, image, mask),
            "IOPaint's call": lambda: client.post("/api/v1/inpaint", json=body).raise_for_status(),
        }
        times: dict[str, list[float]] = {name: [] for name in ways}
        computed: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(arguments.runs):
            for name, ask in ways.items():
                began, before = time.perf_counter(), cpu_seconds(server.pid)
                ask()
                times[name].append(time.perf_counter() - began)
                computed[name].append(cpu_seconds(server.pid) - before)
        for name, taken in times.items():
            report[f"press to picture: {name}, s"] = statistics.median(taken)
            report[f"press to picture: {name}, fastest and slowest, s"] = [round(min(taken), 2), round(max(taken), 2)]
            report[f"press to picture: {name}, computed, s"] = statistics.median(computed[name])
    report["load after"] = " ".join(f"{value:.1f}" for value in os.getloadavg())
    tell(report, arguments.json)


if __name__ == "__main__":
    main()
