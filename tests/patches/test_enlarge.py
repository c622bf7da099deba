"""Enlarging by examples: nearer to the truth than bicubic and sharper, in the same bytes each time."""

import numpy as np
import pytest
import skimage.data

from facts import mentions
from selfmend.errors import OptionError
from selfmend.image.resize import resize
from selfmend.patches.enlarge import EnlargeSettings, enlarge_by_examples

PHOTO = skimage.data.astronaut()[:192, 120:312].astype(np.float32) / 255


def enlarged(small: np.ndarray, factor: float, seed: int = 0, **settings: int) -> np.ndarray:
    return enlarge_by_examples(small, factor, seed=seed, settings=EnlargeSettings(**settings))


def detail(x: np.ndarray) -> float:
    return float(np.square(x[:, 1:] - x[:, :-1]).mean())


@pytest.mark.parametrize("factor", [2, 4])
def test_nearer_to_the_truth_and_sharper_than_bicubic(factor: int) -> None:
    small = resize(PHOTO, (192 // factor, 192 // factor)).clip(0, 1)
    smooth, ours = resize(small, (192, 192)).clip(0, 1), enlarged(small, factor)
    error, smooth_error = (float(np.square(x - PHOTO).mean()) for x in (ours, smooth))
    assert error < 0.95 * smooth_error
    assert detail(ours) > 1.2 * detail(smooth)
    assert detail(ours) < 1.1 * detail(PHOTO)


def test_shrunk_again_it_is_the_picture() -> None:
    small = resize(PHOTO, (64, 64)).clip(0, 1)
    assert np.abs(resize(enlarged(small, 2), (64, 64)) - small).mean() < 2 / 255


def test_the_seed_decides() -> None:
    small = resize(PHOTO, (48, 48)).clip(0, 1)
    assert np.array_equal(enlarged(small, 1.7), enlarged(small, 1.7))
    assert not np.array_equal(enlarged(small, 1.7), enlarged(small, 1.7, seed=1))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_any_channels_and_an_odd_size(channels: int) -> None:
    small = np.random.default_rng(0).random((7, 23, channels), dtype=np.float32)
    assert enlarged(small, 1.05).shape == (7, 24, channels)
    flat = enlarged(np.full((7, 23, channels), 0.4, np.float32), 3)
    assert np.allclose(flat, 0.4)


def test_a_picture_no_larger_than_a_patch_is_refused() -> None:
    with pytest.raises(OptionError, match=mentions("4x30", "4x4")):
        enlarged(np.zeros((4, 30, 3), np.float32), 2)
