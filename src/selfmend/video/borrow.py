"""What the frames before and behind show of a frame's hole, put together.

The nearer frames are asked first. Each is taken as it is, as if the scene were at rest, and, where that leaves pixels
without a good answer, moved along the flow. A pixel is the mean of the answers that agree best with what is known around
it; an answer loses weight with its error beyond that of the best.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from selfmend.image.flow import inside, warp
from selfmend.video.align import Showing, View, at_rest, find_motion, moved

_GOOD = 6.0  # 0 to 255: error of an answer that needs no better one
_ENOUGH_GOOD, _MOST_ANSWERS = 3, 6
_WORTH = 0.03  # of the hole: a frame that may show less is not asked
_MOVED_COSTS_MORE = 1.1  # factor on its error: where both fit, the frame that is not resampled is taken
_MOST_FLOWS = 6


@dataclass(frozen=True)
class Neighbour:
    """Another frame.

    Attributes:
        distance: in frames, less than 0 before.
        hole: bool (H, W), of the same part.
        look: makes its view; only frames that are asked are looked at.
    """

    distance: int
    hole: np.ndarray
    look: Callable[[], View]


def distances(reach: int) -> Iterator[int]:
    """1, 2, 3, ... up to `reach`, with growing steps.

    Example:
        >>> list(distances(20))
        [1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 18]
    """
    distance = 1
    while distance <= reach:
        yield distance
        distance = max(distance + 1, round(distance * 1.22))


class Borrowed:
    """The answers to a hole of N pixels so far."""

    def __init__(self, count: int) -> None:
        self.colours: list[np.ndarray] = []
        self.errors: list[np.ndarray] = []
        self.good, self.all = np.zeros(count, int), np.zeros(count, int)

    @property
    def wanted(self) -> np.ndarray:
        """bool (N,): pixels that need further answers."""
        return (self.good < _ENOUGH_GOOD) & (self.all < _MOST_ANSWERS)

    def add(self, showing: Showing, *, factor: float = 1.0, surcharge: float = 0.0) -> None:
        """Take an answer, whose error counts times `factor` plus `surcharge`."""
        error = np.where(showing.seen, showing.error * np.float32(factor) + np.float32(surcharge), np.inf)
        self.colours.append(showing.colours)
        self.errors.append(error.astype(np.float32))
        self.good += error < _GOOD
        self.all += showing.seen

    def blend(self, softness: float) -> tuple[np.ndarray, np.ndarray]:
        """Colours (N, 3), and the least error (N,), infinite where there is no answer."""
        if not self.errors:
            return np.zeros((self.good.size, 3), np.float32), np.full(self.good.size, np.inf, np.float32)
        errors, colours = np.stack(self.errors), np.stack(self.colours)
        least = errors.min(0)
        with np.errstate(invalid="ignore"):
            weights = np.nan_to_num(np.exp((least - errors) / np.float32(softness)))
        total = np.maximum(weights.sum(0), np.float32(1e-6))
        return (colours * weights[..., None]).sum(0) / total[:, None], least


def borrow(now: View, neighbours: Sequence[Neighbour], flow: np.ndarray) -> Borrowed:
    """Ask the neighbours.

    Args:
        now: the frame with its hole.
        neighbours: the nearest first.
        flow: (H, W, 2) from the frame to the one before; what the flows to the others are guessed from.
    """
    hole = now.known == 0
    result = Borrowed(int(hole.sum()))
    rates = {-1: flow, 1: -flow}  # pixels a frame, on each side
    moves, flows = bool(np.abs(flow).max() > 0), 0
    for near in neighbours:
        least = _WORTH * result.good.size
        if not result.wanted.any():
            break
        resting = result.wanted & ~near.hole[hole]
        side, far = int(np.sign(near.distance)), abs(near.distance)
        guess = rates[side] * np.float32(far)
        moving = result.wanted & _shown(near.hole, guess)[hole] if moves and flows < _MOST_FLOWS else resting
        if resting.sum() < least and moving.sum() < least:
            continue
        other = near.look()
        if resting.sum() >= least:
            result.add(at_rest(now, other))
        if flows < _MOST_FLOWS and (result.wanted & moving).sum() >= least:
            exact = find_motion(now, other, start=guess)
            result.add(moved(now, other, exact), factor=_MOVED_COSTS_MORE)
            rates[side], flows = exact / np.float32(far), flows + 1
    return result


def _shown(hole: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """bool (H, W): whether the other frame knows what it has where the flow ends."""
    return (warp(hole.astype(np.float32), flow, sharp=False) < 0.5) & inside(flow)
