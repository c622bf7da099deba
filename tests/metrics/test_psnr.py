import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio

from mosaic import noise
from selfmend.metrics.pixels import psnr, rmse


def test_by_hand() -> None:
    truth = torch.full((1, 3, 4, 4), 0.5)
    assert psnr(truth + 0.1, truth).item() == pytest.approx(20, abs=1e-5)
    assert psnr(truth, truth).item() == torch.inf


def test_equals_another_implementation() -> None:
    one, other = noise(12, 15), noise(12, 15, seed=1)
    expected = peak_signal_noise_ratio(one.double().numpy(), other.double().numpy(), data_range=1)
    assert psnr(other, one).item() == pytest.approx(expected, rel=1e-12)


def test_the_published_error_in_both_units() -> None:
    truth = torch.zeros(1, 1, 8, 8)
    output = torch.full_like(truth, 16.22 / 255)
    assert rmse(output, truth).item() == pytest.approx(16.22, abs=1e-4)
    assert psnr(output, truth).item() == pytest.approx(23.93, abs=0.01)
