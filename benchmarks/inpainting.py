"""Fill every case with every method, score the results against the truth, and write the table and contact sheets.

    python benchmarks/inpainting.py CASES --score SCORE.PY [--methods ...] [--limit N] [--table docs/inpainting.md]

CASES holds truth/, damaged/ and mask/ with equal names; the part of a name before "_" is its kind. SCORE.PY is the
scorer (a module with SqueezeNet, read, read_mask, pair, hole_features and frechet). A method is written
NAME[:PRESET][:key=value,...].
Results are kept in --out, so that an interrupted run goes on; the pictures are there to be looked at.
"""

from __future__ import annotations

import argparse
import datetime
import json
import multiprocessing
import os
import resource
import time
from pathlib import Path

import numpy as np

from common import commit, kept, machine, parse
from scorer import load_scorer

METHODS = [
    "telea",
    "navier-stokes",
    "biharmonic",
    "patchmatch",
    "auto",
    "sliced-wasserstein:init=local-means",
    "sliced-wasserstein",
]
COLUMNS = {"psnr_hole": ".2f", "ssim": ".4f", "feat_hole": ".3f", "fd": ".2f", "seconds": ".2f", "peak_mb": ".0f"}


def fill_all(spec: str, cases: Path, out: Path, stems: list[str], seed: int, threads: int) -> None:
    """Fill the cases with one method, in a process of its own, so that its peak memory is its own."""
    import torch

    import selfmend
    from selfmend.image.files import save_picture
    from selfmend.methods.registry import method_class

    torch.set_num_threads(threads)
    name, preset, options = parse(spec)
    kind = method_class(name)
    folder = out / spec.replace(":", "+")
    if not kind.learns:  # warm-up: compilation and caches are not the method's time
        selfmend.inpaint(cases / "damaged" / f"{stems[0]}.png", cases / "mask" / f"{stems[0]}.png", method=name)
    for stem in stems:
        target = folder / f"{stem}.png"
        if target.exists():
            continue
        damaged, mask = cases / "damaged" / f"{stem}.png", cases / "mask" / f"{stem}.png"
        started = time.perf_counter()
        if kind.learns:
            run = out / "runs" / spec.replace(":", "+") / stem
            model = selfmend.fit(name, damaged, mask=mask, preset=preset, seed=seed, folder=run, **options)
            result = model.inpaint()
        else:
            result = selfmend.inpaint(damaged, mask, method=name, preset=preset, seed=seed, **options)
        seconds = time.perf_counter() - started
        save_picture(result, target)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        target.with_suffix(".json").write_text(json.dumps({"seconds": seconds, "peak_mb": peak}))
        print(f"{spec} {stem} {seconds:.2f} s", flush=True)


def score_all(spec: str, cases: Path, out: Path, stems: list[str], scorer, net) -> dict[str, dict[str, float]]:
    """Mean scores over all cases and over each kind; `fd` compares the sets as wholes."""
    rows, truths, outputs = {}, {}, {}
    for stem in stems:
        truth = scorer.read(cases / "truth" / f"{stem}.png")
        result = out / spec.replace(":", "+") / f"{stem}.png"
        mask = scorer.read_mask(cases / "mask" / f"{stem}.png", truth.shape)
        filled = scorer.read(result)
        scores = {k: float(v) for k, v in scorer.pair(net, truth, filled, mask).items()}
        rows[stem] = scores | json.loads(result.with_suffix(".json").read_text())
        truths[stem], outputs[stem] = (scorer.hole_features(net, p, mask) for p in (truth, filled))
    table = {}
    for kind in ["all", *sorted({s.split("_")[0] for s in stems})]:
        chosen = [s for s in stems if kind in ("all", s.split("_")[0])]
        table[kind] = {c: float(np.mean([rows[s][c] for s in chosen])) for c in COLUMNS if c != "fd"}
        table[kind]["seconds"] = float(np.median([rows[s]["seconds"] for s in chosen]))
        table[kind]["peak_mb"] = float(np.max([rows[s]["peak_mb"] for s in chosen]))
        pooled = [np.concatenate([d[s] for s in chosen]) for d in (truths, outputs)]
        table[kind]["fd"] = scorer.frechet(*pooled) / 1e4
    (out / spec.replace(":", "+") / "scores.json").write_text(json.dumps({"means": table, "rows": rows}, indent=1))
    return table


def write_sheets(cases: Path, out: Path, specs: list[str], stems: list[str]) -> None:
    from PIL import Image

    from selfmend.image.draw import contact_sheet

    (out / "sheets").mkdir(parents=True, exist_ok=True)
    for stem in stems:
        files = [cases / "truth" / f"{stem}.png", cases / "damaged" / f"{stem}.png"]
        files += [out / s.replace(":", "+") / f"{stem}.png" for s in specs]
        pictures = [Image.open(f).convert("RGB") for f in files]
        contact_sheet(pictures, ["truth", "damaged", *specs], columns=4).save(out / "sheets" / f"{stem}.png")


def markdown(tables: dict[str, dict[str, dict[str, float]]], heading: str) -> str:
    lines = ["# Fills, kind by kind", heading, ""]
    for kind in next(iter(tables.values())):
        lines += [f"**{kind}**", "", "| method | " + " | ".join(COLUMNS) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
        for spec, table in tables.items():
            cells = " | ".join(format(table[kind][c], f) for c, f in COLUMNS.items())
            lines.append(f"| {spec} | {cells} |")
        lines.append("")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("--score", type=Path, required=True)
    parser.add_argument("--methods", nargs="+", default=METHODS)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/out/inpainting"))
    parser.add_argument("--table", type=Path, help="write the table as markdown here")
    parser.add_argument("--limit", type=int, help="only so many cases, taken evenly")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    args = parser.parse_args()
    stems = sorted(p.stem for p in (args.cases / "truth").glob("*.png"))
    if args.limit:
        stems = stems[:: max(1, len(stems) // args.limit)][: args.limit]
    out = kept(args.out, args.seed)
    context = multiprocessing.get_context("spawn")
    for spec in args.methods:
        worker = context.Process(target=fill_all, args=(spec, args.cases, out, stems, args.seed, args.threads))
        worker.start()
        worker.join()
        if worker.exitcode:
            raise SystemExit(f"{spec} failed")
    scorer = load_scorer(args.score)
    net = scorer.SqueezeNet()
    tables = {s: score_all(s, args.cases, out, stems, scorer, net) for s in args.methods}
    heading = (
        f"{len(stems)} cases, seed {args.seed}, {args.threads} threads on {machine()}, {datetime.date.today()}, "
        f"commit {commit()}. Scores are means (fd: of the set), seconds the median, peak_mb the most of any process."
    )
    text = markdown(tables, heading)
    print(text)
    if args.table:
        args.table.write_text(text)
    write_sheets(args.cases, out, args.methods, stems)


if __name__ == "__main__":
    main()
