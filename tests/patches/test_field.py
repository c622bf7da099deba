"""Both searches against a loop over all pairs, prices, forbidden keys, and the way from scale to scale."""

import numpy as np
import pytest

from selfmend import parallel
from selfmend.patches.field import Field, enlarge, exact_field, improve, inverted, places, prices

PATCH = 3


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((height, width, 3), dtype=np.float32)


def all_distances(queries: np.ndarray, keys: np.ndarray) -> np.ndarray:
    def patches(a: np.ndarray) -> np.ndarray:
        rows, columns = places((a.shape[0], a.shape[1]), PATCH)
        return np.stack([a[y : y + PATCH, x : x + PATCH].ravel() for y in range(rows) for x in range(columns)])

    return ((patches(queries)[:, None].astype(float) - patches(keys)[None]) ** 2).sum(2)


def random_field(queries: tuple[int, int], keys: tuple[int, int], seed: int = 1) -> Field:
    random = np.random.default_rng(seed)
    y, x = (random.integers(n, size=queries, dtype=np.int32) for n in keys)
    return Field(y, x, np.zeros(queries, np.float32))


def test_exact_finds_the_nearest() -> None:
    queries, keys = picture(9, 12), picture(8, 10, seed=1)
    field = exact_field(queries, keys, patch=PATCH, alpha=None, allowed=None)
    expected = all_distances(queries, keys)
    assert field.size == (7, 10)
    assert (field.y * 8 + field.x == expected.argmin(1).reshape(7, 10)).all()
    assert np.allclose(field.cost.ravel(), expected.min(1), atol=1e-4)


def test_exact_completeness() -> None:
    queries, keys, alpha = picture(9, 12), picture(8, 10, seed=1), 0.005
    field = exact_field(queries, keys, patch=PATCH, alpha=alpha, allowed=None)
    distances = all_distances(queries, keys)
    scores = distances / (alpha + distances.min(0) / 27)
    assert (field.y * 8 + field.x == scores.argmin(1).reshape(7, 10)).all()
    assert np.allclose(field.cost.ravel(), scores.min(1), rtol=1e-3)


def test_completeness_uses_what_nothing_is_near_to() -> None:
    """Half of the keys are near all queries, half far from all: without prices the second half is never used."""
    queries = picture(9, 9)[..., :1] * 0.1
    keys = np.concatenate([picture(9, 9, seed=1)[..., :1] * 0.1, picture(9, 9, seed=2)[..., :1] * 0.1 + 0.3], 1)
    plain, complete = (exact_field(queries, keys, patch=PATCH, alpha=a, allowed=None) for a in (None, 1e-9))
    assert (plain.x >= 9).sum() == 0
    assert (complete.x >= 9).any()


def test_forbidden_keys_are_not_used() -> None:
    same = picture(10, 10)
    allowed = np.ones((8, 8), bool)
    allowed[2:5, 2:5] = False
    exact = exact_field(same, same, patch=PATCH, alpha=None, allowed=allowed)
    assert allowed[exact.y, exact.x].all()
    assert exact.cost[0, 0] == pytest.approx(0, abs=1e-4)
    field = Field(np.zeros((8, 8), np.int32), np.zeros((8, 8), np.int32), np.zeros((8, 8), np.float32))
    improve(field, same, same, np.where(allowed, 1, -1).astype(np.float32), patch=PATCH, passes=8, seed=0)
    assert allowed[field.y, field.x].all()
    assert (field.y == np.indices((8, 8))[0])[allowed].mean() > 0.95


def test_search_comes_near_the_exact_field() -> None:
    queries, keys = picture(40, 50), picture(40, 50, seed=1)
    keys[5:30, 8:40] = queries[10:35, 2:34]  # a part to be found again, by chance once and then by propagation
    exact = exact_field(queries, keys, patch=PATCH, alpha=None, allowed=None)
    field = random_field((38, 48), (38, 48))
    improve(field, queries, keys, np.ones((38, 48), np.float32), patch=PATCH, passes=6, seed=0)
    assert (field.cost[10:33, 2:32] == 0).all()
    assert field.cost.mean() < 1.5 * exact.cost.mean()
    for y, x in ((0, 0), (37, 47), (20, 10)):
        there = keys[field.y[y, x] : field.y[y, x] + PATCH, field.x[y, x] : field.x[y, x] + PATCH]
        assert field.cost[y, x] == pytest.approx(((queries[y : y + PATCH, x : x + PATCH] - there) ** 2).sum(), rel=1e-4)


