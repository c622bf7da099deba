"""The spectral residual against a second writing of it, and its two special cases."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage import data

from selfmend.metrics.saliency import spectral_residual


def by_formula(grey: np.ndarray) -> np.ndarray:
    """Of a picture that is 64 px wide: nothing is resized."""
    spectrum = np.fft.fft2(grey)
    log, phase = np.log(np.abs(spectrum)), np.angle(spectrum)
    around = np.pad(log, 1, mode="edge")
    height, width = grey.shape
    mean = sum(around[y : y + height, x : x + width] for y in range(3) for x in range(3)) / 9
    found = gaussian_filter(np.abs(np.fft.ifft2(np.exp(log - mean + 1j * phase))) ** 2, 2.5)
    return found / found.max()


@pytest.mark.parametrize("height", [48, 37])
def test_equals_another_writing(height: int) -> None:
    photo = data.chelsea()[60 : 60 + height, 100:164].astype(np.float32) / 255
    grey = photo.astype(np.float64) @ [0.299, 0.587, 0.114]
    assert np.allclose(spectral_residual(photo), by_formula(grey), atol=1e-9)


def test_other_widths_are_seen_at_64() -> None:
    small = np.zeros((48, 64, 1), np.float32)
    small[20:26, 40:48] = 1
    found = spectral_residual(small.repeat(3, 0).repeat(3, 1))
    assert found.shape == (144, 192)
    near = found.reshape(48, 3, 64, 3).mean((1, 3))
    assert np.abs(near - spectral_residual(small)).max() < 0.15
    row, column = divmod(int(near.argmax()), 64)
    assert row in range(19, 27)
    assert column in range(39, 49)


def test_frequencies_that_are_not_there_do_not_count() -> None:
    """Stripes have no vertical frequency: what the transform leaves there is rounding, and so must not be seen."""
    stripes = np.tile(np.random.default_rng(0).random(64, np.float32), (40, 1))[..., None]
    found = spectral_residual(stripes)
    assert np.abs(found - found.mean(0)).max() < 1e-9
