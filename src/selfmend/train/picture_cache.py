"""Decoded, scaled pictures kept in memory, for all worker processes together."""

from __future__ import annotations

import itertools
import mmap
import multiprocessing

import torch

from selfmend.train.picture_set import PictureSet, read_scaled


class PictureCache:
    """Reads the pictures of a set, each file once where they all fit into memory.

    The memory is shared with processes that are forked later, which fill it together: two that fill the same place
    write the same bytes, and its mark is set after them.

    Args:
        pictures: the set.
        size, scale: as in `read_scaled`.
        limit: bytes that the decoded set may take; a larger one is read from the files each time.
    """

    def __init__(self, pictures: PictureSet, *, size: int, scale: str, limit: int) -> None:
        self._pictures, self._size, self._scale = pictures, size, scale
        self._shapes = pictures.scaled_sizes(size, scale)
        self._starts = [0, *itertools.accumulate(3 * h * w for h, w in self._shapes)]
        self.bytes = self._starts[-1]
        self.kept = self.bytes <= limit and "fork" in multiprocessing.get_all_start_methods()
        if self.kept:
            self._values = _shared_bytes(self.bytes)
            self._marks = _shared_bytes(len(self._shapes))

    def __getitem__(self, index: int) -> torch.Tensor:
        """Picture `index`, uint8 (3, H, W); not to be written to.

        Raises:
            ImageError: the file is damaged.
        """
        if self.kept and self._marks[index]:
            return self._place(index)
        path = self._pictures.root / self._pictures.names[index]
        picture = read_scaled(path, size=self._size, scale=self._scale)
        if self.kept and picture.shape[1:] == self._shapes[index]:  # else the file changed since it was listed
            self._place(index).copy_(picture)
            self._marks[index] = 1
        return picture

    def _place(self, index: int) -> torch.Tensor:
        return self._values[self._starts[index] : self._starts[index + 1]].view(3, *self._shapes[index])


def _shared_bytes(count: int) -> torch.Tensor:
    """Zeros that forked processes share: not a file in /dev/shm, which containers keep small."""
    return torch.frombuffer(mmap.mmap(-1, max(1, count)), dtype=torch.uint8)
