"""Super-resolution: what the finest scale adds to a picture enlarged by one step, it adds again and again.

Shaham et al., "SinGAN", ICCV 2019, Sec. 4: small structures recur across the scales of a picture, so that the net which
learned to undo one step of the pyramid can go beyond the picture itself. Pictures are (1, C, H, W) in [-1, 1].
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from selfmend.core.progress import Progress, ProgressEvent, silent
from selfmend.image.back_projection import back_project
from selfmend.image.pyramid import enlarged_sizes
from selfmend.methods.singan.sample import TILE
from selfmend.methods.singan.scales import Scales, generate


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
        progress: told of each step.
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
        x = back_project(x, small, rounds=back_projections)
        done = sum(work[: k + 1]) / sum(work)
        progress(ProgressEvent(stage=f"enlarging to {size[0]}x{size[1]}", step=k + 1, steps=len(sizes), done=done))
    return x
