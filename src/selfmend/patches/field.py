"""The nearest-neighbour field of a whole picture: for each of its patches, the patch of another picture most like it.

Two searches: exact, by matrix products, for the small scales; and PatchMatch (Barnes et al., SIGGRAPH 2009, Sec. 3) for
the others, where a field from the scale below is near the answer already. A patch is named by its upper left pixel,
pictures are float32 (H, W, C). (Holes and partly known patches are the business of `masked_field.py`.)

`price` (one number for each key) multiplies a key's distances: GPNN's normalisation makes keys cheap that no query is
near to, so that everything in the picture is used (Granot et al., CVPR 2022, Eq. 2). A negative price forbids a key.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from selfmend.compiled import FASTMATH, below, hash_bits, inner, inner_fast, loop
from selfmend.parallel import MOST_RUNS, in_parallel
from selfmend.types import Size, size_of

WORST = np.float32(1e30)
PATCHES_A_RUN = 2048
QUERIES_AT_ONCE = 1024
_SAME = np.float32(1e-6)
"""Squared distance of patches that are equal but for the rounding of a vote; nothing is searched that is better."""

DISTANCES_AT_ONCE = 1 << 24
"""Between queries and keys: 64 MiB."""


class Field(NamedTuple):
    """Matches: int32 (h, w) rows and columns of keys, float32 (h, w) priced squared distances; h = H - patch + 1."""

    y: np.ndarray
    x: np.ndarray
    cost: np.ndarray

    @property
    def size(self) -> Size:
        """Rows and columns of queries."""
        return self.y.shape[0], self.y.shape[1]


def places(size: Size, patch: int) -> Size:
    """How many rows and columns of patches a picture of `size` has."""
    return size[0] - patch + 1, size[1] - patch + 1


def exact_field(
    queries: np.ndarray, keys: np.ndarray, *, patch: int, alpha: float | None, allowed: np.ndarray | None
) -> Field:
    """The best key of every query; ties go to the first key.

    Args:
        queries: (H, W, C).
        keys: (h, w, C).
        patch: side of a patch.
        alpha: completeness: distances are divided by `alpha` plus the key's distance to its nearest query, both as
            means over the values of a patch. None: distances as they are.
        allowed: bool, one for each key, or None for all.
    """
    rows, columns = _unfold(queries, patch), _unfold(keys, patch)
    row_norms, column_norms = np.square(rows).sum(1), np.square(columns).sum(1)

    def distances(part: slice) -> np.ndarray:
        # |q - k|^2 = |q|^2 + |k|^2 - 2 qk, by one matrix product
        d = rows[part] @ columns.T
        d *= -2
        d += column_norms
        d += row_norms[part, None]
        return np.maximum(d, 0, out=d)

    parts = [slice(i, i + QUERIES_AT_ONCE) for i in range(0, len(rows), QUERIES_AT_ONCE)]
    each: Iterable[np.ndarray] = map(distances, parts)
    price = None
    if alpha is not None:  # the keys' nearest queries come first, and the distances are needed twice
        few = len(rows) * len(columns) <= DISTANCES_AT_ONCE
        kept = list(each) if few else None
        nearest = np.minimum.reduce([d.min(0) for d in kept or map(distances, parts)])
        price = prices(nearest, alpha=alpha, values=rows.shape[1])
        each = kept or map(distances, parts)
    forbidden = None if allowed is None else ~allowed.ravel()
    indices, costs = [], []
    for priced in each:
        if price is not None:
            priced *= price
        if forbidden is not None:
            priced[:, forbidden] = np.inf
        best = priced.argmin(1)
        indices.append(best)
        costs.append(np.take_along_axis(priced, best[:, None], 1)[:, 0])
    size, (_, width) = places(size_of(queries), patch), places(size_of(keys), patch)
    y, x = np.divmod(np.concatenate(indices).reshape(size), width)
    return Field(y.astype(np.int32), x.astype(np.int32), np.concatenate(costs).reshape(size))


def prices(nearest: np.ndarray, *, alpha: float, values: int) -> np.ndarray:
    """GPNN's price of each key, from its squared distance to the nearest query.

    Args:
        nearest: squared distances, summed over a patch.
        alpha: as in `exact_field`.
        values: numbers in a patch.
    """
    return 1 / (alpha + nearest / values)


def improve(
    field: Field,
    queries: np.ndarray,
    keys: np.ndarray,
    price: np.ndarray,
    *,
    patch: int,
    passes: int,
    seed: int,
    reach: int | None = None,
) -> None:
    """Improve a field in place by propagation and random search.

    Args:
        field: any valid keys; the costs are measured anew.
        queries: (H, W, C), contiguous.
        keys: (h, w, C), contiguous.
        price: float32, one for each key.
        patch: side of a patch.
        passes: even ones run from the upper left to the lower right, odd ones back.
        seed: 0 to 2^63 - 1; the result does not depend on the number of threads.
        reach: how far around a match the random search goes, in pixels; None: all over `keys`. Where it has a bound,
            time goes with the pixels, and not with their logarithm besides.
    """
    reach = max(price.shape) if reach is None else min(reach, max(price.shape))
    runs = min(MOST_RUNS, field.size[0], max(1, field.y.size // PATCHES_A_RUN))
    flat = [a.reshape(a.shape[0], -1) for a in (queries, keys)]
    for step in range(passes):
        before = field.y.copy(), field.x.copy()
        work = partial(
            _run, flat[0], flat[1], price, field, *before, patch, queries.shape[2], np.uint64(seed), step, reach, runs
        )
        in_parallel(work, runs)


@loop(fastmath=FASTMATH)
def _run(
    queries: np.ndarray,
    keys: np.ndarray,
    price: np.ndarray,
    field: Field,
    before_y: np.ndarray,
    before_x: np.ndarray,
    patch: int,
    channels: int,
    seed: np.uint64,
    step: int,
    reach: int,
    runs: int,
    run: int,
) -> None:
    """One pass over some rows. Of rows that belong to other runs, the last pass's matches are seen."""
    height, width = field.y.shape
    first, last = run * height // runs, (run + 1) * height // runs
    back = 1 if step % 2 == 0 else -1
    for m in range(last - first):
        y = first + m if step % 2 == 0 else last - 1 - m
        for n in range(width):
            x = n if step % 2 == 0 else width - 1 - n
            best_y, best_x, best = field.y[y, x], field.x[y, x], field.cost[y, x]
            if step == 0:
                best = _distance(queries, keys, y, x, best_y, best_x, patch, channels, WORST) * price[best_y, best_x]
            draw, around = 0, reach if best > _SAME * price[best_y, best_x] else 0
            while around >= 1:
                if draw < 2:
                    try_y, try_x = _propagate(field, before_y, before_x, y, x, back, draw, first, last)
                else:
                    bits, span = hash_bits(seed, (y * width + x) * 64 + draw, step), 2 * around + 1
                    try_y = best_y - around + below(bits, span)
                    try_x = best_x - around + below(bits >> np.uint64(32), span)
                    around //= 2
                draw += 1
                if try_y < 0 or try_x < 0 or try_y >= price.shape[0] or try_x >= price.shape[1]:
                    continue
                factor = price[try_y, try_x]
                if factor < 0 or (try_y == best_y and try_x == best_x):
                    continue
                cost = _distance(queries, keys, y, x, try_y, try_x, patch, channels, best / factor) * factor
                if cost < best:
                    best_y, best_x, best = try_y, try_x, cost
            field.y[y, x], field.x[y, x], field.cost[y, x] = best_y, best_x, best


