"""What every method that makes new pictures does around its own drawing."""

import numpy as np
import pytest

from facts import mentions
from selfmend.errors import ImageError, OptionError
from selfmend.methods.generative import MOST_PIXELS, Generative, check_pixels
from selfmend.progress import ProgressEvent
from selfmend.seeding import make_rng


class Noise(Generative):
    """Draws noise, too large on purpose, and is prepared once."""

    name = "noise"
    prepared_with = None

    def __init__(self):
        self.spreads = []

    def prepared(self, image, *, seed, progress):
        self.prepared_with = seed
        return self

    def draw(self, image, *, size, seed, spread, progress):
        self.spreads.append(spread)
        progress(ProgressEvent(stage="half", done=0.5))
        return make_rng(seed).standard_normal((*size, image.shape[2]), np.float32) * 3

    def reshape(self, image, *, size, seed, progress):
        progress(ProgressEvent(stage="", step=1, steps=4))
        return self.draw(image, size=size, seed=seed, spread=0.0, progress=progress)


@pytest.mark.parametrize("seed", range(5))
def test_samples_of_one_call_are_spread(seed: int) -> None:
    noise = Noise()
    noise.sample(np.zeros((2, 2, 1), np.float32), samples=8, seed=seed)
    for count in (2, 4, 8):  # of independent numbers the least would be near 1 / count**2
        spreads = np.sort(noise.spreads[:count])
        assert spreads.min() >= 0
        assert spreads.max() < 1
        gaps = np.diff([*spreads, spreads[0] + 1])
        assert gaps.min() > 0.5 / count
    noise.sample(np.zeros((2, 2, 1), np.float32), samples=1, seed=seed + 1)
    assert noise.spreads[-1] != noise.spreads[0]


def test_a_sample_does_not_depend_on_how_many_there_are() -> None:
    image = np.zeros((6, 7, 3), np.float32)
    three = Noise().sample(image, samples=3, seed=4)
    assert all(s.shape == image.shape and 0 <= s.min() < s.max() <= 1 for s in three)
    assert np.array_equal(three[0], Noise().sample(image, seed=4)[0])
    assert np.array_equal(three[1], Noise().sample(image, samples=2, seed=4)[1])
    assert not np.array_equal(three[0], three[1])
    assert not np.array_equal(three[0], Noise().sample(image, seed=5)[0])


def test_size_and_preparation() -> None:
    noise = Noise()
    assert noise.sample(np.zeros((6, 7, 1), np.float32), size=(3, 11), seed=9)[0].shape == (3, 11, 1)
    assert noise.prepared_with == 9
    assert noise.retarget(np.zeros((6, 7, 1), np.float32), size=(8, 2)).shape == (8, 2, 1)


def test_progress_of_a_sample_is_a_share_of_the_whole() -> None:
    told = []
    Noise().sample(np.zeros((2, 2, 1), np.float32), samples=2, progress=told.append)
    assert [(e.stage, e.done) for e in told] == [("sample 1 of 2, half", 0.25), ("sample 2 of 2, half", 0.75)]
    Noise().retarget(np.zeros((2, 2, 1), np.float32), size=(2, 2), progress=told.append)
    assert [(e.stage, e.done) for e in told[2:]] == [("retargeting", 0.25), ("retargeting, half", 0.5)]


def test_mistakes() -> None:
    image = np.zeros((6, 7, 3), np.float32)
    with pytest.raises(OptionError, match=mentions("samples", "0", "1")):
        Noise().sample(image, samples=0)
    with pytest.raises(ImageError, match=mentions("float32", "(2, 6, 7, 3)")):
        Noise().sample(np.stack([image, image]))
    with pytest.raises(ImageError, match=mentions("255")):
        Noise().retarget(image + 9, size=(4, 4))


@pytest.mark.parametrize("size", [5, (5,), (5, 6, 7), (5.5, 6), "5x6", None])
def test_a_size_is_two_whole_numbers(size) -> None:
    with pytest.raises(OptionError, match=mentions("size")):
        check_pixels(size)


@pytest.mark.parametrize("size", [(0, 5), (-1, 5), (MOST_PIXELS, 2)])
def test_a_size_that_cannot_be(size) -> None:
    with pytest.raises(OptionError, match=mentions("1x1", "268")):
        check_pixels(size)


def test_more_samples_than_memory_holds_are_refused() -> None:
    with pytest.raises(OptionError, match=mentions("samples", "1025", "1024x1024", "1024")):
        check_pixels((1024, 1024), samples=1025)
    assert check_pixels((1024, 1024), samples=1024) == (1024, 1024)


def test_numpy_numbers_are_whole_numbers() -> None:
    assert check_pixels((np.int64(5), np.int64(6))) == (5, 6)
