"""The motion between two pictures of one scene: a homography, and how well it fits beside a hole.

ECC maximises the correlation from coarse to fine (Evangelidis and Psarakis, PAMI 2008); ORB's corners (Rublee et al.,
ICCV 2011) and RANSAC find large motion. A homography maps points (x, y, 1) of the reference to points of the picture;
the centre of a pixel is a pair of whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from selfmend.image.color import as_channels, as_rgb
from selfmend.image.resize import resize, resize_mask
from selfmend.types import Image, Mask, Size, size_of

_SIDES = (80, 160, 320, 640, 1280)  # long sides at which motion is estimated, px; detail beyond adds time only
_CORNERS = 2000
_LEAST_INLIERS = 12
_WINDOW = 3.0  # standard deviation of the windows that are correlated, px
_NOISE = (1 / 255) ** 2  # variance that counts as none
_NEAR = 0.15  # where the weight of a pixel has fallen to 1/e: distance to the hole, in long sides
_FAR = 0.1  # the least weight
_GAIN = 0.002  # confidence that another motion must gain: less is not worth the blur of resampling


@dataclass(frozen=True)
class Motion:
    """A homography between two pictures at their full sizes.

    Attributes:
        homography: float64 (3, 3), from pixels of the reference to pixels of the picture.
        confidence: see `measure_fit`.
        by: "ecc", "orb", or "identity", where no motion fits better than none.
    """

    homography: np.ndarray
    confidence: float
    by: str


@dataclass(frozen=True)
class View:
    """Both pictures in grey at one size of the picture, float32, and where each may be looked at, bool."""

    picture: np.ndarray
    seen: np.ndarray
    reference: np.ndarray
    reference_seen: np.ndarray


def make_views(reference: Image, known: Mask, image: Image, mask: Mask) -> list[View]:
    """The pictures at the sizes at which motion is estimated, coarsest first; the last one has the most detail."""
    own, size = size_of(reference), size_of(image)
    views = []
    for side in _SIDES:
        share = min(1.0, side / max(size))
        level, level_own = scaled_by(size, share), scaled_by(own, share * max(size) / max(own))
        picture, hole = _grey(image, mask, level)
        shown, lacking = _grey(reference, ~known, level_own)
        views.append(View(picture, ~hole, shown, ~lacking))
        if share == 1:
            break
    return views


def scaled_by(size: Size, share: float) -> Size:
    """A size times `share`, at least a pixel a side."""
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def _grey(image: Image, mask: Mask, size: Size) -> tuple[np.ndarray, np.ndarray]:
    """A picture in grey and its hole at `size`; the hole holds the mean of what is known."""
    grey = as_channels(as_rgb(image) if image.shape[2] == 4 else image, 1, name="picture")[..., 0]
    grey = np.where(mask, grey[~mask].mean() if not mask.all() else np.float32(0), grey)
    if grey.shape != size:
        grey, mask = resize(grey, size), resize_mask(mask, size)
    return np.ascontiguousarray(grey), mask


def find_motion(views: list[View], own: Size, size: Size) -> Motion:
    """The homography that fits best.

    Args:
        views: of `make_views`.
        own: full (height, width) of the reference.
        size: of the picture.
    """
    finest = views[-1]
    still = scaling(finest.reference.shape, finest.picture.shape)
    found, best, by = still, measure_fit(finest, still), "identity"
    for start, name in _candidates(views, still):
        fits = [(measure_fit(finest, h), h) for h in _refined(finest, start) if _is_sane(h, finest)]
        confidence, homography = max(fits, key=lambda fit: fit[0], default=(0.0, start))
        if confidence > best + _GAIN:
            found, best, by = homography, confidence, name
    full = scaling(finest.picture.shape, size) @ found @ scaling(own, finest.reference.shape)
    return Motion(full / full[2, 2], best, by)


def _candidates(views: list[View], still: np.ndarray) -> Iterator[tuple[np.ndarray, str]]:
    """Homographies at the finest view to start from."""
    coarsest, finest = views[0], views[-1]
    found = scaling(coarsest.reference.shape, coarsest.picture.shape)
    size = coarsest
    for n, view in enumerate(views):
        up = scaling(size.picture.shape, view.picture.shape)
        found = up @ found @ scaling(view.reference.shape, size.reference.shape)
        for motion in (cv2.MOTION_TRANSLATION, cv2.MOTION_AFFINE)[n > 0 :]:
            found = _correlate(view, found, motion, view.seen)
        size = view
    yield found, "ecc"
    corners = _by_corners(finest)
    if corners is not None:
        yield corners, "orb"
    if len(views) > 1:
        yield still, "ecc"


def _refined(view: View, start: np.ndarray) -> Iterator[np.ndarray]:
    """A homography, made better over the whole picture, and then for the surroundings of the hole alone."""
    yield start
    whole = _correlate(view, start, cv2.MOTION_HOMOGRAPHY, view.seen)
    yield whole
    if not view.seen.all():
        near = view.seen & (_distance(view.seen) < 2 * _NEAR * max(view.seen.shape))
        yield _correlate(view, whole, cv2.MOTION_HOMOGRAPHY, near)


def _correlate(view: View, start: np.ndarray, motion: int, seen: np.ndarray) -> np.ndarray:
    """`start` after ECC, or as it is where that does not converge."""
    rows = 3 if motion == cv2.MOTION_HOMOGRAPHY else 2
    if motion != cv2.MOTION_HOMOGRAPHY and not np.allclose(start[2, :2], 0):
        return start
    allowed = _eroded(seen, border=1)  # it blurs before it looks
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-5)
    warp = np.ascontiguousarray((start / start[2, 2])[:rows], np.float32)
    try:
        _, warp = cv2.findTransformECC(view.reference, view.picture, warp, motion, stop, allowed, 5)
    except cv2.error:
        return start
    found = np.eye(3)
    found[:rows] = warp
    return found if np.isfinite(found).all() else start


def _by_corners(view: View) -> np.ndarray | None:
    """The homography on which most matched corners agree; None where too few do."""
    orb = cv2.ORB.create(_CORNERS, fastThreshold=7)
    points, described = [], []
    for grey, seen in ((view.reference, view.reference_seen), (view.picture, view.seen)):
        eight_bit = (grey.clip(0, 1) * 255).round().astype(np.uint8)
        keys, rows = orb.detectAndCompute(eight_bit, _eroded(seen, border=0))
        if rows is None:
            return None
        points.append(np.array([key.pt for key in keys], np.float32))
        described.append(rows)
    matches = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(*described)
    if len(matches) < _LEAST_INLIERS:
        return None
    pairs = np.array([(m.queryIdx, m.trainIdx) for m in matches])
    found, inliers = cv2.findHomography(points[0][pairs[:, 0]], points[1][pairs[:, 1]], cv2.RANSAC, 3.0)
    return found if found is not None and int(inliers.sum()) >= _LEAST_INLIERS else None


def _eroded(seen: np.ndarray, *, border: int) -> np.ndarray:
    """uint8 (H, W): what lies at least three steps from anything unseen; `border` says what is outside."""
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    return cv2.erode(seen.astype(np.uint8), cross, iterations=3, borderType=cv2.BORDER_CONSTANT, borderValue=(border,))


def _is_sane(homography: np.ndarray, view: View) -> bool:
    """Whether the reference's frame stays a convex one, not mirrored, and not a quarter or four times as large."""
    height, width = view.reference.shape
    frame = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    mapped = np.c_[frame, np.ones(4)] @ homography.T
    if (mapped[:, 2] <= 0).any():
        return False
    corners = mapped[:, :2] / mapped[:, 2:]
    sides = np.roll(corners, -1, 0) - corners
    turns = sides[:, 0] * np.roll(sides[:, 1], -1) - sides[:, 1] * np.roll(sides[:, 0], -1)
    area = cv2.contourArea(corners.astype(np.float32)) / (view.picture.shape[0] * view.picture.shape[1])
    return bool((turns > 0).all()) and 1 / 16 < area < 16


