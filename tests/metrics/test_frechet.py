"""The Fréchet distance of normal distributions, where it is known by hand, and against a general matrix root."""

import numpy as np
import pytest
from scipy.linalg import sqrtm

from selfmend.metrics.frechet import frechet_between, frechet_distance, normal_statistics


def drawn(count: int, seed: int, dimension: int = 5) -> np.ndarray:
    generator = np.random.default_rng(seed)
    mix = generator.standard_normal((dimension, dimension))
    return generator.standard_normal((count, dimension)) @ mix + seed


def test_statistics_equal_numpy() -> None:
    vectors = drawn(40, 1)
    mean, covariance = normal_statistics(vectors.astype(np.float32))
    assert np.allclose(mean, vectors.mean(0), rtol=1e-6)
    assert np.allclose(covariance, np.cov(vectors, rowvar=False), rtol=1e-5)


@pytest.mark.parametrize(("count", "dimension"), [(40, 5), (20, 192)], ids=["regular", "singular"])
def test_equal_is_zero_and_a_shift_is_squared(count: int, dimension: int) -> None:
    mean, covariance = normal_statistics(drawn(count, 1, dimension))
    shift = np.zeros_like(mean)
    assert frechet_distance((mean + shift, covariance), (mean, covariance)) == pytest.approx(0, abs=1e-8)
    shift[:2] = (3, 4)
    assert frechet_distance((mean + shift, covariance), (mean, covariance)) == pytest.approx(25, abs=1e-8)


def test_diagonal_covariances_by_hand() -> None:
    mean = np.zeros(3)
    one, other = (np.diag(np.array(v, np.float64)) for v in ([1, 4, 0], [9, 4, 16]))
    assert frechet_distance((mean, one), (mean, other)) == pytest.approx((1 - 3) ** 2 + 0 + (0 - 4) ** 2)


def test_equals_a_general_root_and_is_symmetric() -> None:
    one, other = normal_statistics(drawn(40, 1)), normal_statistics(drawn(50, 2))
    root = np.real(sqrtm(one[1] @ other[1]))
    expected = np.square(one[0] - other[0]).sum() + np.trace(one[1] + other[1]) - 2 * np.trace(root)
    assert frechet_distance(one, other) == pytest.approx(expected, rel=1e-10)
    assert frechet_distance(other, one) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(("count", "other_count"), [(4, 7), (12, 12), (40, 3)], ids=["few", "as many", "more"])
def test_between_vectors_it_is_that_of_their_statistics(count: int, other_count: int) -> None:
    one, other = drawn(count, 1, 12), drawn(other_count, 2, 12)
    expected = frechet_distance(normal_statistics(one), normal_statistics(other))
    assert frechet_between(one.astype(np.float32), other.astype(np.float32)) == pytest.approx(expected, rel=1e-4)
    assert frechet_between(one, other) == pytest.approx(expected, rel=1e-6)
