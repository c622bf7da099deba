"""Itti, Koch and Niebur's model: N(.) by hand, and the one that differs from its neighbours is the most salient."""

import numpy as np
import pytest

from mosaic import noise
from selfmend.image.resize import resize
from selfmend.metrics.saliency import itti_koch_niebur, orientation_energy, promote
from selfmend.types import Image


def test_one_peak_stays_and_equal_peaks_vanish() -> None:
    one = np.zeros((3, 5))
    one[1, 1] = 4
    assert np.array_equal(promote(one), one / 4)
    one[1, 3] = 4
    assert np.array_equal(promote(one), np.zeros((3, 5)))


def test_a_case_by_hand() -> None:
    """Scaled to [0, 1]: 1, 0.6 (a plateau counts once), 0.2, and 0.05, which is too low to be counted."""
    values = 3 + 2 * np.array([[1, 0, 0.6, 0.6, 0], [0, 0, 0, 0.6, 0], [0.2, 0, 0, 0, 0.05]])
    expected = (values - 3) / 2 * (1 - (0.6 + 0.2) / 2) ** 2
    assert np.allclose(promote(values), expected, atol=1e-12)
    assert np.array_equal(promote(np.full((3, 3), 7.0)), np.zeros((3, 3)))


@pytest.mark.parametrize(
    ("place", "down", "across"), [(0, 0, 1), (1, 0.5**0.5, 0.5**0.5), (2, 1, 0), (3, 0.5**0.5, -(0.5**0.5))]
)
def test_a_filter_answers_to_its_own_angle(place: int, down: float, across: float) -> None:
    rows, columns = np.mgrid[:40, :40]
    wave = 0.5 + 0.5 * np.cos(2 * np.pi / 7 * (down * rows + across * columns))
    answers = orientation_energy(wave)[:, 10:30, 10:30].mean((1, 2))
    assert answers.argmax() == place
    assert answers[place] > 3 * np.sort(answers)[-2]
    assert orientation_energy(np.full((40, 40), 0.5)).max() < 1e-12


def most_salient(picture: Image) -> tuple[int, int]:
    return divmod(int(itti_koch_niebur(picture).argmax()), picture.shape[1])


def field_of_bars(odd: tuple[int, int], *, angle: int, odd_angle: int) -> Image:
    """Equal bars on an 8 x 8 grid of 32 px, one of them turned."""
    rows, columns = np.mgrid[:256, :256]
    picture = np.full((256, 256), 0.2)
    for cell in np.ndindex(8, 8):
        turn = np.deg2rad(odd_angle if cell == odd else angle)
        y, x = rows - (32 * cell[0] + 15.5), columns - (32 * cell[1] + 15.5)
        along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
        picture[(np.abs(along) < 11) & (np.abs(across) < 3)] = 0.8
    return picture.astype(np.float32)[..., None]


@pytest.mark.parametrize(("angle", "odd_angle"), [(0, 90), (90, 0), (45, 135)])
def test_the_turned_bar_pops_out(angle: int, odd_angle: int) -> None:
    """Not at the border, where oblique bars make corners with their mirror images."""
    found = itti_koch_niebur(field_of_bars((2, 5), angle=angle, odd_angle=odd_angle))
    cells = found.reshape(8, 32, 8, 32).max((1, 3))[1:-1, 1:-1]
    assert divmod(int(cells.argmax()), 6) == (1, 4)


def test_the_red_dot_among_green_ones_pops_out() -> None:
    """All dots are equally bright, so that neither intensity nor orientation tells."""
    picture = np.full((256, 256, 3), 0.3, np.float32)
    red, green = (0.7, 0.1, 0.1), (0.1, 0.7, 0.1)
    for cell in np.ndindex(8, 8):
        y, x = 32 * cell[0] + 12, 32 * cell[1] + 12
        picture[y : y + 8, x : x + 8] = red if cell == (5, 2) else green
    row, column = most_salient(picture)
    assert (row // 32, column // 32) == (5, 2)


@pytest.mark.parametrize(("dot", "ground"), [("red", "green"), ("blue", "yellow")])
def test_the_surround_is_subtracted(dot: str, ground: str) -> None:
    """All pixels are equally bright: only the colour tells, and the field around the dot is not salient."""
    colours = {"red": (0.6, 0.15, 0.15), "green": (0.15, 0.6, 0.15), "blue": (0.1, 0.1, 0.7), "yellow": (0.4, 0.4, 0.1)}
    picture = np.tile(np.float32(colours[ground]), (256, 256, 1))
    picture[120:136, 56:72] = colours[dot]
    found = itti_koch_niebur(picture)
    assert found[120:136, 56:72].max() == 1
    assert found[:, 160:].max() < 0.05


def test_the_hue_of_the_dark_is_not_seen() -> None:
    """A red dot as dark as a twentieth of the light part differs in brightness alone."""
    picture = np.full((256, 256, 3), 0.02, np.float32)
    picture[:64] = 0.8
    plain = picture.copy()
    picture[160:176, 100:116] = (0.06, 0, 0)
    assert np.allclose(itti_koch_niebur(picture), itti_koch_niebur(plain), atol=1e-6)


def test_a_small_picture_is_enlarged_until_all_levels_are_there() -> None:
    small = noise(8, 12).repeat(8, 0).repeat(8, 1)
    found, expected = (itti_koch_niebur(picture) for picture in (small, resize(small, (256, 384)).clip(0, 1)))
    assert np.abs(found - expected.reshape(64, 4, 96, 4).mean((1, 3))).max() < 0.05
