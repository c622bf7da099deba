"""Milliseconds a training step of the PAPER and the SLICED_WASSERSTEIN preset, at each scale, side by side.

python benchmarks/singan_speed.py --size 188x250 --hole 52x70 --steps 5
python benchmarks/singan_speed.py --hole none   # for samples and all that is made without a hole
python benchmarks/singan_speed.py --finest-paper-scale 4   # PAPER's fine scales take seconds a step
"""

import argparse
import time
from dataclasses import replace
from itertools import islice

import torch

from selfmend.methods.singan.config import PAPER, SLICED_WASSERSTEIN, SinGANConfig
from selfmend.methods.singan.model import SinGAN
from selfmend.nn.tensors import make_generator


def milliseconds(
    config: SinGANConfig, image: torch.Tensor, mask: torch.Tensor | None, *, steps: int, scales: int
) -> dict:
    """Name of each scale's stage to the median time of a step, after one step to warm up."""
    times = {}
    for stage in islice(SinGAN(config).stages(image, mask, seed=0), scales):
        taken = []
        for i in range(steps + 1):
            began = time.perf_counter()
            stage.step(i, None, make_generator(0, stage.name, i))
            taken.append(1000 * (time.perf_counter() - began))
        times[stage.name] = sorted(taken[1:])[steps // 2]
    return times


def box(height: int, width: int, tall: int, wide: int) -> torch.Tensor:
    """A mask with a hole in its middle."""
    mask = torch.zeros(1, 1, height, width, dtype=torch.bool)
    top, left = (height - tall) // 2, (width - wide) // 2
    mask[..., top : top + tall, left : left + wide] = True
    return mask


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="188x250", help="height x width of the picture, in pixels")
    parser.add_argument("--hole", default="52x70", help="height x width of the box in its middle, or none")
    parser.add_argument("--steps", type=int, default=5, help="steps measured a scale")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--finest-paper-scale", type=int, default=99, help="leave PAPER's finer scales out")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    height, width = (int(n) for n in args.size.split("x"))
    image = torch.rand(1, 3, height, width, generator=make_generator(0, "picture"))
    mask = None if args.hole == "none" else box(height, width, *(int(n) for n in args.hole.split("x")))

    fast = milliseconds(replace(SLICED_WASSERSTEIN, injection_scale=1), image, mask, steps=args.steps, scales=99)
    paper = milliseconds(PAPER, image, mask, steps=args.steps, scales=args.finest_paper_scale + 1)
    print(f"{'ms a step, ' + str(args.threads) + ' threads':28} {'PAPER':>9} {'SLICED_WASSERSTEIN':>9}")
    for name in sorted({**paper, **fast}, key=lambda n: int(n.split()[1])):
        print(f"{name:28} {paper.get(name, float('nan')):9.0f} {fast.get(name, float('nan')):9.1f}")
    coarse = f"; {SLICED_WASSERSTEIN.coarse_steps} up to {SLICED_WASSERSTEIN.exemplars_from} px" if mask is None else ""
    print(f"steps a scale: {PAPER.steps} and {SLICED_WASSERSTEIN.steps}{coarse}")


if __name__ == "__main__":
    main()
