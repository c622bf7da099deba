import pytest
import torch

from selfmend.metrics.pixels import mae


def test_by_hand() -> None:
    truth = torch.tensor([0.5, 0.5]).view(1, 1, 1, 2)
    output = torch.tensor([0.25, 1.0]).view(1, 1, 1, 2)
    assert mae(output, truth).item() == pytest.approx(0.375)
