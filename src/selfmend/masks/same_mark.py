"""What stands at the same place in many pictures: a watermark, a logo, the dirt of a scanner's glass.

Dekel et al. 2017, "On the Effectiveness of Visible Watermarks" (section 3.1), observe that pictures have nothing in
common but the mark, so that the median of their gradients is the mark's. That holds for a mark that is lighter or
darker than nearly everything. At its border a mark of opacity a and colour c over J changes a picture by a (c - J),
up where the scene is darker and down where it is lighter: so gradients are compared after division by c - J, for the
colour c that explains most of them. What is common is the gradient of the opacity, which is integrated (Poisson's
equation, by cosines). Our own estimate and our own limits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfmend.errors import ImageError
from selfmend.image.resize import resize
from selfmend.masks.reading import grow_mask
from selfmend.types import Image, Mask, size_of

FEWEST = 3
"""Pictures from which on there is something in common."""
MOST = 16
"""Pictures that are looked at, evenly spread over those given: more say little more."""
_SIDE = 1000  # pixels of the longer side at which they are compared
_LEVELS = (0.3, 0.5, 0.7, 1.0)  # of the mark's channels, tried; a dark mark goes along with 1 too, downwards
_SURE, _FEW, _WEAK = (
    2.4,
    (2.0, 9.0),
    0.45,
)  # standard errors from which on a gradient is sure to be common; how much more few
# pictures need, which agree by chance; the share that is enough beside a sure one
_STEP = 0.012  # of opacity, per pixel: the least that is a mark's border
_LARGE = 0.12  # gradients of the scene count up to so much
_TELLS = 0.12  # difference of scene and colour from which on a gradient tells an opacity
_SHARE = 0.35  # of the mark's opacity, from which on a pixel lies on it
_FAINTEST = 0.06  # opacity of a mark, at least


def find_same_mark(images: Sequence[Image], *, sensitivity: float = 0.5) -> Mask:
    """The mark that all pictures have at the same place, as a mask; none is an empty mask.

    Args:
        images: at least `FEWEST` pictures of one size, (H, W, 1 or 3) in [0, 1], that show different things.
        sensitivity: 0 to 1; more finds fainter marks, and more that is none.

    Returns:
        bool (H, W), True = mark.

    Raises:
        ImageError: too few pictures, or of different sizes.
    """
    sizes = {size_of(image) for image in images}
    if len(images) < FEWEST:
        raise ImageError(f"{len(images)} pictures came; what stands in all of them needs at least {FEWEST}")
    if len(sizes) > 1:
        shown = ", ".join(f"{width} x {height}" for height, width in sorted(sizes))
        raise ImageError(f"the pictures are {shown}; what stands at the same place in all of them needs one size")
    size = sizes.pop()
    scale = min(1.0, _SIDE / max(size))
    at = max(8, round(size[0] * scale)), max(8, round(size[1] * scale))
    chosen = np.unique(np.linspace(0, len(images) - 1, min(len(images), MOST)).round().astype(int))
    small = np.stack([_rgb(resize(images[k], at)) for k in chosen])
    mark = _enclosed(_common_opacity(small, float(np.exp(1.5 * (0.5 - sensitivity)))))
    if at == size or not mark.any():
        return mark
    found: Mask = resize(grow_mask(mark, 1).astype(np.float32), size) >= 0.5
    return found


def _rgb(image: np.ndarray) -> np.ndarray:
    return np.broadcast_to(image, (*size_of(image), 3)).astype(np.float32)


def _common_opacity(pictures: np.ndarray, factor: float) -> np.ndarray:
    """The opacity (H, W) of what is common to pictures (K, H, W, 3), above that of most of the picture."""
    needed = factor * _SURE * (1 + _FEW[0] / len(pictures) + _FEW[1] / len(pictures) ** 2)
    pairs = [(np.diff(pictures, axis=axis), _between(pictures, axis)) for axis in (2, 1)]
    colour = [
        max(_LEVELS, key=lambda level: sum(
            int((np.abs(_agreement(g[..., c], level - x[..., c])) >= needed).sum()) for g, x in pairs
        ))
        for c in range(3)
    ]  # fmt: skip
    across, down = (_gradient(g, np.array(colour, np.float32) - x, needed, factor) for g, x in pairs)
    surface = integrated(across, down)
    return surface if (surface**3).sum() >= 0 else -surface


def _between(pictures: np.ndarray, axis: int) -> np.ndarray:
    """The mean of the two pixels that each difference is of."""
    first, last = [slice(None)] * 4, [slice(None)] * 4
    first[axis], last[axis] = slice(None, -1), slice(1, None)
    return (pictures[tuple(first)] + pictures[tuple(last)]) / 2


def _agreement(gradient: np.ndarray, way: np.ndarray) -> np.ndarray:
    """How sure it is that gradients (K, H, W) go along with the way to the mark's colour, in standard errors."""
    import cv2

    along = gradient.clip(-_LARGE, _LARGE) * way
    error = along.std(0) / np.sqrt(len(along)) + 1e-3
    return cv2.GaussianBlur(along.mean(0) / error, (0, 0), 0.6)


