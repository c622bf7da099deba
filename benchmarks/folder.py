"""Methods that learn from a folder, on faces that they have not seen, beside methods that learn nothing.

    python benchmarks/folder.py FACES OUT --minutes 20
    python benchmarks/folder.py FACES OUT --score SCORE.PY --learn lama-own pconv-own --holes center --set width=0.5

The last `--held-back` pictures of FACES, by name, are never learned from. Their middles at `--size` pixels are the
truths; the holes are the centre, half as high and wide as the picture, and a bar over the eyes where they are found.
Each method learns once, for `--minutes` of one core, by its preset "small" with holes of both kinds, and fills both.
All its stages are made longer or shorter by one factor, which a trial finds. `mean` is the mean colour of what is
known. A run goes on where it was interrupted; what is there is not made again. OUT gets truths, masks, fills, runs, a
sheet of eight faces for each kind of hole, and the table. Faces of CelebA may not be published: OUT belongs outside
the repository, or into an ignored folder.

mae_hole, the mean absolute error, and psnr_hole are of the hole's pixels, averaged over the pictures. ssim, feat_hole
and fd are those of the scorer, a file outside the repository, where one is given (lower feat_hole and fd are better).
EdgeConnect's drawn edges are measured too: precision and recall in the hole against the true picture's edges, beside
what as many random pixels would reach.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import selfmend.api as api
from common import commit, machine
from scorer import load_scorer
from selfmend.image.color import from_rgb
from selfmend.image.draw import contact_sheet, paint_hole, to_rgb
from selfmend.image.edges import canny_edges
from selfmend.image.files import list_pictures, read_picture, save_picture
from selfmend.image.resize import resize
from selfmend.masks.eye_bars import EyeBars
from selfmend.masks.random import HOLE_SHAPES
from selfmend.methods.hole_init import mean
from selfmend.metrics.pixels import mae, psnr
from selfmend.nn.tensors import to_mask, to_tensor
from selfmend.seeding import make_rng
from selfmend.types import Image, Mask, size_of

LEARNERS: dict[str, dict[str, Any]] = {
    "context-encoder": {"network": "random-region"}, "dmfn": {}, "edgeconnect": {}, "glcic-own": {}, "pconv-own": {},
    "deepfill-own": {}, "lama-own": {},
}  # fmt: skip
QUICK = ("mean", "telea", "patchmatch")
COLUMNS = {"mae_hole": ".4f", "psnr_hole": ".2f"}
SCORED = {"ssim": ".4f", "feat_hole": ".3f", "fd": ".2f"}
TRIAL = 30
"""Steps of each stage by which its time is told; what is done once in a process is in the first of them alone."""
SHOWN = 8
LEARN_MASKS = 200
"""Of each kind. Bars are found on so many faces: finding them on all would take longer than the training."""


@dataclass(frozen=True)
class Cases:
    """Where things are, and the held-back pictures.

    Attributes:
        out: the folder of everything.
        names: of the held-back pictures.
        holes: kinds of holes.
    """

    out: Path
    names: list[str]
    holes: list[str]

    def truth(self, name: str) -> Path:
        return self.out / "truth" / f"{name}.png"

    def mask(self, hole: str, name: str) -> Path:
        return self.out / "mask" / hole / f"{name}.png"

    def fill(self, method: str, hole: str, name: str) -> Path:
        return self.out / "fills" / method / hole / f"{name}.png"


def prepare(faces: Path, out: Path, *, held_back: int, size: int, holes: list[str]) -> Cases:
    """Divide the pictures, and write truths and masks."""
    names = sorted(list_pictures(faces))
    kept, held = names[:-held_back], names[-held_back:]
    for name in kept:
        target = out / "learn" / name
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(faces / name, target)
    cases = Cases(out, [Path(name).with_suffix("").as_posix().replace("/", "-") for name in held], holes)
    bars = EyeBars(shift=0, stretch=0, turn=0)
    for name, file in zip(cases.names, held, strict=True):
        truth = middle(read_picture(faces / file).image, size)
        save_picture(to_rgb(truth), cases.truth(name))
        for hole in holes:
            shape, generator = HOLE_SHAPES.get(hole), make_rng(0, hole, name)
            mask = shape((size, size), generator) if shape else bars(truth, generator)
            save_picture(to_rgb(mask[..., None].astype(np.float32)), cases.mask(hole, name))
    write_learn_masks(cases, [faces / name for name in kept], size)
    print(f"{len(kept)} pictures to learn from, {len(held)} held back; eyes not found in {bars.without_eyes}, "
          f"no face in {bars.without_face}", flush=True)  # fmt: skip
    return cases


def write_learn_masks(cases: Cases, files: list[Path], size: int) -> None:
    """Masks to learn with, as many of each kind; bars lie a little elsewhere on each face, as `EyeBars` draws them."""
    bars = EyeBars()
    for k, file in enumerate(files[:: max(1, len(files) // LEARN_MASKS)][:LEARN_MASKS]):
        for hole in cases.holes:
            target = cases.out / "learn-masks" / f"{hole}-{k:03d}.png"
            if target.exists():
                continue
            shape, generator = HOLE_SHAPES.get(hole), make_rng(1, hole, k)
            mask = shape((size, size), generator) if shape else bars(middle(read_picture(file).image, size), generator)
            save_picture(to_rgb(mask[..., None].astype(np.float32)), target)


def middle(image: Image, size: int) -> Image:
    """The middle square of a picture, `size` pixels wide: what a method with scale=whole sees."""
    share = size / min(size_of(image))
    image = resize(image, (max(size, round(image.shape[0] * share)), max(size, round(image.shape[1] * share))))
    top, left = (image.shape[0] - size) // 2, (image.shape[1] - size) // 2
    return image[top : top + size, left : left + size].clip(0, 1)


def learned(method: str, cases: Cases, *, minutes: float, settings: dict[str, str], seed: int) -> api.FolderModel:
    """The model of a run that takes about so many minutes of one core, or goes on with one that is there."""
    options: dict[str, Any] = {**LEARNERS[method], "masks": str(cases.out / "learn-masks"), **settings}
    steps_file = cases.out / "runs" / f"{method}.json"
    if not steps_file.exists():
        steps_file.parent.mkdir(parents=True, exist_ok=True)
        steps_file.write_text(json.dumps(affordable_steps(method, cases, options, minutes=minutes, seed=seed)))
    steps = json.loads(steps_file.read_text())
    began, clock = time.process_time(), time.perf_counter()
    model = api.fit_folder(
        method, cases.out / "learn", preset="small", seed=seed, device="cpu", folder=cases.out / "runs" / method,
        validate_every=1000, **(options | steps),
    )  # fmt: skip
    print(f"{method}: {steps}, {(time.process_time() - began) / 60:.1f} minutes of processor time, "
          f"{(time.perf_counter() - clock) / 60:.1f} of the clock", flush=True)  # fmt: skip
    return model


def affordable_steps(
    method: str, cases: Cases, options: dict[str, Any], *, minutes: float, seed: int
) -> dict[str, int]:
    """The preset's steps of each stage, all by one factor, so that they take `minutes` of processor time."""
    told = api.FolderTraining(method, cases.out / "learn", preset="small", options=options, device="cpu", workers=0)
    preset, times = told.method.config, dict[str, list[float]]()
    names = [field.name for field in dataclasses.fields(preset) if field.name.endswith("steps")]
    api.fit_folder(
        method, cases.out / "learn", preset="small", seed=seed, device="cpu", **(options | dict.fromkeys(names, TRIAL)),
        progress=lambda event: times.setdefault(event.stage, []).append(time.process_time()),
    )  # fmt: skip
    cost = {stage: float(np.median(np.diff(seen))) for stage, seen in times.items()}
    whole = sum(cost[stage["stage"]] * stage["steps"] for stage in told.describe()["stages"])
    return {name: max(1, round(getattr(preset, name) * minutes * 60 / whole)) for name in names}


