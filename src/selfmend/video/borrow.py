"""What the frames around show where a hole is, weighed and put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from selfmend.registration.flow import inside, warp
from selfmend.video.motion import Showing, View, at_rest, find_motion, moved, refine

_GOOD = 6.0  # 0 to 255: error of an answer that needs no better one
_ENOUGH_GOOD, _MOST_ANSWERS = 3, 6
_WORTH = 0.03  # of the hole: a frame that may show less is not asked
MOVED_COSTS_MORE = 1.1  # factor on its error: where both fit, the frame that is not resampled is taken
_MOST_ASKED, _MOST_FLOWS = 16, 3
_FAR = 40  # px


@dataclass(frozen=True)
class Neighbour:
    """Another frame.

    Attributes:
        distance: in frames, less than 0 before.
        hole: bool (H, W), of the same part.
        drift: makes the flow to it that the camera's motion says, (H, W, 2), or None where that is next to nothing.
        look: makes its view; only frames that are asked are looked at.
    """

    distance: int
    hole: np.ndarray
    drift: Callable[[], np.ndarray | None]
    look: Callable[[], View]


def distances(reach: int) -> Iterator[int]:
    """1, 2, 3, ... up to `reach`, with growing steps.

    Example:
        >>> list(distances(20))
        [1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 16, 20]
    """
    distance = 1
    while distance <= reach:
        yield distance
        distance = max(distance + 1, round(distance * 1.22))


class Propagated:
    """The answers to a hole of N pixels so far."""

    def __init__(self, count: int) -> None:
        self.colours: list[np.ndarray] = []
        self.errors: list[np.ndarray] = []
        self.good, self.all = np.zeros(count, int), np.zeros(count, int)

    @property
    def wanted(self) -> np.ndarray:
        """bool (N,): pixels that need further answers."""
        return (self.good < _ENOUGH_GOOD) & (self.all < _MOST_ANSWERS)

    def add(self, showing: Showing, *, factor: float = 1.0, surcharge: float = 0.0) -> np.ndarray:
        """Take an answer, whose error counts times `factor` plus `surcharge`; bool (N,), where it is a good one."""
        error = np.where(showing.seen, showing.error * np.float32(factor) + np.float32(surcharge), np.inf)
        self.colours.append(showing.colours)
        self.errors.append(error.astype(np.float32))
        self.good += error < _GOOD
        self.all += showing.seen
        return error < _GOOD

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


def borrow(now: View, neighbours: Sequence[Neighbour]) -> Propagated:
    """Ask the neighbours, the nearest first, for what is in the hole of `now`."""
    hole = now.known == 0
    result = Propagated(int(hole.sum()))
    least, asked, flows = _WORTH * result.good.size, 0, 0
    for near in neighbours:
        if asked == _MOST_ASKED or not result.wanted.any():
            break
        drift = near.drift()
        resting = result.wanted & ~near.hole[hole]
        moving = resting if drift is None else result.wanted & _shown(near.hole, drift)[hole]
        if max(resting.sum(), moving.sum()) < least:
            continue
        other = near.look()
        asked += 1
        if resting.sum() >= least:
            moving &= ~result.add(at_rest(now, other))
        if drift is not None and (result.wanted & moving).sum() >= least:
            drift = refine(now, other, drift, reach=_FAR)
            moving &= ~result.add(moved(now, other, drift), factor=MOVED_COSTS_MORE)
        if flows < _MOST_FLOWS and (result.wanted & moving).sum() >= least:
            result.add(moved(now, other, find_motion(now, other, start=drift)), factor=MOVED_COSTS_MORE)
            flows += 1
    return result


def _shown(hole: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """bool (H, W): whether the other frame knows what it has where the flow ends."""
    return (warp(hole.astype(np.float32), flow, sharp=False) < 0.5) & inside(flow)
