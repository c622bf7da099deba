import math

import pytest
import torch

from selfmend.nn.reconstruction_losses import balanced_cross_entropy


def test_a_hand_computed_case() -> None:
    output = torch.tensor([[[[0.8, 0.1, 0.5, 0.2, 0.3, 0.9]]]])
    target = torch.tensor([[[[1.0, 0.0, 0.0, 0.0, 0.0, 1.0]]]])
    mask = torch.tensor([[[[1.0, 1.0, 1.0, 1.0, 1.0, 0.0]]]])
    # one edge in five pixels of hole counts as the root of four
    expected = -(2 * math.log(0.8) + math.log(0.9) + math.log(0.5) + math.log(0.8) + math.log(0.7)) / 5
    assert balanced_cross_entropy(output, target, mask).item() == pytest.approx(expected, rel=1e-5)


def test_certain_edges_and_no_hole_are_finite() -> None:
    ones, zeros = torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 2, 2)
    assert balanced_cross_entropy(zeros, ones, ones).isfinite()
    assert balanced_cross_entropy(ones, zeros, ones).isfinite()
    assert balanced_cross_entropy(ones, zeros, zeros) == 0
