import pytest
import torch

from facts import mentions
from selfmend.nn.sliced_wasserstein import sliced_wasserstein


def everywhere(height: int, width: int) -> torch.Tensor:
    return torch.ones(1, 1, height, width, dtype=torch.bool)


def distance(a: torch.Tensor, b: torch.Tensor, where: torch.Tensor, patch: int = 3) -> float:
    generator = torch.Generator().manual_seed(0)
    return float(sliced_wasserstein(a, b, where, patch=patch, projections=8, generator=generator))


def test_order_does_not_matter_but_content_does() -> None:
    x = torch.rand(1, 1, 6, 6)
    shuffled = x.flatten()[torch.randperm(36)].view(1, 1, 6, 6)
    assert distance(x, shuffled, everywhere(6, 6), patch=1) == pytest.approx(0, abs=1e-6)
    assert distance(x, shuffled, everywhere(4, 4)) > 0.01


def test_a_shift_by_hand() -> None:
    x = torch.rand(1, 1, 6, 6)  # 1x1 patches of one channel: each direction is +1 or -1
    assert distance(x, x + 0.25, everywhere(6, 6), patch=1) == pytest.approx(0.25, rel=1e-4)


def test_only_chosen_patches_count() -> None:
    x = torch.rand(1, 3, 8, 8)
    spoiled = x.clone()
    spoiled[..., :4] = 9
    where = everywhere(6, 6)
    where[..., :4] = False
    assert distance(x, spoiled, where) == 0
    assert distance(x, spoiled, where & False) == 0


def test_sets_of_different_sizes_by_hand() -> None:
    x, darker = torch.full((1, 1, 6, 6), 0.75), torch.full((1, 1, 4, 9), 0.25)
    generator = torch.Generator().manual_seed(0)
    assert float(sliced_wasserstein(x, darker, patch=1, projections=4, generator=generator)) == pytest.approx(0.5)
    squared = sliced_wasserstein(x, darker, patch=1, projections=4, generator=generator, power=2)
    assert float(squared) == pytest.approx(0.25)


def test_each_set_has_its_own_positions() -> None:
    x = torch.rand(1, 3, 8, 8)
    moved = x.roll(2, dims=3)
    first, later = torch.zeros(2, 1, 1, 6, 6, dtype=torch.bool)
    first[..., :4], later[..., 2:] = True, True
    generator = torch.Generator().manual_seed(0)
    same = sliced_wasserstein(x, moved, first, target_where=later, patch=3, projections=8, generator=generator)
    assert float(same) == pytest.approx(0, abs=1e-6)
    assert distance(x, moved, first) > 0.01


def test_everywhere_is_the_default() -> None:
    x, y = torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8)
    generator = torch.Generator().manual_seed(0)
    whole = float(sliced_wasserstein(x, y, patch=3, projections=8, generator=generator))
    assert whole == pytest.approx(distance(x, y, everywhere(6, 6).expand(2, 1, 6, 6)), rel=1e-5)


@pytest.mark.parametrize("power", [1, 2])
def test_gradient_is_that_of_sorted_lists(power: int) -> None:
    x = torch.rand(1, 1, 5, 5, requires_grad=True)
    y = torch.rand(1, 1, 5, 5)
    sliced_wasserstein(x, y, patch=1, projections=1, generator=torch.Generator(), power=power).backward()
    error = x.detach().flatten().sort().values - y.flatten().sort().values  # the one direction is +1 or -1: no matter
    by_rank = (error.sign() if power == 1 else 2 * error) / 25
    expected = torch.empty(25).scatter_(0, x.detach().flatten().argsort(), by_rank)
    assert x.grad is not None
    assert torch.allclose(x.grad.flatten(), expected, atol=1e-6)


def test_another_power_is_refused() -> None:
    x = torch.rand(1, 1, 5, 5)
    with pytest.raises(ValueError, match=mentions("power", "3", "1", "2")):
        sliced_wasserstein(x, x, patch=1, projections=1, generator=torch.Generator(), power=3)
