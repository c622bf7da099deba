"""Deep Image Prior beside two fills that need no training: a part of scikit-image's cat with lines and a box missing.

    python benchmarks/deep_image_prior.py OUT.png [--preset small] [--steps 600]

Printed are the mean absolute error in the hole and processor seconds of one thread. OUT.png shows the hole, the fill
and the truth, to be looked at.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from skimage import data

from selfmend.image.files import save_picture
from selfmend.methods.registry import method_class


def main() -> None:
    """Print a line for each method."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--preset", default="small")
    parser.add_argument("--steps", type=int, default=600)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    truth = np.ascontiguousarray(data.chelsea()[20:276, 60:316]) / np.float32(255)
    mask = np.zeros(truth.shape[:2], bool)
    for row in range(0, 250, 22):
        mask[row : row + 5, 20:230] = True
    mask[110:150, 100:140] = True
    fills = []
    for name in ("telea", "patchmatch", "deep-image-prior"):
        slow = name == "deep-image-prior"
        preset, options = (arguments.preset, {"steps": arguments.steps}) if slow else (None, {})
        start = time.process_time()
        fills.append(method_class(name).from_options(preset, options, device="cpu").inpaint(truth, mask)[0])
        seconds = time.process_time() - start
        print(f"{name:16} error {np.abs(fills[-1] - truth)[mask].mean():.4f}  {seconds:.1f} s", flush=True)
    sheet = np.concatenate([truth * ~mask[..., None], fills[-1], truth], 1)
    save_picture(np.rint(sheet * 255).astype(np.uint8), arguments.out)


if __name__ == "__main__":
    main()
