"""Methods that make new pictures out of one: samples and other shapes (`Generative`), enlargements (`Enlarging`)."""

from __future__ import annotations

import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar, Self

from selfmend.errors import OptionError, SelfmendWarning
from selfmend.progress import Progress, after_learning, share_of, silent, while_learning
from selfmend.seeding import derive_seed, make_rng
from selfmend.types import Image, Size, check_image, size_of

MOST_PIXELS = 2**28
"""Of one picture."""

MOST_PIXELS_AT_ONCE = 2**30
"""Of all samples together, which are in memory at the same time: 12 GiB of RGB."""

_GOLDEN = (math.sqrt(5) - 1) / 2  # its multiples modulo 1 are spread evenly, however many there are (Weyl)


class Generative(ABC):
    """Mixed into a `Method`. Subclasses implement `draw` and `reshape`; users call `sample` and `retarget`."""

    name: ClassVar[str]

    def sample(
        self, image: Image, *, size: Size | None = None, samples: int = 1, seed: int = 0, progress: Progress = silent
    ) -> list[Image]:
        """New pictures that look like one.

        Args:
            image: (H, W, C) in [0, 1].
            size: (height, width) of the new ones, in pixels; None is `default_size`.
            samples: how many.
            seed: same seed, same bytes; the k-th sample does not depend on how many there are.
            progress: called with each event.

        Returns:
            `samples` pictures (*size, C) in [0, 1].

        Raises:
            ImageError: wrong kind or range.
            OptionError: fewer than one sample, or a size that the method cannot make.
        """
        check_image(image)
        size = size or self.default_size(image)
        self.check_size(image, check_pixels(size, samples=samples))
        worker = self.prepared(image, seed=seed, progress=while_learning(progress))
        progress = progress if worker is self else after_learning(progress)
        first = make_rng(seed, "spread").random()
        return [
            worker.draw(
                image,
                size=size,
                seed=derive_seed(seed, "sample", k),
                spread=(first + k * _GOLDEN) % 1,
                progress=share_of(progress, k, samples, f"sample {k + 1} of {samples}"),
            ).clip(0, 1)
            for k in range(samples)
        ]

    def retarget(self, image: Image, *, size: Size, seed: int = 0, progress: Progress = silent) -> Image:
        """The picture in another shape: its things keep their sizes and places, what lies between them gives way.

        Args, Returns, Raises: as `sample`, for one picture.
        """
        self.check_size(check_image(image), check_pixels(size), reshape=True)
        worker = self.prepared(image, seed=seed, progress=while_learning(progress))
        progress = progress if worker is self else after_learning(progress)
        told = share_of(progress, 0, 1, "retargeting")
        return worker.reshape(image, size=size, seed=derive_seed(seed, "retarget"), progress=told).clip(0, 1)

    def default_size(self, image: Image) -> Size:
        """The size of samples where none is named: the picture's own."""
        return size_of(image)

    def start_scales(self, image: Image) -> dict[int, Size]:
        """The scales from which samples can start, and their sizes in the picture's pyramid; none where all is one."""
        return {}

    def check_size(self, image: Image, size: Size, *, reshape: bool = False) -> None:
        """Refuse, before any training, what `draw` (or `reshape`) could not make of this picture.

        Raises:
            OptionError: a size, or an option, that does not fit the picture.
        """
        return

    def prepared(self, image: Image, *, seed: int, progress: Progress = silent) -> Self:
        """The method ready to draw: a learning one trains here if it has not yet."""
        return self

    @abstractmethod
    def draw(self, image: Image, *, size: Size, seed: int, spread: float, progress: Progress = silent) -> Image:
        """One random sample.

        Args:
            image: (H, W, C) in [0, 1], the picture to be like.
            size: (height, width) of the result.
            seed: of all that is drawn.
            spread: in [0, 1), far from those of the other samples of the same call, as independent numbers seldom
                all are: for methods of which some choice decides how alike samples are.
            progress: called with each event.

        Returns:
            (*size, C).
        """

    @abstractmethod
    def reshape(self, image: Image, *, size: Size, seed: int, progress: Progress = silent) -> Image:
        """The picture itself in another size; the other arguments and the result as in `draw`."""


def check_pixels(size: Size, *, samples: int = 1) -> Size:
    """`size` if it is a (height, width) of which so many pictures can be made.

    Raises:
        OptionError: no two whole numbers; fewer than 1 or far too many pixels or samples.
    """
    if samples < 1:
        raise OptionError(f"samples is {samples}; at least 1 fits")
    if not isinstance(size, Sequence) or len(size) != 2 or not all(isinstance(n, Integral) for n in size):
        raise OptionError(f"size is {size!r}; (height, width) in pixels fits")
    if min(size) < 1 or size[0] * size[1] > MOST_PIXELS:
        raise OptionError(f"size is {size[0]}x{size[1]}; from 1x1 to {MOST_PIXELS / 1e6:.0f} million pixels fit")
    if samples * size[0] * size[1] > MOST_PIXELS_AT_ONCE:
        most = MOST_PIXELS_AT_ONCE // (size[0] * size[1])
        raise OptionError(
            f"samples is {samples}, too many of {size[0]}x{size[1]} to be held at once; at most {most} fit, and "
            "another seed gives others"
        )
    return size


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


class Enlarging(ABC):
    """Mixed into a `Method`, or into a `Configured`, which then only enlarges.

    Subclasses implement `enlarge_one`; users call `super_resolve`.
    """

    def super_resolve(self, image: Image, factor: float, *, seed: int = 0, progress: Progress = silent) -> Image:
        """The picture enlarged.

        Args:
            image: (H, W, C) in [0, 1].
            factor: above 1.
            seed: same seed, same bytes.
            progress: called at each step.

        Returns:
            (int(factor * H), int(factor * W), C) in [0, 1].

        Raises:
            ImageError: wrong kind or range.
            OptionError: a factor or a picture that does not fit.
        """
        value = check_factor(factor, size_of(check_image(image)))
        return self.enlarge_one(image, value, seed=derive_seed(seed, "super-resolution"), progress=progress)

    @abstractmethod
    def enlarge_one(self, image: Image, factor: float, *, seed: int, progress: Progress = silent) -> Image:
        """One picture (H, W, C) enlarged by a factor that fits."""
