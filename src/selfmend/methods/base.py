"""What every method is; the only place that checks, clears the hole and pastes known pixels back."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from selfmend.errors import ImageError, OptionError, check_known
from selfmend.masks.reading import check_hole
from selfmend.methods.hole_init import mean
from selfmend.options import DEVICES, replace_options
from selfmend.progress import Progress, sample_shares, silent
from selfmend.seeding import derive_seed
from selfmend.types import Image, Mask, check_image, check_mask

if TYPE_CHECKING:
    from selfmend.registration.align import Aligned


@dataclasses.dataclass(frozen=True)
class Choice:
    """What a method that chooses does with a part of the hole.

    Attributes:
        by: what fills it.
        share: of the hole, 0 to 1.
        why: in words.
    """

    by: str
    share: float
    why: str


class Configured(ABC):
    """What has a name, presets and a device: methods that fill, and those that only enlarge.

    Attributes:
        name: the key in the registry.
        title: one line for `selfmend methods`, of a plug-in; `registry.py` has those of all others, so that a list of
            them imports none.
        source: the paper.
        presets: named configs; the first is the default.
    """

    name: ClassVar[str]
    title: ClassVar[str] = ""
    source: ClassVar[str]
    presets: ClassVar[Mapping[str, Any]]

    def __init__(self, config: Any = None, *, device: Any = "auto") -> None:
        self.config = next(iter(self.presets.values())) if config is None else config
        self.device = self.resolved_device(device)

    @staticmethod
    def resolved_device(name: Any) -> Any:
        """The device that is meant; what runs on the CPU anyway only checks the name.

        Raises:
            OptionError: an unknown name, or for a method of networks a device that this machine lacks.
        """
        check_known("device", str(name).partition(":")[0], DEVICES)
        return "cpu"

    @classmethod
    def from_options(
        cls, preset: str | None = None, options: Mapping[str, Any] | None = None, *, device: Any = "auto"
    ) -> Self:
        """A method from the name of a preset and changes to its fields.

        Raises:
            OptionError: unknown preset or option (the nearest known one is named), or a value that does not fit.
        """
        name = check_known(f"preset of {cls.name}", preset, cls.presets) if preset else next(iter(cls.presets))
        return cls(replace_options(cls.presets[name], options or {}), device=device)


class Method(Configured):
    """A way to fill holes. Subclasses say what they are and implement `fill`; users call `inpaint`.

    Attributes:
        learns: whether the method trains on the picture that it fills.
        learns_from_folder: whether the method trains on a folder of pictures, before it can fill any.
        deterministic: whether the seed has no influence.
        takes_reference: whether another picture of the scene helps; such a method implements `fill_from`.
    """

    learns: ClassVar[bool] = False
    learns_from_folder: ClassVar[bool] = False
    deterministic: ClassVar[bool] = False
    takes_reference: ClassVar[bool] = False

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
        """Fill the hole of a picture.

        Args:
            image: (H, W, C) in [0, 1]; the hole's content has no influence, it may be NaN.
            mask: (H, W), True = hole.
            seed: same seed, same bytes.
            samples: number of different fills.
            reference: another picture of the scene, as it lies on `image`.
            progress: called with each event.

        Returns:
            `samples` pictures (H, W, C), equal to `image` to the bit outside the hole.

        Raises:
            ImageError, MaskError: wrong kind, range or size, or a mask that leaves nothing known.
            OptionError: fewer than one sample, or a reference for a method that takes none.
        """
        self._check(image, samples, reference)
        check_mask(mask, image)
        if not check_hole(mask):
            check_image(image)
            return [image.copy() for _ in range(samples)]
        window = self.window(mask) if reference is None else None
        if window is None:
            return self.fills(image, mask, seed=seed, samples=samples, reference=reference, progress=progress)
        check_image(image, mask)  # a small hole in a large picture takes little memory
        parts = self.fills(image[window], mask[window], seed=seed, samples=samples, progress=progress)
        return [_with_part(image, window, part) for part in parts]

    def _check(self, image: Image, samples: int, reference: Aligned | None) -> None:
        if reference is not None:
            from selfmend.methods.registry import check_takes_reference  # which knows all methods

            check_takes_reference(type(self))
            if reference.image.shape != image.shape:
                raise ImageError(
                    f"the reference is {reference.image.shape} and the picture {image.shape}; the same shape fits"
                )
        if samples < 1:
            raise OptionError(f"samples is {samples}; at least 1 fits")

    def fills(
        self,
        image: Image,
        mask: Mask,
        *,
        seed: int = 0,
        samples: int = 1,
        reference: Aligned | None = None,
        progress: Progress = silent,
    ) -> list[Image]:
        """`inpaint` for a hole that was looked at already, of all given: a picture, or the part `window` names."""
        self._check(image, samples, reference)
        worker = self._ready(image, mask, seed, progress)
        clean = check_image(mean(image, mask))  # what was in the hole is gone from here on, for every method
        fills = worker._samples(clean, mask, seed, samples, progress, reference)
        return [_pasted(image, mask, fill) for fill in fills]

    def window(self, mask: Mask) -> tuple[slice, slice] | None:
        """The part of a picture beyond which the method looks at nothing for this hole; None is all of it.

        The method fills the part alone to the same bits.

        Args:
            mask: bool (H, W), True = hole; it has one.
        """
        return None

    def _ready(self, image: Image, mask: Mask, seed: int, progress: Progress) -> Self:
        """What fills: the method itself, or one that has learned the picture as it came, hole and all."""
        return self

    def _samples(
        self, image: Image, mask: Mask, seed: int, samples: int, progress: Progress, reference: Aligned | None
    ) -> list[Image]:
        each = [(derive_seed(seed, "sample", k), share) for k, share in enumerate(sample_shares(progress, samples))]
        if reference is None:
            makers = [self, *(self.varied() for _ in each[1:])]
            return [
                maker.fill(image, mask, seed=one, progress=share)
                for maker, (one, share) in zip(makers, each, strict=True)
            ]
        return [self.fill_from(image, mask, reference, seed=one, progress=share) for one, share in each]

    def varied(self) -> Self:
        """The method that makes further fills, which are to differ from the first; itself where seeds are enough."""
        return self

    def choices(self, mask: Mask, *, reference: bool = False) -> list[Choice]:
        """What fills which part of a hole, and why; empty for a method that fills all of it in one way.

        Args:
            mask: bool (H, W), True = hole.
            reference: whether another picture of the scene is at hand.
        """
        return []

    @abstractmethod
    def fill(self, image: Image, mask: Mask, *, seed: int, progress: Progress = silent) -> Image:
        """Fill one picture.

        Args:
            image: (H, W, C) in [0, 1], the hole holding the known pixels' mean.
            mask: (H, W) with at least one hole and one known pixel.
            seed: of all that is drawn.
            progress: called with each event.

        Returns:
            (H, W, C); only its hole pixels are used.
        """

    def fill_from(
        self,
        image: Image,
        mask: Mask,
        reference: Aligned,
        *,
        seed: int,
        progress: Progress = silent,
    ) -> Image:
        """`fill` with another picture of the scene, where `takes_reference` says so.

        Args:
            image, mask, seed, progress: as in `fill`.
            reference: of the size and channels of `image`, in its colours.
        """
        raise NotImplementedError(f"{self.name} says that it takes a reference and has no fill_from")


def _pasted(image: Image, mask: Mask, fill: Image) -> Image:
    """`image` with its hole from `fill`, clamped; known pixels are copied, so they may hold anything.

    Where the fill is an array of its own, it becomes the result: a large picture is not held once more.
    """
    own = fill.dtype == np.float32 and fill.base is None and fill.flags.writeable and fill is not image
    result = fill if own else image.copy()
    result[mask] = fill[mask].clip(0, 1)
    if own:
        np.copyto(result, image, where=~mask[..., None])
    return result


def _with_part(image: Image, window: tuple[slice, slice], part: Image) -> Image:
    """`image` with another part in a window."""
    result = image.copy()
    result[window] = part
    return result


def describe_config(config: Any) -> dict[str, Any]:
    """A config as plain JSON values."""
    return dataclasses.asdict(config)
