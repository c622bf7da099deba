"""FID: the Fréchet distance of the features of two sets, with a network of a few features; what is refused."""

import numpy as np
import pytest
import torch

from facts import mentions
from mosaic import noise
from selfmend.errors import ImageError
from selfmend.metrics.frechet import fid, fid_features, frechet_distance, normal_statistics
from selfmend.types import Image


class Means(torch.nn.Module):
    """Three features: the mean of each colour in [-1, 1]."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean((2, 3))


NET = Means()


def plain(*levels: float) -> list[Image]:
    return [np.full((4, 5, 1), level, np.float32) for level in levels]


def test_by_hand() -> None:
    """Features are (v, v, v) with v = 2 level - 1: means 3 x 0.2² apart, and deviations 0.2 and 0.4 times root 2."""
    found = fid(plain(0.4, 0.6), plain(0.3, 0.7), net=NET)
    spread, other = ((2 * d * d) ** 0.5 for d in (0.2, 0.4))
    assert found == pytest.approx(3 * (spread - other) ** 2, rel=1e-5)
    shifted = fid(plain(0.5, 0.7), plain(0.4, 0.6), net=NET)
    assert shifted == pytest.approx(3 * 0.2**2, rel=1e-5)


def test_many_pictures_of_several_sizes() -> None:
    one = [noise(3 + k, 5, seed=k) for k in range(6)]
    other = [noise(4, 4, seed=k) for k in (0, 1, 1, 2, 2, 3)]
    statistics = [normal_statistics(np.stack([fid_features(x, net=NET) for x in images])) for images in (one, other)]
    assert fid(one, other, net=NET) == pytest.approx(frechet_distance(*statistics), rel=1e-9)
    assert fid(iter(one), iter(one), net=NET) == pytest.approx(0, abs=1e-9)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ImageError, match=mentions("1", "fid", "2")):
        fid(plain(0.1, 0.2), plain(0.1), net=NET)
    with pytest.raises(ImageError, match=mentions("4", "1", "3", "RGB")):
        fid([np.zeros((5, 5, 4), np.float32)] * 2, plain(0.1, 0.2), net=NET)
