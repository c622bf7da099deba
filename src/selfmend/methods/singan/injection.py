"""Injection: a picture enters the trained scales above the coarsest one, and they draw it anew in the learned manner.

Shaham et al., "SinGAN", ICCV 2019, Sec. 4 and its authors' code. What enters, and what of it is kept, makes the
application: a filled hole (inpaint.py), a painting (paint.py), a pasted object (harmonize.py), an edit (edit.py).
A signed picture `x` is (1, C, H, W) in [-1, 1] at the finest scale's size, an `Image` in [0, 1] has any size.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from selfmend.core.checks import ImageError, MaskError
from selfmend.core.progress import Progress, silent
from selfmend.core.types import Image, Mask, Size
from selfmend.image.mask import grow_mask, same_aspect
from selfmend.image.pyramid import PyramidPlan, image_pyramid, mask_pyramid
from selfmend.image.resize import resize
from selfmend.methods.base import to_image, to_signed
from selfmend.methods.singan.finish import Finish, draw_and_finish
from selfmend.methods.singan.sample import check_start_scale, draw, starting_picture
from selfmend.methods.singan.scales import Scales

SOFTNESS = 5.0
"""Standard deviation of the blur of a mask's border, in pixels of the finest scale (code of SinGAN)."""

_LEAST_SHARE = 0.5 / 255
"""A share of the drawn picture that changes no 8-bit value is none: such pixels stay equal to the bit."""


def start_scales(scales: Scales) -> range:
    """The scales at which a picture can enter: the trained ones, but not the coarsest, which draws from noise alone."""
    return range(max(scales.first, 1), len(scales.plan.sizes))


def entry_scale(level: int | None, scales: Scales, *, default: int) -> int:
    """`level`, or `default` for None, if a picture can enter there.

    Raises:
        OptionError: there is no such scale, or it is not trained.
    """
    return check_start_scale(default if level is None else level, scales.plan, lowest=1, first=scales.first)


def inject(
    scales: Scales,
    x: Tensor,
    *,
    level: int,
    generator: torch.Generator,
    keep: Mask | None = None,
    progress: Progress = silent,
) -> Tensor:
    """Draw a picture anew from scale `level` on, which gets it through the size of the scale below.

    Args:
        scales: trained from `level` on.
        x: (1, C, H, W) in [-1, 1]; of the finest scale's size, or of another, in which the scales then draw.
        level: the first scale that runs: the coarser, the more is invented; 0 only where there is a single scale, which
            takes `x` as it is.
        generator: of the noise.
        keep: (1, 1, H, W), True = hole; what lies outside is put back after every scale, at the finest scale's size
            alone. None redraws everything.
        progress: told of each scale.

    Returns:
        (1, C, H, W), not clamped, also outside the hole.
    """
    sizes = scales.plan.sizes_for((x.shape[2], x.shape[3]))
    start = starting_picture(scales, x, level=level, sizes=sizes) if level else x
    back = None if keep is None else _put_back(x, keep, scales.plan)
    return draw(scales, start, level=level, sizes=sizes, generator=generator, keep=back, progress=progress)


def _put_back(x: Tensor, hole: Mask, plan: PyramidPlan) -> Callable[[int, Tensor], Tensor]:
    pictures, holes = image_pyramid(x, plan), mask_pyramid(hole, plan)
    return lambda level, drawn: torch.where(holes[level], drawn, pictures[level])


@dataclass(frozen=True)
class Redrawn:
    """A picture that was drawn anew under a mask.

    Attributes:
        image: (1, C, H, W) in [0, 1], drawn anew under the softened mask, as it came elsewhere.
        whole: (1, C, H, W) in [0, 1], drawn anew everywhere.
        touched: (1, 1, H, W), True where `image` is not as it came.
    """

    image: Image
    whole: Image
    touched: Mask


