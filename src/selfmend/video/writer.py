"""Films written like the one that came: sound and other streams passed through, frames in order.

What a film has beside its pictures (sound, subtitles), passed on packet by packet as it is.

Frames out: a film like the one that was read, with its sound, or a folder of pictures.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np
from PIL import Image as PILImage

from selfmend.errors import ImageError, SelfmendWarning
from selfmend.image.files import read_picture, save_picture
from selfmend.types import Image, Mask
from selfmend.video.decoding import BT709, FULL, LIMITED, frame_files, open_film, reason, to_array, with_hole
from selfmend.video.details import TOP_FIRST, Chapter, Details, chapters_within, has_alpha, track_of
from selfmend.video.encoders import Encoder, choose_encoder, format_of

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import OutputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.stream import VideoStream

    from selfmend.video.reader import Clip, Frame


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
            if stream.index != pictures.index and not _made_anew(stream):
                self._add(stream)
        self._packets = self._wanted()
        self._next = next(self._packets, None)

    def _add(self, stream: Stream) -> None:
        kind = "cover picture" if _is_cover(stream) else "sound" if stream.type == "audio" else stream.type
        try:
            if stream.type not in ("audio", "subtitle", "attachment") and not _is_cover(stream):
                raise ValueError("no place for it")
            copy = self._target.add_stream_from_template(stream, opaque=True)
        except ValueError:  # also FFmpeg's
            message = f"the output cannot hold a stream of the film ({kind} {stream.index}); it is left out"
            warnings.warn(message, SelfmendWarning, stacklevel=4)
            return
        copy.metadata.update(track_tags(stream.metadata))
        copy.disposition = stream.disposition
        self._streams[stream.index] = copy

    def pass_until(self, seconds: Fraction | None) -> None:
        """Pass on what begins up to a time of the written film; None is all that is left."""
        while self._next is not None and (seconds is None or _time(self._next) - (self._start or 0) <= seconds):
            packet, stream = self._next, self._streams[self._next.stream_index]
            if self._start is not None and packet.time_base and not _is_cover(packet.stream):
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
                if packet.size > 0 and _is_cover(packet.stream):
                    packet.pts = packet.dts = 0  # MP4 has no time for it
                    yield packet
                    continue
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


def _is_cover(stream: Stream) -> bool:
    """Whether a stream is one picture that stands for the film."""
    from av.stream import Disposition

    return bool(stream.disposition & Disposition.attached_pic)


def _made_anew(stream: Stream) -> bool:
    """Whether a track is written of what else is known: the times and titles of chapters, timecodes of tapes."""
    return stream.type == "data" and (
        stream.metadata.get("handler_name") == "SubtitleHandler" or "timecode" in stream.metadata
    )


def track_tags(tags: dict[str, str]) -> dict[str, str]:
    """What a track says of itself: formats have a title, a name or a handler's name for the same."""
    small = {k.lower(): v for k, v in tags.items()}
    title = track_of(tags).get("title")
    kept = {k: v for k, v in small.items() if k in _OF_TRACKS}
    return {**({"title": title, "handler_name": title} if title else {}), **kept}


