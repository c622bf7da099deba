"""How much a filled hole changes from a frame to the next beyond what the scene's motion explains.

The warping error of Lai et al., "Learning blind video temporal consistency", ECCV 2018, Sec. 3.4, inside a hole and
with the absolute difference. Pictures (H, W, C) in [0, 1].
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfmend.errors import ImageError, MaskError
from selfmend.metrics.inputs import check_pair, mean_over
from selfmend.registration.flow import inside, warp
from selfmend.types import Image, Mask, size_of


def flicker(now: Image, before: Image, *, mask: Mask, flow: NDArray[np.float32]) -> float:
    """Mean absolute difference in the hole between a frame and the one before, moved along with the picture.

    Args:
        now: (H, W, C) in [0, 1].
        before: the frame before, the same shape.
        mask: (H, W), True = the hole of `now`.
        flow: float32 (H, W, 2), how far to the right and down the content of a pixel of `now` lies in `before`, px
            (`registration.flow.dense_flow`). What comes from outside the picture does not count.

    Returns:
        0 to 255; film has noise, so that a true clip is above 0 too.

    Raises:
        ImageError: another kind, range or shape, or a flow that does not fit.
        MaskError: another shape, or no hole that comes from inside the picture.

    Example:
        >>> frame, hole = np.full((8, 8, 3), 0.5, np.float32), np.ones((8, 8), bool)
        >>> round(flicker(frame, frame - np.float32(0.1), mask=hole, flow=np.zeros((8, 8, 2), np.float32)), 3)
        25.5
    """
    check_pair(now, before, mask)
    if flow.shape != (*size_of(now), 2):
        raise ImageError(f"flow is {flow.shape} and the frames {now.shape}; (H, W, 2) fits")
    mask = mask & inside(flow)
    if not mask.any():
        raise MaskError("no pixel of the hole comes from inside the frame before; leave such a pair out")
    moved = warp(np.ascontiguousarray(before), flow).reshape(now.shape).clip(0, 1)
    return 255 * mean_over(np.abs(now.astype(np.float64) - moved.astype(np.float64)), mask)
