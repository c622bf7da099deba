"""Pyramids: which sizes their scales have, coarsest first. SinGAN's, and that of the methods of patches.

Shaham et al., "SinGAN", ICCV 2019, Sec. 3.1; the number of scales follows the authors' code, which counts on the
original size of the picture, before it is shrunk to the largest size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from selfmend.errors import OptionError
from selfmend.image.resize import scaled_size
from selfmend.types import Size


@dataclass(frozen=True, kw_only=True)
class PyramidPlan:
    """The sizes of a pyramid.

    Attributes:
        sizes: (height, width) of each scale, coarsest first.
        factor: size of a scale divided by the size of the next finer one, in (0, 1]; 1 if there is one scale.
    """

    sizes: tuple[Size, ...]
    factor: float

    def scale_to(self, level: int) -> float:
        """The nominal shrink factor from the finest scale to scale `level`, in (0, 1]."""
        return self.factor ** (len(self.sizes) - 1 - level)

    def sizes_for(self, size: Size) -> tuple[Size, ...]:
        """The sizes of all scales, coarsest first, for a picture of another `size`: stretched like it, and rounded.

        Example:
            >>> PyramidPlan(sizes=((25, 33), (33, 44)), factor=0.75).sizes_for((66, 44))
            ((50, 33), (66, 44))
        """
        height, width = (new / old for new, old in zip(size, self.sizes[-1], strict=True))
        return tuple((max(1, round(h * height)), max(1, round(w * width))) for h, w in self.sizes)


def plan_pyramid(size: Size, *, min_size: int = 25, max_size: int = 250, target_factor: float = 0.75) -> PyramidPlan:
    """Plan the scales for a picture.

    Args:
        size: (height, width) of the picture, in pixels, before any shrinking.
        min_size: short side of the coarsest scale, in pixels.
        max_size: long side of the finest scale, in pixels; a smaller picture is not enlarged.
        target_factor: desired size ratio of neighbouring scales; the true one brings the coarsest to `min_size`.

    Returns:
        A plan with at least one scale.

    Raises:
        OptionError: if the sizes are not positive and in order, or the factor is not in (0, 1).

    Example:
        >>> plan_pyramid((64, 64)).sizes
        ((25, 25), (31, 31), (37, 37), (44, 44), (54, 54), (64, 64))
    """
    if not 0 < target_factor < 1:
        raise OptionError(f"target_factor is {target_factor}; a value between 0 and 1 fits (the paper's is 0.75)")
    if not 0 < min_size <= max_size or min(size) < 1:
        raise OptionError(
            f"min_size is {min_size}, max_size {max_size}, picture {size}; 0 < min_size <= max_size and a picture of "
            "at least 1x1 fit"
        )
    short, long = min(size), max(size)
    scales = math.ceil(math.log(min_size / short, target_factor)) + 1
    dropped = math.ceil(math.log(min(max_size, long) / long, target_factor))
    last = max(scales - dropped, 0)
    shrink = min(max_size / long, 1.0)
    finest = scaled_size(size, shrink)
    factor = min((min_size / min(finest)) ** (1 / last), 1.0) if last else 1.0
    if factor == 1.0:  # the picture is not larger than min_size: nothing to build a pyramid on
        return PyramidPlan(sizes=(finest,), factor=1.0)
    return PyramidPlan(sizes=tuple(scaled_size(finest, factor ** (last - i)) for i in range(last + 1)), factor=factor)


def super_resolution_steps(factor: float) -> int:
    """In how many equal steps a picture is enlarged: as many as bring a step nearest to the cube root of 2.

    Example:
        >>> [super_resolution_steps(factor) for factor in (1.1, 2, 3, 4, 8)]
        [1, 3, 5, 6, 9]
    """
    return max(1, round(3 * math.log2(factor)))


def plan_super_resolution_pyramid(size: Size, factor: float, *, min_size: int = 18, max_size: int = 250) -> PyramidPlan:
    """Plan the scales for super-resolution: each is larger than the one below by exactly one step of the enlargement.

    So the finest scale, which learns to add what a picture lacks when it is enlarged by one step, can be applied again
    to its own result (SinGAN, Sec. 4). The coarsest scale comes as near to `min_size` as whole steps allow, where
    the authors' code changes the step instead.

    Args:
        size: (height, width) of the picture, in pixels.
        factor: by which it is to be enlarged, above 1.
        min_size: short side of the coarsest scale, roughly, in pixels.
        max_size: long side of the finest scale, in pixels; a larger picture is learned at that size.

    Returns:
        A plan with at least two scales.

    Raises:
        OptionError: the factor is not above 1, or the sizes are not positive.

    Example:
        >>> plan_super_resolution_pyramid((80, 120), 4).sizes
        ((20, 30), (26, 38), (32, 48), (40, 60), (51, 76), (64, 96), (80, 120))
    """
    if not (factor > 1 and math.isfinite(factor)):
        raise OptionError(f"the factor is {factor:g}; a number above 1 fits, such as 2 or 1.5")
    if not 0 < min_size <= max_size or min(size) < 1:
        raise OptionError(f"min_size is {min_size}, max_size {max_size}, picture {size}; 0 < min_size <= max_size fits")
    finest = scaled_size(size, min(max_size / max(size), 1.0))
    steps = super_resolution_steps(factor)
    step = factor ** (-1 / steps)
    last = max(1, round(math.log(min_size / min(finest), step)))
    # not a power of `step`, whose rounding error would be rounded up to a whole pixel
    shares = [factor ** ((level - last) / steps) for level in range(last + 1)]
    return PyramidPlan(sizes=tuple(scaled_size(finest, share) for share in shares), factor=step)


def enlarged_size(size: Size, factor: float) -> Size:
    """`factor` times a size, rounded down.

    Example:
        >>> enlarged_size((45, 50), 1.4)
        (63, 70)
    """
    height, width = (math.floor(n * factor + 1e-9) for n in size)  # 1.4 * 45 is 62.999... in binary
    return height, width


def enlarged_sizes(size: Size, factor: float) -> tuple[Size, ...]:
    """The sizes of a picture after each step of its enlargement; the last is `factor` times `size`, rounded down.

    Example:
        >>> enlarged_sizes((33, 50), 2)
        ((42, 63), (53, 80), (66, 100))
    """
    steps = super_resolution_steps(factor)
    between = [scaled_size(size, factor ** (k / steps)) for k in range(1, steps)]
    return (*between, enlarged_size(size, factor))


def pyramid_sizes(size: Size, coarsest: int, ratio: float) -> list[Size]:
    """Sizes of the scales of a picture, coarsest first.

    Args:
        size: (height, width) of the picture.
        coarsest: short side of the coarsest scale, in pixels.
        ratio: about, size of a scale by that of the next coarser.

    Example:
        >>> pyramid_sizes((60, 80), 14, 2)
        [(14, 19), (23, 30), (37, 49), (60, 80)]
    """
    steps = max(0, math.ceil(math.log(min(size) / coarsest, ratio) - 1e-6))
    each = (min(size) / coarsest) ** (1 / max(steps, 1))
    sizes = [(round(size[0] / each**i), round(size[1] / each**i)) for i in range(steps, -1, -1)]
    return list(dict.fromkeys(sizes))


def scaled_sizes(own: list[Size], size: Size) -> list[Size]:
    """The scales of a result of `size` beside those of the picture."""
    down, across = size[0] / own[-1][0], size[1] / own[-1][1]
    return [(max(1, round(h * down)), max(1, round(w * across))) for h, w in own[:-1]] + [size]
