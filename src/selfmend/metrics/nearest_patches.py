"""An exact search for the nearest patch: what every patch method is measured against.

Matrix products against groups of similar patches, nearest group first; a group that a bound proves to be too far away
is left out. On photos that leaves a twentieth to a half of all pairs. The fields by which pictures are made are in
`patches/field.py`.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from selfmend.errors import ImageError, OptionError
from selfmend.types import Image, check_image, size_of

_STRIP = 16384  # queries held at once
_PRODUCT = 2048  # queries in one matrix product
_GROUP = 1024  # keys in a group, at most
_AXES = 12  # principal axes on which groups are told apart
_SLACK = 1.01  # more than float32 can be wrong by in a bound


def nearest_patches(queries: Image, keys: Image, *, patch: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """For every patch of one picture, the nearest patch of another, by the sum of squared differences.

    Exact: for pictures of 8 bits and patches of up to 340 values (7x7 in colour has 147) all sums are whole numbers
    that float32 holds. Of patches at the same distance any may be taken. Time grows with the product of both numbers
    of patches (two pictures of 250 px take seconds, of 1000 px many minutes), memory with their sum.

    Args:
        queries: (H, W, C) in [0, 1].
        keys: (h, w, C) in [0, 1], of any size.
        patch: side of a patch, in pixels; the stride is 1.

    Returns:
        positions: int64 (2, H - patch + 1, W - patch + 1), row and column in `keys` of the upper left pixel of the
            nearest patch.
        distances: float32 (H - patch + 1, W - patch + 1), mean squared difference of the values of both patches.

    Raises:
        ImageError: different channels, or a picture smaller than a patch.
        OptionError: a patch smaller than a pixel.

    Example:
        >>> picture = np.arange(20, dtype=np.float32).reshape(4, 5, 1) / 20
        >>> positions, distances = nearest_patches(picture[:, 1:], picture, patch=3)
        >>> positions[:, 0, 0].tolist(), float(distances.max())
        ([0, 1], 0.0)
    """
    check_patch_sources(queries, keys, patch=patch)
    height, width = (side - patch + 1 for side in size_of(queries))
    columns, scale = keys.shape[1] - patch + 1, 255**2 * queries.shape[2] * patch**2
    queries, keys = levels(queries), levels(keys)
    axes = _principal_axes(keys, patch)
    points, targets = _project(queries, axes, patch), _project(keys, axes, patch)
    groups = _group_alike(targets, np.arange(len(targets)))
    found = [
        _search(queries, keys, np.arange(first, min(first + _STRIP, len(points))), points, targets, groups, patch)
        for first in range(0, len(points), _STRIP)
    ]
    index, distances = (np.concatenate(parts) for parts in zip(*found, strict=True))
    positions = np.stack([index // columns, index % columns]).reshape(2, height, width)
    return positions, (distances / np.float32(scale)).astype(np.float32).reshape(height, width)


def check_patch_sources(queries: Image, keys: Image, *, patch: int) -> None:
    """Refuse what `nearest_patches` cannot compare.

    Raises:
        ImageError, OptionError: see there.
    """
    if patch < 1:
        raise OptionError(f"patch is {patch}; at least 1 pixel fits")
    for name, image in (("queries", queries), ("keys", keys)):
        if min(size_of(check_image(image, name=name))) < patch:
            raise ImageError(f"{name} is {size_of(image)}; at least one patch of {patch} x {patch} px fits")
    if queries.shape[2] != keys.shape[2]:
        raise ImageError(f"queries have {queries.shape[2]} channels and keys {keys.shape[2]}; the same number fits")


def levels(image: Image) -> NDArray[np.float32]:
    """[0, 1] to [-128, 127] in steps of a byte; what came from bytes is whole again, so that sums of it are exact.

    Centred, because squares of small numbers leave float32 more room.
    """
    values = image * np.float32(255) - np.float32(128)
    whole = np.rint(values)
    return np.where(np.abs(values - whole) < 1e-3, whole, values)


def gather_patches(values: NDArray[np.float32], index: NDArray[np.int64], *, patch: int) -> NDArray[np.float32]:
    """The patches at some positions: no more than these are ever copied.

    Args:
        values: (H, W, C).
        index: int64 (K,), number in reading order of the position of the upper left pixel.
        patch: side, in pixels.

    Returns:
        (K, C * patch * patch).
    """
    columns = values.shape[1] - patch + 1
    windows = sliding_window_view(values, (patch, patch), (0, 1))
    return windows[index // columns, index % columns].reshape(len(index), -1)


def _principal_axes(keys: NDArray[np.float32], patch: int) -> NDArray[np.float64]:
    """(C * patch * patch, _AXES or fewer), orthonormal: where most of the differences between patches are."""
    count = (keys.shape[0] - patch + 1) * (keys.shape[1] - patch + 1)
    some = np.linspace(0, count - 1, min(count, 4096)).astype(np.int64)
    patches = gather_patches(keys, some, patch=patch).astype(np.float64)
    centred = patches - patches.mean(0)
    return np.linalg.eigh(centred.T @ centred).eigenvectors[:, -_AXES:]


def _project(values: NDArray[np.float32], axes: NDArray[np.float64], patch: int) -> NDArray[np.float32]:
    """(patches, axes): the coordinates of every patch on the axes."""
    count = (values.shape[0] - patch + 1) * (values.shape[1] - patch + 1)
    strips = (np.arange(first, min(first + _STRIP, count)) for first in range(0, count, _STRIP))
    projected = [gather_patches(values, strip, patch=patch).astype(np.float64) @ axes for strip in strips]
    return np.concatenate(projected).astype(np.float32)


def _group_alike(points: NDArray[np.float32], index: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Halve at the median of the axis on which the points differ most, until a group is small."""
    if len(index) <= _GROUP:
        return [index]
    own = points[index]
    order = own[:, own.var(0).argmax()].argsort(kind="stable")
    low, high = np.array_split(index[order], 2)
    return _group_alike(points, low) + _group_alike(points, high)


