"""Poisson blending: gradients of the fill, colours of what is known."""

import numpy as np
import pytest

from selfmend.image.poisson import poisson_blend


@pytest.fixture
def truth() -> np.ndarray:
    rows, columns = np.mgrid[:24, :30] / 30
    return np.stack([rows, columns**2, np.sin(6 * rows * columns)], 2).astype(np.float32)


@pytest.fixture
def hole() -> np.ndarray:
    mask = np.zeros((24, 30), bool)
    mask[:5, :7] = True  # at a corner
    mask[10:18, 12:25] = True
    mask[13, 15] = False  # an island of known pixels
    return mask


def test_a_shifted_fill_becomes_the_truth(truth: np.ndarray, hole: np.ndarray) -> None:
    shifted = truth + np.array([0.3, -0.2, 0.1], np.float32)
    damaged = np.where(hole[..., None], np.float32(9), truth)
    blended = poisson_blend(shifted, damaged, hole)
    assert np.abs(blended - truth).max() < 1e-5
    assert np.array_equal(blended[~hole], truth[~hole])


def test_inside_it_has_the_fills_differences(truth: np.ndarray, hole: np.ndarray) -> None:
    fill = np.random.default_rng(0).random(truth.shape, np.float32)
    blended = poisson_blend(fill, truth, hole)
    inner = (slice(12, 16), slice(17, 23))  # all neighbours are in the hole

    def laplacian(x: np.ndarray) -> np.ndarray:
        return 4 * x - np.roll(x, 1, 0) - np.roll(x, -1, 0) - np.roll(x, 1, 1) - np.roll(x, -1, 1)

    assert np.abs(laplacian(blended)[inner] - laplacian(fill)[inner]).max() < 1e-4


def test_nothing_known_touches_it(truth: np.ndarray) -> None:
    assert np.array_equal(poisson_blend(truth, 0 * truth, np.ones((24, 30), bool)), truth)
    assert np.array_equal(poisson_blend(truth, 0 * truth, np.zeros((24, 30), bool)), 0 * truth)
