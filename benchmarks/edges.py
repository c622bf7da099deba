"""EdgeConnect's edge phase alone: how its edges in the hole get better with the steps, and what number would be good.

    python benchmarks/edges.py FACES OUT --name small --minutes 5
    python benchmarks/edges.py FACES OUT --name small-1e-4 --minutes 5 --set learning_rate=1e-4
    python benchmarks/edges.py FACES OUT --minutes 0 --fills dmfn=FILLS/dmfn/center

The last `--held-back` pictures of FACES, by name, are never learned from; their middles at `--size` pixels, with a hole
in the middle of `--side` of each side, are what is measured. The training is `--preset`, for `--minutes` of one core or
`--steps`, with holes of the same size in the middle, or, as the paper has it, `--where anywhere`. OUT gets a JSON file
for each name, `edges.png`, a plot of all that are there, and `edges.md`, their tables: a curve for each, its
thresholds, and what changed pictures give. Faces of CelebA may not be published; no face is written.

All numbers are of the hole's pixels of all held-back pictures together, against Canny's edges of the true picture.
`ap` is the average precision over all thresholds: the mean, over the true pixels, of the precision at the threshold at
which each is drawn. In the first table the threshold is the one at which as many pixels are drawn as Canny draws, where
precision and recall are equal. "near" counts a pixel as right that is at most one off, to any side, and each true pixel
once, as is usual for edges (Martin et al., PAMI 2004). Beside each stands in brackets what as many random pixels reach.
`mean face` draws, on every picture, the edges that the pictures to learn from have most often at a place: it has
learned where faces have edges and sees no picture.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from PIL import Image as PILImage
from PIL import ImageDraw, ImageFont

from common import commit, machine
from folder import middle
from selfmend.api.training import FolderTraining
from selfmend.image.color import from_rgb
from selfmend.image.draw import to_rgb
from selfmend.image.edges import canny_edges
from selfmend.image.files import read_picture, save_picture
from selfmend.masks.reading import box_mask
from selfmend.methods.edge_connect import EdgeConnect, draw_edges
from selfmend.metrics.edges import paired
from selfmend.nn.tensors import to_tensor
from selfmend.progress import ProgressEvent
from selfmend.seeding import make_rng
from selfmend.training.pictures import PictureSet, find_pictures
from selfmend.types import Image

Maps = np.ndarray
"""(N, H, W), bool or float32 in [0, 1]."""

THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
TRIAL = 20
"""Steps by which a step's time is told."""
LEARN_MASKS = 200
PRIOR_PICTURES = 2000
TOGETHER = 50
"""Pictures that are drawn at once."""


@dataclass(frozen=True)
class Held:
    """The held-back pictures.

    Attributes:
        names: of their files, without the ending.
        pictures: (N, H, W, 3) float32 in [0, 1].
        grey: (N, H, W, 1).
        hole: (H, W) bool, True = hole; the same in all.
        true: Canny's edges of the pictures.
        known: Canny's edges of what is known of them: none in the hole and along its border.
        sigma: of Canny's Gaussian, in pixels.
    """

    names: list[str]
    pictures: np.ndarray
    grey: np.ndarray
    hole: np.ndarray
    true: Maps
    known: Maps
    sigma: float


def edges_of(grey: Image, *, sigma: float, hole: np.ndarray | None = None) -> np.ndarray:
    """Canny's edges of (H, W, 1), bool (H, W)."""
    return canny_edges(grey, hole, sigma=sigma)[..., 0] > 0.5


