"""The holes of a film's frames, found: what a finder of pictures sees, told from the scene by what other frames show.

A stamp and a watermark stand still, so that frames from all over the film vote for one mask of all. Dust is in one
frame and in none beside it. All else is as it is found in each frame.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from selfmend.errors import check_known
from selfmend.masks.finders import FINDERS, Region, find_in
from selfmend.masks.reading import box_mask, grow_mask
from selfmend.types import Image, Mask

if TYPE_CHECKING:
    from selfmend.video.reader import Clip, Frame

KINDS = ("scratches", "dust", "stamp", "watermark")
"""What is looked for in films."""
_STILL = ("stamp", "watermark")
_LOOKED_AT = 9  # frames that vote
_VOTES = 0.5  # share of them that must see it
_APART = 0.06  # of [0, 1], by which dust differs from the frames before and after


class FoundMasks:
    """What a finder sees in the frames."""

    def __init__(
        self, clip: Clip, kind: str, *, region: Region | None = None, sensitivity: float = 0.5, grow: int = 0
    ) -> None:
        """Prepare the search.

        Args:
            clip: what it is for.
            kind: one of `KINDS`.
            region: x, y, width, height of the box that is looked at; None is the whole frame.
            sensitivity: 0 to 1; more finds more, and more that is none.
            grow: pixels by which what is found grows.

        Raises:
            OptionError: another kind.
            MaskError: a region outside the frames.
        """
        self._kind = check_known("kind of a film's damage", kind, KINDS)
        if region is not None:
            box_mask(region, clip.size)
        self._clip, self._region, self._sensitivity, self._grow = clip, region, sensitivity, grow
        self.nothing = f"no {FINDERS[kind].wanted} was found"

    def describe(self) -> dict[str, Any]:
        """All options."""
        return {"find": self._kind, "region": self._region, "sensitivity": self._sensitivity, "grow": self._grow}

    def of(self, frames: Iterator[Frame]) -> Iterator[tuple[Frame, Mask]]:
        """Each frame with what is found; for dust, one frame is read ahead."""
        if self._kind in _STILL:
            still = grow_mask(self._standing_still(), self._grow)
            return ((frame, still) for frame in frames)
        if self._kind == "dust":
            return self._passing(frames)
        return ((frame, grow_mask(self._seen(frame.image), self._grow)) for frame in frames)

    def _seen(self, image: Image) -> Mask:
        return find_in(image, self._kind, sensitivity=self._sensitivity, region=self._region)

    def _standing_still(self) -> Mask:
        """What half of the frames that are looked at show."""
        step = max(1, self._clip.count_frames() // _LOOKED_AT)
        votes, count = np.zeros(self._clip.size, np.int32), 0
        for number, frame in enumerate(self._clip.frames()):
            if number % step == step // 2:
                votes += self._seen(frame.image)
                count += 1
        still: Mask = votes > _VOTES * max(1, count)
        return still

    def _passing(self, frames: Iterator[Frame]) -> Iterator[tuple[Frame, Mask]]:
        """What is found in a frame and differs from the median of it and its neighbours."""
        held: deque[Frame] = deque(maxlen=3)
        for frame in frames:
            held.append(frame)
            if len(held) == 2:
                yield held[0], self._only_in(held[0], held[1], held[1])
            elif len(held) == 3:
                yield held[1], self._only_in(held[1], held[0], held[2])
        if len(held) == 1:
            yield held[0], grow_mask(self._seen(held[0].image), self._grow)
        elif held:
            yield held[-1], self._only_in(held[-1], held[-2], held[-2])

    def _only_in(self, frame: Frame, before: Frame, after: Frame) -> Mask:
        apart = np.minimum(*(np.abs(frame.image - other.image).max(2) for other in (before, after))) >= _APART
        found = self._seen(frame.image)
        return grow_mask(found & grow_mask(apart, 2), self._grow)
