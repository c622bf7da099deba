"""The frames of a film, in the order in which they are shown, one after the other."""

from __future__ import annotations

import warnings
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeAlias

from selfmend.errors import ImageError, OptionError, SelfmendWarning
from selfmend.types import Image, Size
from selfmend.video.decoding import (
    PacketOrder,
    Shown,
    frame_files,
    frame_rate,
    open_film,
    packet_times,
    picture_frames,
    rate_of,
    to_image,
)
from selfmend.video.details import (
    Details,
    Light,
    chapters_of,
    field_order_of,
    light_of,
    said_with,
    shows_alpha,
    tags_of,
    track_of,
)

if TYPE_CHECKING:
    from av import VideoFrame

Moment: TypeAlias = int | float
"""A place in a clip: an int is a frame's number, from 0; a float is seconds since the first frame."""

_HAVE_HIDDEN_FRAMES = ("vp8", "vp9", "av1")  # packets that are never shown: one without a frame is no damage
_SLACK = 1e-6  # seconds; times are fractions, moments are decimals


@dataclass(frozen=True)
class Frame:
    """One frame.

    Attributes:
        index: number in the clip, from 0.
        pts: time in units of the clip's `time_base`.
        time: seconds since the clip's first frame.
        image: (H, W, 3) in [0, 1], whole bytes, upright.
        source: the frame as the codec gave it: pixel format, planes, colour space.
        broken: the frame is damaged, or is the one before it in the place of one that could not be decoded.
    """

    index: int
    pts: int
    time: float
    image: Image
    source: VideoFrame
    broken: bool = False


