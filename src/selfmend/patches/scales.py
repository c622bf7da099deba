"""The scales of a filling: what patches are compared by, the sizes, and at each size the sources and the targets.

Patches are compared by colours, and by how textured their surroundings are (Newson et al., IPOL 2017, Sec. 3.2).
Colours alone cannot tell sand from skin of the same shade once the deep hole holds only a smooth guess. The texture
features, mean absolute horizontal and vertical gradients over a window, survive coarse scales, where fine texture is
averaged away: they are computed once at full size and only then scaled down.

All arrays of a `Scale` are padded by the patch radius with unknown pixels, so that patches that stick out of the
picture need no special case: what is outside is never compared and never votes.

Further pictures that lie on the picture, references, join its sources side by side: layer 0 is the picture, layer k the
k-th reference, `width` columns further to the right. The padding keeps them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from selfmend.image.resize import resize

if TYPE_CHECKING:
    from selfmend.types import Size


WHOLE = np.uint8(2)


class Sources(NamedTuple):
    """Where patches are taken from; W = number of layers times `width`.

    Attributes:
        values: float32 (H, W, K), colours and features; zero where unknown.
        known: bool (H, W).
        allowed: uint8 (H, W), 1 at known centres of patches of which at least half is known, `WHOLE` where patches lack
            nothing, else 0.
        width: of a layer, with its padding.
    """

    values: np.ndarray
    known: np.ndarray
    allowed: np.ndarray
    width: int


class Targets(NamedTuple):
    """Patches that see the hole, in scan order.

    Attributes:
        y, x: int32 (T,), their centres.
        number: int32 (H, W), the number of the target at a pixel, -1 where there is none.
        hole_y, hole_x: int32 (P,), the hole's pixels.
        confidence: float32 (H, W); 1 where known, falling with depth in the hole, 0 outside the picture.
        hole: bool (H, W).
        depth: float32 (H, W), distance to the nearest known pixel, pixels.
    """

    y: np.ndarray
    x: np.ndarray
    number: np.ndarray
    hole_y: np.ndarray
    hole_x: np.ndarray
    confidence: np.ndarray
    hole: np.ndarray
    depth: np.ndarray


@dataclass(frozen=True, kw_only=True)
class Scale:
    """One scale: `size` without the padding of `radius` pixels that all arrays have."""

    size: Size
    radius: int
    sources: Sources
    targets: Targets

    @property
    def known(self) -> np.ndarray:
        """bool (h, w), where the picture itself is known, without the padding."""
        return trim(self.sources.known[:, : self.sources.width], self.radius)

    @property
    def values(self) -> np.ndarray:
        """float32 (h, w, K), its values, without the padding."""
        return trim(self.sources.values[:, : self.sources.width], self.radius)


TEXTURES = 2
"""Features of texture behind the colours."""


def features(colours: np.ndarray, known: np.ndarray, *, weight: float, window: int) -> np.ndarray:
    """Stack colours and texture features.

    Args:
        colours: float32 (H, W, C) in [0, 1], zero in the hole.
        known: bool (H, W).
        weight: factor on the texture features.
        window: side of the window they are averaged over, in pixels.

    Returns:
        float32 (H, W, C + `TEXTURES`), zero in the hole. Colours are scaled so that C channels weigh as three do.
    """
    scaled = colours * np.float32(colour_scale(colours.shape[2]))
    return np.concatenate([scaled, np.float32(weight) * texture(colours, known, window)], 2)


def colour_scale(channels: int) -> float:
    """Factor that makes the squared distance of `channels` channels comparable to that of three."""
    return float(np.sqrt(3 / channels))


def texture(colours: np.ndarray, known: np.ndarray, window: int) -> np.ndarray:
    """float32 (H, W, 2): mean absolute differences along rows and columns, over pairs of known pixels only."""
    grey = colours.mean(2)
    result = np.zeros((*grey.shape, 2), np.float32)
    for axis in (0, 1):
        there = (slice(1, None), slice(None)) if axis == 0 else (slice(None), slice(1, None))
        here = (slice(None, -1), slice(None)) if axis == 0 else (slice(None), slice(None, -1))
        pair = np.zeros_like(grey)
        pair[here] = known[here] & known[there]
        difference = np.zeros_like(grey)
        difference[here] = np.abs(grey[there] - grey[here]) * pair[here]
        count = _box_mean(pair, window)
        result[..., axis] = 3 * np.where(
            known & (count > 1e-6), _box_mean(difference, window) / np.maximum(count, 1e-6), 0
        )
    return result


def _box_mean(values: np.ndarray, window: int) -> np.ndarray:
    return cv2.blur(values, (window, window), borderType=cv2.BORDER_CONSTANT)


def plan_sizes(size: Size, depth: float, *, ratio: float, coarsest_depth: float, coarsest_side: int) -> list[Size]:
    """Sizes from the coarsest scale to the finest, which is `size`.

    Halting depends on the hole, not on the picture: at the coarsest scale its deepest pixel is `coarsest_depth` pixels
    from known ones, so that about every patch there sees something known (Newson 2017, Sec. 3.3.2).

    Example:
        >>> plan_sizes((200, 300), 12.0, ratio=2.0, coarsest_depth=3.0, coarsest_side=16)
        [(50, 75), (100, 150), (200, 300)]
    """
    sizes, scale = [size], 1.0
    while depth / scale > coarsest_depth and min(size) / (scale * ratio) >= coarsest_side:
        scale *= ratio
        sizes.append((max(1, round(size[0] / scale)), max(1, round(size[1] / scale))))
    return sizes[::-1]


def shrink(values: np.ndarray, known: np.ndarray, sizes: list[Size]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Sums of known values and shares of known pixels at each of `sizes` (finest last); their quotient is the picture.

    Args:
        values: float32 (H, W, K), zero where unknown.
        known: bool (H, W).

    Returns:
        One (float32 (h, w, K), float32 (h, w)) for each size. Dividing only at the end lets a coarse pixel be the mean
        of the known pixels in it, however few.
    """
    stack = np.concatenate([values, known[..., None].astype(np.float32)], 2)
    result = []
    for size in reversed(sizes):
        stack = resize(stack, size)
        result.append((stack[..., :-1], stack[..., -1]))
    return result[::-1]


