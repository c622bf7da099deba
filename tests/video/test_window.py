"""Which frames are asked, and in which order."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from moving_clip import SIZE, masked, moving, strokes, texture
from selfmend.video.frames import MaskedFrame, is_cut, take
from selfmend.video.window import Window, _taken

PART = np.s_[30:60, 10:90]


def held(pictures: list[np.ndarray], *, place: int) -> Window:
    window, last = Window(8, ThreadPoolExecutor(1)), None
    for frame in masked(pictures, strokes()):
        last = take(frame, last)
        window.add(last)
    window.place = place
    return window


def test_the_nearest_first_by_growing_distances() -> None:
    near = held(moving(9, step=1), place=4).neighbours(PART)
    assert [n.distance for n in near] == [-1, 1, -2, 2, -3, 3, -4, 4]


def test_no_neighbour_beyond_a_cut() -> None:
    other = np.full((*SIZE, 3), (210, 60, 10), np.uint8)
    pictures = [*moving(3, step=1), other, other]
    assert [n.distance for n in held(pictures, place=1).neighbours(PART)] == [-1, 1]
    assert [n.distance for n in held(pictures, place=3).neighbours(PART)] == [1]
    assert held(pictures, place=3).before is None
    assert held(pictures, place=4).before is not None


def test_the_camera_is_followed_over_several_frames() -> None:
    window = held(moving(6, step=2), place=1)
    for distance in (-1, 1, 4):
        flow = window.drift(distance, PART)
        assert flow is not None
        assert np.abs(flow - (-2 * distance, 0)).max() < 0.5
    assert held([texture(0, SIZE)] * 3, place=1).drift(1, PART) is None


def test_what_is_a_cut() -> None:
    window = held(moving(2, step=20), place=0)
    before, none = window.stills[0], np.zeros(SIZE, bool)
    assert not is_cut(before, window.stills[1].pixels, none)  # a fast pan
    assert not is_cut(before, before.pixels // 8 * 8, none)
    assert is_cut(before, np.full((*SIZE, 3), (210, 60, 10), np.uint8), none)
    assert not is_cut(before, 255 - before.pixels, np.ones(SIZE, bool))  # nothing known


def test_the_camera_is_followed_beforehand_where_a_hole_is_near() -> None:
    frames = list(masked(moving(12, step=2), strokes()))
    whole = [MaskedFrame(f.index, np.nan_to_num(f.image, nan=0.5), f.mask & False) for f in frames]
    mixed = [*whole[:4], frames[4], *whole[5:]]
    with ThreadPoolExecutor(1) as beside:
        steps = [steps is not None for _, steps in _taken(mixed, 3, None, beside)]
    assert steps == [False] * 4 + [True] * 4 + [False] * 4
