"""The finders of damage: recall and precision (each within 2 px) on drawn damage, what they mark on clean photos, time.

    python benchmarks/damage.py [--photos FOLDER] [--prints FOLDER] [--weights FILE] [--count 24]

Damage is drawn in three ways: by `masks.damage.drawing`, which the training uses too; by a few plain lines and
circles of OpenCV; and soft, by the distance from a path, on photos with noise. The training draws neither of these,
but what `masks/damage/even.py` draws is like the plain ones. Without --photos, these are photos that scikit-image
ships: the training has seen them, so that only a folder of other photos tells how well it goes on. --prints: NAME.png
or .jpg of real damaged prints, whose damage is traced by hand in NAME-mask.png beside them or in tests/data/prints.
The learned finder stands beside the one by morphology.
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

TRACED = Path(__file__).parents[1] / "tests" / "data" / "prints"
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


def prints_of(folder: Path | None) -> Iterator[tuple[str, Image, Mask]]:
    """Real prints of a folder whose damage is traced there or in tests/data/prints: name, picture, mask."""
    for path in [folder / name for name in list_pictures(folder)] if folder else []:
        for traced in (folder, TRACED):
            mask = traced / f"{path.stem}-mask.png"
            if mask.exists():
                yield path.stem, read_rgb(path), read_picture(mask).image.max(2) > 0.5
                break


def agreement(truth: Mask, found: Mask) -> dict[str, float]:
    """Shares of the truth that was found and of the found that is true, each within 2 pixels, and of the picture."""
    near = np.ones((5, 5), bool)
    return {
        "recall": float((truth & binary_dilation(found, near)).sum() / max(1, truth.sum())),
        "precision": float((found & binary_dilation(truth, near)).sum() / max(1, found.sum())),
        "share": float(found.mean()),
    }


def largest_wrong(truth: Mask, found: Mask) -> float:
    """Share of the picture that the largest piece has which is marked and true nowhere near: a thing of the scene."""
    import cv2

    wrong = found & ~binary_dilation(truth, np.ones((5, 5), bool))
    pieces = cv2.connectedComponentsWithStats(wrong.astype(np.uint8), connectivity=8)[2]
    return max(pieces[1:, cv2.CC_STAT_AREA], default=0) / wrong.size


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


def soft_scratches(photo: Image, rng: np.random.Generator) -> tuple[Image, Mask]:
    """Curved lines with soft borders, each of a colour of its own."""
    height, width = photo.shape[:2]
    layers = []
    for _ in range(int(rng.integers(2, 8))):
        steps = int(rng.integers(20, 300))
        headings = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, rng.uniform(0, 0.08), steps))
        path = rng.uniform((0, 0), (width, height)) + np.cumsum(
            1.5 * np.stack([np.cos(headings), np.sin(headings)], 1), 0
        )
        layers.append((path, rng.uniform(0.7, 1.8)))
    return _soft(photo, layers, rng)


def soft_folds(photo: Image, rng: np.random.Generator) -> tuple[Image, Mask]:
    """One or two light lines from border to border, a little uneven, with a shade on one side."""
    height, width = photo.shape[:2]
    image, layers = photo, []
    for _ in range(int(rng.integers(1, 3))):
        turn, centre = rng.uniform(0, np.pi), rng.uniform((0.2 * width, 0.2 * height), (0.8 * width, 0.8 * height))
        along = np.arange(-1.5 * max(height, width), 1.5 * max(height, width))
        straight = centre + along[:, None] * (np.cos(turn), np.sin(turn))
        rows, columns = np.indices((height, width), np.float32)
        beside = np.cos(turn) * (rows - centre[1]) - np.sin(turn) * (columns - centre[0])
        shade = rng.uniform(0.05, 0.2) * np.exp(-np.abs(beside) / rng.uniform(4, 15)) * (beside > 0)
        image = image * (1 - shade[..., None].astype(np.float32))
        layers.append((straight + rng.normal(0, 0.4, straight.shape), rng.uniform(0.8, 2.2)))
    return _soft(image, layers, rng, light=1.0)


def soft_dust(photo: Image, rng: np.random.Generator) -> tuple[Image, Mask]:
    """Specks with soft borders, each of a colour of its own."""
    spots = [
        (rng.uniform((0, 0), photo.shape[1::-1])[None], rng.uniform(0.7, 2.0))
        for _ in range(int(rng.integers(15, 100)))
    ]
    return _soft(photo, spots, rng)


def _soft(
    photo: Image, layers: list[tuple[np.ndarray, float]], rng: np.random.Generator, light: float = 0.6
) -> tuple[Image, Mask]:
    """Paths (N, 2) laid over a photo with soft borders of so many pixels; then noise, and JPEG."""
    from scipy.ndimage import distance_transform_edt

    after, seen = photo, np.zeros(photo.shape[:2], bool)
    for path, soft in layers:
        inside = np.ones(photo.shape[:2], bool)
        x, y = np.rint(path).astype(int).T
        there = (x >= 0) & (y >= 0) & (x < photo.shape[1]) & (y < photo.shape[0])
        if not there.any():
            continue
        inside[y[there], x[there]] = False
        alpha = rng.uniform(0.6, 1) * np.exp(-((distance_transform_edt(inside) / soft) ** 2) / 2)
        value = rng.uniform(0.75, 1) if rng.random() < light else rng.uniform(0, 0.2)
        change = alpha[..., None].astype(np.float32) * (np.float32(value) - after)
        seen |= (alpha > 0.3) & (np.abs(change).max(2) > 0.06)
        after = after + change
    noisy = after + rng.uniform(0, 0.015) * rng.standard_normal(photo.shape).astype(np.float32)
    return through_jpeg(noisy.clip(0, 1), int(rng.integers(80, 96))), seen


def _covered(photo: Image, alpha: np.ndarray, rng: np.random.Generator) -> tuple[Image, Mask]:
    colour = np.float32(rng.uniform(0.85, 1) if rng.random() < 0.7 else rng.uniform(0, 0.15))
    after = photo + alpha[..., None] * (colour - photo)
    seen = (alpha > 0.3) & (np.abs(after - photo).max(2) > 0.06)
    return through_jpeg(blurred(after, float(rng.uniform(0, 0.7))).clip(0, 1), int(rng.integers(75, 96))), seen


def drawn(
    kinds: list[str] | None, plane: str | None, *, looks: bool = True
) -> Callable[[Image, np.random.Generator], tuple[Image, Mask]]:
    """Damage of `masks.damage.drawing`, and the looks of an old print; the mask of a kind or of all; None draws any."""

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
    "mixed": (drawn(None, None), "damage"),
    "plain scratches": (plain_scratches, "scratches"),
    "plain dust": (plain_dust, "dust"),
    "soft scratches": (soft_scratches, "scratches"),
    "soft folds": (soft_folds, "scratches"),
    "soft dust": (soft_dust, "dust"),
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

    wrong: list[float] = []
    for name, (draw, kind) in CASES.items():
        made = [draw(photo, make_rng(args.seed, name, k)) for k, photo in enumerate(photos)]
        made = [(image, truth) for image, truth in made if truth.sum() > 20]
        look = getattr(finding, f"find_{kind}")
        found = [look(image, sensitivity=args.sensitivity) for image, _ in made]
        row(name, "learned", [agreement(truth, mask) for (_, truth), mask in zip(made, found, strict=True)])
        wrong.extend(largest_wrong(truth, mask) for (_, truth), mask in zip(made, found, strict=True))
        if kind in MORPHOLOGY:
            row(name, "morphology", [agreement(truth, MORPHOLOGY[kind](image)) for image, truth in made])
    for kind in ("damage", "scratches", "dust", "stains"):
        look = getattr(finding, f"find_{kind}")
        shares = [float(look(photo, sensitivity=args.sensitivity).mean()) for photo in photos]
        print(f"| clean photos, {kind} | learned | | | {np.mean(shares):.3%}, worst {np.max(shares):.2%} |", flush=True)
    told = ", ".join(f"{share:.2%}" for share in np.quantile(wrong, [0.5, 0.9, 1]))
    print(f"| largest piece that is wrong, of {len(wrong)} damaged photos: 50, 90, 100 % | learned | | | {told} |")
    for name, image, truth in prints_of(args.prints):
        learned = finding.find_damage(image, sensitivity=args.sensitivity)
        row(f"print {name}", "learned", [agreement(truth, learned)])
        row(f"print {name}", "morphology", [agreement(truth, morphology.lines(image) | morphology.spots(image))])
    large = np.tile(photos[0], (20, 20, 1))[:3000, :4000]
    started = time.perf_counter()
    finding.find_damage(large)
    print(f"{large.shape[1]} x {large.shape[0]} pixels: {time.perf_counter() - started:.2f} s")


if __name__ == "__main__":
    main()
