"""How well subtitles are found: recall and precision of the hole's pixels where the subtitles are known.

    python benchmarks/text_masks.py --clip CLIP --photos FOLDER [--every 5] [--seed 0] [--crf 18 28] [--overlays OUT]

Subtitles (white, and some yellow and cyan, with a black outline; several fonts, sizes, one or two lines) are burnt into
every `--every`-th photo of a folder, which then goes through JPEG, and into a clip, which then goes through H.264. The
truth is every pixel that the subtitle has changed at all. Photos are searched one by one (`find_text`), the clip with
`steady_text`. Also counted: what is imagined in the same photos and the same clip without a subtitle.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from common import commit, machine
from selfmend.files import atomic_path
from selfmend.image.formats import ENDINGS
from selfmend.image.picture import to_picture
from selfmend.masks.text import find_text
from selfmend.masks.text_in_video import steady_text
from subtitles import CYAN, SENTENCES, WHITE, YELLOW, Subtitle, burn, known_fonts, read_clip, write_clip

PHOTO_SIZES = (0.045, 0.06, 0.08)  # of the letters, as shares of the picture's height
CLIP_SIZES = (0.055, 0.07, 0.09)
COLOURS = (WHITE, WHITE, YELLOW, CYAN)
QUALITIES = (70, 96)  # of JPEG
GOALS = 0.98, 0.5  # recall, precision


@dataclass(frozen=True)
class Score:
    """A picture, or a frame of a clip."""

    group: str
    recall: float
    precision: float


def scored(group: str, found: np.ndarray, truth: np.ndarray) -> Score:
    right = (found & truth).sum()
    return Score(group, float(right / truth.sum()), float(right / max(1, found.sum())))


def row(name: str, scores: Iterable[Score]) -> str:
    recall, precision = np.array([(one.recall, one.precision) for one in scores]).T
    met = ((recall >= GOALS[0]) & (precision >= GOALS[1])).sum()
    return (
        f"| {name} | {recall.mean():.4f} | {recall.min():.3f} | {precision.mean():.3f} | {precision.min():.3f} | "
        f"{met} of {len(recall)} |"
    )


def print_table(title: str, scores: list[Score]) -> None:
    print(f"\n| {title} | recall, mean | worst | precision, mean | worst | both goals met |\n|---|---|---|---|---|---|")
    for group in dict.fromkeys(one.group for one in scores):
        print(row(group, [one for one in scores if one.group == group]))
    print(row("all", scores), flush=True)


def overlay(picture: np.ndarray, found: np.ndarray, truth: np.ndarray) -> Image.Image:
    """Found and true: red; found and not true: green; missed: blue."""
    shown = picture.copy()
    for which, colour in ((found & truth, (230, 0, 0)), (found & ~truth, (0, 230, 0)), (truth & ~found, (0, 0, 255))):
        shown[which] = shown[which] // 2 + np.array(colour, np.uint8) // 2
    return Image.fromarray(shown)


def jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    held = io.BytesIO()
    Image.fromarray(picture).save(held, "JPEG", quality=quality)
    return np.asarray(Image.open(held))


def measure_photos(files: list[Path], random: np.random.Generator, overlays: Path | None) -> None:
    scores, imagined, seconds = [], [], []
    for file in files:
        picture = np.asarray(Image.open(file).convert("RGB"))
        imagined.append(float(find_text(to_picture(picture).image).mean()))
        for font in known_fonts():
            size, lines = random.choice(PHOTO_SIZES), random.choice(SENTENCES, random.integers(1, 3), replace=False)
            subtitle = Subtitle(tuple(lines), font, float(size), colour=COLOURS[random.integers(len(COLOURS))])
            burnt, truth = burn(picture, subtitle)
            burnt = jpeg(burnt, int(random.integers(*QUALITIES)))
            began = time.process_time()
            found = find_text(to_picture(burnt).image)
            seconds.append(time.process_time() - began)
            scores.append(scored(f"{font}, {size:.1%}", found, truth))
            if overlays is not None:
                name = f"{scores[-1].recall:.3f}-{scores[-1].precision:.2f}-{file.stem}-{font}.png"
                with atomic_path(overlays / name) as temporary:
                    overlay(burnt, found, truth).save(temporary)
    scores.sort(key=lambda one: one.group)
    print_table(f"{len(files)} photos, a font and a size each", scores)
    share = np.array(imagined)
    print(f"\nphotos without text: something imagined in {(share > 0).sum()} of {len(share)}, mean {share.mean():.2%}")
    print(f"{np.mean(seconds) * 1e3:.0f} ms of one core a photo")


def through_h264(frames: list[np.ndarray], quality: int) -> list[np.ndarray]:
    with tempfile.TemporaryDirectory() as folder:
        write_clip(frames, Path(folder) / "clip.mp4", quality=quality)
        return read_clip(Path(folder) / "clip.mp4")[0]


def measure_clip(clip: Path, quality: int, random: np.random.Generator, overlays: Path | None) -> None:
    frames, _ = read_clip(clip)
    scores, seconds = [], 0.0
    for font in known_fonts():
        for size in CLIP_SIZES:
            lines = random.choice(SENTENCES, random.integers(1, 3), replace=False)
            subtitle = Subtitle(tuple(lines), font, size, colour=COLOURS[random.integers(len(COLOURS))])
            shown = through_h264([burn(frame, subtitle)[0] for frame in frames], quality)
            truth = burn(frames[0], subtitle)[1]
            began = time.process_time()
            masks = list(steady_text(to_picture(frame).image for frame in shown))
            seconds += time.process_time() - began
            scores += [scored(f"{font}, {size:.1%}", mask, truth) for mask in masks]
            if overlays is not None:
                with atomic_path(overlays / f"clip-{quality}-{font}-{size}.png") as temporary:
                    overlay(shown[40 % len(shown)], masks[40 % len(masks)], truth).save(temporary)
    print_table(f"{len(frames)} frames, H.264 crf {quality}", scores)
    plain = steady_text(to_picture(frame).image for frame in through_h264(frames, quality))
    share = np.array([float(mask.mean()) for mask in plain])
    print(f"\nwithout a subtitle: something imagined in {(share > 0).sum()} of {len(share)} frames, {share.mean():.2%}")
    print(f"{seconds / len(scores) * 1e3:.0f} ms of one core a frame")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clip", type=Path)
    parser.add_argument("--photos", type=Path)
    parser.add_argument("--every", type=int, default=5, help="of the photos by name, beginning with the first")
    parser.add_argument("--crf", type=int, nargs="+", default=[18, 28])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--overlays", type=Path, help="folder for pictures to look at")
    args = parser.parse_args()
    print(f"seed {args.seed}, {machine()}, commit {commit()}, fonts: {', '.join(known_fonts())}")
    if args.photos:
        files = sorted(file for file in args.photos.iterdir() if file.suffix.lower() in ENDINGS)[:: args.every]
        measure_photos(files, np.random.default_rng(args.seed), args.overlays)
    for quality in args.crf if args.clip else []:
        measure_clip(args.clip, quality, np.random.default_rng(args.seed), args.overlays)


if __name__ == "__main__":
    main()
