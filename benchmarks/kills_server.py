"""A real server and its workers are killed again and again while clients send jobs: is one lost that was acknowledged?

    python benchmarks/kills_server.py --kills 1000 --minutes 20 [--seed 0] [--json kills.json]

Two clients send small fills and keep the ids of those that were answered with 201. Meanwhile the server, or one of its
workers, gets SIGKILL after a random while, also while it starts; a killed server is started again on the same folder.
At the end the killing stops, and every acknowledged job is waited for. It is lost where the server does not know it,
where it does not end, or where its result is not to the bit what a fill alone gives. A job whose worker was killed
under it says so and has failed: that is told, not lost. Counted as well are folders of jobs that were not acknowledged
(the server was killed before it could answer) and temporary files.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import io
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx
import numpy as np
from PIL import Image

import selfmend
from common import tell
from selfmend.image.files import save_picture
from served import circumstances, encoded, family

TOLD = re.compile(r"the worker ended|the server ended")


class Server:
    """`selfmend serve` on one folder and port, started again and again."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [
            sys.executable, "-m", "selfmend", "serve", "--port", str(self.port), "--data", str(self.folder / "data"),
            "--no-open", "--max-queue", "100000",
        ]  # fmt: skip
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def workers(self) -> list[int]:
        """Processes below it."""
        return family(self.process.pid)[1:] if self.process is not None else []


class Clients(threading.Thread):
    """Send jobs until told to stop, and remember those that were acknowledged: id and which picture."""

    def __init__(self, address: str, pictures: list[bytes], mask: bytes, pause: float) -> None:
        super().__init__(daemon=True)
        self.address, self.pictures, self.mask, self.pause = address, pictures, mask, pause
        self.acknowledged: dict[str, int] = {}
        self.refused: collections.Counter[str] = collections.Counter()
        self.ending = threading.Event()

    def run(self) -> None:
        count = 0
        while not self.ending.wait(self.pause):
            which = count = (count + 1) % len(self.pictures)
            files = {"image": ("photo.png", self.pictures[which]), "mask": ("mask.png", self.mask)}
            try:
                answer = httpx.post(
                    f"{self.address}/api/jobs", files=files, data={"settings": '{"method": "telea"}'}, timeout=30
                )
            except httpx.HTTPError as error:
                self.refused[type(error).__name__] += 1
                continue
            if answer.status_code == 201:
                self.acknowledged[answer.json()["id"]] = which
            else:
                self.refused[str(answer.status_code)] += 1


def pictures() -> tuple[list[bytes], bytes, list[bytes]]:
    """Small pictures, one mask, and what comes of them."""
    hole = np.zeros((40, 60), bool)
    hole[12:20, 20:34] = True
    made = [np.random.default_rng(k).integers(0, 256, (40, 60, 3), np.uint8) for k in range(4)]
    expected = []
    with tempfile.TemporaryDirectory() as folder:
        for k, one in enumerate(made):
            path = Path(folder) / f"{k}.png"
            Image.fromarray(one).save(path)
            save_picture(selfmend.inpaint(path, hole, method="telea"), path)
            expected.append(path.read_bytes())
    return [encoded(Image.fromarray(one), "PNG") for one in made], encoded(Image.fromarray(hole), "PNG"), expected


def hunt(server: Server, kills: int, until: float, chance: random.Random) -> collections.Counter[str]:
    """Kill the server or a worker after random whiles."""
    done: collections.Counter[str] = collections.Counter()
    while sum(done.values()) < kills and time.monotonic() < until:
        if not server.is_alive():
            server.start()
            if chance.random() < 0.25:
                time.sleep(chance.uniform(0, 6))
                server.kill()
                done["server, starting"] += 1
                continue
            while server.is_alive() and not answers(server.address):
                time.sleep(0.2)
        time.sleep(chance.expovariate(1 / 0.3) if chance.random() < 0.88 else chance.uniform(2, 7))
        workers = server.workers()
        if chance.random() < 0.75 and workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(chance.choice(workers), signal.SIGKILL)
                done["worker"] += 1
        elif server.is_alive():
            server.kill()
            done["server, at work"] += 1
    return done


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/api/health", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def became(server: Server, jobs: dict[str, int], expected: list[bytes], patience: float) -> collections.Counter[str]:
    """What became of each job."""
    if not server.is_alive():
        server.start()
    until = time.monotonic() + patience
    while not answers(server.address) and time.monotonic() < until:
        time.sleep(0.5)
    found: collections.Counter[str] = collections.Counter()
    with httpx.Client(base_url=server.address, timeout=60) as http:
        for id, which in jobs.items():
            job = {"state": ""}
            while job["state"] not in ("done", "failed", "cancelled") and time.monotonic() < until:
                answer = http.get(f"/api/jobs/{id}")
                if answer.status_code == 404:
                    break
                job = answer.json()
                if job["state"] in ("queued", "running"):
                    time.sleep(0.2)
            if job["state"] == "done":
                result = http.get(f"/api/jobs/{id}/results/0")
                right = result.status_code == 200 and same(result.content, expected[which])
                found["done" if right else "lost: another result"] += 1
            elif job["state"] == "failed" and TOLD.search(str(job.get("error"))):
                found["told: its worker or server was killed under it"] += 1
            else:
                found[f"lost: {job['state'] or 'unknown'} {job.get('error', '')}"] += 1
    return found


def same(one: bytes, other: bytes) -> bool:
    return np.array_equal(np.asarray(Image.open(io.BytesIO(one))), np.asarray(Image.open(io.BytesIO(other))))


def left(folder: Path, jobs: set[str]) -> dict[str, int]:
    """What nobody needs."""
    folders = [path.name for path in (folder / "data" / "jobs").iterdir()]
    return {
        "folders of no acknowledged job": sum(name not in jobs for name in folders),
        "temporary files": sum(path.name.startswith(".selfmend-") for path in folder.rglob("*")),
    }


def main() -> None:
    """See above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=20, help="of killing, at most")
    parser.add_argument("--patience", type=float, default=20, help="minutes to wait for all jobs afterwards, at most")
    parser.add_argument("--pause", type=float, default=0.5, help="seconds between a client's jobs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    sent, mask, expected = pictures()
    report: dict[str, object] = dict(circumstances())
    with tempfile.TemporaryDirectory() as name:
        server = Server(Path(name))
        clients = [Clients(server.address, sent, mask, given.pause) for _ in range(2)]
        server.start()
        for one in clients:
            one.start()
        began = time.monotonic()
        done = hunt(server, given.kills, began + 60 * given.minutes, random.Random(given.seed))
        seconds = time.monotonic() - began
        for one in clients:
            one.ending.set()
        for one in clients:
            one.join()
        jobs = {id: which for one in clients for id, which in one.acknowledged.items()}
        found = became(server, jobs, expected, 60 * given.patience)
        server.process.terminate()  # type: ignore[union-attr]
        server.process.wait(60)  # type: ignore[union-attr]
        report |= {
            "kills": sum(done.values()), "of": dict(done), "seconds": round(seconds), "acknowledged": len(jobs),
            "not acknowledged": dict(sum((one.refused for one in clients), collections.Counter())),
            "became": dict(found), "lost": sum(n for what, n in found.items() if what.startswith("lost")),
            **left(Path(name), set(jobs)),
            "tracebacks": (Path(name) / "log").read_text().count("Traceback"),
        }  # fmt: skip
        log = (Path(name) / "log").read_text()
    tell(report, given.json)
    if "Traceback" in log:
        print(log[log.index("Traceback") - 300 :][:3000])
    sys.exit(bool(report["lost"]))


if __name__ == "__main__":
    main()
