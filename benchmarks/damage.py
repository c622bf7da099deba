"""The finders of damage: recall and precision (each within 2 px) on drawn damage, what they mark on clean photos, time.

    python benchmarks/damage.py [--photos FOLDER] [--prints FOLDER] [--weights FILE] [--count 24]

Damage is drawn in two ways: by `masks.damage.drawing`, which the training uses too, and by a few plain lines and
circles of OpenCV, which it does not. Without --photos, these are photos that scikit-image ships: the training has
seen them, so that only a folder of other photos tells how well it goes on. --prints: NAME.png or .jpg of real damaged
prints, with NAME-mask.png traced by hand. The learned finder stands beside the one by morphology.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from scipy.ndimage import binary_dilation

from common import machine
from selfmend.image.files import list_pictures, read_picture
from selfmend.image.picture_files import read_rgb
from selfmend.masks.damage import finding, morphology
from selfmend.masks.damage.drawing import draw_damage
from selfmend.masks.damage.looks import blurred, through_jpeg
from selfmend.masks.finder_network import read_weights
from selfmend.seeding import make_rng
from selfmend.types import Image, Mask

SHIPPED = ("astronaut", "chelsea", "coffee", "rocket", "motorcycle")


def shipped() -> Iterator[Image]:
    """Photos that come with scikit-image."""
    from skimage import data

    for name in SHIPPED:
        photo = data.stereo_motorcycle()[0] if name == "motorcycle" else getattr(data, name)()
        yield photo.astype(np.float32) / 255


def photos_of(folder: Path | None, count: int) -> list[Image]:
    """So many photos of a folder, taken evenly; without a folder those that come with scikit-image."""
    if folder is None:
        return list(shipped())
    names = list_pictures(folder)
    return [read_rgb(folder / name) for name in names[:: max(1, len(names) // count)][:count]]


def agreement(truth: Mask, found: Mask) -> dict[str, float]:
    """Shares of the truth that was found and of the found that is true, each within 2 pixels, and of the picture."""
    near = np.ones((5, 5), bool)
    return {
        "recall": float((truth & binary_dilation(found, near)).sum() / max(1, truth.sum())),
        "precision": float((found & binary_dilation(truth, near)).sum() / max(1, found.sum())),
        "share": float(found.mean()),
    }


def plain_scratches(photo: Image, rng: np.random.Generator) -> tuple[Image, Mask]:
    """Straight and bent lines of one colour, 1 to 3 pixels wide."""
    import cv2

    alpha = np.zeros(photo.shape[:2], np.float32)
    for _ in range(int(rng.integers(3, 9))):
        points = np.cumsum(np.concatenate([rng.uniform(0, photo.shape[1::-1], (1, 2)), rng.normal(0, 40, (4, 2))]), 0)
        cv2.polylines(
            alpha,
            [np.rint(points).astype(np.int32)],
            False,
            float(rng.uniform(0.6, 1)),
            int(rng.integers(1, 4)),
            cv2.LINE_AA,
        )
    return _covered(photo, alpha, rng)


def plain_dust(photo: Image, rng: np.random.Generator) -> tuple[Image, Mask]:
    """Discs of one colour, radius 1 to 4 pixels."""
    import cv2

    alpha = np.zeros(photo.shape[:2], np.float32)
    for _ in range(int(rng.integers(20, 120))):
        x, y = rng.uniform(0, photo.shape[1::-1]).astype(int)
        cv2.circle(alpha, (int(x), int(y)), int(rng.integers(1, 5)), float(rng.uniform(0.6, 1)), -1, cv2.LINE_AA)
    return _covered(photo, alpha, rng)


def _covered(photo: Image, alpha: np.ndarray, rng: np.random.Generator) -> tuple[Image, Mask]:
    colour = np.float32(rng.uniform(0.85, 1) if rng.random() < 0.7 else rng.uniform(0, 0.15))
    after = photo + alpha[..., None] * (colour - photo)
    seen = (alpha > 0.3) & (np.abs(after - photo).max(2) > 0.06)
    return through_jpeg(blurred(after, float(rng.uniform(0, 0.7))).clip(0, 1), int(rng.integers(75, 96))), seen


def drawn(
    kinds: list[str], plane: str | None, *, looks: bool = True
) -> Callable[[Image, np.random.Generator], tuple[Image, Mask]]:
    """Damage of `masks.damage.drawing`, and the looks of an old print; the mask of one kind, or of all."""

    def draw(photo: Image, rng: np.random.Generator) -> tuple[Image, Mask]:
        done = draw_damage(photo, kinds, seed=rng, looks=looks)
        return done.image, done.masks[plane] if plane else done.mask

    return draw


CASES: dict[str, tuple[Callable[[Image, np.random.Generator], tuple[Image, Mask]], str]] = {
    "scratches": (drawn(["scratches", "scratches", "hairs"], "scratches"), "scratches"),
    "folds": (drawn(["folds", "folds"], "scratches"), "scratches"),
    "cracks": (drawn(["cracks"], "scratches"), "scratches"),
    "dust": (drawn(["dust"], "dust"), "dust"),
    "stains": (drawn(["stains", "losses"], "stains"), "stains"),
    "torn": (drawn(["torn"], None), "damage"),
    "plain scratches": (plain_scratches, "scratches"),
    "plain dust": (plain_dust, "dust"),
}
"""What is drawn, and the finder that looks for it."""

MORPHOLOGY = {"scratches": morphology.lines, "dust": morphology.spots}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--prints", type=Path)
    parser.add_argument("--weights", type=Path, help="of another training")
    parser.add_argument("--count", type=int, default=24, help="photos")
    parser.add_argument("--sensitivity", type=float, default=0.5)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    if args.weights:
        other = read_weights(args.weights)
        finding.shipped_weights = lambda finder: other
    photos = photos_of(args.photos, args.count)
    print(f"{machine()}; {len(photos)} photos, seed {args.seed}, sensitivity {args.sensitivity}")
    print("| damage | finder | recall | precision | marked |\n|---|---|---|---|---|")

    def row(name: str, finder: str, scores: list[dict[str, float]]) -> None:
        mean = {key: float(np.mean([one[key] for one in scores])) for key in scores[0]}
        print(
            f"| {name} | {finder} | {mean['recall']:.3f} | {mean['precision']:.3f} | {mean['share']:.2%} |", flush=True
        )

    for name, (draw, kind) in CASES.items():
        made = [draw(photo, make_rng(args.seed, name, k)) for k, photo in enumerate(photos)]
        made = [(image, truth) for image, truth in made if truth.sum() > 20]
        look = getattr(finding, f"find_{kind}")
        row(name, "learned", [agreement(truth, look(image, sensitivity=args.sensitivity)) for image, truth in made])
        if kind in MORPHOLOGY:
            row(name, "morphology", [agreement(truth, MORPHOLOGY[kind](image)) for image, truth in made])
    for kind in ("damage", "scratches", "dust", "stains"):
        look = getattr(finding, f"find_{kind}")
        shares = [float(look(photo, sensitivity=args.sensitivity).mean()) for photo in photos]
        print(f"| clean photos, {kind} | learned | | | {np.mean(shares):.3%}, worst {np.max(shares):.2%} |", flush=True)
    for file in sorted(args.prints.glob("*-mask.png")) if args.prints else []:
        image = read_rgb(next(p for p in args.prints.glob(f"{file.name[:-9]}.*")))
        truth = read_picture(file).image.max(2) > 0.5
        row(
            f"print {file.name[:-9]}",
            "learned",
            [agreement(truth, finding.find_damage(image, sensitivity=args.sensitivity))],
        )
        row(
            f"print {file.name[:-9]}",
            "morphology",
            [agreement(truth, morphology.lines(image) | morphology.spots(image))],
        )
    large = np.tile(photos[0], (20, 20, 1))[:3000, :4000]
    started = time.perf_counter()
    finding.find_damage(large)
    print(f"{large.shape[1]} x {large.shape[0]} pixels: {time.perf_counter() - started:.2f} s")


if __name__ == "__main__":
    main()
