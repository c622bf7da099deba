"""Square windows around the holes of a picture, for nets that see one size only."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage

from selfmend.core.types import Image, Mask, Size

_MOST = 7 / 8  # of a window's side that a hole may take before the window grows: the rest is what is known around it


@dataclass(frozen=True)
class Window:
    """A square of a picture; where it is larger than the picture, the picture goes on mirrored.

    Attributes:
        top, left: of the square, in pixels of the picture; negative where it begins outside.
        side: in pixels.
        size: (height, width) of the picture.
    """

    top: int
    left: int
    side: int
    size: Size

    def cut(self, picture: torch.Tensor) -> torch.Tensor:
        """The square (N, C, side, side) of a picture or mask (N, C, H, W)."""
        rows = _mirrored(self.top, self.side, self.size[0]).to(picture.device)
        columns = _mirrored(self.left, self.side, self.size[1]).to(picture.device)
        return picture[..., rows[:, None], columns]

    def paste(self, square: Image, picture: Image, mask: Mask) -> Image:
        """The picture with its pixels inside `mask` (1, 1, H, W) taken from the square (N, C, side, side)."""
        top, left = max(0, self.top), max(0, self.left)
        bottom, right = min(self.size[0], self.top + self.side), min(self.size[1], self.left + self.side)
        inside = square[..., top - self.top : bottom - self.top, left - self.left : right - self.left]
        result = picture.clone()
        area = result[..., top:bottom, left:right]
        area.copy_(torch.where(mask[..., top:bottom, left:right], inside, area))
        return result


def windows_around(mask: Mask, side: int, *, most: float = _MOST) -> Iterator[tuple[Window, Mask]]:
    """Windows that hold all holes of a mask, each with the holes that it holds as a whole and no earlier one did.

    A window has the side `side`; around a hole that takes nearly all of that or more, it grows.

    Args:
        mask: (1, 1, H, W), True = hole.
        side: of a window, in pixels.
        most: of its side that a hole may take before it grows, in (0, 1].

    Yields:
        The window, and (1, 1, H, W), True = the holes to be filled in it; the union of these is `mask`.
    """
    labels, _ = ndimage.label(mask[0, 0].cpu().numpy(), np.ones((3, 3)))
    boxes = np.array([[s.start for s in b] + [s.stop for s in b] for b in ndimage.find_objects(labels)])
    left_over = np.ones(len(boxes), dtype=bool)
    size = (mask.shape[2], mask.shape[3])
    while left_over.any():
        first = boxes[left_over.argmax()]
        side_here = _grown(first, side, size, most)
        window = _around(_with_neighbours(first, boxes[left_over], side_here), side_here, size)
        held = left_over & _inside(boxes, window)
        left_over &= ~held
        yield window, torch.from_numpy(np.isin(labels, np.flatnonzero(held) + 1))[None, None].to(mask.device)


def _grown(box: np.ndarray, side: int, size: Size, most: float) -> int:
    longest = int(max(box[2:] - box[:2]))
    if longest <= most * side:
        return side
    return max(side, longest, min(math.ceil(longest / most), max(size)))


def _with_neighbours(box: np.ndarray, others: np.ndarray, side: int) -> np.ndarray:
    """The box around a box and as many of its neighbours, nearest first, as fit into a square of `side` with it."""
    near = others[((np.maximum(others[:, 2:], box[2:]) - np.minimum(others[:, :2], box[:2])) <= side).all(1)]
    for other in near[np.argsort(abs(near - box).sum(1), kind="stable")]:
        union = np.concatenate([np.minimum(box[:2], other[:2]), np.maximum(box[2:], other[2:])])
        box = union if max(union[2:] - union[:2]) <= side else box
    return box


def _around(box: np.ndarray, side: int, size: Size) -> Window:
    """The window centred on a box (top, left, bottom, right), moved into the picture where it fits in there."""
    corner = []
    for start, stop, length in zip(box[:2], box[2:], size, strict=True):
        centred = (int(start) + int(stop) - side) // 2
        corner.append(min(max(centred, 0), length - side) if side <= length else (length - side) // 2)
    return Window(corner[0], corner[1], side, size)


def _inside(boxes: np.ndarray, window: Window) -> np.ndarray:
    corner = np.array([window.top, window.left])
    return np.all(np.concatenate([boxes[:, :2] >= corner, boxes[:, 2:] <= corner + window.side], 1), axis=1)


def _mirrored(start: int, count: int, length: int) -> torch.Tensor:
    """Indices start, start + 1, ... of an axis that goes on mirrored beyond its ends."""
    index = torch.arange(start, start + count) % (2 * length)
    return torch.where(index < length, index, 2 * length - 1 - index)
