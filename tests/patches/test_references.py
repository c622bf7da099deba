"""Exemplar filling with references: what only they show comes back, and without them nothing changes."""

import numpy as np
import pytest

from facts import mentions
from selfmend import parallel
from selfmend.errors import ImageError
from selfmend.patches.em import PatchMatchOptions
from selfmend.patches.inpaint import Reference, inpaint
from warped import middle_hole, psnr_in, scene, seen_from


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return seen_from(scene(72, 96), np.eye(3))


@pytest.fixture(scope="module")
def mask(image: np.ndarray) -> np.ndarray:
    return middle_hole(image, 0.35)


def quality(mended: np.ndarray, image: np.ndarray, mask: np.ndarray) -> float:
    return psnr_in(mended, image, mask)


def moved(image: np.ndarray, shift: tuple[int, int]) -> Reference:
    return Reference(np.roll(image, shift, (0, 1)), np.ones(image.shape[:2], bool))


@pytest.mark.parametrize("shift", [(0, 0), (3, -5)])
def test_what_only_the_reference_shows_comes_back(image: np.ndarray, mask: np.ndarray, shift: tuple) -> None:
    assert quality(inpaint(image, mask, seed=0), image, mask) < 20
    mended = inpaint(image, mask, seed=0, references=[moved(image, shift)])
    assert quality(mended, image, mask) > 30
    assert np.array_equal(mended[~mask], image[~mask])


def test_matches_in_a_reference_are_carried_from_scale_to_scale(image: np.ndarray, mask: np.ndarray) -> None:
    """Few rounds do not find the shift anew at every scale."""
    options = PatchMatchOptions(iterations=4, finest_iterations=2, passes=1, nearness=0.0)
    reference = moved(image, (3, -5))
    mended = inpaint(image, mask, seed=0, references=[reference], options=options)
    assert quality(mended, image, mask) > 40


def test_the_distance_of_patches_decides(image: np.ndarray, mask: np.ndarray) -> None:
    other = moved(seen_from(scene(72, 96, seed=1), np.eye(3)), (0, 0))
    right = moved(image, (0, 0))
    for references in ([other, right], [right, other]):
        assert quality(inpaint(image, mask, seed=0, references=references), image, mask) > 30


@pytest.mark.parametrize("guessed", [False, True])
def test_a_reference_that_shows_nothing_changes_no_bit(image: np.ndarray, mask: np.ndarray, guessed: bool) -> None:
    blank = Reference(np.zeros_like(image), np.zeros_like(mask))
    guess, size = (image[:, ::-1], (36, 48)) if guessed else (None, None)
    without, blankly, shown = (
        inpaint(image, mask, seed=0, guess=guess, guess_size=size, references=references)
        for references in ([], [blank], [moved(image, (0, 0))])
    )
    assert np.array_equal(without, blankly)
    assert not np.array_equal(without, shown)


def test_threads_do_not_decide(image: np.ndarray, mask: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    results = []
    for count in (1, 3):
        monkeypatch.setattr(parallel, "thread_count", lambda count=count: count)
        results.append(inpaint(image, mask, seed=0, references=[moved(image, (2, 2))]))
    assert np.array_equal(*results)


def test_a_reference_is_enough_where_the_picture_has_no_patch(image: np.ndarray) -> None:
    mask = np.ones((72, 96), bool)
    mask[40, 10:80] = False
    mended = inpaint(image, mask, seed=0, references=[moved(image, (0, 0))])
    assert quality(mended, image, mask) > 30


def test_a_reference_of_another_shape_is_refused(image: np.ndarray, mask: np.ndarray) -> None:
    grey = Reference(image[..., :1], np.ones_like(mask))
    with pytest.raises(ImageError, match=mentions("(72, 96, 1)", "(72, 96, 3)")):
        inpaint(image, mask, seed=0, references=[grey])
