"""What a reference is worth: two frames of a film, and paper 000's three tables on pictures of ours.

    python benchmarks/references.py CLIP --score SCORE.PY [--out DIR] [--table FILE.md] [--only frames|paper]

CLIP is a film; from each of two places two frames are taken, eight apart. The first gets a hole, a subtitle or a box;
the second is the reference. SCORE.PY is the scorer (see scorer.py). sliced-wasserstein is trained once a case, from
scale 1 on, so that every scale at which the reference can enter is compared on one training; and once more on the
damaged frame as it is, hole and all ("plain"). The paper's second setup is artificial: SinGAN learns a clean picture,
an object is pasted into it, and a random sample of SinGAN is the reference; no sample lies on the picture, so it is not
aligned. Results go into --out as pictures to look at; a frame whose scores are there is not run again. Times are of
the processor, training included.
"""

from __future__ import annotations

import argparse
import datetime
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image as PILImage
from PIL import ImageDraw, ImageFont
from skimage import data

from common import commit, kept, machine
from scorer import load_scorer
from selfmend.errors import SelfmendWarning
from selfmend.image.draw import contact_sheet, paint_hole, to_rgb
from selfmend.masks.reading import grow_mask
from selfmend.methods.registry import method_class
from selfmend.methods.singan.model import SlicedWasserstein
from selfmend.metrics.pixels import ssim
from selfmend.metrics.saliency import asvs
from selfmend.registration.align import Aligned, align, match_colours, place
from selfmend.types import Image, Mask, size_of

PLACES, APART = (10, 40), 8
STILLS = {"Astronaut": data.astronaut, "Coffee": data.coffee, "Cat": data.chelsea, "Rocket": data.rocket}
SIDE = 250
MODELS = ("itti-koch-niebur", "spectral-residual")


def image_of(pixels: np.ndarray) -> Image:
    """(H, W, 3) in [0, 1] of as many bytes."""
    return np.asarray(pixels, np.float32) / 255


def frames_of(clip: Path) -> list[Image]:
    import av

    with av.open(str(clip)) as film:
        return [image_of(frame.to_ndarray(format="rgb24")) for frame in film.decode(video=0)]


def subtitle(size: tuple[int, int]) -> Mask:
    """Two lines of letters with their outline, grown by two pixels as a detector's mask is."""
    height, width = size
    page = PILImage.new("L", (width, height))
    font = ImageFont.load_default(size=round(0.11 * height))
    ImageDraw.Draw(page).multiline_text(
        (width / 2, 0.96 * height), "Where is everybody going\nat this time of the day?", 255, font, "md",
        align="center", stroke_width=2,
    )  # fmt: skip
    return grow_mask(np.asarray(page) > 0, 2)