def fill_all(method: str, cases: Cases, model: api.FolderModel | None) -> float:
    """Write the fills that are not there; processor seconds."""
    began = time.process_time()
    for hole in cases.holes:
        for name in cases.names:
            target = cases.fill(method, hole, name)
            if target.exists():
                continue
            picture, mask = cases.truth(name), cases.mask(hole, name)
            if method == "mean":
                save_picture(to_rgb(mean(read_picture(picture).image, as_mask(read_picture(mask).image))), target)
                continue
            filled = api.inpaint(picture, mask, method=method) if model is None else model.inpaint(picture, mask)
            save_picture(filled, target)
    return time.process_time() - began


def edge_scores(model: api.FolderModel, cases: Cases, hole: str) -> dict[str, float]:
    """Precision and recall of the drawn edges in the hole, at .5; `chance` is the precision of random pixels."""
    from selfmend.methods.edge_connect import draw_edges

    found = drawn_total = true_total = pixels = 0
    net, sigma = model.method.net("edge_generator"), model.method.config.sigma
    for name in cases.names:
        grey = from_rgb(read_picture(cases.truth(name)).image, 1)
        mask = as_mask(read_picture(cases.mask(hole, name)).image)
        known = canny_edges(grey, mask, sigma=sigma)
        with model.method.evaluating():
            soft = draw_edges(net, to_tensor(grey), to_tensor(known), to_tensor(mask).float())
        drawn = to_mask(soft > 0.5) & mask
        true = (canny_edges(grey, sigma=sigma)[..., 0] > 0.5) & mask
        found += int((drawn & true).sum())
        drawn_total, true_total, pixels = (
            drawn_total + int(drawn.sum()),
            true_total + int(true.sum()),
            pixels + int(mask.sum()),
        )
    return {
        "precision": found / max(1, drawn_total),
        "of random pixels": true_total / pixels,
        "recall": found / max(1, true_total),
        "of as many random pixels": drawn_total / pixels,
    }


