import numpy as np
import pytest

from selfmend.metrics.pixels import rmse


def test_by_hand() -> None:
    truth = np.zeros((1, 2, 1), np.float32)
    output = np.float32([3, 4]).reshape(1, 2, 1) / 255
    assert rmse(output, truth) == pytest.approx(12.5**0.5)  # the root of (9 + 16) / 2
    assert rmse(np.ones((2, 2, 3), np.float32), np.zeros((2, 2, 3), np.float32)) == 255
