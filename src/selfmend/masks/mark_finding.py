"""Date stamps and watermarks: how likely each pixel is of either, and which pieces of that are marks.

The network is that of `finder_network.py`, which has learned marks (`mark_lessons.py`). Of what it says, a mark is what
is sure somewhere, with what hangs together with it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from selfmend.image.color import as_rgb
from selfmend.image.resize import resize
from selfmend.masks.finder_network import probability, shipped_weights
from selfmend.masks.marks import MARKS
from selfmend.masks.reading import grow_mask
from selfmend.types import Image, Mask, Size, size_of

FINDER = "mark-finder"
STAMP, WATERMARK = (MARKS.index(kind) for kind in ("stamp", "watermark"))
LONGEST = 1024
"""The longer side at which the network looks, at most, in pixels."""
LOOKS = ((1.0, 0), (0.5, 0), (0.5, 1))
"""The sizes at which it looks, so that letters of all sizes are somewhere as high as it knows them, and by how many
quarters the picture is turned for it: stamps stand upright in turned photos, and it knows them better lying."""
LEAST = 24
"""Pixels: there is no mark in what is smaller."""
SIDE = 400
_REACH = 0.03  # of the picture's shorter side: letters of one mark stand no farther from each other


def mark_likelihood(image: Image) -> np.ndarray:
    """How likely each pixel is of a date stamp, and of a watermark.

    Args:
        image: (H, W, 1 or 3) in [0, 1].

    Returns:
        float32 (H, W, 2) in [0, 1]: `STAMP`, `WATERMARK`; zeros for pictures of less than `LEAST` pixels a side.
    """
    size = size_of(image)
    rgb = as_rgb(image)
    likely = np.zeros((*size, len(MARKS)), np.float32)
    if min(size) < LEAST:
        return likely
    weights = shipped_weights(FINDER)
    for scale, turns in LOOKS:
        looked_at = _looked_at(size, scale)
        seen = rgb if looked_at == size else resize(rgb, looked_at).clip(0, 1)
        seen = np.ascontiguousarray(np.rot90(seen, turns), np.float32)
        answer = np.rot90(probability(seen, weights, MARKS), -turns)
        if looked_at != size:
            answer = resize(np.ascontiguousarray(answer), size).clip(0, 1)
        np.maximum(likely, answer, out=likely)
    return likely


def _looked_at(size: Size, scale: float) -> Size:
    scale *= min(1.0, LONGEST / max(size))
    return max(LEAST, round(size[0] * scale)), max(LEAST, round(size[1] * scale))


@dataclass(frozen=True, kw_only=True)
class MarkLimits:
    """What is taken for a mark.

    Attributes:
        weak: likelihood from which on a pixel belongs to a mark that is near.
        sure: likelihood from which on a pixel is one of a mark.
        least: sure pixels that a mark has at least, in a picture of `SIDE` x `SIDE` pixels; more in larger ones.
        share: of a piece's pixels that are sure, at least: of a thing of the scene that looks like a mark, few are.
        part: of the sure pixels of the largest piece, that another piece has at least.
        grow: pixels around it that are covered too.
    """

    weak: float
    sure: float
    least: float
    share: float = 0.0
    part: float = 0.0
    grow: int = 0

    def at(self, sensitivity: float) -> MarkLimits:
        """The limits at another sensitivity than 0.5: nearer to certainty below, nearer to doubt above."""
        odds = np.exp(4 * (0.5 - sensitivity))

        def moved(likelihood: float) -> float:
            return float(likelihood * odds / (1 - likelihood + likelihood * odds))

        return dataclasses.replace(
            self,
            weak=moved(self.weak),
            sure=moved(self.sure),
            least=self.least * float(odds),
            share=min(1.0, self.share * float(odds)),
        )


def marked(likely: np.ndarray, limits: MarkLimits) -> Mask:
    """bool (H, W): the marks in a map of likelihoods, float32 (H, W) in [0, 1]."""
    import cv2

    weak = likely >= limits.weak
    if not weak.any():
        return weak
    height, width = size_of(likely)
    scale = min(height, width) / SIDE
    reach = max(1, round(_REACH * min(height, width)))
    together = cv2.morphologyEx(weak.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((reach, reach), np.uint8))
    count, group = cv2.connectedComponents(together, connectivity=8)
    sure = np.bincount(group[likely >= limits.sure], minlength=count)
    sure[0] = 0
    kept = sure >= max(limits.least * max(1.0, scale**2), limits.part * sure.max())
    kept &= sure >= limits.share * np.bincount(group[weak], minlength=count)
    kept[0] = False
    return grow_mask(weak & kept[group], limits.grow)
