import numpy as np
import pytest
from skimage import data
from skimage.metrics import structural_similarity

from facts import mentions
from mosaic import noise
from selfmend.errors import ImageError, MaskError
from selfmend.metrics.pixels import ssim


@pytest.mark.parametrize("channels", [1, 3])
def test_equals_another_implementation(channels: int) -> None:
    truth = data.chelsea()[60:97, 100:153, :channels].astype(np.float32) / 255
    output = (0.7 * truth + 0.3 * noise(37, 53)[..., :channels]).clip(0, 1)
    hole = np.zeros((37, 53), bool)
    hole[10:25, 12:30] = True
    one, other = (x.astype(np.float64) for x in (truth, output))
    settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1}
    expected, everywhere = structural_similarity(one, other, channel_axis=2, full=True, **settings)
    assert ssim(output, truth) == pytest.approx(expected, abs=1e-9)
    assert ssim(output, truth, mask=hole) == pytest.approx(everywhere[10:25, 12:30].mean(), abs=1e-9)


def test_by_hand() -> None:
    """Two flat pictures: variances are 0, so only the luminance term is left."""
    one, other = np.full((11, 11, 1), 0.5, np.float32), np.full((11, 11, 1), 0.25, np.float32)
    assert ssim(one, other) == pytest.approx((2 * 0.125 + 1e-4) / (0.25 + 0.0625 + 1e-4))


def test_what_has_no_window_is_refused() -> None:
    with pytest.raises(ImageError, match=mentions("(10, 30)", "11")):
        ssim(noise(10, 30), noise(10, 30))
    edge = np.zeros((20, 20), bool)
    edge[:, :5] = True
    with pytest.raises(MaskError, match=mentions("5")):
        ssim(noise(20, 20), noise(20, 20), mask=edge)
