"""EM over scales: matching patches and voting for pixels in turn, from the coarsest scale to the finest.

Wexler, Shechtman, Irani (PAMI 2007, Sec. 3) with what Newson et al. (IPOL 2017) add: texture features are filled along
with the colours, and the field is carried up from scale to scale. Arrays are float32 (H, W, K), as `features` makes
them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from selfmend.hole_init.patchmatch.field import Field, improve
from selfmend.hole_init.patchmatch.guess import Guess, back_project, blur_sources, put
from selfmend.hole_init.patchmatch.options import PatchMatchOptions
from selfmend.hole_init.patchmatch.scales import (
    Scale,
    build_scale,
    hole_depth,
    pad,
    plan_sizes,
    resize_array,
    shrink,
    trim,
)
from selfmend.hole_init.patchmatch.start import pull_push
from selfmend.hole_init.patchmatch.votes import vote
from selfmend.progress import Progress, ProgressEvent
from selfmend.seeding import derive_seed
from selfmend.types import Size


def fill_values(
    layers: Sequence[tuple[np.ndarray, np.ndarray]],
    guess: Guess | None,
    *,
    seed: int,
    options: PatchMatchOptions,
    progress: Progress,
) -> np.ndarray:
    """Fill the unknown part.

    Args:
        layers: the picture, then references that lie on it: values, float32 (H, W, K), zero where unknown, and where
            they are known, bool (H, W).
        guess: starts at its scale instead of at the coarsest.
        seed: 0 to 2^63 - 1.
        options: of the filling.
        progress: takes an event a round.

    Returns:
        float32 (H, W, K).
    """
    sizes = _sizes(layers[0][1], guess, options)
    shrunk = list(zip(*(shrink(values, known, sizes) for values, known in layers), strict=True))
    picture: np.ndarray | None = None
    below: tuple[Scale, Field] | None = None
    kept = guess if options.guess_kept else None  # a guess that is not kept is only where the search starts
    for i, parts in enumerate(shrunk):
        finest = i == len(sizes) - 1
        scale = build_scale(
            parts,
            radius=options.patch // 2,
            known_fraction=1 if finest else options.known_fraction,
            decay=options.decay,
            least_confidence=options.least_confidence if kept is None else options.guess_confidence,
        )
        if not scale.sources.allowed.any():
            continue
        picture = _start_picture(scale, picture, guess)
        if scale.targets.y.size == 0:
            continue
        field = _start_field(scale, below, np.random.default_rng(derive_seed(seed, "start", i)))
        report = partial(_report, progress, sizes, i)
        if kept is None:
            rounds = _rounds(options, i / max(1, len(sizes) - 1)) if below else options.coarsest_iterations
            _alternate(scale, scale, field, picture, rounds, derive_seed(seed, i), options, report)
        elif below or finest:
            first = blur_sources(scale, shrunk[i - 1]) if below else scale
            _alternate(first, scale, field, picture, options.guess_iterations, derive_seed(seed, i), options, report)
            back_project(kept, scale, picture)
        else:  # a guess stays as it is at its own scale: only its matches are needed
            _match(scale, field, picture, derive_seed(seed, i), options)
        below = scale, field
    assert picture is not None  # the finest scale has a source: `fill` has seen to it
    return trim(picture, options.patch // 2)


def _rounds(options: PatchMatchOptions, way: float) -> int:
    """Rounds at a scale that lies `way`, 0 to 1, between the coarsest and the finest."""
    return round(options.iterations + way * (options.finest_iterations - options.iterations))


def _alternate(
    first: Scale,
    scale: Scale,
    field: Field,
    picture: np.ndarray,
    rounds: int,
    seed: int,
    options: PatchMatchOptions,
    report: Callable[[int, int], None],
) -> None:
    """Match and vote in turn, in place; the first match is with the sources of `first`."""
    for step in range(rounds):
        report(step, rounds)
        _match(first if step == 0 else scale, field, picture, derive_seed(seed, step), options)
        vote(scale, field, picture, softness=options.softness, deep=options.deep)


def _match(scale: Scale, field: Field, picture: np.ndarray, seed: int, options: PatchMatchOptions) -> None:
    side = max(scale.size)
    nearness = options.nearness / side**2
    improve(scale, field, picture, seed=seed, passes=options.passes, reach=side, nearness=nearness)


def _sizes(known: np.ndarray, guess: Guess | None, options: PatchMatchOptions) -> list[Size]:
    """Sizes of the scales, coarsest first; with a guess, from the one nearest to its scale on."""
    full = (known.shape[0], known.shape[1])
    sizes = plan_sizes(
        full,
        float(hole_depth(~known).max()),
        ratio=options.ratio,
        coarsest_depth=options.coarsest_depth,
        coarsest_side=options.coarsest_side,
    )
    if guess is None:
        return sizes
    least = guess.scale * max(full) / options.ratio**0.5
    return [size for size in sizes if max(size) >= least]


def _start_picture(scale: Scale, below: np.ndarray | None, guess: Guess | None) -> np.ndarray:
    """The padded picture with a first guess in its hole: of the scale below, from elsewhere, or smooth."""
    known, values = scale.known, scale.values
    if below is not None:
        start = np.where(known[..., None], values, resize_array(trim(below, scale.radius), scale.size))
    else:
        start = pull_push(values, known)
        if guess is not None:
            put(guess, start, known)
    return np.ascontiguousarray(pad(start, scale.radius))


def _start_field(scale: Scale, below: tuple[Scale, Field] | None, random: np.random.Generator) -> Field:
    """The field of the scale below carried up; else the same place of a reference, or a random one."""
    targets, allowed, r, width = scale.targets, scale.sources.allowed, scale.radius, scale.sources.width
    at_y, at_x = np.nonzero(allowed)
    drawn = random.integers(at_y.size, size=targets.y.size)
    y, x = at_y[drawn], at_x[drawn]
    for layer in range(allowed.shape[1] // width - 1, 0, -1):
        same = targets.x + layer * width
        fits = allowed[targets.y, same]
        y, x = np.where(fits, targets.y, y), np.where(fits, same, x)
    if below is not None:
        coarse, field = below
        up_y, up_x = scale.size[0] / coarse.size[0], scale.size[1] / coarse.size[1]
        below_y = np.clip(((targets.y - r + 0.5) / up_y).astype(np.int64), 0, coarse.size[0] - 1) + r
        below_x = np.clip(((targets.x - r + 0.5) / up_x).astype(np.int64), 0, coarse.size[1] - 1) + r
        number = coarse.targets.number[below_y, below_x]
        carried_y = targets.y + np.rint((field.y[number] - below_y) * up_y).astype(np.int64)
        layer, source_x = np.divmod(field.x[number], coarse.sources.width)
        carried_x = targets.x + np.rint((source_x - below_x) * up_x).astype(np.int64)
        inside = (carried_y >= 0) & (carried_y < allowed.shape[0]) & (carried_x >= 0) & (carried_x < width)
        carried_x += layer * width
        fits = (number >= 0) & inside
        fits[fits] = allowed[carried_y[fits], carried_x[fits]]
        y, x = np.where(fits, carried_y, y), np.where(fits, carried_x, x)
    return Field(y.astype(np.int32), x.astype(np.int32), np.zeros(y.size, np.float32))


def _report(progress: Progress, sizes: list[Size], i: int, step: int, rounds: int) -> None:
    """Tell of one round; a scale's cost goes with its area."""
    areas = [height * width for height, width in sizes]
    done = (sum(areas[:i]) + areas[i] * step / rounds) / sum(areas)
    stage = f"scale {i} ({sizes[i][0]}x{sizes[i][1]})"
    progress(ProgressEvent(stage=stage, stage_index=i, stage_count=len(sizes), step=step, steps=rounds, done=done))
