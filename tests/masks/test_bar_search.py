"""Finding bars: drawn ones, turned, grey, compressed and in dark surroundings; and none where there is none."""

import io
import math

import numpy as np
import pytest
from PIL import Image as PILImage
from skimage import data

from facts import mentions
from selfmend.errors import ImageError
from selfmend.image.picture import to_picture
from selfmend.masks.eye_bars import Bar, _rating, _rectangle, find_bars, search_bars
from selfmend.types import Image, Mask

PHOTO = data.astronaut()[:256, 100:356]  # head and shoulders, with dark hair and a black suit
OVER_THE_EYES = Bar(row=103, column=125, height=26, length=96)


def compressed(picture: np.ndarray, quality: int) -> Image:
    held = io.BytesIO()
    PILImage.fromarray(picture).save(held, "JPEG", quality=quality)
    return to_picture(PILImage.open(held)).image


def barred(picture: np.ndarray, *bars: Bar, grey: int) -> np.ndarray:
    result = picture.copy()
    for bar in bars:
        result[bar.mask(picture.shape[:2])] = grey
    return result


def overlap(one: Mask, other: Mask) -> float:
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize(("degrees", "grey", "quality"), [(0, 0, 60), (-12, 30, 75), (17, 45, 95)])
def test_a_bar_is_found_to_the_pixel(degrees: float, grey: int, quality: int) -> None:
    bar = Bar(row=103, column=125, height=26, length=96, angle=math.radians(degrees))
    found = find_bars(compressed(barred(PHOTO, bar, grey=grey), quality))
    assert overlap(found, bar.mask((256, 256))) > 0.93


def test_a_bar_that_crosses_what_is_as_dark_is_found() -> None:
    picture = PHOTO.copy()
    picture[:, 150:175] = 2  # a strand of hair, or a post, of the bar's own grey
    bar = Bar(row=103, column=125, height=26, length=130)
    assert overlap(find_bars(to_picture(barred(picture, bar, grey=2)).image), bar.mask((256, 256))) > 0.95


def test_a_large_picture_has_bars_in_its_own_pixels_and_may_have_two() -> None:
    photo = np.asarray(PILImage.fromarray(PHOTO).resize((700, 700)))
    bars = [Bar(row=280, column=340, height=60, length=260, angle=0.1), Bar(row=150, column=600, height=50, length=150)]
    image = compressed(barred(photo, *bars, grey=12), 80)
    assert len(search_bars(image)) == 2
    expected = bars[0].mask((700, 700)) | bars[1].mask((700, 700))
    assert overlap(find_bars(image), expected) > 0.95
    assert (find_bars(image) & expected).sum() / expected.sum() > 0.98


@pytest.mark.parametrize("name", ["photo", "chelsea", "shade", "square", "textured", "coloured", "disc", "black"])
def test_what_is_dark_and_no_bar_is_left_alone(name: str) -> None:
    picture = data.chelsea()[:256, :256].copy() if name == "chelsea" else PHOTO.copy()
    box = OVER_THE_EYES.mask((256, 256))
    rows, columns = np.indices((256, 256))
    if name == "shade":  # as dark, with a soft border
        depth = np.clip((13 - abs(rows - 103)) / 13, 0, 1) * np.clip((48 - abs(columns - 125)) / 24, 0, 1)
        picture = (picture * (1 - depth[..., None])).astype(np.uint8)
    elif name == "square":
        picture[80:130, 100:150] = 5
    elif name == "textured":
        picture[box] = np.random.default_rng(0).integers(0, 60, (box.sum(), 1))
    elif name == "coloured":
        picture[box] = (90, 0, 0)
    elif name == "disc":
        picture[(rows - 103) ** 2 / 14**2 + (columns - 125) ** 2 / 50**2 <= 1] = 5
    elif name == "black":
        picture[:] = 0
    assert not find_bars(to_picture(picture).image).any()


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ImageError, match=mentions("float32", "(2, 32, 32, 3)")):
        find_bars(np.zeros((2, 32, 32, 3), np.float32))
    assert find_bars(np.zeros((3, 4, 1), np.float32)).shape == (3, 4)


def test_a_piece_is_rated_by_its_shape_and_its_four_sides() -> None:
    def rating(rows: slice, columns: slice, *dark: tuple[slice, slice]) -> float:
        piece, grey = np.zeros((100, 100), np.uint8), np.full((100, 100), 200, np.float32)
        piece[rows, columns] = 1
        grey[rows, columns] = 8
        for place in dark:
            grey[place] = 8
        return _rating(grey, piece, _rectangle(piece))

    whole = slice(0, 100)
    assert rating(slice(40, 60), slice(20, 80)) > 0.95
    assert rating(slice(40, 60), slice(20, 80), (whole, slice(80, 100))) > 0.8  # an end in the dark
    assert rating(slice(40, 60), slice(20, 80), (slice(60, 100), whole)) == 0  # a long side is
    ends, half = ((whole, slice(0, 25)), (whole, slice(75, 100))), (slice(60, 100), slice(60, 100))
    assert rating(slice(40, 65), slice(25, 75), *ends, half) == 0  # too little of all four can be seen
    assert rating(slice(40, 60), slice(45, 60)) == 0  # too short for its height
    assert rating(slice(40, 47), slice(2, 98)) == 0  # too thin
    assert rating(slice(48, 51), slice(30, 60)) == 0  # too low
