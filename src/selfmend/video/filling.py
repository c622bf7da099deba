"""Holes of a frame filled from the frames around it, steadily, or by a method frame by frame.

Holes of a clip filled from the frames around, and steadily: each fill continues the one before.

For each hole pixel, in this order: what other frames show there (`borrow`), what the fill of the frame before becomes
when it moves along, and what a method makes of the rest. Nothing is taken across a cut. A frame's fill depends on the
frames up to `reach` before and behind it and on the fill before, so that work can go on anywhere with the same bytes.

Every frame filled for itself, as if it were a picture: nothing is steady from one frame to the next.

How the frames of a film are filled: with an eye on those around them, or each alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from selfmend.errors import OptionError, check_known
from selfmend.methods.base import Method
from selfmend.metrics.flicker import flicker
from selfmend.options import option, replace_options
from selfmend.registration.flow import inside
from selfmend.seeding import derive_seed
from selfmend.video.borrow import MOVED_COSTS_MORE, Propagated, borrow
from selfmend.video.frames import FrameFiller, MaskedFrame, MendedFrame, StoredFrame, to_bytes, to_image, whole_bytes
from selfmend.video.motion import View, at_rest, find_motion, moved, view
from selfmend.video.window import Part, Window, windows

OURS = "measured, docs/results-video.md"
_METHOD_MARGIN = 64  # px around what is left for the method
_MOVING_SHARE = 0.02  # of the hole: as much may disagree in a scene at rest


@dataclass(frozen=True, kw_only=True)
class TemporalOptions:
    """Options of `TemporalFill`."""

    reach: int = option(30, "how far to look for a hole's content, each way", unit="frames", source=OURS, low=1)
    margin: int = option(32, "surroundings of a hole that are looked at", unit="px", source=OURS, low=8)
    softness: float = option(1.0, "error at which an answer's weight falls e-fold", unit="0-255", source=OURS, low=0.01)
    trust: float = option(20.0, "largest error around a pixel that is borrowed", unit="0-255", source=OURS, low=0)
    carry: float = option(25.0, "the same, taken from the fill before", unit="0-255", source=OURS, low=0)
    surcharge: float = option(3.0, "error added to the fill before", unit="0-255", source=OURS, low=0)
    rest: float = option(4.0, "error up to which a scene is at rest", unit="0-255", source=OURS, low=0)


class TemporalFill:
    """A `FrameFiller` that looks at the frames around."""

    def __init__(self, options: TemporalOptions, *, method: Method, seed: int) -> None:
        """A filler.

        Args:
            options: see `TemporalOptions`.
            method: fills what no other frame shows.
            seed: same seed, same bytes.
        """
        self.options, self.method, self.seed = options, method, seed

    @property
    def reach(self) -> int:
        """How many frames before and behind a frame it looks at."""
        return self.options.reach

    def mend(self, frames: Iterable[MaskedFrame], *, done: Sequence[MendedFrame] = ()) -> Iterator[MendedFrame]:
        """Fill frames as they come; see `FrameFiller.mend`.

        Raises:
            ImageError, MaskError: a frame that does not fit, or one that is all hole and that no other frame shows.
            SelfmendError: frames out of order, or too few of them before the one to go on at.
        """
        first = done[-1].index + 1 if done else None
        before = to_bytes(done[-1].image) if done else None
        for window in windows(frames, reach=self.options.reach, first=first):
            mended, before = self._fill(window, before)
            yield mended

    def _fill(self, window: Window, before: np.ndarray | None) -> tuple[MendedFrame, np.ndarray]:
        """The frame that the window is at, also as uint8 (H, W, 3); `before` is the frame before, mended."""
        now = window.now
        if not now.hole.any():
            return MendedFrame(now.index, now.with_hole(np.zeros((0, 3), np.uint8)), None), now.pixels
        part = _around(now.hole, self.options.margin)
        here, hole = window.look(0, part), now.hole[part]
        answers = borrow(here, window.neighbours(part))
        colours, error = answers.blend(self.options.softness)
        lacking = error > self.options.trust
        last = None if window.before is None or before is None else before[part]
        flow = np.zeros((*hole.shape, 2), np.float32) if last is None else self._motion(window, here, part)
        if last is not None:
            self._carry(here, last, flow, answers)
            colours, error = answers.blend(self.options.softness)
            lacking &= error > self.options.carry + self.options.surcharge
        result = now.pixels.copy()
        result[now.hole] = np.rint(colours).clip(0, 255).astype(np.uint8)
        if lacking.any():
            self._complete(now, result, lacking)
        change = None if last is None else _flicker(result[part], last, hole, flow)
        return MendedFrame(now.index, now.with_hole(result[now.hole]), change), result

    def _motion(self, window: Window, here: View, part: Part) -> np.ndarray:
        """The flow (H, W, 2) to the frame before; exactly 0 in a scene at rest, so that nothing there is resampled."""
        other = window.look(-1, part)
        if (at_rest(here, other).error > self.options.rest).mean() <= _MOVING_SHARE:
            return np.zeros((*here.known.shape, 2), np.float32)
        return find_motion(here, other, start=window.drift(-1, part))

    def _carry(self, here: View, last: np.ndarray, flow: np.ndarray, answers: Propagated) -> None:
        """Add the fill before to the answers; true content from elsewhere, which has no surcharge, goes before it."""
        other = view(last, np.zeros(last.shape[:2], bool))
        answers.add(at_rest(here, other), surcharge=self.options.surcharge)
        if flow.any():
            moving = moved(here, other, flow)
            answers.add(moving, factor=MOVED_COSTS_MORE, surcharge=self.options.surcharge)

    def _complete(self, now: StoredFrame, result: np.ndarray, lacking: np.ndarray) -> None:
        """Let the method fill those of the hole's pixels (N,) that are lacking, in place."""
        left = now.hole.copy()
        left[now.hole] = lacking
        part = _around(left, _METHOD_MARGIN)
        mask = left[part]
        seed = derive_seed(self.seed, "frame", now.index)
        filled = to_bytes(self.method.inpaint(to_image(result[part]), mask, seed=seed)[0])
        result[part][left[part]] = filled[left[part]]


