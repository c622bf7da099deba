"""Progressive local means: the hole is filled from its border inwards with means of windows (paper 001, eq. 1).

The report's equation lacks the division by the number of pixels, and its code freezes the known set during its one
pass, so that a window with no known pixel gives NaN. Here a pixel's mean is taken over what is known *or already
filled*, ring by ring, so that every window has something in it, whatever the radius.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from scipy import ndimage

from selfmend.types import Image, Mask


def local_means(image: Image, mask: Mask, *, generator: torch.Generator | None = None, radius: int = 7) -> Image:
    """Fill the hole ring by ring, each pixel with the mean of the known and filled pixels around it.

    Args:
        image: (N, C, H, W); the hole's content has no influence, NaN neither.
        mask: (N, 1, H, W), True = hole.
        generator: not used; every hole initialisation takes one.
        radius: r of the (2r + 1)^2 window, in pixels (paper 001: 7, and 15 for its largest hole).

    Returns:
        (N, C, H, W), known pixels as they came.

    Raises:
        ValueError: a radius below 1.

    Reference: paper 001 (SinGAN for Inpainting), Sec. 2.2, "Progressive Local Means".
    """
    if radius < 1:
        raise ValueError(f"radius is {radius}; at least 1 fits")
    return torch.cat([_fill_one(i, m, radius) for i, m in zip(image.split(1), mask.split(1), strict=True)])


def _fill_one(image: Image, mask: Mask, radius: int) -> Image:
    if not mask.any():
        return image.clone()
    hole = mask[0, 0].numpy()
    # chessboard distance to the known region: ring k is what k dilations by a 3x3 square reach
    ring = ndimage.distance_transform_cdt(hole, metric="chessboard")
    top, left, bottom, right = _bounds(hole, radius)
    ring_window = torch.from_numpy(np.ascontiguousarray(ring[top:bottom, left:right]))
    known = torch.from_numpy(~hole[top:bottom, left:right])[None, None].to(image)
    values = torch.where(mask, 0.0, image)[..., top:bottom, left:right].clone()
    for k in range(1, int(ring.max()) + 1):
        now = (ring_window == k)[None, None]
        sums = _box_sum(torch.cat([values, known], 1), radius)
        values = torch.where(now, sums[:, :-1] / sums[:, -1:].clamp(min=1), values)
        known = torch.where(now, 1.0, known)
    filled = image.clone()
    filled[..., top:bottom, left:right] = values
    return torch.where(mask, filled, image)


def _bounds(hole: np.ndarray, radius: int) -> tuple[int, int, int, int]:
    """The hole's bounding box grown by the radius: no window reaches beyond it."""
    rows, columns = np.flatnonzero(hole.any(1)), np.flatnonzero(hole.any(0))
    top, left = max(0, rows[0] - radius), max(0, columns[0] - radius)
    return top, left, min(hole.shape[0], rows[-1] + radius + 1), min(hole.shape[1], columns[-1] + radius + 1)


def _box_sum(x: torch.Tensor, radius: int) -> torch.Tensor:
    """Sum over the (2r + 1)^2 window, what lies outside the picture counting as nothing."""
    for dimension in (2, 3):
        pad = (0, 0, radius + 1, radius) if dimension == 2 else (radius + 1, radius)
        summed = F.pad(x, pad).double().cumsum(dimension)
        length = x.shape[dimension]
        x = summed.narrow(dimension, 2 * radius + 1, length) - summed.narrow(dimension, 0, length)
    return x.float()
