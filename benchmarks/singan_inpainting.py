"""What the parts of `singan --preset fast` contribute on a folder of cases: first guess, scales, exemplar finish.

    python benchmarks/singan_inpainting.py CASES OUT [--init local-means] [--kind wide] [--set steps=100 ...]
    python SCORE.py set CASES/truth OUT/fast --masks CASES/mask

CASES holds `damaged/` and `mask/` (white = hole) with the same file names. OUT gets a folder for each of: `init` (the
first guess alone), `init-finish` (the exemplar finish on it, no scale between), `scales` (no finish) and `fast` (all).
The random first guess is the same draw in all four, so that they can be compared picture by picture.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image as PILImage

from selfmend.methods.singan.config import FAST
from selfmend.methods.singan.model import SinGAN
from selfmend.nn.tensors import make_generator
from selfmend.options import replace_options


def read(path: Path, mode: str) -> torch.Tensor:
    """(1, C, H, W) in [0, 1]."""
    array = np.asarray(PILImage.open(path).convert(mode), np.float32) / 255
    return torch.from_numpy(array.reshape(*array.shape[:2], -1)).permute(2, 0, 1)[None].contiguous()


def write(path: Path, image: torch.Tensor) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    PILImage.fromarray((image[0].permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()).save(path)


def fill_all(image: torch.Tensor, mask: torch.Tensor, config: object, seed: int) -> dict[str, torch.Tensor]:
    """The four results by name."""
    model = SinGAN(config).fit(image, mask, seed=seed)
    guess = model.first_guess(image, mask, generator=make_generator(seed, "sample", 0))
    finished = model.finish(image, mask, guess, generator=make_generator(seed, "finish"))
    fills = {"init": guess, "init-finish": finished}
    for name, setting in (("scales", "never"), ("fast", "always")):
        fills[name] = model.with_fill_options({"finish": setting}).inpaint(image, mask, seed=seed)[0]
    return {name: torch.where(mask, fill.clamp(0, 1), image) for name, fill in fills.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--init", default=FAST.init)
    parser.add_argument("--kind", default="", help="only files whose name begins with this")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="other options of the preset")
    args = parser.parse_args()
    config = replace_options(FAST, {"init": args.init, **dict(pair.split("=", 1) for pair in args.set)})
    for path in sorted((args.cases / "damaged").glob(args.kind + "*.png")):
        image, mask = read(path, "RGB"), read(args.cases / "mask" / path.name, "L") >= 128 / 255
        known = image.masked_select(~mask).mean()
        began = time.process_time()
        fills = fill_all(torch.where(mask, known, image), mask, config, args.seed)
        for name, fill in fills.items():
            write(args.out / name / path.name, fill)
        print(f"{path.stem}: {time.process_time() - began:.1f} CPU s", flush=True)


if __name__ == "__main__":
    main()
