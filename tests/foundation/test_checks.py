"""The checks and their messages: what came, what fits, what to do."""

import numpy as np
import pytest
import torch

from facts import mentions
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
    with pytest.raises(OptionError, match=mentions("method", "'c'")):
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
        ([1], r"photo is list; a float32 array \(H, W, C\) fits"),
        (torch.zeros(4, 4, 3), r"photo is Tensor; a float32 array \(H, W, C\) fits"),
        (np.zeros((4, 4, 3)), r"photo is float64 \(4, 4, 3\)"),
        (np.zeros((4, 4), np.float32), r"photo is float32 \(4, 4\)"),
        (np.zeros((1, 4, 4, 3), np.float32), r"photo is float32 \(1, 4, 4, 3\)"),
        (np.zeros((4, 4, 2), np.float32), "C = 1, 3 or 4 and no zero"),
        (np.zeros((0, 4, 3), np.float32), "no zero"),
        (
            np.full((4, 4, 3), 255, np.float32),
            r"values from 255 to 255; values in \[0, 1\] fit \(divide bytes by 255\)",
        ),
        (np.full((4, 4, 3), -0.1, np.float32), "values from -0.1 to -0.1"),
        (np.full((4, 4, 3), np.nan, np.float32), "photo holds NaN"),
    ],
)
def test_images_that_do_not_fit(image, message):
    with pytest.raises(ImageError, match=message):
        check_image(image, name="photo")


def test_images_and_masks_that_fit_are_handed_back():
    image, mask = np.random.default_rng(0).random((5, 6, 4), np.float32), np.zeros((5, 6), bool)
    assert check_image(image) is image
    assert check_mask(mask, image) is mask


def test_what_lies_in_the_hole_is_not_looked_at():
    image, mask = np.zeros((5, 6, 3), np.float32), np.zeros((5, 6), bool)
    image[2, 3] = np.nan, np.inf, -7
    mask[2, 3] = True
    assert check_image(image, mask) is image
    image[0, 0, 1] = np.nan
    with pytest.raises(ImageError, match=mentions("NaN")):
        check_image(image, mask)
    image[0, 0, 1] = 2
    with pytest.raises(ImageError, match=mentions("0", "2")):
        check_image(image, mask)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (None, r"hole is NoneType; a bool array \(H, W\), True = hole, fits"),
        (np.zeros((5, 6), np.float32), r"hole is float32 \(5, 6\)"),
        (np.zeros((5, 6, 3), bool), r"hole is bool \(5, 6, 3\)"),
        (np.zeros((6, 5), bool), r"hole is \(6, 5\) and the image \(5, 6, 3\); the same height and width"),
    ],
)
def test_masks_that_do_not_fit(mask, message):
    with pytest.raises(MaskError, match=message):
        check_mask(mask, np.zeros((5, 6, 3), np.float32), name="hole")
