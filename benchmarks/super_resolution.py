"""Enlarging photos by a factor of 4 against published numbers: bicubic, our methods, and any command.

    python benchmarks/super_resolution.py TRUTHS OUT --count 20 --weights WEIGHTS
    python benchmarks/super_resolution.py TRUTHS OUT --methods bicubic --command 'program {input} {output}'

Every truth is cut to a multiple of the factor, made small by the house's resize (MATLAB's bicubic) and rounded to
bytes: OUT/input. What a method makes of that is rounded to bytes too: OUT/METHOD. What is there already is not made
again, so that an interrupted run goes on; scores are always taken anew. Without NIQE's parameters its column is nan.

The published rows are those of the supplementary material of SinGAN (Shaham et al., ICCV 2019) for BSD100, in the
units that `selfmend.metrics` uses. They are comparable as far as the pictures, the cutting at the borders and the
parameters of NIQE are the same; the paper says nothing of the borders.
"""

import argparse
import shlex
import subprocess
import time
from pathlib import Path

import numpy as np

import selfmend
from common import kept
from selfmend.errors import ImageError, MissingWeightsError
from selfmend.image.draw import to_rgb
from selfmend.image.files import read_picture, save_picture
from selfmend.image.resize import resize
from selfmend.metrics.niqe import NiqeParameters, load_parameters, niqe
from selfmend.metrics.pixels import rmse
from selfmend.types import Image, size_of

FACTOR = 4
PUBLISHED = {"SRGAN": (16.34, 3.41), "EDSR": (12.29, 6.50), "DIP": (13.82, 6.35), "ZSSR": (13.08, 7.13),
             "SinGAN": (16.22, 3.71)}  # fmt: skip


def cut(image: Image) -> Image:
    """Height and width to multiples of the factor, at the bottom and the right."""
    height, width = (side // FACTOR * FACTOR for side in size_of(image))
    return image[:height, :width]


def enlarge(method: str, source: Path, target: Path, command: str) -> None:
    """Write what `method` makes of the small picture."""
    target.parent.mkdir(parents=True, exist_ok=True)
    name, _, preset = method.partition(":")
    if name == "command":
        words = [word.format(input=source, output=target) for word in shlex.split(command)]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        return
    small = read_picture(source).image
    if name == "bicubic":
        large = resize(small, tuple(FACTOR * side for side in size_of(small)))
    else:
        large = selfmend.super_resolve(small, factor=FACTOR, method=name, preset=preset or None)
    save_picture(to_rgb(large), target)


def score(output: Path, truth: Image, parameters: NiqeParameters | None) -> tuple[float, float]:
    """RMSE and NIQE; NaN where NIQE cannot be had."""
    image = read_picture(output).image
    try:
        natural = float("nan") if parameters is None else niqe(image, parameters)
    except ImageError:
        natural = float("nan")  # fewer than two blocks
    return float(rmse(image, truth)), natural


def row(name: str, scores: list[tuple[float, float]], seconds: list[float]) -> str:
    errors, naturals = np.array(scores).T
    natural = float(np.nanmean(naturals)) if np.isfinite(naturals).any() else float("nan")
    middle = f"{sorted(seconds)[len(seconds) // 2]:.1f}" if seconds else ""
    return f"| {name} | {errors.mean():.2f} | {natural:.2f} | {middle} | here, {len(scores)} pictures |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("truths", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, help="only so many pictures, the first by name")
    parser.add_argument("--methods", nargs="*", default=["bicubic", "gpnn", "sliced-wasserstein"])
    parser.add_argument("--command", default="", help="another program, with {input} and {output} in it")
    parser.add_argument("--weights", type=Path, help="file or folder with NIQE's parameters")
    args = parser.parse_args()
    out = kept(args.out, 0)
    try:
        parameters = load_parameters(args.weights)
    except MissingWeightsError as error:
        parameters = None
        print(f"no NIQE: {error}")
    files = [file for file in sorted(args.truths.iterdir()) if file.suffix.lower() in (".png", ".jpg", ".bmp")]
    truths = {file.stem: cut(read_picture(file).image) for file in files[: args.count]}
    for stem, truth in truths.items():
        size = (truth.shape[0] // FACTOR, truth.shape[1] // FACTOR)
        save_picture(to_rgb(resize(truth, size)), out / "input" / f"{stem}.png")
        save_picture(to_rgb(truth), out / "truth" / f"{stem}.png")
    print(f"| x{FACTOR} | rmse | niqe | seconds | |\n|---|---|---|---|---|")
    for method in ["truth", *args.methods, *(["command"] if args.command else [])]:
        scores, seconds = [], []
        for stem, truth in truths.items():
            target = out / method.replace(":", "-") / f"{stem}.png"
            if not target.exists():
                began = time.perf_counter()
                enlarge(method, out / "input" / f"{stem}.png", target, args.command)
                seconds.append(time.perf_counter() - began)
            scores.append(score(target, truth, parameters))
        print(row(method, scores, seconds), flush=True)
    for name, (error, natural) in PUBLISHED.items():
        print(f"| {name} | {error:.2f} | {natural:.2f} | | published, BSD100 |")


if __name__ == "__main__":
    main()
