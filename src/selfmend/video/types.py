"""What goes into a filler of frames and what comes out of it, in the order of the clip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from selfmend.core.types import Image, Mask


@dataclass(frozen=True)
class MaskedFrame:
    """A frame and its hole.

    Attributes:
        index: number in the clip, from 0.
        image: (1, 3, H, W) in [0, 1].
        mask: (1, 1, H, W), True = hole; it may be empty.
    """

    index: int
    image: Image
    mask: Mask


@dataclass(frozen=True)
class MendedFrame:
    """A frame whose hole is filled.

    Attributes:
        index: number in the clip, from 0.
        image: (1, 3, H, W) in [0, 1]: known pixels equal those of the frame to the bit, filled ones are whole bytes
            (`whole_bytes`), so that a PNG keeps them exactly and a clip that is mended in two goes stays the same.
        flicker: mean absolute difference inside the hole to the frame before, moved along with the picture, 0 to 255;
            None where it is not defined: no frame before, or no hole.
    """

    index: int
    image: Image
    flicker: float | None


class FrameFiller(Protocol):
    """Fills the holes of frames in their order.

    Attributes:
        reach: how many frames before and behind a frame it looks at.
    """

    @property
    def reach(self) -> int:
        """See above."""

    def mend(self, frames: Iterable[MaskedFrame], *, done: Sequence[MendedFrame] = ()) -> Iterator[MendedFrame]:
        """Fill frames as they come, with no more than `reach` of them held on each side.

        Args:
            frames: in order, without gaps. Where work goes on at frame k, they begin up to `reach` frames before it.
            done: the up to `reach` frames before k, as they were mended; they do not come out again.

        Returns:
            The frames from k on, with the same bytes as if the work had never stopped.
        """


def whole_bytes(image: Image) -> Image:
    """Values in [0, 1] as the nearest whole 255ths, which are the same float after a PNG.

    Example:
        >>> import torch
        >>> float(whole_bytes(torch.tensor(0.5)) * 255)
        128.0
    """
    return (image.clamp(0, 1) * 255).round() / 255
