"""Another picture enters the scales and is drawn again (SinGAN, Sec. 4): injection, holes, harmonising and editing.

Injection: a picture enters the trained scales above the coarsest one, and they draw it anew in the learned manner.

Shaham et al., "SinGAN", ICCV 2019, Sec. 4 and its authors' code. What enters, and what of it is kept, makes the
application: a filled hole (inpaint.py), a painting (paint.py), a pasted object (harmonize.py), an edit (edit.py).
A signed picture `x` is (1, C, H, W) in [-1, 1] at the finest scale's size, an `Image` in [0, 1] has any size.

Harmonisation: an object pasted onto the training picture takes on its texture and palette.

Shaham et al., "SinGAN", ICCV 2019, Sec. 4, "Harmonization"; mask and blending follow its authors' code.

Editing: the training picture with parts moved, copied or removed by hand; the scales mend the seams.

Shaham et al., "SinGAN", ICCV 2019, Sec. 4, "Editing"; mask and blending follow its authors' code.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from selfmend.errors import MaskError, OptionError
from selfmend.image.pyramid import PyramidPlan
from selfmend.masks.edited import check_like
from selfmend.masks.reading import grow_mask, same_aspect
from selfmend.methods.singan.finish import Finish, draw_and_finish, finish_level
from selfmend.methods.singan.sample import check_start_scale, draw, starting_picture
from selfmend.methods.singan.scales import Scales
from selfmend.nn.singan import RADIUS
from selfmend.nn.singan import RADIUS as SIGHT
from selfmend.nn.tensors import (
    ImageTensor,
    MaskTensor,
    image_pyramid,
    mask_pyramid,
    resize,
    to_image,
    to_mask,
    to_signed,
)
from selfmend.progress import Progress, silent
from selfmend.types import Size

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
    keep: MaskTensor | None = None,
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
        progress: called at each scale.

    Returns:
        (1, C, H, W), not clamped, also outside the hole.
    """
    sizes = scales.plan.sizes_for((x.shape[2], x.shape[3]))
    start = starting_picture(scales, x, level=level, sizes=sizes) if level else x
    back = None if keep is None else _put_back(x, keep, scales.plan)
    return draw(scales, start, level=level, sizes=sizes, generator=generator, keep=back, progress=progress)


def _put_back(x: Tensor, hole: MaskTensor, plan: PyramidPlan) -> Callable[[int, Tensor], Tensor]:
    pictures, holes = image_pyramid(x, plan), mask_pyramid(hole, plan)
    return lambda level, drawn: torch.where(holes[level], drawn, pictures[level])


@dataclass(frozen=True)
class RedrawResult:
    """A picture that was drawn anew under a mask.

    Attributes:
        image: (1, C, H, W) in [0, 1], drawn anew under the softened mask, as it came elsewhere.
        whole: (1, C, H, W) in [0, 1], drawn anew everywhere.
        touched: (1, 1, H, W), True where `image` is not as it came.
    """

    image: ImageTensor
    whole: ImageTensor
    touched: MaskTensor


def redraw(  # noqa: PLR0913
    scales: Scales,
    image: ImageTensor,
    mask: MaskTensor,
    *,
    level: int,
    radius: float,
    generator: torch.Generator,
    device: torch.device,
    how: Finish | None = None,
    progress: Progress = silent,
) -> RedrawResult:
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
        progress: called at each scale.
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
    return RedrawResult(torch.lerp(image, whole, soft), whole, soft > 0)


def soft_mask(mask: MaskTensor, *, radius: float, softness: float = SOFTNESS) -> Tensor:
    """How much of the drawn picture is taken: the grown mask, blurred, stretched to [0, 1] (code of SinGAN).

    Args:
        mask: (1, 1, H, W), True somewhere.
        radius: pixels by which it grows to all sides.
        softness: standard deviation of the blur, in pixels.

    Returns:
        (1, 1, H, W) float32 in [0, 1]; 1 everywhere where the grown mask covers everything.
    """
    grown = grow_mask(to_mask(mask), round(radius)).astype(np.float32)
    blurred = ndimage.gaussian_filter(grown, softness)
    low, high = float(blurred.min()), float(blurred.max())
    soft = (blurred - low) / (high - low) if high > low else np.ones_like(blurred)
    return torch.from_numpy(np.where(soft < _LEAST_SHARE, 0, soft).astype(np.float32))[None, None]


def check_covers(mask: MaskTensor) -> None:
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


