"""The camera's motion on textures that are moved by known steps."""

import cv2
import numpy as np

from moving_clip import SIZE, masked, moving, strokes, texture
from selfmend.video.frames import StoredFrame, take
from selfmend.video.motion import camera_step, flow_of


def stills(pictures: list[np.ndarray]) -> list[StoredFrame]:
    return [take(frame, None) for frame in masked(pictures, strokes())]


def test_a_shift_under_text_that_stands_still() -> None:
    first, second = stills(moving(2, step=2))
    assert np.abs(camera_step(first, second) - [[1, 0, -2], [0, 1, 0], [0, 0, 1]])[:2, 2].max() < 0.3
    flow = flow_of(camera_step(first, second), np.s_[30:60, 10:90])
    assert flow.shape == (30, 80, 2)
    assert np.abs(flow - (-2, 0)).max() < 0.15
    assert np.abs(flow_of(camera_step(second, first), np.s_[30:60, 10:90]) - (2, 0)).max() < 0.15


def test_what_moves_on_its_own_does_not_count() -> None:
    first, second = moving(2, step=2)
    second = second.copy()
    second[:24, 30:60] = texture(9, (24, 30))
    flow = flow_of(camera_step(*stills([first, second])), np.s_[:64, :96])
    assert np.abs(flow - (-2, 0)).max() < 0.4


def test_a_large_frame_is_looked_at_small() -> None:
    pictures = [cv2.resize(x, None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC) for x in moving(2, step=2)]
    empty = np.zeros(pictures[0].shape[:2], bool)
    first, second = (take(frame, None) for frame in masked(pictures, empty))
    assert np.abs(flow_of(camera_step(first, second), np.s_[:512, :768]) - (-16, 0)).max() < 1


def test_nothing_known_stays_where_it_is() -> None:
    frames = masked(moving(2), np.ones(SIZE, bool))
    assert np.array_equal(camera_step(*(take(frame, None) for frame in frames)), np.eye(3))
