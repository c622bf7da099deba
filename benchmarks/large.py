"""Time and peak memory of a fill in a large photo: scikit-image's astronaut enlarged, with one square hole.

python benchmarks/large.py --size 1024 --hole 256
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time

import numpy as np
from PIL import Image
from skimage import data

import selfmend


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=1024)
    parser.add_argument("--hole", type=int, default=256)
    parser.add_argument("--method", default="auto")
    parser.add_argument("--repeat", type=int, default=3)
    args = parser.parse_args()
    photo = Image.fromarray(data.astronaut()).resize((args.size, args.size), Image.Resampling.LANCZOS)
    first = (args.size - args.hole) // 3
    mask = np.zeros((args.size, args.size), bool)
    mask[first : first + args.hole, first : first + args.hole] = True
    selfmend.inpaint(photo.resize((64, 64)), np.asarray(mask[:: args.size // 64, :: args.size // 64])[:64, :64])
    seconds = []
    for _ in range(args.repeat):
        began = time.perf_counter()
        selfmend.inpaint(photo, mask, method=args.method)
        seconds.append(time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{args.method}, {args.size} px, hole {args.hole} px: {statistics.median(seconds):.2f} s, peak {peak:.0f} MB")


if __name__ == "__main__":
    main()