def redraw(
    scales: Scales,
    image: Image,
    mask: Mask,
    *,
    level: int,
    radius: float,
    generator: torch.Generator,
    device: torch.device,
    how: Finish | None = None,
    progress: Progress = silent,
) -> Redrawn:
    """Draw a picture anew and keep what lies outside a mask: (1 - m) image + m drawn, m = `soft_mask`.

    The scales draw at their finest size, or exemplars take over and draw at that of `image`; the result has the size of
    `image`, and what it keeps keeps its detail.

    Args:
        scales: trained from `level` on, for `channels` = C.
        image: (1, C, H, W) in [0, 1], of the training picture's aspect.
        mask: (1, 1, H, W), True = draw anew here.
        level: the first scale that runs.
        radius: pixels of the finest scale by which the mask grows.
        generator: of the noise.
        device: where the scales are.
        how: how the result is finished; None leaves it to the scales.
        progress: told of each scale.
    """
    size, finest = (image.shape[2], image.shape[3]), scales.plan.sizes[-1]
    small = image if size == finest else resize(image, finest).clamp(0, 1)
    x, sizes = to_signed(small).to(device), scales.plan.sizes
    start = starting_picture(scales, x, level=level, sizes=sizes)
    x = draw_and_finish(
        scales, start, level=level, sizes=sizes, size=size, how=how, generator=generator, progress=progress
    )
    whole = to_image(x).cpu()
    whole = whole if whole.shape[2:] == size else resize(whole, size).clamp(0, 1)
    share = max(size) / max(finest)
    soft = soft_mask(mask, radius=radius * share, softness=SOFTNESS * share)
    return Redrawn(torch.lerp(image, whole, soft), whole, soft > 0)


def soft_mask(mask: Mask, *, radius: float, softness: float = SOFTNESS) -> Tensor:
    """How much of the drawn picture is taken: the grown mask, blurred, stretched to [0, 1] (code of SinGAN).

    Args:
        mask: (1, 1, H, W), True somewhere.
        radius: pixels by which it grows to all sides.
        softness: standard deviation of the blur, in pixels.

    Returns:
        (1, 1, H, W) float32 in [0, 1]; 1 everywhere where the grown mask covers everything.
    """
    grown = grow_mask(mask, round(radius))[0, 0].cpu().numpy().astype(np.float32)
    blurred = ndimage.gaussian_filter(grown, softness)
    low, high = float(blurred.min()), float(blurred.max())
    soft = (blurred - low) / (high - low) if high > low else np.ones_like(blurred)
    return torch.from_numpy(np.where(soft < _LEAST_SHARE, 0, soft).astype(np.float32))[None, None]


def check_like(size: Size, learned: Size, *, name: str) -> None:
    """Check that a picture can stand for the training picture.

    Args:
        size: its (height, width).
        learned: that of the training picture.
        name: what it is called, for the message.

    Raises:
        ImageError: another aspect.
    """
    if not same_aspect(size, learned):
        raise ImageError(
            f"the {name} is {size[1]} x {size[0]} and the training picture {learned[1]} x {learned[0]}; the same size, "
            "or the same aspect, fits: crop it"
        )


def check_covers(mask: Mask) -> None:
    """Check that a mask covers something.

    Raises:
        MaskError: it covers nothing.
    """
    if not mask.any():
        raise MaskError(
            "the mask covers nothing (no white in it), so there is nothing to draw anew; white is drawn anew, black "
            "is kept (--invert-mask for the opposite)"
        )


def painted_size(plan: PyramidPlan, size: Size, learned: Size) -> Size:
    """The finest size at which a picture of any aspect is drawn: its own aspect, the finest scale's number of pixels.

    So its things keep the sizes that the scales know.

    Args:
        plan: of the training.
        size: (height, width) of the picture that enters.
        learned: that of the training picture.

    Example:
        >>> from selfmend.image.pyramid import plan_pyramid
        >>> painted_size(plan_pyramid((141, 250)), (200, 300), learned=(141, 250))
        (153, 230)
    """
    finest = plan.sizes[-1]
    if same_aspect(size, learned):
        return finest
    share = math.sqrt(finest[0] * finest[1] / (size[0] * size[1]))
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))