_NOT_COPIED = ("encoder", "major_brand", "minor_version", "compatible_brands", "duration")
_BY_DECODING = ("mp4", "mov", "ipod", "3gp")  # a frame is shown until the next one is decoded
_OF_TRACKS = ("language", "title", "name", "timecode", "comment")
_OF_APPS = ("com.apple.", "com.android.")  # tags that MOV and MP4 hold as keys of their own


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
        written: whether any frame has come.
    """

    def __init__(self, clip: Clip, path: Path, *, crf: int | None = None, name: Path | None = None) -> None:
        """Begin a film.

        Args:
            clip: what is read.
            path: where to; its ending is the format.
            crf: see `choose_encoder`.
            name: what messages call it, where `path` is a temporary one.

        Raises:
            ImageError: the format cannot be written. OptionError: a crf that does not fit.
        """
        import av

        self._clip, self._name = clip, name or path
        self.touched = self.written = False
        self._start: int | None = 0 if clip.whole else None
        self._passing: Passing | None = None
        self._before: int | None = None  # of the encoder's times
        self._lengths: dict[int, int] = {}
        self._first = self._late = 0  # in the film's units
        try:
            self._film: OutputContainer = av.open(
                f"file:{path}",
                "w",
                format=format_of(path, clip),
                options={"fflags": "+bitexact", **_of_apps(clip, path)},
            )
        except (ValueError, OSError) as error:
            raise ImageError(f"cannot write {self._name}: {reason(error)}") from error
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
        import av

        try:
            if error is None and self.written:
                self._finish()
                if self._passing is not None:
                    self._passing.pass_until(None)
            if error is None:
                self._film.close()
        except av.FFmpegError as fault:
            raise self._refused(fault) from fault
        finally:
            with contextlib.suppress(av.FFmpegError):  # after a fault; one that is closed stays closed
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
            raise self._refused(error, f" from frame {frame.index} on") from error

    def _refused(self, error: Exception, which: str = "") -> ImageError:
        return ImageError(f"cannot write {self._name}{which}: {reason(error)}")

    def _write(self, frame: Frame, image: Image, mask: Mask) -> None:
        if not self.written:
            self._begin(frame)
        picture = frame.source
        if mask.any():
            picture, self.touched = with_hole(picture, image, mask, turns=self._clip.turns), True
        if picture.format.name != self._encoder.pixel_format:
            picture = picture.reformat(format=self._encoder.pixel_format, **self._colours)
        base = self._encoder.time_base
        seconds = (frame.pts - (self._start or 0)) * self._clip.time_base
        # counted from the first frame: half units would be rounded to and fro, and two frames fall on one time
        pts = round((frame.pts - self._first) * self._clip.time_base / base)
        if self._before is not None:
            pts = max(pts, self._before + 1)
        self._before, picture.pts, picture.time_base = pts, pts, base
        picture.duration = round((picture.duration or 0) * self._clip.time_base / base)
        if picture.duration:
            self._lengths[pts] = picture.duration
        picture.pict_type = 0  # the encoder decides, not the film that came
        if self._passing is not None:
            self._passing.pass_until(Fraction(seconds))
        self._mux(picture)

    def _mux(self, picture: object) -> None:
        for packet in self._stream.encode(picture):  # type: ignore[arg-type]
            self._put(packet, None if packet.pts is None else self._lengths.pop(packet.pts, None))

    def _finish(self) -> None:
        """Write what the encoder still holds; the last frame is shown as long as it was."""
        last, base = self._clip.details.last, self._encoder.time_base
        if last is not None and self._clip.whole and self._before is not None:
            self._lengths[self._before] = round(last / base)
        packets = list(self._stream.encode(None))
        for k, packet in enumerate(packets, 1):
            length = None if packet.pts is None else self._lengths.pop(packet.pts, None)
            if k == len(packets) and last is not None and self._film.format.name in _BY_DECODING:
                length = round(last / base)
            self._put(packet, length)

    def _put(self, packet: Packet, length: int | None) -> None:
        if length is not None:
            packet.duration = length  # encoders tell that of a mean frame
        if self._late:
            _delay(packet, self._late * self._clip.time_base)
        self._film.mux(packet)

    def _begin(self, frame: Frame) -> None:
        """With the first frame it is known where a part begins."""
        self.written = True
        base, start, end = self._clip.time_base, None, None
        self._first = frame.pts
        self._late = 0 if self._start is None else frame.pts - self._start
        if self._start is None:
            self._start = frame.pts
            start = self._start * base
            last = self._clip.last
            if last is not None:
                end = self._clip.end_of(last)
        if self._clip.names is None:
            self._passing = Passing(self._clip.path, self._film, start=start, end=end)
        self._chapters = self._clip.details.chapters
        if start is not None:
            self._chapters = chapters_within(self._chapters, start, end)
        if self._chapters:
            self._film.set_chapters([_chapter(k, one) for k, one in enumerate(self._chapters)])

    def kept_of(self) -> Details:
        """What of the film's details should be in the output: all, or those of the part."""
        whole = self._clip.details
        return whole if self._clip.whole else replace(whole, chapters=self._chapters, last=None)

    def _add_pictures(self, encoder: Encoder) -> VideoStream:
        import av

        clip, first = self._clip, self._clip.first_frame
        rate = encoder.rate.limit_denominator(1 << 16)
        stream = self._film.add_stream(encoder.name, rate=rate, options=encoder.options)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = clip.stored_size
        stream.pix_fmt = encoder.pixel_format
        context = stream.codec_context
        context.time_base = encoder.time_base
        self._colours: dict[str, Any] = {}
        context.color_range, context.colorspace = first.color_range, first.colorspace
        context.color_primaries, context.color_trc = first.color_primaries, first.color_trc
        if encoder.pixel_format.startswith("yuv") and not _is_yuv(first):
            self._colours = {"dst_colorspace": BT709, "dst_color_range": LIMITED}
            context.color_range = LIMITED
            context.colorspace = context.color_primaries = context.color_trc = BT709
        elif first.format.name.startswith("yuvj") and not encoder.pixel_format.startswith("yuvj"):
            self._colours = {"dst_color_range": LIMITED}
            context.color_range = LIMITED
        elif encoder.pixel_format.startswith("gray"):
            context.color_range = first.color_range or FULL
        if clip.sample_aspect_ratio:
            context.sample_aspect_ratio = clip.sample_aspect_ratio
        if clip.turns:
            stream.set_display_rotation(first.rotation)
        if clip.field_order:
            context.field_order = 2 if clip.field_order == TOP_FIRST else 3
        stream.metadata.update(track_tags(clip.track_tags))
        if encoder.name.startswith("libvpx") and has_alpha(encoder.pixel_format):
            stream.metadata["alpha_mode"] = "1"  # without it, players do not look for it
        self._film.metadata.update({k: v for k, v in clip.metadata.items() if k.lower() not in _NOT_COPIED})
        return stream


