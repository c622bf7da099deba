"""The fold against one typed by hand, and pictures that patches of themselves give back."""

import numpy as np

from selfmend.patches.field import Field, vote


def test_mean_of_all_patches_that_cover_a_pixel() -> None:
    values = np.float32([[1, 2, 3], [4, 5, 6]])[..., None]
    field = Field(np.int32([[0, 0]]), np.int32([[0, 0]]), np.zeros((1, 2), np.float32))  # both show the left patch
    result = vote(field, values, (2, 3), patch=2)
    assert result[..., 0].tolist() == [[1, 1.5, 2], [4, 4.5, 5]]


def test_identity_gives_the_picture_back() -> None:
    values = np.random.default_rng(0).random((70, 80, 3), dtype=np.float32)
    y, x = np.indices((64, 74), dtype=np.int32)
    assert np.allclose(vote(Field(y, x, np.zeros((64, 74), np.float32)), values, (70, 80), patch=7), values, atol=1e-6)


def test_size_of_the_result_is_its_own() -> None:
    values = np.random.default_rng(0).random((9, 9, 1), dtype=np.float32)
    y = np.full((10, 18), 3, np.int32)
    result = vote(Field(y, y, np.zeros(y.shape, np.float32)), values, (12, 20), patch=3)
    assert result.shape == (12, 20, 1)
    assert np.allclose(result[2:10, 2:18], values[3:6, 3:6].mean(), atol=1e-6)
