"""SinGAN as a method: fills holes, makes samples and other shapes, enlarges.

Shaham, Dekel and Michaeli 2019; with partial convolutions for holes, Linhart and Castagné 2020.

Filling a hole: a first guess enters the trained scales and is drawn anew by them, from there to the finest.

Linhart & Castagné, "SinGAN for Inpainting", 2020, Sec. 2; entering at a scale is injection.py's.
Pictures are (1, C, H, W) in [-1, 1], masks (1, 1, H, W), True = hole, both of the finest scale's size.

SinGAN as a maker of new pictures: the part of the method that needs no hole.

SinGAN as a method: what it learns from one picture, and how that fills a hole.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self

import torch

from selfmend.errors import OptionError, SelfmendWarning
from selfmend.image.pyramid import PyramidPlan, plan_pyramid, plan_super_resolution_pyramid
from selfmend.methods.hole_init import get_initialisation
from selfmend.methods.learning import LearningMethod, TensorGenerative
from selfmend.methods.singan.config import FAST, PAPER, SLICED_WASSERSTEIN, SLICED_WASSERSTEIN_TINY, TINY, SinGANConfig
from selfmend.methods.singan.finish import Finish, draw_and_finish
from selfmend.methods.singan.redraw import check_injection_scale, redraw_hole
from selfmend.methods.singan.sample import (
    check_learnable_size,
    check_sample_size,
    check_start_scale,
    enlarge,
    size_at_finest,
    starting_picture,
)
from selfmend.methods.singan.scales import Scales
from selfmend.methods.singan.sliced_wasserstein import guided_stages, matched_costs, matched_stages
from selfmend.methods.singan.training import adversarial_stages, channels_at
from selfmend.nn.tensors import (
    ImageTensor,
    MaskTensor,
    image_pyramid,
    make_generator,
    mask_pyramid,
    resize,
    resize_mask,
    to_array,
    to_image,
    to_mask,
    to_signed,
    to_tensor,
)
from selfmend.patches.em import PatchMatchOptions
from selfmend.patches.inpaint import Reference
from selfmend.patches.inpaint import inpaint as exemplar_fill
from selfmend.progress import Progress, ProgressEvent, silent
from selfmend.registration.align import Aligned
from selfmend.training.stage import Stage
from selfmend.types import Image, Size, check_image, size_of


class GenerativeSinGAN(LearningMethod, TensorGenerative):
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
        size = size_of(image)
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
        sizes = self.plan(size_of(image)).sizes
        return {n: size for n, size in enumerate(sizes) if self.scales is None or n >= self.scales.first}

    def check_size(self, image: Image, size: Size, *, reshape: bool = False) -> None:
        """See `Generative.check_size`; every scale that draws must hold a receptive field."""
        plan = self.plan(size_of(image))
        if not self.fitted:
            check_learnable_size(plan)
        level = self._start_scale(plan, reshape=reshape)
        size = size_at_finest(size, size_of(image), plan) if reshape or self._finishes else size
        check_sample_size(size, plan, level=level)

    def prepared(self, image: Image, *, seed: int, progress: Progress = silent) -> Self:
        """See `Generative.prepared`."""
        return (
            self
            if self.fitted
            else type(self)(self.config, device=self.device).fit(image, seed=seed, progress=progress)
        )

    def draw_tensor(
        self, image: ImageTensor, *, size: Size, generator: torch.Generator, progress: Progress = silent
    ) -> ImageTensor:
        """One random sample, from the scale `start_scale` on; see `TensorGenerative`."""
        scales = self.trained_scales((image.shape[2], image.shape[3]))
        level = self._start_scale(scales.plan)
        work = size_at_finest(size, (image.shape[2], image.shape[3]), scales.plan) if self._finishes else size
        return self._draw(scales, image, work, size, level, generator, progress)

    def reshape_tensor(
        self, image: ImageTensor, *, size: Size, generator: torch.Generator, progress: Progress = silent
    ) -> ImageTensor:
        """The picture, stretched, enters at a coarse scale, and is drawn anew from there; see `TensorGenerative`."""
        scales = self.trained_scales((image.shape[2], image.shape[3]))
        level = self._start_scale(scales.plan, reshape=True)
        work = size_at_finest(size, (image.shape[2], image.shape[3]), scales.plan)
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
        image: ImageTensor,
        work: Size,
        size: Size,
        level: int,
        generator: torch.Generator,
        progress: Progress,
    ) -> ImageTensor:
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

    def sample_finish(self, image: ImageTensor) -> Finish | None:
        """How samples of `image`, the learned picture, are finished; None where the scales draw all of them."""
        if not self._finishes:
            return None
        return Finish(picture=to_signed(image), start=self.config.exemplars_from, patch=self.config.patch)

    def super_resolve(self, image: Image, *, seed: int = 0, progress: Progress = silent) -> Image:
        """The picture enlarged by the factor for which the scales were trained (option `super_resolution`).

        Args:
            image: (H, W, C) in [0, 1], the learned picture.
            seed: of the noise.
            progress: called at each step.

        Returns:
            (int(factor * H), int(factor * W), C) in [0, 1].

        Raises:
            OptionError: not trained, or for samples.
        """
        scales, factor = self.trained_scales(size_of(image)), self.config.super_resolution
        if factor is None:
            raise OptionError(
                "this SinGAN was not trained to enlarge; train with super_resolution=4, or another factor"
            )
        x, generator = to_signed(to_tensor(check_image(image))), make_generator(seed, "super-resolution")
        x = x.to(self.device)
        result = enlarge(
            scales, x, factor=factor, generator=generator, back_projections=self.config.back_projections,
            progress=progress,
        )  # fmt: skip
        return to_array(to_image(result))

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


class SinGAN(GenerativeSinGAN):
    """SinGAN; with a mask, SinGAN with partial convolutions."""

    name: ClassVar[str] = "singan"
    source: ClassVar[str] = "Shaham et al., SinGAN, 2019; Linhart, Castagné, SinGAN for Inpainting, 2020"
    presets: ClassVar = {"fast": FAST, "paper": PAPER, "tiny": TINY}
    recipe: ClassVar[str] = "adversarial"
    takes_reference: ClassVar[bool] = True

    fill_options: ClassVar[frozenset[str]] = frozenset(
        {"init", "init_radius", "injection_scale", "injection_depth", "progressive", "keep_known"}
        | {"finish", "finish_from", "finish_keeps", "start_scale", "start_below", "back_projections"}
    )

    def __init__(self, config: SinGANConfig | None = None, *, device: Any = "auto") -> None:
        super().__init__(config, device=device)
        if self.config.recipe != self.recipe:
            other = SlicedWasserstein if self.recipe == "adversarial" else SinGAN
            raise OptionError(f"recipe is {self.config.recipe}; {self.recipe} fits {self.name}, the other {other.name}")

    @property
    def excludes_hole(self) -> bool:
        """See `LearningMethod.excludes_hole`."""
        return self.config.exclude_hole

    def check_learnable(self, image: ImageTensor, mask: MaskTensor | None) -> None:
        """See `LearningMethod.check_learnable`; a critic must find a whole receptive field at every scale."""
        if mask is None or not self.excludes_hole or self.config.recipe == "adversarial":
            check_learnable_size(self.plan((image.shape[2], image.shape[3])))

    def stages(self, image: ImageTensor, mask: MaskTensor | None, *, seed: int) -> Iterator[Stage]:
        """One stage a scale, of the papers' recipe or the guided one; see `LearningMethod.stages`."""
        size = (image.shape[2], image.shape[3])
        plan = self.plan(size)
        if mask is not None and self.config.padding == "noise":
            raise OptionError(
                "padding is noise and there is a mask: partial convolutions do not see what surrounds a picture; train "
                "without a mask, or with padding=zero"
            )
        reals = image_pyramid(to_signed(image).to(self.device), plan)
        valids = None
        if mask is not None:
            valids = [(~m).float() for m in mask_pyramid(mask.to(self.device), plan)]
            reals = [r.where(v > 0.5, r.new_zeros(())) for r, v in zip(reals, valids, strict=True)]
        self.scales = Scales(
            plan=plan, channels=image.shape[1], partial=mask is not None, eight_bit=self.config.eight_bit,
            noise_padding=self.config.padding == "noise",
        )  # fmt: skip
        if self._guided and mask is not None:
            hole = mask_pyramid(mask.to(self.device), plan)[-1]
            self.scales.first = self._injection_scale(hole, plan)
            return guided_stages(self.scales, reals[-1], hole, self.config, guess=self._signed_guess, seed=seed)
        if self.config.recipe == "guided" and mask is None:
            return matched_stages(self.scales, reals, self.config, seed=seed)
        return adversarial_stages(self.scales, reals, valids, self.config, seed=seed)

    def stage_costs(self, image: ImageTensor) -> list[float]:
        """Pixels of a step times channels squared, of the stages that `stages` gave; see the base."""
        plan = self.plan((image.shape[2], image.shape[3]))
        if self.scales and not self.scales.partial and self.config.recipe == "guided":
            return matched_costs(plan, self.config)
        first = self.scales.first if self.scales else 0
        crop = self.config.crop if self._guided else 10**6
        sizes = plan.sizes
        return [
            float(min(h, crop) * min(w, crop) * channels_at(self.config, level) ** 2)
            for level, (h, w) in enumerate(sizes)
            if level >= first
        ]

    def fill_tensor(
        self, image: ImageTensor, mask: MaskTensor, *, generator: torch.Generator, progress: Progress = silent
    ) -> ImageTensor:
        """Fill one picture; see `Method.fill`."""
        return self._fill(image, mask, None, generator, progress)

    def fill_tensor_from(
        self,
        image: ImageTensor,
        mask: MaskTensor,
        reference: Aligned,
        *,
        generator: torch.Generator,
        progress: Progress = silent,
    ) -> ImageTensor:
        """Fill one picture; the reference is the first guess, as far as it reaches. See `Method.fill_from`."""
        return self._fill(image, mask, reference, generator, progress)

    def _fill(
        self,
        image: ImageTensor,
        mask: MaskTensor,
        reference: Aligned | None,
        generator: torch.Generator,
        progress: Progress,
    ) -> ImageTensor:
        scales = self.trained_scales((image.shape[2], image.shape[3]))
        finest = scales.plan.sizes[-1]
        small, hole, left = image, mask, mask
        if reference is not None:
            shown = to_tensor(reference.known)
            small, left = torch.where(mask & shown, to_tensor(reference.image), image), mask & ~shown
        if image.shape[-2:] != finest:
            nominal = max(finest) / max(image.shape[-2:])
            small = resize(small, finest, scale=nominal).clamp(0, 1)
            hole, left = (resize_mask(m, finest, scale=nominal) for m in (mask, left))
        progress(ProgressEvent(stage="first guess"))
        guess = self.first_guess(small, left, generator=generator) if left.any() else small
        progress(ProgressEvent(stage="filling"))
        x = redraw_hole(
            scales,
            to_signed(guess).to(self.device),
            hole.to(self.device),
            level=self._injection_scale(hole, scales.plan, first=scales.first),
            generator=generator,
            keep_known=self.config.keep_known,
            progressive=self.config.progressive,
        )
        filled = torch.where(hole, to_image(x).cpu(), guess)
        larger = filled.shape != image.shape
        if larger:
            filled = torch.where(mask, resize(filled, (image.shape[2], image.shape[3])).clamp(0, 1), image)
        if self.config.finish == "never" or not (larger or self.config.finish == "always"):
            return filled
        return self.finish(image, mask, filled, generator=generator, reference=reference)

    @torch.no_grad()
    def preview(self, image: ImageTensor, mask: MaskTensor | None) -> ImageTensor | None:
        """See `LearningMethod.preview`: the finest trained scale takes the place of the finest one."""
        scales = self.scales.so_far() if self.scales else None
        if self.scales is None or scales is None:
            return None
        level, size = len(scales.plan.sizes) - 1, scales.plan.sizes[-1]
        generator = make_generator(0, "preview")
        if mask is None:  # what enlarges has no scales that a sample could come from
            made = scales.random_at(level, generator=generator, device=self.device) if not scales.first else None
            return None if made is None else to_image(made).cpu()
        hole = resize_mask(mask, size)
        guess = self.first_guess(resize(image, size).clamp(0, 1), hole, generator=generator)
        full = resize_mask(mask, self.scales.plan.sizes[-1])
        level = min(level, self._injection_scale(full, self.scales.plan, first=scales.first))
        x = redraw_hole(
            scales, to_signed(guess).to(self.device), hole.to(self.device), level=level, generator=generator,
            keep_known=self.config.keep_known,
        )  # fmt: skip
        drawn = resize(to_image(x).cpu(), (image.shape[2], image.shape[3])).clamp(0, 1)
        return torch.where(mask, drawn, image)

    def finish(
        self,
        image: ImageTensor,
        mask: MaskTensor,
        filled: ImageTensor,
        *,
        generator: torch.Generator,
        reference: Aligned | None = None,
    ) -> ImageTensor:
        """Give a fill the picture's own detail by an exemplar pass at full size.

        The scales stop at `max_size` and draw smoothly; exemplars carry what they drew to the full size.

        Args:
            image: (1, C, H, W) in [0, 1].
            mask: (1, 1, H, W), True = hole.
            filled: (1, C, H, W), a fill of any size's detail.
            generator: of the search.
            reference: its patches join those of the picture.

        Returns:
            (1, C, H, W), known pixels as they came.
        """
        height, width = self.plan((image.shape[2], image.shape[3])).sizes[-1]
        share = self.config.finish_from
        size = max(1, round(height * share)), max(1, round(width * share))
        options = PatchMatchOptions(guess_kept=self.config.finish_keeps)
        references = [] if reference is None else [Reference(reference.image, reference.known)]
        finished = exemplar_fill(
            to_array(image), to_mask(mask), seed=generator.initial_seed(), options=options, guess=to_array(filled),
            guess_size=size, references=references,
        )  # fmt: skip
        return to_tensor(finished)

    def with_fill_options(self, options: Mapping[str, Any]) -> Self:
        """See `LearningMethod.with_fill_options`; warns where the scales learned to mend another first guess."""
        changed = super().with_fill_options(options)
        if self._guided and changed.config.init != self.config.init:
            message = (
                f"these scales learned to mend first guesses of {self.config.init!r}, not of {changed.config.init!r}; "
                f"train with init={changed.config.init} for the best result"
            )
            warnings.warn(message, SelfmendWarning, stacklevel=3)
        return changed

    def first_guess(self, image: ImageTensor, mask: MaskTensor, *, generator: torch.Generator) -> ImageTensor:
        """The picture with its hole filled by `config.init`."""
        name = "mean" if self.config.init == "none" else self.config.init
        options: dict[str, Any] = {"radius": self.config.init_radius} if name == "local-means" else {}
        seed = generator.initial_seed()
        return to_tensor(get_initialisation(name)(to_array(image), to_mask(mask), seed=seed, **options))

    def _injection_scale(self, hole: MaskTensor, plan: PyramidPlan, *, first: int = 0) -> int:
        config = self.config
        return check_injection_scale(config.injection_scale, hole, plan, depth=config.injection_depth, first=first)

    def _signed_guess(self, x: torch.Tensor, mask: MaskTensor, generator: torch.Generator) -> torch.Tensor:
        """`first_guess` of a picture in [-1, 1]."""
        guess = self.first_guess(to_image(x).cpu(), mask.cpu(), generator=generator)
        return to_signed(guess).to(self.device)

    @property
    def _guided(self) -> bool:
        """Whether the scales were trained on first guesses: the guided recipe needs a hole, and so partial nets."""
        return self.config.recipe == "guided" and self.scales is not None and self.scales.partial

    def state_dict(self) -> dict[str, Any]:
        """The scales; see `LearningMethod.state_dict`."""
        if self.scales is None:
            raise OptionError("this SinGAN is not trained; call fit(image, mask) first")
        return {"scales": self.scales.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""
        self.scales = Scales.from_state(state["scales"], ratio=self.config.partial_ratio, device=self.device)


class SlicedWasserstein(SinGAN):
    """SinGAN's generators without a critic, and exemplars above them: quick, and no GAN.

    Without a hole the coarse scales learn that the patches of what they draw are distributed as the picture's (sliced
    Wasserstein distance; GPDM, ECCV 2022), with a hole to mend copies of it that are painted over what is known.
    """

    name: ClassVar[str] = "sliced-wasserstein"
    source: ClassVar[str] = "ours (docs/results-generation.md); A. Elnekave, Y. Weiss, GPDM, ECCV 2022"
    presets: ClassVar = {"default": SLICED_WASSERSTEIN, "tiny": SLICED_WASSERSTEIN_TINY}
    recipe: ClassVar[str] = "guided"
