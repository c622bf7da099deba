"""Burn subtitles into a clean clip, fill them frame by frame and with the frames around, score, and print the tables.

    python benchmarks/video.py CLIP --score SCORE.PY [--objects MASKS] [--foreign MASKS]
        [--kinds subtitles,pan,object,foreign] [--frames FIRST:LAST] [--set NAME=VALUE]

CLIP is a film that `Clip` opens. Its truth is known, so the kinds are made of it: `subtitles`, whose text changes every
25 frames and stands above or below; `pan`, the same in a window that wanders over the clip; `object`, the first object
of the palette masks in MASKS, mirrored, so that it hides what is known; `foreign`, masks of another film in CLIP's
size, so that a shape moves over what is known. SCORE.PY is the scorer. The hole is the letters with their outline,
grown by 2 px. "each for itself" is the filling without `steady`. Times are CPU seconds of one thread a frame, after
warm-up, without decoding.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from common import commit, machine
from scorer import load_scorer
from selfmend.methods.classical import Telea
from selfmend.methods.patchmatch import PatchMatch
from selfmend.metrics.flicker import flicker
from selfmend.metrics.pixels import psnr
from selfmend.options import replace_options
from selfmend.parallel import limit_threads
from selfmend.registration.flow import dense_flow, inside, warp
from selfmend.video.filling import TemporalFill, TemporalOptions
from selfmend.video.frames import MaskedFrame, to_bytes, to_image
from selfmend.video.reader import Clip

TEXTS = [
    "Where did you leave the\nred umbrella yesterday?",
    "I thought you had it.",
    "Then it must still be\non the bus to the lake.",
    "We will ask them tomorrow.",
]
EVERY, GROW, SCORED = 25, 2, 4  # frames a text, px, one frame of so many for features
Case = tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]


def letters(size: tuple[int, int], text: str, *, top: bool) -> np.ndarray:
    """uint8 (H, W, 4): white text with a black outline of 2 px."""
    height, width = size
    font = ImageFont.truetype("DejaVuSans-Bold.ttf", max(12, round(height * 0.075)))
    picture = Image.new("RGBA", (width, height))
    draw = ImageDraw.Draw(picture)
    left, upper, right, lower = draw.multiline_textbbox((0, 0), text, font=font, align="center", stroke_width=2)
    y = round(height * 0.04) if top else height - round(height * 0.05) - (lower - upper)
    place = (width - (right - left)) / 2 - left, y - upper
    draw.multiline_text(place, text, (245, 245, 245), font, align="center", stroke_width=2, stroke_fill=(0, 0, 0))
    return np.asarray(picture)


def subtitled(truth: list[np.ndarray]) -> Case:
    given, holes = [], []
    for k, frame in enumerate(truth):
        number = k // EVERY
        burned = letters(frame.shape[:2], TEXTS[number % len(TEXTS)], top=number % 4 == 2)
        share = burned[..., 3:].astype(np.float32) / 255
        given.append(np.rint(frame * (1 - share) + burned[..., :3] * share).astype(np.uint8))
        holes.append(grown(burned[..., 3] > 0))
    return truth, given, holes


def pan(truth: list[np.ndarray]) -> Case:
    """A window of three quarters of the frame that goes right by 1.3 px a frame, and up and down by 6 px."""
    height, width = truth[0].shape[:2]
    size = round(width * 0.74), round(height * 0.867)
    seen = []
    for k, frame in enumerate(truth):
        right, down = 1.3 * k, 8 + 6 * np.sin(k / 9)
        if right + size[0] > width:
            break
        way = np.array([[1, 0, right], [0, 1, down]], np.float32)
        seen.append(cv2.warpAffine(frame, way, size, flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP))
    return subtitled(seen)


def behind_object(truth: list[np.ndarray], folder: Path) -> Case:
    holes = [grown(np.asarray(Image.open(path))[:, ::-1] == 1) for path in sorted(folder.glob("*.png"))[: len(truth)]]
    return truth, truth, holes


def behind_foreign(truth: list[np.ndarray], folder: Path) -> Case:
    size = truth[0].shape[1::-1]
    holes = []
    for path in sorted(folder.glob("*.png"))[: len(truth)]:
        shape = np.asarray(Image.open(path))
        shape = (shape if shape.ndim == 2 else shape[..., :3].max(2)) > 0
        holes.append(grown(cv2.resize(shape.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)))
    return truth[: len(holes)], truth[: len(holes)], holes


def grown(hole: np.ndarray) -> np.ndarray:
    side = 2 * GROW + 1
    return cv2.dilate(hole.astype(np.uint8), np.ones((side, side), np.uint8)) > 0


def masked(given: list[np.ndarray], holes: list[np.ndarray]) -> Iterator[MaskedFrame]:
    for k, (pixels, hole) in enumerate(zip(given, holes, strict=True)):
        yield MaskedFrame(k, np.where(hole[..., None], np.float32(np.nan), to_image(pixels)), hole)


def frame_by_frame(method: Telea | PatchMatch) -> Callable[[Case], list[np.ndarray]]:
    return lambda case: [to_bytes(method.inpaint(frame.image, frame.mask)[0]) for frame in masked(*case[1:])]


def temporal(options: TemporalOptions) -> Callable[[Case], list[np.ndarray]]:
    def fill(case: Case) -> list[np.ndarray]:
        filler = TemporalFill(options, method=PatchMatch(), seed=0)
        return [to_bytes(frame.image) for frame in filler.mend(masked(*case[1:]))]

    return fill


def scores(scorer: ModuleType, net: object, case: Case, output: list[np.ndarray]) -> str:
    """The cells of a row; flicker is along the truth's own flow.

    "warp" is the sum of the changes along it by that of the true film's, where the flow there and back agree.
    """
    truth, _, holes = case
    rows, ours, theirs, changes = [], [], [], []
    warps = np.zeros(2)
    for k, (frame, real, hole) in enumerate(zip(output, truth, holes, strict=True)):
        if not hole.any():
            continue
        row = {"psnr_hole": psnr(to_image(frame), to_image(real), mask=hole)}
        if k % SCORED == 0:
            a, b = (x.astype(np.float32) / 255 for x in (real, frame))
            row |= {key: value for key, value in scorer.pair(net, a, b, hole).items() if key in ("ssim", "feat_hole")}
            theirs.append(scorer.hole_features(net, a, hole))
            ours.append(scorer.hole_features(net, b, hole))
        rows.append(row)
        if k:
            now, last = (cv2.cvtColor(x, cv2.COLOR_RGB2GRAY) for x in (real, truth[k - 1]))
            flow, back = dense_flow(now, last), dense_flow(last, now)
            sure = hole & inside(flow) & (np.linalg.norm(flow + warp(back, flow, sharp=False), axis=2) < 1)
            if sure.sum() >= 20:
                pairs = (frame, output[k - 1]), (real, truth[k - 1])
                warps += [np.abs(warp(b, flow, sharp=False).astype(float) - a)[sure].mean() for a, b in pairs]
            changes.append(flicker(to_image(frame), to_image(output[k - 1]), mask=hole, flow=flow))
    mean = {key: np.mean([row[key] for row in rows if key in row]) for key in ("psnr_hole", "ssim", "feat_hole")}
    fd = scorer.frechet(np.concatenate(theirs), np.concatenate(ours)) / 1e4
    cells = f"{mean['psnr_hole']:.2f} | {mean['ssim']:.4f} | {mean['feat_hole']:.3f} | {fd:.2f}"
    return f"{cells} | {np.mean(changes):.2f} | {warps[0] / warps[1]:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--score", type=Path, required=True)
    parser.add_argument("--objects", type=Path, help="folder of palette masks, for the kind object")
    parser.add_argument(
        "--foreign", type=Path, help="folder of masks, anything but black is hole, for the kind foreign"
    )
    parser.add_argument("--frames", default=":", help="which frames of the clip, as a slice: 0:40")
    parser.add_argument("--kinds", default="subtitles,pan,object")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="options of the filling")
    parser.add_argument("--only-ours", action="store_true", help="no filling frame by frame")
    arguments = parser.parse_args()
    limit_threads(1)
    options = replace_options(TemporalOptions(), dict(pair.split("=") for pair in arguments.set))
    scorer = load_scorer(arguments.score)
    net = scorer.SqueezeNet()
    with Clip(arguments.clip) as clip:
        truth = [to_bytes(frame.image) for frame in clip.frames()]
    first, last = (int(part) if part else None for part in arguments.frames.split(":"))
    truth = truth[first:last]
    make: dict[str, Callable[[list[np.ndarray]], Case]] = {
        "subtitles": subtitled,
        "pan": pan,
        "object": lambda clip: behind_object(clip, arguments.objects),
        "foreign": lambda clip: behind_foreign(clip, arguments.foreign),
    }
    ways = {"frames around": temporal(options), "each for itself": temporal(replace(options, steady=0))}
    if not arguments.only_ours:
        ways |= {"patchmatch": frame_by_frame(PatchMatch()), "telea": frame_by_frame(Telea())}
    print(f"{machine()}, commit {commit()}, {len(truth)} frames of {truth[0].shape[1]}x{truth[0].shape[0]}\n")
    print(
        "| kind | filled by | psnr_hole | ssim | feat_hole | fd | flicker | warp | CPU s |\n"
        "|---|---|---|---|---|---|---|---|---|"
    )
    for kind in arguments.kinds.split(","):
        case = make[kind](truth)
        for name, fill in ways.items():
            fill(tuple(part[:2] for part in case))  # compiles
            start = time.process_time()
            output = fill(case)
            seconds = (time.process_time() - start) / len(output)
            print(f"| {kind} | {name} | {scores(scorer, net, case, output)} | {seconds:.3f} |", flush=True)
        if not arguments.only_ours:
            print(f"| {kind} | (truth) | {scores(scorer, net, case, case[0])} | |", flush=True)


if __name__ == "__main__":
    main()