def build_scale(
    layers: Sequence[tuple[np.ndarray, np.ndarray]],
    *,
    radius: int,
    known_fraction: float,
    decay: float,
    least_confidence: float,
) -> Scale:
    """The sources and targets of one scale, from the sums and shares (`shrink`) of the picture and its references."""
    parts = [_layer(sums, share, radius, known_fraction) for sums, share in layers]
    sources, share = _join(parts), layers[0][1]
    known, inside = parts[0].known, pad(np.ones(share.shape, bool), radius)
    hole = inside & ~known

    square = np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)
    sees_hole = cv2.dilate(hole.astype(np.uint8), square).astype(bool) & inside
    y, x = np.nonzero(sees_hole)
    number = np.full(hole.shape, -1, np.int32)
    number[y, x] = np.arange(y.size)
    hole_y, hole_x = np.nonzero(hole)
    depth = hole_depth(~known)
    confidence = np.maximum(np.float32(decay) ** -depth, np.float32(least_confidence))
    targets = Targets(
        y=y.astype(np.int32),
        x=x.astype(np.int32),
        number=number,
        hole_y=hole_y.astype(np.int32),
        hole_x=hole_x.astype(np.int32),
        confidence=np.where(inside, confidence, 0).astype(np.float32),
        hole=hole,
        depth=depth,
    )
    return Scale(size=(share.shape[0], share.shape[1]), radius=radius, sources=sources, targets=targets)