def as_mask(image: Image) -> Mask:
    return image[..., 0] >= 0.5


def scores_of(method: str, hole: str, cases: Cases) -> dict[str, float]:
    """Means over the held-back pictures."""
    rows = []
    for name in cases.names:
        fill, truth = (read_picture(path).image for path in (cases.fill(method, hole, name), cases.truth(name)))
        mask = as_mask(read_picture(cases.mask(hole, name)).image)
        rows.append((mae(fill, truth, mask=mask), psnr(fill, truth, mask=mask)))
    return dict(zip(COLUMNS, np.mean(rows, 0).tolist(), strict=True))


def scorer_scores(method: str, hole: str, cases: Cases, scorer: Any, net: Any) -> dict[str, float]:
    """Means over the held-back pictures; fd compares the sets as wholes."""
    rows, features = [], ([], [])
    for name in cases.names:
        truth, output = scorer.read(cases.truth(name)), scorer.read(cases.fill(method, hole, name))
        mask = scorer.read_mask(cases.mask(hole, name), truth.shape)
        rows.append(scorer.pair(net, truth, output, mask))
        for part, picture in zip(features, (truth, output), strict=True):
            part.append(scorer.hole_features(net, picture, mask))
    means = {column: float(np.mean([row[column] for row in rows])) for column in SCORED if column != "fd"}
    return means | {"fd": scorer.frechet(*(np.concatenate(part) for part in features)) / 1e4}


def write_sheet(cases: Cases, hole: str, methods: list[str]) -> None:
    """Eight held-back pictures, a row each: damaged, all fills, truth."""
    pictures, captions = [], []
    for name in cases.names[:: max(1, len(cases.names) // SHOWN)][:SHOWN]:
        truth, mask = read_picture(cases.truth(name)).image, as_mask(read_picture(cases.mask(hole, name)).image)
        fills = [to_rgb(read_picture(cases.fill(method, hole, name)).image) for method in methods]
        row = [paint_hole(truth, mask), *fills, to_rgb(truth)]
        pictures += [picture.resize((2 * picture.width, 2 * picture.height)) for picture in row]
        captions += ["damaged", *methods, "truth"]
    contact_sheet(pictures, captions, columns=len(methods) + 2).save(cases.out / f"{hole}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("faces", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--score", type=Path, help="the scorer's Python file; none: its columns are left out")
    parser.add_argument("--minutes", type=float, default=20, help="of training a method, on one core")
    parser.add_argument("--held-back", type=int, default=200)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--holes", nargs="+", default=["center", "eyes"])
    parser.add_argument("--learn", nargs="*", default=[*LEARNERS], choices=[*LEARNERS])
    parser.add_argument("--quick", nargs="*", default=[*QUICK])
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="of all that learn")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.set_num_threads(1)
    cases = prepare(args.faces, args.out, held_back=args.held_back, size=args.size, holes=args.holes)
    settings = {"size": str(args.size), **dict(pair.split("=", 1) for pair in args.set)}
    models = {m: learned(m, cases, minutes=args.minutes, settings=settings, seed=args.seed) for m in args.learn}
    for method in [*args.quick, *args.learn]:
        fill_all(method, cases, models.get(method))
    methods, columns = [*args.quick, *args.learn], {**COLUMNS, **(SCORED if args.score else {})}
    scorer = load_scorer(args.score) if args.score else None
    net = scorer.SqueezeNet() if scorer else None
    lines = [f"{machine()}, one thread, commit {commit()}, seed {args.seed}, {args.minutes:g} minutes a method"]
    for hole in args.holes:
        lines += ["", f"**{hole}**", "", "| method | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
        for method in methods:
            scores = scores_of(method, hole, cases)
            scores |= scorer_scores(method, hole, cases, scorer, net) if scorer else {}
            lines.append(f"| {method} | " + " | ".join(format(scores[c], f) for c, f in columns.items()) + " |")
        if "edgeconnect" in models:
            edges = edge_scores(models["edgeconnect"], cases, hole)
            lines += ["", "edges: " + ", ".join(f"{name} {value:.3f}" for name, value in edges.items())]
        write_sheet(cases, hole, methods)
    print("\n".join(lines))
    (args.out / "table.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
