"""How coherent in time the films of `selfmend animate` are, beside a real film: warping error and motion.

python benchmarks/animation.py [PICTURES] [--film CLIP]

Of a folder of pictures, else of photos that scikit-image ships. The warping error is `metrics.flicker`'s, over the
whole frame: the mean difference from the frame before, moved along the flow, 0 to 255. Motion is the flow's mean length
in pixels. A film that stands still has no error, so the two belong together; frames of a real film are shrunk to the
same long side.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data

import selfmend
from common import commit, machine
from selfmend.metrics.flicker import flicker
from selfmend.registration.flow import dense_flow
from selfmend.types import Image as Picture
from selfmend.types import size_of

LONGEST = 250
SHIPPED = ("coffee", "chelsea", "rocket")


def pictures(folder: Path | None) -> Iterator[tuple[str, Image.Image]]:
    """Name and picture, at most LONGEST pixels long."""
    if folder is None:
        named = [(name, Image.fromarray(getattr(data, name)())) for name in SHIPPED]
    else:
        files = sorted(file for file in folder.iterdir() if file.suffix.lower() in {".png", ".jpg", ".jpeg"})
        named = [(file.stem, Image.open(file).convert("RGB")) for file in files]
    for name, picture in named:
        picture.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
        yield name, picture


def film_frames(path: Path, count: int) -> list[Image.Image]:
    """The first frames of a film."""
    import av

    with av.open(str(path)) as container:
        frames = [frame.to_image() for _, frame in zip(range(count), container.decode(video=0), strict=False)]
    for frame in frames:
        frame.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
    return frames


def scores(frames: Sequence[Image.Image]) -> tuple[float, float]:
    """Mean warping error and mean motion from frame to frame."""
    errors, motions = [], []
    arrays: list[Picture] = [np.asarray(frame.convert("RGB"), np.float32) / 255 for frame in frames]
    greys = [np.asarray(frame.convert("L")) for frame in frames]
    for k in range(1, len(arrays)):
        flow = dense_flow(greys[k], greys[k - 1])
        everywhere = np.ones(size_of(arrays[k]), bool)
        errors.append(flicker(arrays[k], arrays[k - 1], mask=everywhere, flow=flow))
        motions.append(float(np.hypot(flow[..., 0], flow[..., 1]).mean()))
    return float(np.mean(errors)), float(np.mean(motions))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path, nargs="?")
    parser.add_argument("--film", type=Path, action="append", default=[])
    parser.add_argument("--frames", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    print(f"{machine()}, commit {commit()}, seed {args.seed}, {args.frames} frames")
    print("| film | warping error | motion, px | error for each px |\n|---|---|---|---|")
    rows = [(f"animate {name}", one) for name, one in pictures(args.pictures)]
    for name, one in rows:
        report(name, [*selfmend.animate(one, frames=args.frames, loop=True, seed=args.seed), one.convert("RGB")])
    for path in args.film:
        report(path.name, film_frames(path, args.frames))


def report(name: str, frames: Sequence[Image.Image]) -> None:
    error, motion = scores(frames)
    print(f"| {name} | {error:.2f} | {motion:.2f} | {error / max(motion, 1e-9):.1f} |", flush=True)


if __name__ == "__main__":
    main()
