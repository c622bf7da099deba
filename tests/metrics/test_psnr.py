import math

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from mosaic import noise
from selfmend.metrics.pixels import psnr, rmse


def test_by_hand() -> None:
    truth = np.full((4, 4, 3), 0.5, np.float32)
    assert psnr(truth + np.float32(0.1), truth) == pytest.approx(20, abs=1e-5)
    assert psnr(truth, truth) == math.inf


def test_equals_another_implementation() -> None:
    one, other = noise(12, 15), noise(12, 15, seed=1)
    expected = peak_signal_noise_ratio(one.astype(np.float64), other.astype(np.float64), data_range=1)
    assert psnr(other, one) == pytest.approx(expected, rel=1e-12)


def test_the_published_error_in_both_units() -> None:
    truth = np.zeros((8, 8, 1), np.float32)
    output = np.full_like(truth, 16.22 / 255)
    assert rmse(output, truth) == pytest.approx(16.22, abs=1e-4)
    assert psnr(output, truth) == pytest.approx(23.93, abs=0.01)
