"""What patches are compared by: colours, and how textured their surroundings are (Newson et al., IPOL 2017, Sec. 3.2).

Colours alone cannot tell sand from skin of the same shade once the deep hole holds only a smooth guess. The texture
features, mean absolute horizontal and vertical gradients over a window, survive coarse scales, where fine texture is
averaged away: they are computed once at full size and only then scaled down.
"""

from __future__ import annotations

import cv2
import numpy as np


def compute(colours: np.ndarray, known: np.ndarray, *, weight: float, window: int) -> np.ndarray:
    """Stack colours and texture features.

    Args:
        colours: float32 (H, W, C) in [0, 1], zero in the hole.
        known: bool (H, W).
        weight: factor on the texture features.
        window: side of the window they are averaged over, in pixels.

    Returns:
        float32 (H, W, C + 2), zero in the hole. Colours are scaled so that C channels weigh as three do.
    """
    scaled = colours * np.float32(colour_scale(colours.shape[2]))
    return np.concatenate([scaled, np.float32(weight) * _texture(colours, known, window)], 2)


def colour_scale(channels: int) -> float:
    """Factor that makes the squared distance of `channels` channels comparable to that of three."""
    return float(np.sqrt(3 / channels))


def _texture(colours: np.ndarray, known: np.ndarray, window: int) -> np.ndarray:
    """float32 (H, W, 2): mean absolute differences along rows and columns, over pairs of known pixels only."""
    grey = colours.mean(2)
    result = np.zeros((*grey.shape, 2), np.float32)
    for axis in (0, 1):
        there = (slice(1, None), slice(None)) if axis == 0 else (slice(None), slice(1, None))
        here = (slice(None, -1), slice(None)) if axis == 0 else (slice(None), slice(None, -1))
        pair = np.zeros_like(grey)
        pair[here] = known[here] & known[there]
        difference = np.zeros_like(grey)
        difference[here] = np.abs(grey[there] - grey[here]) * pair[here]
        count = _box(pair, window)
        result[..., axis] = 3 * np.where(known & (count > 1e-6), _box(difference, window) / np.maximum(count, 1e-6), 0)
    return result


def _box(values: np.ndarray, window: int) -> np.ndarray:
    return cv2.blur(values, (window, window), borderType=cv2.BORDER_CONSTANT)
