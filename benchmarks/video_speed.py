"""How many frames a second `selfmend video` mends, from decoding to encoding, as a user's command does.

    python benchmarks/video_speed.py CLIP OUT

CLIP is shown forwards, backwards and forwards again, since a film is longer than the few dozen frames that are read
before the first one is filled. Subtitles as those of `video.py` are burnt into it, and it is written to OUT at its own
size. It is mended with masks that are given (`--masks`) and with ones that are found (`--subtitles`), three times each
in turn, so that both see the same machine; the median counts. The PSNR in the hole compares with CLIP's frames before
they were encoded.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
from PIL import Image

from common import commit, machine
from subtitles import read_clip, write_clip
from video import subtitled

RUNS = 3
KINDS = {
    "masks given, frames around": ["--masks", "masks"],
    "subtitles found, frames around": ["--subtitles"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--times", type=int, default=3, help="the clip is shown forwards, backwards, forwards, ...")
    args = parser.parse_args()
    frames = read_clip(args.clip)[0]
    truth, given, holes = subtitled([f for k in range(args.times) for f in (frames, frames[::-1])[k % 2]])
    (args.out / "masks").mkdir(parents=True, exist_ok=True)
    write_clip(given, args.out / "clip.mp4", quality=14)
    for number, hole in enumerate(holes):
        Image.fromarray(hole).save(args.out / "masks" / f"{number:06d}.png")
    found: dict[str, list[dict[str, float]]] = {kind: [] for kind in KINDS}
    for _ in range(RUNS):
        for kind, options in KINDS.items():
            report = mend(args.out, options)
            found[kind].append(report | {"psnr": psnr_of(args.out / "mended.mp4", truth, holes)})
    height, width = truth[0].shape[:2]
    print(f"{machine()}, commit {commit()}, {len(truth)} frames of {width}x{height}\n")
    print("| masks and filling | frames a second | seconds | psnr in the hole |\n|---|---|---|---|")
    for kind, reports in found.items():
        speed, seconds = (statistics.median(r[name] for r in reports) for name in ("fps", "seconds"))
        print(f"| {kind} | {speed:.1f} | {seconds:.1f} | {reports[-1]['psnr']:.2f} |")


def mend(out: Path, options: list[str]) -> dict[str, float]:
    """One run of the command: its report."""
    command = [sys.executable, "-m", "selfmend", "video", "clip.mp4", *options, "-o", "mended.mp4", "--overwrite"]
    done = subprocess.run([*command, "--json"], cwd=out, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def psnr_of(clip: Path, truth: list[np.ndarray], holes: list[np.ndarray]) -> float:
    """In dB, the mean over frames."""
    values = []
    for output, right, hole in zip(read_clip(clip)[0], truth, holes, strict=True):
        error = (output[hole].astype(np.float64) - right[hole]) ** 2
        values.append(10 * np.log10(255**2 / error.mean()))
    return float(np.mean(values))


if __name__ == "__main__":
    main()
