"""Damage drawn over a clean photo, with the exact mask of each kind: to train and to measure what finds damage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from selfmend.errors import OptionError, check_known
from selfmend.image.color import as_rgb
from selfmend.masks.damage import areas, even, lines
from selfmend.masks.damage.distractors import draw_distractors
from selfmend.masks.damage.looks import blurred, film_grain, halftone, noisy, old_tones, scanned, through_jpeg
from selfmend.masks.damage.marks import KINDS, around, between, chance, lay
from selfmend.seeding import make_rng
from selfmend.types import Image, Mask, check_image, size_of

_SEEN = 0.07  # by which a piece must differ somewhere, on even ground

DRAWERS = {
    "scratches": lines.scratches, "hairs": lines.hairs, "folds": lines.folds, "cracks": lines.cracks,
    "dust": areas.dust, "stains": areas.stains, "losses": areas.losses, "torn": areas.torn,
    "strokes": even.strokes, "creases": even.creases, "fissures": even.fissures, "spots": even.spots,
}  # fmt: skip
"""What can be drawn, by name; each takes a size and a generator of random numbers, and gives marks."""

_SHARES = {
    "scratches": 0.6, "hairs": 0.25, "folds": 0.3, "cracks": 0.4, "dust": 0.6, "stains": 0.15, "losses": 0.15,
    "torn": 0.12,
}  # fmt: skip
"""How often each is on a damaged photo."""

_CLEAR = 0.5  # of the lessons: from faint and broken damage alone a finder learns to doubt what anyone sees
_EVEN = {"strokes": 0.6, "creases": 0.15, "fissures": 0.35, "spots": 0.5, "torn": 0.06}
"""How often each is in a lesson of what is clearly seen."""


@dataclass(frozen=True, kw_only=True)
class DamagedPhoto:
    """A photo with damage, and where that is.

    Attributes:
        image: (H, W, 3) in [0, 1], damaged.
        clean: the same photo without the damage, with the same tones and grain, before it was scanned.
        masks: bool (H, W) by kind, one of each of `marks.KINDS`; a pixel can be of several.
    """

    image: Image
    clean: Image
    masks: dict[str, Mask]

    @property
    def mask(self) -> Mask:
        """All damage, bool (H, W)."""
        return np.any(list(self.masks.values()), 0)


def draw_damage(
    photo: Image, kinds: Sequence[str] | None = None, *, seed: int | np.random.Generator = 0, looks: bool = True
) -> DamagedPhoto:
    """Damage a photo.

    Args:
        photo: (H, W, C) in [0, 1], clean.
        kinds: names of `DRAWERS`, each of which is drawn; None draws some of them.
        seed: same seed, same damage; or a generator of random numbers.
        looks: give the photo the tones and the grain of an old print, and what scanning does to it.

    Raises:
        ImageError: no image, or fewer than 16 x 16 pixels.
        OptionError: an unknown kind.

    Example:
        >>> done = draw_damage(np.full((64, 64, 3), 0.5, np.float32), ["scratches"], seed=1, looks=False)
        >>> bool(done.masks["scratches"].any() and not done.masks["dust"].any())
        True
    """
    image = np.ascontiguousarray(as_rgb(check_image(photo)))
    size = size_of(image)
    if min(size) < 16:
        raise OptionError(f"the photo is {size[1]} x {size[0]}; at least 16 x 16 pixels can be damaged")
    rng = seed if isinstance(seed, np.random.Generator) else make_rng(seed, "damage")
    names = list(_SHARES) if kinds is None else [check_known("kind of damage", name, DRAWERS) for name in kinds]
    wanted = [name for name in names if kinds is not None or chance(rng, _SHARES[name])]
    if looks:
        image = film_grain(old_tones(image, rng), rng) if chance(rng, 0.8) else image
    clean, masks = image, {kind: np.zeros(size, bool) for kind in KINDS}
    for name in rng.permutation(wanted):
        for mark in DRAWERS[str(name)](size, rng):
            image, seen = lay(image, mark)
            masks[mark.kind] |= seen
    masks = {kind: _visible(mask, image, clean) for kind, mask in masks.items()}
    return DamagedPhoto(image=scanned(image, rng) if looks else image, clean=clean, masks=masks)


def _visible(mask: Mask, image: Image, clean: Image) -> Mask:
    """The pieces of a mask that a person can see: they differ more from what was there than that does within itself."""
    import cv2

    if not mask.any():
        return mask
    change = np.abs(cv2.GaussianBlur(image, (0, 0), 0.7) - cv2.GaussianBlur(clean, (0, 0), 0.7)).max(2)
    needed = _SEEN + 0.6 * around(clean, 15)[1]
    count, labels = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)
    keep = np.zeros(count, bool)
    keep[labels[change > needed]] = True
    keep[0] = False
    return np.asarray(keep[labels])


def draw_lesson(photo: Image, rng: np.random.Generator) -> DamagedPhoto:
    """What the finder learns from: a photo with damage, and one in five without; things of the scene that look like it.

    Args:
        photo: (H, W, 3) in [0, 1], clean, at least 16 x 16.
        rng: what all is drawn from.
    """
    size = size_of(photo)
    if chance(rng, 0.02):  # dots of printing are no dust
        image = halftone(photo, rng)
        masks = {kind: np.zeros(size, bool) for kind in KINDS}
        return DamagedPhoto(image=scanned(image, rng), clean=image, masks=masks)
    if chance(rng, 0.25):
        photo = draw_distractors(photo, rng)
    if chance(rng, 0.2):
        photo = blurred(photo, between(rng, 0.5, 2.0))
    clear = chance(rng, _CLEAR)
    kinds: list[str] = []
    if chance(rng, 0.8):  # much on each: a square shows a small part of a photo
        for name, share in (_EVEN if clear else _SHARES).items():
            kinds += [name] * (int(rng.integers(1, 4)) if chance(rng, share) else 0)
    looks = not clear or chance(rng, 0.7 if "fissures" in kinds else 0.35)  # cracks are of old prints
    done = draw_damage(photo.clip(0, 1).astype(np.float32), kinds, seed=rng, looks=looks)
    return done if looks else replace(done, image=_kept(done.image, rng))


def _kept(image: Image, rng: np.random.Generator) -> Image:
    """A new photo as it is kept: hardly softer, with little noise, and most often as a JPEG."""
    image = blurred(image, between(rng, 0, 0.8)) if chance(rng, 0.5) else image
    if chance(rng, 0.3):
        image = noisy(image, between(rng, 0, 0.02), rng).clip(0, 1)
    return through_jpeg(image, int(rng.integers(70, 99))) if chance(rng, 0.7) else image