class Clip:
    """A film as its frames.

    Attributes:
        path: the file, or the folder.
        first, last: what `frames` gives, both included.
        size: (height, width) as it is shown, after a turn that the file asks for.
        first_frame: of the whole film, as the codec gave it.
        metadata: of the file: title, ...
        sample_aspect_ratio: of a pixel; None where the file does not tell.
        stored_size: (height, width) of the frames in the file.
        turns: quarter turns to the left that make a stored frame upright.
        rate: frames a second, the mean where it varies.
        variable_rate: whether frames are shown for different times.
        frame_count: frames in the file, or an estimate where a codec hides some; None where the file does not tell.
        time_base: seconds a unit of `pts`.
        pixel_format: FFmpeg's name, e.g. "yuv420p".
        codec: FFmpeg's name, e.g. "h264"; the ending of a folder's pictures.
        has_audio: whether there is sound.
        broken: how many broken frames `frames` has met.
        alpha: whether pixels have transparency.
        field_order: "top field first", "bottom field first", or "" where frames are whole.
        track_tags: what the pictures' track says of itself: title, language, ...
        names: of the pictures of a folder, without their ending, in order; None for a film.
    """

    def __init__(
        self, path: str | Path, *, first: Moment = 0, last: Moment | None = None, fps: float | None = None
    ) -> None:
        """Open a film and look through its packets; nothing but the first frame is decoded.

        Args:
            path: a file that FFmpeg reads, or a folder of pictures of one kind, in the order of their names.
            first, last: part of the clip, both included; None is the end.
            fps: frames a second of a folder; None is 25.

        Raises:
            ImageError: no such file, no video stream, or nothing in it that can be decoded.
            OptionError: `last` before `first`, `first` behind the end, or a rate for a film.
        """
        rate = rate_of(path, fps)
        self.path, self.first, self.last, self.broken = Path(path), first, last, 0
        self.names: list[str] | None = None
        order = 0
        if rate is None:
            container, stream = open_film(path)
            with container:
                self.codec = stream.codec_context.codec.canonical_name
                self.has_audio = bool(container.streams.audio)
                self.time_base = Fraction(stream.time_base or Fraction(1, 1000))
                self.metadata, self.track_tags = dict(container.metadata), dict(stream.metadata)
                self._chapters, order = chapters_of(container), stream.codec_context.field_order
                shape = stream.sample_aspect_ratio
                told = stream.guessed_rate or stream.average_rate or Fraction(25)
                self._times, self.frame_count, self._last = packet_times(container, stream)
        else:  # a picture's place is its time: nothing of it need be read
            self._files = frame_files(path)
            self.names = [file.stem for file in self._files]
            self.codec, self.has_audio, self.metadata, self.track_tags = (
                self._files[0].suffix[1:].lower(),
                False,
                {},
                {},
            )
            self._chapters, self._times, self.frame_count = (), array("q", range(len(self.names))), len(self.names)
            self.time_base, told, self._last, shape = 1 / rate, rate, None, None
        self.rate, self.variable_rate = frame_rate(self._times, self.time_base, Fraction(told))
        shown = next(self._decoded(), None)
        if shown is None:
            raise ImageError(f"{path} is not a film that can be read (no frame of it can be decoded)")
        self.stored_size = shown.source.height, shown.source.width
        self.first_frame = shown.source
        self.sample_aspect_ratio = shape
        self._start = shown.pts
        self.pixel_format = shown.source.format.name
        self.alpha = shows_alpha(shown.source)
        self.field_order = "" if rate is not None else field_order_of(order, shown.source)
        self.turns = round(shown.source.rotation / 90) % 4
        self.size: Size = self.stored_size[::-1] if self.turns % 2 else self.stored_size
        self._check_part()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Nothing is open between two calls of `frames`."""

    def frames(self) -> Iterator[Frame]:
        """The frames from `first` to `last`, read while they are asked for; each call starts anew.

        A frame that cannot be decoded is the one before it once more, so that sound and masks keep their places; a
        warning at the end counts them.

        Raises:
            ImageError: frames of another size in the middle, or `first` behind the end.
        """
        self.broken, given, index = 0, 0, -1
        worst = None
        for index, shown in enumerate(self._decoded()):
            time = float((shown.pts - self._start) * self.time_base)
            if self.last is not None and _after(index, time, self.last):
                break
            if _before(index, time, self.first):
                continue
            if shown.broken:
                self.broken, worst = self.broken + 1, index if worst is None else worst
            given += 1
            yield Frame(index, shown.pts, time, self._upright(shown.source, index), shown.source, shown.broken)
        if not given:
            raise OptionError(f"{self.path} has {index + 1} frames; the part from {_spoken(self.first)} on is empty")
        if self.broken:
            message = (
                f"broken frames in {self.path}: {self.broken}, the first is number {worst}; what cannot be decoded is "
                "the frame before it once more"
            )
            warnings.warn(message, SelfmendWarning, stacklevel=2)

    def _upright(self, source: VideoFrame, index: int) -> Image:
        if (source.height, source.width) != self.stored_size:
            height, width = self.stored_size
            raise ImageError(
                f"{self.path} changes its size: frame {index} is {source.width} x {source.height}, the first "
                f"{width} x {height}; cut the film there (--from, --to)"
            )
        return to_image(source, turns=self.turns)

    def _check_part(self) -> None:
        for name, moment in (("first", self.first), ("last", self.last)):
            if moment is not None and moment < 0:
                raise OptionError(f"{name} is {_spoken(moment)}; a moment from 0 on fits")
        first, last = self.seconds(self.first), None if self.last is None else self.seconds(self.last)
        if last is not None and last < first - _SLACK:
            raise OptionError(
                f"the part ends ({_spoken(self.last)}) before it begins ({_spoken(self.first)}); the later moment "
                "comes last"
            )
        if self.frame_count and self.codec not in _HAVE_HIDDEN_FRAMES and self.count_before(self.first) is None:
            raise OptionError(
                f"{self.path} has {self.frame_count} frames in {self.duration:.2f} s; the part from "
                f"{_spoken(self.first)} on is empty"
            )

    @property
    def light(self) -> Light | None:
        """What the film says of HDR10."""
        return light_of(self.first_frame)

    @property
    def details(self) -> Details:
        """What is beside the pictures of the whole film."""
        return Details(
            alpha=self.alpha, field_order=self.field_order, light=self.light,
            said=said_with(self.first_frame), chapters=self._chapters, tags=tags_of(self.metadata),
            track=track_of(self.track_tags), shape=self.sample_aspect_ratio or Fraction(1),
            last=None if self._last is None else self._last * self.time_base, mean=1 / self.rate,
        )  # fmt: skip

    @property
    def whole(self) -> bool:
        """Whether `frames` gives the whole film."""
        return not self.first and self.last is None

    @property
    def duration(self) -> float:
        """Seconds from the first frame to the end of the last one, by the mean rate."""
        return float((self.frame_count or 0) / self.rate)

    def seconds(self, moment: Moment) -> float:
        """A moment in seconds, by the mean rate where it is a frame's number."""
        return float(moment / self.rate) if isinstance(moment, int) else moment

    def end_of(self, moment: Moment) -> Fraction:
        """When the frame at a moment is gone, in seconds of the file's own clock."""
        if not isinstance(moment, int):
            shown = [t for t in self._times if (t - self._start) * self.time_base <= moment + _SLACK]
            index = len(shown) - 1 if self._times else int(moment * self.rate)
        else:
            index = moment
        if index + 1 < len(self._times):
            return self._times[index + 1] * self.time_base
        return self._start * self.time_base + (index + 1) / self.rate

    def count_before(self, moment: Moment) -> int | None:
        """Frames before a moment, by the mean rate; None where the clip ends before it."""
        index = moment if isinstance(moment, int) else int(moment * float(self.rate) - _SLACK)
        return index if self.frame_count is None or index < self.frame_count else None

    def count_frames(self) -> int:
        """The frames of the whole film, counted by decoding all of them."""
        return sum(1 for _ in self._decoded())

    @property
    def expected(self) -> int | None:
        """How many frames `frames` will give, near enough for a progress bar."""
        if self.frame_count is None:
            return None
        end = None if self.last is None else self.count_before(self.last)
        return (self.frame_count if end is None else end + 1) - (self.count_before(self.first) or 0)

    def _decoded(self) -> Iterator[Shown]:
        """All frames of the file with times that rise."""
        if self.names is not None:
            yield from picture_frames(self._files)
            return
        container, stream = open_film(self.path)
        with container:
            order = PacketOrder(stream, self._times, hidden=self.codec in _HAVE_HIDDEN_FRAMES)
            yield from order.frames(container)


def _before(index: int, time: float, moment: Moment) -> bool:
    return index < moment if isinstance(moment, int) else time < moment - _SLACK


def _after(index: int, time: float, moment: Moment) -> bool:
    return index > moment if isinstance(moment, int) else time > moment + _SLACK


def _spoken(moment: Moment | None) -> str:
    return f"frame {moment}" if isinstance(moment, int) else f"{moment:g} s"
