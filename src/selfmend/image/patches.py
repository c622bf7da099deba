"""The patches of a picture, and an exact search for the nearest one: what every patch method is measured against.

Matrix products against groups of similar patches, nearest group first; a group that a bound proves to be too far away
is left out. On photos that leaves a twentieth to a half of all pairs. An approximate field, for methods that need many
of them, is in `hole_init/patchmatch/field.py`.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from selfmend.errors import ImageError, OptionError
from selfmend.types import Image, check_image

_STRIP = 16384  # queries held at once
_PRODUCT = 2048  # queries in one matrix product
_GROUP = 1024  # keys in a group, at most
_AXES = 12  # principal axes on which groups are told apart
_SLACK = 1.01  # more than float32 can be wrong by in a bound


def nearest_patches(queries: Image, keys: Image, *, patch: int) -> tuple[Tensor, Tensor]:
    """For every patch of one picture, the nearest patch of another, by the sum of squared differences.

    Exact: for pictures of 8 bits and patches of up to 340 values (7x7 in colour has 147) all sums are whole numbers
    that float32 holds. Of patches at the same distance any may be taken. Time grows with the product of both numbers
    of patches (two pictures of 250 px take seconds, of 1000 px many minutes), memory with their sum.

    Args:
        queries: (1, C, H, W) in [0, 1].
        keys: (1, C, h, w) in [0, 1], of any size, on the same device.
        patch: side of a patch, in pixels; the stride is 1.

    Returns:
        positions: int64 (2, H - patch + 1, W - patch + 1), row and column in `keys` of the upper left pixel of the
            nearest patch.
        distances: float32 (H - patch + 1, W - patch + 1), mean squared difference of the values of both patches.

    Raises:
        ImageError: not one picture each, different channels, or a picture smaller than a patch.
        OptionError: a patch smaller than a pixel.

    Example:
        >>> picture = torch.arange(20.0).view(1, 1, 4, 5) / 20
        >>> positions, distances = nearest_patches(picture[..., 1:], picture, patch=3)
        >>> positions[:, 0, 0].tolist(), distances.max().item()
        ([0, 1], 0.0)
    """
    check_patch_sources(queries, keys, patch=patch)
    queries, keys = levels(queries), levels(keys)
    axes = _principal_axes(keys, patch)
    points, targets = _project(queries, axes), _project(keys, axes)
    groups = _group_alike(targets, torch.arange(len(targets), device=keys.device))
    found = [
        _search(queries, keys, rows, points, targets, groups, patch)
        for rows in torch.arange(len(points), device=keys.device).split(_STRIP)
    ]
    index, distances = (torch.cat(parts) for parts in zip(*found, strict=True))
    height, width = (side - patch + 1 for side in queries.shape[-2:])
    columns = keys.shape[-1] - patch + 1
    positions = torch.stack([index // columns, index % columns])
    scale = 255**2 * queries.shape[1] * patch**2
    return positions.view(2, height, width), (distances / scale).view(height, width)


def check_patch_sources(queries: Image, keys: Image, *, patch: int) -> None:
    """Refuse what `nearest_patches` cannot compare.

    Raises:
        ImageError, OptionError: see there.
    """
    if patch < 1:
        raise OptionError(f"patch is {patch}; at least 1 pixel fits")
    for name, image in (("queries", queries), ("keys", keys)):
        check_image(image, name=name)
        if image.shape[0] != 1:
            raise ImageError(f"{name} is a batch of {image.shape[0]}; one picture (1, C, H, W) fits")
        if min(image.shape[-2:]) < patch:
            raise ImageError(f"{name} is {tuple(image.shape[-2:])}; at least one patch of {patch} x {patch} px fits")
    if queries.shape[1] != keys.shape[1]:
        raise ImageError(f"queries have {queries.shape[1]} channels and keys {keys.shape[1]}; the same number fits")


def levels(image: Image) -> Tensor:
    """[0, 1] to [-128, 127] in steps of a byte; what came from bytes is whole again, so that sums of it are exact.

    Centred, because squares of small numbers leave float32 more room.
    """
    values = image * 255 - 128
    whole = values.round()
    return torch.where((values - whole).abs() < 1e-3, whole, values)


def gather_patches(values: Tensor, index: Tensor, *, patch: int) -> Tensor:
    """The patches at some positions: no more than these are ever copied.

    Args:
        values: (1, C, H, W).
        index: int64 (K,), number in reading order of the position of the upper left pixel.
        patch: side, in pixels.

    Returns:
        (K, C * patch * patch).
    """
    columns = values.shape[-1] - patch + 1
    windows = values[0].unfold(1, patch, 1).unfold(2, patch, 1)
    return windows[:, index // columns, index % columns].transpose(0, 1).flatten(1)


def _principal_axes(keys: Tensor, patch: int) -> Tensor:
    """(_AXES or fewer, C, patch, patch), orthonormal: where most of the differences between patches are."""
    count = (keys.shape[-2] - patch + 1) * (keys.shape[-1] - patch + 1)
    some = torch.linspace(0, count - 1, min(count, 4096), device=keys.device).long()
    patches = gather_patches(keys, some, patch=patch).cpu().double()  # not every device has float64
    centred = patches - patches.mean(0)
    axes = torch.linalg.eigh(centred.mT @ centred).eigenvectors[:, -_AXES:]
    return axes.mT.reshape(-1, keys.shape[1], patch, patch)


def _project(values: Tensor, axes: Tensor) -> Tensor:
    """(patches, axes): the coordinates of every patch on the axes; in float64, as GPUs convolve float32 in less."""
    return F.conv2d(values.cpu().double(), axes).flatten(2)[0].mT.to(values).contiguous()


def _group_alike(points: Tensor, index: Tensor) -> list[Tensor]:
    """Halve at the median of the axis on which the points differ most, until a group is small."""
    if len(index) <= _GROUP:
        return [index]
    own = points[index]
    order = own[:, own.var(0).argmax()].argsort()
    low, high = index[order].tensor_split(2)
    return _group_alike(points, low) + _group_alike(points, high)


def _bounds(points: Tensor, targets: Tensor, groups: list[Tensor]) -> Tensor:
    """(points, groups): squared distance to the box of a group; no patch in the group is nearer than that."""
    low = torch.stack([targets[group].amin(0) for group in groups])
    high = torch.stack([targets[group].amax(0) for group in groups])
    bounds = points.new_zeros(len(points), len(groups))
    for axis in range(points.shape[1]):
        own = points[:, axis, None]
        bounds += torch.maximum(low[:, axis] - own, own - high[:, axis]).clamp_(min=0).square_()
    return bounds


def _search(
    queries: Tensor, keys: Tensor, rows: Tensor, points: Tensor, targets: Tensor, groups: list[Tensor], patch: int
) -> tuple[Tensor, Tensor]:
    """Index and squared distance of the nearest key of the queries numbered `rows`."""
    own = gather_patches(queries, rows, patch=patch)
    squares = own.square().sum(1)
    best = torch.full_like(squares, torch.inf)
    index = torch.zeros_like(rows)
    bounds = _bounds(points[rows], targets, groups)
    first = bounds.argmin(1)

    def visit(group: Tensor, who: Tensor) -> None:
        patches = gather_patches(keys, group, patch=patch)
        half = patches.square().sum(1) / 2
        for some in who.split(_PRODUCT):
            # |q - k|² = |q|² + 2 (|k|²/2 - qk): the bracket alone says which key is nearest
            scores = torch.addmm(half, own[some], patches.mT, alpha=-1)
            distances = squares[some] + 2 * scores.amin(1)
            better = (distances < best[some]).nonzero()[:, 0]  # argmin is slow: only for these
            best[some[better]] = distances[better]
            index[some[better]] = group[scores[better].argmin(1)]

    for number, group in enumerate(groups):
        visit(group, (first == number).nonzero()[:, 0])
    for number, group in enumerate(groups):
        visit(group, ((bounds[:, number] < best * _SLACK) & (first != number)).nonzero()[:, 0])
    return index, best.clamp(min=0)