@inner
def _propagate(
    field: Field,
    before_y: np.ndarray,
    before_x: np.ndarray,
    y: int,
    x: int,
    back: int,
    side: int,
    first: int,
    last: int,
) -> tuple[int, int]:
    """The match of the neighbour beside (side 0) or above (1) that this pass has been at, moved along; or nowhere."""
    height, width = field.y.shape
    if side == 0:
        return (field.y[y, x - back], field.x[y, x - back] + back) if 0 <= x - back < width else (-1, -1)
    if first <= y - back < last:
        return field.y[y - back, x] + back, field.x[y - back, x]
    return (before_y[y - back, x] + back, before_x[y - back, x]) if 0 <= y - back < height else (-1, -1)


@inner_fast
def _distance(
    queries: np.ndarray,
    keys: np.ndarray,
    y: int,
    x: int,
    key_y: int,
    key_x: int,
    patch: int,
    channels: int,
    bound: np.float32,
) -> np.float32:
    """Squared distance of two patches; `WORST` once it is sure to be `bound` or more. Pictures are (H, W * C)."""
    summed, row = np.float32(0), patch * channels
    for j in range(patch):
        one = queries[y + j, x * channels : x * channels + row]
        other = keys[key_y + j, key_x * channels : key_x * channels + row]
        part = np.float32(0)
        for i in range(row):
            part += (one[i] - other[i]) * (one[i] - other[i])
        summed += part
        if summed >= bound:
            return WORST
    return summed


