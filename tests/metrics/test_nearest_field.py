import numpy as np
import pytest

from facts import mentions
from mosaic import halves_swapped, noise
from selfmend.errors import OptionError
from selfmend.metrics.samples import equal_neighbours, nearest_field
from selfmend.types import Image


def test_a_mosaic_is_taken_apart() -> None:
    field = nearest_field(halves_swapped(noise(20, 40)), noise(20, 40))
    assert field.shape == (2, 14, 34)
    assert (field[:, :, :14] == np.array([0, 20])[:, None, None]).all()
    assert (field[:, :, 20:] == np.array([0, -20])[:, None, None]).all()


def flat_above_noise() -> Image:
    """(30, 30, 3): thirteen rows that are equally near to each other above seventeen that are like no other."""
    real = noise(30, 30)
    real[:13] = 0.4123
    return real


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_what_is_equally_near_goes_with_its_neighbours(turn: int) -> None:
    real = np.rot90(flat_above_noise(), turn)
    field = nearest_field(real[3:-2, 3:-2], real)
    assert (field == 3).all()


def test_ties_of_floats_are_seen_in_spite_of_rounding() -> None:
    real = flat_above_noise()
    real[:13] += 1e-6 * np.random.default_rng(1).standard_normal((13, 30, 1), np.float32)
    sample = flat_above_noise()
    assert (nearest_field(sample[3:-2, 3:-2], real) == 3).all()


def test_a_source_never_lies_outside() -> None:
    real = np.full((9, 12, 1), 0.5, np.float32)
    field = nearest_field(np.full((20, 8, 1), 0.5, np.float32), real, patch=3)
    sources = field + np.indices(field.shape[1:])
    assert sources.min() >= 0
    assert (sources.max((1, 2)) <= (6, 9)).all()


def test_a_patch_that_is_nearer_is_not_given_up() -> None:
    sample = noise(15, 15)
    real = np.concatenate([noise(15, 15), noise(15, 15, seed=1)], 1)
    assert (nearest_field(sample, real) == 0).all()


def test_equal_neighbours_by_hand() -> None:
    field = np.array([[[0, 0], [0, 1]], [[5, 5], [5, 5]]])
    down, right = equal_neighbours(field)
    assert down.tolist() == [[True, False]]
    assert right.tolist() == [[True], [False]]


def test_an_even_patch_is_refused() -> None:
    with pytest.raises(OptionError, match=mentions("patch", "4")):
        nearest_field(noise(9, 9), noise(9, 9), patch=4)
