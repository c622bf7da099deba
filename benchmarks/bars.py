"""How often faces and eyes are found, and how often bars over eyes are found and imagined.

    python benchmarks/bars.py FACES [--faces 500] [--bars 200] [--seed 0] [--photos FOLDER]

FACES is a folder of pictures with one upright face each, aligned as CelebA's are: the median of all found eyes then is
where eyes are, and a pair is right if both lie within a quarter of the eyes' distance of it. Bars are drawn by rule:
height, length, angle, grey and JPEG quality by chance, over the eyes that were found. A bar counts as found if it and
what was drawn overlap by 70 % of their union. --photos takes pictures without bars, and counts the imagined ones.
"""

from __future__ import annotations

import argparse
import dataclasses
import io
import math
import time
from pathlib import Path

import numpy as np
from PIL import Image

from common import commit, machine
from selfmend.image.formats import ENDINGS
from selfmend.image.picture import to_picture
from selfmend.masks.eye_bars import bar_of, find_bars
from selfmend.masks.faces import Face, find_faces

GREYS = (0, 46)  # levels of a byte
ANGLES = 15.0  # degrees to both sides of the eyes' line
HEIGHTS, MARGINS = (0.12, 0.24), (0.12, 0.28)  # as `bar_of`
QUALITIES = (60, 96)


def image_of(picture: Image.Image) -> np.ndarray:
    return to_picture(picture).image


def pictures_in(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in ENDINGS)


def evenly(files: list[Path], count: int) -> list[Path]:
    return [files[i * len(files) // count] for i in range(min(count, len(files)))]


def compressed(picture: np.ndarray, quality: int) -> np.ndarray:
    held = io.BytesIO()
    Image.fromarray(picture).save(held, "JPEG", quality=quality)
    return image_of(Image.open(held).convert("RGB"))


def overlap_of(mask: np.ndarray, truth: np.ndarray) -> float:
    return float((mask & truth).sum() / (mask | truth).sum())


def measure_photos(files: list[Path]) -> None:
    imagined = [file.name for file in files if find_bars(image_of(Image.open(file).convert("RGB"))).any()]
    print(f"photos without a bar: imagined {share(len(imagined), len(files))} {imagined}")


def measure_faces(files: list[Path]) -> None:
    began = time.perf_counter()
    found = [find_faces(image_of(Image.open(file).convert("RGB"))) for file in files]
    seconds = (time.perf_counter() - began) / len(files)
    pairs = [faces[0].eyes for faces in found if faces and faces[0].eyes]
    centres = np.array([[eye.centre for eye in pair] for pair in pairs])
    usual = np.median(centres, axis=0)
    errors = np.linalg.norm(centres - usual, axis=2).max(1) / math.dist(*usual)
    boxes = np.array([dataclasses.astuple(faces[0].box) for faces in found if faces])
    many, right = sum(len(faces) > 1 for faces in found), int((errors < 0.25).sum())
    print(f"{len(files)} pictures: face {share(len(boxes), len(files))}, more than one {share(many, len(files))}")
    print(f"both eyes {share(len(pairs), len(files))}, of these right {share(right, len(pairs))}")
    for name, known in (("with", True), ("without", False)):
        some = [faces[0] for faces in found if faces and (faces[0].eyes is not None) == known]
        over = sum(covers(face, usual) for face in some)
        print(f"bars of faces {name} found eyes that cover both usual places: {share(over, len(some))}")
    print(f"{seconds * 1e3:.0f} ms a picture")
    print(f"median face (top, left, height, width): {np.round(np.median(boxes, 0), 1).tolist()}")
    print(f"median eyes (row, column): {np.round(usual, 1).tolist()}")


def covers(face: Face, eyes: np.ndarray) -> bool:
    """Whether the default bar holds the centres (row, column) of both eyes."""
    mask = bar_of(face).mask((int(eyes.max()) + 2, int(eyes.max()) + 2))
    return all(bool(mask[int(row), int(column)]) for row, column in eyes)


def measure_bars(files: list[Path], random: np.random.Generator) -> None:
    imagined, missed, overlaps, covered, seconds = [], [], [], [], []
    for file in files:
        picture = np.asarray(Image.open(file).convert("RGB"))
        quality = int(random.integers(*QUALITIES))
        faces = find_faces(image_of(Image.fromarray(picture)))
        plain = compressed(picture, quality)
        began = time.perf_counter()
        imagined += [file.name] if find_bars(plain).any() else []
        seconds.append(time.perf_counter() - began)
        if not faces:
            continue
        truth = draw(faces[0], picture.shape[:2], random)
        barred = picture.copy()
        barred[truth] = random.integers(*GREYS)
        mask = find_bars(compressed(barred, quality))
        overlap = overlap_of(mask, truth)
        if overlap > 0.7:
            overlaps.append(overlap)
            covered.append((mask & truth).sum() / truth.sum())
        else:
            missed.append(file.name)
    drawn = len(overlaps) + len(missed)
    print(f"bars: found {share(len(overlaps), drawn)}, missed {missed}")
    print(f"imagined on the same faces without one: {share(len(imagined), len(files))} {imagined}")
    for name, values in (("overlap", overlaps), ("covered", covered)):
        print(f"{name}: median {np.median(values):.3f}, a tenth below {np.quantile(values, 0.1):.3f}")
    print(f"{np.median(seconds) * 1e3:.0f} ms a picture without a bar")


def draw(face: Face, size: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    bar = bar_of(face, height=random.uniform(*HEIGHTS), margin=random.uniform(*MARGINS))
    turned = dataclasses.replace(bar, angle=bar.angle + math.radians(random.uniform(-ANGLES, ANGLES)))
    return turned.mask(size)


def share(part: int, whole: int) -> str:
    return f"{part / max(whole, 1):.1%} ({part} of {whole})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--faces", type=int, default=500)
    parser.add_argument("--bars", type=int, default=200)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    files = pictures_in(args.folder)
    print(f"{args.folder.name}, seed {args.seed}, {machine()}, commit {commit()}")
    if args.faces:
        measure_faces(evenly(files, args.faces))
    if args.bars:
        measure_bars(evenly(files, args.bars), np.random.default_rng(args.seed))
    if args.photos:
        measure_photos(pictures_in(args.photos))


if __name__ == "__main__":
    main()
