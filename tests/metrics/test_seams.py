import numpy as np
import pytest
from skimage import data

from facts import mentions
from mosaic import halves_swapped, noise
from selfmend.errors import OptionError
from selfmend.metrics.samples import seams


def test_one_pair_by_hand() -> None:
    """Patches 0 and 1 of one row; the second comes from one pixel further to the right."""
    sample, real = np.zeros((3, 4, 1), np.float32), np.zeros((3, 5, 1), np.float32)
    sample[1, :, 0] = np.float32([0, 10, 50, 0]) / 255
    real[1, :, 0] = np.float32([0, 10, 20, 50, 0]) / 255
    field = np.zeros((2, 1, 2), int)
    field[1, 0, 1] = 1
    # |10 - 50|, of which |10 - 20| and |50 - 20| were there
    assert seams(sample, real, patch=3, field=field) == pytest.approx(40 - (10 + 30) / 2, abs=1e-4)
    turned = np.ascontiguousarray(field[::-1].swapaxes(1, 2))
    assert seams(sample.swapaxes(0, 1), real.swapaxes(0, 1), patch=3, field=turned) == pytest.approx(20, abs=1e-4)


def test_no_border_no_seam() -> None:
    assert seams(noise(12, 12), noise(12, 12)) == 0
    flat = np.full((12, 30, 3), 0.7, np.float32)
    assert seams(halves_swapped(flat), flat) == 0


def test_a_cut_shows_until_it_is_smoothed() -> None:
    real = data.chelsea()[60:124, 100:200].astype(np.float32) / 255
    cut = halves_swapped(real)
    smooth = cut.copy()
    for column in range(40, 60):  # fades from what the left half would go on with
        share = (column - 40) / 20
        smooth[:, column] = share * cut[:, column] + (1 - share) * cut[:, 39]
    values = seams(cut, real), seams(smooth, real)
    assert values[0] > 1
    assert values[1] < values[0] / 2


def test_a_patch_without_neighbours_is_refused() -> None:
    with pytest.raises(OptionError, match=mentions("patch", "1", "3")):
        seams(noise(9, 9), noise(9, 9), patch=1)
