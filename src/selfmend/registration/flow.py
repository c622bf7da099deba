"""Dense optical flow between two pictures (OpenCV's DIS), and pictures carried along a flow.

Kroeger et al., "Fast optical flow using dense inverse search", ECCV 2016. Arrays are (H, W) or (H, W, C); a flow is
float32 (H, W, 2): for each pixel of the first picture, how far to the right and down the same content lies in the
second, in pixels.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import cv2
import numpy as np

_SMALLEST = 16  # px: below it the coarsest scale of DIS has no patch
_lock = threading.Lock()
_users, _before = 0, 1


def dense_flow(first: np.ndarray, second: np.ndarray, *, start: np.ndarray | None = None) -> np.ndarray:
    """The flow from `first` to `second`.

    Args:
        first: uint8 (H, W), grey.
        second: the same size.
        start: float32 (H, W, 2), a flow that is near the right one; None starts from rest.

    Returns:
        float32 (H, W, 2), pixels; the same bytes whatever the number of cores.
    """
    size = first.shape
    low, wide = (max(0, _SMALLEST - side) for side in size)
    if low or wide:
        first, second = (cv2.copyMakeBorder(x, 0, low, 0, wide, cv2.BORDER_REPLICATE) for x in (first, second))
        start = None
    begin = None if start is None else np.array(start, np.float32, order="C")  # DIS writes into it
    with _one_thread():
        # A searcher that has seen a picture of another size ends the process.
        search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
        flow = search.calc(np.ascontiguousarray(first), np.ascontiguousarray(second), begin)
    return np.ascontiguousarray(flow[: size[0], : size[1]])


def warp(values: np.ndarray, flow: np.ndarray, *, sharp: bool = True) -> np.ndarray:
    """Values fetched from where a flow says; outside, the nearest border pixel goes on.

    Args:
        values: float32 or uint8 (H, W) or (H, W, C).
        flow: float32 (h, w, 2), pixels, from the result's pixels to `values`.
        sharp: cubic interpolation, which keeps detail and may overshoot; False: linear.

    Returns:
        (h, w) or (h, w, C), of the kind of `values`.
    """
    x, y = _grid(flow.shape[0], flow.shape[1])
    kind = cv2.INTER_CUBIC if sharp else cv2.INTER_LINEAR
    return cv2.remap(values, x + flow[..., 0], y + flow[..., 1], kind, borderMode=cv2.BORDER_REPLICATE)


def inside(flow: np.ndarray) -> np.ndarray:
    """bool (H, W): whether the flow ends within the picture."""
    height, width = flow.shape[:2]
    x, y = _grid(height, width)
    there_x, there_y = x + flow[..., 0], y + flow[..., 1]
    return (there_x >= 0) & (there_y >= 0) & (there_x <= width - 1) & (there_y <= height - 1)


@lru_cache(maxsize=8)
def _grid(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The columns and the rows of all pixels, float32 (H, W) each."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return x, y


@contextmanager
def _one_thread() -> Iterator[None]:
    """OpenCV on one thread: DIS cuts a picture into as many strips as there are threads, and their ends show in a flow.

    The setting belongs to the process, so the last of several callers restores it.
    """
    global _users, _before
    with _lock:
        if _users == 0:
            _before = cv2.getNumThreads()
            cv2.setNumThreads(1)
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                cv2.setNumThreads(_before)
