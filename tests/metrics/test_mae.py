import numpy as np
import pytest

from selfmend.metrics.pixels import mae


def test_by_hand() -> None:
    truth = np.float32([0.5, 0.5]).reshape(1, 2, 1)
    output = np.float32([0.25, 1.0]).reshape(1, 2, 1)
    assert mae(output, truth) == pytest.approx(0.375)
