"""What a film has beside its pictures (sound, subtitles), passed on packet by packet as it is."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from selfmend.core.checks import SelfmendWarning
from selfmend.video.containers import open_film, reason

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet
    from av.stream import Stream


class Passing:
    """Streams of a film on their way into another, a little at a time, so that sound and pictures stay close."""

    def __init__(self, path: Path, target: OutputContainer, *, start: Fraction | None, end: Fraction | None) -> None:
        """Add a stream to `target` for each that it takes; a warning names the others.

        Args:
            path: the film that is read.
            target: the film that is written, before anything was written.
            start, end: seconds of the file's own clock between which packets are passed on, which then begin at 0;
                None is from, and to, the end.
        """
        self._source, pictures = open_film(path)
        self._target, self._start, self._end = target, start, end
        self._streams: dict[int, Stream] = {}
        for stream in self._source.streams:
            if stream.index != pictures.index:
                self._add(stream)
        self._packets = self._wanted()
        self._next = next(self._packets, None)

    def _add(self, stream: Stream) -> None:
        kind = "sound" if stream.type == "audio" else stream.type
        try:
            if stream.type not in ("audio", "subtitle", "attachment"):
                raise ValueError("no place for it")
            copy = self._target.add_stream_from_template(stream, opaque=True)
        except ValueError:  # also FFmpeg's
            message = f"the output cannot hold a stream of the film ({kind} {stream.index}); it is left out"
            warnings.warn(message, SelfmendWarning, stacklevel=4)
            return
        copy.metadata.update({k: v for k, v in stream.metadata.items() if k.lower() in ("language", "title")})
        copy.disposition = stream.disposition
        self._streams[stream.index] = copy

    def pass_until(self, seconds: Fraction | None) -> None:
        """Pass on what begins up to a time of the written film; None is all that is left."""
        while self._next is not None and (seconds is None or _time(self._next) - (self._start or 0) <= seconds):
            packet, stream = self._next, self._streams[self._next.stream_index]
            if self._start is not None and packet.time_base:
                shift = round(self._start / packet.time_base)
                packet.pts = None if packet.pts is None else packet.pts - shift
                packet.dts = None if packet.dts is None else packet.dts - shift
            packet.stream = stream
            self._target.mux(packet)
            self._next = next(self._packets, None)

    def close(self) -> None:
        """Let go of the file."""
        self._source.close()

    def _wanted(self) -> Iterator[Packet]:
        import av

        streams = [s for s in self._source.streams if s.index in self._streams and s.type != "attachment"]
        if not streams:
            return
        try:
            for packet in self._source.demux(*streams):
                if packet.dts is None or packet.size == 0:
                    continue
                if self._start is not None and _time(packet) < self._start:
                    continue
                if self._end is None or _time(packet) < self._end:
                    yield packet
        except av.FFmpegError as error:
            message = f"the sound is damaged and is passed on up to there only ({reason(error)})"
            warnings.warn(message, SelfmendWarning, stacklevel=2)


def _time(packet: Packet) -> Fraction:
    """Seconds at which a packet is heard or shown."""
    ticks = packet.dts if packet.pts is None else packet.pts
    return Fraction(ticks or 0) * Fraction(packet.time_base)
