"""Films written like the one that came: encoder, sound and other streams passed through, frames in order.

Which encoder writes a film, with which pixels and how well.

What a film has beside its pictures (sound, subtitles), passed on packet by packet as it is.

Frames out: a film like the one that was read, with its sound, or a folder of pictures.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
from PIL import Image as PILImage

from selfmend.errors import ImageError, OptionError, SelfmendWarning, nearest_name
from selfmend.image.files import save_picture
from selfmend.types import Image, Mask
from selfmend.video.decoding import BT709, LIMITED, open_film, reason, with_hole

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

    from selfmend.video.reader import Clip, Frame


FILM_ENDINGS = (".mp4", ".mkv", ".mov", ".webm", ".avi", ".m4v", ".ts", ".mpg")

_ENCODERS = {
    "h264": "libx264",
    "hevc": "libx265",
    "vp8": "libvpx",
    "vp9": "libvpx-vp9",
    "av1": "libsvtav1",
    "prores": "prores_ks",
    **{name: name for name in ("mpeg4", "mpeg2video", "mpeg1video", "mjpeg", "ffv1", "huffyuv", "ffvhuff", "utvideo")},
}
_CRF = {"libx264": 12, "libx265": 14, "libvpx": 4, "libvpx-vp9": 12, "libsvtav1": 12}  # differences are hard to see
_SETTINGS = {
    "libx265": {"x265-params": "log-level=error"},
    "libvpx": {"b": "100M", "deadline": "good", "cpu-used": "2"},  # its crf holds below a rate only
    "libvpx-vp9": {"b": "0", "deadline": "good", "cpu-used": "2", "row-mt": "1"},
    "libsvtav1": {"preset": "7"},
}
_BY_QUANTISER = ("mpeg4", "mpeg2video", "mpeg1video", "mjpeg")
_BY_RATE = ("mpeg4", "mpeg2video", "mpeg1video")  # they count time in frames, or in less than 65536 parts of a second
_TS_CODECS = ("h264", "hevc")
_EVEN_SIDES = ("libx264", "libx265", "libsvtav1")  # where colour has half the resolution


@dataclass(frozen=True)
class Encoder:
    """An encoder and its settings.

    Attributes:
        name: FFmpeg's name.
        pixel_format: FFmpeg's name.
        time_base: seconds a unit of a frame's time.
        options: FFmpeg's.
        notes: what differs from the film that came, for a person.
    """

    name: str
    pixel_format: str
    time_base: Fraction
    options: dict[str, str]
    notes: list[str] = field(default_factory=list)


def choose_encoder(clip: Clip, container: OutputContainer, *, crf: int | None = None) -> Encoder:
    """The encoder of the film's own codec where there is one and the container takes it, near lossless.

    Args:
        clip: the film that is read.
        container: what is written.
        crf: constant rate factor: the less, the nearer to the frames; None is the encoder's default of ours.

    Raises:
        OptionError: a crf that the encoder does not take.
    """
    name, notes = _ENCODERS.get(clip.codec, ""), []
    if not name or not _takes(container, name) or (name in _BY_RATE and clip.variable_rate):
        name = next((n for n in ("libx264", "libvpx-vp9", "mpeg2video") if _takes(container, n)), "")
        if not name:
            name = container.default_video_codec
        if clip.names is None:
            notes.append(f"the film is {clip.codec}, which cannot be written here; {name} takes its place")
    pixel_format = _pixel_format(name, clip)
    if pixel_format != clip.pixel_format and clip.names is None:
        notes.append(f"its pixels are {clip.pixel_format}; they are written as {pixel_format}")
    if name == "libsvtav1":
        os.environ.setdefault("SVT_LOG", "1")  # errors only
    options = dict(_SETTINGS.get(name, {}))
    if name in _CRF:
        options["crf"] = str(_CRF[name] if crf is None else crf)
    elif crf is not None:
        raise OptionError(f"{name} takes no crf; leave it out, or choose an output such as .mp4 with another codec")
    if name in _BY_QUANTISER:
        options |= {"flags": "+qscale", "global_quality": str(2 * 118), "qmin": "1"}
    time_base = 1 / clip.rate if name in _BY_RATE else clip.time_base
    return Encoder(name, pixel_format, time_base, options, notes)


def _takes(container: OutputContainer, name: str) -> bool:
    import av

    try:
        codec = av.Codec(name, "w").canonical_name
    except av.codec.codec.UnknownCodecError:
        return False
    takes_too = _TS_CODECS if container.format.name == "mpegts" else ()  # FFmpeg's list for it is incomplete
    return codec in container.supported_codecs or codec in takes_too


def _pixel_format(name: str, clip: Clip) -> str:
    """The film's own, or the nearest that the encoder takes at this size."""
    import av
    from av.codec.codec import find_best_pix_fmt_of_list

    able = [f.name for f in av.Codec(name, "w").video_formats or []]
    height, width = clip.stored_size
    if name in _EVEN_SIDES:
        able = [f for f in able if _fits(av.VideoFormat(f, 64, 64), height, width)]
    if not able:
        raise ImageError(f"{name} writes no film of {width} x {height}; another ending of the output, as .mkv, fits")
    if clip.names is not None and "yuv420p" in able:
        return "yuv420p"  # what every player shows
    if clip.pixel_format in able:
        return clip.pixel_format
    best, _ = find_best_pix_fmt_of_list(able, clip.pixel_format)
    return best.name if best is not None else able[0]


