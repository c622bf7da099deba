"""The thin plate: exact where the answer is known, in whole pictures and in tiles."""

from __future__ import annotations

import numpy as np
import pytest

from selfmend.patches import smooth
from selfmend.patches.smooth import plate, plate_in_tiles


def slope(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.stack([0.2 + 0.3 * x / width, 0.9 - 0.5 * y / height, 0.1 + 0.4 * (x + y) / (height + width)], 2)


@pytest.mark.parametrize("box", [(10, 12, 11, 13), (10, 12, 14, 30), (0, 0, 3, 3), (10, 0, 12, 40)])
def test_a_slope_continues_through_the_hole(box: tuple[int, int, int, int]) -> None:
    truth, hole = slope(30, 40), np.zeros((30, 40), bool)
    hole[box[0] : box[2], box[1] : box[3]] = True
    closed = plate(np.where(hole[..., None], np.float32(np.nan), truth), hole)
    assert np.array_equal(closed[~hole], truth[~hole])
    assert np.abs(closed - truth).max() < 0.02


def test_pixels_lost_at_random_come_back() -> None:
    y, x = np.mgrid[:60, :80].astype(np.float32)
    truth = (0.5 + 0.4 * np.sin(x / 6) * np.cos(y / 7))[..., None]
    hole = np.random.default_rng(0).random((60, 80)) < 0.7
    assert np.sqrt(np.square(plate(truth, hole) - truth)[hole].mean()) < 0.02


def test_tiles_make_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    truth, rng = slope(90, 110), np.random.default_rng(1)
    truth = (truth + 0.1 * rng.random(truth.shape, np.float32)).clip(0, 1)
    hole = rng.random(truth.shape[:2]) < 0.5
    expected = plate(truth, hole).clip(0, 1)
    monkeypatch.setattr(smooth, "TILE", 40)
    tiled = plate_in_tiles(truth, hole, hole)
    assert np.array_equal(tiled[~hole], truth[~hole])
    assert np.abs(tiled - expected).max() < 1e-2