def _bounds(
    points: NDArray[np.float32], targets: NDArray[np.float32], groups: list[NDArray[np.int64]]
) -> NDArray[np.float32]:
    """(points, groups): squared distance to the box of a group; no patch in the group is nearer than that."""
    low = np.stack([targets[group].min(0) for group in groups])
    high = np.stack([targets[group].max(0) for group in groups])
    bounds = np.zeros((len(points), len(groups)), np.float32)
    for axis in range(points.shape[1]):
        own = points[:, axis, None]
        bounds += np.maximum(np.maximum(low[:, axis] - own, own - high[:, axis]), 0) ** 2
    return bounds


def _search(
    queries: NDArray[np.float32],
    keys: NDArray[np.float32],
    rows: NDArray[np.int64],
    points: NDArray[np.float32],
    targets: NDArray[np.float32],
    groups: list[NDArray[np.int64]],
    patch: int,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Index and squared distance of the nearest key of the queries numbered `rows`."""
    own = gather_patches(queries, rows, patch=patch)
    squares = (own * own).sum(1)
    best = np.full_like(squares, np.inf)
    index = np.zeros_like(rows)
    bounds = _bounds(points[rows], targets, groups)
    first = bounds.argmin(1)

    def visit(group: NDArray[np.int64], who: NDArray[np.int64]) -> None:
        patches = gather_patches(keys, group, patch=patch)
        half = (patches * patches).sum(1) / 2
        for start in range(0, len(who), _PRODUCT):
            some = who[start : start + _PRODUCT]
            # |q - k|² = |q|² + 2 (|k|²/2 - qk): the bracket alone says which key is nearest
            scores = half - own[some] @ patches.T
            distances = squares[some] + 2 * scores.min(1)
            better = np.flatnonzero(distances < best[some])
            best[some[better]] = distances[better]
            index[some[better]] = group[scores[better].argmin(1)]

    for number, group in enumerate(groups):
        visit(group, np.flatnonzero(first == number))
    for number, group in enumerate(groups):
        visit(group, np.flatnonzero((bounds[:, number] < best * _SLACK) & (first != number)))
    return index, np.maximum(best, 0)
