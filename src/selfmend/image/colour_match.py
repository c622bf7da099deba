"""A reference in the colours of the picture that it lies on: another exposure or white balance taken out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from selfmend.core.types import Image, Mask
from selfmend.image.align import Aligned
from selfmend.image.mask import grow_mask

_RING = 0.08  # width of the ring around the hole that is compared, in long sides of the picture
_LEAST_RING = 12  # the same in pixels
_LEAST_PIXELS = 200
_NOISE = 0.02  # contrast below which it says nothing of the gain
_ROUNDS = 10
_GAINS = (0.4, 2.5)


def match_colours(aligned: Aligned, image: Image, mask: Mask) -> Aligned:
    """The reference with a gain and an offset for each channel, so that it agrees with the picture around the hole.

    Pixels that differ much more than most (something moved there) lose their weight.

    Args:
        aligned: the reference on the picture.
        image: (1, C, H, W) in [0, 1]; the hole's content has no influence.
        mask: (1, 1, H, W), True = hole.

    Returns:
        `aligned` with other colours.
    """
    both = aligned.known & ~mask
    width = max(_LEAST_RING, round(_RING * max(image.shape[-2:])))
    ring = both & grow_mask(mask, width)
    ring = ring if int(ring.sum()) >= _LEAST_PIXELS else both
    if not ring.any():
        return aligned
    channels = []
    for mine, its in zip(image[0], aligned.image[0], strict=True):
        gain, offset = _fit(its[ring[0, 0]].double().numpy(), mine[ring[0, 0]].double().numpy())
        channels.append(gain * its + offset)
    matched = torch.stack(channels)[None].clamp(0, 1)
    return replace(aligned, image=torch.where(aligned.known, matched, 0.0).float())


def _fit(its: np.ndarray, mine: np.ndarray) -> tuple[float, float]:
    """Gain and offset that make `its` of `mine`, by least squares whose weights fall with the error (Geman, McClure).

    A flat ring cannot tell a gain from an offset: the less contrast, the more the gain is 1.
    """
    weight = np.ones_like(its)
    gain, offset = 1.0, float(np.median(mine - its))
    for _ in range(_ROUNDS):
        error = mine - (gain * its + offset)
        spread = 1.4826 * float(np.median(np.abs(error))) + 2 / 255
        weight = 1 / (1 + (error / (2 * spread)) ** 2) ** 2
        total = weight.sum()
        x, y = (weight * its).sum() / total, (weight * mine).sum() / total
        variance = (weight * (its - x) ** 2).sum() / total
        covariance = (weight * (its - x) * (mine - y)).sum() / total
        gain = float(np.clip((covariance + _NOISE**2) / (variance + _NOISE**2), *_GAINS))
        offset = float(y - gain * x)
    return gain, offset
