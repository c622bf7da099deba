"""Damage by morphology, nothing learned: top-hats for thin lines, the residue of a median for specks.

The baseline that the learned finder is measured against. Top-hats (Serra, Image Analysis and Mathematical Morphology,
1982) show what is thinner than a disc and lighter or darker than what is around it; hysteresis (Canny, PAMI 1986) makes
pieces of that. Long ones are scratches; small, compact ones that are far from the median around them are dust.
"""

from __future__ import annotations

import numpy as np

from selfmend.types import Image, Mask

_THICK = 9  # pixels: of the widest scratch
_LONG = 21  # pixels: the least length of a scratch
_SPECK = 9  # pixels: of the widest speck


def lines(image: Image, *, sensitivity: float = 0.5) -> Mask:
    """Thin, long structures, lighter or darker than both sides.

    Args:
        image: (H, W, 3) in [0, 1].
        sensitivity: 0 to 1.
    """
    import cv2

    grey = _grey(image)
    high, low = _levels(sensitivity)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_THICK, _THICK))
    found = np.zeros(grey.shape, bool)
    for operation in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT):
        away = cv2.morphologyEx(grey, operation, kernel)
        found |= _long_pieces(_hysteresis(away, high, low))
    return found


def spots(image: Image, *, sensitivity: float = 0.5) -> Mask:
    """Small, compact specks that the median of what is around them does not have.

    Args, returns: as `lines`.
    """
    import cv2

    grey = _grey(image)
    high, low = _levels(sensitivity)
    bytes_ = np.rint(grey * 255).astype(np.uint8)
    away = np.abs(grey - cv2.medianBlur(bytes_, 2 * _SPECK + 1).astype(np.float32) / 255)
    away[cv2.GaussianBlur(away, (0, 0), _SPECK) > low] = 0  # texture: everything is far from its median
    found = _hysteresis(away, high, low)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8), connectivity=8)
    wide = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    keep = (wide <= 2 * _SPECK) & (stats[:, cv2.CC_STAT_AREA] >= 0.3 * wide**2)
    keep[0] = False
    return np.asarray(keep[labels])


def _grey(image: Image) -> np.ndarray:
    return np.ascontiguousarray(image @ np.array([0.299, 0.587, 0.114], np.float32))


def _levels(sensitivity: float) -> tuple[float, float]:
    """How far from what is around it a pixel must be to begin a piece, and to belong to one."""
    high = 0.36 - 0.4 * sensitivity + 0.1 * sensitivity**2
    return high, 0.5 * high


def _hysteresis(away: np.ndarray, high: float, low: float) -> Mask:
    """Pieces above the low level that reach the high one somewhere (Canny 1986)."""
    import cv2

    count, labels = cv2.connectedComponents((away > low).astype(np.uint8), connectivity=8)
    keep = np.zeros(count, bool)
    keep[labels[away > high]] = True
    keep[0] = False
    return np.asarray(keep[labels])


def _long_pieces(found: Mask) -> Mask:
    """Pieces that are long for their thickness."""
    import cv2

    _, labels, stats, _ = cv2.connectedComponentsWithStats(found.astype(np.uint8), connectivity=8)
    reach = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    keep = (reach >= _LONG) & (stats[:, cv2.CC_STAT_AREA] <= _THICK / 2 * reach)
    keep[0] = False
    return np.asarray(keep[labels])
