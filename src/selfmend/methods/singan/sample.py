"""Samples of any size from any scale, drawn in tiles, and enlargements by repeated generation at the finest scale.

Random samples of any size, from any scale on: those below it give a start, it and those above draw with fresh noise.

Shaham et al., "SinGAN", ICCV 2019, Sec. 3.2 and Fig. 8. Pictures are (1, C, H, W) in [-1, 1]; scale 0 is the coarsest.

Super-resolution: what the finest scale adds to a picture enlarged by one step, it adds again and again.

Shaham et al., "SinGAN", ICCV 2019, Sec. 4: small structures recur across the scales of a picture, so that the net which
learned to undo one step of the pyramid can go beyond the picture itself. Pictures are (1, C, H, W) in [-1, 1].
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from selfmend.errors import OptionError
from selfmend.image.pyramid import PyramidPlan, enlarged_sizes
from selfmend.methods.singan.scales import Scales, generate
from selfmend.nn.singan import RADIUS
from selfmend.nn.tensors import resize
from selfmend.progress import Progress, ProgressEvent, silent
from selfmend.types import Size

TILE = 512
"""Side of the squares in which large scales are computed, in pixels: 128 channels of one take 128 MiB."""

FIELD = 2 * RADIUS + 1
"""Side of a generator's receptive field, in pixels."""


def check_start_scale(level: int, plan: PyramidPlan, *, lowest: int = 0, first: int = 0, below: str = "image") -> int:
    """`level`, if samples can start there.

    Args:
        level: the first scale that draws at random.
        plan: of the training.
        lowest: the lowest scale that makes sense for the application.
        first: the coarsest trained scale.
        below: see `starting_picture`.

    Raises:
        OptionError: there is no such scale, or it, or one that is needed below it, was not trained.
    """
    last = len(plan.sizes) - 1
    if last < lowest:
        raise OptionError(
            "the picture is so small that it has one scale, and this needs two; a smaller min_size gives more"
        )
    if not lowest <= level <= last:
        raise OptionError(
            f"start_scale is {level}; this picture has scales 0 to {last}, and {lowest} to {last} fit here"
        )
    if level < first or (first and below == "reconstruction"):
        entering = "" if below == "image" else " with start_below=image"
        raise OptionError(
            f"the scales below {first} are not trained (this run learned to fill a hole or to enlarge), and needed; "
            f"take start_scale={first} to {last}{entering}, or train without a mask"
        )
    return level


def check_learnable_size(plan: PyramidPlan) -> None:
    """Refuse a pyramid whose coarsest scale a critic could not look at.

    Raises:
        OptionError: what came, and what fits.
    """
    height, width = plan.sizes[0]
    if min(height, width) < FIELD:
        raise OptionError(
            f"the coarsest scale would have {height}x{width} pixels, less than the {FIELD}x{FIELD} that a critic looks "
            "at; a larger or less narrow picture, or a larger min_size, fits"
        )


def check_sample_size(size: Size, plan: PyramidPlan, *, level: int) -> None:
    """Refuse a size that brings a scale below the receptive field, where a generator would see nothing but padding.

    Args:
        size: of the finest scale of a sample.
        plan: of the training.
        level: the first scale that draws.

    Raises:
        OptionError: naming the smallest size that fits.
    """
    coarse = plan.sizes_for(size)[level]
    if min(coarse) < FIELD:
        axes = zip(size, coarse, plan.sizes[-1], plan.sizes[level], strict=True)
        # sizes are rounded, so that a little more than half a pixel less than the field makes the field
        needed = [n if c >= FIELD else math.floor((FIELD - 0.5) * fine / low) + 1 for n, c, fine, low in axes]
        raise OptionError(
            f"size {size[0]}x{size[1]} makes scale {level} only {coarse[0]}x{coarse[1]}, less than the {FIELD}x{FIELD} "
            f"that a generator looks at; at least {needed[0]}x{needed[1]}, or a higher start_scale, fits"
        )


def size_at_finest(size: Size, picture: Size, plan: PyramidPlan) -> Size:
    """What `size` is at the finest scale, which is smaller than the picture where that is larger than `max_size`.

    Example:
        >>> plan = PyramidPlan(sizes=((188, 250),), factor=1.0)
        >>> size_at_finest((752, 2000), (752, 1000), plan)
        (188, 500)
    """
    height, width = (max(1, round(n * f / p)) for n, f, p in zip(size, plan.sizes[-1], picture, strict=True))
    return height, width


