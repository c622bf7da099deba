"""What `detail` adds to a fill that a network made at its own scale, for a network that knows the truth as a small one.

    python benchmarks/owned_detail.py OUT [PHOTO ...] [--limit 128]

Each photo (by default four of scikit-image's) has a round hole of a third of its side. The "network" gives the photo
as it is at `--limit` pixels. Printed are the mean absolute error in the hole, and its gradient's mean as a share of the
true one (1: as sharp as the photo). Sheets (hole, resize, detail, truth) are written into OUT, to be looked at.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from torch import Tensor, nn

from selfmend.image.files import read_picture, save_picture
from selfmend.methods.pretrained import PretrainedConfig, PretrainedMethod
from selfmend.nn.tensors import resize, to_tensor
from selfmend.types import Image


class Blurred(PretrainedMethod):
    """Knows a photo as it is when it is small."""

    name = title = source = "blurred"
    presets: ClassVar = {"default": PretrainedConfig()}

    def __init__(self, truth: Image, **options: Any) -> None:
        super().__init__(PretrainedConfig(margin=4096, **options), device="cpu")
        self.truth = to_tensor(truth)

    def network(self) -> nn.Module:
        """Nothing to load."""
        return nn.Identity()

    def complete(self, picture: Tensor, hole: Tensor) -> Tensor:
        """The truth in the size of what is shown."""
        return resize(self.truth, (picture.shape[2], picture.shape[3])).clamp(0, 1)


def sharpness(image: Image, mask: np.ndarray) -> float:
    """Mean gradient in the hole."""
    return float(sum(np.abs(np.diff(image, axis=a, append=0)).sum(2)[mask].mean() for a in (0, 1)))


def main() -> None:
    """Print a line for each photo and strategy."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("photos", type=Path, nargs="*")
    parser.add_argument("--limit", type=int, default=128, help="longest side that the network sees, in pixels")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    from skimage import data

    photos = {path.stem: read_picture(path).image for path in arguments.photos} or {
        name: np.float32(getattr(data, name)()[..., :3] / np.float32(255))
        for name in ("astronaut", "coffee", "chelsea", "rocket")
    }
    for name, truth in photos.items():
        rows, columns = np.ogrid[: truth.shape[0], : truth.shape[1]]
        middle, radius = (truth.shape[0] / 2, truth.shape[1] / 2), min(truth.shape[:2]) / 6
        mask = (rows - middle[0]) ** 2 + (columns - middle[1]) ** 2 < radius**2
        fills = []
        for strategy in ("resize", "detail"):
            start = time.process_time()
            fill = Blurred(truth, strategy=strategy, limit=arguments.limit).inpaint(truth, mask)[0]
            error, sharp = float(np.abs(fill - truth)[mask].mean()), sharpness(fill, mask) / sharpness(truth, mask)
            print(f"{name:12} {strategy:7} error {error:.4f} sharpness {sharp:.2f} {time.process_time() - start:.1f} s")
            fills.append(fill)
        sheet = np.concatenate([truth * ~mask[..., None], *fills, truth], 1)
        save_picture(np.rint(sheet * 255).astype(np.uint8), arguments.out / f"{name}.png")


if __name__ == "__main__":
    main()