def measure_fit(view: View, homography: np.ndarray) -> float:
    """Mean over the picture of the correlation in small windows, weighed by contrast and nearness to the hole; 0 to 1.

    A window is compared after its mean and contrast are taken out, so that another exposure costs nothing; unrelated
    pictures have about 0, however alike their skies and grounds are.
    """
    moved, known = warp(view.reference, view.reference_seen, homography, view.picture.shape)
    both = (view.seen & known).astype(np.float32)
    share = _blur(both)
    means = [_blur(both * grey) / np.maximum(share, 1e-6) for grey in (view.picture, moved)]
    a, b = ((grey - mean) * both for grey, mean in zip((view.picture, moved), means, strict=True))
    variance, moved_variance, covariance = (
        _blur(product) / np.maximum(share, 1e-6) for product in (a * a, b * b, a * b)
    )
    correlation = covariance / np.sqrt((variance + _NOISE) * (moved_variance + _NOISE))
    near = np.maximum(np.exp(-_distance(view.seen) / (_NEAR * max(view.seen.shape))), _FAR)
    weight = both * np.sqrt(variance) * near
    return float(np.clip((weight * correlation).sum() / max(weight.sum(), 1e-6), 0, 1))


def _distance(seen: np.ndarray) -> np.ndarray:
    """To the hole, in pixels; zero everywhere where there is none."""
    if seen.all():
        return np.zeros(seen.shape, np.float32)
    return cv2.distanceTransform(seen.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


def _blur(values: np.ndarray) -> np.ndarray:
    return cv2.GaussianBlur(values, (0, 0), _WINDOW, borderType=cv2.BORDER_CONSTANT)


def scaling(size: tuple[int, ...], other: tuple[int, ...]) -> np.ndarray:
    """From pixels of a picture of `size` to those of the same picture resized to `other`, float64 (3, 3)."""
    down, across = other[0] / size[0], other[1] / size[1]
    return np.array([[across, 0, (across - 1) / 2], [0, down, (down - 1) / 2], [0, 0, 1.0]])


def warp(values: np.ndarray, known: np.ndarray, homography: np.ndarray, size: Size) -> tuple[np.ndarray, np.ndarray]:
    """(h, w[, C]) values and where they are known, moved into a picture of `size`."""
    frame = size[1], size[0]
    moved = cv2.warpPerspective(values, homography, frame, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    there = cv2.warpPerspective(known.astype(np.float32), homography, frame, flags=cv2.INTER_LINEAR)
    return moved, there > 0.999
