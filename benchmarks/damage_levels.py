"""How sure the damage finder must be: the constants `_SURE`, `_WHOLE` and `_OLD` of `masks/damage/finding.py`, chosen.

    python benchmarks/damage_levels.py --photos FOLDER --prints FOLDER [--weights FILE] [--count 24] [--clean 88]

For weights that are new. Tried are a few thousand rules, each by the mean F1 (2 px) over kinds of damage that
benchmarks/damage.py draws, by the share that is marked of clean photos, and by recall on the prints. The --apart photos
that benchmarks/damage.py takes are left out; of the rest --count are damaged, and --clean are looked at as they are.
Told are the best rules for a few limits of clean photos.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from common import machine
from damage import CASES, agreement, prints_of
from selfmend.image.files import list_pictures
from selfmend.image.picture_files import read_rgb
from selfmend.masks.damage import finding
from selfmend.masks.damage.marks import KINDS
from selfmend.masks.finder_network import Weights, read_weights, shipped_weights
from selfmend.seeding import make_rng
from selfmend.types import Image, Mask

LEVELS = np.array([0.06, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9,
                   0.93, 0.95, 0.97, 0.98, 0.985, 0.99])  # fmt: skip
SURE = (0.7, 0.8, 0.9, 0.95)
LIMITS = (0.0012, 0.0016, 0.002, 0.0025)


@dataclass(frozen=True, eq=False)
class Looked:
    """What a picture comes to at each level.

    Attributes:
        case: the name of the damage; "clean"; or "print NAME".
        kind: the plane that is scored, or "damage".
        least: probability that is asked for in any case, of its colours.
        sure: for each of `SURE` the shares of pixels that are so surely scratched, and scratched or dusty.
        scores: (K, L, 3): recall, precision and marked share, by kind and level; for clean photos and kinds alone.
        masks: of prints (K, L, H, W) what is marked, and the truth (H, W).
    """

    case: str
    kind: str
    least: float
    sure: list[tuple[float, float]]
    scores: np.ndarray
    masks: tuple[np.ndarray, Mask] | None = None

    @cache  # noqa: B019 - as long as the pictures
    def all_kinds(self, levels: tuple[int, ...]) -> np.ndarray:
        """Recall, precision and share of all kinds together, of a print."""
        assert self.masks is not None
        marked, truth = self.masks
        mask = np.any([marked[k, level] for k, level in enumerate(levels)], 0)
        return np.array(list(agreement(truth, mask).values()))


def look(case: str, kind: str, image: Image, truth: Mask, weights: Weights) -> Looked:
    import cv2

    cv2.setNumThreads(1)
    planes = finding.likelihood(image, weights)
    floors = finding._levels(image, dict.fromkeys(KINDS, 0.01), 0.5)
    kinds = [kind] if kind in KINDS else list(KINDS)
    scratched, dusty = planes[..., KINDS.index("scratches")], planes[..., KINDS.index("dust")]
    sure = [(float((scratched > c).mean()), float(((scratched > c) | (dusty > c)).mean())) for c in SURE]
    marked = np.zeros((len(KINDS), len(LEVELS), *truth.shape), bool)
    scores = np.zeros((len(KINDS), len(LEVELS), 3))
    for one in kinds:
        k = KINDS.index(one)
        for n, level in enumerate(LEVELS):
            asked = np.maximum(floors[one], np.float32(level))
            marked[k, n] = finding._pieces(planes, k, asked, alone=len(kinds) == 1)
            scores[k, n] = list(agreement(truth, marked[k, n]).values())
    return Looked(
        case, kind, finding._least(image), sure, scores, (marked, truth) if case.startswith("print") else None
    )


@dataclass(frozen=True)
class Rule:
    sure: float
    whole: tuple[float, float]
    old: tuple[float, float]

    def at(self, looked: Looked, kind: str) -> int:
        """The number of the level that this picture and kind are asked for."""
        share = looked.sure[SURE.index(self.sure)][kind == "dust"]
        asked = max(finding._asked(share, self.whole, self.old), looked.least)
        return int(np.abs(LEVELS - asked).argmin())


def judged(rule: Rule, pictures: list[Looked]) -> dict[str, np.ndarray]:
    """By case the mean of recall, precision and share."""
    found: dict[str, list[np.ndarray]] = {}
    for one in pictures:
        if one.masks is not None:
            score = one.all_kinds(tuple(rule.at(one, kind) for kind in KINDS))
        elif one.kind in KINDS:
            score = one.scores[KINDS.index(one.kind), rule.at(one, one.kind)]
        elif one.case == "clean":
            share = sum(one.scores[k, rule.at(one, kind), 2] for k, kind in enumerate(KINDS))
            score = np.array([0, 0, share])
        else:
            continue  # torn and mixed: the other cases have their kinds
        found.setdefault(one.case, []).append(score)
    return {case: np.mean(scores, 0) for case, scores in found.items()}


def rules(prints: list[Looked]) -> list[Rule]:
    """All that are tried; the shares are parts of the smaller one of the prints."""
    found = []
    for c, (top, low), part, to in itertools.product(
        SURE,
        itertools.product((0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98), (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)),
        (0.02, 0.1, 0.2, 0.35, 0.5, 0.6, 0.75),
        (0.98, 0.8, 0.5),
    ):
        least = min(one.sure[SURE.index(c)][0] for one in prints)
        found.append(Rule(c, (round(part * to * least, 5), top), (round(to * least, 5), low)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--prints", type=Path, required=True)
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--clean", type=int, default=88)
    parser.add_argument("--apart", type=int, default=12)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    weights = read_weights(args.weights) if args.weights else shipped_weights(finding.FINDER)
    names = list_pictures(args.photos)
    apart = set(names[:: max(1, len(names) // args.apart)][: args.apart])
    rest = [name for name in names if name not in apart]
    damaged = rest[:: max(1, len(rest) // args.count)][: args.count]
    clean = rest[:: max(1, len(rest) // args.clean)][: args.clean]
    # OpenCV's threads do not survive a fork
    with ProcessPoolExecutor(args.jobs, multiprocessing.get_context("spawn")) as pool:
        waiting = []
        for k, name in enumerate(damaged):
            photo = read_rgb(args.photos / name)
            for case, (draw, kind) in CASES.items():
                image, truth = draw(photo, make_rng(args.seed, case, k))
                if truth.sum() > 20 and kind in KINDS:
                    waiting.append(pool.submit(look, case, kind, image, truth, weights))
        for name in clean:
            photo = read_rgb(args.photos / name)
            waiting.append(pool.submit(look, "clean", "damage", photo, np.zeros(photo.shape[:2], bool), weights))
        for name, image, truth in prints_of(args.prints):
            waiting.append(pool.submit(look, f"print {name}", "damage", image, truth, weights))
        pictures = [one.result() for one in waiting]
    prints = [one for one in pictures if one.masks is not None]
    if not prints:
        parser.error(f"{args.prints} has no print whose damage is traced; NAME.png with NAME-mask.png fits")
    print(f"{machine()}; {len(damaged)} photos damaged, {len(clean)} clean, seed {args.seed}")
    for k, c in enumerate(SURE):
        shares = [one.sure[k][0] for one in pictures if one.case == "clean"]
        told = ", ".join(f"{share:.4f}" for share in np.quantile(shares, [0.5, 0.9, 0.98, 1]))
        print(f"surely scratched (> {c}): clean 50, 90, 98, 100 %: {told}; "
              + ", ".join(f"{one.case} {one.sure[k][0]:.4f}" for one in prints))  # fmt: skip
    present = Rule(finding._SURE, finding._WHOLE, finding._OLD)
    results = [(rule, judged(rule, pictures)) for rule in [present, *rules(prints)]]
    print("as it is:", _told(*results[0]))
    for limit in LIMITS:
        print(f"clean photos at most {limit:.2%}:")
        within = [one for one in results if one[1]["clean"][2] <= limit]
        for rule, found in sorted(within, key=lambda one: -_worth(one[1]))[:3]:
            print("  ", _told(rule, found))


def _f1(score: np.ndarray) -> float:
    return float(2 * score[0] * score[1] / max(1e-9, score[0] + score[1]))


def _worth(found: dict[str, np.ndarray]) -> float:
    """The mean F1 of drawn damage, and half as much that of prints."""
    drawn = [_f1(score) for case, score in found.items() if case != "clean" and not case.startswith("print")]
    prints = [_f1(score) for case, score in found.items() if case.startswith("print")]
    return float(np.mean(drawn)) + 0.5 * float(np.mean(prints))


def _told(rule: Rule, found: dict[str, np.ndarray]) -> str:
    parts = [f"{case} {score[0]:.2f}/{score[1]:.2f}" for case, score in found.items() if case != "clean"]
    return (
        f"sure {rule.sure}, whole {rule.whole}, old {rule.old}: clean {found['clean'][2]:.3%}, "
        f"worth {_worth(found):.3f}; " + ", ".join(parts)
    )


if __name__ == "__main__":
    main()
