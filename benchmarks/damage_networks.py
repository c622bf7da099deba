"""Several networks for the damage finder, compared where each marks as much of clean photos.

    selfmend train damage-finder PHOTOS -o RUN --device cuda --set widths=32,64,128,192,256 --set steps=16000 \\
        --set batch_size=32 --set size=192 --set uses=4
    python benchmarks/damage_networks.py RUN/damage-finder.npz OTHER.npz --photos FOLDER [--prints FOLDER] [--count 9]

Trainings with the same seed see the same squares, so that only the networks differ. Told are recall / precision within
2 pixels by kind of damage, at the thresholds at which 1, .5 and .25 % of the clean photos are marked: of the
probabilities alone, without the rules of `masks/damage/finding.py`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from common import machine
from damage import CASES, agreement, photos_of, prints_of
from selfmend.masks.damage.marks import KINDS
from selfmend.masks.finder_network import probability, read_weights
from selfmend.seeding import make_rng

SHARES = (0.01, 0.005, 0.0025)
LEVELS = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path, nargs="+")
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--prints", type=Path)
    parser.add_argument("--count", type=int, default=9)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    photos = photos_of(args.photos, args.count)
    cases = {}
    for name, (draw, kind) in CASES.items():
        planes = [KINDS.index(kind)] if kind in KINDS else list(range(len(KINDS)))
        made = [draw(photo, make_rng(args.seed, name, k)) for k, photo in enumerate(photos)]
        cases[name] = planes, [(image, truth) for image, truth in made if truth.sum() > 20]
    for name, image, truth in prints_of(args.prints):
        cases[f"print {name}"] = [0, 1, 2], [(image, truth)]
    print(f"{machine()}; {len(photos)} photos, seed {args.seed}")
    for path in args.weights:
        weights = read_weights(path)
        clean = [probability(photo, weights, KINDS)[..., :3].max(2) for photo in photos]
        marked = np.array([np.mean([(one > level).mean() for one in clean]) for level in LEVELS])
        found = {
            name: [(truth, probability(image, weights, KINDS)[..., planes].max(2)) for image, truth in made]
            for name, (planes, made) in cases.items()
        }
        for share in SHARES:
            level = float(np.interp(-share, -marked, LEVELS))
            print(f"{path.name}, {share:.2%} of clean photos, above {level:.2f}: {_row(found, level)}", flush=True)


def _row(found: dict[str, list], level: float) -> str:
    told = []
    for name, pairs in found.items():
        scores = [agreement(truth, plane > level) for truth, plane in pairs]
        both = [float(np.mean([one[key] for one in scores])) for key in ("recall", "precision")]
        told.append(f"{name} {both[0]:.2f} / {both[1]:.2f}")
    return ", ".join(told)


if __name__ == "__main__":
    main()
