"""The low frequencies of a fill from several fills and a smooth one, its detail from one fill, at its strength.

The layout and the colours deep in a hole are guesses, and the mean of several guesses is nearer to the truth than each
of them; near the border a smooth fill is worth as much. Detail must come from one fill, since the mean of several is a
blur. So the difference between that mean and the fill is low-passed and added. What voting has averaged away of the
detail is given back: the texture features are voted like colours, and say how textured each place should be.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from selfmend.image.resize import resize
from selfmend.patches.scales import hole_depth, texture
from selfmend.patches.smooth import plate
from selfmend.types import box_around

COARSER = 1.65
"""The other fills end at a scale so many times smaller: what is lost there, the low-pass would take away."""

SIGMA = 1.5
"""Standard deviation of the low-pass, in pixels; all lengths are for holes up to `DEEP`, and grow with deeper ones."""

REACH = 25.0
DEEP = 35.0
LOST = 1.7
"""Power of the lack of texture: the features are means of votes too, and say too little. What lacks nothing stays."""

CERTAIN = 4e-4
"""Cost of a match, in squared colour, at which half of the difference counts; an exact repetition costs less."""

NO_TEXTURE = 1e-3


def blend_unit(hole: np.ndarray) -> float:
    """By how much the lengths of a blend are longer than in a hole of at most `DEEP` pixels' depth."""
    return max(1.0, float(hole_depth(hole).max()) / DEEP)


def smooth_fill(image: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """The smooth fill that `blended` takes, float32 (H, W, C); the hole's content has no influence."""
    return plate(image, hole, deepest=2 * DEEP)


def blended(
    filled: np.ndarray,
    hole: np.ndarray,
    others: Sequence[np.ndarray],
    smooth: tuple[np.ndarray, float] | None,
    wanted: np.ndarray | None,
    misfit: np.ndarray,
    *,
    regain: float,
    window: int,
) -> np.ndarray:
    """One fill with the low frequencies of several.

    Args:
        filled: float32 (H, W, C) in [0, 1], the fill that gives the detail.
        hole: bool (H, W).
        others: fills of the same picture at smaller sizes, float32 (h, w, C).
        smooth: the smooth fill of the same picture (`smooth_fill`), float32 (H, W, C), and its share at the hole's
            border, 0 to 1, which falls with depth; or None.
        wanted: texture features that were voted, float32 (H, W, 2); None leaves the detail as strong as it is.
        misfit: float32 (H, W), costs of the matches; where they are nothing, the fill is what it should be.
        regain: most that detail is amplified by.
        window: side of the window of the texture features, in pixels.

    Returns:
        float32 (H, W, C), known pixels as they came; the others are not clamped.
    """
    unit = blend_unit(hole)
    part = box_around(hole, int(4 * SIGMA * unit) + window)  # nothing farther away reaches the hole
    inner, inside, depth = filled[part], hole[part][..., None], hole_depth(hole[part])[..., None]
    guess = np.mean([inner, *(resize(other, hole.shape, window=part) for other in others)], 0)
    if smooth is not None:
        share = smooth[1] * np.exp(-np.square(depth / (REACH * unit)))
        guess = (1 - share) * guess + share * smooth[0][part]
    doubt = cv2.dilate(misfit[part], np.ones((5, 5), np.uint8))[..., None]  # of the patches that cover a pixel
    lacking = np.where(inside, guess - inner, 0).astype(np.float32) * (doubt**2 / (doubt**2 + CERTAIN**2))
    mixed = inner + _low_pass(lacking, SIGMA * unit)
    if wanted is not None and regain > 1:
        there = texture(inner, np.ones(inner.shape[:2], bool), window)
        gain = ((wanted[part].sum(2) + NO_TEXTURE) / (there.sum(2) + NO_TEXTURE)) ** LOST
        gain = 1 + (gain.clip(1, regain)[..., None] - 1) * np.minimum(depth / 3, 1)  # no seam at the border
        mixed += (gain - 1) * (inner - _low_pass(inner, SIGMA))
    result = filled.astype(np.float32)
    result[part] = np.where(inside, mixed, inner)
    return result


def _low_pass(values: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REFLECT).reshape(values.shape)
