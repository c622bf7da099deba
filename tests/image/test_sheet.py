"""Contact sheets: every picture is there, whole, and the hole is seen."""

import numpy as np
import pytest
from PIL import Image as PILImage

from selfmend.image.draw import HOLE_COLOUR, contact_sheet, paint_hole, thumbnail, to_rgb


@pytest.mark.parametrize(("channels", "expected"), [(1, (64, 64, 64)), (3, (64, 64, 64)), (4, (143, 143, 143))])
def test_every_kind_of_image_can_be_looked_at(channels, expected):
    picture = to_rgb(np.full((5, 7, channels), 64 / 255, np.float32))
    assert (picture.mode, picture.size) == ("RGB", (7, 5))
    assert picture.getpixel((3, 3)) == expected


def test_the_hole_is_painted_and_nothing_else():
    image = np.ones((5, 7, 1), np.float32)
    image[2, 3] = np.nan  # whatever the hole holds
    mask = np.zeros((5, 7), bool)
    mask[2, 3] = True
    painted = np.asarray(paint_hole(image, mask))
    assert tuple(painted[2, 3]) == HOLE_COLOUR
    assert np.all(painted.reshape(-1, 3)[np.arange(35) != 17] == 255)


def test_only_large_pictures_are_shrunk():
    image = np.random.default_rng(0).random((20, 50, 3), np.float32)
    assert thumbnail(image, 50) is image
    assert thumbnail(image, 25).shape == (10, 25, 3)


@pytest.mark.parametrize("columns", [None, 2])
@pytest.mark.parametrize("size", [(4, 3), (60, 40)])
def test_pictures_and_captions_do_not_overlap(columns, size):
    colours = ["red", "lime", "blue"]
    pictures = [PILImage.new("RGB", size, colour) for colour in colours]
    sheet = np.asarray(contact_sheet(pictures, ["what it was", "hole", "mended"], columns=columns))
    for pixel in ((255, 0, 0), (0, 255, 0), (0, 0, 255)):
        assert (sheet == pixel).all(-1).sum() == size[0] * size[1]
    dark = (sheet.max(-1) < 100).any(0)  # columns with the captions' ink
    assert dark.any()
    assert not dark[-1], "no caption is cut at the right"


def test_wide_pictures_stand_above_each_other():
    sheet = contact_sheet([PILImage.new("RGB", (2000, 100))] * 3, ["a", "b", "c"])
    assert sheet.width < 2100
    assert sheet.height > 300
