"""What every method is; the only place that checks, converts the range and pastes known pixels back."""

from __future__ import annotations

import copy
import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import torch

from selfmend.errors import ImageError, OptionError, SelfmendError, check_known
from selfmend.hole_init.mean import mean
from selfmend.masks.reading import check_hole
from selfmend.options import replace_options
from selfmend.progress import Progress, sample_shares, silent
from selfmend.registration.align import Aligned
from selfmend.seeding import make_generator
from selfmend.training.loop import run
from selfmend.training.stage import Stage, with_previews
from selfmend.types import Image, Mask, check_image, check_mask


def to_signed(image: Image) -> torch.Tensor:
    """[0, 1] to the nets' [-1, 1]."""
    return image * 2 - 1


def to_image(x: torch.Tensor) -> Image:
    """The nets' [-1, 1] to [0, 1], clamped: a generator's residual sum may step a little outside."""
    return ((x + 1) / 2).clamp(0, 1)


class Method(ABC):
    """A way to fill holes. Subclasses say what they are and implement `fill`; users call `inpaint`.

    Attributes:
        name: the key in `METHODS`.
        title: one line for `selfmend methods`.
        source: the paper.
        presets: named configs; the first is the default.
        learns: whether the method trains on the picture that it fills.
        learns_from_folder: whether the method trains on a folder of pictures, before it can fill any.
        deterministic: whether the seed has no influence.
        takes_reference: whether another picture of the scene helps; such a method implements `fill_from`.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    source: ClassVar[str]
    presets: ClassVar[Mapping[str, Any]]
    learns: ClassVar[bool] = False
    learns_from_folder: ClassVar[bool] = False
    deterministic: ClassVar[bool] = False
    takes_reference: ClassVar[bool] = False

    def __init__(self, config: Any = None, *, device: str | torch.device = "cpu") -> None:
        self.config = next(iter(self.presets.values())) if config is None else config
        self.device = torch.device(device)

    @classmethod
    def from_options(
        cls, preset: str | None = None, options: Mapping[str, Any] | None = None, *, device: str | torch.device = "cpu"
    ) -> Self:
        """A method from the name of a preset and changes to its fields.

        Raises:
            OptionError: unknown preset or option (the nearest known one is named), or a value that does not fit.
        """
        name = check_known(f"preset of {cls.name}", preset, cls.presets) if preset else next(iter(cls.presets))
        return cls(replace_options(cls.presets[name], options or {}), device=device)

    def inpaint(
        self,
        image: Image,
        mask: Mask,
        *,
        seed: int = 0,
        samples: int = 1,
        reference: Aligned | None = None,
        progress: Progress = silent,
    ) -> list[Image]:
        """Fill the holes of one or more pictures.

        Args:
            image: (N, C, H, W) in [0, 1]; the hole's content has no influence, it may be NaN.
            mask: (N, 1, H, W), True = hole.
            seed: same seed, same bytes. Every picture of a batch is filled as it would be alone.
            samples: number of different fills.
            reference: another picture of the scene, as it lies on `image`, which is then a single one.
            progress: told of what happens.

        Returns:
            `samples` pictures (N, C, H, W), equal to `image` to the bit outside the hole.

        Raises:
            ImageError, MaskError: wrong kind, range or size, or a mask that leaves nothing known.
            OptionError: fewer than one sample, or a reference for a method that takes none.
        """
        if reference is not None:
            from selfmend.methods import check_takes_reference  # which knows all methods

            check_takes_reference(type(self))
            if image.shape[0] != 1 or reference.image.shape != image.shape:
                shapes = f"{tuple(reference.image.shape)} and the picture {tuple(image.shape)}"
                raise ImageError(f"the reference is {shapes}; one picture of the same shape fits")
        if samples < 1:
            raise OptionError(f"samples is {samples}; at least 1 fits")
        check_mask(mask, image)
        if not check_hole(mask):
            check_image(image)
            return [image.clone() for _ in range(samples)]
        worker = self._ready(image, mask, seed, progress)
        clean = check_image(mean(image, mask))  # what was in the hole is gone from here on, for every method
        singles = [
            worker._samples_of_one(one, hole, seed, samples, progress, reference)
            for one, hole in zip(clean.split(1), mask.split(1), strict=True)
        ]
        fills = [torch.cat(parts) for parts in zip(*singles, strict=True)]
        return [torch.where(mask, fill.clamp(0, 1), image) for fill in fills]

    def _ready(self, image: Image, mask: Mask, seed: int, progress: Progress) -> Self:
        """What fills: the method itself, or one that has learned the picture as it came, hole and all."""
        return self

    def _samples_of_one(
        self, image: Image, mask: Mask, seed: int, samples: int, progress: Progress, reference: Aligned | None
    ) -> list[Image]:
        if not mask.any():  # one picture of a batch may have no hole
            return [image] * samples
        each = [(make_generator(seed, "sample", k), share) for k, share in enumerate(sample_shares(progress, samples))]
        if reference is None:
            return [self.fill(image, mask, generator=one, progress=share) for one, share in each]
        return [self.fill_from(image, mask, reference, generator=one, progress=share) for one, share in each]

    @abstractmethod
    def fill(self, image: Image, mask: Mask, *, generator: torch.Generator, progress: Progress = silent) -> Image:
        """Fill one picture.

        Args:
            image: (1, C, H, W) in [0, 1], the hole holding the known pixels' mean.
            mask: (1, 1, H, W) with at least one hole and one known pixel.
            generator: the only source of randomness.
            progress: told of what happens.

        Returns:
            (1, C, H, W); only its hole pixels are used.
        """

    def fill_from(
        self,
        image: Image,
        mask: Mask,
        reference: Aligned,
        *,
        generator: torch.Generator,
        progress: Progress = silent,
    ) -> Image:
        """`fill` with another picture of the scene, where `takes_reference` says so.

        Args:
            image, mask, generator, progress: as in `fill`.
            reference: of the size and channels of `image`, in its colours.
        """
        raise NotImplementedError(f"{self.name} says that it takes a reference and has no fill_from")


class TrainedMethod(Method):
    """A method with something learned in it, from one picture or from many.

    Attributes:
        fitted: whether it has learned.
        fill_options: fields of the config that may change after training.
    """

    fill_options: ClassVar[frozenset[str]] = frozenset()
    fitted: bool = False

    def with_fill_options(self, options: Mapping[str, Any]) -> Self:
        """The same trained method with other settings for filling.

        Raises:
            OptionError: an unknown option, or one that training has fixed.
        """
        config = replace_options(self.config, options)
        fixed = sorted(options.keys() - self.fill_options)
        if fixed:
            allowed = ", ".join(sorted(self.fill_options)) or "none"
            raise OptionError(f"option {fixed[0]} is fixed by the training; after it, these can change: {allowed}")
        changed = copy.copy(self)  # shares the trained networks
        changed.config = config
        return changed

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """All that `fill` needs beside the config: nested dicts and lists of tensors and numbers."""

    @abstractmethod
    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave."""


