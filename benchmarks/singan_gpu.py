"""SinGAN's `paper` preset on a GPU: that recorded steps compute what plain ones do, a step's time, and a whole run.

python benchmarks/singan_gpu.py check                  # recorded against plain steps, with and without a hole
python benchmarks/singan_gpu.py steps --size 188x250   # milliseconds a step at each scale, both ways
python benchmarks/singan_gpu.py run OUT PHOTO...       # whole runs, one after the other: minutes, and samples into OUT
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import torch

import selfmend
from selfmend.image.files import save_picture
from selfmend.methods.singan import training
from selfmend.methods.singan.config import PAPER, TINY, SinGANConfig
from selfmend.methods.singan.model import SinGAN
from selfmend.nn.tensors import make_generator
from selfmend.training.loop import run
from singan_speed import box

SAMPLES = 4


def plain(learn: Callable, optimizers: object) -> Callable:
    """In place of `Recorded`: every kernel started from Python."""
    return lambda *given, key: learn(*given)


def ways() -> dict:
    return {"plain": plain, "recorded": training.Recorded}


def trained(config: SinGANConfig, image: torch.Tensor, mask: torch.Tensor | None, *, device: str) -> torch.Tensor:
    """All weights of the generators, as one vector."""
    method = SinGAN(config, device=device)
    run(method.stages(image, mask, seed=0), seed=0)
    assert method.scales is not None
    parts = [p.double().flatten() for scale in method.scales.trained for p in scale.generator.state_dict().values()]
    return torch.cat(parts).cpu()


def check() -> None:
    """Weights after a short training: on the CPU, by plain steps and by recorded ones, without TensorFloat-32."""
    torch.backends.cudnn.allow_tf32 = False
    image = torch.rand(1, 3, 60, 80, generator=make_generator(0, "picture"))
    for name, mask in (("no hole", None), ("a hole", box(60, 80, 20, 24))):
        for variant, config in (("paper", {}), ("code", {"fixed_z_star": False, "fresh_fakes": False})):
            tiny = replace(TINY, steps=8, **config)
            right = trained(tiny, image, mask, device="cpu")
            apart = {}
            for way, recorded in ways().items():
                with patch.object(training, "Recorded", recorded):
                    difference = trained(tiny, image, mask, device="cuda") - right
                apart[way] = float(difference.norm() / right.norm())
            print(f"{name}, {variant}: distance to the CPU's weights {json.dumps(apart)}", flush=True)
            if max(apart.values()) > 0.01:
                raise SystemExit("too far")


def steps(size: str, count: int, names: list[str]) -> None:
    height, width = (int(n) for n in size.split("x"))
    image = torch.rand(1, 3, height, width, generator=make_generator(0, "picture"))
    table: dict[str, dict[str, float]] = {}
    for way in names:
        with patch.object(training, "Recorded", ways()[way]):
            for stage in SinGAN(PAPER, device="cuda").stages(image, None, seed=0):
                for i in range(5 + count):
                    if i == 5:
                        torch.cuda.synchronize()
                        began = time.perf_counter()
                    stage.step(i, None, make_generator(0, stage.name, i))
                torch.cuda.synchronize()
                table.setdefault(stage.name, {})[way] = 1000 * (time.perf_counter() - began) / count
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}, ms a step of three updates of each net")
    for name, row in table.items():
        print(f"{name:20} " + "  ".join(f"{way} {ms:7.1f}" for way, ms in row.items()), flush=True)
    minutes = {way: sum(row[way] for row in table.values()) * PAPER.steps / 60_000 for way in names}
    print("minutes a whole run:", json.dumps({way: round(one, 1) for way, one in minutes.items()}))


def whole(out: Path, photos: list[Path]) -> None:
    for photo in photos:
        began = time.perf_counter()
        model = selfmend.fit("singan", photo, preset="paper", seed=0, device="cuda", folder=out / photo.stem)
        taken = time.perf_counter() - began
        for i, sample in enumerate(model.sample(samples=SAMPLES, seed=0)):
            save_picture(sample, out / f"{photo.stem}-{i}.png")
        print(f"{photo.name}: {taken / 60:.2f} minutes", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("check")
    stepping = commands.add_parser("steps")
    stepping.add_argument("--size", default="188x250", help="height x width of the picture, in pixels")
    stepping.add_argument("--count", type=int, default=20, help="steps measured a scale")
    stepping.add_argument("--ways", nargs="+", default=list(ways()), choices=list(ways()))
    running = commands.add_parser("run")
    running.add_argument("out", type=Path)
    running.add_argument("photos", type=Path, nargs="+")
    args = parser.parse_args()
    if args.command == "check":
        check()
    elif args.command == "steps":
        steps(args.size, args.count, args.ways)
    else:
        whole(args.out, args.photos)


if __name__ == "__main__":
    main()
