"""Random samples of every picture by every method, scored like published ones, and contact sheets to look at.

    python benchmarks/generation.py PICTURES --score SCORE.PY [--methods ...] [--published FOLDER ...]
        [--table docs/generation.md]

PICTURES is a folder. SCORE.PY is the scorer (a module with SqueezeNet, read, sifd, bidirectional and diversity). A
method is written NAME[:PRESET][:key=value,...]. --published are folders of samples made elsewhere, one a picture with
its name, to be
scored in the same way. Results are kept in --out, so that an interrupted run goes on. Columns:

    conv1, fire3  Frechet distance of a network's features in one real and one generated picture, lower is better
    coh, com      coherence and completeness (Simakov et al., CVPR 2008): how far patches of the sample are from the
                  nearest ones of the picture, and the other way round, at 16 to 48 px, 0-255; a copy has 0
    div           diversity: standard deviation of each pixel over the samples, by that of the picture
    copied        mean side in pixels of the regions that stand in the picture as they are
    seams         how much larger differences across the borders of those regions are than where they come from, 0-255
    train, cpu    seconds of training a picture, and of processor time for it, or where nothing is trained for a
                  sample: what it takes where nothing else runs
    draw          seconds a sample
"""

from __future__ import annotations

import argparse
import datetime
import json
import multiprocessing
import os
import time
from pathlib import Path

import numpy as np

from common import commit, kept, machine, parse
from scorer import load_scorer

METHODS = [
    "patch-diffusion:variety=low", "patch-diffusion", "patch-diffusion:variety=high", "gpnn", "gpnn:noise=3",
    "sliced-wasserstein",
]  # fmt: skip
COLUMNS = {
    "conv1": ".3f", "fire3": ".3f", "coh": ".1f", "com": ".1f", "div": ".2f", "copied": ".0f", "seams": ".2f",
    "train": ".0f", "cpu": ".0f", "draw": ".1f",
}  # fmt: skip
ENDINGS = {".jpg", ".png"}


def draw_all(spec: str, pictures: list[Path], out: Path, count: int, seed: int, threads: int) -> None:
    """Draw `count` samples of each picture with one method, in a process of its own."""
    import torch

    import selfmend
    from selfmend.image.files import save_picture
    from selfmend.methods.registry import method_class

    torch.set_num_threads(threads)
    name, preset, options = parse(spec)
    for picture in pictures:
        target = out / spec.replace(":", "+") / picture.stem
        if (target / "times.json").exists():
            continue
        started, busy = time.perf_counter(), time.process_time()
        if method_class(name).learns:
            model = selfmend.fit(name, picture, preset=preset, seed=seed, folder=target / "run", **options)
            trained, busy = time.perf_counter(), time.process_time() - busy
            samples = model.sample(samples=count, seed=seed)
        else:
            trained = started
            samples = selfmend.sample(picture, method=name, preset=preset, samples=count, seed=seed, **options)
            busy = (time.process_time() - busy) / count
        ended = time.perf_counter()
        target.mkdir(parents=True, exist_ok=True)
        for k, sample in enumerate(samples):
            save_picture(sample, target / f"{k}.png")
        times = {"train": trained - started, "cpu": busy, "draw": (ended - trained) / count}
        (target / "times.json").write_text(json.dumps(times))
        print(f"{spec} {picture.stem} {times['train']:.1f} s + {times['draw']:.1f} s a sample", flush=True)


def score(picture: Path, samples: list[Path], scorer, net) -> dict[str, float]:
    """Mean scores of the samples of one picture."""
    from selfmend.metrics.samples import copying, nearest_field, seams

    real, fakes = scorer.read(picture), [scorer.read(s) for s in samples]
    rows = []
    for fake in fakes:
        field = nearest_field(fake, real)
        copied = copying(fake, real, field=field).side
        seen = seams(fake, real, field=field)
        rows.append(scorer.sifd(net, real, fake) | scorer.bidirectional(real, fake) | {"copied": copied, "seams": seen})
    scores = {k: float(np.mean([r[k] for r in rows])) for k in rows[0]}
    same = [f for f in fakes if f.shape == real.shape]
    scores["div"] = scorer.diversity(real, same) if len(same) > 1 else float("nan")
    return scores


