"""GPNN: samples like the picture and unlike it, other shapes, holes; the contract is tested with the other methods."""

import numpy as np
import pytest

from facts import mentions
from selfmend.errors import OptionError
from selfmend.methods.gpnn import GPNN
from selfmend.seeding import make_rng
from selfmend.types import Image


def textured(height: int = 40, width: int = 52) -> Image:
    rows, columns = np.mgrid[:height, :width]
    wave = np.stack([np.sin((rows * k + columns) / 4) for k in (1, 2, 3)], 2) * 0.35 + 0.5
    return (wave + 0.1 * make_rng(0, "p").random((height, width, 3))).clip(0, 1).astype(np.float32)


def gpnn(**options: object) -> GPNN:
    return GPNN.from_options(None, {"iterations": 2, **options})


def test_samples_have_the_size_and_differ() -> None:
    first, second = gpnn().sample(textured(), samples=2)
    assert first.shape == textured().shape
    assert abs(first - second).mean() > 0.02
    assert np.array_equal(gpnn().sample(textured())[0], first)
    assert 0 <= float(first.min()) <= float(first.max()) <= 1


def test_more_noise_more_diversity() -> None:
    def spread(noise: float) -> float:
        return float(np.stack(gpnn(noise=noise).sample(textured(), samples=4)).std(0, ddof=1).mean())

    assert spread(0.0) < 0.2 * spread(2.0)


@pytest.mark.parametrize("size", [(40, 90), (70, 33)])
def test_another_size(size: tuple[int, int]) -> None:
    assert gpnn().sample(textured(), size=size)[0].shape == (*size, 3)
    assert gpnn().retarget(textured(), size=size).shape == (*size, 3)


def test_retargeting_to_its_own_size_gives_the_picture_back() -> None:
    assert abs(gpnn().retarget(textured(), size=(40, 52)) - textured()).mean() < 0.02


def test_fills_stripes() -> None:
    stripes = np.tile(np.arange(40) % 8 < 4, (40, 1))[..., None].astype(np.float32)
    mask = np.zeros((40, 40), bool)
    mask[15:22, 15:22] = True
    (filled,) = gpnn(iterations=6).inpaint(stripes, mask)
    assert abs(filled - stripes)[mask].mean() < 0.05


def test_too_narrow() -> None:
    with pytest.raises(OptionError, match=mentions("2x18", "7x7")):
        gpnn().sample(textured(), size=(6, 52))


def test_too_small() -> None:
    with pytest.raises(OptionError, match=mentions("7x7")):
        gpnn().sample(textured(5, 52))
