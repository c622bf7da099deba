"""A reference laid on the damaged picture: aligned by a homography, and its colours matched.

A reference picture brought onto the picture that it shows almost the same as, such as a near frame of a film.

Of all homographies that `homography.py` finds, the one is taken that fits best beside the hole. How well it fits is
measured, so that a reference that does not fit can be refused.

A reference in the colours of the picture that it lies on: another exposure or white balance taken out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from selfmend.errors import ImageError
from selfmend.image.color import as_channels
from selfmend.image.resize import resize, resize_mask
from selfmend.masks.reading import grow_mask, same_aspect
from selfmend.registration.homography import find_motion, make_views, measure_fit, scaled_by, scaling, warp
from selfmend.types import Image, Mask, Size, check_image, size_of

LEAST_CONFIDENCE = 0.5
"""What unrelated pictures never have; frames of one scene with people who move have 0.6 to 0.9."""

LEAST_SIDE = 16  # pixels


@dataclass(frozen=True, kw_only=True)
class Aligned:
    """A reference as it lies on a picture.

    Attributes:
        image: (H, W, C) in [0, 1], of the picture's size and channels; zero where `known` is False.
        known: bool (H, W), True where the reference covers the picture.
        homography: float64 (3, 3), from pixels of the reference to pixels of the picture.
        confidence: from 0 to 1: the local correlation with the picture beside the hole, near the hole above all.
        by: how it was found: "ecc", "orb", or "identity", where no motion fits better than none.
    """

    image: Image
    known: Mask
    homography: np.ndarray
    confidence: float
    by: str


def align(
    reference: Image, image: Image, mask: Mask, *, known: Mask | None = None, least: float = LEAST_CONFIDENCE
) -> Aligned:
    """Move a reference so that it lies on a picture.

    Args:
        reference: (h, w, C) in [0, 1], of any size.
        image: (H, W, C) in [0, 1]; the hole's content has no influence, NaN neither.
        mask: (H, W), True = hole.
        known: (h, w), False where the reference shows nothing, such as its own hole; None shows everything.
        least: the least confidence that is accepted; 0 accepts everything.

    Raises:
        ImageError: it does not fit well enough, it shows nothing of the hole, or a picture is too small.

    Example:
        >>> from skimage import data
        >>> photo = data.camera()[::2, ::2, None].astype(np.float32) / 255
        >>> hole = np.zeros((246, 246), bool)
        >>> hole[100:140, 100:140] = True
        >>> moved = align(photo[4:250, 7:253], photo[:246, :246], hole)
        >>> moved.homography[:2, 2].round(1).tolist(), moved.confidence > 0.9
        ([7.0, 4.0], True)
    """
    reference, image, known = _checked(reference, image, mask, known)
    own, size = size_of(reference), size_of(image)
    motion = find_motion(make_views(reference, known, image, mask), own, size)
    if motion.confidence < least:
        raise ImageError(
            f"the reference fits the picture with {motion.confidence:.2f}; at least {least:g} is needed: take a "
            "picture of the same scene, such as a nearer frame, or --no-align if it already lies on the picture"
        )
    moved, seen = _move(reference, known, motion.homography, size)
    return _covering(Aligned(image=moved, known=seen, **vars(motion)), mask)


def place(reference: Image, image: Image, mask: Mask, *, known: Mask | None = None) -> Aligned:
    """Take a reference as it lies, only measuring how well it fits; arguments as in `align`.

    Raises:
        ImageError: another aspect, it shows nothing of the hole, or a picture is too small.
    """
    reference, image, known = _checked(reference, image, mask, known)
    own, size = size_of(reference), size_of(image)
    if not same_aspect(own, size):
        raise ImageError(
            f"the reference is {own[1]} x {own[0]} and the picture {size[1]} x {size[0]}; without alignment the same "
            "size, or the same aspect, fits"
        )
    if own != size:
        reference = resize(_shown(reference, known), size).clip(0, 1)
        known = ~resize_mask(~known, size)
    view = make_views(reference, known, image, mask)[-1]
    result = Aligned(
        image=_shown(reference, known), known=known, homography=scaling(own, size),
        confidence=measure_fit(view, np.eye(3)), by="identity",
    )  # fmt: skip
    return _covering(result, mask)


def _checked(reference: Image, image: Image, mask: Mask, known: Mask | None) -> tuple[Image, Image, Mask]:
    reference = as_channels(reference, image.shape[2], name="reference")
    for name, one in (("reference", reference), ("picture", image)):
        height, width = size_of(one)
        if min(height, width) < LEAST_SIDE:
            raise ImageError(
                f"the {name} is {width} x {height}; for a reference at least {LEAST_SIDE} pixels a side fit"
            )
    check_image(reference, name="reference")
    known = np.ones(size_of(reference), bool) if known is None else known
    return reference, check_image(_shown(image, ~mask)), known


def _covering(aligned: Aligned, mask: Mask) -> Aligned:
    if not (aligned.known & mask).any():
        raise ImageError("the reference shows nothing of the hole; one that covers a part of it fits")
    return aligned


def _shown(image: Image, known: Mask) -> Image:
    """The image, zero where it is not known."""
    return np.where(known[..., None], image, np.float32(0))


def _move(reference: Image, known: Mask, homography: np.ndarray, size: Size) -> tuple[Image, Mask]:
    """`image` and `known` of the result; a reference that shrinks much is shrunk smoothly first."""
    own, reference = size_of(reference), _shown(reference, known)
    if own == size and np.allclose(homography, np.eye(3), atol=1e-9):
        return reference, known
    share = float(np.sqrt(abs(np.linalg.det(homography[:2, :2]))))
    if share < 0.7:
        smaller = scaled_by(own, share)
        reference, known = resize(reference, smaller), ~resize_mask(~known, smaller)
        homography = homography @ scaling(smaller, own)
    moved, seen = warp(np.ascontiguousarray(reference), known, homography, size)
    return _shown(moved.reshape(*size, -1).clip(0, 1), seen), seen


_RING = 0.08  # width of the ring around the hole that is compared, in long sides of the picture
_LEAST_RING = 12  # the same in pixels
_LEAST_PIXELS = 200
_NOISE = 0.02  # contrast below which it says nothing of the gain
_ROUNDS = 10
_GAINS = (0.4, 2.5)


def match_colours(aligned: Aligned, image: Image, mask: Mask) -> Aligned:
    """The reference with a gain and an offset for each channel, so that it agrees with the picture around the hole.

    Pixels that differ much more than most (something moved there) lose their weight.

    Args:
        aligned: the reference on the picture.
        image: (H, W, C) in [0, 1]; the hole's content has no influence.
        mask: (H, W), True = hole.

    Returns:
        `aligned` with other colours.
    """
    both = aligned.known & ~mask
    width = max(_LEAST_RING, round(_RING * max(size_of(image))))
    ring = both & grow_mask(mask, width)
    ring = ring if int(ring.sum()) >= _LEAST_PIXELS else both
    if not ring.any():
        return aligned
    matched = np.empty_like(aligned.image)
    for channel in range(image.shape[2]):
        its, mine = aligned.image[..., channel], image[..., channel]
        gain, offset = _fit(its[ring].astype(np.float64), mine[ring].astype(np.float64))
        matched[..., channel] = np.float32(gain) * its + np.float32(offset)
    return replace(aligned, image=_shown(matched.clip(0, 1), aligned.known))


def _fit(its: np.ndarray, mine: np.ndarray) -> tuple[float, float]:
    """Gain and offset that make `its` of `mine`, by least squares whose weights fall with the error (Geman, McClure).

    A flat ring cannot tell a gain from an offset: the less contrast, the more the gain is 1.
    """
    weight = np.ones_like(its)
    gain, offset = 1.0, float(np.median(mine - its))
    for _ in range(_ROUNDS):
        error = mine - (gain * its + offset)
        spread = 1.4826 * float(np.median(np.abs(error))) + 2 / 255
        weight = 1 / (1 + (error / (2 * spread)) ** 2) ** 2
        total = weight.sum()
        x, y = (weight * its).sum() / total, (weight * mine).sum() / total
        variance = (weight * (its - x) ** 2).sum() / total
        covariance = (weight * (its - x) * (mine - y)).sum() / total
        gain = float(np.clip((covariance + _NOISE**2) / (variance + _NOISE**2), *_GAINS))
        offset = float(y - gain * x)
    return gain, offset
