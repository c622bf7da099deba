"""What a training step sees: pictures with holes, the same for every number of processes and workers."""

from __future__ import annotations

import itertools
import multiprocessing
import signal
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from selfmend.errors import ImageError, MaskError, OptionError, SelfmendWarning
from selfmend.interrupts import ENDING
from selfmend.masks.random import HoleMaker
from selfmend.nn.tensors import ImageTensor, MaskTensor, make_generator
from selfmend.seeding import make_rng
from selfmend.training.pictures import PictureCache, PictureSet, shown

_AHEAD = 4  # batches that each worker process has ready
CACHE_BYTES = 2**31


@dataclass(frozen=True)
class Batch:
    """What one step sees, on the training device.

    Attributes:
        image: (N, 3, S, S) float32 in [0, 1], the truth.
        mask: (N, 1, S, S) bool, True = hole; at least one pixel of each.
        box: (N, 4) int64, (top, left, height, width) in pixels of the smallest box around each hole.
    """

    image: ImageTensor
    mask: MaskTensor
    box: torch.Tensor


def hole_boxes(mask: MaskTensor) -> torch.Tensor:
    """The smallest box around each mask's hole.

    Args:
        mask: (N, 1, H, W), True = hole.

    Returns:
        (N, 4) int64: top, left, height, width in pixels; all zero where there is no hole.

    Example:
        >>> mask = torch.zeros(1, 1, 8, 8, dtype=torch.bool)
        >>> mask[..., 2:5, 1:7] = True
        >>> hole_boxes(mask).tolist()
        [[2, 1, 3, 6]]
    """
    ranges = []
    for axis in (3, 2):
        used = mask.any(dim=axis)[:, 0]  # (N, H), then (N, W)
        first = used.int().argmax(1)  # argmax gives the first of equals
        last = used.shape[1] - used.flip(1).int().argmax(1)
        ranges.append((first, (last - first) * used.any(1)))
    (top, height), (left, width) = ranges
    return torch.stack([top, left, height, width], 1)


