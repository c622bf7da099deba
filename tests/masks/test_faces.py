"""Faces and eyes: found where they are, at any size and crop, and nothing where there is no face."""

import math

import numpy as np
import pytest
from skimage import data

from facts import mentions
from selfmend.errors import ImageError, SelfmendError
from selfmend.image.picture import to_picture
from selfmend.image.resize import resize
from selfmend.masks import faces
from selfmend.masks.faces import LOWEST_EYE, Box, find_faces
from selfmend.types import Image

EYES = ((103.0, 203.0), (104.0, 247.0))  # row and column of the astronaut's pupils
APART = 44.0


@pytest.fixture(scope="module")
def astronaut() -> Image:
    return to_picture(data.astronaut()).image


def error(face: faces.Face, eyes: tuple[tuple[float, float], ...]) -> float:
    """Of the worse eye, in pixels."""
    assert face.eyes is not None
    return max(math.dist(found.centre, true) for found, true in zip(face.eyes, eyes, strict=True))


def test_a_face_and_both_eyes_are_found(astronaut: Image) -> None:
    (face,) = find_faces(astronaut)
    assert error(face, EYES) < 0.2 * APART
    assert face.eyes is not None
    for eye in face.eyes:
        assert eye.centre[0] < face.box.top + LOWEST_EYE * face.box.height
    assert face.eyes[0].left < face.eyes[1].left


@pytest.mark.parametrize("scale", [0.4, 1.7])
def test_boxes_are_pixels_of_the_picture_as_it_came(astronaut: Image, scale: float) -> None:
    size = tuple(round(512 * scale) for _ in range(2))
    (face,) = find_faces(resize(astronaut, size).clip(0, 1))
    assert error(face, tuple((row * scale, column * scale) for row, column in EYES)) < 0.2 * APART * scale


def test_a_crop_of_the_face_alone_has_one_only_with_a_border(astronaut: Image, monkeypatch) -> None:
    top, left, side = 78, 182, 86
    crop = np.ascontiguousarray(astronaut[top : top + side, left : left + side])
    moved = tuple((row - top, column - left) for row, column in EYES)
    assert error(find_faces(crop)[0], moved) < 0.2 * APART
    monkeypatch.setattr(faces, "_TRIES", tuple(attempt for attempt in faces._TRIES if not attempt[1]))
    assert find_faces(crop) == []


def test_eyes_that_are_hidden_are_not_made_up(astronaut: Image) -> None:
    hidden = astronaut.copy()
    hidden[92:116, 185:222] = astronaut[130, 200]
    (face,) = find_faces(hidden)
    assert face.eyes is None


def test_a_grey_picture_and_two_faces(astronaut: Image) -> None:
    half = astronaut[:240, 130:330].mean(2, keepdims=True)
    double = np.concatenate([half, np.tile(resize(half, (120, 100)), (2, 1, 1)).clip(0, 1)], 1)
    found = find_faces(double)
    assert len(found) == 3
    assert found[0].box.width > 1.5 * found[1].box.width


def test_nothing_is_found_where_there_is_no_face() -> None:
    assert find_faces(to_picture(data.chelsea()).image) == []
    assert find_faces(np.zeros((5, 200, 3), np.float32)) == []


def test_what_does_not_fit_is_refused(monkeypatch) -> None:
    with pytest.raises(ImageError, match=mentions("float32", "(2, 32, 32, 3)")):
        find_faces(np.zeros((2, 32, 32, 3), np.float32))
    monkeypatch.delattr("cv2.CascadeClassifier")
    faces._cascade.cache_clear()
    with pytest.raises(SelfmendError, match=mentions("'opencv-python-headless>=4.10,<5'")):
        find_faces(np.zeros((32, 32, 3), np.float32))


def test_the_centre_is_row_and_column() -> None:
    assert Box(10, 20, 4, 8).centre == (12, 24)


def test_no_eye_lies_in_the_lower_part_of_a_face(monkeypatch) -> None:
    rows = (60, 106, 108)  # tops of boxes 50 px high in a face 220 px high: centres at .39, .595, .605
    monkeypatch.setattr(faces, "_detect", lambda name, picture, **settings: [(10, row, 50, 50) for row in rows])
    found = faces._eye_boxes(np.zeros((154, 220), np.uint8), "eye", 0.0)
    assert [box.centre[0] * 220 for box in found] == pytest.approx([85, 131])
