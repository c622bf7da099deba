"""Time and peak memory of a large sample: SinGAN learns a small photo for a few steps and draws it in any size.

    python benchmarks/large_sample.py --size 2000x2000 [--method sliced-wasserstein] [--tile 0]

The number of steps has no influence on what drawing costs, so one is taken. Learning and drawing run in processes of
their own, so that the peak memory is that of loading a run and drawing. --tile 0 draws each scale at once, to compare.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image
from skimage import data

import selfmend
from selfmend.methods.singan import finish, sample

WHOLE = 1 << 30  # a tile that holds any sample


def draw(run: Path, size: tuple[int, int], tile: int) -> None:
    """Load the run, draw one sample, and say what it took."""
    model = selfmend.load(run, device="cpu")
    if tile != sample.TILE:
        whole = sample.draw
        finish.draw = lambda *nouns, **more: whole(*nouns, tile=tile or WHOLE, **more)
    began = time.perf_counter(), time.process_time()
    picture = model.sample(size=size)
    seconds, busy = time.perf_counter() - began[0], time.process_time() - began[1]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    channels = [scale.generator.head.conv.out_channels for scale in model.method.scales.trained]
    print(
        f"{picture.height}x{picture.width} = {picture.height * picture.width / 1e6:.1f} megapixels, "
        f"{len(channels)} scales of {channels[0]} to {channels[-1]} channels, tile {tile or 'none'}: {seconds:.1f} s "
        f"({busy:.1f} s of processor time), peak {peak:.0f} MB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="2000x2000", metavar="HxW")
    parser.add_argument("--method", default="singan")
    parser.add_argument("--tile", type=int, default=sample.TILE)
    parser.add_argument("--learn", type=Path, help="only learn, into this folder")
    parser.add_argument("--draw", type=Path, help="only draw, from this folder")
    args = parser.parse_args()
    height, width = (int(n) for n in args.size.split("x"))
    if args.learn:
        photo = Image.fromarray(data.chelsea()).resize((250, 166))
        options = {"steps": 1}
        selfmend.fit(args.method, photo, folder=args.learn, **options)
        return
    if args.draw:
        draw(args.draw, (height, width), args.tile)
        return
    options = ["--size", args.size, "--method", args.method, "--tile", str(args.tile)]
    with tempfile.TemporaryDirectory() as folder:
        for part in ("--learn", "--draw"):
            subprocess.run([sys.executable, __file__, part, f"{folder}/run", *options], check=True)


if __name__ == "__main__":
    main()
