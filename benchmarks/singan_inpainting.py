"""What the parts of `sliced-wasserstein` contribute on a folder of cases: first guess, scales, exemplar finish.

    python benchmarks/singan_inpainting.py CASES OUT [--init local-means] [--kind wide] [--set steps=100 ...]
    python SCORE.py set CASES/truth OUT/all --masks CASES/mask

CASES holds `damaged/` and `mask/` (white = hole) with the same file names. OUT gets a folder for each of: `init` (the
first guess alone), `init-finish` (the exemplar finish on it, no scale between), `scales` (no finish) and `all`.
The random first guess is the same draw in all four, so that they can be compared picture by picture.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from PIL import Image as PILImage

from selfmend.methods.singan.config import SLICED_WASSERSTEIN
from selfmend.methods.singan.model import SlicedWasserstein
from selfmend.nn.tensors import make_generator, to_array, to_tensor
from selfmend.options import replace_options
from selfmend.types import Image, Mask


def read(path: Path, mode: str) -> Image:
    """(H, W, C) in [0, 1]."""
    array = np.asarray(PILImage.open(path).convert(mode), np.float32) / 255
    return array.reshape(*array.shape[:2], -1)


def write(path: Path, image: Image) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    PILImage.fromarray((image * 255).round().astype(np.uint8)).save(path)


def fill_all(image: Image, mask: Mask, config: object, seed: int) -> dict[str, Image]:
    """The four results by name."""
    model = SlicedWasserstein(config).fit(image, mask, seed=seed)
    x, hole = to_tensor(image), to_tensor(mask)
    guess = model.first_guess(x, hole, generator=make_generator(seed, "sample", 0))
    finished = model.finish(x, hole, guess, generator=make_generator(seed, "finish"))
    fills = {"init": to_array(guess), "init-finish": to_array(finished)}
    for name, setting in (("scales", "never"), ("all", "always")):
        fills[name] = model.with_fill_options({"finish": setting}).inpaint(image, mask, seed=seed)[0]
    return {name: np.where(mask[..., None], fill.clip(0, 1), image) for name, fill in fills.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--init", default=SLICED_WASSERSTEIN.init)
    parser.add_argument("--kind", default="", help="only files whose name begins with this")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE", help="other options of the preset")
    args = parser.parse_args()
    config = replace_options(SLICED_WASSERSTEIN, {"init": args.init, **dict(pair.split("=", 1) for pair in args.set)})
    for path in sorted((args.cases / "damaged").glob(args.kind + "*.png")):
        image, mask = read(path, "RGB"), read(args.cases / "mask" / path.name, "L")[..., 0] >= 128 / 255
        known = image[~mask].mean()
        began = time.process_time()
        fills = fill_all(np.where(mask[..., None], known, image), mask, config, args.seed)
        for name, fill in fills.items():
            write(args.out / name / path.name, fill)
        print(f"{path.stem}: {time.process_time() - began:.1f} CPU s", flush=True)


if __name__ == "__main__":
    main()
