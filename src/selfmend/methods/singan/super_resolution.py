"""Super-resolution: what the finest scale adds to a picture enlarged by one step, it adds again and again.

Shaham et al., "SinGAN", ICCV 2019, Sec. 4: small structures recur across the scales of a picture, so that the net which
learned to undo one step of the pyramid can go beyond the picture itself. Pictures are (1, C, H, W) in [-1, 1].
"""

from __future__ import annotations

import math
import warnings
from typing import Any

import torch
from torch import Tensor

from selfmend.core.checks import OptionError, SelfmendWarning
from selfmend.core.progress import Progress, ProgressEvent, silent
from selfmend.core.types import Size
from selfmend.image.pyramid import enlarged_sizes
from selfmend.methods.generative import check_pixels
from selfmend.methods.singan.sample import TILE
from selfmend.methods.singan.scales import Scales, generate

LARGE_FACTOR = 16
"""From here on hardly anything of the result is in the picture."""


def check_factor(factor: Any, size: Size) -> float:
    """The factor as a number, if a picture of `size` can be enlarged by it; a warning above `LARGE_FACTOR`.

    Raises:
        OptionError: no number above 1, or a result of far too many pixels.
    """
    try:
        value = float(factor)
    except (TypeError, ValueError):
        value = math.nan
    if not (value > 1 and math.isfinite(value)):
        raise OptionError(f"the factor is {factor}; a number above 1 fits, such as 2 or 1.5")
    check_pixels((math.floor(size[0] * value), math.floor(size[1] * value)))
    if value > LARGE_FACTOR:
        message = f"the factor is {value:g}: beyond {LARGE_FACTOR} little of the result stands in the picture"
        warnings.warn(message, SelfmendWarning, stacklevel=3)
    return value


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
    progress: Progress = silent,
    tile: int = TILE,
) -> Tensor:
    """Enlarge a picture step by step, each time by the finest scale.

    Args:
        scales: trained on a pyramid of `plan_super_resolution_pyramid` for the same factor.
        x: (1, C, H, W) in [-1, 1], the picture, of any size.
        factor: above 1.
        generator: of the noise.
        progress: told of each step.
        tile: side of the squares that are computed at a time, in pixels.

    Returns:
        (1, C, int(factor * H), int(factor * W)), not clamped.
    """
    last = len(scales.plan.sizes) - 1
    finest = scales.at(last)
    sizes = enlarged_sizes((x.shape[2], x.shape[3]), factor)
    work = [height * width for height, width in sizes]
    for k, size in enumerate(sizes):
        x = scales.resized(x, size, 1 / scales.plan.factor)
        noise = scales.draw_noise(last, generator=generator, device=x.device, size=size) * finest.noise_amplitude
        x = generate(finest.generator, x, noise, partial=scales.partial, tile=tile)
        done = sum(work[: k + 1]) / sum(work)
        progress(ProgressEvent(stage=f"enlarging to {size[0]}x{size[1]}", step=k + 1, steps=len(sizes), done=done))
    return x