def _gradient(gradient: np.ndarray, way: np.ndarray, needed: float, factor: float) -> np.ndarray:
    """The gradient of the common opacity (H, W), zero where nothing is common."""
    sure = np.sqrt(np.mean([_agreement(gradient[..., c], way[..., c]) ** 2 for c in range(3)], 0))
    weak = sure >= _WEAK * needed
    weak = _in_company(weak, sure >= needed)
    common = np.zeros(sure.shape, np.float32)
    if not weak.any():
        return common
    there = np.nonzero(weak)
    g, w = (values[:, there[0], there[1]].transpose(1, 0, 2).reshape(len(there[0]), -1) for values in (gradient, way))
    tells = np.abs(w) >= _TELLS
    ratio = np.where(tells, g / np.where(tells, w, 1), np.nan)
    ratio[~tells.any(1)] = 0
    common[there] = np.nanmedian(ratio, 1)
    common[np.abs(common) < _STEP * factor] = 0
    return common


def _in_company(weak: Mask, sure: Mask, least: int = 12) -> Mask:
    """The pieces of `weak` with so many sure pixels."""
    import cv2

    near = cv2.dilate(weak.astype(np.uint8), np.ones((3, 3), np.uint8))
    count, pieces = cv2.connectedComponents(near, connectivity=8)
    about = np.bincount(pieces[sure], minlength=count)
    company: np.ndarray = weak & (about >= least)[pieces]
    return company


def integrated(across: np.ndarray, down: np.ndarray) -> np.ndarray:
    """The surface whose differences are nearest to these, float32 (H, W), with its median at zero.

    Args:
        across: (H, W - 1), each pixel's right neighbour less itself.
        down: (H - 1, W), its lower neighbour less itself.
    """
    from scipy.fft import dctn, idctn

    height, width = across.shape[0], down.shape[1]
    divergence = np.diff(np.pad(across, ((0, 0), (1, 1))), axis=1) + np.diff(np.pad(down, ((1, 1), (0, 0))), axis=0)
    waves = [2 * np.cos(np.pi * np.arange(n) / n) - 2 for n in (height, width)]
    eigen = waves[0][:, None] + waves[1][None]
    eigen[0, 0] = 1
    spectrum = dctn(divergence.astype(np.float64)) / eigen
    spectrum[0, 0] = 0
    surface = idctn(spectrum)
    return (surface - np.median(surface)).astype(np.float32)


def _enclosed(opacity: np.ndarray) -> Mask:
    """Where the mark is: as opaque as most of it, above the slow drift that missed gradients leave."""
    import cv2

    ground = cv2.GaussianBlur(opacity, (0, 0), 0.1 * max(opacity.shape))
    height = opacity - np.minimum(ground, 0)
    high = height[height >= _FAINTEST]
    if not high.size:
        return np.zeros(opacity.shape, bool)
    on = height >= max(_FAINTEST, _SHARE * float(np.percentile(high, 75)))
    return _in_company(on, on, least=20)
