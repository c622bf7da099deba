"""Watermarks that are tiled over a picture: what is faint at each place is plain in the mean over all of them.

Where a map of likelihoods repeats itself is where its autocorrelation has peaks. Letters repeat too, but along one
line; the tiles of a watermark do so in two directions. Each pixel then counts with all that it repeats.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.float32]
Shifts = list[tuple[int, int]]

_LONGEST = 512  # pixels of the longer side of the map that is compared with itself
_LEAST = 24  # pixels of that map: tiles are farther apart than letters
_LOCAL = 20.0, 12.0  # pixels: what is wider than that, in the map and in its autocorrelation, tells of no tiles
_OVERLAP = 0.25  # of the map, that it and its shifted copy have in common at least
_ALIKE = 0.2  # correlation of the map and its shifted copy, from which on it repeats itself
_ALSO = 0.6  # of the highest peak, that further ones reach
_ASIDE = 0.3  # sine of the angle between two directions
_CERTAIN = 4.0  # log-odds beyond which one place says no more about the others
_ODDS, _STEEP = -0.8, 8.0  # mean log-odds of a pixel and its repeats that are even odds, and how fast they rise


def with_repeats(likely: Map) -> Map:
    """Likelihoods of a watermark, each told by all places at which the map repeats itself.

    Args:
        likely: (H, W) in [0, 1].

    Returns:
        (H, W) in [0, 1]: `likely` itself, if it repeats itself nowhere; nowhere less than `likely` otherwise.

    Source: ours. Periods from autocorrelation are those of Lin et al., "Periodicity, directionality, and randomness",
    Pattern Recognition 1997.
    """
    import cv2

    scale = min(1.0, _LONGEST / max(likely.shape))
    small = cv2.resize(likely, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else likely
    odds = np.log((small + 0.003) / (1.003 - small)).clip(-_CERTAIN, _CERTAIN).astype(np.float32)
    shifts = repeats(odds)
    if not shifts:
        return likely
    total, count = odds.copy(), np.ones_like(odds)
    height, width = odds.shape
    for down, right in shifts:
        here = slice(max(0, -down), min(height, height - down)), slice(max(0, -right), min(width, width - right))
        there = slice(max(0, down), min(height, height + down)), slice(max(0, right), min(width, width + right))
        total[here] += odds[there]
        count[here] += 1
    told = 1 / (1 + np.exp(-_STEEP * (total / count - _ODDS)))
    if scale < 1:
        told = cv2.resize(told, likely.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.maximum(likely, told)


def repeats(odds: Map) -> Shifts:
    """Shifts (down, right) in pixels by which a map (H, W) repeats itself; none, if that is along one line only."""
    import cv2
    from scipy.ndimage import maximum_filter

    alike = _autocorrelation(odds - cv2.GaussianBlur(odds, (0, 0), _LOCAL[0]))
    peaks = alike - cv2.GaussianBlur(alike, (0, 0), _LOCAL[1])
    rows, columns = np.indices(alike.shape)
    rows, columns = rows - alike.shape[0] // 2, columns - alike.shape[1] // 2
    peaks[np.hypot(rows, columns) < _LEAST] = 0
    highest = float(peaks.max())
    if highest < _ALIKE:
        return []
    found = (peaks == maximum_filter(peaks, 9)) & (peaks > _ALSO * highest)
    shifts = np.stack([rows[found], columns[found]], 1)
    unit = shifts / np.hypot(*shifts.T)[:, None]
    first = unit[np.argmax(peaks[found])]
    if np.abs(unit[:, 0] * first[1] - unit[:, 1] * first[0]).max() < _ASIDE:
        return []
    return [(int(down), int(right)) for down, right in shifts]


def _autocorrelation(values: Map) -> Map:
    """How much a map (H, W) correlates with itself, by shift: (2 H, 2 W), no shift in the middle.

    Shifts with little overlap count less: by the root of its share, as chance correlates them more.
    """
    size = 2 * values.shape[0], 2 * values.shape[1]
    there, value, square = (np.fft.rfft2(one, size) for one in (np.ones_like(values), values, values * values))

    def both(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return np.fft.irfft2(first * np.conj(second), size)

    count = both(there, there).round().clip(1)
    mean, other = both(value, there) / count, both(there, value) / count
    spread, others = both(square, there) / count - mean**2, both(there, square) / count - other**2
    alike = (both(value, value) / count - mean * other) / np.sqrt((spread * others).clip(1e-6))
    share = count / values.size
    alike = np.where(share < _OVERLAP, 0, alike * np.sqrt(share))
    return np.fft.fftshift(alike).astype(np.float32)
