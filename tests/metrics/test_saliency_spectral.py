"""The spectral residual against a second writing of it, and its two special cases."""

import numpy as np
import pytest
import torch
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
    photo = torch.from_numpy(data.chelsea()[60 : 60 + height, 100:164].copy()).permute(2, 0, 1)[None].float() / 255
    grey = np.tensordot([0.299, 0.587, 0.114], photo[0].double().numpy(), 1)
    assert np.allclose(spectral_residual(photo)[0, 0].numpy(), by_formula(grey), atol=1e-9)


def test_other_widths_are_seen_at_64() -> None:
    small = torch.zeros(1, 1, 48, 64)
    small[..., 20:26, 40:48] = 1
    found = spectral_residual(small.repeat_interleave(3, -1).repeat_interleave(3, -2))
    assert found.shape == (1, 1, 144, 192)
    near = torch.nn.functional.avg_pool2d(found, 3)
    assert (near - spectral_residual(small)).abs().max() < 0.15
    row, column = divmod(int(near.argmax()), 64)
    assert row in range(19, 27)
    assert column in range(39, 49)


def test_frequencies_that_are_not_there_do_not_count() -> None:
    """Stripes have no vertical frequency: what the transform leaves there is rounding, and so must not be seen."""
    stripes = torch.rand(64, generator=torch.Generator().manual_seed(0)).expand(1, 1, 40, 64)
    found = spectral_residual(stripes)
    assert (found - found.mean(-2, keepdim=True)).abs().max() < 1e-9
