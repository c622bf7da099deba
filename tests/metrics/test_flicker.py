"""Flicker on frames whose motion is given."""

import numpy as np
import pytest

from facts import mentions
from selfmend.errors import ImageError, MaskError
from selfmend.metrics.flicker import flicker
from selfmend.types import Image, Mask


def frames() -> tuple[Image, Image, Mask]:
    """A frame, the one before (everything 2 px further to the left), and the hole."""
    wide = np.random.default_rng(0).random((12, 18, 3), np.float32)
    hole = np.zeros((12, 16), bool)
    hole[4:8, 6:10] = True
    return wide[:, :16], wide[:, 2:], hole


def flow(right: float) -> np.ndarray:
    return np.tile(np.float32([right, 0]), (12, 16, 1))


def test_motion_is_no_flicker() -> None:
    now, before, hole = frames()
    assert flicker(now, before, mask=hole, flow=flow(-2)) == pytest.approx(0, abs=1e-4)
    assert flicker(now, before, mask=hole, flow=flow(0)) > 20


def test_only_the_hole_counts_in_units_of_bytes() -> None:
    now, before, hole = frames()
    changed = np.where(hole[..., None], now * 0.5, np.random.default_rng(1).random(now.shape, np.float32))
    wanted = 255 * (now[hole] * 0.5).mean()
    assert flicker(changed, before, mask=hole, flow=flow(-2)) == pytest.approx(wanted, rel=1e-4)


def test_what_comes_from_outside_does_not_count() -> None:
    now, before, hole = frames()
    hole[:, :3] = True
    now = now.copy()
    now[:, :2] = 1  # has no place in the frame before
    assert flicker(now, before, mask=hole, flow=flow(-2)) == pytest.approx(0, abs=1e-4)
    with pytest.raises(MaskError, match=mentions("hole", "before")):
        flicker(now, before, mask=hole, flow=flow(-20))


def test_a_flow_of_another_size_is_refused() -> None:
    now, before, hole = frames()
    with pytest.raises(ImageError, match=mentions("flow", "(12, 8, 2)", "(12, 16, 3)")):
        flicker(now, before, mask=hole, flow=flow(0)[:, :8])
