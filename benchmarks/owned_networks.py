"""Networks of others: how many parameters, and how long a picture takes here.

    python benchmarks/owned_networks.py [--size 512] [--threads 1] [--names lama migan]

Weights are filled by the rule of tests/golden.py; time does not depend on them. "module" is the bare network on a
picture of its size, "method" a fill of a hole of a quarter of the side, with all that belongs to it.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from golden import fill_by_rule
from selfmend.methods.registry import METHODS, any_class, method_class
from selfmend.nn.deepfill import DeepFillGenerator
from selfmend.nn.edsr import Edsr
from selfmend.nn.glcic import CompletionNetwork
from selfmend.nn.lama import LamaGenerator
from selfmend.nn.migan import MiganGenerator
from selfmend.nn.pconv_unet import PConvUNet
from selfmend.nn.srgan import SrganGenerator

NETWORKS: dict[str, Callable[[], torch.nn.Module]] = {
    "lama": LamaGenerator,
    "migan": MiganGenerator,
    "deepfill": DeepFillGenerator,
    "pconv": PConvUNet,
    "glcic": CompletionNetwork,
    "edsr-x4": Edsr,
    "srgan-x4": SrganGenerator,
}


def best_of(work: Callable[[], object], repeats: int = 2) -> float:
    """CPU seconds, of all threads together, of the fastest of some runs after one to warm up."""
    work()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def shown(name: str, size: int) -> tuple[torch.Tensor, ...]:
    """What a bare network is given."""
    if name == "pconv":
        return torch.zeros(1, 3, size, size), torch.ones(1, 1, size, size)
    if name == "deepfill":
        return torch.zeros(1, 3, size, size), torch.zeros(1, 1, size, size)
    if name.endswith("-x4"):
        return (torch.zeros(1, 3, size // 2, size // 2),)
    return (torch.zeros(1, 4, size, size),)


def main() -> None:
    """Print a line for each network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=512, help="side of the picture, in pixels")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--names", nargs="+", default=list(NETWORKS), choices=list(NETWORKS))
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    size = arguments.size
    image = np.random.default_rng(0).random((size, size, 3), np.float32)
    mask = np.zeros((size, size), bool)
    mask[size * 3 // 8 : size * 5 // 8, size * 3 // 8 : size * 5 // 8] = True
    print("network    parameters  module s  method s  loading s (CPU seconds)")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SELFMEND_WEIGHTS"] = folder
        for name in arguments.names:
            net = fill_by_rule(NETWORKS[name]()).eval()
            count = sum(p.numel() for p in net.parameters() if p.requires_grad)
            net.requires_grad_(False)
            save_file(net.state_dict(), f"{folder}/{name}.safetensors")
            given = shown(name, size)
            with torch.inference_mode():
                module = best_of(lambda net=net, given=given: net(*given))  # type: ignore[misc]
            if name.endswith("-x4"):  # a picture of half the side is enlarged
                enlarger = any_class(name.removesuffix("-x4")).from_options(device="cpu")
                half = image[: size // 2, : size // 2]
                made = best_of(lambda one=enlarger, half=half: one.super_resolve(half, 4))  # type: ignore[misc]
                print(f"{name:9} {count:11,} {module:9.2f} {made:9.2f}", flush=True)
                continue
            assert name in METHODS
            kind = method_class(name)
            method = kind.from_options(device="cpu")
            filled = best_of(lambda method=method: method.inpaint(image, mask))  # type: ignore[misc]
            loading = best_of(lambda kind=kind: kind.from_options(device="cpu").network())  # type: ignore[misc, attr-defined]
            print(f"{name:9} {count:11,} {module:9.2f} {filled:9.2f}  {loading:.2f}", flush=True)


if __name__ == "__main__":
    main()
