"""The estimate of the time that is left."""

import pytest

from selfmend.jobs.dispatcher import TimeLeft


def told(*moments):
    left = TimeLeft()
    return [left.tell(done, seconds) for done, seconds in moments]


def test_even_work_is_foretold_exactly() -> None:
    answers = told(*[(k / 100, 50.0 + k) for k in range(101)])
    assert answers[:2] == [None, pytest.approx(99)]
    assert answers[50] == pytest.approx(50)
    assert answers[100] == 0.0


def test_at_first_nothing_is_said() -> None:
    assert told((0.0, 0.0), (0.5, 0.9), (0.5, 1.1))[:2] == [None, None]
    assert told((0.0, 0.0), (0.5, 0.9), (0.5, 1.1))[2] > 0
    assert told((0.0, 0.0), (0.005, 100.0)) == [None, None]


def test_work_that_goes_on_is_not_taken_for_fast() -> None:
    assert told((0.5, 0.0), (0.6, 10.0))[-1] == pytest.approx(40)


def test_a_new_speed_counts_soon() -> None:
    slow = [(k / 1000, float(k)) for k in range(100)]  # 1000 s for all of it
    fast = [(0.1 + k / 100, 100.0 + k) for k in range(61)]  # 100 s for all of it
    answer = told(*slow, *fast)[-1]
    assert 30 <= answer < 60  # it would be 30 at this speed, and 45 by the average of all


def test_done_may_stand_still_or_fall() -> None:
    answers = told((0.0, 0.0), (0.5, 10.0), (0.2, 20.0), (0.5, 30.0))
    assert answers[1] < answers[2] < answers[3]
