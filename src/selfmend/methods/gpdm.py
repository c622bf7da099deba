"""GPDM (Elnekave and Weiss, CVPR 2022): pixels are optimised until their patches are distributed as the picture's.

The options of GPDM and their presets: FAST a laptop's, BEST for a minute, PAPER the paper's, TINY a test's.

One scale of GPDM: Adam moves pixels until their patches are distributed as the target's.

Elnekave & Weiss, ECCV 2022, Sec. 3. Pictures are (1, C, H, W) in [-1, 1].

GPDM as a method: which scales there are, where each begins, and what is matched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
import torch.nn.functional as F
from scipy import ndimage
from torch import Tensor

from selfmend.errors import ImageError, MaskError, OptionError
from selfmend.image.pyramid import PyramidPlan, plan_pyramid
from selfmend.image.resize import scaled_size
from selfmend.methods.hole_init import get_initialisation
from selfmend.methods.learning import TensorGenerative, TensorMethod
from selfmend.nn.sliced_wasserstein import sliced_wasserstein
from selfmend.nn.tensors import (
    ImageTensor,
    MaskTensor,
    image_pyramid,
    mask_pyramid,
    resize,
    to_array,
    to_image,
    to_mask,
    to_signed,
    to_tensor,
)
from selfmend.options import option
from selfmend.progress import Progress, ProgressEvent, silent
from selfmend.types import Size

_PAPER = "GPDM (ECCV 2022)"
_CODE = "code of GPDM"
_OURS = "docs/results-gpdm.md"


@dataclass(frozen=True, kw_only=True)
class GPDMConfig:
    """Every option; the defaults are those of PAPER.

    Raises:
        OptionError: values that do not go together.
    """

    coarsest: int = option(
        21, "short side of the coarsest scale: smaller keeps less of the layout", unit="px", source=_PAPER, low=3
    )
    ratio: float = option(0.85, "size ratio of neighbouring scales, roughly", source=_PAPER, low=0.1)
    patch: int = option(7, "side of a patch", unit="px", source=_PAPER, low=1)
    projections: int = option(64, "random directions a step", source=_PAPER, low=1)
    steps: int = option(300, "steps a scale at most", source=_PAPER, low=1)
    finest_steps: int = option(
        300,
        "steps at the finest scale; coarser ones take as many more as they are smaller, up to `steps`",
        source=f"{_PAPER}: 300; {_OURS}",
        low=1,
    )
    power: int = option(
        1, "what of a distance is averaged: 1 itself, 2 its square", source=f"{_PAPER}: 1; {_OURS}", low=1
    )
    learning_rate: float = option(0.01, "Adam's learning rate", source=f"{_CODE}; 0.05 for the paper's table", low=0)
    noise: float = option(
        1.5,
        "standard deviation of the noise at the coarsest scale of a random sample",
        unit="of a range of 2",
        source=f"{_CODE}; 0.75 for the paper's table",
        low=0,
    )
    start: str = option(
        "zeros",
        "what that noise is added to for a random sample: grey, or the blurred picture, which keeps its layout",
        source=_CODE,
        choices=("zeros", "blurred"),
    )
    retarget_noise: float = option(1.5, "the same noise for another shape", unit="of a range of 2", source=_CODE, low=0)

    init: str = option(
        "patchmatch",
        "filling: first guess inside the hole",
        source=_OURS,
        choices=("mean", "local-means", "telea", "navier-stokes", "biharmonic", "patchmatch"),
    )
    hole_depth: float = option(
        10.0, "filling: the hole's greatest depth at the coarsest scale", unit="px", source=_OURS, low=0.5
    )
    reach: int | None = option(
        4, "filling: how far from the hole patches are taken; none: from everywhere", unit="px", source=_OURS, low=1
    )
    fill_steps: int = option(60, "filling: steps a scale", source=_OURS, low=1)
    fill_learning_rate: float = option(0.002, "filling: Adam's learning rate", source=_OURS, low=0)

    def __post_init__(self) -> None:
        if not self.ratio <= 0.95:  # also NaN
            raise OptionError(f"option ratio is {self.ratio}; 0.1 to 0.95 fits (the paper's is 0.85)")
        if self.patch > self.coarsest:
            raise OptionError(
                f"option patch is {self.patch} and coarsest {self.coarsest}; the coarsest scale must hold a patch"
            )
        if self.power > 2:
            raise OptionError(f"option power is {self.power}; 1 or 2 fits")


PAPER = GPDMConfig()

BEST = replace(PAPER, coarsest=15, patch=5, projections=32, finest_steps=200, power=2, learning_rate=0.02, noise=0.75)

FAST = replace(BEST, projections=16, finest_steps=100)

TINY = replace(FAST, coarsest=21, projections=8, steps=4, finest_steps=4, fill_steps=4, init="local-means")


Report = Callable[[int, float], None]
"""Told the number of steps that are done, and the loss."""


@dataclass(frozen=True)
class Hole:
    """What of a picture may move, and whose patches it shall have.

    Attributes:
        free: bool (1, 1, H, W), the pixels that may move.
        where: bool (1, 1, H - patch + 1, W - patch + 1), the patches that see one of them.
        sources: the same, the patches whose distribution they shall have.
    """

    free: MaskTensor
    where: MaskTensor
    sources: MaskTensor


def hole_at_scale(mask: MaskTensor, *, patch: int, reach: int | None) -> Hole:
    """The hole of one scale.

    Args:
        mask: bool (1, 1, H, W), True = hole, H and W at least `patch`.
        patch: side of a patch, in pixels.
        reach: sources lie at most so many pixels from a patch that sees the hole; None takes all.

    Returns:
        The hole; it may have no sources.
    """
    sees = F.max_pool2d(mask.float(), patch, 1)
    near = torch.ones_like(sees)
    if reach is not None:
        side = 2 * reach + 1
        near = F.max_pool2d(F.max_pool2d(sees, (side, 1), 1, (reach, 0)), (1, side), 1, (0, reach))
    return Hole(free=mask, where=sees > 0.5, sources=(near > 0.5) & (sees < 0.5))


def match_patches(
    x: Tensor,
    target: Tensor,
    *,
    steps: int,
    learning_rate: float,
    config: GPDMConfig,
    generator: torch.Generator,
    hole: Hole | None = None,
    report: Report = lambda step, loss: None,
) -> Tensor:
    """Move the pixels of `x` until its patches are distributed as the target's.

    Args:
        x: (1, C, H, W) in [-1, 1] or around it, the start.
        target: (1, C, H', W') in [-1, 1]; with a hole of the size of `x`.
        steps: number of Adam's steps.
        learning_rate: Adam's, in units of the picture.
        config: patch, projections and power.
        generator: of the directions, on the CPU.
        hole: restricts what moves and what is compared; None moves all and compares all.
        report: called at every step.

    Returns:
        (1, C, H, W) in [-1, 1]; what is not free is as it came.
    """
    moving = x.detach().clone().requires_grad_(True)
    optimizer = torch.optim.Adam([moving], lr=learning_rate)
    where = sources = None
    at, from_ = (slice(None), slice(None)), (slice(None), slice(None))
    if hole is not None:  # nothing outside these windows has an influence
        at, where = _window(hole.where, config.patch)
        from_, sources = _window(hole.sources, config.patch)
    for step in range(1, steps + 1):
        shown = moving if hole is None else torch.where(hole.free, moving, x)
        loss = sliced_wasserstein(
            shown[..., at[0], at[1]],
            target[..., from_[0], from_[1]],
            where,
            target_where=sources,
            patch=config.patch,
            projections=config.projections,
            generator=generator,
            power=config.power,
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        report(step, float(loss.detach()))
    moved = moving.detach().clamp(-1, 1)
    return moved if hole is None else torch.where(hole.free, moved, x)


def _window(where: MaskTensor, patch: int) -> tuple[tuple[slice, slice], MaskTensor]:
    """Rows and columns of the pixels of the chosen patches, and the choice within them."""
    chosen = torch.nonzero(where[0, 0])
    (top, left), (bottom, right) = chosen.amin(0).tolist(), (chosen.amax(0) + 1).tolist()
    pixels = slice(top, bottom + patch - 1), slice(left, right + patch - 1)
    return pixels, where[..., top:bottom, left:right]


class GPDM(TensorMethod, TensorGenerative):
    """Moves pixels, coarse to fine, until the patches of the result are distributed as those of the picture."""

    name: ClassVar[str] = "gpdm"
    source: ClassVar[str] = (
        "A. Elnekave, Y. Weiss, Generating Natural Images with Direct Patch Distribution Matching, ECCV 2022"
    )
    presets: ClassVar = {"fast": FAST, "best": BEST, "paper": PAPER, "tiny": TINY}

    config: GPDMConfig

    def draw_tensor(
        self, image: ImageTensor, *, size: Size, generator: torch.Generator, progress: Progress = silent
    ) -> ImageTensor:
        """One random sample; see `Generative.draw`."""
        blurred = self.config.start == "blurred"
        return self._generate(image, size, self.config.noise, blurred, generator, progress)

    def reshape_tensor(
        self, image: ImageTensor, *, size: Size, generator: torch.Generator, progress: Progress = silent
    ) -> ImageTensor:
        """The picture in another shape; see `Generative.reshape`."""
        return self._generate(image, size, self.config.retarget_noise, True, generator, progress)

    def fill_tensor(
        self, image: ImageTensor, mask: MaskTensor, *, generator: torch.Generator, progress: Progress = silent
    ) -> ImageTensor:
        """Fill one picture, from a first guess at the scale where the hole is shallow; see `Method.fill`."""
        plan = self._plan(image)
        initialise, seed = get_initialisation(self.config.init), generator.initial_seed()
        guess = to_signed(to_tensor(initialise(to_array(image), to_mask(mask), seed=seed)))
        targets = [level.to(self.device) for level in image_pyramid(guess, plan)]
        holes = [
            hole_at_scale(level.to(self.device), patch=self.config.patch, reach=self.config.reach)
            for level in mask_pyramid(mask, plan)
        ]
        first = _first_scale(holes, mask, plan, depth=self.config.hole_depth)
        if not holes[first].sources.any():
            patch = self.config.patch
            raise MaskError(
                f"the hole leaves no patch of {patch}x{patch} pixels near it to take from; mark less as hole, or "
                "change the options patch or reach"
            )
        sizes = plan.sizes[first:]
        steps = [self.config.fill_steps] * len(sizes)
        x = targets[first]
        for level, (target, hole) in enumerate(zip(targets[first:], holes[first:], strict=True)):
            if level:  # what changed is carried on, the finer detail is the guess's
                x = torch.where(hole.free, target + resize(x - targets[first + level - 1], sizes[level]), target)
            x = match_patches(
                x,
                target,
                steps=steps[level],
                learning_rate=self.config.fill_learning_rate,
                config=self.config,
                generator=generator,
                hole=hole,
                report=_reporter(progress, sizes, steps, level),
            )
        return to_image(x).cpu()

    def _generate(
        self,
        image: ImageTensor,
        size: Size,
        noise: float,
        blurred: bool,
        generator: torch.Generator,
        progress: Progress,
    ) -> ImageTensor:
        plan, patch = self._plan(image), self.config.patch
        if min(size) < patch:
            raise OptionError(f"size is {size[0]}x{size[1]}; at least {patch}x{patch} fits, the size of a patch")
        targets = image_pyramid(to_signed(image).to(self.device), plan)
        coarser = [scaled_size(size, plan.scale_to(level)) for level in range(len(targets) - 1)]
        sizes = [(max(height, patch), max(width, patch)) for height, width in [*coarser, size]]
        steps = self._steps(sizes)
        x = _blurred(targets[0], sizes[0]) if blurred else targets[0].new_zeros(1, image.shape[1], *sizes[0])
        x = x + noise * torch.randn(x.shape, generator=generator).to(x.device)
        for level, target in enumerate(targets):
            x = match_patches(
                resize(x, sizes[level]) if level else x,
                target,
                steps=steps[level],
                learning_rate=self.config.learning_rate,
                config=self.config,
                generator=generator,
                report=_reporter(progress, sizes, steps, level),
            )
        return to_image(x).cpu()

    def _plan(self, image: ImageTensor) -> PyramidPlan:
        """The pyramid of a picture.

        Raises:
            ImageError: the picture is smaller than a patch.
        """
        size, patch = (image.shape[2], image.shape[3]), self.config.patch
        if min(size) < patch:
            raise ImageError(f"image is {size[0]}x{size[1]}; gpdm needs at least {patch}x{patch}, the size of a patch")
        return plan_pyramid(
            size, min_size=min(self.config.coarsest, *size), max_size=max(size), target_factor=self.config.ratio
        )

    def _steps(self, sizes: Sequence[Size]) -> list[int]:
        """Steps of each scale: the same work at each, but at most `steps`."""
        config, (height, width) = self.config, sizes[-1]
        return [min(config.steps, round(config.finest_steps * height * width / (h * w))) for h, w in sizes]


def _first_scale(holes: Sequence[Hole], mask: MaskTensor, plan: PyramidPlan, *, depth: float) -> int:
    """The finest scale at which the hole is at most `depth` pixels deep and known patches are left around it."""
    deepest = float(ndimage.distance_transform_edt(mask[0, 0].numpy()).max())
    last = len(holes) - 1
    shallow = [level for level in range(last + 1) if deepest * plan.scale_to(level) <= depth]
    first = max(shallow, default=0)
    enough = (level for level in range(first, last) if 2 * holes[level].sources.sum() >= holes[level].where.sum())
    return next(enough, last)


def _blurred(target: Tensor, size: Size) -> Tensor:
    """A picture in another size, without what is smaller than two of its pixels."""
    half = resize(target, scaled_size((target.shape[2], target.shape[3]), 0.5))
    return resize(half, size)


def _reporter(progress: Progress, sizes: Sequence[Size], steps: Sequence[int], level: int) -> Report:
    """Tells `progress` of the steps of one scale; work is counted in pixels times steps."""
    costs = [count * height * width for count, (height, width) in zip(steps, sizes, strict=True)]
    before, total = sum(costs[:level]), sum(costs)

    def report(step: int, loss: float) -> None:
        progress(
            ProgressEvent(
                stage=f"scale {level} ({sizes[level][0]}x{sizes[level][1]})",
                stage_index=level,
                stage_count=len(sizes),
                step=step,
                steps=steps[level],
                done=(before + costs[level] * step / steps[level]) / total,
                terms={"distance": loss},
            )
        )

    return report
