"""Every frame filled for itself, as if it were a picture: nothing is steady from one frame to the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch

from selfmend.methods.base import Method
from selfmend.video.types import MaskedFrame, MendedFrame, whole_bytes


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
                image = torch.where(frame.mask, whole_bytes(fill), image)
            yield MendedFrame(frame.index, image, None)
