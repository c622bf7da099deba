"""The resize of arrays and that of tensors: against the authors' numbers, by hand, and against each other."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from facts import mentions
from golden import assert_golden, load_golden
from selfmend.errors import ImageError
from selfmend.image.resize import resize, resize_mask, scaled_size
from selfmend.nn import tensors
from selfmend.nn.tensors import to_array, to_mask, to_tensor

SCALES = {"0.7500": 3 / 4, "0.5000": 1 / 2, "1.3333": 4 / 3, "2.0000": 2.0, "0.3000": 0.3, "0.7924": 0.7924}


def by_tensors(array: np.ndarray, size: tuple[int, int], **options: Any) -> np.ndarray:
    """`resize` of (H, W, C) by way of a tensor."""
    return to_array(tensors.resize(to_tensor(array), size, **options))


def mask_by_tensors(mask: np.ndarray, size: tuple[int, int], **options: Any) -> np.ndarray:
    """`resize_mask` of (H, W) by way of a tensor."""
    return to_mask(tensors.resize_mask(to_tensor(mask), size, **options))


Way = Callable[..., np.ndarray]
RESIZE = pytest.mark.parametrize("way", [resize, by_tensors], ids=["arrays", "tensors"])
RESIZE_MASK = pytest.mark.parametrize("way", [resize_mask, mask_by_tensors], ids=["arrays", "tensors"])
BOTH = pytest.mark.parametrize(
    ("way", "mask_way"), [(resize, resize_mask), (by_tensors, mask_by_tensors)], ids=["arrays", "tensors"]
)


@RESIZE
@pytest.mark.parametrize(("name", "scale"), SCALES.items())
def test_equals_the_reference_resampler(way: Way, name: str, scale: float) -> None:
    arrays, _ = load_golden("singan_imresize")
    image, expected = arrays["image"].numpy(), arrays[f"scale_{name}"]
    size = scaled_size((37, 53), scale)
    found = way(image, size, scale=scale, reference_border=True)
    assert found.dtype == np.float32
    assert_golden(torch.from_numpy(found), expected)
    ours = way(image, size, scale=scale)  # mirrored on all four sides: the same away from the upper left border
    assert_golden(torch.from_numpy(ours)[4:, 4:], expected[4:, 4:])


@RESIZE
def test_mirrors_alike_on_all_sides(way: Way) -> None:
    image = np.random.default_rng(0).random((20, 31, 3))
    for size in ((9, 14), (40, 62), (20, 17)):
        there = way(image[::-1, ::-1], size)
        assert there.dtype == np.float64
        assert np.allclose(there, way(image, size)[::-1, ::-1], rtol=0, atol=1e-12)


@RESIZE
def test_same_size_is_identity_and_constants_stay(way: Way) -> None:
    image = np.random.default_rng(0).random((7, 9, 4), np.float32)
    assert np.array_equal(way(image, (7, 9)), image)
    assert np.allclose(way(np.full((5, 6, 1), 0.3, np.float32), (17, 2)), 0.3)


@RESIZE
def test_by_hand(way: Way) -> None:
    # Halving with Keys' kernel: distances .25, .75, 1.25, 1.75 have weights .8672, .2266, -.0703, -.0234 (sum 1).
    weights = np.array([0.8671875, 0.2265625, -0.0703125, -0.0234375])
    step = np.zeros((1, 16, 1))
    step[:, 8] = 1
    got = way(step, (1, 8))[0, :, 0]
    assert np.allclose(got[2:6], weights[[3, 1, 0, 2]] / 2)


def test_gradient_flows() -> None:
    image = torch.rand(1, 1, 6, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: tensors.resize(x, (4, 8)), image)


@BOTH
def test_mask_valid_means_no_contribution(way: Way, mask_way: Way) -> None:
    generator = np.random.default_rng(3)
    mask = generator.random((60, 80)) < 0.002
    image = generator.random((60, 80, 3), np.float32)
    for size in ((25, 33), (45, 60), (90, 120)):
        small = mask_way(mask, size)
        other = way(np.where(mask[..., None], image + 100, image), size)
        changed = np.abs(other - way(image, size)).max(2) > 1e-3
        assert small.dtype == bool
        assert not (changed & ~small).any(), "hole content reached a pixel that counts as valid"
        assert small.any()
        assert not small.all()


@RESIZE_MASK
def test_mask_of_one_pixel_by_hand(way: Way) -> None:
    mask = np.zeros((1, 16), bool)
    mask[:, 8] = True
    assert np.flatnonzero(way(mask, (1, 8))[0]).tolist() == [2, 3, 4, 5]
    assert np.array_equal(way(mask, (1, 16)), mask)


@pytest.mark.parametrize("scale", [None, 0.62])
@pytest.mark.parametrize("size", [(20, 75), (61, 90), (37, 53), (23, 33)])
def test_arrays_and_tensors_are_resized_alike(size: tuple[int, int], scale: float | None) -> None:
    image = np.random.default_rng(0).random((37, 53, 3), np.float32)
    mask = image[..., 0] > 0.97
    for reference_border in (False, True):
        options = {"scale": scale, "reference_border": reference_border}
        expected = by_tensors(image.astype(np.float64), size, **options)
        for found in (resize(image, size, **options), by_tensors(image, size, **options)):
            assert np.abs(found - expected).max() < 2e-6
        assert np.abs(resize(image.astype(np.float64), size, **options) - expected).max() < 1e-12
    assert np.array_equal(resize_mask(mask, size, scale=scale), mask_by_tensors(mask, size, scale=scale))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_planes_and_parts_are_those_of_the_whole(dtype: type) -> None:
    image = np.random.default_rng(0).random((37, 53, 3)).astype(dtype)
    for size in ((20, 75), (80, 31), (37, 53)):
        whole = resize(image, size)
        assert whole.dtype == dtype
        assert np.allclose(resize(image[..., 1], size), whole[..., 1], rtol=0, atol=1e-6)
        window = slice(3, 17), slice(5, 29)
        assert np.allclose(resize(image, size, window=window), whole[window], rtol=0, atol=1e-6)


def test_refuses() -> None:
    with pytest.raises(ImageError, match=r"uint8.*floating tensor"):
        tensors.resize(torch.zeros(1, 3, 4, 4, dtype=torch.uint8), (2, 2))
    with pytest.raises(ImageError, match="must be positive"):
        tensors.resize(torch.zeros(1, 3, 4, 4), (0, 2))
    with pytest.raises(ImageError, match="bool tensor"):
        tensors.resize_mask(torch.zeros(1, 1, 4, 4), (2, 2))
    with pytest.raises(ImageError, match=mentions("float32", "(1, 4, 4, 3)")):
        resize(np.zeros((1, 4, 4, 3), np.float32), (2, 2))
    with pytest.raises(ImageError, match="must be positive"):
        resize(np.zeros((4, 4, 3), np.float32), (0, 2))
    with pytest.raises(ImageError, match="must be positive"):
        resize(np.zeros((4, 4, 3), np.float32), (2, 2), scale=0)
    with pytest.raises(ImageError, match=mentions("float32", "(4, 4)")):
        resize_mask(np.zeros((4, 4), np.float32), (2, 2))


@pytest.mark.parametrize("size", [(20, 75), (61, 90), (37, 53)])
def test_large_tensors_take_another_way_to_the_same_result(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a sparse product, because the matrix of a 20 000-pixel axis would need gigabytes."""
    image = torch.rand(2, 3, 37, 53, generator=torch.Generator().manual_seed(0))
    mask = image[:, :1] > 0.97
    expected, expected_mask = tensors.resize(image, size), tensors.resize_mask(mask, size)
    monkeypatch.setattr("selfmend.nn.tensors._DENSE_ENTRIES", 0)
    assert (tensors.resize(image, size) - expected).abs().max() < 1e-6
    assert torch.equal(tensors.resize_mask(mask, size), expected_mask)
