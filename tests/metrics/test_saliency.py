"""Both models: what every saliency map keeps to, and what is refused."""

import importlib

import numpy as np
import pytest

from facts import mentions
from mosaic import noise
from selfmend.errors import ImageError, OptionError
from selfmend.image.resize import resize
from selfmend.metrics.saliency import SALIENCY, saliency

MODELS = sorted(SALIENCY)


def test_the_names() -> None:
    assert MODELS == ["itti-koch-niebur", "spectral-residual"]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("grey", [0.0, 1 / 3, 1.0])
def test_a_flat_picture_has_none(model: str, grey: float) -> None:
    assert np.array_equal(saliency(np.full((60, 47, 3), grey, np.float32), model=model), np.zeros((60, 47)))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (3, 2), (37, 53), (20, 300), (300, 20)])
def test_any_size_and_the_largest_is_one(model: str, size: tuple[int, int]) -> None:
    found = saliency(noise(*size), model=model)
    assert found.shape == size
    assert found.dtype == np.float64
    assert found.min() >= 0
    assert found.max() == 1 or size == (1, 1)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("size", [(2, 3000), (3000, 2)])
def test_strips_do_not_grow_without_end(model: str, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    place = importlib.import_module("selfmend.metrics.saliency")  # the package has the function under this name
    monkeypatch.setattr(place, "resize", lambda image, to: (sizes.append(to), resize(image, to))[1])
    assert saliency(noise(*size), model=model).max() == 1
    assert max(height * width for height, width in sizes) <= 4096 * 64


@pytest.mark.parametrize("model", MODELS)
def test_grey_is_rgb_without_colour(model: str) -> None:
    grey = noise(40, 50)[..., :1]
    coloured = saliency(grey.repeat(3, 2), model=model)
    assert np.allclose(saliency(grey, model=model), coloured, rtol=0, atol=1e-6)


@pytest.mark.parametrize("model", MODELS)
def test_a_dot_on_a_plain_ground_stands_out(model: str) -> None:
    picture = np.full((96, 128, 3), 0.4, np.float32)
    picture[30:36, 90:96] = 0.7
    row, column = divmod(int(saliency(picture, model=model).argmax()), 128)
    assert abs(row - 32.5) < 6
    assert abs(column - 92.5) < 6


@pytest.mark.parametrize("model", MODELS)
def test_what_does_not_fit_is_refused(model: str) -> None:
    with pytest.raises(ImageError, match=mentions("4", "1", "3", "RGB")):
        saliency(np.zeros((20, 20, 4), np.float32), model=model)
    with pytest.raises(ImageError, match=mentions("0", "255", "1]")):
        saliency(noise(20, 20).round() * 255, model=model)


def test_an_unknown_model_is_refused() -> None:
    with pytest.raises(OptionError, match=mentions("saliency", "model", "'itti-koch'", "'itti-koch-niebur'")):
        saliency(noise(20, 20), model="itti-koch")
