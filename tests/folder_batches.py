"""Batches for tests of methods that learn from a folder, without a folder."""

from collections.abc import Callable, Iterator

import torch

from selfmend.nn.tensors import make_generator
from selfmend.training.data import Batch, hole_boxes


def batches_of(size: int, count: int = 2) -> Callable[[str], Callable[[int], Iterator[Batch]]]:
    """What `FolderMethod.fit_folder` takes: tiles of random colours with a hole in the middle."""

    def batches(stage: str) -> Callable[[int], Iterator[Batch]]:
        def start(first: int) -> Iterator[Batch]:
            while True:
                yield batch_of(size, count, seed=first)
                first += 1

        return start

    return batches


def batch_of(size: int, count: int = 2, *, seed: int = 0) -> Batch:
    """One batch; the hole is the middle, a half of the size long."""
    tiles = torch.rand(count, 3, size // 8, size // 8, generator=make_generator(seed, "tiles"))
    image = torch.nn.functional.interpolate(tiles, scale_factor=8)
    mask = torch.zeros(count, 1, size, size, dtype=torch.bool)
    mask[..., size // 4 : 3 * size // 4, size // 4 : 3 * size // 4] = True
    return Batch(image, mask, hole_boxes(mask))