def enlarge(field: Field, size: Size, key_size: Size, *, key_size_below: Size) -> Field:
    """The field of the scale below at this one: displacements grow with the picture (Newson et al., IPOL 2017).

    Args:
        field: of the scale below.
        size: rows and columns of queries here.
        key_size: rows and columns of keys here.
        key_size_below: those of the scale below.
    """
    rows, columns = (np.arange(n) for n in size)
    below_y = np.minimum((rows * field.size[0] / size[0]).astype(np.int64), field.size[0] - 1)[:, None]
    below_x = np.minimum((columns * field.size[1] / size[1]).astype(np.int64), field.size[1] - 1)[None]
    up_y, up_x = key_size[0] / key_size_below[0], key_size[1] / key_size_below[1]
    # the place within the coarse cell is kept: neighbours here come from neighbours there
    inside_y, inside_x = rows[:, None] - below_y * size[0] / field.size[0], columns - below_x * size[1] / field.size[1]
    y = np.rint(field.y[below_y, below_x] * up_y + inside_y)
    x = np.rint(field.x[below_y, below_x] * up_x + inside_x)
    y, x = np.clip(y, 0, key_size[0] - 1), np.clip(x, 0, key_size[1] - 1)
    return Field(y.astype(np.int32), x.astype(np.int32), np.zeros(size, np.float32))


def leave_forbidden(field: Field, allowed: np.ndarray, *, generator: np.random.Generator) -> None:
    """Move matches with forbidden keys, in place, to any that is allowed: a match must be allowed to begin with.

    Args:
        field: of any keys.
        allowed: bool, one for each key, True somewhere.
        generator: of the choice.
    """
    wrong = ~allowed[field.y, field.x]
    y, x = np.nonzero(allowed)
    drawn = generator.integers(y.size, size=int(wrong.sum()))
    field.y[wrong], field.x[wrong] = y[drawn], x[drawn]


def inverted(field: Field, size: Size, *, generator: np.random.Generator) -> Field:
    """A first field in the other direction: from each key to a query that is matched to it, else to any one."""
    y, x = (generator.integers(n, size=size, dtype=np.int32) for n in field.size)
    rows, columns = np.indices(field.size, dtype=np.int32)
    y[field.y, field.x], x[field.y, field.x] = rows, columns
    return Field(y, x, np.zeros(size, np.float32))


def vote(field: Field, values: np.ndarray, size: Size, *, patch: int) -> np.ndarray:
    """Each pixel as the mean of what the matches of all patches that cover it show there (GPNN's fold).

    Args:
        field: rows and columns of patches in `values`, one for each patch of the result.
        values: (h, w, C), where patches are taken from.
        size: (height, width) of the result.
        patch: side of a patch.

    Returns:
        (*size, C).

    Example:
        >>> values = np.arange(12, dtype=np.float32).reshape(3, 4, 1)
        >>> y, x = np.indices((2, 3), dtype=np.int32)
        >>> bool((vote(Field(y, x, np.zeros((2, 3), np.float32)), values, (3, 4), patch=2) == values).all())
        True
    """
    result = np.empty((*size, values.shape[2]), np.float32)
    runs = min(MOST_RUNS, size[0])
    in_parallel(partial(_fold_run, field.y, field.x, values, patch, result, runs), runs)
    return result


@loop()
def _fold_run(
    field_y: np.ndarray, field_x: np.ndarray, values: np.ndarray, patch: int, result: np.ndarray, runs: int, run: int
) -> None:
    """Some rows of a fold."""
    rows, columns = field_y.shape
    height, width, channels = result.shape
    for y in range(run * height // runs, (run + 1) * height // runs):
        top, bottom = max(0, y - patch + 1), min(rows, y + 1)
        for x in range(width):
            left, right = max(0, x - patch + 1), min(columns, x + 1)
            for c in range(channels):
                result[y, x, c] = 0
            for j in range(top, bottom):
                for i in range(left, right):
                    source_y, source_x = field_y[j, i] + y - j, field_x[j, i] + x - i
                    for c in range(channels):
                        result[y, x, c] += values[source_y, source_x, c]
            for c in range(channels):
                result[y, x, c] /= (bottom - top) * (right - left)


def _unfold(picture: np.ndarray, patch: int) -> np.ndarray:
    """(patches, values) of a picture, in scan order."""
    patches = sliding_window_view(picture, (patch, patch), (0, 1))
    return patches.reshape(patches.shape[0] * patches.shape[1], -1)
