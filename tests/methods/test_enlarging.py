"""Enlarging without learning: what fits, and a batch as its pictures alone."""

import pytest
import torch

from pictures import picture
from selfmend.errors import ImageError, OptionError, SelfmendWarning
from selfmend.methods.generative import check_factor
from selfmend.methods.gpnn import GPNN


def test_a_batch_equals_its_pictures_and_the_seed_is_all() -> None:
    images = torch.cat([picture(30, 40)[0], picture(30, 40)[0].flip(3)])
    both = GPNN().super_resolve(images, 1.5, seed=3)
    assert both.shape == (2, 3, 45, 60)
    assert torch.equal(both[1:], GPNN().super_resolve(images[1:], 1.5, seed=3))


def test_values_out_of_range_are_refused() -> None:
    with pytest.raises(ImageError, match="divide bytes by 255"):
        GPNN().super_resolve(torch.full((1, 3, 20, 20), 200.0), 2)


@pytest.mark.parametrize("factor", [1, 0.5, -2, float("nan"), float("inf"), "x", None])
def test_a_factor_that_does_not_enlarge_is_refused(factor: object) -> None:
    with pytest.raises(OptionError, match=r"the factor is .*; a number above 1 fits, such as 2 or 1.5"):
        check_factor(factor, (40, 40))


def test_large_factors() -> None:
    with pytest.warns(SelfmendWarning, match="the factor is 17: beyond 16 little of the result stands in the picture"):
        assert check_factor(17, (40, 40)) == 17
    with pytest.raises(OptionError, match="size is 40000000x40000000; from 1x1 to 268 million pixels fit"):
        check_factor(1e6, (40, 40))
