"""Comparisons of values: the best by the metric's direction, and differences that are or may be chance."""

import math

import numpy as np
import pytest

from selfmend.evaluation.comparison import compare
from selfmend.seeding import make_rng

PICTURES = np.linspace(0.1, 0.9, 40)[None]


def noise(seed: int) -> np.ndarray:
    return make_rng(seed).standard_normal((2, 40)) * 0.01


@pytest.mark.parametrize(("metric", "best"), [("mae-hole", 0), ("psnr", 2), ("ssim-hole", 2), ("lpips-alex-hole", 0)])
def test_the_direction_is_the_metrics(metric, best) -> None:
    (found,) = compare(["a", "b", "c"], [{metric: PICTURES + shift} for shift in (0, 0.1, 0.2)])
    assert found.best is found.rows[best]
    assert found.best.difference is None
    assert not found.best.significant
    assert found.higher_is_better == (best == 2)
    assert all(row.significant for row in found.rows if row is not found.best)


def test_what_may_be_chance_is_no_difference() -> None:
    scores = [{"mae": PICTURES + noise(1)}, {"mae": PICTURES + noise(2)}, {"mae": PICTURES + noise(3) + 0.02}]
    (found,) = compare([0, 2, 8], scores)
    assert sorted(row.significant for row in found.rows) == [False, False, True]
    assert found.rows[2].significant
    assert found.rows[2].difference.mean == pytest.approx(found.rows[2].mean.mean - found.best.mean.mean)
    assert found.rows[2].mean.low < found.best.mean.high  # hard and easy pictures hide it in the means
    assert found.rows[2].of_seeds == pytest.approx(scores[2]["mae"].mean(1).tolist())


def test_more_values_need_more_certainty() -> None:
    values = [{"mae": PICTURES + noise(k)} for k in range(5)]
    (two,), (five,) = compare([0, 1], values[:2]), compare(range(5), values)
    assert (two.level, five.level) == pytest.approx((0.95, 0.9875))
    for row in five.rows:
        if row.difference is not None:
            assert row.difference.high - row.difference.low > 0


def test_a_picture_without_the_metric_counts_nowhere() -> None:
    one, other = PICTURES.copy(), PICTURES + 0.1
    one[0, 3] = math.nan
    other[0, 3] = 1e6
    (found,) = compare([0, 1], [{"ssim-hole": one}, {"ssim-hole": other}])
    assert found.pictures == 39
    assert found.best.mean.mean < 1
    none = np.full((1, 40), math.nan)
    none[0, 0] = 1
    assert compare([0, 1], [{"ssim": none}, {"ssim": PICTURES}]) == []


def test_one_value_has_an_interval_and_no_difference() -> None:
    (found,) = compare(["a"], [{"mae": PICTURES}])
    (row,) = found.rows
    assert row.difference is None
    assert row.mean.low < 0.5 < row.mean.high