class LearningMethod(TrainedMethod):
    """A method that learns from the one picture that it fills.

    Subclasses implement `stages`, `fill`, `state_dict` and `load_state_dict`; `inpaint` trains first where `fit` was
    not called, once a picture.
    """

    learns: ClassVar[bool] = True

    @property
    def excludes_hole(self) -> bool:
        """Whether the hole is kept out of the learning; else the picture is learned with whatever is in its hole."""
        return True

    def check_learnable(self, image: Image, mask: Mask | None) -> None:
        """Refuse, before anything is written, a picture (1, C, H, W) that this method cannot learn.

        Raises:
            SelfmendError: what does not fit.
        """

    @abstractmethod
    def stages(self, image: Image, mask: Mask | None, *, seed: int) -> Iterator[Stage]:
        """The stages of training on one picture (1, C, H, W); afterwards the method holds what was trained.

        `mask` (1, 1, H, W) keeps the hole out of every network and mean; None learns from the whole picture.
        """

    def preview(self, image: Image, mask: Mask | None) -> Image | None:
        """What the stages that are trained so far make, for a person who waits; it changes nothing.

        With a mask, `image` (its hole at the known pixels' mean) with a filled hole, else a new picture of any size;
        None where there is nothing yet.
        """
        return None

    def stage_costs(self, image: Image) -> list[float]:
        """Relative cost of each stage as a whole, for the time left; empty where it is not known beforehand."""
        return []

    def fit(
        self,
        image: Image,
        mask: Mask | None = None,
        *,
        seed: int = 0,
        folder: Path | None = None,
        progress: Progress = silent,
    ) -> Self:
        """Learn from one picture.

        Args:
            image: (1, C, H, W) in [0, 1].
            mask: (1, 1, H, W), True = hole, kept out of the learning if `excludes_hole`; None learns from everything.
            seed: same seed, same weights to the bit (on one kind of machine and number of threads).
            folder: where the training state is kept and resumed from; None keeps nothing.
            progress: told of every step.

        Raises:
            ImageError, MaskError: wrong kind, range or size.
            TrainingError: a loss is no longer finite.
        """
        if mask is not None:
            check_mask(mask, image)
            mask = mask if check_hole(mask) and self.excludes_hole else None
        image = check_image(image if mask is None else mean(image, mask))
        if image.shape[0] != 1:
            raise SelfmendError(f"{self.name} learns from one picture; {image.shape[0]} came")
        self.check_learnable(image, mask)
        stages, costs = self.stages(image, mask, seed=seed), self.stage_costs(image)
        stages = with_previews(stages, lambda: self.preview(image, mask), costs=costs, progress=progress)
        run(stages, seed=seed, folder=folder, progress=progress, stage_costs=costs)
        self.fitted = True
        return self

    def _ready(self, image: Image, mask: Mask, seed: int, progress: Progress) -> Self:
        if self.fitted or self.excludes_hole:
            return self
        return self._fresh().fit(image, mask, seed=seed, progress=progress)

    def _samples_of_one(
        self, image: Image, mask: Mask, seed: int, samples: int, progress: Progress, reference: Aligned | None
    ) -> list[Image]:
        if self.fitted or not mask.any():
            return super()._samples_of_one(image, mask, seed, samples, progress, reference)
        learner = self._fresh().fit(image, mask, seed=seed, progress=progress)
        return learner._samples_of_one(image, mask, seed, samples, progress, reference)

    def _fresh(self) -> Self:
        return type(self)(self.config, device=self.device)


def describe_config(config: Any) -> dict[str, Any]:
    """A config as plain JSON values."""
    return dataclasses.asdict(config)
