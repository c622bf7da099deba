"""SIFID on a network with weights by rule: the published ones are no part of the project."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

import inception_file
from facts import mentions
from mosaic import noise
from selfmend.errors import ImageError, OptionError
from selfmend.metrics.frechet import sifid
from selfmend.nn.inception import InceptionStem
from selfmend.nn.tensors import to_tensor


@pytest.fixture(scope="module")
def net() -> InceptionStem:
    module = InceptionStem()
    module.load_state_dict(inception_file.official_state(), strict=False)
    return module.eval()


@pytest.mark.parametrize("features", [64, 192])
def test_is_the_distance_of_the_statistics_over_positions(net: InceptionStem, features: int) -> None:
    sample, real = noise(90, 100) ** 2, noise(80, 110, seed=1)
    one, other = (
        net(2 * to_tensor(x) - 1, features=features)[0].flatten(1).T.double().detach().numpy() for x in (sample, real)
    )
    (mean, covariance), (other_mean, other_covariance) = ((f.mean(0), np.cov(f, rowvar=False)) for f in (one, other))
    ridge = 1e-10 * np.eye(features)
    root = np.real(sqrtm((covariance + ridge) @ (other_covariance + ridge)))
    expected = np.square(mean - other_mean).sum() + np.trace(covariance + other_covariance - 2 * root)
    assert sifid(sample, real, net=net, features=features) == pytest.approx(expected, rel=1e-3)
    assert sifid(real, real, net=net, features=features) == pytest.approx(0, abs=1e-4 * expected)


def test_grey_is_taken_as_three_equal_channels(net: InceptionStem) -> None:
    grey, real = noise(20, 20)[..., :1], noise(20, 20, seed=1)
    assert sifid(grey, real, net=net) == sifid(grey.repeat(3, 2), real, net=net)


def test_what_does_not_fit_is_refused(net: InceptionStem) -> None:
    real = noise(30, 30)
    with pytest.raises(ImageError, match=mentions("(22, 30)", "23", "192", "features")):
        sifid(real[:22], real, net=net, features=192)
    with pytest.raises(ImageError, match=mentions("real", "float32", "(2, 30, 30, 3)")):
        sifid(real, np.stack([real, real]), net=net)
    with pytest.raises(ImageError, match=mentions("4")):
        sifid(np.zeros((30, 30, 4), np.float32), real, net=net)
    with pytest.raises(OptionError, match=mentions("features", "'2048'")):
        sifid(real, real, net=net, features=2048)
