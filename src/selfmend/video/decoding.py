"""From packets to frames in the order in which they are shown, with one in the place of each that is broken."""

from __future__ import annotations

import warnings
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from selfmend.core.checks import SelfmendWarning
from selfmend.video.containers import reason

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream


@dataclass(frozen=True)
class Shown:
    """A frame at its time, `pts` in units of the stream's time base."""

    pts: int
    source: VideoFrame
    broken: bool


class Order:
    """Frames in the order in which they are shown, and what is missing among them."""

    def __init__(self, stream: VideoStream, times: Sequence[int], *, hidden: bool) -> None:
        """Prepare for one pass.

        Args:
            stream: what is decoded.
            times: of all packets, as `packet_times` gives them; empty where they have none.
            hidden: whether the codec has packets that are never shown, so that one without a frame is no damage.
        """
        self._stream, self._times, self._timed, self._hidden = stream, times, bool(times), hidden
        self._next = 0  # the first of the times that has not passed
        self._damaged = self._repeated = False
        self._before: Shown | None = None

    def frames(self, container: InputContainer) -> Iterator[Shown]:
        """Decode the stream of `container`."""
        for frame in self._decode(container):
            if frame.interlaced_frame:
                self._times = ()  # a packet may be half a frame
            pts = self._time(frame)
            if self._before is None and self._damaged:  # the first one that can be decoded stands for those before it
                self._before = Shown(min([pts, *self._times[:1]]) - 1, frame, broken=True)
            if self._before is not None and pts <= self._before.pts:
                if self._repeated:
                    continue  # its place was taken
                pts = self._before.pts + 1  # times that do not rise are a fault of the file
            yield from self._missing(pts)
            self._before = Shown(pts, frame, bool(frame.is_corrupt))
            yield self._before
        yield from self._missing(None)

    def _decode(self, container: InputContainer) -> Iterator[VideoFrame]:
        import av

        packets = container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError as error:
                message = f"the film is damaged and cannot be read to its end ({reason(error)})"
                warnings.warn(message, SelfmendWarning, stacklevel=2)
                return
            if packet is None:
                return
            try:
                yield from packet.decode()
            except av.FFmpegError:
                self._damaged = True

    def _time(self, frame: VideoFrame) -> int:
        """The frame's own time; where the file tells none, one frame follows the other at a constant rate."""
        if self._before is None:
            return frame.pts or 0
        if not self._timed or frame.pts is None:
            rate = self._stream.guessed_rate or self._stream.average_rate or 25
            return self._before.pts + max(1, round(1 / (rate * (self._stream.time_base or Fraction(1, 1000)))))
        return frame.pts

    def _missing(self, until: int | None) -> Iterator[Shown]:
        """The frame before once more for each time before `until` at which none came."""
        while self._next < len(self._times) and (until is None or self._times[self._next] <= until):
            pts, self._next = self._times[self._next], self._next + 1
            if self._before is None or pts == until or pts <= self._before.pts:
                continue  # a film cut out of another may begin with frames that are never shown
            if self._damaged or not self._hidden:
                self._before, self._repeated = Shown(pts, self._before.source, broken=True), True
                yield self._before


def packet_times(container: InputContainer, stream: VideoStream) -> tuple[array[int], int | None]:
    """When the packets of a stream are shown, in order, and how many there are.

    Returns:
        Times in units of the stream's time base, empty where the file does not tell them; the count of packets, None
        where there are none.
    """
    import av

    times, count = array("q"), 0
    timed = container.format.name != "avi"  # which knows no other order than that of decoding
    try:
        for packet in container.demux(stream):
            if packet.size and not packet.is_discard:
                count += 1
                timed = timed and packet.pts is not None
                times.append(packet.pts or 0)
    except av.FFmpegError:  # a damaged end; decoding says so
        pass
    return array("q", sorted(times) if timed else []), count or None


def frame_rate(times: Sequence[int], time_base: Fraction, told: Fraction) -> tuple[Fraction, bool]:
    """Frames a second, and whether the times are off a straight line by more than their rounding.

    Args:
        times: in order, in units of `time_base`.
        time_base: seconds.
        told: frames a second by the file's own account, which holds where they are constant.
    """
    if len(times) < 3 or times[-1] == times[0]:
        return told, False
    step = Fraction(times[-1] - times[0], len(times) - 1)
    slack = 1 if step > 2 else 0  # a unit of MKV is a thousandth of a second, one of AVI is a frame
    variable = any(abs(t - times[0] - k * step) > slack for k, t in enumerate(times))
    return (1 / (step * time_base) if variable else told), variable
