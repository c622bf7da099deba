"""The door between arrays and tensors: nothing is lost, nothing is shared, and what does not fit is said."""

import numpy as np
import pytest
import torch
from PIL import Image as PILImage

from facts import mentions
from selfmend.errors import ImageError, MaskError
from selfmend.nn.tensors import (
    check_image_tensor,
    check_mask_tensor,
    resampler,
    resize,
    rgb_to_grey,
    to_array,
    to_image,
    to_mask,
    to_signed,
    to_tensor,
)


def test_there_and_back_is_the_same_array() -> None:
    image = np.random.default_rng(0).random((5, 7, 3), np.float32)
    mask = image[..., 0] > 0.5
    there, hole = to_tensor(image), to_tensor(mask)
    assert (there.shape, there.dtype, hole.shape, hole.dtype) == ((1, 3, 5, 7), torch.float32, (1, 1, 5, 7), torch.bool)
    assert there[0, 2, 4, 6] == image[4, 6, 2]
    assert np.array_equal(to_array(there), image)
    assert np.array_equal(to_mask(hole), mask)
    assert to_array(there).flags.c_contiguous
    assert np.array_equal(to_array(to_tensor(image[::-1, ::-1]).requires_grad_()), image[::-1, ::-1])


def test_a_tensor_is_a_copy() -> None:
    image, mask = np.zeros((4, 4, 1), np.float32), np.zeros((4, 4), bool)
    to_tensor(image)[:] = 1
    to_tensor(mask)[:] = True
    assert not image.any()
    assert not mask.any()


def test_a_batch_is_no_single_picture() -> None:
    for back in (to_array, to_mask):
        with pytest.raises(ValueError, match=mentions("(2, 1, 4, 4)", "1")):
            back(torch.zeros(2, 1, 4, 4))
        with pytest.raises(ValueError, match="one picture"):
            back(torch.zeros(1, 4, 4))


def test_the_range_of_the_nets() -> None:
    image = torch.linspace(0, 1, 5).view(1, 1, 1, 5)
    assert to_signed(image).flatten().tolist() == [-1, -0.5, 0, 0.5, 1]
    assert torch.equal(to_image(to_signed(image)), image)
    assert to_image(torch.tensor([-1.2, 1.2])).tolist() == [0, 1]


def test_grey_is_what_pil_makes_of_rgb() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    found = to_array(rgb_to_grey(to_tensor(pixels.astype(np.float32) / 255)))
    assert np.abs(found[..., 0] * 255 - np.asarray(PILImage.fromarray(pixels).convert("L"))).max() < 1


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ([1], r"photo is list; a float32 tensor \(N, C, H, W\) fits"),
        (torch.zeros(1, 3, 4, 4, dtype=torch.float64), r"photo is torch.float64 \(1, 3, 4, 4\)"),
        (torch.zeros(3, 4, 4), r"photo is torch.float32 \(3, 4, 4\)"),
        (torch.zeros(1, 2, 4, 4), "C = 1, 3 or 4 and no zero"),
        (torch.zeros(1, 3, 0, 4), "no zero"),
        (torch.full((1, 3, 4, 4), 255.0), r"values from 255 to 255; values in \[0, 1\] fit"),
        (torch.full((1, 3, 4, 4), -0.1), "values from -0.1 to -0.1"),
        (torch.full((1, 3, 4, 4), torch.nan), "photo has values from nan to nan"),
    ],
)
def test_images_that_do_not_fit(image: torch.Tensor, message: str) -> None:
    with pytest.raises(ImageError, match=message):
        check_image_tensor(image, name="photo")


def test_images_and_masks_that_fit_are_handed_back() -> None:
    image, mask = torch.rand(2, 4, 5, 6), torch.zeros(2, 1, 5, 6, dtype=torch.bool)
    assert check_image_tensor(image) is image
    assert check_mask_tensor(mask, image) is mask


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (None, r"hole is NoneType; a bool tensor \(N, 1, H, W\), True = hole, fits"),
        (torch.zeros(1, 1, 5, 6), "hole is torch.float32"),
        (torch.zeros(1, 3, 5, 6, dtype=torch.bool), r"hole is torch.bool \(1, 3, 5, 6\)"),
        (torch.zeros(1, 1, 6, 5, dtype=torch.bool), r"hole is \(1, 1, 6, 5\) and the image \(1, 3, 5, 6\); same N"),
        (torch.zeros(2, 1, 5, 6, dtype=torch.bool), r"hole is \(2, 1, 5, 6\) and the image \(1, 3, 5, 6\); same N"),
    ],
)
def test_masks_that_do_not_fit(mask: torch.Tensor, message: str) -> None:
    with pytest.raises(MaskError, match=message):
        check_mask_tensor(mask, torch.rand(1, 3, 5, 6), name="hole")


def test_a_resampler_is_made_once_for_all_pictures_of_a_shape() -> None:
    first, second = torch.rand(2, 1, 3, 20, 31, generator=torch.Generator().manual_seed(0))
    assert torch.equal(resampler(first, (13, 40))(second), resize(second, (13, 40)))
