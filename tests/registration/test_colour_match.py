"""Colours of a reference: gain and offset come back, whatever moved in the ring."""

import numpy as np

from selfmend.registration.align import Aligned, match_colours, place
from selfmend.types import Image, Mask
from warped import middle_hole, psnr_in, scene, seen_from

GAIN = np.float32([0.6, 0.8, 1.2])
OFFSET = np.float32([0.2, 0.0, -0.1])


def pair() -> tuple[Image, Mask, Aligned]:
    image = seen_from(scene(), np.eye(3)) * 0.6 + 0.2
    mask = middle_hole(image)
    return image, mask, place(((image - OFFSET) / GAIN).clip(0, 1), image, mask)


def test_another_exposure_is_taken_out() -> None:
    image, mask, aligned = pair()
    assert psnr_in(aligned.image, image, mask) < 25
    assert (
        psnr_in(match_colours(aligned, np.where(mask[..., None], np.float32(0), image), mask).image, image, mask) > 40
    )


def test_what_moved_in_the_ring_does_not_count() -> None:
    image, mask, aligned = pair()
    moved = image.copy()
    moved[:, 46:58] = 1 - moved[:, 46:58]  # beside the hole, in the picture alone
    assert psnr_in(match_colours(aligned, moved, mask).image, image, mask) > 33


def test_a_flat_ring_gives_an_offset() -> None:
    image = np.full((40, 40, 1), 0.5, np.float32)
    mask = middle_hole(image)
    reference = np.full_like(image, 0.4)
    reference[mask] = 0.7
    matched = match_colours(place(reference, image, mask), image, mask).image
    assert np.allclose(matched[mask], 0.8, rtol=0, atol=1e-3)


def test_unknown_pixels_stay_zero() -> None:
    image, mask, aligned = pair()
    known = aligned.known.copy()
    known[:50] = False
    aligned = Aligned(**{**vars(aligned), "known": known})
    matched = match_colours(aligned, image, mask)
    assert not matched.image[:50].any()
    assert psnr_in(matched.image, image, mask & known) > 40
