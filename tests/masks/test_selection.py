"""From a box, a click or a stroke to the outline of an object."""

import numpy as np
import pytest

from selfmend.errors import MaskError, OptionError
from selfmend.masks.selection import select

ROWS, COLUMNS = np.ogrid[:120, :160]
DISC = (ROWS - 60) ** 2 + (COLUMNS - 80) ** 2 <= 30**2


@pytest.fixture(scope="module")
def photo():
    """A reddish disc on a greenish ground, both with noise and a slope."""
    noise = np.random.default_rng(0).normal(0, 0.04, (120, 160, 3))
    ground = np.array([0.25, 0.5, 0.3]) + 0.15 * COLUMNS[..., None] / 160
    return (np.where(DISC[..., None], [0.75, 0.3, 0.25], ground) + noise).clip(0, 1).astype(np.float32)


def likeness(one, other):
    return (one & other).sum() / (one | other).sum()


def stroke():
    drawn = np.zeros((120, 160), bool)
    drawn[50:54, 66:96] = True
    return drawn


@pytest.mark.parametrize("hint", [{"box": (40, 22, 84, 78)}, {"points": [(82, 66)]}, {"stroke": stroke()}])
def test_the_object_is_outlined(photo, hint) -> None:
    assert likeness(select(photo, **hint), DISC) > 0.95


def test_a_large_picture_is_cut_small_and_outlined_at_its_own_size(photo) -> None:
    large = photo.repeat(8, 0).repeat(8, 1)
    found = select(large, box=(320, 176, 672, 624))
    assert found.shape == (960, 1280)
    assert likeness(found, DISC.repeat(8, 0).repeat(8, 1)) > 0.93


def test_nothing_lies_outside_of_the_box_or_on_a_point_that_is_not_on_it(photo) -> None:
    found = select(photo, box=(40, 22, 84, 38), not_points=[(80, 40)])
    assert not found[60:].any()
    assert not found[40, 80]


def test_grey_pictures_can_be_cut(photo) -> None:
    grey = np.where(DISC[..., None], 0.8, 0.3).astype(np.float32)
    assert likeness(select(grey, points=[(80, 60)]), DISC) > 0.95


@pytest.mark.parametrize(
    ("hint", "error", "said"),
    [
        ({}, OptionError, "box"),
        ({"points": [(160, 5)]}, MaskError, "160,5"),
        ({"box": (200, 0, 5, 5)}, MaskError, "no pixel"),
        ({"stroke": np.zeros((120, 160), bool)}, MaskError, "empty"),
        ({"stroke": np.ones((3, 3), bool)}, MaskError, "same height"),
        ({"box": (0, 0, 10, 10), "points": [(100, 100)]}, MaskError, "outside of the box"),
    ],
)
def test_hints_that_do_not_fit_are_refused(photo, hint, error, said) -> None:
    with pytest.raises(error, match=said):
        select(photo, **hint)
