"""The finders of damage: scratches, dust, stains, and all of it, by a network that learned what damage looks like."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from selfmend.errors import ImageError, SelfmendWarning
from selfmend.image.color import as_rgb
from selfmend.image.resize import resize
from selfmend.masks.damage.marks import KINDS
from selfmend.masks.finder_network import Weights, probability, shipped_weights
from selfmend.masks.finders import Region, in_region
from selfmend.types import Image, Mask

FINDER = "damage-finder"
_AROUND = 96  # pixels around a region that are looked at with it
_PIXELS = 1_600_000  # of the picture that the network sees: larger ones are shrunk to it
ENLARGED = 1.5
"""By how much a small picture is enlarged for a second look: the network sees blocks of 2 x 2 pixels."""

_DOUBT = 1e-4  # probability below which and above 1 minus which a look says no more
_LEAST = 16  # pixels of the short side
_MOST = 0.4  # of the picture: if more looks damaged, it is the picture that looks so
_CORNER = 0.45  # of a side: no corner that is torn off reaches farther
_SURE = 0.7  # probability from which a pixel tells of the whole photo
_WHOLE, _OLD = (0.0027, 0.95), (0.027, 0.17)
"""Share of sure pixels, and the probability that is asked for then: a photo with few is asked for more, since what is
found on it is rather a thing of the scene; one that is certainly damaged is damaged elsewhere too."""

_COLOURED = 0.6  # least probability that is asked for in colours: cracks all over, and faint ones, are of older prints
_ONE_TONE = 0.01  # by which half of the pixels of a picture in greys or brown differ, at most, from what its tone gives

_STEP = 4.0  # by which the logit of what is asked for falls as the sensitivity goes from 0 to 1
_LOWEST = 0.15  # probability: below it, everything is a little probable
_FACE = 0.93  # probability that is asked for in faces, where lips and nostrils look like damage
_HEAD = 0.5  # of a face's box, around it: hair, ears and collar, for kinds of which a mistake is a large one
_WEAK = {"scratches": 0.8, "dust": 0.8, "stains": 0.55, "missing": 0.55}
"""What is so much less probable belongs to a piece that is probable elsewhere; the borders of large pieces are soft."""

_LARGE = {"stains": 0.7, "missing": 0.95}
"""Least probability that is asked for at sensitivity .5: a mistake of these kinds is a large one."""

_END, _ALIKE = 24, 0.08  # pixels from a missing corner, and how far from its colour, that still belong to it

_SPECKS = {"scratches": 12, "dust": 2, "stains": 12, "missing": 40}  # pixels: smaller pieces are left out


def find_scratches(image: Image, *, sensitivity: float = 0.5, region: Region | None = None) -> Mask:
    """Scratches, hairs, cracks, folds and creases; a `masks.finders.Find`."""
    return _find(image, ["scratches"], sensitivity, region)


def find_dust(image: Image, *, sensitivity: float = 0.5, region: Region | None = None) -> Mask:
    """Dust, specks and spots of both polarities; a `masks.finders.Find`."""
    return _find(image, ["dust"], sensitivity, region)


def find_stains(image: Image, *, sensitivity: float = 0.5, region: Region | None = None) -> Mask:
    """Stains, blotches, and emulsion that is gone; a `masks.finders.Find`."""
    return _find(image, ["stains"], sensitivity, region)


def find_damage(image: Image, *, sensitivity: float = 0.5, region: Region | None = None) -> Mask:
    """All damage, torn and missing parts with it; a `masks.finders.Find`."""
    return _find(image, KINDS, sensitivity, region)


def _find(image: Image, kinds: Sequence[str], sensitivity: float, region: Region | None) -> Mask:
    """Damage of some kinds.

    Raises:
        ImageError: a picture of a few pixels.
        MaskError: a region outside the image.
    """
    height, width = image.shape[:2]
    if min(height, width) < _LEAST:
        raise ImageError(f"the picture is {width} x {height}; damage can be told in {_LEAST} x {_LEAST} pixels or more")
    return in_region(image, region, lambda part: _look(as_rgb(part), kinds, sensitivity), around=_AROUND)


def _look(image: Image, kinds: Sequence[str], sensitivity: float) -> Mask:
    size = image.shape[0], image.shape[1]
    if not any(((row > 0) & (row < 1)).any() for row in image):
        return _nothing(size, "the picture has black and white only, in which damage looks like what is drawn")
    shrunk = max(1.0, float(np.sqrt(size[0] * size[1] / _PIXELS)))
    seen = tuple(max(1, round(side / shrunk)) for side in size)
    small = image if shrunk == 1 else resize(image, seen).clip(0, 1).astype(np.float32)
    planes = likelihood(small, shipped_weights(FINDER))
    least = _least(small)
    levels = _levels(small, {kind: _level(planes, kind, sensitivity, least) for kind in KINDS}, sensitivity)
    masks = [_pieces(planes, KINDS.index(kind), levels[kind], alone=len(kinds) < len(KINDS)) for kind in kinds]
    if "missing" in kinds:
        masks.append(_ends(small, masks[list(kinds).index("missing")]))
    found = np.any(masks, 0)
    share = float(found.mean())
    if share > _MOST:
        return _nothing(size, f"{share:.0%} of the picture looks damaged, as in the dots of printing; a region may do")
    return found if shrunk == 1 else _enlarged(found, size)


def likelihood(image: Image, weights: Weights) -> NDArray[np.float32]:
    """How probably each pixel is damage, by kind.

    A small picture is looked at enlarged, too: lines of a pixel or two are seen better, and what both looks say is
    surer than one of them (the mean of the log-odds).

    Args:
        image: (H, W, 3) in [0, 1].
        weights: of the finder.

    Returns:
        float32 (H, W, K) in [0, 1], a plane for each of `KINDS`.
    """
    once = probability(image, weights, KINDS)
    height, width = image.shape[:2]
    if height * width * ENLARGED**2 > _PIXELS:
        return once
    large = resize(image, (round(ENLARGED * height), round(ENLARGED * width))).clip(0, 1)
    again = resize(probability(large, weights, KINDS), (height, width))
    odds = sum(np.log((one + _DOUBT) / (1 + _DOUBT - one)) for one in (once, again.clip(0, 1)))
    return np.asarray(1 / (1 + np.exp(-odds / 2)), np.float32)


def _least(image: Image) -> float:
    """The least probability that is asked for: none in one tone, as of grey, sepia and faded prints.

    It is one tone if the colours follow from the brightness; those of a few stains may differ.
    """
    pixels = image[::4, ::4].reshape(-1, 3)
    grey = pixels.mean(1)
    terms = np.stack([np.ones_like(grey), grey, grey * grey], 1)
    tones, *_ = np.linalg.lstsq(terms, pixels, rcond=None)
    return 0.0 if np.median(np.abs(pixels - terms @ tones).max(1)) < _ONE_TONE else _COLOURED


def _level(planes: NDArray[np.float32], kind: str, sensitivity: float, least: float = 0.0) -> float:
    """The probability from which a piece is damage of a kind, at sensitivity .5 `least` or more."""
    # a photo with cracks has dust, too; but where there is much dust, a bright rim is no crack yet
    telling = ("scratches", "dust") if kind == "dust" else ("scratches",)
    sure = np.any([planes[..., KINDS.index(one)] > _SURE for one in telling], 0)
    return _shifted(max(_asked(float(sure.mean()), _WHOLE, _OLD), least), sensitivity)


def _asked(share: float, whole: tuple[float, float], old: tuple[float, float]) -> float:
    """The probability asked for at a share of sure pixels, between those of two shares."""
    return float(np.interp(np.log(max(share, 1e-6)), np.log([whole[0], old[0]]), [whole[1], old[1]]))


def _shifted(level: float, sensitivity: float) -> float:
    """The probability asked for at a sensitivity, where at .5 it is `level`."""
    asked = 1 / (1 + np.exp(-(np.log(level / (1 - level)) - _STEP * (sensitivity - 0.5))))
    return max(float(asked), _LOWEST)


def _levels(image: Image, level: dict[str, float], sensitivity: float) -> dict[str, NDArray[np.float32]]:
    """For each kind (H, W): its level, higher for large kinds, and higher in faces.

    A crack that goes through a face reaches the level elsewhere; a head that is taken for a stain is lost.
    """
    from selfmend.masks.faces import find_faces

    least = {kind: _shifted(asked, sensitivity) for kind, asked in _LARGE.items()}
    levels = {kind: np.full(image.shape[:2], max(level[kind], least.get(kind, 0)), np.float32) for kind in KINDS}
    for face in find_faces(image) if min(level.values()) < _FACE else ():
        box = face.box
        for kind in KINDS:
            grown = _HEAD if kind in _LARGE else 0.0
            top, left = box.top - grown * box.height, box.left - grown * box.width
            bottom, right = box.top + (1 + grown) * box.height, box.left + (1 + grown) * box.width
            part = levels[kind][max(0, round(top)) : max(0, round(bottom)), max(0, round(left)) : max(0, round(right))]
            np.maximum(part, _FACE, out=part)
    return levels


def _pieces(planes: NDArray[np.float32], kind: int, level: NDArray[np.float32], *, alone: bool) -> Mask:
    """Pieces that are probably damage of a kind somewhere, with what of them is less probable (hysteresis).

    Args:
        planes: (H, W, K), the probabilities of all kinds.
        kind: number of the plane.
        level: (H, W), the probability that a piece reaches somewhere.
        alone: other kinds are not wanted, so that a piece that rather is one of these is left out.

    Source: the two thresholds are those of Canny, PAMI 1986.
    """
    import cv2

    plane = planes[..., kind]
    weak = (plane > _WEAK[KINDS[kind]] * level).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(weak, connectivity=8)
    keep = np.zeros(count, bool)
    keep[labels[plane > level]] = True
    keep &= stats[:, cv2.CC_STAT_AREA] >= _SPECKS[KINDS[kind]]
    if KINDS[kind] == "missing":
        keep &= _corners(labels, stats)
    if alone:
        others = np.delete(planes, kind, 2).max(2)
        own, rather = (np.bincount(labels.ravel(), values.ravel(), count) for values in (plane, others))
        keep &= own >= rather
    keep[0] = False
    return np.asarray(keep[labels])


def _corners(labels: NDArray[np.int32], stats: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which pieces lie in a corner and go along no whole side: a white sky looks as if it were torn off."""
    import cv2

    height, width = labels.shape
    near = np.zeros(len(stats), bool)
    for rows in (slice(0, 3), slice(height - 3, height)):
        for columns in (slice(0, 3), slice(width - 3, width)):
            near[labels[rows, columns]] = True
    wide = stats[:, cv2.CC_STAT_WIDTH] > _CORNER * width
    return near & ~wide & (stats[:, cv2.CC_STAT_HEIGHT] <= _CORNER * height)


def _ends(image: Image, missing: Mask) -> Mask:
    """What lies close to a missing corner and has its colour: where it ends in a point it looks like a rim."""
    import cv2

    if not missing.any():
        return missing
    square = np.ones((2 * _END + 1, 2 * _END + 1), np.uint8)
    colour = np.median(image[missing], 0)
    alike = np.abs(image - colour).max(2) < _ALIKE
    near = cv2.dilate(missing.astype(np.uint8), square) > 0
    _, labels = cv2.connectedComponents((near & (alike | missing)).astype(np.uint8), connectivity=4)
    return np.asarray(near & np.isin(labels, np.unique(labels[missing])))


def _enlarged(mask: Mask, size: tuple[int, int]) -> Mask:
    import cv2

    return cv2.resize(mask.astype(np.float32), size[::-1], interpolation=cv2.INTER_LINEAR) > 0.5


def _nothing(size: tuple[int, int], why: str) -> Mask:
    """An empty mask, and a warning that says why."""
    warnings.warn(f"nothing is marked: {why}", SelfmendWarning, stacklevel=2)
    return np.zeros(size, bool)
