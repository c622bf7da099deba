"""Mending a hole with patches of the picture's own known part: PatchMatch in an EM over scales, without training.

Of a large picture only a window around each hole is worked on; see `em.py` for what happens there.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from selfmend.errors import ImageError, MaskError, SelfmendWarning
from selfmend.parallel import alongside
from selfmend.patches.blend import COARSER, blend_unit, blended, smooth_fill
from selfmend.patches.em import Guess, PatchMatchOptions, fill_values
from selfmend.patches.scales import colour_scale, features, has_source, hole_depth
from selfmend.progress import Progress, ProgressEvent, silent
from selfmend.seeding import derive_seed, make_rng
from selfmend.types import box_around, check_image, check_mask

if TYPE_CHECKING:
    from selfmend.types import Size

DEFAULTS = PatchMatchOptions()
_SMALL = 4  # times the reach: a picture whose sides are no longer is worked on as a whole
_SPOT, _LEAST_SPOT = 0.7, 4.0  # of the hole's depth, and pixels: standard deviation of what spots are drawn from


class Reference(NamedTuple):
    """A picture that lies on the one to be mended, and shows some of what the hole hides.

    Attributes:
        image: float32 (H, W, C) in [0, 1], zero where `known` is False.
        known: bool (H, W), where it shows anything.
    """

    image: np.ndarray
    known: np.ndarray


def inpaint(
    image: np.ndarray,
    mask: np.ndarray,
    *,
    seed: int,
    options: PatchMatchOptions = DEFAULTS,
    guess: np.ndarray | None = None,
    guess_size: Size | None = None,
    references: Sequence[Reference] = (),
    progress: Progress = silent,
) -> np.ndarray:
    """Fill the hole with patches of the picture's known part.

    Args:
        image: float32 (H, W, C) in [0, 1]; the hole's content has no influence, NaN neither.
        mask: bool (H, W), True = hole.
        seed: 0 to 2^63 - 1; the same seed gives the same bytes, whatever the number of threads.
        options: see `PatchMatchOptions`.
        guess: a picture like `image` whose hole holds a first guess from elsewhere. It is kept at its own scale, and
            detail is added above it.
        guess_size: (height, width) at which `guess` is trustworthy; by default its full size.
        references: pictures that lie on `image`, whose patches join the sources; the distance of patches decides.
        progress: takes an event a round.

    Returns:
        float32 (H, W, C), known pixels bit-equal.

    Raises:
        MaskError: the hole leaves no patch to take from.
        ImageError: the image, the guess or a reference does not fit.

    Example:
        >>> stripes = np.tile((np.arange(32) % 4 < 2).astype(np.float32)[None, :, None], (32, 1, 3))
        >>> hole = np.zeros((32, 32), bool)
        >>> hole[12:18, 12:18] = True
        >>> mended = inpaint(stripes, hole, seed=0)
        >>> bool(np.abs(mended - stripes).max() < 1e-3)
        True
    """
    check_mask(mask, image)
    check_image(image, mask)
    if guess is not None:
        if guess.shape != image.shape:
            raise ImageError(f"guess is {guess.shape} and the image {image.shape}; the same shape fits")
        check_image(guess, ~mask, name="guess")
    for reference in references:
        if reference.image.shape != image.shape:
            raise ImageError(f"reference is {reference.image.shape} and the image {image.shape}; the same shape fits")
    result = image.copy()
    parts = _parts(mask, options.window)
    for i, (rows, columns, part) in enumerate(parts):
        start = None
        if guess is not None:
            height, width = guess_size or mask.shape
            start = guess[rows, columns], min(1.0, (height * width / mask.size) ** 0.5)
        shown = [Reference(r.image[rows, columns], r.known[rows, columns]) for r in references]
        filled = _fill_window(
            image[rows, columns], mask[rows, columns], start, shown, seed, options, _share(progress, i, len(parts))
        )
        result[rows, columns][part] = filled[part]
    return result


def window_of(mask: np.ndarray, options: PatchMatchOptions) -> tuple[slice, slice] | None:
    """The rows and columns that `inpaint` looks at for a hole; None for all of the picture.

    The part of the picture that they are is filled to the same bits.

    Args:
        mask: bool (H, W), with a hole.
        options: of the fill.
    """
    least = _SMALL * options.window + 1
    if max(mask.shape) < least:
        return None
    parts = _parts(mask, options.window)
    windows = [(rows, columns) for rows, columns, _ in parts]
    sides = [[min(w[k].start for w in windows), max(w[k].stop for w in windows)] for k in (0, 1)]
    if max(stop - start for start, stop in sides) < least:  # what is as small is worked on as a whole
        axis = int(np.argmax(mask.shape))
        start = max(0, min(sides[axis][0], mask.shape[axis] - least))
        sides[axis] = [start, max(sides[axis][1], start + least)]
    return slice(*sides[0]), slice(*sides[1])


def _fill_window(
    image: np.ndarray,
    hole: np.ndarray,
    guess: tuple[np.ndarray, float] | None,
    references: Sequence[Reference],
    seed: int,
    options: PatchMatchOptions,
    progress: Progress,
) -> np.ndarray:
    """`inpaint` for a window; the guess with the scale at which it is trustworthy."""
    channels = image.shape[2]
    factor = np.float32(colour_scale(channels))
    clean = np.where(hole[..., None], np.float32(0), image)
    seen = [Reference(clean, ~hole), *(r for r in references if r.known.any())]
    fitting = _with_patch_that_fits([r.known for r in seen], options)
    layers = [
        (features(r.image, r.known, weight=options.texture, window=options.texture_window), r.known) for r in seen
    ]
    start = None
    if guess is not None:
        colours = np.where(hole[..., None], guess[0], clean)
        start = Guess(colours=colours * factor, scale=guess[1])
    misfit = np.zeros(hole.shape, np.float32)
    withheld = _spots(hole, options.withheld, seed) if options.withheld > 0 else None

    def fill() -> np.ndarray:
        return fill_values(
            layers, start, seed=seed, options=fitting, progress=progress, misfit=misfit, withheld=withheld
        )

    if guess is not None or (options.members == 1 and options.smooth == 0 and options.regain <= 1):
        return np.clip(fill()[..., :channels] / factor, 0, 1)

    def others(wanted: Callable[[], bool]) -> tuple[list[np.ndarray], tuple[np.ndarray, float] | None]:
        go_on = partial(_stop_unless, wanted)
        fills = _others(layers, seed, fitting, COARSER * blend_unit(hole), withheld, go_on)
        known = layers[0][0][..., :channels] / factor
        smooth = (smooth_fill(known, hole), options.smooth) if options.smooth else None
        return [one[..., :channels] / factor for one in fills], smooth

    filled, (further, smooth) = alongside(fill, others)
    texture = filled[..., channels:] / np.float32(options.texture) if options.texture else None
    colours = blended(
        filled[..., :channels] / factor, hole, further, smooth, texture, misfit,
        regain=options.regain, window=options.texture_window,
    )  # fmt: skip
    return np.clip(colours, 0, 1)


def _others(
    layers: Sequence[tuple[np.ndarray, np.ndarray]],
    seed: int,
    options: PatchMatchOptions,
    coarser: float,
    withheld: np.ndarray | None,
    progress: Progress,
) -> list[np.ndarray]:
    """The other members' fills, made at coarse scales only; none where no scale that coarse has a source."""
    seeds = [derive_seed(seed, "member", k) for k in range(1, options.members)]
    fills = [
        fill_values(layers, None, seed=one, options=options, progress=progress, coarser=coarser, withheld=withheld)
        for one in seeds
    ]
    return [fill for fill in fills if fill.size]


