"""`expand`: more around a picture."""

import numpy as np
import pytest
from PIL import Image as PILImage

import selfmend
from selfmend.api.expanding import added
from selfmend.errors import OptionError, SelfmendWarning

STRIPES = np.tile(np.uint8([0, 0, 255, 255]), (24, 9))


def expand(image, **how):
    with pytest.warns(SelfmendWarning, match="of the result is new"):
        return selfmend.expand(image, method="telea", **how)


def test_the_pictures_own_part_stays_to_the_bit_and_its_kind_and_mode_too() -> None:
    wide = expand(PILImage.fromarray(STRIPES), left=5, bottom=3)
    assert isinstance(wide, PILImage.Image)
    assert (wide.mode, wide.size) == ("L", (41, 27))
    assert (np.asarray(wide)[:24, 5:] == STRIPES).all()


def test_what_is_new_is_made_of_the_picture() -> None:
    with pytest.warns(SelfmendWarning):
        wide = selfmend.expand(np.tile(STRIPES[..., None], (2, 1, 3)), right=8, seed=0)
    assert wide.shape == (48, 44, 3)
    new = wide[:, 37:]
    assert ((new < 30) | (new > 225)).mean() > 0.9  # no colour that is not in the picture
    assert 0.3 < (new > 128).mean() < 0.7


def test_new_parts_are_opaque() -> None:
    clear = np.dstack([STRIPES] * 3 + [np.full_like(STRIPES, 90)])
    alpha = expand(clear, top=4)[..., 3]
    assert (alpha[:4] == 255).all()
    assert (alpha[4:] == 90).all()


@pytest.mark.parametrize(
    ("size", "sides", "aspect", "wanted"),
    [
        ((90, 90), (0, 0, 0, 0), "16:9", (0, 0, 35, 35)),
        ((90, 160), (0, 0, 0, 0), "1:1", (35, 35, 0, 0)),
        ((90, 100), (0, 0, 20, 0), "16:9", (0, 0, 40, 20)),
        ((90, 100), (1, 2, 3, 4), None, (1, 2, 3, 4)),
    ],
)
def test_an_aspect_is_reached_on_both_sides_alike(size, sides, aspect, wanted) -> None:
    assert added(size, sides, aspect) == wanted


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({}, "nothing"),
        ({"aspect": "3:2"}, "nothing"),
        ({"aspect": "wide"}, "16:9"),
        ({"aspect": "16:0"}, "16:9"),
        ({"left": -1}, "at least 0"),
        ({"left": 9999}, "at most 4"),
    ],
)
def test_what_does_not_fit_is_refused(how, said) -> None:
    with pytest.raises(OptionError, match=said):
        selfmend.expand(STRIPES, **({"method": "telea"} | how))
