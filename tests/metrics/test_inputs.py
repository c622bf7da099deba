import numpy as np
import pytest

from facts import mentions
from mosaic import noise
from selfmend.errors import ImageError, MaskError
from selfmend.metrics.inputs import grey, mean_over
from selfmend.metrics.pixels import mae, psnr, rmse, ssim


@pytest.mark.parametrize("metric", [mae, psnr, rmse, ssim])
def test_pairs_that_do_not_fit_are_refused(metric) -> None:
    image = noise(16, 16)
    hole = np.zeros((16, 16), bool)
    with pytest.raises(ImageError, match=mentions("(16, 15, 3)", "(16, 16, 3)")):
        metric(image[:, :15], image)
    with pytest.raises(ImageError, match=mentions("0", "255", "1]")):
        metric(image, image.round() * 255)
    with pytest.raises(ImageError, match=mentions("uint8")):
        metric(image.astype(np.uint8), image)
    with pytest.raises(MaskError, match=mentions("hole")):
        metric(image, image, mask=hole)
    with pytest.raises(MaskError, match=mentions("float32", "(16, 16)")):
        metric(image, image, mask=hole.astype(np.float32))


@pytest.mark.parametrize("metric", [mae, psnr, rmse, ssim])
def test_one_number_and_only_the_hole_counts(metric) -> None:
    truth, output = noise(20, 24), noise(20, 24, seed=2)
    assert type(metric(output, truth)) is float
    hole = np.zeros((20, 24), bool)
    hole[6:12, 6:12] = True
    far = np.where(hole[..., None], output, truth)  # nothing but the hole differs, and no window on it sees the rest
    far[:, :1] = output[:, :1]
    inside = np.where(hole[..., None], truth, output)
    assert type(metric(far, truth, mask=hole)) is float
    if metric is not ssim:  # a window on the hole sees what is around it
        assert metric(far, truth, mask=hole) == metric(output, truth, mask=hole)
        assert metric(inside, truth, mask=hole) == metric(truth, truth)
    assert metric(far, truth, mask=hole) == metric(np.where(hole[..., None], output, truth), truth, mask=hole)


def test_grey_values_by_hand() -> None:
    colours = np.float32([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]]).reshape(1, 4, 3)
    assert grey(colours).ravel().tolist() == pytest.approx([0.299, 0.587, 0.114, 1])
    assert grey(colours).dtype == np.float64
    assert np.array_equal(grey(colours[..., :1]), colours[..., 0].astype(np.float64))
    with pytest.raises(ImageError, match=mentions("real", "4", "1", "grey", "3", "RGB")):
        grey(np.zeros((2, 2, 4), np.float32), name="real")


def test_a_mean_over_the_hole_by_hand() -> None:
    values = np.array([[[1.0, 2], [3, 4]], [[5, 6], [7, 8]]]).transpose(1, 2, 0)
    hole = np.array([[True, False], [False, True]])
    assert mean_over(values, hole) == (1 + 4 + 5 + 8) / 4
    assert mean_over(values, None) == 4.5
