"""The clean photos that the damage finder was trained on, from packages that anyone can get.

    python benchmarks/damage_photos.py OUT --debian FOLDER [--wheels FOLDER] [--clones FOLDER]

FOLDER holds the unpacked Debian packages (`apt-get download NAME`, `dpkg-deb -x`) lomiri-wallpapers-16.04,
lomiri-wallpapers-20.04, mate-backgrounds, ukui-wallpapers, gnome-backgrounds, opencv-doc, palapeli-data,
stellarium-data, tuxpaint-stamps-default and golang-github-disintegration-imaging-dev; --wheels the unpacked wheels of
scikit-learn and matplotlib; --clones the Git repositories BuddiesOfBudgie/budgie-backgrounds (CC0),
elementary/wallpapers (photos given to the public), getsolus/artwork (CC BY, CC BY-SA), pop-os/wallpapers (CC0) and
MohamedBakrAli/Kodak-Lossless-True-Color-Image-Suite (free of restrictions by Kodak). What is not there is left out,
and named. Of OpenCV's 26 pictures of one chessboard one is taken. scikit-image's own pictures are taken too. Photos
are written with long sides of 1500 and 640 pixels; cut-out photos of things (the stamps of Tux Paint) are laid over
others, for more scenes.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

SKIMAGE = (
    "astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "camera.png", "motorcycle_left.png",
    "hubble_deep_field.jpg", "retina.jpg", "grass.png", "gravel.png", "brick.png", "moon.png", "coins.png", "page.png",
    "text.png", "ihc.png",
)  # fmt: skip
WALLPAPERS = (
    "lomiri-wallpapers*/**/backgrounds/*.jpg", "mate-backgrounds/**/nature/*.jpg", "ukui-wallpapers/**/*.png",
    "gnome-backgrounds/**/wood-l.webp",
)  # fmt: skip
SAMPLES = (
    "opencv-doc/**/data/*.jpg", "opencv-doc/**/data/*.png", "opencv-doc/**/text/scenetext0?.jpg",
    "opencv-doc/**/reg/home.png", "opencv-doc/**/input_images/plant.jpg", "palapeli-data/**/*.jpg",
    "golang-*/**/testdata/branches.png", "golang-*/**/testdata/flowers.png", "stellarium-data/**/landscapes/**/*.png",
)  # fmt: skip
CLONES = (
    "*budgie-backgrounds/backgrounds/*.jpg", "*wallpapers/backgrounds/*.jpg", "*artwork/backgrounds/*.jpg",
    "*wallpapers/original/*-*-[0-9]*.jpg", "*wallpapers/original/[ns]*-*.jpg", "*Kodak*/PhotoCD*/*.png",
)  # fmt: skip
WHEELS = ("**/datasets/images/*.jpg", "**/sample_data/*.jpg")
CHESSBOARD = re.compile(r"left(0[2-9]|1\d)?|right(\d\d)?")
SIDES = 1500, 640  # pixels
COMPOSITES = 130


def found(folder: Path | None, patterns: tuple[str, ...]) -> Iterator[Path]:
    for pattern in patterns if folder else ():
        names = sorted(folder.glob(pattern))  # type: ignore[union-attr]
        if not names:
            print(f"nothing there: {pattern}")
        yield from (name for name in names if name.stat().st_size > 20_000 and not CHESSBOARD.fullmatch(name.stem))


def written(source: Path, out: Path) -> list[Path]:
    picture, names = Image.open(source).convert("RGB"), []
    for side in SIDES:
        share = min(1.0, side / max(picture.size))
        size = round(picture.width * share), round(picture.height * share)
        if min(size) >= 128 and (share < 1 or side == SIDES[0]):
            names.append(out / f"{source.parent.name}-{source.stem}-{side}.png")
            picture.resize(size, Image.Resampling.LANCZOS).save(names[-1])
    return names


def composite(photos: list[Path], stamps: list[Path], rng: np.random.Generator) -> Image.Image:
    """A photo with three to eight things laid over it."""
    below = Image.open(photos[rng.integers(len(photos))])
    share = 620 / max(below.size)
    below = below.resize((round(below.width * share), round(below.height * share)), Image.Resampling.LANCZOS)
    for _ in range(rng.integers(3, 9)):
        stamp = Image.open(stamps[rng.integers(len(stamps))]).convert("RGBA")
        share = rng.uniform(120, 380) / max(stamp.size)
        size = max(8, round(stamp.width * share)), max(8, round(stamp.height * share))
        stamp = stamp.resize(size, Image.Resampling.LANCZOS)
        below.paste(stamp, tuple(int(rng.uniform(-0.3, 0.9) * side) for side in below.size), stamp)
    return below


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--debian", type=Path)
    parser.add_argument("--wheels", type=Path)
    parser.add_argument("--clones", type=Path)
    args = parser.parse_args()
    import skimage.data

    args.out.mkdir(parents=True)
    own = Path(skimage.data.__file__).parent
    sources = [own / name for name in SKIMAGE]
    sources += [*found(args.debian, WALLPAPERS), *found(args.debian, SAMPLES), *found(args.wheels, WHEELS)]
    sources += sorted({*found(args.clones, CLONES)})
    photos = [name for source in sources for name in written(source, args.out)]
    stamps = [p for p in found(args.debian, ("tuxpaint-stamps-default/**/*.png",)) if "cartoon" not in str(p)]
    rng = np.random.default_rng(0)
    for k in range(COMPOSITES if stamps else 0):
        composite(photos, stamps, rng).save(args.out / f"composite-{k:03d}.png")
    print(f"{len(list(args.out.iterdir()))} photos in {args.out}")


if __name__ == "__main__":
    main()
