"""Editing: the training picture with parts moved, copied or removed by hand; the scales mend the seams.

Shaham et al., "SinGAN", ICCV 2019, Sec. 4, "Editing"; mask and blending follow its authors' code.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from scipy import ndimage

from selfmend.core.checks import MaskError
from selfmend.core.progress import Progress, silent
from selfmend.core.types import Image, Mask, Size
from selfmend.image.pyramid import PyramidPlan
from selfmend.image.resize import resize
from selfmend.methods.singan.finish import Finish, finish_level
from selfmend.methods.singan.injection import Redrawn, check_covers, check_like, entry_scale, redraw
from selfmend.methods.singan.inpaint import default_injection_scale
from selfmend.methods.singan.scales import Scales
from selfmend.nets.singan import RADIUS as SIGHT

RADIUS = 20
"""Pixels of the finest scale by which the mask grows (code of SinGAN)."""

DIFFERENCE = 16
"""Levels of 255 by which a pixel must differ from the training picture to count as edited."""

_SPECK = 3  # an edit is no speck, and has no holes or gaps, of so many pixels


def default_start_scale(mask: Mask, plan: PyramidPlan) -> int:
    """The finest scale at which a generator sees from the middle of the edited part to its border.

    There it knows what the part has to fit to; finer scales leave the corners of what was pasted as they are.

    Args:
        mask: (1, 1, H, W), True = edited.
        plan: of the training.

    Example:
        >>> from selfmend.image.pyramid import plan_pyramid
        >>> mask = torch.zeros(1, 1, 376, 500, dtype=torch.bool)
        >>> mask[..., 160:240, 200:280] = True
        >>> default_start_scale(mask, plan_pyramid((188, 250)))
        2
    """
    share = max(mask.shape[-2:]) / max(plan.sizes[-1])
    return default_injection_scale(mask, plan, depth=SIGHT * share)


def edited_mask(edited: Image, learned: Image) -> Mask:
    """Where a picture differs from the training picture, without specks, gaps and holes of a few pixels.

    Args:
        edited: (1, C, H, W) in [0, 1].
        learned: (1, C, h, w) in [0, 1], the training picture; resized where it has another size.

    Returns:
        (1, 1, H, W), True where a channel, smoothed, differs by more than `DIFFERENCE` levels of 255.

    Raises:
        MaskError: nothing differs.
    """
    size = (edited.shape[2], edited.shape[3])
    before = learned if learned.shape[2:] == size else resize(learned, size).clamp(0, 1)
    # JPEG changes single pixels by more than an edit changes a region: what is smooth counts
    smooth = ndimage.gaussian_filter((edited - before)[0].numpy(), (0, 1, 1))
    differs = abs(smooth).max(0) > DIFFERENCE / 255
    grown = ndimage.binary_dilation(differs, iterations=_SPECK)
    closed = ndimage.binary_erosion(ndimage.binary_fill_holes(grown), iterations=_SPECK, border_value=1)
    opened = ndimage.binary_opening(closed, iterations=_SPECK // 2)
    if not opened.any():
        raise MaskError(
            f"no part of the edited picture differs from the training picture by more than {DIFFERENCE} of 255 levels; "
            "say what was edited: --mask MASK.png"
        )
    return torch.from_numpy(opened)[None, None]


def edit(
    scales: Scales,
    edited: Image,
    mask: Mask,
    *,
    learned: Size,
    start_scale: int | None,
    generator: torch.Generator,
    device: torch.device,
    how: Finish | None = None,
    progress: Progress = silent,
) -> Redrawn:
    """Draw edited parts anew so that they fit what is around them.

    Args:
        scales: trained on the picture as it was.
        edited: (1, C, H, W) in [0, 1], C = `scales.channels`.
        mask: (1, 1, H, W), True where it was edited; see `edited_mask`.
        learned: (height, width) of the training picture.
        start_scale: where the edited picture enters; None is `default_start_scale`, or the scale at which exemplars
            take over, if that is finer.
        generator: of the noise.
        device: where the scales are.
        how: how the result is finished; None leaves it to the scales.
        progress: told of each scale.

    Raises:
        ImageError: another aspect than the training picture's.
        MaskError: the mask covers nothing.
        OptionError: no picture can enter at `start_scale`.
    """
    check_like((edited.shape[2], edited.shape[3]), learned, name="edited picture")
    check_covers(mask)
    default = default_start_scale(mask, scales.plan)
    if how is not None:  # exemplars mend the seams: the scales need not, and coarser ones lose what was edited in
        default = max(default, finish_level(scales.plan, how.start))
        how = replace(how, complete=False)  # what was copied may stand there twice
    level = entry_scale(start_scale, scales, default=default)
    return redraw(
        scales, edited, mask, level=level, radius=RADIUS, generator=generator, device=device, how=how,
        progress=progress,
    )  # fmt: skip
