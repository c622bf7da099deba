"""The frames around the one that is filled: held while they are needed, asked for what lies around a hole."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial

import numpy as np

from selfmend.errors import SelfmendError
from selfmend.video.borrow import Neighbour, distances
from selfmend.video.frames import MaskedFrame, StoredFrame, take
from selfmend.video.motion import View, camera_step, flow_of, smooth_grey, view_of
from selfmend.video.prefetch import ahead

Part = tuple[slice, slice]
"""Rows and columns of a frame."""
Step = Future[np.ndarray]
"""The camera's motion from a frame to the next one."""

_AT_REST = 0.4  # px: a camera that has moved less is not followed
TAKEN_AHEAD = 2
"""Frames beyond the reach that are read, so that the camera has been followed to them when they are asked."""


class Window:
    """Up to `reach` frames on each side of frame number `place` of those that are held."""

    def __init__(self, reach: int, beside: Executor) -> None:
        """`beside` follows the camera while holes are filled here."""
        self.reach, self.place, self._beside = reach, 0, beside
        self.stills: deque[StoredFrame] = deque()
        self._steps: dict[int, Step] = {}
        self._part: Part | None = None
        self._greys: dict[int, np.ndarray] = {}

    @property
    def now(self) -> StoredFrame:
        """The frame to be filled."""
        return self.stills[self.place]

    @property
    def before(self) -> StoredFrame | None:
        """The frame before it in the same shot."""
        return None if self.place == 0 or self.now.cut else self.stills[self.place - 1]

    def add(self, still: StoredFrame, step: Step | None = None) -> None:
        """Hold one more frame, the one that follows; `step` is to it where that is being found already."""
        if step is not None:
            self._steps[still.index - 1] = step
        self.stills.append(still)

    def advance(self) -> None:
        """Go to the next frame and let go of what is out of reach."""
        self.place += 1
        if self.place > self.reach:
            gone = self.stills.popleft().index
            self.place -= 1
            self._steps.pop(gone, None)
            self._greys.pop(gone, None)

    def look(self, distance: int, part: Part) -> View:
        """A part of the frame `distance` frames away."""
        still = self.stills[self.place + distance]
        if part != self._part:  # a text stands for many frames, and each is looked at again and again
            self._part, self._greys = part, {}
        pixels, hole = still.pixels[part], still.hole[part]
        if still.index not in self._greys:
            self._greys[still.index] = smooth_grey(pixels, hole)
        return view_of(pixels, hole, self._greys[still.index])

    def neighbours(self, part: Part) -> list[Neighbour]:
        """The other frames of the shot, the nearest first, by growing distances."""
        near = []
        for distance in distances(self.reach):
            for away in (-distance, distance):
                if self._same_shot(away):
                    hole = self.stills[self.place + away].hole[part]
                    near.append(Neighbour(away, hole, partial(self.drift, away, part), partial(self.look, away, part)))
        return near

    def drift(self, distance: int, part: Part) -> np.ndarray | None:
        """The camera's motion to the frame `distance` frames away as a flow; None where it is next to nothing."""
        first, last = sorted((self.place, self.place + distance))
        total = np.eye(3)
        for k in range(first, last):
            total = self._step(k).result() @ total
        flow = flow_of(total if distance > 0 else np.linalg.inv(total), part)
        return flow if np.abs(flow).max() > _AT_REST else None

    def _step(self, place: int) -> Step:
        now, other = self.stills[place], self.stills[place + 1]
        if now.index not in self._steps:
            self._steps[now.index] = self._beside.submit(camera_step, now, other)
        return self._steps[now.index]

    def _same_shot(self, distance: int) -> bool:
        there = self.place + distance
        if not 0 <= there < len(self.stills):
            return False
        first, last = sorted((self.place, there))
        return not any(self.stills[k].cut for k in range(first + 1, last + 1))


def windows(frames: Iterable[MaskedFrame], *, reach: int, first: int | None) -> Iterator[Window]:
    """A window for each frame from number `first` on (None: from the start); it is the same object, moved on.

    Raises:
        ImageError, MaskError: a frame of another kind or size.
        SelfmendError: the frames do not come in order, or begin too late to go on at `first`.
    """
    with ThreadPoolExecutor(1) as beside:
        window, more = Window(reach, beside), True
        source = ahead(_taken(frames, reach, first, beside), depth=TAKEN_AHEAD)
        try:
            while True:
                while more and len(window.stills) <= window.place + reach:
                    taken = next(source, None)
                    more = taken is not None
                    if taken is not None:
                        window.add(*taken)
                if window.place >= len(window.stills):
                    return
                if first is None or window.now.index >= first:
                    yield window
                window.advance()
        finally:
            beside.shutdown(wait=False, cancel_futures=True)
            source.close()


def _taken(
    frames: Iterable[MaskedFrame], reach: int, first: int | None, beside: Executor
) -> Iterator[tuple[StoredFrame, Step | None]]:
    """The frames, with the camera's way from the one before, if a hole near by will ask for it."""
    last: StoredFrame | None = None
    asked_until = -1
    for frame in frames:
        if last is None and first is not None and frame.index >= first:
            raise SelfmendError(
                f"the frames begin at {frame.index}; to go on at {first}, up to {reach} before it are needed"
            )
        if last is not None and frame.index != last.index + 1:
            raise SelfmendError(f"frame {frame.index} follows frame {last.index}; frames come in order, without gaps")
        still, step = take(frame, last), None
        if still.hole.any():
            asked_until = still.index + reach
        if last is not None and not still.cut and still.index <= asked_until:
            step = beside.submit(camera_step, last, still)
        last = still
        yield still, step
