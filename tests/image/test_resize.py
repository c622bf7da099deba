import numpy as np
import pytest
import torch

from golden import assert_golden, load_golden
from selfmend.errors import ImageError
from selfmend.image.resize import resize, resize_mask, scaled_size

SCALES = {"0.7500": 3 / 4, "0.5000": 1 / 2, "1.3333": 4 / 3, "2.0000": 2.0, "0.3000": 0.3, "0.7924": 0.7924}


@pytest.mark.parametrize(("name", "scale"), SCALES.items())
def test_equals_the_reference_resampler(name: str, scale: float) -> None:
    arrays, _ = load_golden("singan_imresize")
    image = arrays["image"].permute(2, 0, 1)[None]
    expected = arrays[f"scale_{name}"].permute(2, 0, 1)[None]
    size = scaled_size((37, 53), scale)
    assert_golden(resize(image, size, scale=scale, reference_border=True), expected)
    ours = resize(image, size, scale=scale)  # mirrored on all four sides: the same away from the upper left border
    assert_golden(ours[..., 4:, 4:], expected[..., 4:, 4:])


def test_mirrors_alike_on_all_sides() -> None:
    image = torch.rand(1, 3, 20, 31, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for size in ((9, 14), (40, 62), (20, 17)):
        there = resize(image.flip(2, 3), size)
        assert torch.allclose(there, resize(image, size).flip(2, 3), atol=1e-12)


def test_same_size_is_identity_and_constants_stay() -> None:
    image = torch.rand(2, 4, 7, 9)
    assert torch.equal(resize(image, (7, 9)), image)
    assert torch.allclose(resize(torch.full((1, 1, 5, 6), 0.3), (17, 2)), torch.tensor(0.3))


def test_by_hand() -> None:
    # Halving with Keys' kernel: distances .25, .75, 1.25, 1.75 have weights .8672, .2266, -.0703, -.0234 (sum 1).
    weights = np.array([0.8671875, 0.2265625, -0.0703125, -0.0234375])
    step = torch.zeros(1, 1, 1, 16, dtype=torch.float64)
    step[..., 8] = 1
    got = resize(step, (1, 8))[0, 0, 0]
    assert torch.allclose(got[2:6], torch.tensor(weights[[3, 1, 0, 2]] / 2, dtype=torch.float64))


def test_gradient_flows() -> None:
    image = torch.rand(1, 1, 6, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: resize(x, (4, 8)), image)


def test_mask_valid_means_no_contribution() -> None:
    generator = torch.Generator().manual_seed(3)
    mask = torch.rand(1, 1, 60, 80, generator=generator) < 0.002
    image = torch.rand(1, 3, 60, 80, generator=generator)
    for size in ((25, 33), (45, 60), (90, 120)):
        small = resize_mask(mask, size)
        other = resize(torch.where(mask, image + 100, image), size)
        changed = (other - resize(image, size)).abs().amax(1, keepdim=True) > 1e-3
        assert small.dtype == torch.bool
        assert not (changed & ~small).any(), "hole content reached a pixel that counts as valid"
        assert small.any()
        assert not small.all()


def test_mask_of_one_pixel_by_hand() -> None:
    mask = torch.zeros(1, 1, 1, 16, dtype=torch.bool)
    mask[..., 8] = True
    assert resize_mask(mask, (1, 8))[0, 0, 0].nonzero().flatten().tolist() == [2, 3, 4, 5]
    assert torch.equal(resize_mask(mask, (1, 16)), mask)


def test_refuses() -> None:
    with pytest.raises(ImageError, match=r"uint8.*floating tensor"):
        resize(torch.zeros(1, 3, 4, 4, dtype=torch.uint8), (2, 2))
    with pytest.raises(ImageError, match="must be positive"):
        resize(torch.zeros(1, 3, 4, 4), (0, 2))
    with pytest.raises(ImageError, match="bool tensor"):
        resize_mask(torch.zeros(1, 1, 4, 4), (2, 2))


@pytest.mark.parametrize("size", [(20, 75), (61, 90), (37, 53)])
def test_large_pictures_take_another_way_to_the_same_result(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a sparse product, because the matrix of a 20 000-pixel axis would need gigabytes."""
    image = torch.rand(2, 3, 37, 53, generator=torch.Generator().manual_seed(0))
    mask = image[:, :1] > 0.97
    expected, expected_mask = resize(image, size), resize_mask(mask, size)
    monkeypatch.setattr("selfmend.image.resize._DENSE_ENTRIES", 0)
    assert (resize(image, size) - expected).abs().max() < 1e-6
    assert torch.equal(resize_mask(mask, size), expected_mask)