def score_all(label: str, folder: Path, pictures: list[Path], scorer, net) -> dict[str, float]:
    """Means over all pictures; each picture's scores are kept beside its samples."""
    rows = []
    for picture in pictures:
        place = folder / picture.stem
        kept = place / "scores.json"
        if kept.exists():
            rows.append(json.loads(kept.read_text()))
            continue
        samples = sorted(place.glob("*.png")) or [p for p in folder.glob(f"{picture.stem}.*") if p.suffix in ENDINGS]
        scores = score(picture, samples, scorer, net)
        if place.is_dir():
            scores |= json.loads((place / "times.json").read_text())
            kept.write_text(json.dumps(scores))
        print(label, picture.stem, " ".join(f"{k} {v:.3f}" for k, v in scores.items()), flush=True)
        rows.append(scores)
    return {k: float(np.mean([r[k] for r in rows])) if k in rows[0] else float("nan") for k in COLUMNS}


def write_sheets(pictures: list[Path], out: Path, specs: list[str]) -> None:
    from PIL import Image

    from selfmend.image.draw import contact_sheet

    (out / "sheets").mkdir(parents=True, exist_ok=True)
    for picture in pictures:
        files = [(f"{s} {k}", out / s.replace(":", "+") / picture.stem / f"{k}.png") for s in specs for k in range(3)]
        files = [("picture", picture), *[f for f in files if f[1].exists()]]
        contact_sheet([Image.open(f).convert("RGB") for _, f in files], [n for n, _ in files], columns=4).save(
            out / "sheets" / f"{picture.stem}.png"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--score", type=Path, required=True)
    parser.add_argument("--methods", nargs="+", default=METHODS)
    parser.add_argument("--published", nargs="*", type=Path, default=[])
    parser.add_argument("--out", type=Path, default=Path("benchmarks/out/generation"))
    parser.add_argument("--table", type=Path, help="write the table as markdown here")
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--limit", type=int, help="only so many pictures, taken evenly")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    args = parser.parse_args()
    pictures = sorted(p for p in args.pictures.iterdir() if p.suffix in ENDINGS)
    pictures = pictures[:: max(1, len(pictures) // args.limit)][: args.limit] if args.limit else pictures
    out = kept(args.out, args.seed) / f"{args.pictures.name}-{args.samples}"
    context = multiprocessing.get_context("spawn")
    for spec in args.methods:
        worker = context.Process(target=draw_all, args=(spec, pictures, out, args.samples, args.seed, args.threads))
        worker.start()
        worker.join()
        if worker.exitcode:
            raise SystemExit(f"{spec} failed")
    scorer = load_scorer(args.score)
    net = scorer.SqueezeNet()
    tables = {f"published: {p.name}": score_all(p.name, p, pictures, scorer, net) for p in args.published}
    tables |= {s: score_all(s, out / s.replace(":", "+"), pictures, scorer, net) for s in args.methods}
    lines = [
        f"{args.pictures.name}: {len(pictures)} pictures, {args.samples} samples each, seed {args.seed}, "
        f"{args.threads} threads on {machine()}, {datetime.date.today()}, commit {commit()}. Means over the pictures.",
        "",
        "| method | " + " | ".join(COLUMNS) + " |",
        "|---" * (len(COLUMNS) + 1) + "|",
        *[f"| {n} | " + " | ".join(format(t[c], f) for c, f in COLUMNS.items()) + " |" for n, t in tables.items()],
        "",
    ]
    print("\n".join(lines))
    if args.table:
        args.table.write_text("\n".join(lines))
    write_sheets(pictures, out, args.methods)


if __name__ == "__main__":
    main()
