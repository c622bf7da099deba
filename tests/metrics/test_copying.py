import numpy as np
import pytest

from facts import mentions
from mosaic import halves_swapped, noise
from selfmend.errors import ImageError
from selfmend.metrics.samples import copying


def test_two_blocks_swapped_are_two_regions_of_known_size() -> None:
    real = noise(40, 90)
    found = copying(halves_swapped(real), real)
    regions, patches = 2 * 34 * 39, 34 * 84  # the six columns of patches over the seam are nowhere in the real picture
    assert found.large_share == pytest.approx(regions / patches)
    least = (regions * np.sqrt(34 * 39) + (patches - regions)) / patches  # if those are all on their own
    assert least <= found.side < least + 0.1


def test_regions_by_hand() -> None:
    # displacements 0 and 1 in a chessboard of one patch, two rows of three that are alike, and one alone
    field = np.zeros((2, 3, 3), int)
    field[0] = [[0, 1, 0], [2, 2, 2], [2, 2, 3]]
    found = copying(noise(9, 9), noise(9, 9), field=field, large=2)
    assert copying(noise(9, 9), noise(9, 9), field=field, large=3).large_share == 0
    assert found.side == pytest.approx((5 * np.sqrt(5) + 4 * 1) / 9)
    assert found.large_share == pytest.approx(5 / 9)


def test_regions_that_touch_at_a_corner_are_two() -> None:
    field = np.array([[[0, 1], [1, 0]], [[0, 0], [0, 0]]])
    assert copying(noise(8, 8), noise(8, 8), field=field).side == 1


def test_something_else_is_no_copy() -> None:
    found = copying(noise(40, 40, seed=1), noise(40, 40))
    assert found.side < 2.5  # patches that overlap find overlapping patches now and then
    assert found.large_share == 0


def test_another_channel_count_is_refused() -> None:
    with pytest.raises(ImageError, match=mentions("1", "3")):
        copying(noise(9, 9)[..., :1], noise(9, 9))