def starting_picture(scales: Scales, x: Tensor, *, level: int, sizes: tuple[Size, ...], below: str = "image") -> Tensor:
    """What enters the scale `level`.

    Args:
        scales: trained.
        x: (1, C, H, W), the picture, of any size.
        level: the first scale that draws; for 0 `Scales.entering` does.
        sizes: of all scales.
        below: "image" shrinks the picture to the scale below (the paper's way); "reconstruction" runs the scales below
            without fresh noise, at the size of the training (the way of the authors' code).

    Returns:
        (1, C, *sizes[level]).
    """
    if level == 0:
        return scales.entering(x.device, size=sizes[0])
    trained = sizes == scales.plan.sizes
    if below == "reconstruction":
        start = scales.reconstruct_below(level, device=x.device)
        return start if trained else scales.resized(start, sizes[level])
    shrunk = resize(x, sizes[level - 1], scale=scales.plan.scale_to(level - 1) if x.shape[-2:] == sizes[-1] else None)
    return scales.up(shrunk, level, size=None if trained else sizes[level])


@torch.no_grad()
def draw(  # noqa: PLR0913
    scales: Scales,
    start: Tensor,
    *,
    level: int,
    sizes: tuple[Size, ...],
    generator: torch.Generator,
    keep: Callable[[int, Tensor], Tensor] | None = None,
    progress: Progress = silent,
    tile: int = TILE,
    last: int | None = None,
) -> Tensor:
    """Run the scales from `level` to the finest, or to `last`, on `start`, with fresh noise at each.

    Args:
        scales: trained.
        start: (1, C, *sizes[level]).
        level: the first scale that runs.
        sizes: of all scales; the noise has these sizes, whatever the tiles.
        generator: of the noise.
        keep: given a scale and its output, puts back what is to be kept of another picture; None keeps nothing.
        progress: called at each scale.
        tile: side of the squares that are computed at a time, in pixels.
        last: the last scale that runs; None is the finest.

    Returns:
        (1, C, *sizes[last]), not clamped.
    """
    x, last = start, len(sizes) - 1 if last is None else last
    trained = sizes == scales.plan.sizes
    work = [height * width for height, width in sizes[: last + 1]]
    for n in range(level, last + 1):
        scale = scales.at(n)
        noise = scales.draw_noise(n, generator=generator, device=x.device, size=sizes[n]) * scale.noise_amplitude
        x = generate(scale.generator, x, noise, partial=scales.partial, tile=tile)
        x = x if keep is None else keep(n, x)
        x = scales.up(x, n + 1, size=None if trained else sizes[n + 1]) if n < last else x
        done = sum(work[level : n + 1]) / sum(work[level:])
        progress(ProgressEvent(stage=f"scale {n}", stage_index=n, stage_count=last + 1, done=done))
    return x


def super_resolution_options(factor: float) -> dict[str, Any]:
    """The options of a SinGAN that is to enlarge by `factor`, over those of a preset (the authors' code)."""
    return {"super_resolution": factor, "min_size": 18, "reconstruction_weight": 100.0}


@torch.no_grad()
def enlarge(
    scales: Scales,
    x: Tensor,
    *,
    factor: float,
    generator: torch.Generator,
    back_projections: int = 0,
    progress: Progress = silent,
    tile: int = TILE,
) -> Tensor:
    """Enlarge a picture step by step, each time by the finest scale.

    Args:
        scales: trained on a pyramid of `plan_super_resolution_pyramid` for the same factor.
        x: (1, C, H, W) in [-1, 1], the picture, of any size.
        factor: above 1.
        generator: of the noise.
        back_projections: rounds after each step, with `x` as the picture to be true to; 0 is the paper's.
        progress: called at each step.
        tile: side of the squares that are computed at a time, in pixels.

    Returns:
        (1, C, int(factor * H), int(factor * W)), not clamped.
    """
    last, small = len(scales.plan.sizes) - 1, x
    finest = scales.at(last)
    sizes = enlarged_sizes((x.shape[2], x.shape[3]), factor)
    work = [height * width for height, width in sizes]
    for k, size in enumerate(sizes):
        x = scales.resized(x, size, 1 / scales.plan.factor)
        noise = scales.draw_noise(last, generator=generator, device=x.device, size=size) * finest.noise_amplitude
        x = generate(finest.generator, x, noise, partial=scales.partial, tile=tile)
        for _ in range(back_projections):  # see image/back_projection.py, which does it to arrays
            x = x + resize(small - resize(x, (small.shape[2], small.shape[3])), size)
        done = sum(work[: k + 1]) / sum(work)
        progress(ProgressEvent(stage=f"enlarging to {size[0]}x{size[1]}", step=k + 1, steps=len(sizes), done=done))
    return x