def _delay(packet: Packet, seconds: Fraction) -> None:
    """Let a packet come later; units that the delay does not fit become those of program streams."""
    unit = Fraction(packet.time_base)
    fine = unit if (seconds / unit).denominator == 1 else Fraction(1, 90000)
    shift, scale = round(seconds / fine), unit / fine
    packet.pts = None if packet.pts is None else round(packet.pts * scale) + shift
    packet.dts = None if packet.dts is None else round(packet.dts * scale) + shift
    packet.duration = round((packet.duration or 0) * scale)
    packet.time_base = fine


def _is_yuv(frame: VideoFrame) -> bool:
    """Whether a frame's values are those of a film, with a matrix and a range of their own."""
    kind = frame.format
    return not (kind.is_rgb or kind.has_palette or kind.name.startswith(("gray", "ya", "mono")))


def _of_apps(clip: Clip, path: Path) -> dict[str, str]:
    """MOV and MP4 hold the keys of cameras and telephones only where they are asked to."""
    keys = any(key.lower().startswith(_OF_APPS) for key in clip.metadata)
    return {"movflags": "+use_metadata_tags"} if keys and path.suffix.lower() in (".mov", ".mp4", ".m4v") else {}


def _chapter(number: int, one: Chapter) -> Any:
    times = {"start": round(one.start * 1000), "end": round(one.end * 1000), "time_base": Fraction(1, 1000)}
    return {"id": number + 1, **times, "metadata": {"title": one.title} if one.title else {}}


_PICTURE_FORMATS = {  # by grey and transparency: FFmpeg's names of 8 and of 16 bits a value
    (False, False): ("rgb24", "rgb48le"),
    (False, True): ("rgba", "rgba64le"),
    (True, False): ("gray", "gray16le"),
    (True, True): ("ya8", "ya16le"),
}


class PictureWriter:
    """A folder of PNG files, one a frame, with the grey, the bits and the transparency that the frames have.

    The pictures of a folder are written into copies of themselves, as `inpaint` does, so that what a picture says
    beside its pixels stays where PNG has a place for it.
    """

    def __init__(self, clip: Clip, folder: Path) -> None:
        """Pictures named by the frames' numbers, or as the pictures of a folder were named."""
        self._clip, self._folder = clip, folder
        self._files = frame_files(clip.path) if clip.names is not None else None
        kind = clip.first_frame.format
        grey = kind.name.startswith(("gray", "ya", "mono"))
        deep = max(part.bits for part in kind.components) > 8
        self._format = _PICTURE_FORMATS[grey, bool(clip.alpha)][deep]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Every picture is whole already."""

    def write(self, frame: Frame, image: Image, mask: Mask) -> None:
        """Write one picture, upright."""
        name = f"{frame.index:06d}" if self._files is None else self._files[frame.index].stem
        picture = None if self._files is None or frame.broken else _rebuilt(self._files[frame.index], image, mask)
        save_picture(self._as_shown(frame, image, mask) if picture is None else picture, self._folder / f"{name}.png")

    def _as_shown(self, frame: Frame, image: Image, mask: Mask) -> PILImage.Image | np.ndarray:
        if self._format == "rgb24":
            return PILImage.fromarray(np.rint(image * np.float32(255)).astype(np.uint8))
        source, turns = frame.source, self._clip.turns
        if mask.any():
            source = with_hole(source, image, mask, turns=turns)
        pixels = np.ascontiguousarray(np.rot90(to_array(source, self._format), turns))
        return pixels if pixels.dtype == np.uint16 and pixels.ndim == 3 else PILImage.fromarray(pixels)


def _rebuilt(file: Path, image: Image, mask: Mask) -> Any:
    """A copy of the picture with its hole filled; None where it is read in another way than as a frame."""
    try:
        picture = read_picture(file)
    except ImageError:
        return None  # FFmpeg reads it, and has given the frame
    if picture.size != mask.shape:
        return None
    values = image
    if picture.image.shape[2] == 1:
        values = image.mean(2, keepdims=True)
    elif picture.image.shape[2] == 4:  # CMYK without black
        values = np.concatenate([1 - image, np.zeros_like(image[..., :1])], 2)
    return picture.rebuild(values, mask)
