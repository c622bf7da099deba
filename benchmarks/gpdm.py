"""Random samples of GPDM with one setting after another, scored against their pictures: quality, diversity, time.

    python benchmarks/gpdm.py PICTURE [PICTURE ...] --score SCORE.PY [--settings best best:patch=7 ...] [--samples N]

SCORE.PY is the scorer (a module with SqueezeNet, read, sifd and diversity). A setting is PRESET[:key=value,...]. Times
are CPU seconds of one thread and sample, after warm-up. The samples are kept in --out, to be looked at.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch

from scorer import load_scorer
from selfmend.image.draw import to_rgb
from selfmend.image.files import read_picture, save_picture
from selfmend.methods.gpdm import GPDM

SETTINGS = [
    "fast",
    "best",
    "fast:power=1",
    "fast:patch=7,coarsest=21",
    "fast:patch=3,coarsest=9",
    "fast:coarsest=21",
    "fast:ratio=0.75",
    "fast:projections=8",
    "fast:projections=32",
    "fast:finest_steps=50",
    "fast:finest_steps=200",
    "fast:learning_rate=0.01",
    "fast:learning_rate=0.04",
    "fast:noise=1.5",
    "paper",
]


def parse(setting: str) -> GPDM:
    preset, _, options = setting.partition(":")
    return GPDM.from_options(preset, dict(pair.split("=", 1) for pair in options.split(",") if pair))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path, nargs="+")
    parser.add_argument("--score", type=Path, required=True)
    parser.add_argument("--settings", nargs="+", default=SETTINGS)
    parser.add_argument("--samples", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/out/gpdm"))
    args = parser.parse_args()
    torch.set_num_threads(1)
    scorer = load_scorer(args.score)
    net = scorer.SqueezeNet()
    warm = np.random.default_rng(0).random((32, 32, 3), np.float32)
    GPDM.from_options("tiny").sample(warm)  # compilation is not the method's time
    print("| setting | fire3 | conv1 | diversity | CPU s |\n|---|---|---|---|---|", flush=True)
    for setting in args.settings:
        method, scores, diversities, seconds = parse(setting), [], [], 0.0
        for path in args.pictures:
            real, fakes = scorer.read(path), []
            for seed in range(args.samples):
                began = time.process_time()
                (sample,) = method.sample(read_picture(path).image, seed=seed)
                seconds += time.process_time() - began
                file = args.out / setting.replace(":", "+") / f"{path.stem}_{seed}.png"
                save_picture(to_rgb(sample), file)
                fakes.append(scorer.read(file))
                scores.append(scorer.sifd(net, real, fakes[-1]))
            if len(fakes) > 1:
                diversities.append(scorer.diversity(real, fakes))
        fire3, conv1 = (np.mean([score[name] for score in scores]) for name in ("fire3", "conv1"))
        diversity = f"{np.mean(diversities):.2f}" if diversities else ""
        row = f"{fire3:.2f} | {conv1:.3f} | {diversity} | {seconds / len(scores):.1f}"
        print(f"| {setting} | {row} |", flush=True)


if __name__ == "__main__":
    main()
