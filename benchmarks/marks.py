"""How well date stamps and watermarks are found: recall and precision where they are known, and what is imagined.

    python benchmarks/marks.py [PHOTOS] [--fonts FOLDER] [--rounds 3] [--seed 0] [--opacity 0.3 0.5]
        [--overlays OUT]

`selfmend.masks.marks` draws each kind of mark over each photo of a folder, scikit-image's by default; every other one
goes through JPEG. Recall and precision are of pixels, each within 2 pixels: a found pixel is right if one of the mark
is so near, and the other way round. A mark is found if its recall is at least a half. The photos themselves come
first: what is marked in them is imagined.
"""

from __future__ import annotations

import argparse
import io
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
from PIL import Image

from common import commit, machine
from selfmend.files import atomic_path
from selfmend.image.formats import ENDINGS
from selfmend.masks.finders import find_in
from selfmend.masks.marks import Mark, draw_stamp, draw_watermark
from selfmend.masks.reading import grow_mask
from selfmend.seeding import make_rng

NEAR = 2
FOUND = 0.5
SHIPPED = ("astronaut", "cat", "coffee", "rocket", "camera")


def photos(folder: Path | None) -> dict[str, np.ndarray]:
    """Names and pictures, float32 (H, W, 3)."""
    if folder is None:
        from skimage import data

        pictures = {name: Image.fromarray(getattr(data, name)()).convert("RGB") for name in SHIPPED}
        stereo = data.stereo_motorcycle()
        pictures["motorcycle"] = Image.fromarray(stereo[0])
    else:
        files = sorted(file for file in folder.iterdir() if file.suffix.lower() in ENDINGS)
        pictures = {file.stem: Image.open(file).convert("RGB") for file in files}
    return {name: np.asarray(picture, np.float32) / 255 for name, picture in pictures.items()}


def jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    held = io.BytesIO()
    Image.fromarray(np.rint(image * 255).astype(np.uint8)).save(held, "JPEG", quality=quality)
    return np.asarray(Image.open(held), np.float32) / 255


def scored(found: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Recall and precision, each within `NEAR` pixels."""
    recall = (truth & grow_mask(found, NEAR)).sum() / truth.sum()
    return float(recall), float((found & grow_mask(truth, NEAR)).sum() / found.sum()) if found.any() else 1.0


def overlay(image: np.ndarray, found: np.ndarray, truth: np.ndarray) -> Image.Image:
    """The picture, and beside it: found and true red, found and not true green, missed blue."""
    shown = np.rint(image * 255).astype(np.uint8)
    beside = shown.copy()
    for which, colour in ((found & truth, (230, 0, 0)), (found & ~truth, (0, 230, 0)), (truth & ~found, (0, 0, 255))):
        beside[which] = beside[which] // 3 + np.array(colour, np.uint8) // 3 * 2
    return Image.fromarray(np.concatenate([shown, beside], 1))


def table(title: str, rows: dict[str, list[tuple[float, float]]]) -> None:
    print(f"\n| {title} | marks | found | recall | precision (of what is found) | worst recall |")
    print("|---|---|---|---|---|---|")
    every = [pair for pairs in rows.values() for pair in pairs]
    for name, pairs in [*sorted(rows.items()), ("all", every)]:
        recall, precision = np.array(pairs).T
        print(
            f"| {name} | {len(pairs)} | {(recall >= FOUND).mean():.1%} | {recall.mean():.3f} | "
            f"{precision.mean():.3f} | {recall.min():.2f} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, nargs="?")
    parser.add_argument("--fonts", type=Path, help="folder of TrueType or OpenType files")
    parser.add_argument("--rounds", type=int, default=3, help="marks of each kind on each photo")
    parser.add_argument("--every", type=int, default=1, help="of the photos by name")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--opacity", type=float, nargs=2, default=(0.3, 0.5), help="of the watermarks, from and to")
    parser.add_argument("--kinds", nargs="+", default=["stamp", "watermark"])
    parser.add_argument("--sensitivity", type=float, default=0.5)
    parser.add_argument("--overlays", type=Path, help="folder for pictures to look at")
    args = parser.parse_args()
    fonts = sorted(f for f in args.fonts.rglob("*") if f.suffix.lower() in (".ttf", ".otf")) if args.fonts else []
    pictures = dict(list(photos(args.photos).items())[:: args.every])
    print(f"seed {args.seed}, {machine()}, commit {commit()}, {len(pictures)} photos, {len(fonts)} font files")
    for kind in args.kinds:
        shares, seconds = {}, []
        for name, image in pictures.items():
            began = time.perf_counter()
            found = find_in(image, kind, sensitivity=args.sensitivity)
            seconds.append(time.perf_counter() - began)
            shares[name] = float(found.mean())
            if found.any() and args.overlays:
                save(overlay(image, found, np.zeros_like(found)), args.overlays, f"{kind}-clean-{name}")
        share = np.array(list(shares.values()))
        print(
            f"\n{kind}: clean photos marked {share.mean():.3%}, in {(share > 0).sum()} of {len(share)}, at most "
            f"{share.max():.2%} ({max(shares, key=lambda name: shares[name])}); {np.mean(seconds):.2f} s a photo"
        )
        rows = defaultdict(list)
        for name, image in pictures.items():
            for k in range(args.rounds):
                random = make_rng(args.seed, kind, name, k)
                mark: Mark = (
                    draw_stamp(image, random, fonts=fonts) if kind == "stamp"
                    else draw_watermark(image, random, fonts=fonts, opacity=tuple(args.opacity))
                )  # fmt: skip
                shown = jpeg(mark.image, int(random.integers(70, 96))) if k % 2 else mark.image
                found = find_in(shown, kind, sensitivity=args.sensitivity)
                score = scored(found, mark.mask)
                for part in mark.kind.split(", "):
                    rows[part].append(score)
                if args.overlays:
                    save(
                        overlay(shown, found, mark.mask),
                        args.overlays,
                        f"{kind}-{score[0]:.2f}-{score[1]:.2f}-{name}-{k}",
                    )
        table(kind, rows)


def save(picture: Image.Image, folder: Path, name: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_path(folder / f"{name}.png") as temporary:
        picture.save(temporary)


if __name__ == "__main__":
    main()