def default_injection_scale(mask: MaskTensor, plan: PyramidPlan, *, depth: float = RADIUS) -> int:
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
    level: int | None, mask: MaskTensor, plan: PyramidPlan, *, depth: float = RADIUS, first: int = 0
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
    mask: MaskTensor,
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


HARMONIZE_RADIUS = 7
"""Pixels of the finest scale by which the mask grows (code of SinGAN)."""


def default_harmonize_scale(plan: PyramidPlan) -> int:
    """The first scale of the finer half: the object keeps its shape, and its texture is drawn anew.

    Example:
        >>> from selfmend.image.pyramid import plan_pyramid
        >>> default_harmonize_scale(plan_pyramid((188, 250)))
        5
    """
    return len(plan.sizes) // 2


def harmonize(
    scales: Scales,
    composite: ImageTensor,
    mask: MaskTensor,
    *,
    learned: Size,
    start_scale: int | None,
    generator: torch.Generator,
    device: torch.device,
    progress: Progress = silent,
) -> RedrawResult:
    """Draw a pasted object anew in the manner of the picture around it.

    Exemplars never finish it: the background has no patches of the object, and would swallow it.

    Args:
        scales: trained on the background.
        composite: (1, C, H, W) in [0, 1], the background with the object pasted, C = `scales.channels`.
        mask: (1, 1, H, W), True where the object is.
        learned: (height, width) of the training picture.
        start_scale: where the composite enters; None is `default_harmonize_scale`.
        generator: of the noise.
        device: where the scales are.
        progress: called at each scale.

    Raises:
        ImageError: another aspect than the training picture's.
        MaskError: the mask covers nothing.
        OptionError: no picture can enter at `start_scale`.
    """
    check_like((composite.shape[2], composite.shape[3]), learned, name="composite")
    check_covers(mask)
    level = entry_scale(start_scale, scales, default=default_harmonize_scale(scales.plan))
    return redraw(
        scales,
        composite,
        mask,
        level=level,
        radius=HARMONIZE_RADIUS,
        generator=generator,
        device=device,
        progress=progress,
    )


EDIT_RADIUS = 20
"""Pixels of the finest scale by which the mask grows (code of SinGAN)."""


def default_edit_scale(mask: MaskTensor, plan: PyramidPlan) -> int:
    """The finest scale at which a generator sees from the middle of the edited part to its border.

    There it knows what the part has to fit to; finer scales leave the corners of what was pasted as they are.

    Args:
        mask: (1, 1, H, W), True = edited.
        plan: of the training.

    Example:
        >>> from selfmend.image.pyramid import plan_pyramid
        >>> mask = torch.zeros(1, 1, 376, 500, dtype=torch.bool)
        >>> mask[..., 160:240, 200:280] = True
        >>> default_edit_scale(mask, plan_pyramid((188, 250)))
        2
    """
    share = max(mask.shape[-2:]) / max(plan.sizes[-1])
    return default_injection_scale(mask, plan, depth=SIGHT * share)


def edit(  # noqa: PLR0913
    scales: Scales,
    edited: ImageTensor,
    mask: MaskTensor,
    *,
    learned: Size,
    start_scale: int | None,
    generator: torch.Generator,
    device: torch.device,
    how: Finish | None = None,
    progress: Progress = silent,
) -> RedrawResult:
    """Draw edited parts anew so that they fit what is around them.

    Args:
        scales: trained on the picture as it was.
        edited: (1, C, H, W) in [0, 1], C = `scales.channels`.
        mask: (1, 1, H, W), True where it was edited; see `edited_mask`.
        learned: (height, width) of the training picture.
        start_scale: where the edited picture enters; None is `default_edit_scale`, or the scale at which exemplars
            take over, if that is finer.
        generator: of the noise.
        device: where the scales are.
        how: how the result is finished; None leaves it to the scales.
        progress: called at each scale.

    Raises:
        ImageError: another aspect than the training picture's.
        MaskError: the mask covers nothing.
        OptionError: no picture can enter at `start_scale`.
    """
    check_like((edited.shape[2], edited.shape[3]), learned, name="edited picture")
    check_covers(mask)
    default = default_edit_scale(mask, scales.plan)
    if how is not None:  # exemplars mend the seams: the scales need not, and coarser ones lose what was edited in
        default = max(default, finish_level(scales.plan, how.start))
        how = replace(how, complete=False)  # what was copied may stand there twice
    level = entry_scale(start_scale, scales, default=default)
    return redraw(
        scales, edited, mask, level=level, radius=EDIT_RADIUS, generator=generator, device=device, how=how,
        progress=progress,
    )  # fmt: skip
