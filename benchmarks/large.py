"""Time and peak memory of a fill in a large photo: scikit-image's astronaut enlarged, with holes spread over it.

    python benchmarks/large.py --size 1024x1024 --hole 256x256
    python benchmarks/large.py --size 4000x3000 --hole 1000x360 --methods auto,patchmatch --command
    python benchmarks/large.py --size 9000x6700 --hole 400x300 --holes 10

Sizes are width x height. Each method runs in a process of its own; memory is that of the process at its peak, the photo
in it. With --command the whole `selfmend inpaint photo.png` is timed too, from start to written file.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

import selfmend
from common import commit, machine

SIZE = tuple[int, int]


def size(text: str) -> SIZE:
    width, _, height = text.partition("x")
    return int(width), int(height)


def make(photo: SIZE, hole: SIZE, holes: int) -> tuple[Image.Image, np.ndarray]:
    """The photo, and its holes on a grid."""
    picture = Image.fromarray(data.astronaut()).resize(photo, Image.Resampling.LANCZOS)
    mask = np.zeros((photo[1], photo[0]), bool)
    columns = int(np.ceil(np.sqrt(holes * photo[0] / photo[1])))
    rows = -(-holes // columns)
    for k in range(holes):
        x = round((k % columns + 0.4) / columns * photo[0] - hole[0] / 2)
        y = round((k // columns + 0.4) / rows * photo[1] - hole[1] / 2)
        mask[max(0, y) : y + hole[1], max(0, x) : x + hole[0]] = True
    return picture, mask


def worker(args: argparse.Namespace) -> None:
    photo, mask = make(args.size, args.hole, args.holes)
    selfmend.inpaint(photo.resize((96, 96)), np.pad(np.ones((20, 20), bool), 38), method=args.methods)  # compiles
    seconds = []
    for _ in range(args.repeat):
        began = time.perf_counter()
        selfmend.inpaint(photo, mask, method=args.methods)
        seconds.append(time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": statistics.median(seconds), "peak": peak}))


def command(args: argparse.Namespace, method: str, folder: Path) -> tuple[float, float]:
    """Seconds and MB of the whole command."""
    photo, mask = make(args.size, args.hole, args.holes)
    photo.save(folder / "photo.png", compress_level=1)
    Image.fromarray(mask).save(folder / "mask.png")
    line = ["inpaint", "photo.png", "--mask", "mask.png", "--method", method, "-o", "out.png", "--overwrite"]
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "selfmend", *line], cwd=folder, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"selfmend {' '.join(line)} failed")
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=size, default=(1024, 1024))
    parser.add_argument("--hole", type=size, default=(256, 256))
    parser.add_argument("--holes", type=int, default=1)
    parser.add_argument("--methods", default="auto")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--command", action="store_true")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        worker(args)
        return
    print(
        f"{machine()}, commit {commit()}, {args.size[0]}x{args.size[1]}, {args.holes} x {args.hole[0]}x{args.hole[1]}\n"
    )
    print("| method | fill, s | peak, MB | command, s | peak, MB |\n|---|---|---|---|---|")
    for method in args.methods.split(","):
        own = [sys.executable, __file__, *sys.argv[1:], "--methods", method, "--worker"]
        found = json.loads(subprocess.run(own, check=True, capture_output=True, text=True).stdout)
        cells = ["", ""]
        if args.command:
            with tempfile.TemporaryDirectory() as folder:
                runs = [command(args, method, Path(folder)) for _ in range(args.repeat)]
            cells = [f"{statistics.median(run[0] for run in runs):.2f}", f"{max(run[1] for run in runs):.0f}"]
        print(f"| {method} | {found['seconds']:.2f} | {found['peak']:.0f} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
