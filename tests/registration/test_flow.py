"""Optical flow on motions that are known."""

import cv2
import numpy as np
import pytest

from moving_clip import moving, texture
from selfmend.registration.flow import dense_flow, inside, warp


def grey(pixels: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)


def test_a_shift_is_found_and_undone() -> None:
    first, second = moving(2, step=3)
    flow = dense_flow(grey(first), grey(second))
    inner = np.s_[10:-10, 10:-10]
    assert np.abs(flow[inner] - (-3, 0)).mean() < 0.2
    back = warp(second.astype(np.float32), np.full_like(flow, 0) + np.float32([-3, 0]))
    assert np.array_equal(back[:, 3:], first[:, 3:])


def test_a_start_finds_what_is_far() -> None:
    wide = texture(0, (64, 200))
    first, second = wide[:, :96], wide[:, 60:156]
    start = np.full((64, 96, 2), (-60, 0), np.float32)
    flow = dense_flow(grey(first), grey(second), start=start)
    assert np.abs(flow[10:-10, 70:-10] - (-60, 0)).mean() < 0.3
    assert (start == (-60, 0)).all()


def test_outside_is_known() -> None:
    flow = np.zeros((4, 5, 2), np.float32)
    flow[..., 0] = 1
    assert inside(flow).sum(1).tolist() == [4] * 4


@pytest.mark.parametrize("size", [(3, 40), (40, 5), (1, 1), (12, 12)])
def test_small_pictures(size: tuple[int, int]) -> None:
    pixels = grey(texture(1, (40, 40)))[: size[0], : size[1]]
    assert np.abs(dense_flow(pixels, pixels)).max() < 1e-3


def test_sizes_may_change_from_call_to_call() -> None:
    for size in [(60, 90), (33, 41), (90, 120)]:
        pixels = grey(texture(2, size))
        assert dense_flow(pixels, pixels, start=np.zeros((*size, 2), np.float32)).shape == (*size, 2)
        assert dense_flow(pixels, pixels).shape == (*size, 2)
