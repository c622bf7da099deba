"""From how likely each pixel is of a mark to the mark: pieces that are sure, with what hangs together with them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from selfmend.masks.reading import grow_mask
from selfmend.types import Mask, size_of


@dataclass(frozen=True, kw_only=True)
class MarkLimits:
    """What is taken for a mark.

    Attributes:
        weak: likelihood from which on a pixel belongs to a mark that is near.
        sure: likelihood from which on a pixel is one of a mark.
        least: sure pixels that a mark has at least, in a picture of `SIDE` x `SIDE` pixels; more in larger ones.
        mean: likelihood of a piece, at least.
        part: of the sure pixels of the largest piece, that another piece has at least.
        grow: pixels around it that are covered too.
    """

    weak: float
    sure: float
    least: float
    mean: float = 0.0
    part: float = 0.0
    grow: int = 0

    def at(self, sensitivity: float) -> MarkLimits:
        """The limits at another sensitivity than 0.5: nearer to certainty below, nearer to doubt above."""
        odds = np.exp(4 * (0.5 - sensitivity))

        def moved(likelihood: float) -> float:
            return float(likelihood * odds / (1 - likelihood + likelihood * odds))

        return dataclasses.replace(
            self, weak=moved(self.weak), sure=moved(self.sure), mean=moved(self.mean), least=self.least * float(odds)
        )


SIDE = 400
_REACH = 0.03  # of the picture's shorter side: letters of one mark stand no farther from each other


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
    about = np.maximum(1, np.bincount(group[weak], minlength=count))
    kept &= np.bincount(group[weak], likely[weak], count) / about >= limits.mean
    kept[0] = False
    return grow_mask(weak & kept[group], limits.grow)
