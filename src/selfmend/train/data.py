"""What a training step sees: pictures with holes, the same for every number of processes and workers."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from selfmend.core.types import Image, Mask


@dataclass(frozen=True)
class Batch:
    """What one step sees, on the training device.

    Attributes:
        image: (N, 3, S, S) float32 in [0, 1], the truth.
        mask: (N, 1, S, S) bool, True = hole; at least one pixel of each.
        box: (N, 4) int64, (top, left, height, width) in pixels of the smallest box around each hole.
    """

    image: Image
    mask: Mask
    box: torch.Tensor


def hole_boxes(mask: Mask) -> torch.Tensor:
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
