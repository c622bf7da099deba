"""How much a filled hole changes from a frame to the next beyond what the scene's motion explains.

The warping error of Lai et al., "Learning blind video temporal consistency", ECCV 2018, Sec. 3.4, inside a hole and
with the absolute difference. Pictures (N, C, H, W) in [0, 1].
"""

from __future__ import annotations

import torch
from torch import Tensor

from selfmend.errors import ImageError, MaskError
from selfmend.metrics.inputs import check_pair, mean_over
from selfmend.registration.flow import inside, warp
from selfmend.types import Image, Mask


def flicker(now: Image, before: Image, *, mask: Mask, flow: Tensor) -> Tensor:
    """Mean absolute difference in the hole between a frame and the one before, moved along with the picture.

    Args:
        now: (N, C, H, W) in [0, 1].
        before: the frame before, the same shape.
        mask: (N, 1, H, W), True = the hole of `now`.
        flow: float32 (N, 2, H, W), how far to the right and down the content of a pixel of `now` lies in `before`, px
            (`image.flow.dense_flow`). What comes from outside the picture does not count.

    Returns:
        float64 (N,), 0 to 255; film has noise, so that a true clip is above 0 too.

    Raises:
        ImageError: another kind, range or shape, or a flow that does not fit.
        MaskError: another shape, or no hole that comes from inside the picture.

    Example:
        >>> frames = torch.full((2, 1, 3, 8, 8), 0.5)
        >>> hole = torch.ones(1, 1, 8, 8, dtype=torch.bool)
        >>> flicker(frames[0], frames[1] - 0.1, mask=hole, flow=torch.zeros(1, 2, 8, 8)).round(decimals=3).item()
        25.5
    """
    check_pair(now, before, mask)
    if flow.shape != (now.shape[0], 2, *now.shape[2:]):
        raise ImageError(f"flow is {tuple(flow.shape)} and the frames {tuple(now.shape)}; (N, 2, H, W) fits")
    moved, counts = [], []
    for one, field in zip(before, flow, strict=True):
        way = field.permute(1, 2, 0).contiguous().numpy()
        values = warp(one.permute(1, 2, 0).contiguous().numpy(), way).reshape(*way.shape[:2], -1)
        moved.append(torch.from_numpy(values).permute(2, 0, 1))
        counts.append(torch.from_numpy(inside(way))[None])
    mask = mask & torch.stack(counts)
    if not mask.flatten(1).any(1).all():
        raise MaskError("no pixel of the hole comes from inside the frame before; leave such a pair out")
    return 255 * mean_over((now.double() - torch.stack(moved).clamp(0, 1).double()).abs(), mask)
