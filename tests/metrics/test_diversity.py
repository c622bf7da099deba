import pytest
import torch

from mosaic import noise
from selfmend.errors import ImageError
from selfmend.metrics.samples import diversity


def test_by_hand() -> None:
    real = torch.tensor([0.2, 0.4]).view(1, 1, 1, 2)  # standard deviation 0.1
    samples = torch.tensor([[0.1, 0.5], [0.3, 0.5], [0.2, 0.5]]).view(3, 1, 1, 2)
    expected = ((0.02 / 3) ** 0.5 + 0) / 2 / 0.1
    assert diversity(samples, real) == pytest.approx(expected, rel=1e-6)


def test_in_colour_it_is_the_grey_values_that_count() -> None:
    real, samples = noise(6, 6), torch.cat([noise(6, 6, seed=k) for k in range(1, 4)])
    luma = torch.tensor([0.299, 0.587, 0.114], dtype=torch.float64)
    one, many = (torch.einsum("nchw,c->nhw", x.double(), luma).numpy() for x in (real, samples))
    assert diversity(samples, real) == pytest.approx(many.std(0).mean() / one.std(), rel=1e-12)


def test_equal_samples_have_none() -> None:
    assert diversity(noise(6, 6).repeat(3, 1, 1, 1), noise(6, 6)) == 0


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ImageError, match="samples holds 1 picture; diversity needs at least 2"):
        diversity(noise(4, 4), noise(4, 4))
    with pytest.raises(ImageError, match="real has one grey value only"):
        diversity(noise(4, 4).repeat(2, 1, 1, 1), torch.full((1, 3, 4, 4), 0.5))
