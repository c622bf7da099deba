"""Enlarging without learning: what fits, and what the result depends on."""

import numpy as np
import pytest

from facts import mentions
from pictures import picture
from selfmend.errors import ImageError, OptionError, SelfmendWarning
from selfmend.methods.generative import check_factor
from selfmend.methods.gpnn import GPNN


def test_the_seed_is_all_whatever_was_enlarged_before() -> None:
    image, method = picture(30, 40)[0], GPNN()
    first, second = (method.super_resolve(one, 1.5, seed=3) for one in (image, image[:, ::-1]))
    assert first.shape == second.shape == (45, 60, 3)
    assert not np.array_equal(first, second)
    assert np.array_equal(second, GPNN().super_resolve(image[:, ::-1], 1.5, seed=3))


def test_values_out_of_range_are_refused() -> None:
    with pytest.raises(ImageError, match=mentions("255")):
        GPNN().super_resolve(np.full((20, 20, 3), 200, np.float32), 2)


@pytest.mark.parametrize("factor", [1, 0.5, -2, float("nan"), float("inf"), "x", None])
def test_a_factor_that_does_not_enlarge_is_refused(factor: object) -> None:
    with pytest.raises(OptionError, match=mentions("factor", "1", "2", "1.5")):
        check_factor(factor, (40, 40))


def test_large_factors() -> None:
    with pytest.warns(SelfmendWarning, match=mentions("17", "16")):
        assert check_factor(17, (40, 40)) == 17
    with pytest.raises(OptionError, match=mentions("40000000x40000000", "1x1", "268")):
        check_factor(1e6, (40, 40))