def box(size: tuple[int, int]) -> Mask:
    """A quarter of each side, in the middle."""
    mask = np.zeros(size, bool)
    mask[3 * size[0] // 8 : 5 * size[0] // 8, 3 * size[1] // 8 : 5 * size[1] // 8] = True
    return mask


def blank(image: Image, mask: Mask) -> Image:
    """The picture with a white hole."""
    return np.where(mask[..., None], np.float32(1), image)


def timed(call: Callable[[], Image]) -> tuple[Image, float]:
    began = time.process_time()
    return call(), time.process_time() - began


def fill_frames(truth: Image, mask: Mask, reference: Aligned, seed: int, *, plain: bool) -> dict[str, tuple]:
    """Every method's fill and its seconds; `plain` trains once more."""
    damaged, results = blank(truth, mask), {}
    results["the reference pasted"] = np.where(mask[..., None], reference.image, truth), 0.0
    for name in ("telea", "patchmatch"):
        worker = method_class(name).from_options()
        worker.inpaint(damaged, mask)  # compiles
        results[name] = timed(lambda worker=worker: worker.inpaint(damaged, mask, seed=seed)[0])
    results["patchmatch + reference"] = timed(lambda: worker.inpaint(damaged, mask, seed=seed, reference=reference)[0])
    began = time.process_time()
    model = SlicedWasserstein.from_options(None, {"injection_scale": 1}).fit(damaged, mask, seed=seed)
    training = time.process_time() - began
    default = model.with_fill_options({"injection_scale": None})
    for label, lying in (("sliced-wasserstein", None), ("sliced-wasserstein + reference", reference)):
        fill, seconds = timed(lambda lying=lying: default.inpaint(damaged, mask, seed=seed, reference=lying)[0])
        results[label] = fill, training + seconds
    if plain:
        learner = SlicedWasserstein.from_options(None, {"exclude_hole": False})
        results["sliced-wasserstein + reference, plain training"] = timed(
            lambda: learner.inpaint(damaged, mask, seed=seed, reference=reference)[0]
        )
    assert model.scales is not None
    for finish, words in (("never", "scales alone"), ("always", "and exemplars")):
        for level in range(1, len(model.scales.plan.sizes) if finish == "never" else 4):
            worker = model.with_fill_options({"injection_scale": level, "finish": finish})
            results[f"scale {level}, {words}"] = timed(
                lambda worker=worker: worker.inpaint(damaged, mask, seed=seed, reference=reference)[0]
            )
    return results


def frames_case(args: argparse.Namespace, place_: int, kind: str, mask: Mask) -> dict[str, Any]:
    """Scores and seconds of every method on one frame, and how the reference fits."""
    scored = kept(args.out, args.seed) / f"frames-{kind}-{place_}.json"
    if scored.exists():
        return json.loads(scored.read_text())
    scorer = load_scorer(args.score)
    net, film = scorer.SqueezeNet(), frames_of(args.clip)
    truth, other = film[place_], film[place_ + APART]
    lying = match_colours(align(other, blank(truth, mask), mask), truth, mask)
    fills = fill_frames(truth, mask, lying, args.seed, plain=kind == "subtitle")
    rows = {}
    for name, (fill, seconds) in fills.items():
        pair = scorer.pair(net, truth, fill, mask)
        rows[name] = {k: float(pair[k]) for k in ("psnr_hole", "feat_hole")} | {"seconds": seconds}
    shown = {"truth": truth, "reference": lying.image} | {n: f for n, (f, _) in fills.items()}
    save(scored.with_suffix(".png"), shown, mask, 4)
    scored.write_text(json.dumps({"fit": f"{lying.confidence:.2f} ({lying.by})", "rows": rows}))
    print(kind, place_, flush=True)
    return json.loads(scored.read_text())


def frames_table(args: argparse.Namespace) -> str:
    size = size_of(frames_of(args.clip)[0])
    masks = {"subtitle": subtitle(size), "box": box(size)}
    cases = {kind: [frames_case(args, place_, kind, mask) for place_ in PLACES] for kind, mask in masks.items()}
    said = ", ".join(f"{kind} {case['fit']}" for kind, list_ in cases.items() for case in list_)
    head = "| | psnr_hole, subtitle | feat_hole, subtitle | psnr_hole, box | feat_hole, box | CPU s |"
    lines = [f"Confidences: {said}.", "", head, "|---" * 6 + "|"]
    for name in cases["subtitle"][0]["rows"]:
        cells = []
        for list_ in cases.values():
            rows = [case["rows"][name] for case in list_ if name in case["rows"]]
            for column, digits in (("psnr_hole", 2), ("feat_hole", 3)):
                cells.append(f"{np.mean([row[column] for row in rows]):.{digits}f}" if rows else "-")
        seconds = np.mean([c["rows"][name]["seconds"] for list_ in cases.values() for c in list_ if name in c["rows"]])
        lines.append(f"| {name} | {' | '.join(cells)} | {seconds:.1f} |")
    return "\n".join(lines)


def pasted(picture: Image, other: Image) -> tuple[Image, Mask]:
    """The picture with an oval of another one in it, and the hole that covers it."""
    height, width = size_of(picture)
    y, x = np.mgrid[:height, :width]
    oval = ((y / height - 0.55) / 0.16) ** 2 + ((x / width - 0.4) / 0.12) ** 2 <= 1
    there = cv2.resize(other, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.where(oval[..., None], there, picture), grow_mask(oval, 2)


def paper_cases(args: argparse.Namespace):
    """Name, truth, damaged, mask, reference as it lies, and the SinGAN that fills."""
    film = frames_of(args.clip)
    truth, mask = film[PLACES[0]], subtitle(size_of(film[0]))
    damaged = blank(truth, mask)
    lying = match_colours(align(film[PLACES[0] + APART], damaged, mask), damaged, mask)
    yield "Movie", truth, damaged, mask, lying, SlicedWasserstein.from_options(None).fit(damaged, mask, seed=args.seed)
    pictures = {}
    for name, load in STILLS.items():
        array = load()
        share = SIDE / max(array.shape[:2])
        size = round(array.shape[1] * share), round(array.shape[0] * share)
        pictures[name] = image_of(cv2.resize(array, size, interpolation=cv2.INTER_AREA))
    for name, other in zip(pictures, [*list(pictures)[1:], next(iter(pictures))], strict=True):
        truth = pictures[name]
        damaged, mask = pasted(truth, pictures[other])
        model = SlicedWasserstein.from_options(None).fit(truth, seed=args.seed)
        (sample,) = model.sample(truth, seed=args.seed, size=size_of(truth))
        yield name, truth, damaged, mask, place(sample, damaged, mask), model


def paper_tables(args: argparse.Namespace) -> str:
    columns = ("CV", "NV", "SG", "PM")
    metrics = ["SSIM to the reference", "SSIM to the truth", *(f"ASVS, {model}" for model in MODELS)]
    values: dict[str, dict[str, dict[str, float]]] = {metric: {} for metric in metrics}
    for name, truth, damaged, mask, lying, model in paper_cases(args):
        patchmatch = method_class("patchmatch").from_options()
        fills = {
            "CV": method_class("telea").from_options().inpaint(damaged, mask)[0],
            "SG": model.inpaint(damaged, mask, seed=args.seed, reference=lying)[0],
            "PM": patchmatch.inpaint(damaged, mask, seed=args.seed, reference=lying)[0],
        }
        whole = np.where(lying.known[..., None], lying.image, damaged)
        for column, fill in fills.items():
            measured = [ssim(fill, whole), ssim(fill, truth), *(asvs(fill, mask, model=m) for m in MODELS)]
            for metric, value in zip(metrics, measured, strict=True):
                values[metric].setdefault(name, {})[column] = float(value)
        save(args.out / f"paper-{name}.png", {"truth": truth, "damaged": damaged, "reference": whole} | fills, mask, 3)
        print(name, flush=True)
    lines = []
    for metric, rows in values.items():
        lines += [f"**{metric}**", "", f"| | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
        means = {c: float(np.mean([r[c] for r in rows.values()])) for c in columns if c != "NV"}
        digits = 2 if metric.startswith("SSIM") else 4
        for name, row in [*rows.items(), ("average", means)]:
            cells = ["not run" if c == "NV" else f"{row[c]:.{digits}f}" for c in columns]
            lines.append(f"| {name} | {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def save(path: Path, shown: dict[str, Image], mask: Mask, columns: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pictures = {name: to_rgb(image) for name, image in shown.items()}
    pictures["hole"] = paint_hole(next(iter(shown.values())), mask)
    contact_sheet(list(pictures.values()), list(pictures), columns=columns).save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--score", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/out/references"))
    parser.add_argument("--table", type=Path, help="write the tables as markdown here")
    parser.add_argument("--only", choices=("frames", "paper"))
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    warnings.simplefilter("ignore", SelfmendWarning)
    parts = [f"Seed {args.seed}, {machine()}, {datetime.date.today()}, commit {commit()}.", ""]
    parts += [frames_table(args), ""] if args.only != "paper" else []
    parts += [paper_tables(args)] if args.only != "frames" else []
    text = "\n".join(parts)
    print(text)
    if args.table:
        args.table.write_text(text)


if __name__ == "__main__":
    main()
