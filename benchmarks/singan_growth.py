"""How the cost of `sliced-wasserstein` grows with the size of the picture: training, one sample, peak memory.

    python benchmarks/singan_growth.py --sizes 64 128 250 500 1000

scikit-image's photo of a cup of coffee in each size (long side), learned at that size (`max_size`), each in a process
of its own. Seconds are of processor time, which other programs on the machine do not lengthen much; with one thread
they are what a clock would show on an idle machine.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time

from common import commit, machine


def measure(side: int, result: multiprocessing.Queue) -> None:
    """Learn, draw, and report."""
    import torch
    from PIL import Image
    from skimage import data

    import selfmend

    torch.set_num_threads(1)
    photo = Image.fromarray(data.coffee())
    photo = photo.resize((side, round(side * photo.height / photo.width)), Image.Resampling.LANCZOS)
    stages: dict[str, float] = {}
    began = time.process_time()

    def watch(event) -> None:
        stages[event.stage] = time.process_time()

    model = selfmend.fit("sliced-wasserstein", photo, max_size=side, progress=watch)
    trained = time.process_time()
    model.sample()
    drawn = time.process_time()
    ends = list(stages.values())
    finest = ends[-1] - (ends[-2] if len(ends) > 1 else began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    result.put((photo.size, len(stages), trained - began, finest, drawn - trained, peak))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 128, 250, 500, 1000])
    args = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    print(f"one thread on {machine()}, commit {commit()}\n")
    print("| size | scales | training, s | of it the finest scale, s | a sample, s | peak, MB |")
    print("|---|---|---|---|---|---|")
    for side in args.sizes:
        result = context.Queue()
        worker = context.Process(target=measure, args=(side, result))
        worker.start()
        (width, height), scales, training, finest, sample, peak = result.get()
        worker.join()
        row = f"{height}x{width} | {scales} | {training:.0f} | {finest:.1f} | {sample:.1f} | {peak:.0f}"
        print(f"| {row} |", flush=True)


if __name__ == "__main__":
    main()
