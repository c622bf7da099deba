"""How much slower training is with the loader than on batches that are ready: `python benchmarks/loader.py FOLDER`.

The same steps (forward, backward, Adam) are made on the same batches, once as the loader brings them and once from a
list, in turn, so that both see the same load of the machine.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Iterator

import torch
from torch import nn

from common import commit, machine
from selfmend.masks.random import hole_maker
from selfmend.training.data import Batch, FolderBatches
from selfmend.training.devices import resolve_device
from selfmend.training.pictures import find_pictures


def network(width: int) -> nn.Sequential:
    """Three layers down, three up: 4 channels in, 3 out."""
    down = [(4, width), (width, 2 * width), (2 * width, 4 * width)]
    up = [(4 * width, 2 * width), (2 * width, width), (width, 3)]
    layers: list[nn.Module] = []
    for before, after in down:
        layers += [nn.Conv2d(before, after, 4, 2, 1), nn.ReLU()]
    for before, after in up:
        layers += [nn.ConvTranspose2d(before, after, 4, 2, 1), nn.ReLU()]
    return nn.Sequential(*layers[:-1], nn.Sigmoid())


def seconds(batches: Iterator[Batch], steps: int, net: nn.Module, optimizer: torch.optim.Optimizer) -> float:
    """Of `steps` updates."""
    started = time.perf_counter()
    for batch in itertools.islice(batches, steps):
        seen = torch.cat([batch.image * ~batch.mask, batch.mask.float()], 1)
        optimizer.zero_grad(set_to_none=True)
        (net(seen) - batch.image).abs().mean().backward()
        optimizer.step()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--masks", default="strokes")
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--steps", type=int, default=60, help="of a round")
    parser.add_argument("--rounds", type=int, default=5, help="of each kind; the median counts")
    parser.add_argument("--threads", type=int, default=1, help="that compute")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--decode", action="store_true", help="decode every picture, as in the first epoch")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    device = resolve_device(arguments.device)
    pictures = find_pictures(arguments.folder)
    batches = FolderBatches(
        pictures, hole_maker(arguments.masks), size=arguments.size, scale="whole", flip=True,
        batch_size=arguments.batch_size, seed=0, device=device, workers=arguments.workers,
        **({"cache_bytes": 0} if arguments.decode else {}),
    )  # fmt: skip
    if batches.cache.kept:
        for k in range(len(pictures.names)):
            batches.cache[k]  # as after the first epoch
    net = network(arguments.width).to(device)
    optimizer = torch.optim.Adam(net.parameters())
    loaded = batches("benchmark")(0)
    ready = list(itertools.islice(loaded, arguments.steps))
    seconds(iter(ready), arguments.steps, net, optimizer)  # warm up
    with_loader, alone = [], []
    for _ in range(arguments.rounds):
        with_loader.append(seconds(loaded, arguments.steps, net, optimizer))
        alone.append(seconds(iter(ready), arguments.steps, net, optimizer))
    count = arguments.steps * arguments.batch_size
    rates = [count / sorted(times)[len(times) // 2] for times in (with_loader, alone)]
    record = {
        "pictures_per_second_with_loader": round(rates[0], 1), "alone": round(rates[1], 1),
        "ratio": round(rates[0] / rates[1], 3), "pictures": len(pictures.names), "steps": arguments.steps,
        "rounds": arguments.rounds, **vars(arguments), "machine": machine(), "commit": commit(),
    }  # fmt: skip
    print(json.dumps(record))


if __name__ == "__main__":
    main()
