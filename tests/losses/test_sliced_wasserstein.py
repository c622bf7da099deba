import pytest
import torch

from selfmend.losses.sliced_wasserstein import sliced_wasserstein


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