class FolderBatches:
    """Batches of a folder's pictures: what a step sees depends on (seed, stage, step) alone.

    The pictures are taken by a new permutation in each epoch. Crops, mirrorings and holes of a picture are drawn for
    its place in the batch of all processes, so that neither workers nor processes change them. A file that turns out to
    be damaged is named once and left out of its batch.

    Args:
        pictures: the set.
        holes: makes the holes.
        size, scale, flip, batch_size: as in `methods.folder.FolderConfig`.
        seed: of everything that is drawn.
        device: where the batches go.
        rank, world_size: of this process among those that share a batch.
        workers: processes that decode ahead; 0 decodes when a batch is asked for.
        cache_bytes: memory for decoded pictures; a larger set is decoded anew in each epoch.

    Raises:
        ImageError: pictures smaller than the crop.
        OptionError: a batch that the processes cannot share evenly.
    """

    def __init__(  # noqa: PLR0913
        self,
        pictures: PictureSet,
        holes: HoleMaker,
        *,
        size: int,
        scale: str,
        flip: bool,
        batch_size: int,
        seed: int,
        device: torch.device,
        rank: int = 0,
        world_size: int = 1,
        workers: int = 0,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        pictures.check_crops(size, scale)
        if batch_size % world_size:
            raise OptionError(f"batch_size is {batch_size}, which {world_size} processes cannot share; a multiple fits")
        if len(pictures.names) == 1:
            warnings.warn(
                f"{pictures.root} holds one picture, which is learned by heart", SelfmendWarning, stacklevel=2
            )
        self.cache = PictureCache(pictures, size=size, scale=scale, limit=cache_bytes)
        self._pictures, self._holes, self._size, self._flip, self._seed = pictures, holes, size, flip, seed
        self._places = range(rank, batch_size, world_size)
        self._batch_size, self.device, self._workers = batch_size, device, workers
        self._damaged: set[str] = set()

    def __call__(self, stage: str) -> Callable[[int], Iterator[Batch]]:
        """What belongs into `Stage.batches` of the stage of this name."""
        return lambda first: self._batches(stage, first)

    def validation(self, count: int) -> Iterator[Batch]:
        """Up to `count` pictures, evenly from the set, one a batch: always the same middles and holes, not mirrored."""
        total = len(self._pictures.names)
        for k in range(min(count, total)):
            index = k * total // min(count, total)
            try:
                item = self._item(index, make_rng(self._seed, "validation", index), by_chance=False)
            except ImageError as error:
                self._report([_line(self._pictures.names[index], error)])
                continue
            yield self._on_device(*(part[None] for part in item))

    def _batches(self, stage: str, first: int) -> Iterator[Batch]:
        loader = DataLoader(
            _Items(self, stage),
            batch_sampler=_Steps(first, self._places),
            num_workers=self._workers,
            collate_fn=_stacked,  # in the worker: a tensor costs a shared file, and so a batch costs two
            prefetch_factor=_AHEAD if self._workers else None,
            worker_init_fn=ignore_interrupts,
            multiprocessing_context=_fork() if self._workers else None,
            pin_memory=self.device.type == "cuda",
            generator=torch.Generator(),  # it would draw from the global one
        )
        for step, (whole, damaged) in zip(itertools.count(first), loader, strict=False):
            self._report(damaged)
            if whole is None:
                raise ImageError(f"step {step + 1} has no picture that can be read; remove the damaged files")
            yield self._on_device(*whole)

    def item(self, stage: str, step: int, place: int) -> tuple[torch.Tensor, MaskTensor]:
        """The picture (3, S, S) uint8 and its hole (1, S, S) at a place of the batch of all processes."""
        count = len(self._pictures.names)
        epoch, index = divmod(step * self._batch_size + place, count)
        index = int(_permutation(self._seed, stage, epoch, count)[index])
        try:
            return self._item(index, make_rng(self._seed, stage, step, place), by_chance=True)
        except ImageError as error:
            raise ImageError(_line(self._pictures.names[index], error)) from error

    def _item(self, index: int, generator: np.random.Generator, *, by_chance: bool) -> tuple[torch.Tensor, MaskTensor]:
        picture = self.cache[index]
        for axis in (1, 2):
            room = picture.shape[axis] - self._size
            start = int(generator.integers(room + 1)) if by_chance else room // 2
            picture = picture.narrow(axis, start, self._size)
        if self._flip and by_chance and generator.random() < 0.5:
            picture = picture.flip(2)
        mask = self._holes(picture.numpy().transpose(1, 2, 0).astype(np.float32) / np.float32(255), generator)
        if not mask.any():
            raise MaskError(f"no hole came for {self._pictures.names[index]}; take another kind of masks")
        return picture.clone(), torch.from_numpy(mask)[None]

    def _on_device(self, pictures: torch.Tensor, masks: MaskTensor) -> Batch:
        boxes = hole_boxes(masks)
        pictures, masks, boxes = (part.to(self.device, non_blocking=True) for part in (pictures, masks, boxes))
        return Batch(pictures.float() / 255, masks, boxes)

    def _report(self, damaged: Sequence[str]) -> None:
        new = [line for line in damaged if line not in self._damaged]
        self._damaged.update(new)
        if new:
            message = f"left out of training ({len(self._damaged)} so far): {shown(new)}"
            warnings.warn(message, SelfmendWarning, stacklevel=2)


class _Items(Dataset):
    """One stage's items by (step, place), for the workers; a damaged file is a line about it."""

    def __init__(self, batches: FolderBatches, stage: str) -> None:
        self._batches, self._stage = batches, stage

    def __getitem__(self, key: tuple[int, int]) -> tuple[torch.Tensor, MaskTensor] | str:
        try:
            return self._batches.item(self._stage, *key)
        except ImageError as error:
            return str(error)


def _stacked(
    items: Sequence[tuple[torch.Tensor, MaskTensor] | str],
) -> tuple[tuple[torch.Tensor, MaskTensor] | None, list[str]]:
    """The pictures and the holes of a batch, None where there are none, and the lines about damaged files."""
    whole = [item for item in items if not isinstance(item, str)]
    damaged = [item for item in items if isinstance(item, str)]
    if not whole:
        return None, damaged
    return (torch.stack([p for p, _ in whole]), torch.stack([m for _, m in whole])), damaged


class _Steps:
    """The keys of a process's part of every step, without end."""

    def __init__(self, first: int, places: range) -> None:
        self._first, self._places = first, places

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        return ([(step, place) for place in self._places] for step in itertools.count(self._first))


@lru_cache(maxsize=4)
def _permutation(seed: int, stage: str, epoch: int, count: int) -> torch.Tensor:
    return torch.randperm(count, generator=make_generator(seed, stage, "epoch", epoch))


def _line(name: str, error: ImageError) -> str:
    return f"{name} ({error})"


def ignore_interrupts(worker: int) -> None:
    """What ends all processes of a group: the one that trains ends its step, and then its workers.

    A second SIGTERM ends a worker: the first may have been for the group, that one is for it alone.
    """

    def once(signum: int, frame: object) -> None:
        signal.signal(signum, signal.SIG_DFL)

    for one in ENDING:
        signal.signal(one, once if one == signal.SIGTERM else signal.SIG_IGN)


def _fork() -> Any:
    """Forked workers share the decoded pictures; where there is no fork, each worker has its own copy of everything."""
    return multiprocessing.get_context("fork" if "fork" in multiprocessing.get_all_start_methods() else None)