def held_back(found: PictureSet, *, size: int, side: float, sigma: float) -> Held:
    """Read the pictures, and find their edges."""
    pictures = np.stack([middle(read_picture(found.root / name).image, size) for name in found.names])
    grey = np.stack([from_rgb(picture, 1) for picture in pictures])
    length = round(side * size)
    hole = box_mask(((size - length) // 2, (size - length) // 2, length, length), (size, size))
    true, known = (np.stack([edges_of(one, sigma=sigma, hole=h) for one in grey]) for h in (None, hole))
    return Held([Path(name).stem for name in found.names], pictures, grey, hole, true, known, sigma)


def rates(drawn: Maps, held: Held) -> dict[str, float]:
    """Precision and recall in the hole, exact and near, and what as many random pixels reach."""
    drawn = drawn & held.hole
    found = _rates(drawn, held)
    generator = make_rng(0, "random pixels")
    chance = _rates(shuffled(drawn, held.hole, generator), held)
    found |= {f"{name}, chance": value for name, value in chance.items()}
    return found | {"drawn": float(drawn.sum() / held.hole.sum() / len(drawn))}


def shuffled(drawn: Maps, hole: np.ndarray, generator: np.random.Generator) -> Maps:
    """The same number of pixels of each picture at random places of the hole."""
    moved = np.zeros_like(drawn)
    for one, target in zip(drawn, moved, strict=True):
        target[hole] = generator.permutation(one[hole])
    return moved


def _rates(drawn: Maps, held: Held) -> dict[str, float]:
    true = held.true & held.hole
    count, wanted = max(1, int(drawn.sum())), max(1, int(true.sum()))
    exact, near = int((drawn & true).sum()), sum(paired(*pair, tolerance=1) for pair in zip(drawn, true, strict=True))
    found = {"precision": exact / count, "recall": exact / wanted}
    return found | {"near precision": near / count, "near recall": near / wanted}


def average_precision(soft: Maps, held: Held) -> float:
    """The mean, over the true pixels, of the precision where each is drawn."""
    true = held.true[:, held.hole].ravel()[np.argsort(-soft[:, held.hole].ravel(), kind="stable")]
    hits = np.cumsum(true)
    return float((hits / np.arange(1, len(hits) + 1))[true].mean())


def as_many(soft: Maps, held: Held) -> float:
    """The threshold at which as many pixels of the holes are drawn as Canny draws."""
    values = np.sort(soft[:, held.hole].ravel())[::-1]
    return float(values[int(held.true[:, held.hole].sum())])


def drawn_by(method: EdgeConnect, held: Held, known: Maps) -> Maps:
    """What the network draws, soft."""
    mask, parts = to_tensor(held.hole).float(), []
    with method.evaluating():
        for first in range(0, len(held.grey), TOGETHER):
            here = slice(first, first + TOGETHER)
            grey = torch.from_numpy(held.grey[here]).permute(0, 3, 1, 2)
            edges = torch.from_numpy(known[here].astype(np.float32))[:, None]
            parts.append(draw_edges(method.net("edge_generator"), grey, edges, mask.expand(len(grey), -1, -1, -1)))
    return torch.cat(parts)[:, 0].numpy()


def measured(soft: Maps, held: Held) -> dict[str, float]:
    """A line of the curve."""
    line = {"ap": average_precision(soft, held), "threshold": as_many(soft, held)}
    line |= {f"{name} at .5": value for name, value in rates(soft > 0.5, held).items()}
    return line | rates(soft > line["threshold"], held)


def learned(training: FolderTraining, held: Held) -> dict[str, Any]:
    """Train, measure at steps that double, and once more at the end."""
    method, steps = training.method, training.method.config.steps
    assert isinstance(method, EdgeConnect)
    at = {steps, *(2**k for k in range(5, 30) if 2**k < 0.8 * steps)}
    curve: list[dict[str, float]] = []
    aside, began = 0.0, time.process_time()

    def look(event: ProgressEvent) -> None:
        nonlocal aside
        if event.step in at:
            now = time.process_time()
            line = {"step": event.step, "minutes": (now - began - aside) / 60}
            curve.append(line | measured(drawn_by(method, held, held.known), held))
            print(f"step {event.step}: ap {curve[-1]['ap']:.3f}, {line['minutes']:.1f} minutes", flush=True)
            aside += time.process_time() - now

    training.run(progress=look)
    soft = drawn_by(method, held, held.known)
    whole = drawn_by(method, held, held.true & ~held.hole)
    guessed = drawn_by(method, held, np.stack([first_fill_edges(one, held) for one in held.pictures]) & ~held.hole)
    return {
        "curve": curve,
        "thresholds": [{"threshold": t} | rates(soft > t, held) for t in (*THRESHOLDS, as_many(soft, held))],
        "edges known up to the hole": measured(whole, held),
        "edges of a first fill": measured(guessed, held),
    }


def steps_for(minutes: float, make: Callable[[int], FolderTraining]) -> int:
    """How many steps take so long, by a trial."""
    times: list[float] = []
    make(TRIAL).run(progress=lambda event: times.append(time.process_time()))
    return max(1, round(minutes * 60 / float(np.median(np.diff(times)))))


def box_masks(folder: Path, *, size: int, side: float, where: str) -> Path:
    """A folder of holes to learn with: boxes of this side in the middle, or anywhere."""
    length, generator = round(side * size), make_rng(0, "boxes")
    for k in range(LEARN_MASKS if where == "anywhere" else 1):
        left, top = (int(start) for start in generator.integers(size - length + 1, size=2))
        if where == "middle":
            left = top = (size - length) // 2
        folder.mkdir(parents=True, exist_ok=True)
        mask = box_mask((left, top, length, length), (size, size))
        save_picture(to_rgb(mask[..., None].astype(np.float32)), folder / f"{k:03d}.png")
    return folder


def changed(held: Held, fills: dict[str, Path]) -> dict[str, Maps]:
    """Edges of pictures that are nearly the true ones, or of fills: what a number is worth."""
    generator = make_rng(0, "noise")

    def moved(pixels: float) -> Callable[[Image], Image]:
        matrix = np.float32([[1, 0, pixels], [0, 1, pixels]])
        return lambda picture: cv2.warpAffine(
            picture, matrix, picture.shape[1::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
        )

    def jpeg(picture: Image) -> Image:
        file = io.BytesIO()
        to_rgb(picture).save(file, "JPEG", quality=50)
        return np.asarray(PILImage.open(file), np.float32) / 255

    changes: dict[str, Callable[[Image], Image]] = {
        "moved by half a pixel, down and right": moved(0.5),
        "moved by one pixel": moved(1.0),
        "moved by two pixels": moved(2.0),
        "noise, sigma .02": lambda p: p + generator.normal(0, 0.02, p.shape).astype(np.float32),
        "JPEG, quality 50": jpeg,
        "blurred, sigma 1": lambda p: cv2.GaussianBlur(p, (0, 0), 1.0),
    }
    found = {
        name: np.stack([_edges(np.where(held.hole[..., None], change(p), p), held) for p in held.pictures])
        for name, change in changes.items()
    }
    for name, folder in fills.items():
        found[f"filled by {name}"] = np.stack(
            [_edges(read_picture(file_of(folder, n)).image, held) for n in held.names]
        )
    return found


def _edges(picture: Image, held: Held) -> np.ndarray:
    return edges_of(from_rgb(picture.clip(0, 1).astype(np.float32), 1), sigma=held.sigma)


def file_of(folder: Path, name: str) -> Path:
    return next(iter(sorted(folder.glob(f"{name}.*"))), folder / f"{name}.png")


def first_fill_edges(picture: Image, held: Held) -> np.ndarray:
    """Edges of the picture filled by Telea's method, which are found up to the hole, though not all at their place."""
    image = np.rint(picture * 255).astype(np.uint8)
    return _edges(cv2.inpaint(image, held.hole.astype(np.uint8), 3, cv2.INPAINT_TELEA) / np.float32(255), held)


def mean_face(found: PictureSet, held: Held) -> Maps:
    """How often the pictures to learn from have an edge at each place, for every held-back picture."""
    names = found.names[:: max(1, len(found.names) // PRIOR_PICTURES)]
    size = held.hole.shape[0]
    grey = (from_rgb(middle(read_picture(found.root / name).image, size), 1) for name in names)
    often = np.mean([edges_of(one, sigma=held.sigma) for one in grey], 0, dtype=np.float32)
    return np.repeat(often[None], len(held.names), 0)


RATES = ("precision", "recall", "near precision", "near recall")


def cells(line: dict[str, float], ending: str = "") -> list[str]:
    """Four rates, what random pixels reach in brackets."""
    return [f"{line[name + ending]:.3f} ({line[f'{name}, chance{ending}']:.3f})" for name in RATES]


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    return ["", *(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)), ""]


def report(out: Path) -> list[str]:
    """All that is in OUT: the last line of each curve side by side, the curves, the thresholds, changed pictures."""
    runs = {file.stem: json.loads(file.read_text()) for file in sorted(out.glob("*.json"))}
    base, lines = runs.pop("without-training"), list[str]()
    rows = [["chance", "", "", f"{base['chance']:.3f}", "", "", "", ""]]
    rows += [["mean face", "", "", f"{base['mean face']['ap']:.3f}", *cells(base["mean face"])]]
    for name, run in runs.items():
        last = run["curve"][-1]
        rows.append([name, f"{last['step']}", f"{last['minutes']:.1f}", f"{last['ap']:.3f}", *cells(last)])
    lines += ["At the threshold that draws as many pixels as Canny:"]
    lines += table(["", "steps", "minutes", "ap", *RATES], rows)
    rows = [[name, *cells(line), f"{line['drawn']:.3f}"] for name, line in base["changed"].items()]
    lines += ["Canny's edges of other pictures:", *table(["", *RATES, "drawn"], rows)]
    for name, run in runs.items():
        lines += [f"**{name}** {' '.join(run['settings'])} ({run['by']})"]
        rows = [
            [f"{one['step']}", f"{one['minutes']:.1f}", f"{one['ap']:.3f}", *cells(one), *cells(one, " at .5")[:2]]
            for one in run["curve"]
        ]
        lines += table(["step", "minutes", "ap", *RATES, "precision at .5", "recall at .5"], rows)
        rows = [[f"{one['threshold']:.2f}", *cells(one), f"{one['drawn']:.3f}"] for one in run["thresholds"]]
        lines += table(["threshold", *RATES, "drawn"], rows)
        other = run["edges known up to the hole"]
        lines += [f"Shown the true edges up to the hole, as the paper trains: ap {other['ap']:.3f}"]
        if "edges of a first fill" in run:
            lines[-1] += f"; those of a first fill: {run['edges of a first fill']['ap']:.3f}"
        lines += [""]
    plot(runs, base).save(out / "edges.png")
    return lines


COLOURS = ("#1f4e9e", "#c0392b", "#1e8449", "#8e44ad", "#d68910", "#17767a", "#7f5539", "#5d6d7e", "#e84393", "#000000")


def plot(runs: dict[str, Any], base: dict[str, Any]) -> PILImage.Image:
    """Average precision by steps, which double from line to line; grey lines are chance and the mean face."""
    wide, high, left, right, top, bottom = 900, 460, 56, 250, 24, 44
    picture = PILImage.new("RGB", (wide, high), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=14)
    curves = {name: [(one["step"], one["ap"]) for one in run["curve"]] for name, run in runs.items()}
    flat = {"chance": base["chance"], "mean face": base["mean face"]["ap"]}
    last = max([64, *(step for curve in curves.values() for step, _ in curve)])
    ceiling = math.ceil(max([*flat.values(), *(ap for curve in curves.values() for _, ap in curve)]) * 20 + 1) / 20

    def place(step: float, ap: float) -> tuple[float, float]:
        share = (math.log2(step) - 5) / (math.log2(last) - 5)
        return left + share * (wide - left - right), high - bottom - ap / ceiling * (high - top - bottom)

    for k in range(round(ceiling * 20) + 1):
        y = place(32, k / 20)[1]
        draw.line([(left, y), (wide - right, y)], fill="#e6e6e6")
        draw.text((left - 8, y), f"{k / 20:.2f}", fill="black", font=font, anchor="rm")
    for power in range(5, int(math.log2(last)) + 1):
        x = place(2**power, 0)[0]
        draw.line([(x, top), (x, high - bottom)], fill="#e6e6e6")
        draw.text((x, high - bottom + 6), f"{2**power}", fill="black", font=font, anchor="ma")
    draw.text((left, 4), "average precision of edges in the hole, by steps", fill="black", font=font)
    labels = []
    for name, ap in flat.items():
        draw.line([place(32, ap), place(last, ap)], fill="#888888", width=2)
        labels.append((place(last, ap)[1], name, "#888888"))
    for (name, curve), colour in zip(curves.items(), COLOURS * 9, strict=False):
        points = [place(*point) for point in curve]
        draw.line(points, fill=colour, width=2)
        for x, y in points:
            draw.ellipse([x - 2, y - 2, x + 2, y + 2], fill=colour)
        labels.append((points[-1][1], name, colour))
    below = 0.0
    for y, name, colour in sorted(labels):  # none over another
        below = max(y, below + 17)
        draw.text((wide - right + 8, below), name, fill=colour, font=font, anchor="lm")
    return picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faces", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--name", default="small", help="of the curve")
    parser.add_argument("--minutes", type=float, default=5, help="of training, on one core; 0 trains nothing")
    parser.add_argument("--steps", type=int, help="instead of minutes")
    parser.add_argument("--preset", default="small")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--side", type=float, default=0.5, help="of the hole, as a share of the picture's")
    parser.add_argument("--where", choices=("middle", "anywhere"), default="middle", help="holes of the training")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--sigma", type=float, default=2.0, help="of Canny's Gaussian")
    parser.add_argument("--held-back", type=int, default=200)
    parser.add_argument("--fills", action="append", default=[], metavar="NAME=FOLDER", help="fills of the held-back")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    kept, away = find_pictures(args.faces).divided(args.held_back)
    held = held_back(away, size=args.size, side=args.side, sigma=args.sigma)
    base_file = args.out / "without-training.json"
    if args.fills or not base_file.exists():
        fills = {name: Path(folder) for name, folder in (pair.split("=", 1) for pair in args.fills)}
        base = {
            "chance": float(held.true[:, held.hole].mean()),
            "mean face": measured(mean_face(kept, held), held),
            "changed": {name: rates(maps, held) for name, maps in changed(held, fills).items()},
        }
        base_file.write_text(json.dumps(base, indent=1))
    if args.minutes or args.steps:
        masks = {"middle": "center", "anywhere": "random-box"}[args.where]
        if args.side != 0.5:
            folder = args.out / f"masks-{args.where}-{args.side:g}"
            masks = str(box_masks(folder, size=args.size, side=args.side, where=args.where))
        options = {"size": str(args.size), "masks": masks, "sigma": str(args.sigma), "phases": "edge"}
        options |= dict(pair.split("=", 1) for pair in args.set)

        def make(steps: int) -> FolderTraining:
            return FolderTraining("edgeconnect", kept, preset=args.preset, options={**options, "steps": steps},
                                  seed=args.seed, device="cpu", workers=0)  # fmt: skip

        found = learned(make(args.steps or steps_for(args.minutes, make)), held)
        found["settings"] = [
            f"--preset {args.preset}",
            f"--side {args.side:g}",
            f"--where {args.where}",
            *(f"--set {one}" for one in args.set),
        ]
        found["by"] = f"{machine()}, one thread, commit {commit()}, seed {args.seed}"
        (args.out / f"{args.name}.json").write_text(json.dumps(found, indent=1))
    lines = report(args.out)
    (args.out / "edges.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
