"""GPDM as a method: which scales there are, where each begins, and what is matched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from scipy import ndimage
from torch import Tensor

from selfmend.core.checks import ImageError, MaskError, OptionError
from selfmend.core.progress import Progress, ProgressEvent, silent
from selfmend.core.types import Image, Mask, Size
from selfmend.hole_init import get_initialisation
from selfmend.image.pyramid import PyramidPlan, image_pyramid, mask_pyramid, plan_pyramid
from selfmend.image.resize import resize, scaled_size
from selfmend.methods.base import Method, to_image, to_signed
from selfmend.methods.generative import Generative
from selfmend.methods.gpdm.config import BEST, FAST, PAPER, TINY, GPDMConfig
from selfmend.methods.gpdm.optimize import Hole, Report, hole_at_scale, match_patches


class GPDM(Method, Generative):
    """Moves pixels, coarse to fine, until the patches of the result are distributed as those of the picture."""

    name: ClassVar[str] = "gpdm"
    title: ClassVar[str] = "pixels moved until their patches are distributed as the picture's; nothing is trained"
    source: ClassVar[str] = (
        "A. Elnekave, Y. Weiss, Generating Natural Images with Direct Patch Distribution Matching, ECCV 2022"
    )
    presets: ClassVar = {"fast": FAST, "best": BEST, "paper": PAPER, "tiny": TINY}

    config: GPDMConfig

    def draw(self, image: Image, *, size: Size, generator: torch.Generator, progress: Progress = silent) -> Image:
        """One random sample; see `Generative.draw`."""
        blurred = self.config.start == "blurred"
        return self._generate(image, size, self.config.noise, blurred, generator, progress)

    def reshape(self, image: Image, *, size: Size, generator: torch.Generator, progress: Progress = silent) -> Image:
        """The picture in another shape; see `Generative.reshape`."""
        return self._generate(image, size, self.config.retarget_noise, True, generator, progress)

    def fill(self, image: Image, mask: Mask, *, generator: torch.Generator, progress: Progress = silent) -> Image:
        """Fill one picture, from a first guess at the scale where the hole is shallow; see `Method.fill`."""
        plan = self._plan(image)
        guess = to_signed(get_initialisation(self.config.init)(image, mask, generator=generator))
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
        image: Image,
        size: Size,
        noise: float,
        blurred: bool,
        generator: torch.Generator,
        progress: Progress,
    ) -> Image:
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

    def _plan(self, image: Image) -> PyramidPlan:
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


def _first_scale(holes: Sequence[Hole], mask: Mask, plan: PyramidPlan, *, depth: float) -> int:
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
