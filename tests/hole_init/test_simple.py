"""Mean, local means and the diffusions: answers known by hand, and the traps of the reference code."""

import math

import pytest
import torch

from selfmend.hole_init import INITIALISATIONS, get_initialisation
from selfmend.hole_init.local_means import local_means
from selfmend.hole_init.mean import mean

SIMPLE = [name for name in INITIALISATIONS if name != "patchmatch"]


def checkerboard(height: int = 21, width: int = 30) -> torch.Tensor:
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return ((rows + columns) % 2).float()[None, None].repeat(1, 3, 1, 1)


@pytest.mark.parametrize("name", SIMPLE)
@pytest.mark.parametrize("content", [0.0, 1.0, math.nan, math.inf])
def test_content_of_the_hole_has_no_influence(name: str, content: float) -> None:
    image, mask = checkerboard(), torch.zeros(1, 1, 21, 30, dtype=torch.bool)
    mask[..., 5:12, 8:20] = True
    mask[..., :2, :3] = True  # a corner, which the reference code cannot take
    mask[..., -1, :] = True
    fill = get_initialisation(name)
    expected = fill(torch.where(mask, 0.5, image), mask, generator=torch.Generator())
    result = fill(torch.where(mask, content, image), mask, generator=torch.Generator())
    assert torch.equal(result, expected)
    assert torch.equal(torch.where(mask, 0.0, result), torch.where(mask, 0.0, image))  # known pixels as they came
    assert result.isfinite().all()
    assert result.min() >= 0
    assert result.max() <= 1


@pytest.mark.parametrize("name", SIMPLE)
def test_a_flat_picture_stays_flat(name: str) -> None:
    image, mask = torch.full((2, 1, 9, 12), 0.25), torch.zeros(2, 1, 9, 12, dtype=torch.bool)
    mask[0, :, 2:6, 3:9] = True
    mask[1, :, 4:, :] = True
    filled = get_initialisation(name)(image, mask, generator=torch.Generator())
    assert (filled - 0.25).abs().max() < 2e-3  # OpenCV rounds to 8 bits, 16 where there are more


def test_mean_by_hand() -> None:
    image = torch.tensor([[[[0.0, 1.0], [0.2, 0.9]], [[0.4, 0.6], [0.0, 0.0]]]])
    mask = torch.tensor([[[[False, False], [False, True]]]])
    filled = mean(image, mask)
    assert filled[0, :, 1, 1] == pytest.approx([0.4, 1 / 3])


def test_local_means_by_hand() -> None:
    """One row, radius 1: ring 1 gets the mean of its known neighbours, ring 2 that of the two pixels of ring 1."""
    row = torch.tensor([[[[0.0, 0.2, 9.0, 9.0, 9.0, 0.6, 1.0]]]])
    filled = local_means(row, row > 1, radius=1)
    assert filled[0, 0, 0].tolist() == pytest.approx([0.0, 0.2, 0.2, 0.4, 0.6, 0.6, 1.0])


def test_local_means_uses_the_last_row_and_column() -> None:
    """The reference clips its windows one pixel short of the border."""
    image = torch.zeros(1, 1, 3, 3)
    image[..., 2, 2] = 1
    mask = torch.zeros(1, 1, 3, 3, dtype=torch.bool)
    mask[..., 1, 1] = True
    assert local_means(image, mask, radius=1)[0, 0, 1, 1] == pytest.approx(1 / 8)


def test_local_means_with_a_window_smaller_than_the_hole() -> None:
    """The reference gives NaN where a window holds no known pixel."""
    image = torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(0))
    mask = torch.zeros(1, 1, 40, 40, dtype=torch.bool)
    mask[..., 5:35, 5:35] = True
    filled = local_means(image, mask, radius=2)
    known = image[:, :, ~mask[0, 0]]
    assert filled.isfinite().all()
    assert known.min() <= filled.min()
    assert filled.max() <= known.max()


def test_local_means_refuses_a_radius_of_zero() -> None:
    with pytest.raises(ValueError, match="radius is 0; at least 1 fits"):
        local_means(torch.zeros(1, 1, 3, 3), torch.zeros(1, 1, 3, 3, dtype=torch.bool), radius=0)