def hole_depth(unknown: np.ndarray) -> np.ndarray:
    """Distance of each unknown pixel to the nearest known one, 0 where known; float32 (H, W), pixels."""
    return cv2.distanceTransform(unknown.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


def _layer(sums: np.ndarray, share: np.ndarray, radius: int, known_fraction: float) -> Sources:
    known = share >= known_fraction
    values = np.empty((share.shape[0] + 2 * radius, share.shape[1] + 2 * radius, sums.shape[2]), np.float32)
    values[:radius] = values[values.shape[0] - radius :] = 0
    values[:, :radius] = values[:, values.shape[1] - radius :] = 0
    inner = trim(values, radius)
    np.divide(sums, np.maximum(share, np.float32(1e-3))[..., None], out=inner)
    inner[~known] = 0
    return _sources(values, pad(known, radius), (share.shape[0], share.shape[1]), radius)


def _join(layers: Sequence[Sources]) -> Sources:
    """Layers of equal size side by side."""
    if len(layers) == 1:
        return layers[0]
    values, known, allowed = (
        np.concatenate(arrays, 1) for arrays in zip(*(layer[:-1] for layer in layers), strict=True)
    )
    return Sources(values, known, allowed, layers[0].width)


def _sources(values: np.ndarray, known: np.ndarray, size: Size, radius: int) -> Sources:
    side = 2 * radius + 1
    count = cv2.boxFilter(known.astype(np.float32), -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT)
    at_most = min(side, size[0]) * min(side, size[1])  # in a picture that is smaller than a patch nothing is whole
    return Sources(
        values=values,
        known=known,
        allowed=np.where(count > side * side - 0.5, WHOLE, (known & (count >= 0.5 * at_most)).view(np.uint8)),
        width=known.shape[1],
    )


def has_source(known: np.ndarray, radius: int) -> bool:
    """Whether any patch of that radius may be a source at this size."""
    padded = pad(known, radius)
    return bool(_sources(padded[..., None], padded, (known.shape[0], known.shape[1]), radius).allowed.any())


def pad(array: np.ndarray, radius: int) -> np.ndarray:
    """Add `radius` zeros on all sides of the first two axes."""
    return np.pad(array, [(radius, radius), (radius, radius)] + [(0, 0)] * (array.ndim - 2))


def trim(array: np.ndarray, radius: int) -> np.ndarray:
    """A view without the padding."""
    return array[radius : array.shape[0] - radius, radius : array.shape[1] - radius]


def pull_push(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Fill the unknown pixels smoothly, by pulling and pushing: the first guess at the coarsest scale.

    The known pixels are averaged into ever coarser pictures until no hole is left (pull), which then fill the holes of
    the finer ones (push); Gortler et al., "The lumigraph", SIGGRAPH 1996, Sec. 3.4. Linear in the number of pixels,
    where a biharmonic or Laplace system grows faster; the EM that follows forgets the difference.

    Args:
        values: float32 (H, W, K), zero where unknown.
        known: bool (H, W); at least one is True.

    Returns:
        float32 (H, W, K), known pixels as they came, the others within the range of the known ones.
    """
    filled = _pull(values, known.astype(np.float32)[..., None])
    filled = filled.clip(values[known].min(0), values[known].max(0))
    return np.where(known[..., None], values, filled)


def _pull(sums: np.ndarray, share: np.ndarray) -> np.ndarray:
    """sums / share, filled from the picture of half the size in the measure that share (H, W, 1) falls short of 1."""
    mean = sums / np.maximum(share, 1e-6)
    if share.min() > 0.5 or share.size == 1:
        return mean
    coarse = _pull(_halve(sums), _halve(share))
    below = resize(coarse, (share.shape[0], share.shape[1]))
    return share * mean + (1 - share) * below


def _halve(values: np.ndarray) -> np.ndarray:
    """Means of 2x2 pixels; an odd last row or column is repeated."""
    padded = np.pad(values, [(0, values.shape[0] % 2), (0, values.shape[1] % 2), (0, 0)], mode="edge")
    return (padded[::2, ::2] + padded[1::2, ::2] + padded[::2, 1::2] + padded[1::2, 1::2]) / 4
