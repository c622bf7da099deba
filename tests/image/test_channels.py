"""Grey and RGB into each other."""

import numpy as np
import pytest
import torch
from PIL import Image as PILImage

from facts import mentions
from selfmend.errors import ImageError
from selfmend.image.color import as_channels, as_rgb, from_rgb, with_channels
from selfmend.image.picture import to_picture


def test_grey_is_what_pil_makes_of_rgb():
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    rgb = to_picture(pixels).image
    grey = as_channels(rgb, 1, name="picture")
    expected = np.asarray(PILImage.fromarray(pixels).convert("L"))
    assert np.abs(grey[..., 0] * 255 - expected).max() < 1
    assert np.array_equal(as_channels(grey, 3, name="picture"), grey.repeat(3, 2))
    assert as_channels(rgb, 3, name="picture") is rgb


@pytest.mark.parametrize(
    ("source", "channels", "expected"),
    [
        (PILImage.new("L", (7, 5)), 3, "RGB"),
        (PILImage.new("RGBA", (7, 5)), 1, "L"),
        (np.zeros((5, 7), np.uint16), 3, (4, 6, 3)),
        (np.zeros((5, 7, 3), np.uint8), 1, (4, 6, 1)),
        (torch.zeros(1, 5, 7), 3, (3, 4, 6)),
    ],
)
def test_new_pictures_have_the_channels_too(source, channels, expected):
    picture = with_channels(to_picture(source), channels, name="painting")
    made = picture.like(np.ones((4, 6, channels), np.float32))
    if isinstance(source, PILImage.Image):
        assert (made.mode, made.size) == (expected, (6, 4))
        assert made.getpixel((0, 0)) in (255, (255, 255, 255))
    else:
        assert tuple(made.shape) == expected
        assert made.dtype == source.dtype


def test_nothing_changes_where_nothing_has_to():
    picture = to_picture(PILImage.new("P", (7, 5)))
    assert with_channels(picture, 3, name="painting") is picture


def test_refuses():
    with pytest.raises(ImageError, match=mentions("painting", "CMYK", "RGB")):
        as_channels(np.zeros((5, 7, 4), np.float32), 3, name="painting")


def test_grey_and_cmyk_as_rgb_and_back():
    generator = np.random.default_rng(0)
    grey = generator.random((3, 3, 1), np.float32)
    assert np.allclose(from_rgb(as_rgb(grey), 1), grey)
    ink = generator.random((3, 3, 4), np.float32) * np.float32([1, 1, 1, 0])
    assert np.allclose(from_rgb(as_rgb(ink), 4), ink, atol=1e-6)
    black = np.float32([[[0, 0, 0, 1]]])
    assert np.array_equal(as_rgb(black), np.zeros((1, 1, 3)))
    rgb = generator.random((2, 2, 3), np.float32)
    assert np.array_equal(as_rgb(rgb), rgb)
