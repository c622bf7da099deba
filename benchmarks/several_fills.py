"""How different four fills of the same hole are, and how good: `inpaint --samples 4` on pictures whose truth is known.

    python benchmarks/several_fills.py CASES --score SCORE.PY [--methods auto,patchmatch] [--kinds block,wide]
        [--every N] [--sheets DIR]

CASES is a folder with truth/ and mask/ of the same names. "apart" is the mean feature distance in the hole between two
of the four fills; "best" the least feature distance to the truth among them, "first" that of the first, which is the
fill that one gets without asking for several, "others" the mean of the other three. "seeds" is the same method with
nothing but four seeds. Sheets show hole and fills side by side.
"""

from __future__ import annotations

import argparse
import itertools
import time
from pathlib import Path

import numpy as np
from PIL import Image

from common import commit, machine
from scorer import load_scorer
from selfmend.methods.registry import method_class
from selfmend.parallel import limit_threads
from selfmend.seeding import derive_seed

COUNT = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("--score", type=Path, required=True)
    parser.add_argument("--methods", default="auto,patchmatch")
    parser.add_argument("--kinds", default="block,wide", help="how the names of the cases begin")
    parser.add_argument("--every", type=int, default=1, help="one case of so many")
    parser.add_argument("--sheets", type=Path)
    args = parser.parse_args()
    limit_threads(1)
    scorer = load_scorer(args.score)
    net = scorer.SqueezeNet()
    paths = [p for p in sorted((args.cases / "truth").iterdir()) if p.stem.startswith(tuple(args.kinds.split(",")))]
    print(f"{machine()}, commit {commit()}, {len(paths[:: args.every])} cases\n")
    print("| method | apart | best | first | others | CPU s for four |\n|---|---|---|---|---|---|")
    for name in args.methods.split(","):
        method = method_class(name)()
        ways = {
            name: lambda image, mask, m=method: m.inpaint(image, mask, samples=COUNT),
            f"{name}, seeds": lambda image, mask, m=method: [
                m.inpaint(image, mask, seed=derive_seed(0, "other", k))[0] for k in range(COUNT)
            ],
        }
        for way, fill in ways.items():
            rows, began = [], time.process_time()
            for path in paths[:: args.every]:
                truth = np.asarray(Image.open(path).convert("RGB"), np.float32) / 255
                mask = np.asarray(Image.open(args.cases / "mask" / path.name).convert("L")) > 127
                fills = fill(np.where(mask[..., None], np.float32(0), truth), mask)
                far = [distance(scorer, net, truth, one, mask) for one in fills]
                apart = [distance(scorer, net, a, b, mask) for a, b in itertools.combinations(fills, 2)]
                rows.append((np.mean(apart), min(far), far[0], np.mean(far[1:])))
                if args.sheets:
                    shown = [np.where(mask[..., None], np.float32((1, 0, 1)), truth), *fills]
                    args.sheets.mkdir(parents=True, exist_ok=True)
                    sheet = np.rint(np.hstack(shown) * 255).astype(np.uint8)
                    Image.fromarray(sheet).save(args.sheets / f"{way.replace(', ', '-')}-{path.stem}.png")
            seconds = (time.process_time() - began) / len(rows)
            print(f"| {way} | {' | '.join(f'{x:.3f}' for x in np.mean(rows, 0))} | {seconds:.1f} |", flush=True)


def distance(scorer: object, net: object, one: np.ndarray, other: np.ndarray, mask: np.ndarray) -> float:
    return scorer.pair(net, one.astype(np.float32), other.astype(np.float32), mask)["feat_hole"]  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
