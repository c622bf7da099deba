"""The frames around the one that is filled: held while they are needed, asked for what lies around a hole."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from functools import partial

import numpy as np

from selfmend.core.checks import SelfmendError
from selfmend.video.align import View, view
from selfmend.video.borrow import Neighbour, distances
from selfmend.video.camera import camera_step, flow_of
from selfmend.video.stills import Still, take
from selfmend.video.types import MaskedFrame

Part = tuple[slice, slice]
"""Rows and columns of a frame."""

_AT_REST = 0.4  # px: a camera that has moved less is not followed


class Window:
    """Up to `reach` frames on each side of frame number `place` of those that are held."""

    def __init__(self, reach: int) -> None:
        self.reach, self.place = reach, 0
        self.stills: deque[Still] = deque()
        self._steps: dict[tuple[int, int], np.ndarray] = {}

    @property
    def now(self) -> Still:
        """The frame to be filled."""
        return self.stills[self.place]

    @property
    def before(self) -> Still | None:
        """The frame before it in the same shot."""
        return None if self.place == 0 or self.now.cut else self.stills[self.place - 1]

    def add(self, frame: MaskedFrame) -> None:
        """Hold one more frame.

        Raises:
            SelfmendError: not the frame that follows, or not of its kind and size.
        """
        last = self.stills[-1] if self.stills else None
        if last is not None and frame.index != last.index + 1:
            raise SelfmendError(f"frame {frame.index} follows frame {last.index}; frames come in order, without gaps")
        self.stills.append(take(frame, last))

    def advance(self) -> None:
        """Go to the next frame and let go of what is out of reach."""
        self.place += 1
        if self.place > self.reach:
            gone = self.stills.popleft().index
            self.place -= 1
            self._steps = {pair: step for pair, step in self._steps.items() if gone not in pair}

    def look(self, distance: int, part: Part) -> View:
        """A part of the frame `distance` frames away."""
        still = self.stills[self.place + distance]
        return view(still.pixels[part], still.hole[part])

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
        total, side = np.eye(3), 1 if distance > 0 else -1
        for k in range(self.place, self.place + distance, side):
            here, there = self.stills[k], self.stills[k + side]
            pair = here.index, there.index
            if pair not in self._steps:
                self._steps[pair] = camera_step(here, there)
            total = self._steps[pair] @ total
        flow = flow_of(total, part)
        return flow if np.abs(flow).max() > _AT_REST else None

    def _same_shot(self, distance: int) -> bool:
        there = self.place + distance
        if not 0 <= there < len(self.stills):
            return False
        first, last = sorted((self.place, there))
        return not any(self.stills[k].cut for k in range(first + 1, last + 1))


def windows(frames: Iterable[MaskedFrame], *, reach: int, first: int | None) -> Iterator[Window]:
    """A window for each frame from number `first` on (None: from the start); it is the same object, moved on.

    Raises:
        SelfmendError: the frames do not come in order, or begin too late to go on at `first`.
    """
    window, source, more = Window(reach), iter(frames), True
    while True:
        while more and len(window.stills) <= window.place + reach:
            frame = next(source, None)
            more = frame is not None
            if frame is not None:
                if first is not None and not window.stills and frame.index >= first:
                    message = (
                        f"the frames begin at {frame.index}; to go on at {first}, up to {reach} before it are needed"
                    )
                    raise SelfmendError(message)
                window.add(frame)
        if window.place >= len(window.stills):
            return
        if first is None or window.now.index >= first:
            yield window
        window.advance()
