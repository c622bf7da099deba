"""Subtitles of a film: lines of text that stand still while the picture behind them moves."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from selfmend.errors import ImageError
from selfmend.image.color import as_channels
from selfmend.masks.text import DEFAULTS, Region, TextLine, mask_of, search_text
from selfmend.masks.text_letters import TextOptions, brightness
from selfmend.types import Image, Mask

REACH = 2  # frames before and after that are looked at
_LEAST = 3  # of these frames have a line; a person needs ten times as many to read one
_SAME = 0.1  # by which the brightness of a line differs from frame to frame, on average, where it is the same line
_SAME_PIXELS = 0.8  # share of its pixels that differ by less than twice that


@dataclass(frozen=True)
class _Seen:
    """A frame, as far as the others must know it: its brightness in bytes, and the lines found in it."""

    grey: np.ndarray
    lines: list[TextLine]


class SteadyText:
    """Masks of the subtitles of a film, frame by frame, from the text that is also there in a frame before or after.

    A line that is found in one frame is looked for, pixel by pixel, in the frames within `REACH` of it. It covers every
    frame where it is, also those where it was not found; a line that is in one or two only is none. So nothing that
    moves is taken for text, and no mask flickers. Memory is that of `2 * REACH + 1` frames of one byte a pixel.

    Example:
        >>> import numpy as np
        >>> text = SteadyText()
        >>> frame = np.random.default_rng(0).random((24, 32, 3), np.float32)
        >>> masks = [mask for _ in range(4) for mask in text.push(frame)]
        >>> len(masks), len(masks + list(text.finish()))
        (2, 4)
    """

    def __init__(self, *, options: TextOptions = DEFAULTS, region: Region | None = None) -> None:
        """Start a film; arguments as `find_text`."""
        self.options, self.region = options, region
        self._seen: deque[_Seen] = deque()
        self._before = 0  # how many of them come before the next frame that gets a mask

    def push(self, image: Image) -> list[Mask]:
        """Take the next frame.

        Args:
            image: (H, W, 1 or 3) in [0, 1], of the same size as the others.

        Returns:
            The mask, bool (H, W), of the frame `REACH` frames ago; nothing while there are not so many yet.

        Raises:
            ImageError: not a picture, or of another size.
            MaskError: a region that holds no pixel of the picture.
        """
        lines = search_text(image, options=self.options, region=self.region)
        grey = (brightness(as_channels(image, 3, name="frame")) * 255).round().astype(np.uint8)
        if self._seen and self._seen[0].grey.shape != grey.shape:
            (height, width), (first_height, first_width) = grey.shape, self._seen[0].grey.shape
            raise ImageError(f"a frame is {width} x {height} and those before it {first_width} x {first_height}")
        self._seen.append(_Seen(grey=grey, lines=lines))
        return [self._next()] if len(self._seen) > self._before + REACH else []

    def finish(self) -> Iterator[Mask]:
        """The masks of the last frames."""
        while len(self._seen) > self._before:
            yield self._next()

    def _next(self) -> Mask:
        here = self._seen[self._before]
        lines = list(here.lines) if len(self._seen) == 1 else list(self._lines())
        if self._before == REACH:
            self._seen.popleft()
        else:
            self._before += 1
        return mask_of(lines, (here.grey.shape[0], here.grey.shape[1]))

    def _lines(self) -> Iterator[TextLine]:
        """The lines of the next frame, wherever they were found."""
        for source, frame in enumerate(self._seen):
            for line in frame.lines:
                there = [_is_there(line, frame, other) for other in self._seen]
                if sum(there) >= min(_LEAST, len(there)) and _unbroken(there, source, self._before):
                    yield line


def steady_text(
    images: Iterable[Image], *, options: TextOptions = DEFAULTS, region: Region | None = None
) -> Iterator[Mask]:
    """The subtitles of each frame of a film as a mask, in order, as many as there are frames; see `SteadyText`.

    Args:
        images: the frames, (H, W, 1 or 3) in [0, 1]; taken when they are needed, `REACH` ahead.
        options: how text is told from the picture, and how much around it is covered.
        region: x, y, width and height in pixels of the part that is looked at; the whole picture by default.

    Returns:
        bool (H, W), a frame each; one without text is empty.

    Raises:
        ImageError: a frame that is no picture, or of another size than the first.
        MaskError: a region that holds no pixel of the frames.
    """
    text = SteadyText(options=options, region=region)
    for image in images:
        yield from text.push(image)
    yield from text.finish()


def _unbroken(there: list[bool], source: int, target: int) -> bool:
    """Whether a line is in all frames from the one where it was found to the one that is asked about."""
    return all(there[min(source, target) : max(source, target) + 1])


def _is_there(line: TextLine, frame: _Seen, other: _Seen) -> bool:
    """Whether the letters and outlines of a line of one frame look the same in another."""
    if frame is other:
        return True
    one, two = (seen.grey[line.place][line.written].astype(np.int16) for seen in (frame, other))
    apart = abs(one - two) / 255
    return bool(apart.mean() <= _SAME and (apart <= 2 * _SAME).mean() >= _SAME_PIXELS)
