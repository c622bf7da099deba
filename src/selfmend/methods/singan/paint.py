"""Paint to image: a flat, clip-art-like painting enters a coarse scale and comes out as a picture like the learned one.

Shaham et al., "SinGAN", ICCV 2019, Sec. 4, "Paint to image"; the quantised variant follows its authors' code: one scale
is trained anew on pictures of five flat colours, and so knows what to make of paintings of such colours.
Signed pictures `x` are (1, C, H, W) in [-1, 1].
"""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from scipy.cluster.vq import kmeans2
from torch import Tensor

from selfmend.errors import OptionError
from selfmend.methods.singan.config import SinGANConfig
from selfmend.methods.singan.finish import Finish, draw_and_finish
from selfmend.methods.singan.redraw import entry_scale, painted_size
from selfmend.methods.singan.sample import check_sample_size, starting_picture
from selfmend.methods.singan.scales import Scales
from selfmend.methods.singan.sliced_wasserstein import rematched_scale
from selfmend.methods.singan.training import retrained_scale
from selfmend.nn.tensors import ImageTensor, image_pyramid, resize, to_image, to_signed
from selfmend.progress import Progress, silent
from selfmend.training.loop import run
from selfmend.training.stage import Stage
from selfmend.types import Size

DEFAULT_START_SCALE = 1
"""The second coarsest: the layout is the painting's and all else is drawn (paper: a coarse one)."""

COLOURS = 5
"""Flat colours of a quantised painting (code of SinGAN)."""


def paint(
    scales: Scales,
    painting: ImageTensor,
    *,
    learned: Size,
    start_scale: int | None,
    generator: torch.Generator,
    device: torch.device,
    how: Finish | None = None,
    progress: Progress = silent,
) -> ImageTensor:
    """A picture like the learned one with the layout of a painting.

    Args:
        scales: trained.
        painting: (1, C, H, W) in [0, 1], C = `scales.channels`, of any size and aspect.
        learned: (height, width) of the training picture.
        start_scale: where the painting enters; None is `DEFAULT_START_SCALE`.
        generator: of the noise.
        device: where the scales are.
        how: how the result is finished; None leaves it to the scales.
        progress: called at each scale.

    Returns:
        (1, C, h, w) in [0, 1]: the finest scale's size (finished: the picture's), or as many pixels in the painting's
        aspect.

    Raises:
        OptionError: no picture can enter there, or the painting is too narrow.
    """
    level = entry_scale(start_scale, scales, default=DEFAULT_START_SCALE)
    x = _at_finest(scales, painting, learned, level).to(device)
    sizes = scales.plan.sizes_for((x.shape[2], x.shape[3]))
    start = starting_picture(scales, x, level=level, sizes=sizes)
    x = draw_and_finish(
        scales, start, level=level, sizes=sizes, size=None, how=how, generator=generator, progress=progress
    )
    return to_image(x).cpu()


def paint_quantized(
    quantized: QuantizedScale,
    painting: ImageTensor,
    *,
    learned: Size,
    generator: torch.Generator,
    device: torch.device,
    how: Finish | None = None,
    progress: Progress = silent,
) -> ImageTensor:
    """As `paint`, by a scale that was trained on flat colours: the painting, snapped to them, enters it directly.

    Args:
        quantized: what `train_quantized` gave.
        painting, learned, generator, device, how, progress: as for `paint`.

    Returns:
        As `paint`.
    """
    scales, level = quantized.scales, quantized.level
    x = _at_finest(scales, painting, learned, level).to(device)
    sizes = scales.plan.sizes_for((x.shape[2], x.shape[3]))
    start = snap(resize(x, sizes[level]), quantized.colours.to(device))
    x = draw_and_finish(
        scales, start, level=level, sizes=sizes, size=None, how=how, generator=generator, progress=progress
    )
    return to_image(x).cpu()


def _at_finest(scales: Scales, painting: ImageTensor, learned: Size, level: int) -> Tensor:
    """The painting at the finest scale's size, or number of pixels, signed."""
    size = painted_size(scales.plan, (painting.shape[2], painting.shape[3]), learned)
    check_sample_size(size, scales.plan, level=level)
    return to_signed(painting if painting.shape[2:] == size else resize(painting, size).clamp(0, 1))


