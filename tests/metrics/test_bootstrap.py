"""Bootstrap intervals against binomial quantiles, and pairs whose difference is known."""

import math

import numpy as np
import pytest
from scipy.stats import binom

from facts import mentions
from selfmend.errors import OptionError
from selfmend.metrics.bootstrap import difference_interval, mean_interval
from selfmend.seeding import make_rng

ONE_OF_TEN = np.array([[1.0] + [0.0] * 9])


@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
@pytest.mark.parametrize("kind", ["pictures", "runs"])
def test_the_ends_are_the_quantiles_of_the_resampled_mean(level, kind) -> None:
    scores = ONE_OF_TEN if kind == "pictures" else np.broadcast_to(ONE_OF_TEN.T, (10, 4))
    found = mean_interval(scores, generator=make_rng(0), level=level)
    expected = [binom.ppf(q, 10, 0.1) / 10 for q in ((1 - level) / 2, (1 + level) / 2)]  # drawing ten times one of ten
    assert found.mean == pytest.approx(0.1)
    assert [found.low, found.high] == pytest.approx(expected)


def test_it_is_that_of_the_normal_distribution_where_there_are_many_pictures() -> None:
    scores = make_rng(1).standard_normal((1, 2000))
    found = mean_interval(scores, generator=make_rng(2))
    half = 1.96 * scores.std() / math.sqrt(2000)
    assert [found.mean - found.low, found.high - found.mean] == pytest.approx([half, half], rel=0.05)


def test_runs_that_differ_widen_it_and_the_seed_fixes_it() -> None:
    pictures = make_rng(3).random((1, 50))
    alike, apart = np.broadcast_to(pictures, (4, 50)), pictures + np.arange(4.0)[:, None]
    narrow, wide = (mean_interval(s, generator=make_rng(4)) for s in (alike, apart))
    assert wide.high - wide.low > 5 * (narrow.high - narrow.low)
    assert wide == mean_interval(apart, generator=make_rng(4))
    assert narrow == mean_interval(alike, generator=make_rng(4), resamples=10_000)


def test_a_pair_is_told_apart_where_its_means_are_not() -> None:
    hard_and_easy = np.linspace(0, 10, 30)[None]
    found = difference_interval(hard_and_easy + 0.01, hard_and_easy, generator=make_rng(5))
    assert [found.mean, found.low, found.high] == pytest.approx([0.01] * 3, abs=1e-5)
    assert not found.has_zero
    of_one = mean_interval(hard_and_easy, generator=make_rng(5))
    assert of_one.low < of_one.mean + 0.01 < of_one.high


def test_noise_between_runs_makes_a_pair_the_same() -> None:
    one, other = np.tile([[0.0], [0.3]], 20), np.tile([[0.1], [0.3]], 20)
    found = difference_interval(one, other, generator=make_rng(6))
    assert found.mean == pytest.approx(-0.05)
    assert (found.low, found.high) == pytest.approx((-0.3, 0.2))  # the worst draws: 1/16 of the resamples each
    assert found.has_zero
    again = difference_interval(one[:1], other[:1], generator=make_rng(6))
    assert again.high == pytest.approx(-0.1)


def test_what_does_not_fit_is_refused() -> None:
    generator = make_rng(7)
    with pytest.raises(OptionError, match=mentions("(1, 1)", "1", "2")):
        mean_interval(np.zeros((1, 1)), generator=generator)
    with pytest.raises(OptionError, match=mentions("3", "4")):
        difference_interval(np.zeros((1, 3)), np.zeros((1, 4)), generator=generator)
    with pytest.raises(OptionError, match="scores hold values that are not finite"):
        mean_interval(np.array([[0.0, math.inf]]), generator=generator)
    with pytest.raises(OptionError, match=mentions("level", "1", "10000", "0")):
        mean_interval(np.zeros((1, 3)), generator=generator, level=1)