def _fits(kind: object, height: int, width: int) -> bool:
    """Whether no plane of a pixel format (given for 64 x 64) would have half a pixel."""
    return all(
        height % (64 // part.height) == 0 and width % (64 // part.width) == 0
        for part in kind.components  # type: ignore[attr-defined]
    )


def check_ending(ending: str) -> None:
    """Refuse a name that says no film's format.

    Raises:
        ImageError: naming the nearest ending.
    """
    if ending.lower() not in FILM_ENDINGS:
        hint = nearest_name(ending, FILM_ENDINGS)
        raise ImageError(f"cannot tell the format of a film by the ending {ending!r}; {hint}")


def say(notes: list[str]) -> None:
    """Tell what will differ."""
    for note in notes:
        warnings.warn(note, SelfmendWarning, stacklevel=3)


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


_NOT_COPIED = ("encoder", "creation_time", "major_brand", "minor_version", "compatible_brands", "duration")


class FrameWriter(Protocol):
    """Takes mended frames in their order, and is closed at the end by `with`."""

    def write(self, frame: Frame, image: Image, mask: Mask) -> None:
        """Write a frame whose hole (H, W) is filled in `image` (H, W, 3)."""

    def __enter__(self) -> Self: ...

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None: ...


class FilmWriter:
    """A film of the size, times and colours of another; what is not in a hole is encoded from the decoder's own bytes.

    Times are kept, whether they are regular or not; those of a part begin at 0. The encoder and its container write
    nothing of the day or of chance, so that the same frames give the same file.

    Attributes:
        touched: whether any frame had a hole.
    """

    def __init__(self, clip: Clip, path: Path, *, crf: int | None = None) -> None:
        """Begin a film.

        Args:
            clip: what is read.
            path: where to; its ending is the format.
            crf: see `choose_encoder`.

        Raises:
            ImageError: the format cannot be written. OptionError: a crf that does not fit.
        """
        import av

        self._clip, self._path = clip, path
        self.touched = False
        self._start: int | None = 0 if clip.whole else None
        self._passing: Passing | None = None
        try:
            self._film: OutputContainer = av.open(f"file:{path}", "w", options={"fflags": "+bitexact"})
        except (ValueError, OSError) as error:
            raise ImageError(f"cannot write {path.name}: {reason(error)}") from error
        try:
            self._encoder = choose_encoder(clip, self._film, crf=crf)
            self._stream = self._add_pictures(self._encoder)
        except BaseException:
            self._film.close()
            raise
        say(self._encoder.notes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Finish the film; after an error, only let go of the files."""
        try:
            if error is None and self._passing is not None:
                self._mux(None)
                self._passing.pass_until(None)
        finally:
            self._film.close()
            if self._passing is not None:
                self._passing.close()

    def write(self, frame: Frame, image: Image, mask: Mask) -> None:
        """Encode a frame; what sounds until then is written before it.

        Raises:
            ImageError: it cannot be written, as on a full disk.
        """
        import av

        try:
            self._write(frame, image, mask)
        except av.FFmpegError as error:
            raise ImageError(f"frame {frame.index} cannot be written ({reason(error)})") from error

    def _write(self, frame: Frame, image: Image, mask: Mask) -> None:
        if self._passing is None:
            self._begin(frame)
        picture = frame.source
        if mask.any():
            picture, self.touched = with_hole(picture, image, mask, turns=self._clip.turns), True
        if picture.format.name != self._encoder.pixel_format:
            picture = picture.reformat(format=self._encoder.pixel_format, **self._colours)
        base = self._encoder.time_base
        seconds = (frame.pts - (self._start or 0)) * self._clip.time_base
        picture.pts, picture.time_base = round(seconds / base), base
        picture.duration = round((picture.duration or 0) * self._clip.time_base / base)
        picture.pict_type = 0  # the encoder decides, not the film that came
        assert self._passing is not None
        self._passing.pass_until(Fraction(seconds))
        self._mux(picture)

    def _mux(self, picture: object) -> None:
        self._film.mux(self._stream.encode(picture))  # type: ignore[arg-type]

    def _begin(self, frame: Frame) -> None:
        """With the first frame it is known where a part begins."""
        base, start, end = self._clip.time_base, None, None
        if self._start is None:
            self._start = frame.pts
            start = self._start * base
            last = self._clip.last
            if last is not None:
                end = self._clip.end_of(last)
        self._passing = Passing(self._clip.path, self._film, start=start, end=end)

    def _add_pictures(self, encoder: Encoder) -> VideoStream:
        import av

        clip, first = self._clip, self._clip.first_frame
        rate = clip.rate.limit_denominator(1 << 16)
        stream = self._film.add_stream(encoder.name, rate=rate, options=encoder.options)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = clip.stored_size
        stream.pix_fmt = encoder.pixel_format
        context = stream.codec_context
        context.time_base = encoder.time_base
        self._colours: dict[str, Any] = {}
        if clip.names is not None and encoder.pixel_format.startswith("yuv"):
            self._colours = {"dst_colorspace": BT709, "dst_color_range": LIMITED}
            context.color_range = LIMITED
            context.colorspace = context.color_primaries = context.color_trc = BT709
        else:
            context.color_range, context.colorspace = first.color_range, first.colorspace
            context.color_primaries, context.color_trc = first.color_primaries, first.color_trc
        if clip.sample_aspect_ratio:
            context.sample_aspect_ratio = clip.sample_aspect_ratio
        if clip.turns:
            stream.set_display_rotation(first.rotation)
        self._film.metadata.update({k: v for k, v in clip.metadata.items() if k.lower() not in _NOT_COPIED})
        return stream


class PictureWriter:
    """A folder of PNG files, one a frame."""

    def __init__(self, folder: Path, *, names: list[str] | None = None) -> None:
        """Pictures named by the frames' numbers, or as the pictures of a folder were named."""
        self._folder, self._names = folder, names

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Every picture is whole already."""

    def write(self, frame: Frame, image: Image, mask: Mask) -> None:
        """Write one picture, upright."""
        pixels = np.rint(image * np.float32(255)).astype(np.uint8)
        name = f"{frame.index:06d}" if self._names is None else self._names[frame.index]
        save_picture(PILImage.fromarray(pixels), self._folder / f"{name}.png")
