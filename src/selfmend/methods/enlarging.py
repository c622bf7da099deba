"""What a method is that enlarges a picture without learning it first."""

from __future__ import annotations

import math
import warnings
from abc import ABC, abstractmethod
from typing import Any

import torch

from selfmend.core.checks import OptionError, SelfmendWarning, check_image
from selfmend.core.progress import Progress, silent
from selfmend.core.rng import make_generator
from selfmend.core.types import Image, Size
from selfmend.methods.generative import check_pixels

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
    """Mixed into a `Method`. Subclasses implement `enlarge_one`; users call `super_resolve`."""

    def super_resolve(self, image: Image, factor: float, *, seed: int = 0, progress: Progress = silent) -> Image:
        """The picture enlarged.

        Args:
            image: (N, C, H, W) in [0, 1].
            factor: above 1.
            seed: same seed, same bytes.
            progress: told of each step.

        Returns:
            (N, C, int(factor * H), int(factor * W)) in [0, 1].

        Raises:
            ImageError: wrong kind or range.
            OptionError: a factor or a picture that does not fit.
        """
        value = check_factor(factor, (image.shape[2], image.shape[3]))
        parts = check_image(image).split(1)
        return torch.cat(
            [
                self.enlarge_one(one, value, generator=make_generator(seed, "super-resolution"), progress=progress)
                for one in parts
            ]
        )

    @abstractmethod
    def enlarge_one(
        self, image: Image, factor: float, *, generator: torch.Generator, progress: Progress = silent
    ) -> Image:
        """One picture (1, C, H, W) enlarged by a factor that fits."""
