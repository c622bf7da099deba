"""EM over scales: matching patches and voting for pixels in turn, from the coarsest scale to the finest.

Wexler, Shechtman, Irani (PAMI 2007, Sec. 3) with what Newson et al. (IPOL 2017) add: texture features are filled along
with the colours, and the field is carried up from scale to scale. Arrays are float32 (H, W, K), as `features` makes
them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from selfmend.core.progress import Progress, ProgressEvent
from selfmend.core.rng import derive_seed
from selfmend.core.types import Size
from selfmend.hole_init.patchmatch.field import Field, improve
from selfmend.hole_init.patchmatch.options import PatchMatchOptions
from selfmend.hole_init.patchmatch.scales import Scale, build_scale, hole_depth, plan_sizes, shrink
from selfmend.hole_init.patchmatch.start import pull_push
from selfmend.hole_init.patchmatch.votes import vote
from selfmend.image.resize import resize


@dataclass(frozen=True, kw_only=True)
class Guess:
    """A picture from elsewhere to start from.

    Attributes:
        colours: float32 (H, W, C), full size, on the scale of `features`.
        scale: size at which they are trustworthy by full size, at most 1.
    """

    colours: np.ndarray
    scale: float


def fill_values(
    values: np.ndarray,
    known: np.ndarray,
    guess: Guess | None,
    *,
    seed: int,
    options: PatchMatchOptions,
    progress: Progress,
) -> np.ndarray:
    """Fill the unknown part.

    Args:
        values: float32 (H, W, K), zero where unknown.
        known: bool (H, W).
        guess: starts at its scale instead of at the coarsest.
        seed: 0 to 2^63 - 1.
        options: of the filling.
        progress: takes an event a round.

    Returns:
        float32 (H, W, K).
    """
    sizes = _sizes(known, guess, options)
    picture: np.ndarray | None = None
    scale_below: Scale | None = None
    field: Field | None = None
    for i, (sums, share) in enumerate(shrink(values, known, sizes)):
        finest = i == len(sizes) - 1
        scale = build_scale(
            sums,
            share,
            radius=options.patch // 2,
            known_fraction=1 if finest else options.known_fraction,
            decay=options.decay,
            least_confidence=options.least_confidence if guess is None else options.guess_confidence,
        )
        if not scale.sources.allowed.any():
            continue
        follows_guess = guess is not None and picture is None
        picture = _start_picture(scale, picture, guess)
        if scale.targets.y.size == 0:
            continue
        field = _start_field(scale, scale_below, field, np.random.default_rng(derive_seed(seed, "start", i)))
        rounds = options.iterations if scale_below else options.coarsest_iterations
        for step in range(rounds):
            _report(progress, sizes, i, step, rounds)
            improve(
                scale,
                field,
                picture,
                seed=derive_seed(seed, "search", i, step),
                passes=options.passes,
                reach=max(scale.size),
                nearness=options.nearness / max(scale.size) ** 2,
            )
            if finest or not follows_guess:  # a guess stays as it is at its own scale; detail comes above it
                vote(scale, field, picture, softness=options.softness, deep=options.deep)
        scale_below = scale
    assert picture is not None  # the finest scale has a source: `fill` has seen to it
    return _trim(picture, options.patch // 2)


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
    known = _trim(scale.sources.known, scale.radius)
    values = _trim(scale.sources.values, scale.radius)
    if below is None:
        start = pull_push(values, known)
        if guess is not None:
            colours = _resize(guess.colours, scale.size)
            start[..., : colours.shape[2]] = np.where(known[..., None], values[..., : colours.shape[2]], colours)
    else:
        start = np.where(known[..., None], values, _resize(_trim(below, scale.radius), scale.size))
    picture = scale.sources.values.copy()
    _trim(picture, scale.radius)[:] = start
    return picture


def _start_field(scale: Scale, below: Scale | None, field: Field | None, random: np.random.Generator) -> Field:
    """The field of the scale below carried up; random sources where that gives none."""
    targets, allowed = scale.targets, scale.sources.allowed
    at_y, at_x = np.nonzero(allowed)
    drawn = random.integers(at_y.size, size=targets.y.size)
    y, x = at_y[drawn], at_x[drawn]
    if below is not None and field is not None:
        r = scale.radius
        up_y, up_x = scale.size[0] / below.size[0], scale.size[1] / below.size[1]
        below_y = np.clip(((targets.y - r + 0.5) / up_y).astype(np.int64), 0, below.size[0] - 1) + r
        below_x = np.clip(((targets.x - r + 0.5) / up_x).astype(np.int64), 0, below.size[1] - 1) + r
        number = below.targets.number[below_y, below_x]
        carried_y = targets.y + np.rint((field.y[number] - below_y) * up_y).astype(np.int64)
        carried_x = targets.x + np.rint((field.x[number] - below_x) * up_x).astype(np.int64)
        inside = (carried_y >= 0) & (carried_y < allowed.shape[0]) & (carried_x >= 0) & (carried_x < allowed.shape[1])
        fits = (number >= 0) & inside
        fits[fits] = allowed[carried_y[fits], carried_x[fits]]
        y, x = np.where(fits, carried_y, y), np.where(fits, carried_x, x)
    return Field(y.astype(np.int32), x.astype(np.int32), np.zeros(y.size, np.float32))


def _report(progress: Progress, sizes: list[Size], i: int, step: int, rounds: int) -> None:
    areas = [height * width for height, width in sizes]
    done = (sum(areas[:i]) + areas[i] * step / rounds) / sum(areas)
    progress(
        ProgressEvent(
            stage=f"scale {i} ({sizes[i][0]}x{sizes[i][1]})",
            stage_index=i,
            stage_count=len(sizes),
            step=step,
            steps=rounds,
            done=done,
        )
    )


def _trim(array: np.ndarray, radius: int) -> np.ndarray:
    """A view without the padding."""
    return array[radius : array.shape[0] - radius, radius : array.shape[1] - radius]


def _resize(values: np.ndarray, size: Size) -> np.ndarray:
    """`image.resize.resize` for (H, W, K) arrays."""
    tensor = torch.from_numpy(np.ascontiguousarray(values.transpose(2, 0, 1)))[None]
    return resize(tensor, size)[0].permute(1, 2, 0).numpy()
