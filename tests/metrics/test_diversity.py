import numpy as np
import pytest

from facts import mentions
from mosaic import noise
from selfmend.errors import ImageError
from selfmend.metrics.samples import diversity


def test_by_hand() -> None:
    real = np.float32([0.2, 0.4]).reshape(1, 2, 1)  # standard deviation 0.1
    samples = [np.float32(row).reshape(1, 2, 1) for row in ([0.1, 0.5], [0.3, 0.5], [0.2, 0.5])]
    expected = ((0.02 / 3) ** 0.5 + 0) / 2 / 0.1
    assert diversity(samples, real) == pytest.approx(expected, rel=1e-6)


def test_in_colour_it_is_the_grey_values_that_count() -> None:
    real, samples = noise(6, 6), [noise(6, 6, seed=k) for k in range(1, 4)]
    luma = np.array([0.299, 0.587, 0.114])
    one, many = (np.stack(x).astype(np.float64) @ luma for x in ([real], samples))
    assert diversity(samples, real) == pytest.approx(many.std(0).mean() / one.std(), rel=1e-12)


def test_equal_samples_have_none() -> None:
    assert diversity([noise(6, 6)] * 3, noise(6, 6)) == 0


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ImageError, match=mentions("1", "diversity", "2")):
        diversity([noise(4, 4)], noise(4, 4))
    with pytest.raises(ImageError, match="real has one grey value only"):
        diversity([noise(4, 4)] * 2, np.full((4, 4, 3), 0.5, np.float32))
    with pytest.raises(ImageError, match=mentions("diversity")):
        diversity([noise(4, 4), noise(4, 5)], noise(4, 4))
