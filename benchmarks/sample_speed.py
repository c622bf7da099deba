"""Seconds, seconds of processor time and peak memory of one random sample against the size of the photo.

    python benchmarks/sample_speed.py PHOTO [--sides 250 500 1000 2000] [--methods patch-diffusion gpnn] [--threads 2]

PHOTO is shrunk, or enlarged where it is smaller, to each long side. Each sample has a process of its own, which draws
a small one first, so that compiling is not counted. Matrix products run on one thread (`OMP_NUM_THREADS` is set to 1),
the searches on --threads.
"""

from __future__ import annotations

import argparse
import datetime
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from PIL import Image

from common import commit, machine

WARM = 120  # px: large enough that every search is used


def draw(photo: Path, side: int, method: str, threads: int, seed: int) -> None:
    """Draw one sample, and say what it took."""
    import selfmend
    from selfmend.parallel import limit_threads

    limit_threads(threads)
    picture = Image.open(photo).convert("RGB")
    shares = [n / max(picture.size) for n in (WARM, side)]
    small, large = (picture.resize([round(n * s) for n in picture.size], Image.Resampling.LANCZOS) for s in shares)
    selfmend.sample(small, method=method, seed=seed, exact_pairs=1_000_000)
    began, busy = time.perf_counter(), time.process_time()
    selfmend.sample(large, method=method, seed=seed)
    seconds, busy = time.perf_counter() - began, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| {method} | {large.width} x {large.height} | {seconds:.1f} | {busy:.1f} | {peak:.0f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--sides", nargs="+", type=int, default=[250, 500, 1000, 2000])
    parser.add_argument("--methods", nargs="+", default=["patch-diffusion", "gpnn"])
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--alone", action="store_true", help="draw the only one named, in this process")
    args = parser.parse_args()
    if args.alone:
        draw(args.photo, args.sides[0], args.methods[0], args.threads, args.seed)
        return
    print(f"{machine()}, {datetime.date.today()}, commit {commit()}, {args.threads} threads, seed {args.seed}\n")
    print("| method | size | seconds | of the processor | peak, MB |\n|---|---|---|---|---|", flush=True)
    for method in args.methods:
        for side in args.sides:
            given = ["--sides", str(side), "--methods", method]
            given += ["--threads", str(args.threads), "--seed", str(args.seed)]
            run = [sys.executable, __file__, str(args.photo), "--alone", *given]
            subprocess.run(run, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"})


if __name__ == "__main__":
    main()
