"""Answers put together: errors, factors and surcharges by hand; content that is truly seen before a carried fill."""

import numpy as np
import pytest

from moving_clip import REACH, SIZE, masked, moving, pixels_of, psnr_in, texture
from selfmend.methods.classical import Telea
from selfmend.video.filling import Propagated, TemporalFill, TemporalOptions
from selfmend.video.frames import MendedFrame
from selfmend.video.motion import Showing

HOLE = np.zeros(SIZE, bool)
HOLE[24:40, 40:52] = True
WRONG = np.array([255, 0, 255], np.uint8)


def showing(colour: float, errors: list[float], seen: list[bool]) -> Showing:
    count = len(errors)
    return Showing(np.full((count, 3), colour, np.float32), np.array(seen), np.array(errors, np.float32))


def test_what_an_answer_costs() -> None:
    answers = Propagated(3)
    good = answers.add(showing(100, [2, 5, 1], [True, True, False]), factor=1.1, surcharge=0.4)
    assert good.tolist() == [True, True, False]
    assert answers.errors[0].tolist() == pytest.approx([2.6, 5.9, np.inf])
    assert answers.add(showing(100, [2, 5, 1], [True, True, True]), surcharge=1).tolist() == [True, False, True]


def test_the_better_answer_weighs_more() -> None:
    answers = Propagated(2)
    answers.add(showing(200, [1, 1], [True, False]))
    answers.add(showing(100, [0, 0], [True, True]), surcharge=3)
    colours, least = answers.blend(softness=2.0)
    share = 1 / (1 + np.exp(-1.0))  # errors 1 and 3, softness 2
    assert colours[0].tolist() == pytest.approx([200 * share + 100 * (1 - share)] * 3, rel=1e-5)
    assert colours[1].tolist() == pytest.approx([100] * 3)
    assert least.tolist() == [1, 3]


def gone_on(truth: list[np.ndarray], later: np.ndarray, **options: float) -> np.ndarray:
    """Frame 1 of three, the frame before it filled with a wrong colour, the last one without a hole."""
    frames = [*masked(truth[:2], HOLE), *masked([*truth[:2], later], np.zeros(SIZE, bool), first=2)]
    before = truth[0].copy()
    before[HOLE] = WRONG
    image = before.astype(np.float32) / np.float32(255)
    filler = TemporalFill(TemporalOptions(reach=REACH, margin=16, steady=0, **options), method=Telea(), seed=0)
    return pixels_of(next(filler.mend(frames, done=[MendedFrame(0, image, None)])))


def test_true_content_goes_before_the_fill_before() -> None:
    truth = [texture(1, SIZE)] * 3
    later = np.where(truth[0] > 127, truth[0] - 1, truth[0] + 1)  # off by one everywhere
    right = gone_on(truth, later)
    assert np.abs(right[HOLE].astype(int) - truth[0][HOLE]).mean() < 40
    wrong = gone_on(truth, later, surcharge=0.0)
    assert np.abs(wrong[HOLE].astype(int) - WRONG).mean() < np.abs(wrong[HOLE].astype(int) - truth[0][HOLE]).mean()


def test_so_it_does_where_the_scene_moves() -> None:
    truth = moving(3, step=2, seed=3)
    carried, dear = (gone_on(truth, truth[2], surcharge=cost) for cost in (0.0, 30.0))
    assert psnr_in(dear, truth[1], HOLE) > psnr_in(carried, truth[1], HOLE) + 6


@pytest.mark.parametrize(("carry", "kept"), [(4.0, True), (1.0, False)])
def test_up_to_which_error_a_fill_is_carried(carry: float, kept: bool) -> None:
    """The surcharge does not count against what is carried: its error alone must not exceed `carry`."""
    truth = [texture(1, SIZE)] * 3
    now = np.where(truth[0] > 127, truth[0] - 2, truth[0] + 2)  # all the known pixels are off by two
    frames = [*masked([truth[0], now], HOLE)]
    before = truth[0].copy()
    before[HOLE] = WRONG
    image = before.astype(np.float32) / np.float32(255)
    options = TemporalOptions(reach=REACH, margin=16, carry=carry, surcharge=50.0, steady=0)
    filler = TemporalFill(options, method=Telea(), seed=0)
    result = pixels_of(next(filler.mend(frames, done=[MendedFrame(0, image, None)])))
    assert (result[HOLE] == WRONG).all() == kept