def _flicker(now: np.ndarray, before: np.ndarray, hole: np.ndarray, flow: np.ndarray) -> float | None:
    """`metrics.flicker` of uint8 (H, W, 3); None where all of the hole comes from outside the picture."""
    hole = hole & inside(flow)
    if not hole.any():
        return None
    return flicker(to_image(now), to_image(before), mask=hole, flow=flow)


def _around(hole: np.ndarray, margin: int) -> Part:
    """The rows and columns of a hole and `margin` pixels on every side."""
    spans = []
    for axis in (1, 0):
        where = np.flatnonzero(hole.any(axis))
        spans.append(slice(max(0, int(where[0]) - margin), min(hole.shape[1 - axis], int(where[-1]) + 1 + margin)))
    return spans[0], spans[1]


@dataclass(frozen=True)
class FrameByFrame:
    """A method for pictures, applied to each frame with the same seed."""

    method: Method
    seed: int = 0

    @property
    def reach(self) -> int:
        """No other frame is looked at."""
        return 0

    def mend(self, frames: Iterable[MaskedFrame], *, done: Sequence[MendedFrame] = ()) -> Iterator[MendedFrame]:
        """Fill frames as they come; see `FrameFiller`."""
        for frame in frames:
            image = frame.image
            if frame.mask.any():
                (fill,) = self.method.inpaint(image, frame.mask, seed=self.seed)
                image = np.where(frame.mask[..., None], whole_bytes(fill), image)
            yield MendedFrame(frame.index, image, None)


STEADINESS = ("temporal", "none")


def make_filler(
    steady: str, *, method: Method, seed: int, options: Mapping[str, Any] | None = None
) -> tuple[FrameFiller, Any]:
    """A filler by its name, and its options.

    Args:
        steady: "temporal" takes what near frames show and keeps fills alike, "none" fills each frame alone.
        method: what fills a hole, or what is left of it.
        seed: same seed, same bytes.
        options: changes to `TemporalOptions`.

    Raises:
        OptionError: an unknown name, or options that do not fit.
    """
    check_known("steadiness", steady, STEADINESS)
    if steady == "none":
        if options:
            raise OptionError(f"option {next(iter(options))} is for frames that look at each other; leave it out")
        return FrameByFrame(method, seed), None
    chosen = replace_options(TemporalOptions(), options or {})
    return TemporalFill(chosen, method=method, seed=seed), chosen
