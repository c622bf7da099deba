"""Alignment: known motion is found through a hole, and what does not fit is refused with its number."""

import numpy as np
import pytest

from facts import mentions
from selfmend.errors import ImageError
from selfmend.image.resize import resize
from selfmend.registration.align import Aligned, align, place
from warped import TURN, middle_hole, psnr_in, scene, seen_from

STILL = np.eye(3)
SHIFT = np.array([[1, 0, 9.4], [0, 1, -5.7], [0, 0, 1]])
ROTATION = np.array([[0.8, 0.45, 10], [-0.45, 0.8, 50], [0, 0, 1]])  # too large for ECC


def worst_error(aligned: Aligned, homography: np.ndarray, size: tuple[int, int]) -> float:
    """How far a point of the picture comes back from where it started, after the true motion and the found one."""
    height, width = size
    points = np.array([(x, y, 1.0) for x in (5, width // 2, width - 5) for y in (5, height // 2, height - 5)])
    back = points @ homography.T @ aligned.homography.T
    return float(np.abs(back[:, :2] / back[:, 2:] - points[:, :2]).max())


@pytest.mark.parametrize(("motion", "by"), [(SHIFT, "ecc"), (TURN, "ecc"), (ROTATION, "orb")])
def test_a_known_motion_is_found_through_a_hole(motion: np.ndarray, by: str) -> None:
    world = scene()
    image, reference = seen_from(world, STILL), seen_from(world, motion)
    mask = middle_hole(image)
    aligned = align(
        0.7 * reference + 0.1, np.where(mask[..., None], np.float32(np.nan), image), mask
    )  # another exposure
    assert aligned.by == by
    assert aligned.confidence > 0.8
    assert worst_error(aligned, motion, (120, 160)) < 0.5
    assert psnr_in(aligned.image, 0.7 * image + 0.1, aligned.known) > 35
    assert aligned.known[mask].all()


def test_a_picture_is_its_own_reference_to_the_bit() -> None:
    image = seen_from(scene(), STILL)
    aligned = align(image, image, middle_hole(image))
    assert (aligned.by, aligned.known.all()) == ("identity", True)
    assert np.array_equal(aligned.image, image)
    assert aligned.confidence > 0.95


@pytest.mark.parametrize("share", [0.5, 1.6])
def test_a_reference_of_another_size(share: float) -> None:
    world = scene()
    image, reference = seen_from(world, STILL), seen_from(world, SHIFT)
    smaller = resize(reference, (round(120 * share), round(160 * share))).clip(0, 1)
    aligned = align(smaller, image, middle_hole(image))
    assert aligned.image.shape == image.shape
    own = np.array([[1 / share, 0, (1 / share - 1) / 2], [0, 1 / share, (1 / share - 1) / 2], [0, 0, 1]])
    to_full = Aligned(**{**vars(aligned), "homography": aligned.homography @ np.linalg.inv(own)})
    assert worst_error(to_full, SHIFT, (120, 160)) < 0.5


@pytest.mark.parametrize(("channels", "own"), [(1, 3), (3, 1), (4, 4)])
def test_grey_and_colour_go_together(channels: int, own: int) -> None:
    image = seen_from(scene(channels=channels), STILL)
    reference = np.tile(image.mean(2, keepdims=True), own) if own != channels else image
    assert align(reference, image, middle_hole(image)).image.shape == image.shape


def test_what_the_reference_does_not_show_is_not_known() -> None:
    world = scene()
    image, reference = seen_from(world, STILL), seen_from(world, SHIFT)
    shown = np.ones((120, 160), bool)
    shown[40:60, 60:90] = False
    aligned = align(reference, image, middle_hole(image), known=shown)
    assert not aligned.known[50:60, 55:75].any()
    assert not aligned.image[~aligned.known].any()
    assert aligned.known[:, :30].any()


def test_an_unrelated_picture_is_refused() -> None:
    image, other = seen_from(scene(), STILL), seen_from(scene(seed=1), STILL)
    with pytest.raises(ImageError, match=mentions("0", "0.5", "--no-align")):
        align(other, image, middle_hole(image))
    assert place(other, image, middle_hole(image)).confidence < 0.2
    flat = np.full_like(image, 0.5)
    with pytest.raises(ImageError, match=r"with 0\.00"):
        align(flat, image, middle_hole(image))


def test_the_confidence_falls_with_misplacement() -> None:
    world = scene()
    image, mask = seen_from(world, STILL), middle_hole(seen_from(world, STILL))
    shifts = [np.array([[1, 0, float(x)], [0, 1, 0], [0, 0, 1]]) for x in (0, 1, 3, 9)]
    measured = [place(seen_from(world, shift), image, mask).confidence for shift in shifts]
    assert measured == sorted(measured, reverse=True)
    assert measured[0] > 0.95
    assert measured[-1] < 0.5


def test_a_reference_that_does_not_reach_the_hole_is_refused() -> None:
    image = seen_from(scene(), STILL)
    mask = np.zeros((120, 160), bool)
    mask[:, 150:] = True
    with pytest.raises(ImageError, match="the reference shows nothing of the hole"):
        align(np.ascontiguousarray(image[:, :140]), image, mask)


def test_too_small_and_other_aspects_are_refused() -> None:
    image = seen_from(scene(), STILL)
    with pytest.raises(ImageError, match=mentions("160", "9", "16")):
        align(image[:9], image, middle_hole(image))
    with pytest.raises(ImageError, match=mentions("90", "120", "160")):
        place(image[:, :90], image, middle_hole(image))
    assert place(resize(image, (60, 80)).clip(0, 1), image, middle_hole(image)).image.shape == image.shape
