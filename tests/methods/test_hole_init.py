"""Mean, local means and the diffusions: answers known by hand, and the traps of the reference code."""

import math

import numpy as np
import pytest

from facts import mentions
from selfmend.methods.hole_init import INITIALISATIONS, get_initialisation, local_means, mean

SIMPLE = [name for name in INITIALISATIONS if name != "patchmatch"]


def checkerboard(height: int = 21, width: int = 30) -> np.ndarray:
    return np.repeat(np.indices((height, width)).sum(0)[..., None] % 2, 3, 2).astype(np.float32)


@pytest.mark.parametrize("name", SIMPLE)
@pytest.mark.parametrize("content", [0.0, 1.0, math.nan, math.inf])
def test_content_of_the_hole_has_no_influence(name: str, content: float) -> None:
    image, mask = checkerboard(), np.zeros((21, 30), bool)
    mask[5:12, 8:20] = True
    mask[:2, :3] = True  # a corner, which the reference code cannot take
    mask[-1] = True
    fill = get_initialisation(name)
    expected, result = (
        fill(np.where(mask[..., None], np.float32(value), image), mask, seed=0) for value in (0.5, content)
    )
    assert np.array_equal(result, expected)
    assert np.array_equal(result[~mask], image[~mask])  # known pixels as they came
    assert np.isfinite(result).all()
    assert result.min() >= 0
    assert result.max() <= 1


@pytest.mark.parametrize("name", SIMPLE)
def test_a_flat_picture_stays_flat(name: str) -> None:
    image = np.full((9, 12, 1), 0.25, np.float32)
    for rows, columns in ((slice(2, 6), slice(3, 9)), (slice(4, None), slice(None))):
        mask = np.zeros((9, 12), bool)
        mask[rows, columns] = True
        filled = get_initialisation(name)(image, mask, seed=0)
        assert np.abs(filled - 0.25).max() < 2e-3  # OpenCV rounds to 8 bits, 16 where there are more


def test_mean_by_hand() -> None:
    image = np.float32([[[0.0, 0.4], [1.0, 0.6]], [[0.2, 0.0], [0.9, 0.0]]])
    filled = mean(image, np.array([[False, False], [False, True]]))
    assert filled[1, 1] == pytest.approx([0.4, 1 / 3])


def test_local_means_by_hand() -> None:
    """One row, radius 1: ring 1 gets the mean of its known neighbours, ring 2 that of the two pixels of ring 1."""
    row = np.float32([[0.0, 0.2, 9.0, 9.0, 9.0, 0.6, 1.0]])
    filled = local_means(row[..., None], row > 1, radius=1)
    assert filled[0, :, 0].tolist() == pytest.approx([0.0, 0.2, 0.2, 0.4, 0.6, 0.6, 1.0])


def test_local_means_uses_the_last_row_and_column() -> None:
    """The reference clips its windows one pixel short of the border."""
    image, mask = np.zeros((3, 3, 1), np.float32), np.zeros((3, 3), bool)
    image[2, 2], mask[1, 1] = 1, True
    assert local_means(image, mask, radius=1)[1, 1, 0] == pytest.approx(1 / 8)


def test_local_means_with_a_window_smaller_than_the_hole() -> None:
    """The reference gives NaN where a window holds no known pixel."""
    image = np.random.default_rng(0).random((40, 40, 3), dtype=np.float32)
    mask = np.zeros((40, 40), bool)
    mask[5:35, 5:35] = True
    filled = local_means(image, mask, radius=2)
    known = image[~mask]
    assert np.isfinite(filled).all()
    assert known.min() <= filled.min()
    assert filled.max() <= known.max()


def test_local_means_refuses_a_radius_of_zero() -> None:
    with pytest.raises(ValueError, match=mentions("radius", "0", "1")):
        local_means(np.zeros((3, 3, 1), np.float32), np.zeros((3, 3), bool), radius=0)
