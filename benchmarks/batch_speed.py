"""How much faster `selfmend batch` is with two processes than with one, starting included.

    python benchmarks/batch_speed.py OUT

40 squares of up to 512 px are cut out of scikit-image's photos, each with a hole of 80 px. The command is run with one
process and with two, in turn, so that both see the same machine; the median counts. A third kind of run has one small
picture: that is what starting takes. `cpu` is the CPU seconds of the work on the pictures, from the manifest; on a busy
machine, compare these. At last, what it takes of the processor until a worker is ready: one that is forked from the
server that has loaded everything, and one that loads for itself.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

from common import commit, machine
from selfmend.jobs.folder_work import FolderJob
from selfmend.jobs.local import load_ahead
from selfmend.jobs.manifest import NAME, read_manifest
from selfmend.processes import Child, become_child

PHOTOS = ("astronaut", "coffee", "rocket", "camera", "immunohistochemistry", "chelsea")
SIDE, HOLE, COUNT = 512, 80, 40
RUNS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--runs", type=int, default=RUNS)
    args = parser.parse_args()
    draw(args.out)
    kinds = {"one process": ("photos", 1), "two processes": ("photos", 2), "one small picture": ("small", 1)}
    for folder, jobs in kinds.values():
        run(args.out, folder, jobs)  # once for nothing: what is compiled is kept
    found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
    for _ in range(args.runs):
        for kind, (folder, jobs) in kinds.items():
            found[kind].append(run(args.out, folder, jobs))
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    print(f"{machine()}, commit {commit()}, {COUNT} pictures, load average {load}\n")
    print("| | seconds | cpu |\n|---|---|---|")
    median = {kind: [statistics.median(values) for values in zip(*runs, strict=True)] for kind, runs in found.items()}
    for kind, (seconds, cpu) in median.items():
        print(f"| {kind} | {seconds:.1f} | {cpu:.1f} |")
    print(f"\nTwo processes are {median['one process'][0] / median['two processes'][0]:.2f} times as fast as one.")
    costs = {
        context: statistics.median(start(context) for _ in range(args.runs)) for context in ("forkserver", "spawn")
    }
    print(f"A worker is ready after {costs['forkserver']:.2f} CPU s (forked) or {costs['spawn']:.2f} CPU s (spawned).")


def draw(out: Path) -> None:
    """The pictures and their masks."""
    for name in ("photos", "photos-masks", "small", "small-masks"):
        shutil.rmtree(out / name, ignore_errors=True)
        (out / name).mkdir(parents=True)
    for number in range(COUNT):
        photo = getattr(data, PHOTOS[number % len(PHOTOS)])()[:SIDE, :SIDE]
        photo = np.roll(photo, 53 * number, 1)[:, :: -1 if number % 4 > 1 else 1]
        place = (100 + 5 * number, 60 + 4 * number)
        save(out, "photos", f"{number:02d}", photo, place)
    save(out, "small", "small", data.astronaut()[:128, :128], (20, 20))


def save(out: Path, folder: str, name: str, photo: np.ndarray, place: tuple[int, int]) -> None:
    """One picture with a square hole whose top left corner is at `place`, or as near to it as there is room."""
    mask = np.zeros(photo.shape[:2], np.uint8)
    side = min(HOLE, min(mask.shape) // 4)
    top, left = (min(at, length - side) for at, length in zip(place, mask.shape, strict=True))
    mask[top : top + side, left : left + side] = 255
    Image.fromarray(photo).save(out / folder / f"{name}.png")
    Image.fromarray(mask).save(out / f"{folder}-masks" / f"{name}.png")


def run(out: Path, folder: str, jobs: int) -> tuple[float, float]:
    """Seconds that the command takes, and seconds of the processor that its pictures take."""
    shutil.rmtree(out / "mended", ignore_errors=True)
    command = [sys.executable, "-m", "selfmend", "batch", folder, "--masks", f"{folder}-masks", "-o", "mended"]
    started = time.perf_counter()
    subprocess.run([*command, "--jobs", str(jobs), "--quiet"], cwd=out, check=True)
    seconds = time.perf_counter() - started
    return seconds, sum(record["cpu"] for record in read_manifest(out / "mended" / NAME)[1].values())


def start(context: str) -> float:
    """CPU seconds of a process until it could mend."""
    load_ahead()
    child = Child(tell_cost, context=context)
    seconds = child.take()
    child.end()
    return seconds


def tell_cost(connection: Connection) -> None:
    """What runs there."""
    become_child()
    FolderJob().prepare()
    connection.send(time.process_time())


if __name__ == "__main__":
    main()
