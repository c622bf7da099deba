"""Other frames brought into place: the motion under a hole, and what is shown there."""

import numpy as np

from moving_clip import SIZE, moving, strokes
from selfmend.video.motion import at_rest, find_motion, moved, refine, spread, view


def test_the_motion_under_a_hole_is_that_around_it() -> None:
    first, second = moving(2, step=3)
    hole = strokes()
    flow = find_motion(view(first, hole), view(second, hole))
    assert np.abs(flow[hole] - (-3, 0)).max() < 0.1


def test_a_flow_that_is_near_is_made_exact() -> None:
    first, second = moving(2, step=3)
    hole = strokes()
    near = np.full((*SIZE, 2), (-2.3, 0.5), np.float32)
    for reach in (10, 40):
        flow = refine(view(first, hole), view(second, hole), near, reach=reach)
        assert np.abs(flow[hole] - (-3, 0)).mean() < 0.15


def test_what_is_shown_and_how_far_to_trust_it() -> None:
    first, second = moving(2, step=7)
    hole, none = strokes(), np.zeros(SIZE, bool)
    here, right = view(first, hole), np.full((*SIZE, 2), (-7, 0), np.float32)
    true = moved(here, view(second, none), right)
    assert np.abs(true.colours - first[hole]).max() < 0.01
    assert true.seen.all()
    assert true.error.max() < 0.01
    wrong = at_rest(here, view(second, none))
    assert wrong.error.min() > 20
    assert np.array_equal(wrong.colours, second[hole].astype(np.float32))
    assert not at_rest(here, view(second, hole)).seen.any()
    far = moved(here, view(second, none), np.full((*SIZE, 2), (500, 0), np.float32))
    assert not far.seen.any()


def test_letters_leave_no_trace_for_a_flow() -> None:
    flat = np.full((*SIZE, 3), 90, np.uint8)
    flat[strokes()] = 255
    assert np.abs(view(flat, strokes()).grey.astype(int) - 90).max() <= 1


def test_spread_reaches_any_depth_and_keeps_a_constant() -> None:
    weight = np.zeros((50, 70), np.float32)
    weight[2, 3] = 0.2
    for values in (np.full((50, 70), 7, np.float32), np.full((50, 70, 2), 7, np.float32)):
        assert np.abs(spread(values, weight, 2.0) - 7).max() < 0.1
