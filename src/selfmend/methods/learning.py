"""Methods that hold something learned: the door between the arrays of the house and the tensors that nets work on.

`fill` takes and gives arrays, as every method's; `fill_tensor` is what a subclass implements.
"""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import torch

from selfmend.errors import OptionError
from selfmend.masks.reading import check_hole
from selfmend.methods.base import Configured, Method
from selfmend.methods.generative import Generative
from selfmend.methods.hole_init import mean
from selfmend.nn.tensors import ImageTensor, MaskTensor, to_array, to_tensor
from selfmend.options import replace_options
from selfmend.progress import Progress, after_learning, silent, while_learning
from selfmend.registration.align import Aligned
from selfmend.training.devices import resolve_device
from selfmend.training.loop import run
from selfmend.training.stage import Stage, with_previews
from selfmend.types import Image, Mask, Size, check_image, check_mask


class OnTorchDevice(Configured):
    """What computes on a device of PyTorch's."""

    device: torch.device

    @staticmethod
    def resolved_device(name: str | torch.device) -> torch.device:
        """See `Configured.resolved_device`."""
        return resolve_device(name)


class TensorMethod(OnTorchDevice, Method):
    """A method that fills tensors; subclasses implement `fill_tensor`, and `fill_tensor_from` with a reference."""

    def fill(self, image: Image, mask: Mask, *, seed: int, progress: Progress = silent) -> Image:
        """Fill one picture; see `Method.fill`."""
        generator = torch.Generator().manual_seed(seed)
        return to_array(self.fill_tensor(to_tensor(image), to_tensor(mask), generator=generator, progress=progress))

    def fill_from(
        self, image: Image, mask: Mask, reference: Aligned, *, seed: int, progress: Progress = silent
    ) -> Image:
        """Fill one picture with another of the scene; see `Method.fill_from`."""
        generator = torch.Generator().manual_seed(seed)
        filled = self.fill_tensor_from(
            to_tensor(image), to_tensor(mask), reference, generator=generator, progress=progress
        )
        return to_array(filled)

    @abstractmethod
    def fill_tensor(
        self, image: ImageTensor, mask: MaskTensor, *, generator: torch.Generator, progress: Progress = silent
    ) -> ImageTensor:
        """Fill one picture.

        Args:
            image: (1, C, H, W) in [0, 1], the hole holding the known pixels' mean.
            mask: (1, 1, H, W) with at least one hole and one known pixel.
            generator: the only source of randomness.
            progress: called with each event.

        Returns:
            (1, C, H, W); only its hole pixels are used.
        """

    def fill_tensor_from(
        self,
        image: ImageTensor,
        mask: MaskTensor,
        reference: Aligned,
        *,
        generator: torch.Generator,
        progress: Progress = silent,
    ) -> ImageTensor:
        """`fill_tensor` with another picture of the scene, where `takes_reference` says so."""
        raise NotImplementedError(f"{self.name} says that it takes a reference and has no fill_tensor_from")


class TensorGenerative(Generative):
    """A generative method that draws tensors; subclasses implement `draw_tensor` and `reshape_tensor`."""

    def draw(self, image: Image, *, size: Size, seed: int, spread: float, progress: Progress = silent) -> Image:
        """One random sample; see `Generative.draw`."""
        generator = torch.Generator().manual_seed(seed)
        return to_array(self.draw_tensor(to_tensor(image), size=size, generator=generator, progress=progress))

    def reshape(self, image: Image, *, size: Size, seed: int, progress: Progress = silent) -> Image:
        """The picture in another size; see `Generative.reshape`."""
        generator = torch.Generator().manual_seed(seed)
        return to_array(self.reshape_tensor(to_tensor(image), size=size, generator=generator, progress=progress))

    @abstractmethod
    def draw_tensor(
        self, image: ImageTensor, *, size: Size, generator: torch.Generator, progress: Progress = silent
    ) -> ImageTensor:
        """One random sample (1, C, *size) like a picture (1, C, H, W)."""

    @abstractmethod
    def reshape_tensor(
        self, image: ImageTensor, *, size: Size, generator: torch.Generator, progress: Progress = silent
    ) -> ImageTensor:
        """The picture (1, C, H, W) itself as (1, C, *size)."""


class TrainedMethod(OnTorchDevice, Method):
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


class LearningMethod(TrainedMethod, TensorMethod):
    """A method that learns from the one picture that it fills.

    Subclasses implement `stages`, `fill_tensor`, `state_dict` and `load_state_dict`; `inpaint` trains first where `fit`
    was not called, once a picture.
    """

    learns: ClassVar[bool] = True

    @property
    def excludes_hole(self) -> bool:
        """Whether the hole is kept out of the learning; else the picture is learned with whatever is in its hole."""
        return True

    def check_learnable(self, image: ImageTensor, mask: MaskTensor | None) -> None:
        """Refuse, before anything is written, a picture (1, C, H, W) that this method cannot learn.

        Raises:
            SelfmendError: what does not fit.
        """

    @abstractmethod
    def stages(self, image: ImageTensor, mask: MaskTensor | None, *, seed: int) -> Iterator[Stage]:
        """The stages of training on one picture (1, C, H, W); afterwards the method holds what was trained.

        `mask` (1, 1, H, W) keeps the hole out of every network and mean; None learns from the whole picture.
        """

    def preview(self, image: ImageTensor, mask: MaskTensor | None) -> ImageTensor | None:
        """What the stages that are trained so far make, for a person who waits; it changes nothing.

        With a mask, `image` (its hole at the known pixels' mean) with a filled hole, else a new picture of any size;
        None where there is nothing yet.
        """
        return None

    def stage_costs(self, image: ImageTensor) -> list[float]:
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
            image: (H, W, C) in [0, 1].
            mask: (H, W), True = hole, kept out of the learning if `excludes_hole`; None learns from everything.
            seed: same seed, same weights to the bit (on one kind of machine and number of threads).
            folder: where the training state is kept and resumed from; None keeps nothing.
            progress: called at every step.

        Raises:
            ImageError, MaskError: wrong kind, range or size.
            TrainingError: a loss is no longer finite.
        """
        if mask is not None:
            check_mask(mask, image)
            mask = mask if check_hole(mask) and self.excludes_hole else None
        x = to_tensor(check_image(image if mask is None else mean(image, mask)))
        hole = None if mask is None else to_tensor(mask)
        self.check_learnable(x, hole)
        stages, costs = self.stages(x, hole, seed=seed), self.stage_costs(x)

        def preview() -> Image | None:
            made = self.preview(x, hole)
            return None if made is None else to_array(made)

        stages = with_previews(stages, preview, costs=costs, progress=progress)
        run(stages, seed=seed, folder=folder, progress=progress, stage_costs=costs)
        self.fitted = True
        return self

    def _ready(self, image: Image, mask: Mask, seed: int, progress: Progress) -> Self:
        if self.fitted or self.excludes_hole:
            return self
        return self._fresh().fit(image, mask, seed=seed, progress=progress)

    def _samples(
        self, image: Image, mask: Mask, seed: int, samples: int, progress: Progress, reference: Aligned | None
    ) -> list[Image]:
        if self.fitted:
            return super()._samples(image, mask, seed, samples, progress, reference)
        learner = self._fresh().fit(image, mask, seed=seed, progress=while_learning(progress))
        return learner._samples(image, mask, seed, samples, after_learning(progress), reference)

    def _fresh(self) -> Self:
        return type(self)(self.config, device=self.device)
