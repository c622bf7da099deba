"""How well a watermark that many photos share is found and taken out: recall and precision, and psnr inside the mark.

    python benchmarks/watermarks.py [PHOTOS] [--fonts FOLDER] [--marks 16] [--counts 1 4 8 16] [--seed 0]

Each mark lies over as many different photos as are counted, cropped to one size; photos are scikit-image's by default,
in crops of which none shows the same place. Found: `find_same_mark`, within 2 pixels (not for a single photo). Taken
out: `estimate_layer` and `unblend` with the true mask, grown by 1; beside it the hole filled by Telea, and as it is.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from common import commit, machine
from marks import photos, scored
from selfmend.image.unblend import estimate_layer, unblend
from selfmend.masks.marks import draw_watermark
from selfmend.masks.reading import grow_mask
from selfmend.masks.same_mark import FEWEST, find_same_mark
from selfmend.methods.classical import Telea
from selfmend.seeding import make_rng

SIZE = 256, 320


def crops(pictures: dict[str, np.ndarray], *, per_photo: int) -> list[np.ndarray]:
    """Parts of `SIZE`, photo after photo, so that neighbours show different photos."""
    parts: list[list[np.ndarray]] = []
    for image in pictures.values():
        rows, columns = (have // need for have, need in zip(image.shape[:2], SIZE, strict=True))
        places = [(y * SIZE[0], x * SIZE[1]) for y in range(rows) for x in range(columns)][:per_photo]
        parts.append([image[y : y + SIZE[0], x : x + SIZE[1]] for y, x in places])
    return [photo[k] for k in range(max(map(len, parts))) for photo in parts if k < len(photo)]


def psnr(one: np.ndarray, other: np.ndarray, where: np.ndarray) -> float:
    return float(-10 * np.log10(np.square(one[where] - other[where]).mean()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path, nargs="?")
    parser.add_argument("--fonts", type=Path, help="folder of TrueType or OpenType files")
    parser.add_argument("--marks", type=int, default=16)
    parser.add_argument("--counts", type=int, nargs="+", default=[1, 4, 8, 16])
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    fonts = sorted(f for f in args.fonts.rglob("*") if f.suffix.lower() in (".ttf", ".otf")) if args.fonts else []
    clean = crops(photos(args.photos), per_photo=4 if args.photos is None else 1)
    counts = [count for count in args.counts if count <= len(clean)]
    print(f"seed {args.seed}, {machine()}, commit {commit()}, {len(clean)} pictures of {SIZE[1]} x {SIZE[0]}")
    print(
        "\n| pictures | recall | precision | psnr taken out | no estimate | psnr filled by Telea | psnr of the marked |"
    )
    print("|---|---|---|---|---|---|---|")
    for count in counts:
        rows = []
        for k in range(args.marks):
            random = make_rng(args.seed, "watermark", k)
            start = int(random.integers(len(clean)))
            chosen = [clean[(start + j) % len(clean)] for j in range(count)]
            mark = draw_watermark(np.zeros((*SIZE, 3), np.float32) + 0.5, random, fonts=fonts, opacity=(0.25, 0.6))
            over = mark.opacity[..., None]
            # the mark's own colour, from what it did to grey; of an engraved one, that of its face
            deep = mark.opacity >= 0.99 * mark.opacity.max()
            colour = ((np.median(mark.image[deep], 0) - 0.5) / mark.opacity.max() + 0.5).clip(0, 1)
            marked = [np.rint((one * (1 - over) + over * colour) * 255).astype(np.float32) / 255 for one in chosen]
            hole = grow_mask(mark.mask, 1)
            found = scored(find_same_mark(marked), mark.mask) if count >= FEWEST else (np.nan, np.nan)
            layer = estimate_layer(marked, hole)
            out = np.nan if layer is None else psnr(unblend(marked[0], layer)[0], chosen[0], hole)
            filled = Telea().inpaint(marked[0], hole, seed=0)[0]
            rows.append((*found, out, layer is None, psnr(filled, chosen[0], hole), psnr(marked[0], chosen[0], hole)))
        numbers = np.array(rows, float)
        numbers[:, :2] = numbers[:, :2] if count >= FEWEST else 0
        mean = np.nanmean(numbers, 0)
        share = "| - | - " if count < FEWEST else f"| {mean[0]:.3f} | {mean[1]:.3f} "
        print(f"| {count} {share}| {mean[2]:.1f} | {mean[3]:.0%} | {mean[4]:.1f} | {mean[5]:.1f} |", flush=True)


if __name__ == "__main__":
    main()
