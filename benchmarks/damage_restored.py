"""How near `restore` comes to the photo without its damage, beside a fill of the true mask: PSNR of whole pictures.

    python benchmarks/damage_restored.py [--photos FOLDER] [--count 12] [--seed 0] [--sensitivity 0.5]

Damage is drawn as in benchmarks/damage.py, without the tones and the scan of an old print, so that the clean photo is
the truth. Without --photos, these are photos that scikit-image ships, which the finder has learned from.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import selfmend
from common import commit, machine
from damage import drawn, photos_of, plain_dust, plain_scratches
from selfmend.masks.damage.drawing import DRAWERS
from selfmend.masks.reading import grow_mask
from selfmend.metrics.pixels import psnr
from selfmend.seeding import make_rng

CASES = {name: drawn([name], None, looks=False) for name in DRAWERS}
CASES |= {"plain scratches": plain_scratches, "plain dust": plain_dust}
GROWN = 2  # pixels by which the true mask grows: the soft rim of damage is damage too


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--count", type=int, default=12, help="photos")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sensitivity", type=float, default=0.5)
    args = parser.parse_args()
    photos = photos_of(args.photos, args.count)
    print(f"{machine()}, commit {commit()}; {len(photos)} photos, seed {args.seed}, sensitivity {args.sensitivity}")
    print("| damage | damaged | restored | true mask | restored, worst against the true mask |\n|---|---|---|---|---|")
    for name, draw in CASES.items():
        rows = []
        for k, photo in enumerate(photos):
            image, mask = draw(photo, make_rng(args.seed, name, k))
            if mask.sum() <= 20:
                continue
            restored = selfmend.restore(image, sensitivity=args.sensitivity)
            filled = selfmend.inpaint(image, grow_mask(mask, GROWN))
            rows.append([psnr(one, photo) for one in (image, restored, filled)])
        means = np.mean(rows, 0)
        print(
            f"| {name} | {means[0]:.2f} | {means[1]:.2f} | {means[2]:.2f} | {min(r - f for _, r, f in rows):+.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
