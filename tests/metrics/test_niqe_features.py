"""What NIQE measures: moments of drawn distributions, normalised values and blocks by hand."""

import numpy as np
import pytest
from scipy.special import gamma
from scipy.stats import gennorm
from skimage import data

from selfmend.metrics.niqe import (
    BLOCK,
    FEATURES,
    block_features,
    describe,
    fit_asymmetric_gaussian,
    mean_subtracted_contrast_normalised,
)


@pytest.mark.parametrize("shape", [0.5, 1.0, 2.0, 4.0])
def test_finds_the_shape_and_scale_of_drawn_values(shape: float) -> None:
    values = gennorm.rvs(shape, scale=0.7, size=200_000, random_state=np.random.default_rng(0))
    found, left, right = fit_asymmetric_gaussian(values)
    assert found == pytest.approx(shape, rel=0.03)
    assert left == pytest.approx(0.7, rel=0.05)
    assert right == pytest.approx(0.7, rel=0.05)


def test_finds_two_different_sides() -> None:
    generator = np.random.default_rng(1)
    size = np.abs(gennorm.rvs(1.5, size=200_000, random_state=generator))
    on_left = generator.random(size.size) < 0.4 / (0.4 + 0.9)  # the sides' masses are as their scales
    found, left, right = fit_asymmetric_gaussian(np.where(on_left, -0.4 * size, 0.9 * size))
    assert (found, left, right) == pytest.approx((1.5, 0.4, 0.9), rel=0.03)


def test_two_values_by_hand() -> None:
    """Half -1, half 1: the ratio of moments is 1, which no shape reaches, so the largest is nearest."""
    found, left, right = fit_asymmetric_gaussian(np.array([-1.0, 1.0, 1.0, -1.0]))
    assert found == 10
    assert left == right == pytest.approx(np.sqrt(gamma(0.1) / gamma(0.3)))


def test_values_of_one_sign_have_no_such_distribution() -> None:
    assert np.isnan(fit_asymmetric_gaussian(np.array([1.0, 2.0]))).all()
    assert np.isnan(fit_asymmetric_gaussian(np.zeros(4))).all()


def test_normalised_values_by_hand() -> None:
    flat, deviation = mean_subtracted_contrast_normalised(np.full((9, 9), 40.0))
    assert np.abs(flat).max() < 1e-5  # edges repeat: nothing dark comes in
    assert np.abs(deviation).max() < 1e-5
    point = np.zeros((15, 15))
    point[7, 7] = 100
    weights = np.exp(-(np.arange(-3, 4) ** 2) / (2 * (7 / 6) ** 2))
    weight = (weights[3] / weights.sum()) ** 2  # of a pixel on itself, in both directions
    normalised, deviation = mean_subtracted_contrast_normalised(point)
    expected = 100 * np.sqrt(weight - weight**2)
    assert deviation[7, 7] == pytest.approx(expected)
    assert normalised[7, 7] == pytest.approx((100 - 100 * weight) / (expected + 1))
    assert normalised[7, 11] == 0  # four pixels away


def test_the_numbers_of_a_block_stand_where_the_authors_put_them() -> None:
    block = np.random.default_rng(0).normal(size=(40, 40))
    numbers = describe(block)
    shape, left, right = fit_asymmetric_gaussian(block)
    assert numbers[:2].tolist() == [shape, (left + right) / 2]
    pairs = (  # a value and the one to its left, above it, above to the left, above to the right; borders wrap around
        block * block[:, np.arange(-1, 39)],
        block * block[np.arange(-1, 39)],
        block * block[np.arange(-1, 39)][:, np.arange(-1, 39)],
        block * block[np.arange(-1, 39)][:, np.arange(1, 41) % 40],
    )
    for k, pair in enumerate(pairs):
        shape, left, right = fit_asymmetric_gaussian(pair)
        mean = (right - left) * gamma(2 / shape) / gamma(1 / shape)
        assert numbers[2 + 4 * k : 6 + 4 * k] == pytest.approx([shape, mean, left, right])


def test_blocks_are_side_by_side_and_the_sharp_one_is_sharp() -> None:
    luma = np.full((BLOCK, 3 * BLOCK), 128.0)
    luma[:, BLOCK : 2 * BLOCK] = data.camera()[:BLOCK, 200 : 200 + BLOCK]
    luma[:, 2 * BLOCK :] = data.brick()[:BLOCK, :BLOCK]
    features, sharpness = block_features(luma)
    assert features.shape == (3, FEATURES)
    assert sharpness.argmin() == 0
    alone, _ = block_features(luma[:, 2 * BLOCK :].copy())
    assert features[2, 0] == pytest.approx(alone[0, 0], abs=0.1)  # but for the window at the border, as if alone
    half = (features[2, 18:], features[2, :18])
    assert not np.allclose(*half)
