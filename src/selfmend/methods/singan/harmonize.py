"""Harmonisation: an object pasted onto the training picture takes on its texture and palette.

Shaham et al., "SinGAN", ICCV 2019, Sec. 4, "Harmonization"; mask and blending follow its authors' code.
"""

from __future__ import annotations

import torch

from selfmend.core.progress import Progress, silent
from selfmend.core.types import Image, Mask, Size
from selfmend.image.pyramid import PyramidPlan
from selfmend.methods.singan.injection import Redrawn, check_covers, check_like, entry_scale, redraw
from selfmend.methods.singan.scales import Scales

RADIUS = 7
"""Pixels of the finest scale by which the mask grows (code of SinGAN)."""


def default_start_scale(plan: PyramidPlan) -> int:
    """The first scale of the finer half: the object keeps its shape, and its texture is drawn anew.

    Example:
        >>> from selfmend.image.pyramid import plan_pyramid
        >>> default_start_scale(plan_pyramid((188, 250)))
        5
    """
    return len(plan.sizes) // 2


def harmonize(
    scales: Scales,
    composite: Image,
    mask: Mask,
    *,
    learned: Size,
    start_scale: int | None,
    generator: torch.Generator,
    device: torch.device,
    progress: Progress = silent,
) -> Redrawn:
    """Draw a pasted object anew in the manner of the picture around it.

    Exemplars never finish it: the background has no patches of the object, and would swallow it.

    Args:
        scales: trained on the background.
        composite: (1, C, H, W) in [0, 1], the background with the object pasted, C = `scales.channels`.
        mask: (1, 1, H, W), True where the object is.
        learned: (height, width) of the training picture.
        start_scale: where the composite enters; None is `default_start_scale`.
        generator: of the noise.
        device: where the scales are.
        progress: told of each scale.

    Raises:
        ImageError: another aspect than the training picture's.
        MaskError: the mask covers nothing.
        OptionError: no picture can enter at `start_scale`.
    """
    check_like((composite.shape[2], composite.shape[3]), learned, name="composite")
    check_covers(mask)
    level = entry_scale(start_scale, scales, default=default_start_scale(scales.plan))
    return redraw(
        scales, composite, mask, level=level, radius=RADIUS, generator=generator, device=device, progress=progress
    )
