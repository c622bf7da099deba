"""EM over scales: matching patches and voting for pixels in turn, from the coarsest scale to the finest.

Wexler, Shechtman, Irani (PAMI 2007, Sec. 3) with what Newson et al. (IPOL 2017) add: texture features are filled along
with the colours, and the field is carried up from scale to scale. Arrays are float32 (H, W, K), as `features` makes
them.

A guess from elsewhere, at low resolution, is carried to the full size with detail from the picture. Two ideas keep it
as it is while exemplars sharpen it. When the field is first matched at a scale, the picture is an enlargement and
therefore blurred, so the sources it is compared with are blurred in the same way (GPNN: Granot et al., CVPR 2022, Sec.
3.1). And after each scale the result, shrunk to the size of the guess, is made to agree with it: the difference is
enlarged and added (back-projection: Irani and Peleg, "Improving resolution by image registration", 1991). Without the
second the EM drifts to what the hole's border suggests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import cv2
import numpy as np

from selfmend.errors import OptionError
from selfmend.image.resize import resize
from selfmend.options import option
from selfmend.patches.masked_field import Field, improve
from selfmend.patches.scales import Scale, build_scale, hole_depth, pad, plan_sizes, pull_push, shrink, trim
from selfmend.patches.votes import vote
from selfmend.progress import Progress, ProgressEvent
from selfmend.seeding import derive_seed
from selfmend.types import box_around

if TYPE_CHECKING:
    from selfmend.types import Size

OURS = "measured, docs/results-patchmatch.md"
BLENDED = "measured, docs/results-auto.md"
BACK_PROJECTIONS = 2
_LAYOUT = 0.6  # of the full size: up to there, scales decide what lies where
_LEAST_SOURCES = 30
_SETTLED = 60.0  # px: the hole's depth at a scale from which more rounds change nothing that one could see
_LATE_ROUNDS = 2


@dataclass(frozen=True, kw_only=True)
class PatchMatchOptions:
    """Options of `fill`. Where a default differs from the paper named beside it, ours was measured to be better.

    Raises:
        OptionError: a value out of range.
    """

    patch: int = option(5, "side of a square patch, odd", unit="pixels", source=f"Newson 2017: 7; {OURS}")
    ratio: float = option(1.3, "size of a scale by that of the next coarser", source=f"Newson 2017: 2; {OURS}")
    coarsest_depth: float = option(3.0, "the hole's depth at the coarsest scale", unit="pixels", source="Newson 2017")
    coarsest_side: int = option(16, "least shorter side of the coarsest scale", unit="pixels", source=OURS)
    iterations: int = option(
        8, "rounds of matching and voting near the coarsest scale", unit="rounds", source="Wexler 2007, Sec. 3.2"
    )
    finest_iterations: int = option(4, "rounds at the finest scale, where most time goes", unit="rounds", source=OURS)
    coarsest_iterations: int = option(10, "the same at the coarsest scale", unit="rounds", source=OURS)
    passes: int = option(2, "propagation and search passes a round", unit="passes", source="Barnes 2009, Sec. 3.2: 4-5")
    decay: float = option(3.0, "confidence lost per pixel of depth", unit="factor", source="Wexler 2007, Sec. 3.3: 1.3")
    least_confidence: float = option(0.02, "confidence that the decay ends at", unit="0 to 1", source=OURS)
    texture: float = option(0.7, "weight of texture features beside colours", source=f"Newson 2017, Sec. 3.2; {OURS}")
    texture_window: int = option(9, "side of their averaging window", unit="pixels", source=OURS)
    nearness: float = option(0.1, "cost of a source one picture side away", unit="squared colour", source=OURS)
    softness: float = option(
        2.0, "spread of a vote's weight by cost", unit="mean costs", source=f"Wexler, eq. 5; {OURS}"
    )
    deep: float = option(2.7, "depth from which agreeing votes win", unit="pixels", source=f"Wexler, 3.2; {OURS}")
    shift: float = option(
        0.05, "most that a patch is shifted in colour to meet those around", unit="of the colour range",
        source=f"Darabi 2012; {OURS}",
    )  # fmt: skip
    guess_confidence: float = option(0.3, "least confidence in a guess from elsewhere", unit="0 to 1", source=OURS)
    guess_kept: bool = option(True, "the result, shrunk to the guess's size, must equal the guess", source=OURS)
    guess_iterations: int = option(2, "rounds a scale above a guess", unit="rounds", source=OURS)
    known_fraction: float = option(0.05, "known part that makes a coarse pixel known", unit="0 to 1", source=OURS)
    members: int = option(
        1, "fills whose common layout counts; the others are only made at coarse scales", unit="fills", source=BLENDED
    )
    smooth: float = option(0.0, "share of a smooth fill in the low frequencies", unit="0 to 1", source=BLENDED)
    regain: float = option(1.0, "most that lost texture is amplified by", unit="factor", source=BLENDED)
    withheld: float = option(
        0.0, "share of the picture that coarse scales do not take from, in spots drawn by the seed", unit="0 to 1",
        source=BLENDED,
    )  # fmt: skip
    window: int = option(256, "reach for sources around the hole, at least its size", unit="pixels", source=OURS)

    def __post_init__(self) -> None:
        limits = {
            "patch": (3, 31),
            "ratio": (1.05, 8),
            "coarsest_depth": (1, 1e6),
            "coarsest_side": (1, 1e6),
            "iterations": (1, 1000),
            "finest_iterations": (1, 1000),
            "coarsest_iterations": (1, 1000),
            "passes": (1, 1000),
            "decay": (1, 1e6),
            "least_confidence": (1e-6, 1),
            "texture": (0, 1000),
            "texture_window": (1, 101),
            "nearness": (0, 1e6),
            "softness": (1e-6, 1e6),
            "deep": (0, 1e9),
            "shift": (0, 1),
            "guess_confidence": (1e-6, 1),
            "guess_iterations": (1, 1000),
            "known_fraction": (0.01, 1),
            "members": (1, 100),
            "smooth": (0, 1),
            "regain": (1, 4),
            "withheld": (0, 0.95),
            "window": (1, 1e9),
        }
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not low <= value <= high:  # written so that NaN is refused too
                raise OptionError(f"{name} is {value}; {low} to {high} fits")
        if self.patch % 2 == 0:
            raise OptionError(f"patch is {self.patch}; an odd side fits, such as {self.patch + 1}")


BLEND = PatchMatchOptions(members=3, smooth=0.3, regain=1.6, nearness=0.05)
"""What `auto` fills with: nearer to the truth than one fill alone, for twice the time."""


def varied(options: PatchMatchOptions) -> PatchMatchOptions:
    """Options of a further fill, which is to differ from the best one.

    Seeds alone change little: the coarse scales find the same way on from the border. So these fills may not use most
    of the picture where the layout is decided, another part for each seed, and what is left counts alike, near or far.
    """
    return replace(options, withheld=0.7, nearness=0.0)


@dataclass(frozen=True, kw_only=True)
class Guess:
    """A picture from elsewhere to start from.

    Attributes:
        colours: float32 (H, W, C), full size, on the scale of `features`.
        scale: size at which they are trustworthy by full size, at most 1.
    """

    colours: np.ndarray
    scale: float

    @property
    def size(self) -> Size:
        """The size at which the colours are trustworthy."""
        height, width = self.colours.shape[:2]
        return max(1, round(height * self.scale)), max(1, round(width * self.scale))


def fill_values(
    layers: Sequence[tuple[np.ndarray, np.ndarray]],
    guess: Guess | None,
    *,
    seed: int,
    options: PatchMatchOptions,
    progress: Progress,
    coarser: float = 1.0,
    misfit: np.ndarray | None = None,
    withheld: np.ndarray | None = None,
) -> np.ndarray:
    """Fill the unknown part.

    Args:
        layers: the picture, then references that lie on it: values, float32 (H, W, K), zero where unknown, and where
            they are known, bool (H, W).
        guess: starts at its scale instead of at the coarsest.
        seed: 0 to 2^63 - 1.
        options: of the filling.
        progress: takes an event a round.
        coarser: end at the finest scale that is at least so many times smaller, or at the coarsest.
        misfit: float32 (H, W), in which the cost of the match at each patch's centre is written, but for `nearness`.
        withheld: bool (H, W), centres of the picture's patches that the scales where the layout is decided do not use.

    Returns:
        float32 (H, W, K); (h, w, K) of the scale where it ended, (0, W, K) if none that coarse has a source.
    """
    sizes = _sizes(layers[0][1], guess, options)
    sizes = [size for size in sizes if max(size) * coarser <= max(sizes[-1])] or sizes[:1]
    shrunk = [list(parts) for parts in zip(*(shrink(values, known, sizes) for values, known in layers), strict=True)]
    picture: np.ndarray | None = None
    below: tuple[Scale, Field] | None = None
    kept = guess if options.guess_kept else None  # a guess that is not kept is only where the search starts
    if kept is not None:
        options = replace(options, shift=0.0)  # back-projection says how light what is
    for i, parts in enumerate(shrunk):
        finest = sizes[i] == layers[0][1].shape
        if i > 1:
            shrunk[i - 2].clear()  # memory: only the scale below is still looked at
        scale = build_scale(
            parts,
            radius=options.patch // 2,
            known_fraction=1 if finest else options.known_fraction,
            decay=options.decay,
            least_confidence=options.least_confidence if kept is None else options.guess_confidence,
        )
        if not scale.sources.allowed.any():
            continue
        if withheld is not None and max(sizes[i]) <= _LAYOUT * max(layers[0][1].shape):
            scale = _without(scale, withheld)
        picture = _start_picture(scale, picture, guess)
        if scale.targets.y.size == 0:
            continue
        field = _start_field(scale, below, np.random.default_rng(derive_seed(seed, "start", i)))
        report = partial(_report, progress, sizes, i)
        if kept is None:
            rounds = _rounds(options, i / max(1, len(sizes) - 1)) if below else options.coarsest_iterations
            if scale.targets.depth.max() > _SETTLED:
                rounds = min(rounds, _LATE_ROUNDS)
            _alternate(scale, scale, field, picture, rounds, derive_seed(seed, i), options, report)
        elif below or finest:
            first = _blur_sources(scale, shrunk[i - 1]) if below else scale
            _alternate(first, scale, field, picture, options.guess_iterations, derive_seed(seed, i), options, report)
            _back_project(kept, scale, picture)
        else:  # a guess stays as it is at its own scale: only its matches are needed
            _match(scale, field, picture, derive_seed(seed, i), options)
        below = scale, field
        if misfit is not None and finest:
            misfit[scale.targets.y - scale.radius, scale.targets.x - scale.radius] = _misfits(scale, field, options)
    if picture is None:  # no scale as coarse as that has a source; the finest has, `inpaint` has seen to it
        assert coarser > 1
        return layers[0][0][:0]
    return trim(picture, options.patch // 2)


def _without(scale: Scale, withheld: np.ndarray) -> Scale:
    """The scale without some of the picture's own sources; as it is where too few would be left."""
    height, width = scale.size
    share = cv2.resize(withheld.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    allowed = scale.sources.allowed.copy()
    allowed[:, : scale.sources.width][pad(share > 0.5, scale.radius)] = 0
    if np.count_nonzero(allowed) < _LEAST_SOURCES:
        return scale
    return replace(scale, sources=scale.sources._replace(allowed=allowed))


def _misfits(scale: Scale, field: Field, options: PatchMatchOptions) -> np.ndarray:
    """Costs of the matches (T,) without that of distance."""
    down = field.y - scale.targets.y
    right = field.x % scale.sources.width - scale.targets.x
    near = options.nearness / max(scale.size) ** 2 * (down.astype(np.float32) ** 2 + right.astype(np.float32) ** 2)
    return np.maximum(field.cost - near, 0)


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
        vote(scale, field, picture, softness=options.softness, deep=options.deep, shift=options.shift)


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
    if below is None:
        start = pull_push(values, known)
        if guess is not None:
            _put(guess, start, known)
        return np.ascontiguousarray(pad(start, scale.radius))
    start = scale.sources.values[:, : scale.sources.width].copy()
    if not known.all():
        part = box_around(~known, 0)
        enlarged = resize(trim(below, scale.radius), scale.size, window=part)
        unknown = ~known[part]
        trim(start, scale.radius)[part][unknown] = enlarged[unknown]
    return start


def _start_field(scale: Scale, below: tuple[Scale, Field] | None, random: np.random.Generator) -> Field:
    """The field of the scale below carried up; else the same place of a reference, or a random one."""
    targets, allowed, r, width = scale.targets, scale.sources.allowed > 0, scale.radius, scale.sources.width
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


def _put(guess: Guess, start: np.ndarray, known: np.ndarray) -> None:
    """Write the guess's colours into the unknown part of a start (H, W, K), in place; features are left alone."""
    channels = guess.colours.shape[2]
    colours = resize(guess.colours, (known.shape[0], known.shape[1]))
    start[..., :channels] = np.where(known[..., None], start[..., :channels], colours)


def _blur_sources(scale: Scale, below: Sequence[tuple[np.ndarray, np.ndarray]]) -> Scale:
    """The scale with sources as blurred as an enlargement of the scale below, whose sums and shares are given."""
    parts = []
    for sums, share in below:
        enlarged = resize(np.concatenate([sums, share[..., None]], 2), scale.size)
        parts.append(pad(enlarged[..., :-1] / np.maximum(enlarged[..., -1:], 1e-2), scale.radius))
    values = np.where(scale.sources.known[..., None], np.concatenate(parts, 1), 0)
    return replace(scale, sources=scale.sources._replace(values=np.ascontiguousarray(values, np.float32)))


def _back_project(guess: Guess, scale: Scale, picture: np.ndarray) -> None:
    """Make the hole of a padded picture agree with the guess at the guess's size, in place."""
    hole = trim(scale.targets.hole, scale.radius)
    if not hole.any():
        return
    inner, part = trim(picture, scale.radius)[..., : guess.colours.shape[2]], box_around(hole, 0)
    wanted = resize(guess.colours, guess.size)
    for _ in range(BACK_PROJECTIONS):
        lacking = resize(wanted - resize(inner, guess.size), scale.size, window=part)
        inner[part] += np.where(hole[part][..., None], lacking, 0)
