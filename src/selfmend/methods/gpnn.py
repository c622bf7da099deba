"""GPNN: new pictures from the patches of one, by nearest neighbours from coarse to fine; nothing is trained.

Granot et al., "Drop the GAN: In Defense of Patches Nearest Neighbors as Single Image Generative Models", CVPR 2022.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from selfmend.image.pyramid import pyramid_sizes, scaled_sizes
from selfmend.image.resize import resize, resize_mask
from selfmend.methods.base import Method
from selfmend.methods.generative import Enlarging, Generative
from selfmend.methods.hole_init import get_initialisation
from selfmend.options import option
from selfmend.patches.enlarge import EnlargeSettings, enlarge_by_examples
from selfmend.patches.scales import hole_depth
from selfmend.patches.synthesis import (
    SynthesisSettings,
    check_sizes,
    exemplar_levels,
    signed,
    synthesize,
    unsigned,
    whole_patches,
)
from selfmend.progress import Progress, silent
from selfmend.types import Image, Mask, Size, size_of

_PAPER = "GPNN (CVPR 2022)"
_CODE = "code of Efficient-GPNN"
_OURS = "docs/results-generation.md"
LEAST_WHOLE = 0.1  # share of patches without a hole that a scale needs, to have something to choose from


@dataclass(frozen=True, kw_only=True)
class GPNNConfig:
    """Every option."""

    patch: int = option(7, "side of a patch", unit="px", source=_PAPER, low=2)
    ratio: float = option(4 / 3, "size of a scale by that of the next coarser", source=_PAPER, low=1.05)
    coarsest_size: int = option(
        14, "short side of the coarsest scale", unit="px", source=f"{_PAPER}: two patches", low=1
    )
    noise: float = option(
        1.75,
        "standard deviation of the noise that the coarsest scale is drowned in; more of it, more diverse samples",
        unit="of [-1, 1]",
        source=f"{_CODE}: 0.75, which gives the picture back; {_OURS}",
        low=0,
    )
    alpha: float = option(
        0.005, "completeness: the smaller, the more all parts of the picture are used", source=_PAPER, low=1e-9
    )
    iterations: int = option(10, "rounds of matching and voting a scale, searched exactly", source=_PAPER, low=1)
    search_iterations: int = option(10, "the same at a scale that PatchMatch searches", source=_PAPER, low=1)
    coarsest_iterations: int = option(1, "the same at the coarsest scale, for samples", source=_CODE, low=1)
    passes: int = option(2, "PatchMatch passes a round, where a search is not exact", source=_OURS, low=1)
    exact_pairs: int = option(
        16_000_000, "scales with at most so many pairs of patches are searched exactly", source=_OURS, low=0
    )
    init: str = option(
        "local-means",
        "first guess inside a hole",
        choices=("mean", "local-means", "telea", "navier-stokes", "biharmonic", "patchmatch"),
    )
    fill_noise: float = option(
        0.1, "noise on that guess at the coarsest scale, so that fills differ", unit="of [-1, 1]", source=_OURS, low=0
    )
    fill_alpha: float | None = option(
        None, "`alpha` when a hole is filled; none: off", source=f"{_PAPER}: 1, which is nearly off", low=1e-9
    )
    enlarge_patch: int = option(
        4,
        "`patch` when the picture is enlarged: smaller is sharper, larger nearer to the truth",
        unit="px",
        source=_OURS,
        low=2,
    )
    enlarge_passes: int = option(6, "PatchMatch passes a step of that", source=_OURS, low=1)
    back_projections: int = option(
        3, "corrections a step of that, so that the result is the picture when it is shrunk", source=_OURS, low=0
    )


class GPNN(Generative, Enlarging, Method):
    """Samples, other shapes, fills and enlargements made of the picture's own patches."""

    name: ClassVar[str] = "gpnn"
    source: ClassVar[str] = "N. Granot et al., Drop the GAN, CVPR 2022"
    presets: ClassVar[dict[str, Any]] = {"default": GPNNConfig()}

    config: GPNNConfig

    def draw(self, image: Image, *, size: Size, seed: int, spread: float, progress: Progress = silent) -> Image:
        """One random sample; see `Generative.draw`."""
        x = signed(image)
        start = self._start(x, size)
        noise = _noise(start.shape, seed) * np.float32(self.config.noise)
        return self._carry_up(x, size, start + noise, self.config.coarsest_iterations, seed, progress)

    def reshape(self, image: Image, *, size: Size, seed: int, progress: Progress = silent) -> Image:
        """The picture in another size; see `Generative.reshape`."""
        x = signed(image)
        return self._carry_up(x, size, self._start(x, size), self.config.iterations, seed, progress)

    def fill(self, image: Image, mask: Mask, *, seed: int, progress: Progress = silent) -> Image:
        """Fill one picture; see `Method.fill`."""
        x = signed(get_initialisation(self.config.init)(image, mask, seed=seed))
        sizes = self._fill_sizes(mask)
        pictures, holes = [resize(x, s) for s in sizes], [_mask_at(mask, s) for s in sizes]
        settings = replace(self._settings(self.config.iterations), alpha=self.config.fill_alpha)
        noise = _noise(pictures[0].shape, seed) * np.float32(self.config.fill_noise)
        filled = synthesize(
            np.where(holes[0][..., None], pictures[0] + noise, pictures[0]),
            exemplar_levels(pictures, holes),
            sizes,
            settings=settings,
            seed=seed,
            known=[(p, ~h) for p, h in zip(pictures, holes, strict=True)],
            progress=progress,
        )
        return unsigned(filled)

    def enlarge_one(self, image: Image, factor: float, *, seed: int, progress: Progress = silent) -> Image:
        """One picture enlarged by its own examples (not in the paper); see `patches.enlarge`."""
        config = self.config
        settings = EnlargeSettings(
            patch=config.enlarge_patch, passes=config.enlarge_passes, back_projections=config.back_projections
        )
        return enlarge_by_examples(image, factor, settings=settings, seed=seed, progress=progress)

    def check_size(self, image: Image, size: Size, *, reshape: bool = False) -> None:
        """See `Generative.check_size`: every scale of picture and result must hold a patch."""
        own = self._sizes(size_of(image))
        check_sizes([*own, *scaled_sizes(own, size)], self.config.patch)

    def _carry_up(
        self, x: np.ndarray, size: Size, start: np.ndarray, first_iterations: int, seed: int, progress: Progress
    ) -> np.ndarray:
        own = self._sizes(size_of(x))
        result = synthesize(
            start,
            exemplar_levels([resize(x, s) for s in own]),
            scaled_sizes(own, size),
            settings=self._settings(first_iterations),
            seed=seed,
            progress=progress,
        )
        return unsigned(result)

    def _start(self, x: np.ndarray, size: Size) -> np.ndarray:
        """The coarsest scale of the picture, in [-1, 1], in the shape of the result."""
        own = self._sizes(size_of(x))
        return resize(resize(x, own[0]), scaled_sizes(own, size)[0])

    def _settings(self, first_iterations: int) -> SynthesisSettings:
        config = self.config
        return SynthesisSettings(
            patch=config.patch,
            alpha=config.alpha,
            iterations=config.iterations,
            search_iterations=config.search_iterations,
            first_iterations=first_iterations,
            passes=config.passes,
            exact_pairs=config.exact_pairs,
        )

    def _fill_sizes(self, hole: np.ndarray) -> list[Size]:
        """Scales for a fill: the hole is about one patch deep at the coarsest, and patches to copy are left there."""
        full, patch = size_of(hole), self.config.patch
        depth = float(hole_depth(hole).max())
        sizes = [
            size
            for size in self._sizes(full)[:-1]
            if depth * size[0] / full[0] >= patch / 2
            and min(size) >= patch
            and float(whole_patches(_mask_at(hole, size), patch).mean()) >= LEAST_WHOLE
        ]
        return [*sizes, full]

    def _sizes(self, size: Size) -> list[Size]:
        """Sizes of the picture's scales, coarsest first."""
        return pyramid_sizes(size, self.config.coarsest_size, self.config.ratio)


def _mask_at(hole: np.ndarray, size: Size) -> np.ndarray:
    return hole if hole.shape == size else resize_mask(hole, size)


def _noise(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
