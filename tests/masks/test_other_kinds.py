"""Text, bars, colours and objects, found by `find_mask` as the page asks for them."""

import numpy as np
import pytest

import selfmend
from facts import mentions
from selfmend.errors import MaskError, OptionError
from subtitles import textured, written


@pytest.fixture
def scene():
    """A red and a green square on grey with some noise, and where they are."""
    image = np.full((80, 100, 3), 0.5, np.float32) + np.random.default_rng(0).uniform(-0.02, 0.02, (80, 100, 1))
    red, green = np.zeros((80, 100), bool), np.zeros((80, 100), bool)
    red[10:40, 10:40] = True
    green[45:70, 60:90] = True
    image[red], image[green] = (0.8, 0.1, 0.1), (0.1, 0.7, 0.2)
    return image.astype(np.float32), red, green


def test_a_colour_is_found_where_it_is_pointed_at(scene) -> None:
    image, red, green = scene
    assert np.array_equal(selfmend.find_mask(image, "color", at=(20, 20)), red)
    assert np.array_equal(selfmend.find_mask(image, "color", at="20,20 70,50"), red | green)
    assert np.array_equal(selfmend.find_mask(image, "color", at=[(20, 20), (70, 50)], region="0,0,50,80"), red)
    grey = selfmend.find_mask(image, "color", at=(0, 0), sensitivity=0.0)
    assert 0 < grey.sum() < (~red & ~green).sum()  # exactly this level, not what is near it
    assert selfmend.find_mask(image, "color", at=(20, 20), grow=2).sum() > red.sum()


def test_an_object_is_found_up_to_its_outline(scene) -> None:
    image, red, _ = scene
    found = selfmend.find_mask(image, "object", at=(25, 25))
    assert (found & red).sum() / (found | red).sum() > 0.9


def test_text_is_found_bright_and_dark() -> None:
    image, letters = written(textured((120, 320)), "HELLO WORLD")
    found = selfmend.find_mask(image, "text")
    assert found[letters].mean() > 0.8
    assert found.mean() < 0.5


def test_what_is_not_there_is_not_found(scene) -> None:
    image, _, _ = scene
    flat = np.full_like(image, 0.5)
    for kind in ("text", "bars", "eyes"):
        assert not selfmend.find_mask(flat, kind).any(), kind


@pytest.mark.parametrize(
    ("given", "error", "facts"),
    [
        ({"kind": "color"}, OptionError, ("color", "at=(x, y)")),
        ({"kind": "object", "at": "here"}, OptionError, ("'here'", "x,y")),
        ({"kind": "object", "at": "1,2,3"}, OptionError, ("1,2,3",)),
        ({"kind": "color", "at": (500, 2)}, MaskError, ("500",)),
        ({"kind": "colour", "at": (5, 2)}, OptionError, ("colour", "color")),
    ],
)
def test_mistakes_are_one_line(scene, given, error, facts) -> None:
    with pytest.raises(error, match=mentions(*facts)):
        selfmend.find_mask(scene[0], **given)
