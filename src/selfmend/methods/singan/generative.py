"""SinGAN as a maker of new pictures: the part of the method that needs no hole."""

from __future__ import annotations

import warnings
from typing import Self

import torch

from selfmend.core.checks import OptionError, SelfmendWarning, check_image
from selfmend.core.progress import Progress, silent
from selfmend.core.rng import make_generator
from selfmend.core.types import Image, Size
from selfmend.image.pyramid import PyramidPlan, image_pyramid, plan_pyramid, plan_super_resolution_pyramid
from selfmend.image.resize import resize
from selfmend.methods.base import LearningMethod, to_image, to_signed
from selfmend.methods.generative import Generative
from selfmend.methods.singan.config import SinGANConfig
from selfmend.methods.singan.finish import Finish, draw_and_finish
from selfmend.methods.singan.sample import (
    check_learnable_size,
    check_sample_size,
    check_start_scale,
    size_at_finest,
    starting_picture,
)
from selfmend.methods.singan.scales import Scales
from selfmend.methods.singan.super_resolution import enlarge


class GenerativeSinGAN(LearningMethod, Generative):
    """Samples, other shapes and enlargements from trained scales; `SinGAN` adds the training and the filling."""

    config: SinGANConfig
    scales: Scales | None = None

    def plan(self, size: Size) -> PyramidPlan:
        """The pyramid for a picture of `size` (height, width)."""
        config = self.config
        ends = {"min_size": config.min_size, "max_size": config.max_size}
        if config.super_resolution is not None:
            return plan_super_resolution_pyramid(size, config.super_resolution, **ends)
        return plan_pyramid(size, target_factor=config.target_factor, **ends)

    def default_size(self, image: Image) -> Size:
        """The picture's own with the finish, else the finest scale's: the pixels that the scales have learned."""
        size = (image.shape[2], image.shape[3])
        finest = size if self._finishes else self.plan(size).sizes[-1]
        if finest != size:
            message = (
                f"samples have the pixels of the finest scale, {finest[0]}x{finest[1]}, not of the picture's "
                f"{size[0]}x{size[1]}; train with max_size={max(size)} for those"
            )
            warnings.warn(message, SelfmendWarning, stacklevel=3)
        return finest

    def start_scales(self, image: Image) -> dict[int, Size]:
        """See `Generative.start_scales`."""
        sizes = self.plan((image.shape[2], image.shape[3])).sizes
        return {n: size for n, size in enumerate(sizes) if self.scales is None or n >= self.scales.first}

    def check_size(self, image: Image, size: Size, *, reshape: bool = False) -> None:
        """See `Generative.check_size`; every scale that draws must hold a receptive field."""
        plan = self.plan((image.shape[2], image.shape[3]))
        if not self.fitted:
            check_learnable_size(plan)
        level = self._start_scale(plan, reshape=reshape)
        size = size_at_finest(size, image, plan) if reshape or self._finishes else size
        check_sample_size(size, plan, level=level)

    def prepared(self, image: Image, *, seed: int, progress: Progress = silent) -> Self:
        """See `Generative.prepared`."""
        return (
            self
            if self.fitted
            else type(self)(self.config, device=self.device).fit(image, seed=seed, progress=progress)
        )

    def draw(self, image: Image, *, size: Size, generator: torch.Generator, progress: Progress = silent) -> Image:
        """One random sample, from the scale `start_scale` on; see `Generative.draw`."""
        scales = self.trained_scales((image.shape[2], image.shape[3]))
        level = self._start_scale(scales.plan)
        work = size_at_finest(size, image, scales.plan) if self._finishes else size
        return self._draw(scales, image, work, size, level, generator, progress)

    def reshape(self, image: Image, *, size: Size, generator: torch.Generator, progress: Progress = silent) -> Image:
        """The picture, stretched, enters at a coarse scale, and is drawn anew from there; see `Generative.reshape`."""
        scales = self.trained_scales((image.shape[2], image.shape[3]))
        level = self._start_scale(scales.plan, reshape=True)
        work = size_at_finest(size, image, scales.plan)
        result = self._draw(scales, image, work, size, level, generator, progress)
        if self._finishes or work == size:
            return result
        message = (
            f"drawn at the size of the finest scale, {work[0]}x{work[1]}, and enlarged to {size[0]}x{size[1]}; train "
            f"with max_size={max(image.shape[-2:])}, or take a method that learns nothing, for full detail"
        )
        warnings.warn(message, SelfmendWarning, stacklevel=3)
        return resize(result, size)

    def _draw(
        self,
        scales: Scales,
        image: Image,
        work: Size,
        size: Size,
        level: int,
        generator: torch.Generator,
        progress: Progress,
    ) -> Image:
        """Draw with `work` as the size of the finest scale; the finish, if there is one, makes `size` of it."""
        x, sizes = image_pyramid(to_signed(image).to(self.device), scales.plan)[-1], scales.plan.sizes_for(work)
        start = starting_picture(scales, x, level=level, sizes=sizes, below=self.config.start_below)
        how = self.sample_finish(image)
        result = draw_and_finish(
            scales, start, level=level, sizes=sizes, size=size, how=how, generator=generator, progress=progress
        )
        return to_image(result).cpu()

    @property
    def _finishes(self) -> bool:
        return self.config.finish == "always"

    def sample_finish(self, image: Image) -> Finish | None:
        """How samples of `image`, the learned picture, are finished; None where the scales draw all of them."""
        if not self._finishes:
            return None
        return Finish(picture=to_signed(image), start=self.config.exemplars_from, patch=self.config.patch)

    def super_resolve(self, image: Image, *, seed: int = 0, progress: Progress = silent) -> Image:
        """The picture enlarged by the factor for which the scales were trained (option `super_resolution`).

        Args:
            image: (1, C, H, W) in [0, 1], the learned picture.
            seed: of the noise.
            progress: told of each step.

        Returns:
            (1, C, int(factor * H), int(factor * W)) in [0, 1].

        Raises:
            OptionError: not trained, or for samples.
        """
        scales, factor = self.trained_scales((image.shape[2], image.shape[3])), self.config.super_resolution
        if factor is None:
            raise OptionError(
                "this SinGAN was not trained to enlarge; train with super_resolution=4, or another factor"
            )
        x, generator = to_signed(check_image(image)).to(self.device), make_generator(seed, "super-resolution")
        result = enlarge(
            scales, x, factor=factor, generator=generator, back_projections=self.config.back_projections,
            progress=progress,
        )  # fmt: skip
        return to_image(result).cpu()

    def _start_scale(self, plan: PyramidPlan, *, reshape: bool = False) -> int:
        chosen, lowest = self.config.start_scale, int(reshape)  # at scale 0 nothing of the picture enters
        first = self.scales.first if self.scales else 0
        level = lowest if chosen is None else chosen
        return check_start_scale(level, plan, lowest=lowest, first=first, below=self.config.start_below)

    def trained_scales(self, size: Size) -> Scales:
        """The scales, if they are trained, for a picture of `size` (height, width).

        Raises:
            OptionError: not trained, or for a picture of another size.
        """
        if self.scales is None or not self.scales.complete:
            raise OptionError("this SinGAN is not trained; call fit(image, mask) first")
        plan = self.plan(size)
        if plan.sizes != self.scales.plan.sizes:
            raise OptionError(
                f"this SinGAN was trained for {self.scales.plan.sizes[-1]} (height, width) and the picture gives "
                f"{plan.sizes[-1]}; fill the picture that it was trained on"
            )
        return self.scales
