"""Text in pictures: of known masks, of other colours, in a part of the picture, and pictures without any."""

import io

import numpy as np
import pytest
from PIL import Image as PILImage
from skimage import data

from facts import mentions
from selfmend.errors import ImageError, MaskError
from selfmend.image.picture import to_picture
from selfmend.masks.text import find_text, search_text
from selfmend.masks.text_letters import TextOptions
from selfmend.options import replace_options
from subtitles import recall_and_precision, textured, written

LINES = ("Where did you go", "yesterday at noon?")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("letter", "outline"), [(14, 1), (18, 2), (30, 3)])
def test_letters_and_outline_are_covered_on_any_background(letter, outline, seed):
    image, truth = written(textured((240, 432), seed=seed), *LINES, letter=letter, outline=outline)
    recall, precision = recall_and_precision(find_text(image), truth)
    assert recall >= 0.98
    assert precision >= 0.5
    assert len(search_text(image)) >= 2


@pytest.mark.parametrize("colour", [(255, 230, 40), (120, 240, 255), (255, 255, 255)])
def test_bright_colours_after_jpeg(colour):
    image, truth = written(data.chelsea(), *LINES, letter=20, colour=colour)
    held = io.BytesIO()
    PILImage.fromarray((image * 255).astype(np.uint8)).save(held, "JPEG", quality=75)
    recall, precision = recall_and_precision(find_text(to_picture(PILImage.open(held)).image), truth)
    assert recall >= 0.98
    assert precision >= 0.5


def test_dark_text_is_found_when_asked_for():
    """Without `dark`, what is found is the light inside of the letters at most."""
    light = np.full((120, 200, 3), 200, np.uint8)
    image, truth = written(light, "Copyright notice", colour=(10, 10, 10), outline=0, at=(0.5, 0.5))
    found = find_text(image, options=TextOptions(dark=True))
    assert recall_and_precision(found, truth)[0] >= 0.98 > recall_and_precision(find_text(image), truth)[0]
    assert found.mean() < 0.3


def test_white_only():
    image, truth = written(textured((240, 432)), "Some yellow words", colour=(255, 230, 40))
    assert recall_and_precision(find_text(image), truth)[0] > 0.98
    assert not find_text(image, options=TextOptions(saturation=0.25)).any()


def test_a_fixed_threshold():
    image, truth = written(textured((240, 432)), "These are grey words", colour=(170, 170, 170))
    assert recall_and_precision(find_text(image, options=TextOptions(threshold=0.5)), truth)[0] > 0.98
    assert not find_text(image, options=TextOptions(threshold=0.8)).any()


def test_a_region_finds_only_what_is_in_it():
    background = textured((240, 432))
    once, below = written(background, "At the bottom of it")
    twice, _ = written(np.rint(once * 255).astype(np.uint8), "At the top of it", at=(0.5, 0.2))
    found = find_text(twice, region=(0, 120, 432, 120))
    assert not found[:120].any()
    assert recall_and_precision(found, below)[0] > 0.98
    assert find_text(twice)[:120].any()
    assert not find_text(twice, region=(0, 230, 432, 3)).any(), "no letter is so small"


@pytest.mark.parametrize("region", [(0, 0, 0, 10), (500, 0, 10, 10), (3, 3, 5, -1)])
def test_a_region_outside_is_refused(region):
    with pytest.raises(MaskError, match=mentions("40", "30")):
        find_text(np.zeros((30, 40, 3), np.float32), region=region)


@pytest.mark.parametrize("picture", [data.chelsea, data.coffee, data.astronaut])
def test_next_to_nothing_is_imagined(picture):
    assert find_text(to_picture(picture()).image).mean() < 0.01


@pytest.mark.parametrize(
    "image", [np.zeros((40, 50, 3)), np.ones((40, 50, 1)), np.random.default_rng(0).random((3, 2, 3))]
)
def test_pictures_without_anything(image):
    found = find_text(image.astype(np.float32))
    assert not found.any()
    assert found.shape == image.shape[:2]


def test_grey_is_as_good_as_rgb_and_text_may_touch_the_border():
    grey = textured((120, 200)).mean(2, keepdims=True).repeat(3, 2).astype(np.uint8)
    image, truth = written(grey, "borders of it", at=(0.45, 1))
    assert recall_and_precision(find_text(image[..., :1]), truth)[0] > 0.95


def test_the_margin_is_an_option():
    image, truth = written(textured((240, 432)), "Where did you go")
    narrow, wide = (find_text(image, options=TextOptions(spread=spread)) for spread in (0, 4))
    assert bool((wide | ~narrow).all())
    assert wide.sum() > 1.3 * narrow.sum()
    bare = find_text(image, options=TextOptions(spread=0, outline=0))
    assert bare.sum() < narrow.sum()
    assert recall_and_precision(bare, truth)[0] < 0.98


def test_what_is_no_picture_is_refused():
    with pytest.raises(ImageError, match=mentions("float32", "(2, 8, 8, 3)")):
        find_text(np.zeros((2, 8, 8, 3), np.float32))
    with pytest.raises(ImageError, match=mentions("255")):
        find_text(np.full((8, 8, 3), 255, np.float32))


def test_options_by_name():
    asked = {"height": "0.02,0.1", "letters": "4"}
    assert replace_options(TextOptions(), asked) == TextOptions(height=(0.02, 0.1), letters=4)
