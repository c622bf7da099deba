"""A hole closed smoothly: a thin plate through the known pixels, solved by relaxation over scales.

The plate minimises the squared Laplacian (the biharmonic equation); a pixel beyond the picture is no neighbour, so that
it ends freely there. Colour and slope continue into the hole. The system is relaxed pixel by pixel (successive
over-relaxation), from a solution at half the size carried up, so that a few rounds are enough at every scale (cascadic
multigrid: Bornemann and Deuflhard, 1996) and the cost goes with the hole's area. The rounds end before the plate has
settled, on purpose: where the hole is deep it would overshoot, and is nearer to what was there before.
"""

from __future__ import annotations

import cv2
import numpy as np

from selfmend.compiled import FASTMATH, inner_fast, loop
from selfmend.parallel import in_parallel
from selfmend.patches.scales import hole_depth, pull_push

ROUNDS = 20
OVER = 1.4
SHALLOW = 1.5
TILE = 512
MARGIN = 64


def plate(values: np.ndarray, hole: np.ndarray, *, deepest: float = np.inf) -> np.ndarray:
    """Close the hole with a thin plate.

    Args:
        values: float32 (H, W, C); the hole's content has no influence, NaN neither.
        hole: bool (H, W); at least one pixel is known.
        deepest: scales at which the hole is deeper than so many pixels are not relaxed, only enlarged.

    Returns:
        float32 (H, W, C), known pixels as they came; the others are not clamped.

    Example:
        >>> ramp = np.arange(6, dtype=np.float32)[None, :, None]
        >>> plate(ramp, ramp[..., 0] == 3)[0, :, 0].round(2).tolist()
        [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    """
    return _closed(np.where(hole[..., None], np.float32(0), values), hole, deepest)


def plate_in_tiles(values: np.ndarray, hole: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """`plate` tile by tile, for shallow parts of the hole in pictures of any size: memory goes with a tile.

    Args:
        values, hole: as in `plate`.
        wanted: bool (H, W), the pixels of the hole that are wanted; they lie near known ones.

    Returns:
        float32 (H, W, C), `values` with the wanted pixels, clamped to [0, 1].
    """
    result = values.copy()
    height, width = hole.shape
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            tile = slice(top, top + TILE), slice(left, left + TILE)
            if not wanted[tile].any():
                continue
            y, x = max(0, top - MARGIN), max(0, left - MARGIN)
            around = slice(y, top + TILE + MARGIN), slice(x, left + TILE + MARGIN)
            if hole[around].all():
                around, y, x = (slice(None), slice(None)), 0, 0
            closed = plate(values[around], hole[around], deepest=MARGIN / 4)
            here, inner = wanted[tile], closed[top - y : top - y + TILE, left - x : left - x + TILE]
            result[tile][here] = inner[here].clip(0, 1)
    return result


def tiles_around(wanted: np.ndarray, corner: tuple[int, int], size: tuple[int, ...]) -> tuple[slice, slice]:
    """The rows and columns of a picture that `plate_in_tiles` looks at; they begin with a tile, so that tiles stay.

    Args:
        wanted: bool, as in `plate_in_tiles`, or a part of it.
        corner: of the part in the picture, (top, left).
        size: (height, width) of the picture.
    """
    sides = []
    for axis, length in enumerate(size[:2]):
        places = np.flatnonzero(wanted.any(1 - axis)) + corner[axis]
        first, last = int(places[0]) // TILE * TILE, int(places[-1]) // TILE * TILE + TILE
        sides.append(slice(max(0, first - MARGIN) // TILE * TILE, min(length, last + MARGIN)))
    return sides[0], sides[1]


def _closed(values: np.ndarray, hole: np.ndarray, deepest: float) -> np.ndarray:
    if not hole.any():
        return values
    depth = float(hole_depth(hole).max())
    if depth <= SHALLOW or min(hole.shape) < 4:
        start = pull_push(values, ~hole)
    else:
        coarse, unknown = _halved(values, hole)
        below = _closed(coarse, unknown, deepest)
        start = cv2.resize(below, (2 * below.shape[1], 2 * below.shape[0]), interpolation=cv2.INTER_LINEAR)
        start = start.reshape(2 * below.shape[0], 2 * below.shape[1], -1)[: hole.shape[0], : hole.shape[1]]
    picture = np.ascontiguousarray(np.where(hole[..., None], start, values), np.float32)
    if depth <= deepest:
        _relax(picture, hole)
    return picture


def _halved(values: np.ndarray, hole: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means of the known among 2x2 pixels, zero where there are none, and where there are none."""
    odd = [(0, hole.shape[0] % 2), (0, hole.shape[1] % 2)]
    known = np.pad((~hole).astype(np.float32), odd)[..., None]
    both = np.concatenate([np.pad(values, [*odd, (0, 0)]), known], 2)
    sums = both[::2, ::2] + both[1::2, ::2] + both[::2, 1::2] + both[1::2, 1::2]
    return sums[..., :-1] / np.maximum(sums[..., -1:], 1), sums[..., -1] == 0


def _relax(picture: np.ndarray, hole: np.ndarray) -> None:
    """Relax the hole's pixels in place; channels do not know each other, so that each may have a thread."""
    y, x = (at.astype(np.int32) for at in np.nonzero(hole))
    planes = np.ascontiguousarray(picture.transpose(2, 0, 1))
    in_parallel(lambda channel: _sweep(planes[channel], y, x, ROUNDS), len(planes))
    picture[hole] = planes[:, hole].T


@loop(fastmath=FASTMATH)
def _sweep(plane: np.ndarray, at_y: np.ndarray, at_x: np.ndarray, rounds: int) -> None:
    """Move each pixel beyond its minimum of the energy by `OVER`; forwards and backwards through them in turn."""
    height, width = plane.shape
    for step in range(rounds):
        for n in range(at_y.size):
            k = n if step % 2 == 0 else at_y.size - 1 - n
            y, x = np.int64(at_y[k]), np.int64(at_x[k])
            bend, around = _laplacian(plane, y, x)
            slope, steep = -around * bend, around * around
            for side in range(4):
                j, i = y + (side == 0) - (side == 1), x + (side == 2) - (side == 3)
                if 0 <= j < height and 0 <= i < width:
                    slope += _laplacian(plane, j, i)[0]
                    steep += np.float32(1)
            if steep > 0:
                plane[y, x] -= np.float32(OVER) * slope / steep


@inner_fast
def _laplacian(plane: np.ndarray, y: int, x: int) -> tuple[np.float32, np.float32]:
    """Sum of the differences to the neighbours in the picture, and their number."""
    here, total, count = plane[y, x], np.float32(0), np.float32(0)
    if y > 0:
        total += plane[y - 1, x] - here
        count += np.float32(1)
    if y < plane.shape[0] - 1:
        total += plane[y + 1, x] - here
        count += np.float32(1)
    if x > 0:
        total += plane[y, x - 1] - here
        count += np.float32(1)
    if x < plane.shape[1] - 1:
        total += plane[y, x + 1] - here
        count += np.float32(1)
    return total, count
