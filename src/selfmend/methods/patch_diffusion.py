"""Patch diffusion: new pictures from the patches of one, arranged by diffusion, carried up by nearest neighbours.

Where the arrangement is decided, at the coarsest scale, patches are drawn by the closed-form diffusion of
`patches/diffusion.py`. Several arrangements are tried, and of those that differ enough from the picture's own the most
coherent and complete one (Simakov et al., CVPR 2008) is carried up as in GPNN (Granot et al., CVPR 2022). Nothing is
trained. Numbers, and what was tried: docs/results-generation.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple

import numpy as np

from selfmend.errors import OptionError
from selfmend.image.pyramid import pyramid_sizes, scaled_sizes
from selfmend.image.resize import resize
from selfmend.methods.base import Method
from selfmend.methods.generative import Generative
from selfmend.methods.gpnn import GPNN, GPNNConfig
from selfmend.options import option
from selfmend.patches.diffusion import DiffusionSettings, diffuse
from selfmend.patches.field import exact_field
from selfmend.patches.synthesis import (
    Exemplars,
    SynthesisSettings,
    check_sizes,
    exemplar_levels,
    signed,
    synthesize,
    unsigned,
)
from selfmend.progress import Progress, ProgressEvent, silent
from selfmend.seeding import derive_seed, make_rng
from selfmend.types import Image, Mask, Size, size_of

_GPNN = "GPNN (CVPR 2022)"
_OURS = "docs/results-generation.md"
_DROWNED = 3.0  # noise level at which nothing of a start is left
_TOO_LIKE = 60.0  # levels of 255 that an arrangement loses for each share of `difference` that it lacks
_APART = 0.1  # of the width: how far the moved starts of one sample are from each other
_SEARCH_SHARE = 0.3  # of the whole work, spent on arrangements


class Variety(NamedTuple):
    """What `variety` stands for: weights of the borders, and how different an arrangement must be."""

    layout_rows: float
    layout_columns: float
    difference: float


VARIETIES = {
    "low": Variety(4.0, 2.0, 0.38),
    "normal": Variety(1.0, 0.5, 0.9),
    "high": Variety(0.5, 0.2, 1.2),
}


@dataclass(frozen=True, kw_only=True)
class PatchDiffusionConfig:
    """Every option."""

    variety: str = option(
        "normal", "how far samples are from the picture: sets the next three", source=_OURS, choices=tuple(VARIETIES)
    )
    layout_rows: float | None = option(
        None, "how firmly things stay at the upper and lower border", source=_OURS, low=0, none="by variety"
    )
    layout_columns: float | None = option(
        None, "the same of the left and right border", source=_OURS, low=0, none="by variety"
    )
    difference: float | None = option(
        None,
        "how much the arrangement should differ from the picture's: 1 = as much as the picture moved sidewards does",
        source=_OURS,
        low=0,
        none="by variety",
    )
    candidates: int = option(20, "arrangements that are tried for a sample", source=_OURS, low=1)
    mended: float = option(
        0.5, "share of the arrangements that start from the best one of the others", source=_OURS, low=0, high=1
    )
    mend_noise: float = option(
        0.3, "noise that the best one is drowned in for that", unit="of [-1, 1]", source=_OURS, low=0.021
    )
    judged_size: int = option(26, "short side at which they are compared, at most", unit="px", source=_OURS, low=1)
    patch: int = option(7, "side of a patch, odd", unit="px", source=_GPNN, low=3)
    ratio: float = option(4 / 3, "size of a scale by that of the next coarser", source=_GPNN, low=1.05)
    coarsest_size: int = option(16, "short side of the coarsest scale", unit="px", source=_OURS, low=1)
    steps: int = option(30, "steps of the diffusion", source=_OURS, low=2)
    balance: float = option(
        1.0, "how far each round of balancing goes: all parts of the picture are used equally often", source=_OURS,
        low=0, high=1,
    )  # fmt: skip
    rounds: int = option(3, "rounds of balancing a step", source=_OURS, low=0)
    churn: float = option(0.7, "share of the noise that is drawn anew in a step", source=_OURS, low=0, high=1)
    moved: float = option(
        0.5, "share of the arrangements that start from the picture moved and mirrored, not from noise alone",
        source=_OURS, low=0, high=1,
    )  # fmt: skip
    start_noise: float = option(
        0.5, "noise that a start which is not noise alone is drowned in", unit="of [-1, 1]", source=_OURS, low=0.021
    )
    alpha: float = option(
        0.005, "completeness above: the smaller, the more all parts of the picture are used", source=_GPNN, low=1e-9
    )
    iterations: int = option(10, "rounds of matching and voting a scale, searched exactly", source=_GPNN, low=1)
    candidate_iterations: int = option(4, "the same for an arrangement that is tried", source=_OURS, low=1)
    search_iterations: int = option(3, "the same at a scale that PatchMatch searches", source=_OURS, low=1)
    passes: int = option(2, "PatchMatch passes a round, where a search is not exact", source=_OURS, low=1)
    exact_pairs: int = option(
        16_000_000, "scales with at most so many pairs of patches are searched exactly", source=_OURS, low=0
    )

    def __post_init__(self) -> None:
        if self.patch % 2 == 0:
            raise OptionError(f"patch is {self.patch}; an odd number fits")

    def varied(self) -> Variety:
        """The three numbers of `variety`, unless they are given."""
        given = (self.layout_rows, self.layout_columns, self.difference)
        return Variety(*(b if a is None else a for a, b in zip(given, VARIETIES[self.variety], strict=True)))


class _Scales(NamedTuple):
    """The exemplars of all scales, and the sizes of the result beside them, coarsest first."""

    levels: list[Exemplars]
    sizes: list[Size]
    judged: int  # the scale at which arrangements are compared


class PatchDiffusion(Generative, Method):
    """Samples and other shapes made of the picture's own patches."""

    name: ClassVar[str] = "patch-diffusion"
    source: ClassVar[str] = "S. Qiu et al., CVPR 2026 (arXiv 2606.04299), balanced; N. Granot et al., CVPR 2022"
    presets: ClassVar[dict[str, Any]] = {"default": PatchDiffusionConfig()}

    config: PatchDiffusionConfig

    def draw(self, image: Image, *, size: Size, seed: int, spread: float, progress: Progress = silent) -> Image:
        """One random sample; see `Generative.draw`."""
        scales = self._scales(image, size)
        variety = self.config.varied()
        settings = self._settings(variety)
        moved = math.floor(self._first_candidates() * self.config.moved)

        def arrangement(k: int) -> np.ndarray:
            generator = make_rng(seed, "arrangement", k)
            reference, shape = scales.levels[0].values, scales.sizes[0]
            if k >= moved:
                start, sigma = np.zeros((*shape, image.shape[2]), np.float32), _DROWNED
            else:
                start, sigma = _moved(resize(reference, shape), spread, generator), self.config.start_noise
            return diffuse(start, reference, sigma=sigma, settings=settings, generator=generator)

        best = self._best(scales, arrangement, settings, variety.difference, seed, progress)
        return self._carry_up(scales, best, seed, progress)

    def reshape(self, image: Image, *, size: Size, seed: int, progress: Progress = silent) -> Image:
        """The picture in another size; see `Generative.reshape`. All of it is used, and nothing is squashed."""
        scales = self._scales(image, size)
        reference = scales.levels[0].values
        variety = Variety(layout_rows=4.0, layout_columns=4.0, difference=0.0)
        settings = self._settings(variety)

        def arrangement(k: int) -> np.ndarray:
            return diffuse(
                resize(reference, scales.sizes[0]), reference, sigma=self.config.start_noise, settings=settings,
                generator=make_rng(seed, "arrangement", k),
            )  # fmt: skip

        best = self._best(scales, arrangement, settings, variety.difference, seed, progress)
        return self._carry_up(scales, best, seed, progress)

    def fill(self, image: Image, mask: Mask, *, seed: int, progress: Progress = silent) -> Image:
        """Fill one picture as gpnn does: around a hole the arrangement is given, and diffusion has nothing to add."""
        config = self.config
        gpnn = GPNNConfig(
            patch=config.patch, ratio=config.ratio, iterations=config.iterations,
            search_iterations=config.search_iterations, passes=config.passes, exact_pairs=config.exact_pairs,
        )  # fmt: skip
        return GPNN(gpnn).fill(image, mask, seed=seed, progress=progress)

    def check_size(self, image: Image, size: Size, *, reshape: bool = False) -> None:
        """See `Generative.check_size`: every scale of picture and result must hold a patch."""
        own = pyramid_sizes(size_of(image), self.config.coarsest_size, self.config.ratio)
        check_sizes([*own, *scaled_sizes(own, size)], self.config.patch)

    def _scales(self, image: Image, size: Size) -> _Scales:
        x = signed(image)
        own = pyramid_sizes(size_of(x), self.config.coarsest_size, self.config.ratio)
        judged = max(n for n, one in enumerate(own) if n == 0 or min(one) <= self.config.judged_size)
        return _Scales(exemplar_levels([resize(x, s) for s in own]), scaled_sizes(own, size), judged)

    def _best(
        self,
        scales: _Scales,
        arrangement: Callable[[int], np.ndarray],
        settings: DiffusionSettings,
        difference: float,
        seed: int,
        progress: Progress,
    ) -> np.ndarray:
        """The best of several arrangements at the scale where they are compared, mended by further ones."""
        own = resize(scales.levels[0].values, scales.sizes[0])
        far = _sidewards(own)
        search = replace(self._search(), iterations=self.config.candidate_iterations)
        best, least = None, math.inf
        levels, sizes = scales.levels[: scales.judged + 1], scales.sizes[: scales.judged + 1]
        first, shorter = self._first_candidates(), replace(settings, steps=max(2, settings.steps // 2))
        for k in range(self.config.candidates):
            tried = f"arrangement {k + 1} of {self.config.candidates}"
            progress(ProgressEvent(stage=tried, done=_SEARCH_SHARE * k / self.config.candidates))
            if best is None or k < first:
                start = arrangement(k)
            else:  # where it fits nowhere, it is drawn anew; where all fits, the noise is too weak to change it
                start = diffuse(
                    resize(best, sizes[0]), levels[0].values, sigma=self.config.mend_noise, settings=shorter,
                    generator=make_rng(seed, "mended", k),
                )  # fmt: skip
            made = synthesize(start, levels, sizes, settings=search, seed=derive_seed(seed, "judged", k))
            small = resize(made, scales.sizes[0])
            price = _unlikeness(made, levels[-1].values, self.config.patch)
            price += _unlikeness(small, levels[0].values, self.config.patch)
            if far > 0:
                price += _TOO_LIKE * max(0.0, difference - float(np.abs(small - own).mean()) / far)
            if best is None or price < least:
                best, least = made, price
        assert best is not None
        return best

    def _first_candidates(self) -> int:
        """Arrangements that do not start from another one; at least one."""
        return max(1, self.config.candidates - math.floor(self.config.candidates * self.config.mended))

    def _carry_up(self, scales: _Scales, x: np.ndarray, seed: int, progress: Progress) -> Image:
        def share(event: ProgressEvent) -> None:
            done = _SEARCH_SHARE + (1 - _SEARCH_SHARE) * (event.done or 0.0)
            progress(replace(event, done=done))

        levels, sizes = scales.levels[scales.judged :], scales.sizes[scales.judged :]
        return unsigned(synthesize(x, levels, sizes, settings=self._search(), seed=seed, progress=share))

    def _search(self) -> SynthesisSettings:
        config = self.config
        return SynthesisSettings(
            patch=config.patch, alpha=config.alpha, iterations=config.iterations,
            search_iterations=config.search_iterations, first_iterations=1, passes=config.passes,
            exact_pairs=config.exact_pairs,
        )  # fmt: skip

    def _settings(self, variety: Variety) -> DiffusionSettings:
        config = self.config
        return DiffusionSettings(
            patch=config.patch, layout_rows=variety.layout_rows, layout_columns=variety.layout_columns,
            balance=config.balance, rounds=config.rounds, churn=config.churn, steps=config.steps,
        )  # fmt: skip


def _moved(picture: np.ndarray, move: float, generator: np.random.Generator) -> np.ndarray:
    """The picture moved sidewards, mirrored at its borders, and perhaps itself mirrored.

    Args:
        picture: (H, W, C).
        move: 0 to 1, where to: up to half of the width either way, the upper half of the numbers mirrored besides.
        generator: of a tenth of the width more or less.
    """
    width, (mirrored, share) = picture.shape[1], divmod(2 * move, 1)
    columns = np.arange(width) + round(width * (share - 0.5 + _APART * generator.uniform(-1, 1)))
    columns = np.abs(np.where(columns < width, columns, 2 * (width - 1) - columns))
    return picture[:, columns[::-1] if mirrored else columns]


def _sidewards(picture: np.ndarray) -> float:
    """The mean difference of a picture from itself moved sidewards or mirrored: as far as two arrangements may be."""
    width = picture.shape[1]
    moved = [np.roll(p, width * n // 4, 1) for n in (1, 2, 3) for p in (picture, picture[:, ::-1])]
    return float(np.mean([np.abs(p - picture).mean() for p in moved]))


def _unlikeness(made: np.ndarray, reference: np.ndarray, patch: int) -> float:
    """Half the mean of coherence and completeness, in levels of 255: how far patches are from their nearest ones."""
    values = patch**2 * made.shape[2]
    both = [
        np.sqrt(exact_field(a, b, patch=patch, alpha=None, allowed=None).cost / values).mean()
        for a, b in ((made, reference), (reference, made))
    ]
    return float(sum(both)) / 4 * 127.5
