import numpy as np
import pytest
import torch

from selfmend.nn.sliced_wasserstein import match_ranks


def awkward(rows: int, count: int, seed: int = 0) -> torch.Tensor:
    """Numbers of both signs and all sizes, with ties and zeros of both signs."""
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(rows, count, generator=generator) * 10 ** torch.randn(rows, count, generator=generator)
    values[:, ::5] = values[:, ::5].round()
    values[:, :9:2], values[:, 1:9:2] = -0.0, 0.0
    return values[:, torch.randperm(count, generator=generator)]


def test_by_hand() -> None:
    matched = match_ranks(torch.tensor([[3.0, -1.0, 0.5], [0.0, 1.0, 2.0]]), torch.tensor([[7.0, 9, 8], [-6, -4, -5]]))
    assert matched.tolist() == [[9, 7, 8], [-6, -5, -4]]


def test_equal_sizes_equal_a_stable_sort() -> None:
    values, reference = awkward(3, 5000), awkward(3, 5000, seed=1)
    values[:, 17], values[:, 18] = torch.inf, -torch.inf
    expected = torch.empty_like(values).scatter_(1, values.argsort(dim=1, stable=True), reference.sort(1).values)
    assert torch.equal(match_ranks(values, reference), expected)


@pytest.mark.parametrize("size", [1e-30, 1e-10, 1e30])
def test_numbers_of_any_size_are_told_apart(size: float) -> None:
    values = torch.tensor([[3.0, -1.0, 0.5, -2.0]]) * size
    assert match_ranks(values, torch.tensor([[4.0, 1, 3, 2]])).tolist() == [[4, 2, 3, 1]]


@pytest.mark.parametrize("known", [1, 7, 40, 173])
def test_other_sizes_take_quantiles(known: int) -> None:
    values, reference = torch.randn(2, 40), torch.randn(2, known)
    matched = match_ranks(values, reference)
    at = (np.arange(40) + 0.5) / 40
    expected = [np.quantile(row, at, method="hazen") for row in reference.numpy()]
    assert np.allclose(matched.sort(1).values, expected, atol=1e-5)
    assert bool((matched.gather(1, values.argsort(1)).diff(dim=1) >= 0).all())


@pytest.mark.parametrize("known", [30, 50])
def test_the_way_of_other_devices_and_precisions_gives_the_same(known: int) -> None:
    values, reference = torch.randn(4, 50), torch.randn(4, known)
    assert torch.allclose(match_ranks(values.double(), reference.double()).float(), match_ranks(values, reference))