@dataclasses.dataclass(frozen=True)
class QuantizedScale:
    """The scales with one of them trained on flat colours.

    Attributes:
        scales: with scale `level` trained anew.
        level: that scale, where a painting enters.
        colours: (K, C) in [-1, 1], the flat colours.
    """

    scales: Scales
    level: int
    colours: Tensor


def train_quantized(
    scales: Scales,
    image: ImageTensor,
    config: SinGANConfig,
    *,
    start_scale: int | None,
    seed: int,
    device: torch.device,
    folder: Path | None = None,
    progress: Progress = silent,
) -> QuantizedScale:
    """Train one scale anew, from fresh weights, with all that it gets from below snapped to a few flat colours.

    Args:
        scales: trained without a mask; they stay as they are.
        image: (1, C, H, W) in [0, 1], the training picture, whose colours are taken.
        config: of the training; `steps` is that of one scale.
        start_scale: the scale to train; None is `DEFAULT_START_SCALE`.
        seed: same seed, same weights.
        device: where the scales are.
        folder: where the trained scale is kept, and found again; None keeps nothing.
        progress: called at every step.

    Raises:
        OptionError: there is no such scale, or the scales were trained with a mask.
        TrainingError: a loss is no longer finite.
    """
    level = entry_scale(start_scale, scales, default=DEFAULT_START_SCALE)
    if scales.partial:
        raise OptionError(
            "this run was trained with a mask, and quantised painting trains a scale on the whole picture; train a run "
            "without --mask, or paint without --quantized"
        )
    real = image_pyramid(to_signed(image).to(device), scales.plan)[level]
    colours = main_colours(real)
    changed = dataclasses.replace(scales, trained=list(scales.trained))

    def stages() -> Iterator[Stage]:
        retrained = rematched_scale if config.recipe == "guided" else retrained_scale
        yield from retrained(changed, level, real, config, change=lambda x: snap(x, colours), seed=seed)

    place = None if folder is None else folder / f"scale-{level}"
    run(stages(), seed=seed, folder=place, progress=progress, stage_costs=[1.0])
    return QuantizedScale(changed, level, colours)


def main_colours(x: Tensor, *, count: int = COLOURS) -> Tensor:
    """The centres of the clusters that k-means finds among a picture's colours; no randomness is in it.

    Args:
        x: (1, C, H, W).
        count: how many; fewer where the picture has fewer colours.

    Returns:
        (K, C), darkest first, K <= `count`.

    Example:
        >>> x = torch.tensor([-1.0, -1.0, 0.5, 0.7]).view(1, 1, 2, 2)
        >>> main_colours(x, count=2).flatten().tolist()
        [-1.0, 0.6000000238418579]
    """
    pixels = x[0].flatten(1).T.cpu().double().numpy()
    by_brightness = pixels[np.argsort(pixels.mean(1), kind="stable")]
    middles = ((np.arange(count) + 0.5) / count * len(pixels)).astype(int)  # of `count` equal parts, dark to bright
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # "one of the clusters is empty": it keeps its centre
        centres, _ = kmeans2(pixels, np.unique(by_brightness[middles], axis=0), iter=100, minit="matrix")
    centres = centres[np.argsort(centres.mean(1), kind="stable")]
    return torch.from_numpy(centres).to(x)


def snap(x: Tensor, colours: Tensor) -> Tensor:
    """Every pixel replaced by the nearest of some colours.

    Args:
        x: (N, C, H, W).
        colours: (K, C).

    Returns:
        (N, C, H, W).

    Example:
        >>> snap(torch.tensor([-0.9, 0.2, 0.1, 0.8]).view(1, 1, 2, 2), torch.tensor([[-1.0], [1.0]])).flatten().tolist()
        [-1.0, 1.0, 1.0, 1.0]
    """
    distance = (x[:, None] - colours.view(1, *colours.shape, 1, 1)).square().sum(2)
    return colours[distance.argmin(1)].permute(0, 3, 1, 2).contiguous()
