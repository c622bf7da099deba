"""How the frames of a film are filled: with an eye on those around them, or each alone.

With an eye on those around, each hole pixel takes, in this order: what other frames show there (`borrow`), what the
first fill of the frame before becomes when it moves along, and what a method makes of the rest. Then the fills of
neighbouring frames are brought to agree (`steady.py`). Nothing is taken across a cut. A frame's first fill depends on
the frames up to `reach` before and behind it and on the first fill before, which is kept beside the last, so that work
can go on anywhere with the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from selfmend.errors import OptionError, check_known
from selfmend.methods.base import Method
from selfmend.options import option, replace_options
from selfmend.seeding import derive_seed
from selfmend.types import box_around
from selfmend.video.borrow import MOVED_COSTS_MORE, Propagated, borrow
from selfmend.video.frames import FrameFiller, MaskedFrame, MendedFrame, StoredFrame, to_bytes, to_image, whole_bytes
from selfmend.video.motion import View, at_rest, find_motion, moved, view
from selfmend.video.steady import Draft, steadied
from selfmend.video.window import Part, Window, windows

OURS = "measured, docs/results-video.md"
_METHOD_MARGIN = 64  # px around what is left for the method
_MOST_LEFT = 0.4  # of what the method sees: where more is hole, it sees more
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
    steady: int = option(
        3, "fills before and behind that each is brought to agree with", unit="frames", source=OURS, low=0
    )


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
        first = done[-1].index + 1 if done else 0
        before = to_bytes(done[-1].image) if done else None
        reach = min(self.options.steady, self.options.reach)
        drafts = self._drafts(frames, done)
        for one in steadied(drafts, reach=reach, rest=self.options.rest, first=first, before=before):
            now, hole = one.draft.still, one.draft.still.hole
            yield MendedFrame(now.index, now.with_hole(one.pixels[hole]), one.flicker, one.draft.pixels[hole])

    def _drafts(self, frames: Iterable[MaskedFrame], done: Sequence[MendedFrame]) -> Iterator[Draft]:
        """The first fills of frames as they come; before them, of those frames that are done."""
        first = done[-1].index + 1 if done else None
        before: np.ndarray | None = None
        for window in windows(frames, reach=self.options.reach, first=first):
            if before is None and done:
                earlier = list(window.stills)[: window.place]
                for still, one in zip(earlier[-len(done) :], done[-len(earlier) :], strict=True):
                    draft = _kept(still, one)
                    yield draft
                before = draft.pixels
            before = self._draft(window, before)
            yield Draft(window.now, before)

    def _draft(self, window: Window, before: np.ndarray | None) -> np.ndarray:
        """The frame that the window is at, filled, uint8 (H, W, 3); `before` is the frame before, filled."""
        now = window.now
        if not now.hole.any():
            return now.pixels
        part = box_around(now.hole, self.options.margin)
        here = window.look(0, part)
        answers = borrow(here, window.neighbours(part))
        colours, error = answers.blend(self.options.softness)
        lacking = error > self.options.trust
        if window.before is not None and before is not None:
            self._carry(here, before[part], self._motion(window, here, part), answers)
            colours, error = answers.blend(self.options.softness)
            lacking &= error > self.options.carry + self.options.surcharge
        result = now.pixels.copy()
        result[now.hole] = np.rint(colours).clip(0, 255).astype(np.uint8)
        if lacking.any():
            self._complete(now, result, lacking)
        return result

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
        margin = _METHOD_MARGIN
        part = box_around(left, margin)
        while left[part].mean() > _MOST_LEFT and margin < max(left.shape):
            margin *= 2
            part = box_around(left, margin)
        mask = left[part]
        seed = derive_seed(self.seed, "frame", now.index)
        filled = to_bytes(self.method.inpaint(to_image(result[part]), mask, seed=seed)[0])
        result[part][left[part]] = filled[left[part]]


def _kept(still: StoredFrame, mended: MendedFrame) -> Draft:
    """The draft of a frame that is done."""
    pixels = to_bytes(mended.image)
    if mended.draft is not None:
        pixels[still.hole] = mended.draft
    return Draft(still, pixels)


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
