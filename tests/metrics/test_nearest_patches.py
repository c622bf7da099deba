"""The exact search for nearest patches, against all pairs one by one."""

import numpy as np
import pytest
from skimage import data

from facts import mentions
from selfmend.errors import ImageError, OptionError
from selfmend.metrics import nearest_patches as place
from selfmend.metrics.nearest_patches import gather_patches, nearest_patches
from selfmend.types import Image


def photo(step: int = 6) -> Image:
    """A photo of 8 bits, small."""
    return data.chelsea()[::step, ::step].astype(np.float32) / 255


def all_pairs(queries: Image, keys: Image, patch: int) -> np.ndarray:
    """Mean squared difference of every pair, in float64: (patches of queries, patches of keys)."""
    one, other = (
        np.array(
            [
                x[i : i + patch, j : j + patch].ravel()
                for i, j in np.ndindex(x.shape[0] - patch + 1, x.shape[1] - patch + 1)
            ]
        )
        for x in (queries.astype(np.float64), keys.astype(np.float64))
    )
    return np.stack([np.square(row - other).mean(1) for row in one])


@pytest.mark.parametrize(("group", "strip"), [(1024, 16384), (64, 500)])
def test_finds_the_nearest_of_all_pairs(group: int, strip: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "_GROUP", group)
    monkeypatch.setattr(place, "_STRIP", strip)
    queries, keys = photo()[:28, :30], photo()[20:, 24:]
    queries = (queries * 0.9 * 255).round() / 255
    positions, distances = nearest_patches(queries, keys, patch=7)
    pairs = all_pairs(queries, keys, 7)
    assert positions.shape == (2, 22, 24)
    assert distances.shape == (22, 24)
    assert np.allclose(distances.ravel(), pairs.min(1), rtol=1e-6)
    chosen = positions[0] * (keys.shape[1] - 6) + positions[1]
    assert np.allclose(np.take_along_axis(pairs, chosen.reshape(-1, 1), 1)[:, 0], pairs.min(1), rtol=1e-12)


@pytest.mark.parametrize("shape", [(9, 8, 1), (3, 8, 4)])
def test_other_channels_and_pictures_of_one_row_of_patches(shape: tuple[int, ...]) -> None:
    queries, keys = np.random.default_rng(0).random((2, *shape), np.float32)
    _, distances = nearest_patches(queries, keys, patch=3)
    assert np.allclose(distances.ravel(), all_pairs(queries, keys, 3).min(1), rtol=1e-4)


def test_a_copy_is_at_distance_zero_to_the_bit() -> None:
    image = photo()
    positions, distances = nearest_patches(image[5:25, 9:40], image, patch=7)
    assert distances.max() == 0
    rows, columns = np.indices((14, 25))
    exact = (positions[0] == rows + 5) & (positions[1] == columns + 9)
    assert exact.all()


def test_flat_pictures_are_all_ties_and_end_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "_GROUP", 16)
    flat = np.full((20, 20, 3), 0.3, np.float32)
    positions, distances = nearest_patches(flat, flat, patch=7)
    assert distances.max() == 0
    assert positions.min() >= 0
    assert positions.max() <= 13


def test_gathers_in_reading_order() -> None:
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4).transpose(1, 2, 0)
    assert gather_patches(values, np.array([5]), patch=2).tolist() == [[6, 7, 10, 11, 18, 19, 22, 23]]


def test_what_does_not_fit_is_refused() -> None:
    image = np.random.default_rng(0).random((8, 8, 3), np.float32)
    with pytest.raises(ImageError, match=mentions("float32", "(2, 8, 8, 3)")):
        nearest_patches(np.stack([image, image]), image, patch=3)
    with pytest.raises(ImageError, match=mentions("(8, 5)", "patch", "7")):
        nearest_patches(image, image[:, :5], patch=7)
    with pytest.raises(ImageError, match=mentions("1", "3")):
        nearest_patches(image[..., :1], image, patch=3)
    with pytest.raises(ImageError, match=mentions("0", "255")):
        nearest_patches(image, np.full((8, 2, 3), np.float32([[0], [255]])), patch=1)
    with pytest.raises(OptionError, match=mentions("patch", "0", "1")):
        nearest_patches(image, image, patch=0)
