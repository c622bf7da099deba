"""Editing: the training picture with parts moved, copied or removed by hand; the scales mend the seams.

Shaham et al., "SinGAN", ICCV 2019, Sec. 4, "Editing"; mask and blending follow its authors' code.
"""

from __future__ import annotations

import torch
from scipy import ndimage

from selfmend.core.checks import MaskError
from selfmend.core.types import Image, Mask, Size
from selfmend.image.resize import resize
from selfmend.methods.singan.injection import Redrawn, check_covers, check_like, entry_scale, redraw
from selfmend.methods.singan.scales import Scales

RADIUS = 20
"""Pixels of the finest scale by which the mask grows (code of SinGAN)."""

DIFFERENCE = 16
"""Levels of 255 by which a pixel must differ from the training picture to count as edited."""

DEPTH = 12.0
"""Pixels of the start scale to which an edited part may reach from its border, where no start scale is named."""

_SPECK = 3  # an edit is no speck, and has no holes or gaps, of so many pixels


def default_start_scale(mask: Mask, scales: Scales) -> int:
    """The finest scale at which the edited part is at most `DEPTH` pixels deep, but not the finest of all.

    There a generator, which sees 5 pixels to each side, mends the seams and leaves the middle as it was meant.

    Args:
        mask: (1, 1, H, W), True = edited.
        scales: trained.

    Example:
        >>> from selfmend.image.pyramid import plan_pyramid
        >>> scales = Scales(plan=plan_pyramid((188, 250)), channels=3, partial=False)
        >>> mask = torch.zeros(1, 1, 188, 250, dtype=torch.bool)
        >>> mask[..., 50:110, 100:160] = True
        >>> default_start_scale(mask, scales)
        4
    """
    plan = scales.plan
    share = max(plan.sizes[-1]) / max(mask.shape[-2:])
    deepest = float(ndimage.distance_transform_edt(mask[0, 0].cpu().numpy()).max()) * share
    last = len(plan.sizes) - 1
    fitting = [level for level in range(1, last) if deepest * plan.scale_to(level) <= DEPTH]
    return max(fitting, default=min(1, last))


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
) -> Redrawn:
    """Draw edited parts anew so that they fit what is around them.

    Args:
        scales: trained on the picture as it was.
        edited: (1, C, H, W) in [0, 1], C = `scales.channels`.
        mask: (1, 1, H, W), True where it was edited; see `edited_mask`.
        learned: (height, width) of the training picture.
        start_scale: where the edited picture enters; None is `default_start_scale`.
        generator: of the noise.
        device: where the scales are.

    Raises:
        ImageError: another aspect than the training picture's.
        MaskError: the mask covers nothing.
        OptionError: no picture can enter at `start_scale`.
    """
    check_like((edited.shape[2], edited.shape[3]), learned, name="edited picture")
    check_covers(mask)
    level = entry_scale(start_scale, scales, default=default_start_scale(mask, scales))
    return redraw(scales, edited, mask, level=level, radius=RADIUS, generator=generator, device=device)
