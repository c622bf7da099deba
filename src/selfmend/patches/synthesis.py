"""Matching and voting in turn, from a coarse scale to the finest: a rough picture gets the patches of another one.

Granot et al., "Drop the GAN: In Defense of Patches Nearest Neighbors as Single Image Generative Models" (GPNN), CVPR
2022, Sec. 3, with PatchMatch fields carried from scale to scale where an exact search would take minutes. Pictures are
float32 (H, W, C) of any range, holes bool (H, W).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from selfmend.errors import OptionError
from selfmend.image.resize import resize
from selfmend.patches.field import Field, enlarge, exact_field, improve, inverted, leave_forbidden, places, prices, vote
from selfmend.progress import Progress, ProgressEvent, silent
from selfmend.seeding import derive_seed

if TYPE_CHECKING:
    from selfmend.types import Size


@dataclass(frozen=True, kw_only=True)
class Exemplars:
    """The picture whose patches are used, at one scale.

    Attributes:
        values: (h, w, C), what is copied.
        blurred: the same as blurred as a picture that comes up from the scale below: what that is compared with.
        hole: bool (h, w), no patch that touches it is used, or None.
    """

    values: np.ndarray
    blurred: np.ndarray
    hole: np.ndarray | None = None


@dataclass(frozen=True, kw_only=True)
class SynthesisSettings:
    """Numbers of the search; see `methods/gpnn.py` for their sources.

    Attributes:
        patch: side of a patch.
        alpha: completeness, in squared units of the pictures; the smaller, the more everything is used. None: off.
        iterations: rounds of matching and voting a scale, where the search is exact.
        search_iterations: the same where it is PatchMatch's; the field from below is nearly right there.
        first_iterations: the same at the first scale.
        passes: of PatchMatch, a round.
        exact_pairs: up to so many pairs of patches a scale is searched exactly.
        reach: how far around a match that comes from the scale below PatchMatch's random search goes, in pixels.
    """

    patch: int = 7
    alpha: float | None = 0.005
    iterations: int = 10
    search_iterations: int = 10
    first_iterations: int = 10
    passes: int = 2
    exact_pairs: int = 16_000_000
    reach: int = 32


def exemplar_levels(pictures: Sequence[np.ndarray], holes: Sequence[np.ndarray] | None = None) -> list[Exemplars]:
    """The exemplars of a pyramid, coarsest first; the coarsest is compared as it is."""
    levels = []
    for n, picture in enumerate(pictures):
        blurred = picture
        if n:
            size = _size(picture)
            blurred = resize(resize(picture, _size(pictures[n - 1])), size)
        levels.append(Exemplars(values=picture, blurred=blurred, hole=holes[n] if holes else None))
    return levels


def synthesize(
    start: np.ndarray,
    levels: Sequence[Exemplars],
    sizes: Sequence[Size],
    *,
    settings: SynthesisSettings,
    seed: int,
    known: Sequence[tuple[np.ndarray, np.ndarray]] | None = None,
    progress: Progress = silent,
) -> np.ndarray:
    """Carry a rough picture up through the scales, made of exemplars at each of them.

    Args:
        start: (*sizes[0], C).
        levels: the exemplars at each scale, coarsest first.
        sizes: (height, width) of the result at each scale.
        settings: of the search.
        seed: 0 to 2^63 - 1; the result does not depend on the number of threads.
        known: pictures (*sizes[n], C) and where they are kept, bool (*sizes[n]), for filling holes.
        progress: takes an event a round.

    Returns:
        (*sizes[-1], C).

    Raises:
        OptionError: a scale, of the result or of the exemplars, that is smaller than a patch.
    """
    *_, finest = synthesize_scales(start, levels, sizes, settings=settings, seed=seed, known=known, progress=progress)
    return finest


def synthesize_scales(
    start: np.ndarray,
    levels: Sequence[Exemplars],
    sizes: Sequence[Size],
    *,
    settings: SynthesisSettings,
    seed: int,
    known: Sequence[tuple[np.ndarray, np.ndarray]] | None = None,
    progress: Progress = silent,
) -> Iterator[np.ndarray]:
    """As `synthesize`, but yields the result at every scale, (*sizes[n], C)."""
    check_sizes([*sizes, *(_size(level.values) for level in levels)], settings.patch)
    picture, search = start, None
    for n, (level, size) in enumerate(zip(levels, sizes, strict=True)):
        picture = picture if n == 0 else resize(picture, size)
        search = _Search(level, size, settings, search, seed=derive_seed(seed, n))
        rounds = settings.iterations if search.exact else settings.search_iterations
        rounds = rounds if n else settings.first_iterations
        for step in range(rounds):
            progress(round_event("exemplars", sizes, n, step, rounds))
            picture = search.round(picture, step)
            if known is not None:
                kept, where = known[n]
                picture = np.where(where[..., None], kept, picture)
        yield picture


def check_sizes(sizes: Sequence[Size], patch: int) -> None:
    """Refuse scales that hold no patch.

    Raises:
        OptionError: see there.
    """
    smallest = min(sizes, key=min)
    if min(smallest) < patch:
        raise OptionError(
            f"a scale is {smallest[0]}x{smallest[1]} and a patch {patch}x{patch}: ask for a larger or less narrow "
            "picture, or a smaller patch"
        )


class _Search:
    """The field of one scale from round to round, exact or by PatchMatch."""

    field: Field

    def __init__(
        self, level: Exemplars, size: Size, settings: SynthesisSettings, below: _Search | None, *, seed: int
    ) -> None:
        self.settings, self.seed, self.size = settings, seed, size
        self.values, self.blurred = (np.ascontiguousarray(a, np.float32) for a in (level.values, level.blurred))
        self.queries = places(size, settings.patch)
        self.keys = places((self.values.shape[0], self.values.shape[1]), settings.patch)
        self.allowed = None if level.hole is None else _allowed(level.hole, settings.patch)
        pairs = self.queries[0] * self.queries[1] * self.keys[0] * self.keys[1]
        self.exact = pairs <= settings.exact_pairs
        if self.exact:
            return
        random = np.random.default_rng(seed)
        if below is not None:
            self.field = enlarge(below.field, self.queries, self.keys, key_size_below=below.keys)
        else:
            y, x = (random.integers(n, size=self.queries, dtype=np.int32) for n in self.keys)
            self.field = Field(y, x, np.zeros(self.queries, np.float32))
        if self.allowed is not None:
            leave_forbidden(self.field, self.allowed, generator=random)
        self.back = inverted(self.field, self.keys, generator=random)
        # what comes from below is near its place; what was forbidden may be anywhere
        self.reach = None if below is None or self.allowed is not None else settings.reach

    def round(self, picture: np.ndarray, step: int) -> np.ndarray:
        """Match and vote once."""
        settings, queries = self.settings, np.ascontiguousarray(picture, np.float32)
        keys = self.blurred if step == 0 else self.values  # the picture has just come up, and is as blurred
        if self.exact:
            self.field = exact_field(queries, keys, patch=settings.patch, alpha=settings.alpha, allowed=self.allowed)
        else:
            self._improve(queries, keys, step)
        return vote(self.field, self.values, self.size, patch=settings.patch)

    def _improve(self, queries: np.ndarray, keys: np.ndarray, step: int) -> None:
        patch, passes = self.settings.patch, self.settings.passes
        price = np.ones(self.keys, np.float32)
        if self.settings.alpha is not None:
            even = np.ones(self.queries, np.float32)
            seed = derive_seed(self.seed, "back", step)
            reach = self.reach if step else None  # a key that no query has come from begins anywhere
            improve(self.back, keys, queries, even, patch=patch, passes=passes, seed=seed, reach=reach)
            price = prices(self.back.cost, alpha=self.settings.alpha, values=patch**2 * keys.shape[2])
        if self.allowed is not None:
            price = np.where(self.allowed, price, np.float32(-1))
        seed = derive_seed(self.seed, step)
        price = price.astype(np.float32)
        improve(self.field, queries, keys, price, patch=patch, passes=passes, seed=seed, reach=self.reach)


def whole_patches(hole: np.ndarray, patch: int) -> np.ndarray:
    """Which patches touch no hole (h, w): bool (h - patch + 1, w - patch + 1), by their upper left pixel."""
    columns = sliding_window_view(hole, patch, 1).any(-1)
    return np.logical_not(sliding_window_view(columns, patch, 0).any(-1))


def _allowed(hole: np.ndarray, patch: int) -> np.ndarray:
    """`whole_patches`, if there are any."""
    whole = whole_patches(hole, patch)
    if not whole.any():
        raise OptionError(f"the hole leaves no whole patch of {patch}x{patch} px at a scale; a smaller patch may fit")
    return whole


def round_event(what: str, sizes: Sequence[Size], n: int, step: int, rounds: int) -> ProgressEvent:
    """One round of one scale; a scale's cost goes with its area."""
    areas = [height * width for height, width in sizes]
    done = (sum(areas[:n]) + areas[n] * step / rounds) / sum(areas)
    name = f"{what} {n} ({sizes[n][0]}x{sizes[n][1]})"
    return ProgressEvent(stage=name, stage_index=n, stage_count=len(sizes), step=step, steps=rounds, done=done)


def signed(image: np.ndarray) -> np.ndarray:
    """[0, 1] to [-1, 1]."""
    return image * np.float32(2) - np.float32(1)


def unsigned(x: np.ndarray) -> np.ndarray:
    """[-1, 1] to [0, 1], clamped."""
    return np.clip((x + np.float32(1)) / np.float32(2), 0, 1)


def _size(picture: np.ndarray) -> Size:
    return picture.shape[0], picture.shape[1]