class _NotWanted(Exception):  # noqa: N818
    """The fill that these were to be blended with has failed, or was stopped."""


def _stop_unless(wanted: Callable[[], bool], event: ProgressEvent) -> None:
    if not wanted():
        raise _NotWanted


def _spots(hole: np.ndarray, share: float, seed: int) -> np.ndarray:
    """A share of the picture in spots about as large as the hole is deep, bool (H, W)."""
    size = max(_LEAST_SPOT, _SPOT * float(hole_depth(hole).max()))
    coarse = [max(1, round(side * _LEAST_SPOT / size)) for side in hole.shape]
    noise = make_rng(seed, "withheld").standard_normal(coarse, dtype=np.float32)
    smooth = cv2.resize(cv2.GaussianBlur(noise, (0, 0), _LEAST_SPOT), hole.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return smooth > np.quantile(smooth, 1 - share)


def _share(progress: Progress, i: int, count: int) -> Progress:
    """Progress of part `i` of `count` as progress of the whole."""
    return lambda event: progress(replace(event, done=(i + (event.done or 0)) / count))


def _parts(hole: np.ndarray, reach: int) -> list[tuple[slice, slice, np.ndarray]]:
    """The hole's pixels in groups that lie farther than `reach` from each other.

    In a large picture with a few small holes the work then goes with the holes, not with the picture.

    Returns:
        For each group the rows and columns that are worked on, the group's bounding box grown by `reach` or by its own
        size, and which pixels of them are the group's, bool.
    """
    if not hole.any():
        return []
    if max(hole.shape) <= _SMALL * reach:  # too small to gain anything
        rows, columns = _working_window(hole, (0, 0), hole.shape, reach)
        return [(rows, columns, hole[rows, columns])]
    around = box_around(hole, reach)  # what is beyond belongs to no group
    up, across = around[0].start, around[1].start
    side = np.ones((1, reach), np.uint8)
    grown = cv2.dilate(cv2.dilate(hole[around].astype(np.uint8), side), side.T)  # by half of `reach` on every side
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(grown)
    parts = []
    for label in range(1, count):
        left, top, width, height = boxes[label][:4]
        box = slice(top, top + height), slice(left, left + width)
        group = hole[around][box] & (labels[box] == label)
        rows, columns = _working_window(group, (up + top, across + left), hole.shape, reach)
        inside = np.zeros((rows.stop - rows.start, columns.stop - columns.start), bool)
        y, x = up + top - rows.start, across + left - columns.start
        clipped = group[max(0, -y) :, max(0, -x) :]  # the group was grown, and may begin before the window
        y, x = max(0, y), max(0, x)
        clipped = clipped[: inside.shape[0] - y, : inside.shape[1] - x]
        inside[y : y + clipped.shape[0], x : x + clipped.shape[1]] = clipped
        parts.append((rows, columns, inside))
    return parts


def _working_window(
    part: np.ndarray, corner: tuple[int, int], size: tuple[int, ...], reach: int
) -> tuple[slice, slice]:
    """The rows and columns that are worked on for a part of the hole, whose upper left pixel is at `corner`."""
    window = []
    for axis in (0, 1):
        where = np.flatnonzero(part.any(1 - axis)) + corner[axis]
        first, last = int(where[0]), int(where[-1]) + 1
        grow = max(reach, last - first)
        window.append(slice(max(0, first - grow), min(size[axis], last + grow)))
    return window[0], window[1]


def _with_patch_that_fits(known: Sequence[np.ndarray], options: PatchMatchOptions) -> PatchMatchOptions:
    """The options, with a smaller patch if the hole leaves no source of the asked size, nor any reference has one."""
    hole = ~known[0]
    for patch in range(options.patch, 2, -2):
        if any(has_source(layer, patch // 2) for layer in known):
            break
    else:
        raise MaskError(
            f"the hole covers {hole.sum()} of the {hole.size} pixels around it and leaves no patch of 3x3 pixels "
            "to take from; mark less as hole, or give a larger picture"
        )
    if patch < options.patch:
        warnings.warn(
            f"the hole leaves no patch of {options.patch}x{options.patch} pixels to take from; {patch}x{patch} is used "
            "and the result may be coarse",
            SelfmendWarning,
            stacklevel=4,
        )
        options = replace(options, patch=patch)
    return options
