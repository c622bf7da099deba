"""Change one option of the exemplar filling at a time, fill every case, score, and print the table of the results.

    python benchmarks/patchmatch_ablation.py CASES --score SCORE.PY [--kinds] [--only NAME=VALUE[,NAME=VALUE] ...]

CASES holds truth/ and mask/ with equal names; the part of a name before "_" is its kind. SCORE.PY is the scorer, a
module with SqueezeNet, pair, hole_features and frechet. Times are CPU seconds of one thread, after warm-up.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from PIL import Image

from scorer import load_scorer
from selfmend.options import replace_options
from selfmend.parallel import limit_threads
from selfmend.patches.em import PatchMatchOptions
from selfmend.patches.inpaint import inpaint

CHANGES = [
    "",
    "seed=1",
    "seed=2",
    "patch=3",
    "patch=7",
    "ratio=1.5",
    "ratio=2",
    "coarsest_depth=6",
    "iterations=4,finest_iterations=2",
    "finest_iterations=8",
    "passes=1",
    "decay=1.3",
    "decay=2",
    "least_confidence=0.2",
    "texture=0",
    "texture=1.5",
    "nearness=0",
    "nearness=0.5",
    "softness=0.3",
    "softness=10",
    "deep=0",
    "deep=1000000",
    "known_fraction=0.5",
    "known_fraction=0.99",
]


def read_cases(folder: Path) -> list[tuple[str, np.ndarray, np.ndarray]]:
    cases = []
    for path in sorted((folder / "truth").glob("*.png")):
        truth = np.asarray(Image.open(path).convert("RGB"))
        mask = np.asarray(Image.open(folder / "mask" / path.name).convert("L")) >= 128
        cases.append((path.stem, truth, mask))
    return cases


def mend(truth: np.ndarray, mask: np.ndarray, options: PatchMatchOptions, seed: int) -> np.ndarray:
    """uint8 (H, W, 3) filled; the truth under the mask is erased first."""
    image = np.where(mask[..., None], np.float32(np.nan), truth.astype(np.float32) / 255)
    filled = inpaint(image, mask, seed=seed, options=options)
    return (filled * 255).round().clip(0, 255).astype(np.uint8)


def measure(scorer: ModuleType, net: Any, cases: list, change: str) -> dict[str, list[dict[str, Any]]]:
    """One row a case, by kind."""
    changes = dict(pair.split("=") for pair in change.split(",") if pair)
    seed = int(changes.pop("seed", 0))
    options = replace_options(PatchMatchOptions(), changes)
    rows: dict[str, list[dict[str, Any]]] = {}
    for stem, truth, mask in cases:
        start = time.process_time()
        output = mend(truth, mask, options, seed)
        seconds = time.process_time() - start
        a, b = (array.astype(np.float32) / 255 for array in (truth, output))
        row = scorer.pair(net, a, b, mask) | {"seconds": seconds}
        row |= {"truth": scorer.hole_features(net, a, mask), "output": scorer.hole_features(net, b, mask)}
        rows.setdefault(stem.split("_")[0], []).append(row)
    return rows


def line(scorer: ModuleType, label: str, rows: list[dict[str, Any]]) -> str:
    mean = {key: np.mean([row[key] for row in rows]) for key in ("psnr_hole", "ssim", "feat_hole", "seconds")}
    features = [np.concatenate([row[key] for row in rows]) for key in ("truth", "output")]
    fd = scorer.frechet(*features) / 1e4
    return (
        f"| {label} | {mean['psnr_hole']:.2f} | {mean['ssim']:.4f} | {mean['feat_hole']:.3f} | {fd:.2f} "
        f"| {mean['seconds']:.2f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("--score", type=Path, required=True)
    parser.add_argument("--kinds", action="store_true", help="a line for each kind too")
    parser.add_argument("--only", nargs="*", default=CHANGES, help='changes to measure, "" for none')
    arguments = parser.parse_args()
    limit_threads(1)
    scorer, cases = load_scorer(arguments.score), read_cases(arguments.cases)
    net = scorer.SqueezeNet()
    mend(*cases[0][1:], PatchMatchOptions(), 0)
    print("| change | psnr_hole | ssim | feat_hole | fd | CPU s |\n|---|---|---|---|---|---|")
    for change in arguments.only:
        rows = measure(scorer, net, cases, change)
        if arguments.kinds:
            for kind, some in rows.items():
                print(line(scorer, f"{change or 'none'} ({kind})", some), flush=True)
        print(line(scorer, change or "none", [row for some in rows.values() for row in some]), flush=True)


if __name__ == "__main__":
    main()
