"""Bars over eyes: the rectangle to the pixel, its place on a face, and the jitter of training."""

import math

import numpy as np
import pytest
from skimage import data

from facts import mentions
from selfmend.errors import ImageError, OptionError
from selfmend.image.picture import to_picture
from selfmend.masks import eye_bars as bars
from selfmend.masks.eye_bars import Bar, EyeBars, bar_of, eye_bars
from selfmend.masks.faces import Box, Face, find_faces
from selfmend.seeding import make_rng

FACE = Face(box=Box(0, 0, 100, 100), eyes=(Box(30, 20, 20, 20), Box(40, 60, 20, 20)))
BLIND = Face(box=Box(10, 20, 100, 80), eyes=None)


def test_a_bar_holds_the_pixels_whose_centre_it_holds() -> None:
    upright = Bar(row=2, column=3, height=2, length=4).mask((4, 6))
    rows = ["000000", "011110", "011110", "000000"]
    assert upright.astype(int).tolist() == [[int(pixel) for pixel in row] for row in rows]
    diagonal = Bar(row=2.5, column=2.5, height=0.5, length=4.5, angle=math.pi / 4).mask((5, 5))
    rows = ["00000", "01000", "00100", "00010", "00000"]  # the corners are 2.83 from the centre
    assert diagonal.astype(int).tolist() == [[int(pixel) for pixel in row] for row in rows]


def test_the_bar_lies_along_the_line_through_both_eyes() -> None:
    bar = bar_of(FACE, height=0.2, margin=0.1)
    assert (bar.row, bar.column, bar.height) == (45, 50, 20)
    assert bar.length == pytest.approx(math.hypot(10, 40) + 20)
    assert bar.angle == pytest.approx(math.atan(1 / 4))


def test_without_eyes_it_lies_from_30_to_45_hundredths_of_the_face() -> None:
    bar = bar_of(BLIND)
    assert (bar.row - bar.height / 2, bar.row + bar.height / 2) == pytest.approx((40, 55))
    assert (bar.column - bar.length / 2, bar.column + bar.length / 2) == pytest.approx((20, 100))
    assert bar.angle == 0


def test_every_face_has_its_bar() -> None:
    mask = eye_bars([FACE, BLIND], (120, 120))
    assert mask.shape == (120, 120)
    assert np.array_equal(mask, bar_of(FACE).mask((120, 120)) | bar_of(BLIND).mask((120, 120)))
    with pytest.raises(ImageError, match="no face was found; a picture with an upright face seen from the front fits"):
        eye_bars([], (120, 120))


def test_training_bars_cover_the_eyes_and_never_lie_twice_at_one_place() -> None:
    crop = to_picture(data.astronaut()).image[55:185, 160:290]
    draw = EyeBars()
    masks = [draw(crop, make_rng(0, k)) for k in range(3)]
    assert all(mask.shape == (130, 130) and mask.dtype == bool for mask in masks)
    assert not np.array_equal(masks[0], masks[1])
    assert np.array_equal(masks[0], draw(crop, make_rng(0, 0)))
    for row, column in ((103 - 55, 203 - 160), (104 - 55, 247 - 160)):
        assert all(mask[row, column] for mask in masks)
    still = EyeBars(shift=0, stretch=0, turn=0)(crop, make_rng(0))
    usual = eye_bars(find_faces(crop)[:1], (130, 130))  # perhaps that of the mirror image, which differs a bit
    assert (still & usual).sum() > 0.85 * (still | usual).sum()
    assert (draw.seen, draw.without_eyes, draw.without_face) == (4, 0, 0)


def test_a_face_is_looked_for_once_in_a_picture_and_its_mirror_image(monkeypatch) -> None:
    calls = []
    monkeypatch.setattr(bars, "find_faces", lambda image: calls.append(image) or [FACE])
    draw, picture = EyeBars(shift=0, stretch=0, turn=0), make_rng(1).random((120, 140, 3), np.float32)
    masks = [draw(x, make_rng(0)) for x in (picture, picture[:, ::-1], picture, picture[:, ::-1])]
    assert len(calls) == 1
    assert np.array_equal(masks[0], masks[2])
    assert np.array_equal(masks[1], masks[3])
    bar = bar_of(FACE).mask((120, 140))
    mirrored = bar[:, ::-1]
    looked_at_itself = np.array_equal(calls[0], picture)
    assert np.array_equal(masks[0], bar if looked_at_itself else mirrored)
    assert np.array_equal(masks[1], mirrored if looked_at_itself else bar)
    assert (draw.seen, draw.without_eyes, draw.without_face) == (4, 0, 0)


def test_pictures_without_eyes_or_face_are_counted(monkeypatch) -> None:
    draw = EyeBars(shift=0, stretch=0, turn=0, usual_face=(0.1, 0.2, 0.5, 0.5))
    mask = draw(np.zeros((100, 100, 3), np.float32), make_rng(0))
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (25, 32, 20, 69)
    assert (draw.seen, draw.without_eyes, draw.without_face) == (1, 0, 1)
    monkeypatch.setattr(bars, "find_faces", lambda image: [BLIND, FACE])
    assert np.array_equal(draw(np.zeros((120, 120, 3), np.float32), make_rng(0)), bar_of(BLIND).mask((120, 120)))
    assert (draw.seen, draw.without_eyes, draw.without_face) == (2, 1, 1)


def test_jitter_stays_within_its_limits(monkeypatch) -> None:
    monkeypatch.setattr(bars, "find_faces", lambda image: [BLIND])
    drawn: list[Bar] = []
    mask = Bar.mask
    monkeypatch.setattr(Bar, "mask", lambda self, size: (drawn.append(self), mask(self, size))[1])
    draw = EyeBars(shift=0.1, stretch=0.4, turn=10)
    for k in range(200):
        draw(np.zeros((8, 8, 3), np.float32), make_rng(0, k))
    usual = bar_of(BLIND)
    for name, least, most in (
        ("row", usual.row - 8, usual.row + 8),
        ("column", usual.column - 8, usual.column + 8),
        ("height", 0.8 * usual.height, 1.4 * usual.height),
        ("length", 0.8 * usual.length, 1.4 * usual.length),
        ("angle", -math.radians(10), math.radians(10)),
    ):
        values = [getattr(bar, name) for bar in drawn]
        assert least <= min(values) < least + 0.1 * (most - least), name
        assert most - 0.1 * (most - least) < max(values) <= most, name


def test_odd_sizes_are_refused() -> None:
    with pytest.raises(OptionError, match=mentions("height", "0", "0.2")):
        bar_of(FACE, height=0)
    with pytest.raises(OptionError, match=mentions("-1", "0.25", "6.0", "2")):
        EyeBars(shift=-1)
