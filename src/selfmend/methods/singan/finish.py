"""The exemplar finish of samples: coarse scales draw the arrangement, patches of the picture itself give the detail.

What the scales draw at a fraction of the size is carried up by nearest patches, as GPNN does from noise (Granot et al.,
CVPR 2022). So up to that scale a sample is generated, and above it everything is copied, patch by patch, from the
picture. Pictures are (1, C, H, W) in [-1, 1].
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from torch import Generator, Tensor

from selfmend.image.pyramid import PyramidPlan
from selfmend.image.resize import resize
from selfmend.methods.singan.sample import draw
from selfmend.methods.singan.scales import Scales
from selfmend.nn.tensors import to_array, to_tensor
from selfmend.patches.synthesis import SynthesisSettings, exemplar_levels, synthesize_scales
from selfmend.progress import Progress, silent
from selfmend.types import Size

SEARCH_ITERATIONS = 3
"""Rounds where the search is PatchMatch's: ten, as in the paper, cost three times as much and gain little."""

RATIO = 4 / 3
"""Size of a scale by that of the next coarser, above the pyramid's finest scale."""


@dataclass(frozen=True, kw_only=True)
class Finish:
    """How what the scales draw is finished.

    Attributes:
        picture: (1, C, H, W), the learned picture at full size, on the CPU.
        start: long side of the scale at which exemplars take over, in pixels.
        patch: side of a patch, in pixels.
        complete: use everything in the picture, nothing too often; else what fits best, as often as it does.
    """

    picture: Tensor
    start: int
    patch: int
    complete: bool = True

    def full_size(self, size: Size, plan: PyramidPlan) -> Size:
        """What `size` at the finest scale is in the pixels of the learned picture."""
        height, width = (
            round(n * p / f) for n, p, f in zip(size, self.picture.shape[-2:], plan.sizes[-1], strict=True)
        )
        return height, width


def draw_and_finish(
    scales: Scales,
    start: Tensor,
    *,
    level: int,
    sizes: tuple[Size, ...],
    size: Size | None,
    how: Finish | None,
    generator: Generator,
    progress: Progress = silent,
) -> Tensor:
    """Run the scales from `level` up to where exemplars take over, and those from there on; or all scales.

    Args:
        scales: trained.
        start: (1, C, *sizes[level]).
        level: the first scale that runs.
        sizes: of all scales.
        size: (height, width) of a finished result; None is that of the finest of `sizes` in the picture's pixels.
        how: None runs all scales and finishes nothing.
        generator: of noise and search.
        progress: called at each scale, and of each round of the finish.

    Returns:
        (1, C, *size), or (1, C, *sizes[-1]) without a finish; not clamped.
    """
    if how is None:
        return draw(scales, start, level=level, sizes=sizes, generator=generator, progress=progress)
    last = max(level, finish_level(scales.plan, how.start))
    drawn = draw(scales, start, level=level, sizes=sizes, generator=generator, last=last, progress=progress)
    size = size or how.full_size(sizes[-1], scales.plan)
    *_, result = finish(
        drawn.cpu().clamp(-1, 1), how.picture, scales.plan,
        level=last, size=size, patch=how.patch, complete=how.complete, generator=generator, progress=progress,
    )  # fmt: skip
    return result


def finish_level(plan: PyramidPlan, start: int) -> int:
    """The scale whose long side is nearest to `start` pixels.

    Example:
        >>> from selfmend.image.pyramid import plan_pyramid
        >>> finish_level(plan_pyramid((188, 250)), 75)
        4
    """
    return min(range(len(plan.sizes)), key=lambda n: abs(max(plan.sizes[n]) - start))


def finish_sizes(plan: PyramidPlan, picture: Size, size: Size, *, level: int) -> list[tuple[Size, Size]]:
    """Sizes of the picture and of the result at each scale from `level` to full size.

    Args:
        plan: of the training.
        picture: full (height, width) of the picture.
        size: of the result.
        level: the first scale.
    """
    own = list(plan.sizes[level:])
    while max(own[-1]) * RATIO < max(picture):
        own.append((round(own[-1][0] * RATIO), round(own[-1][1] * RATIO)))
    if own[-1] != picture:
        own.append(picture)
    down, across = size[0] / picture[0], size[1] / picture[1]
    results = [(max(1, round(h * down)), max(1, round(w * across))) for h, w in own[:-1]]
    return list(zip(own, [*results, size], strict=True))


def finish(  # noqa: PLR0913
    x: Tensor,
    picture: Tensor,
    plan: PyramidPlan,
    *,
    level: int,
    size: Size,
    patch: int,
    generator: Generator,
    complete: bool = True,
    progress: Progress = silent,
) -> Iterator[Tensor]:
    """Carry a sample from scale `level` up to full size.

    Args:
        x: (1, C, h, w), drawn at scale `level`.
        picture: (1, C, H, W), the learned picture at full size.
        plan: of the training.
        level: see `finish_level`.
        size: (height, width) of the result.
        patch: side of a patch, in pixels.
        generator: of the search.
        complete: see `Finish`.
        progress: called at every round.

    Yields:
        The sample at each scale from `level` on, the last one (1, C, *size).
    """
    full = (picture.shape[2], picture.shape[3])
    pairs = finish_sizes(plan, full, size, level=level)
    own = [plan.sizes[level - 1]] * (level > 0) + [o for o, _ in pairs]
    pictures = [resize(to_array(picture), o) for o in own]
    levels = exemplar_levels(pictures)[-len(pairs) :]
    sizes = [result for _, result in pairs]
    settings = SynthesisSettings(patch=patch, search_iterations=SEARCH_ITERATIONS)
    settings = settings if complete else replace(settings, alpha=None)
    start, seed = resize(to_array(x), sizes[0]), generator.initial_seed()
    for made in synthesize_scales(start, levels, sizes, settings=settings, seed=seed, progress=progress):
        yield to_tensor(made)
