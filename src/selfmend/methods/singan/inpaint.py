"""Filling a hole: a first guess enters the trained scales and is drawn anew by them, from there to the finest.

Linhart & Castagné, "SinGAN for Inpainting", 2020, Sec. 2; entering at a scale is injection.py's.
Pictures are (1, C, H, W) in [-1, 1], masks (1, 1, H, W), True = hole, both of the finest scale's size.
"""

from __future__ import annotations

import torch
from scipy import ndimage
from torch import Tensor

from selfmend.core.checks import OptionError
from selfmend.core.types import Mask
from selfmend.image.pyramid import PyramidPlan
from selfmend.methods.singan.injection import inject
from selfmend.methods.singan.scales import Scales
from selfmend.nets.singan import RADIUS


def default_injection_scale(mask: Mask, plan: PyramidPlan, *, depth: float = RADIUS) -> int:
    """The finest scale at which the hole is at most `depth` pixels deep, but not the finest of all.

    With the default a generator sees from the middle of the hole to its border.

    Example:
        >>> from selfmend.image.pyramid import plan_pyramid
        >>> mask = torch.zeros(1, 1, 188, 250, dtype=torch.bool)
        >>> mask[..., 80:120, 100:140] = True
        >>> default_injection_scale(mask, plan_pyramid((188, 250)))
        2
    """
    deepest = float(ndimage.distance_transform_edt(mask[0, 0].cpu().numpy()).max())
    last = len(plan.sizes) - 1
    fitting = [level for level in range(1, last) if deepest * plan.scale_to(level) <= depth]
    return max(fitting, default=min(1, last))


def check_injection_scale(
    level: int | None, mask: Mask, plan: PyramidPlan, *, depth: float = RADIUS, first: int = 0
) -> int:
    """`level`, or the default one for None, but not below `first`, the coarsest trained scale.

    Raises:
        OptionError: there is no such scale, or it is not trained.
    """
    last = len(plan.sizes) - 1
    lowest = max(first, min(1, last))
    if level is None:
        return max(default_injection_scale(mask, plan, depth=depth), lowest)
    if not lowest <= level <= last:
        raise OptionError(
            f"injection_scale is {level}; this picture has scales 0 to {last}, and {lowest} to {last} fit"
            + (f" (the scales below {first} are not trained)" if first else "")
        )
    return level


def redraw_hole(
    scales: Scales,
    guess: Tensor,
    mask: Mask,
    *,
    level: int,
    generator: torch.Generator,
    keep_known: bool = False,
    progressive: bool = False,
) -> Tensor:
    """Run the scales from `level` to the finest on a guess.

    Args:
        scales: trained.
        guess: (1, C, H, W) in [-1, 1], the picture with its hole filled somehow.
        mask: True = hole.
        level: the first scale that runs; the guess reaches it through the size of the scale below.
        generator: of the noise.
        keep_known: put the known pixels back after every scale.
        progressive: paste the fill into the guess and enter again one scale finer, until the finest.

    Returns:
        (1, C, H, W), the finest scale's output, also outside the hole.
    """
    keep, last = (mask if keep_known else None), len(scales.plan.sizes) - 1
    if progressive and level < last:
        for first in range(level, last):
            output = inject(scales, guess, level=first, generator=generator, keep=keep)
            guess = torch.where(mask, output.clamp(-1, 1), guess)
        level = last
    return inject(scales, guess, level=level, generator=generator, keep=keep)
