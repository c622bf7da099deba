"""Tiled watermarks: what each place says faintly, all places say together; letters of a line are no tiles."""

import numpy as np

from selfmend.masks.mark_repeats import repeats, with_repeats

TILE = np.zeros((12, 30), bool)
TILE[2:10, 3:6] = TILE[2:4, 3:26] = TILE[6:9, 10:26] = True


def _map(places: list[tuple[int, int]], noise: float = 0.8) -> tuple[np.ndarray, np.ndarray]:
    """Likelihoods of tiles at such places, hardly higher than the noise; and where they are."""
    rng, size = np.random.default_rng(1), (200, 260)
    truth = np.zeros(size, bool)
    for top, left in places:
        part = truth[max(0, top) : top + 12, max(0, left) : left + 30]
        part |= TILE[: part.shape[0], : part.shape[1]]
    odds = np.where(truth, -0.4, -2.6) + noise * rng.standard_normal(size)
    return (1 / (1 + np.exp(-odds))).astype(np.float32), truth


GRID = [(7 + 37 * k, 5 + 52 * j + 17 * k - 60) for k in range(6) for j in range(6)]
GRID = [(top, left) for top, left in GRID if left >= 0]


def test_tiles_are_found_by_all_of_them() -> None:
    likely, truth = _map(GRID)
    told = with_repeats(likely)
    assert told.shape == likely.shape
    assert (told >= likely).all()
    before, after = ((one > 0.5)[truth].mean() for one in (likely, told))
    assert before < 0.5
    assert after > 0.9
    assert (told > 0.5)[~truth].mean() < (likely > 0.5)[~truth].mean() + 0.1
    assert (37, 17) in repeats(np.log(likely / (1 - likely)).clip(-4, 4))


def test_what_repeats_itself_along_one_line_is_left_alone() -> None:
    likely, _ = _map([(90, 5 + 36 * k) for k in range(7)], noise=0.2)
    assert with_repeats(likely) is likely


def test_what_does_not_repeat_itself_is_left_alone() -> None:
    likely, _ = _map([(30, 20), (90, 150), (160, 60)])
    assert with_repeats(likely) is likely
    even = np.full((40, 50), 0.2, np.float32)
    assert with_repeats(even) is even


def test_large_maps_are_looked_at_smaller() -> None:
    likely, truth = _map(GRID)
    large = np.kron(likely, np.ones((3, 3), np.float32))
    told = with_repeats(large)
    assert told.shape == large.shape
    assert (told > 0.5)[np.kron(truth, np.ones((3, 3), bool))].mean() > 0.8
