"""The checks and their messages: what came, what fits, what to do."""

import pytest
import torch

from selfmend import errors as checks
from selfmend.errors import ImageError, MaskError, OptionError, check_known, nearest_name
from selfmend.types import check_image, check_mask


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("patchmach", ["telea", "patchmatch"], "did you mean 'patchmatch'? Known: patchmatch, telea"),
        ("TELEA", ["telea", "patchmatch"], "did you mean 'telea'? Known: patchmatch, telea"),
        ("xyz", ["telea", "patchmatch"], "Known: patchmatch, telea"),
        ("xyz", [], "there are none"),
    ],
)
def test_the_nearest_name_is_suggested(name, known, expected):
    assert nearest_name(name, known) == expected


def test_known_names_pass_and_others_are_refused():
    assert check_known("method", "a", iter("ab")) == "a"
    with pytest.raises(OptionError, match="unknown method 'c'; Known: a, b"):
        check_known("method", "c", iter("ab"))


def test_every_error_of_ours_is_one_family():
    for name in ("ImageError", "MaskError", "OptionError", "RunError", "TrainingError", "MissingExtraError"):
        assert issubclass(getattr(checks, name), checks.SelfmendError)
    assert issubclass(ImageError, ValueError)
    assert issubclass(MaskError, ValueError)
    assert issubclass(OptionError, ValueError)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ([1], r"photo is list; a float32 tensor \(N, C, H, W\) fits"),
        (torch.zeros(1, 3, 4, 4, dtype=torch.float64), r"photo is torch.float64 \(1, 3, 4, 4\)"),
        (torch.zeros(3, 4, 4), r"photo is torch.float32 \(3, 4, 4\)"),
        (torch.zeros(1, 2, 4, 4), "C = 1, 3 or 4 and no zero"),
        (torch.zeros(1, 3, 0, 4), "no zero"),
        (torch.full((1, 3, 4, 4), 255.0), r"values from 255 to 255; values in \[0, 1\] fit \(divide bytes by 255\)"),
        (torch.full((1, 3, 4, 4), -0.1), "values from -0.1 to -0.1"),
        (torch.full((1, 3, 4, 4), torch.nan), "photo holds NaN"),
    ],
)
def test_images_that_do_not_fit(image, message):
    with pytest.raises(ImageError, match=message):
        check_image(image, name="photo")


def test_images_and_masks_that_fit_are_handed_back():
    image, mask = torch.rand(2, 4, 5, 6), torch.zeros(2, 1, 5, 6, dtype=torch.bool)
    assert check_image(image) is image
    assert check_mask(mask, image) is mask


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (None, r"hole is NoneType; a bool tensor \(N, 1, H, W\), True = hole, fits"),
        (torch.zeros(1, 1, 5, 6), "hole is torch.float32"),
        (torch.zeros(1, 3, 5, 6, dtype=torch.bool), r"hole is torch.bool \(1, 3, 5, 6\)"),
        (torch.zeros(1, 1, 6, 5, dtype=torch.bool), r"hole is \(1, 1, 6, 5\) and the image \(1, 3, 5, 6\); same N"),
    ],
)
def test_masks_that_do_not_fit(mask, message):
    with pytest.raises(MaskError, match=message):
        check_mask(mask, torch.rand(1, 3, 5, 6), name="hole")
