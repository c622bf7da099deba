import pytest
import torch

from selfmend.metrics.pixels import rmse


def test_by_hand() -> None:
    truth = torch.zeros(1, 1, 1, 2)
    output = torch.tensor([3.0, 4.0]).view(1, 1, 1, 2) / 255
    assert rmse(output, truth).item() == pytest.approx(12.5**0.5)  # the root of (9 + 16) / 2
    assert rmse(torch.ones(1, 3, 2, 2), torch.zeros(1, 3, 2, 2)).item() == 255
