"""The measurements behind the rules of `auto`: kinds of small holes drawn over whole pictures, filled in each way.

    python benchmarks/auto_rules.py TRUTHS --score SCORE.PY [--limit N]

TRUTHS is a folder of pictures. Pixels lost at random and scratches of several widths are drawn with a seed; each cell
is psnr_hole / feat_hole, means over the pictures.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from scorer import load_scorer
from selfmend.methods.auto import Auto
from selfmend.methods.classical import telea
from selfmend.patches.em import BLEND
from selfmend.patches.inpaint import inpaint
from selfmend.patches.smooth import plate

WAYS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "telea": telea,
    "thin plate": lambda image, mask: plate(image, mask).clip(0, 1),
    "patchmatch": lambda image, mask: inpaint(image, mask, seed=0),
    "patchmatch:blended": lambda image, mask: inpaint(image, mask, seed=0, options=BLEND),
    "auto": lambda image, mask: Auto().inpaint(image, mask)[0],
}


def scattered(rng: np.random.Generator, size: tuple[int, int], share: float) -> np.ndarray:
    return rng.random(size) < share


def scratches(rng: np.random.Generator, size: tuple[int, int], width: int) -> np.ndarray:
    mask = np.zeros(size, np.uint8)
    for _ in range(6):
        x, y, angle = rng.integers(size[1]), rng.integers(size[0]), rng.uniform(0, np.pi)
        end = int(x + 200 * np.cos(angle)), int(y + 200 * np.sin(angle))
        cv2.line(mask, (int(x), int(y)), end, 1, width)
    return mask > 0


def with_block(rng: np.random.Generator, size: tuple[int, int], share: float) -> np.ndarray:
    mask = rng.random(size) < share
    top, left = (int(rng.integers(10, side - 60)) for side in size)
    mask[top : top + 50, left : left + 50] = True
    return mask


HOLES: dict[str, Callable[[np.random.Generator, tuple[int, int]], np.ndarray]] = {
    **{f"{p} % lost at random": lambda r, s, p=p: scattered(r, s, p / 100) for p in (10, 50, 70, 90)},
    **{f"scratches of {w} px": lambda r, s, w=w: scratches(r, s, w) for w in (1, 2, 3, 5, 7, 9)},
    "a block in 50 % lost": lambda r, s: with_block(r, s, 0.5),
    "a block beside 2 % lost": lambda r, s: with_block(r, s, 0.02),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("truths", type=Path)
    parser.add_argument("--score", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=10)
    args = parser.parse_args()
    warnings.simplefilter("ignore")  # little is known of some of these pictures
    scorer = load_scorer(args.score)
    net = scorer.SqueezeNet()
    files = sorted(args.truths.iterdir())
    truths = [
        np.asarray(Image.open(f).convert("RGB"), np.float32) / 255 for f in files[:: max(1, len(files) // args.limit)]
    ]
    print("| hole | " + " | ".join(WAYS) + " |\n|---" + "|---" * len(WAYS) + "|")
    for name, draw in HOLES.items():
        masks = [draw(np.random.default_rng(k), truth.shape[:2]) for k, truth in enumerate(truths)]
        cells = []
        for fill in WAYS.values():
            scores = []
            for truth, mask in zip(truths, masks, strict=True):
                damaged = np.where(mask[..., None], np.float32(0), truth)
                filled = (fill(damaged, mask) * 255).round().astype(np.float32) / 255
                scores.append(scorer.pair(net, truth, filled, mask))
            means = [np.mean([score[key] for score in scores]) for key in ("psnr_hole", "feat_hole")]
            cells.append(f"{means[0]:.2f} / {means[1]:.3f}")
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