def test_search_obeys_prices() -> None:
    queries = picture(20, 20)
    price = np.ones((18, 18), np.float32)
    price[:, 9:] = 1e-3
    dear, cheap = random_field((18, 18), (18, 18)), random_field((18, 18), (18, 18))
    keys = picture(20, 20, seed=3)
    improve(dear, queries, keys, np.ones_like(price), patch=PATCH, passes=6, seed=0)
    improve(cheap, queries, keys, price, patch=PATCH, passes=6, seed=0)
    assert (dear.x >= 9).mean() < 0.8
    assert (cheap.x >= 9).all()


def test_search_goes_no_farther_than_its_reach() -> None:
    """One patch, which has no neighbours to learn from: what is best for it lies behind what is worse."""
    away = np.concatenate([np.linspace(2, 9, 60), np.linspace(9, 1, 60)]).astype(np.float32)
    keys = np.broadcast_to(away[None, :, None], (120, 120, 3)).copy()
    for reach, beyond in ((8, False), (None, True)):
        field = Field(*np.zeros((2, 1, 1), np.int32), np.zeros((1, 1), np.float32))
        query, price = np.zeros((PATCH, PATCH, 3), np.float32), np.ones((118, 118), np.float32)
        improve(field, query, keys, price, patch=PATCH, passes=50, seed=0, reach=reach)
        assert (field.x[0, 0] > 60) == beyond


def test_what_is_equal_but_for_rounding_is_not_searched() -> None:
    """After a vote most patches are copies with the errors of a mean; a search there is time for nothing."""
    same = picture(30, 30)
    y, x = np.indices((28, 28), dtype=np.int32)
    for error, expected in ((1e-5, True), (0.05, False)):
        keys = np.concatenate([same + np.float32(error), same], 1)  # the very same patches stand beside
        field = Field(y.copy(), x.copy(), np.zeros((28, 28), np.float32))
        price = np.full((28, 58), 200, np.float32)
        improve(field, same, keys, price, patch=PATCH, passes=4, seed=0)
        assert bool((field.x == x).all()) is expected


def test_search_does_not_depend_on_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    queries, keys = picture(80, 90), picture(80, 90, seed=1)
    results = []
    for count in (1, 3):
        monkeypatch.setattr(parallel, "thread_count", lambda count=count: count)
        field = random_field((78, 88), (78, 88))
        improve(field, queries, keys, np.ones((78, 88), np.float32), patch=PATCH, passes=3, seed=5)
        results.append(field)
    assert all((a == b).all() for a, b in zip(*results, strict=True))


def test_enlarge_keeps_a_shift_and_stays_inside() -> None:
    y, x = np.indices((10, 12), dtype=np.int32)
    below = Field(np.minimum(y + 2, 9), np.minimum(x + 3, 11), np.zeros((10, 12), np.float32))
    here = enlarge(below, (20, 24), (20, 24), key_size_below=(10, 12))
    rows, columns = np.indices((20, 24))
    assert ((here.y - rows)[:14] == 4).all()
    assert ((here.x - columns)[:, :16] == 6).all()
    assert here.y.max() <= 19
    assert here.x.max() <= 23


def test_inverted_points_back() -> None:
    y, x = np.indices((6, 6), dtype=np.int32)
    field = Field(y[::-1].copy(), x, np.zeros((6, 6), np.float32))
    back = inverted(field, (8, 7), generator=np.random.default_rng(0))
    assert back.size == (8, 7)
    assert (back.y[field.y, field.x] == y).all()
    assert (back.x[field.y, field.x] == x).all()
    assert back.y.max() < 6


def test_prices_by_hand() -> None:
    assert prices(np.array([0.0, 10.0]), alpha=0.5, values=5) == pytest.approx([2.0, 0.4])
