"""Films decoded: containers and folders of frames, their times, and their colours as RGB.

Between a codec's frames (planes, mostly YUV) and pictures in RGB.

Films opened for reading: what is no film is refused in one line.

A folder of pictures as a film: one picture a frame, in the order of their names.

From packets to frames in the order in which they are shown, with one in the place of each that is broken.
"""

from __future__ import annotations

import warnings
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from selfmend.errors import ImageError, OptionError, SelfmendWarning
from selfmend.files import exists
from selfmend.image.files import list_pictures, natural_order, read_picture
from selfmend.types import Image, Mask, Size
from selfmend.video.details import shows_alpha

if TYPE_CHECKING:
    from av import VideoCodecContext, VideoFrame
    from av.container import InputContainer
    from av.video.plane import VideoPlane
    from av.video.stream import VideoStream

    from selfmend.image.picture import Picture


LIMITED, FULL = 1, 2  # FFmpeg's numbers of ranges: 16 to 235, and 0 to 255
BT709 = 1  # FFmpeg's number of the colour space of films today


def to_image(source: VideoFrame, *, turns: int = 0) -> Image:
    """A frame as (H, W, 3) in [0, 1], whole bytes.

    Args:
        source: of any pixel format and size.
        turns: quarter turns to the left.
    """
    rgb = source.reformat(format="rgb24", interpolation=_exact()).to_ndarray()
    return np.ascontiguousarray(np.rot90(rgb, turns)).astype(np.float32) / np.float32(255)


def to_array(source: VideoFrame, format: str) -> np.ndarray:
    """A frame in another pixel format as uint8 or uint16 (H, W) or (H, W, C), not turned.

    Args:
        source: of any pixel format and size.
        format: FFmpeg's name of a format of whole bytes in one plane: gray, rgba64le, ...
    """
    made = source if source.format.name == format else source.reformat(format=format, interpolation=_exact())
    parts = made.format.components
    bytes_each = 1 if parts[0].bits <= 8 else 2
    flat = _bytes(made.planes[0], bytes_each * len(parts)).copy()
    values = flat.view("<u2").astype(np.uint16) if bytes_each == 2 else flat
    return values if len(parts) == 1 else values.reshape(made.height, made.width, len(parts))


def _exact() -> int:
    """How colours are converted: the slow way, which is the same on every machine."""
    from av.video.reformatter import Interpolation

    kind = Interpolation
    return kind.BICUBIC | kind.ACCURATE_RND | kind.BITEXACT | kind.FULL_CHR_H_INT | kind.FULL_CHR_H_INP


def with_hole(source: VideoFrame, image: Image, mask: Mask, *, turns: int = 0) -> VideoFrame:
    """The codec's frame with the hole's pixels taken from `image`; all others keep their bytes.

    Where the format has fewer colours than pixels, a colour that a hole pixel shares changes as a whole. Formats whose
    planes cannot be told apart (packed YUV) are converted as a whole; a palette's frame becomes one of RGB, or RGBA.

    Args:
        source: as it was decoded; it is not changed.
        image: (H, W, 3) in [0, 1], upright.
        mask: (H, W), True = hole.
        turns: quarter turns to the left that made `source` upright.
    """
    if source.format.has_palette:  # in which a fill's colours may not be
        source = source.reformat(format="rgba" if shows_alpha(source) else "rgb24")
    filled = _from_image(np.rot90(image, -turns), source)
    steps = _steps(source)
    if steps is None:
        return filled
    hole = np.rot90(mask, -turns)
    for k, (old, new, step) in enumerate(zip(source.planes, filled.planes, steps, strict=True)):
        kept = np.repeat(~_shrunk(hole, (old.height, old.width)), step, axis=1)
        kept.reshape(*kept.shape[:1], -1, step)[..., _opacity(source, k, step)] = True  # transparency stays
        np.copyto(_bytes(new, step), _bytes(old, step), where=kept)
    return filled


def _from_image(image: Image, source: VideoFrame) -> VideoFrame:
    """A picture in the pixel format, size and colour space of `source`, with all that the frame says beside it."""
    pixels = np.rint(image * np.float32(255)).astype(np.uint8)
    frame = _blank(source)
    view = np.frombuffer(memoryview(frame.planes[0]), np.uint8).reshape(frame.height, -1)
    view[:, : 3 * frame.width] = pixels.reshape(frame.height, -1)
    frame.colorspace, frame.color_range = source.colorspace, FULL
    wide = source.format.name.startswith("yuvj") or source.format.name.startswith("gbr")
    made = frame.reformat(
        format=source.format.name,
        dst_colorspace=source.colorspace,
        dst_color_range=source.color_range or (FULL if wide else LIMITED),
        interpolation=_exact(),
    )
    made.colorspace, made.color_range = source.colorspace, source.color_range
    made.color_trc, made.color_primaries = source.color_trc, source.color_primaries
    return made


def _blank(source: VideoFrame) -> VideoFrame:
    """A frame of RGB to be written into that says beside its pixels what `source` says: fields, captions, light."""
    wanted = "bgr24" if source.format.name == "rgb24" else "rgb24"  # one's own format would be the frame itself
    frame = source.reformat(format=wanted)
    return frame if wanted == "rgb24" else frame.reformat(format="rgb24")


def _steps(source: VideoFrame) -> list[int] | None:
    """Bytes a pixel of each plane; None where planes hold no whole pixels."""
    kind = source.format
    parts = [[c for c in kind.components if c.plane == k] for k in range(len(source.planes))]
    if kind.has_palette or kind.is_bit_stream or any(len({c.width for c in part}) != 1 for part in parts):
        return None
    if len(parts) == 1 and len(parts[0]) > 1:  # packed
        return [kind.padded_bits_per_pixel // 8] if all(c.bits in (8, 16) for c in parts[0]) else None
    return [len(part) * (1 if part[0].bits <= 8 else 2) for part in parts]


def _opacity(source: VideoFrame, plane: int, step: int) -> slice:
    """The bytes of each pixel of a plane that are its transparency."""
    parts = [c for c in source.format.components if c.plane == plane]
    if not any(c.is_alpha for c in parts):
        return slice(0, 0)
    size = step // len(parts)
    first = len(parts) > 1 and source.format.name.startswith("a")  # argb, abgr, ayuv
    return slice(0, size) if first or len(parts) == 1 else slice(step - size, step)


def _bytes(plane: VideoPlane, step: int) -> np.ndarray:
    """A view (height, width * step) of a plane."""
    return np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, -1)[:, : plane.width * step]


def _shrunk(hole: np.ndarray, size: Size) -> np.ndarray:
    """The hole at a plane's size: a pixel is hole where any part of it is."""
    factors = [round(whole / part) for whole, part in zip(hole.shape, size, strict=True)]
    if factors == [1, 1]:
        return hole
    padded = np.pad(hole, [(0, part * f - whole) for whole, part, f in zip(hole.shape, size, factors, strict=True)])
    return np.asarray(padded.reshape(size[0], factors[0], size[1], factors[1]).any(axis=(1, 3)))


_STILL = "_pipe"  # FFmpeg reads a single picture with png_pipe, jpeg_pipe, ...
_TEXT = "tty"  # and a text file as a film of somebody typing it


def open_film(path: str | Path) -> tuple[InputContainer, VideoStream]:
    """A film, and the stream that holds its pictures.

    Raises:
        ImageError: no such file, or nothing with moving pictures; the message says what it is.
    """
    import av

    path = Path(path)
    if not exists(path):
        raise ImageError(f"no such file: {path}")
    try:
        container = av.open(f"file:{path}", "r")  # `10:30.mp4` is no protocol
    except (av.FFmpegError, OSError, ValueError) as error:
        raise ImageError(f"{path} is not a film that can be read ({reason(error)})") from error
    try:
        return container, _pictures(container, path)
    except ImageError:
        container.close()
        raise


def _pictures(container: InputContainer, path: Path) -> VideoStream:
    from av.stream import Disposition

    kind = container.format.name
    if kind.endswith(_STILL) or kind == "image2":
        raise ImageError(f"{path} is a picture; selfmend inpaint fills pictures, and a film such as clip.mp4 fits here")
    if kind == _TEXT:
        raise ImageError(f"{path} is text; a film such as clip.mp4 fits")
    films = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not films:
        what = "sound" if container.streams.audio else "no pictures"
        raise ImageError(f"{path} has no video stream, only {what}; a film such as clip.mp4 fits")
    if len(films) > 1:
        message = f"{path} has {len(films)} video streams; the first is used"
        warnings.warn(message, SelfmendWarning, stacklevel=4)
    if films[0].codec_context is None:
        raise ImageError(f"{path} has pictures of a codec that is not known here; a film that FFmpeg plays fits")
    return films[0]


def reason(error: BaseException) -> str:
    """An error of FFmpeg as part of one line."""
    return getattr(error, "strerror", None) or " ".join(str(error).split()) or type(error).__name__


DEFAULT_RATE = Fraction(25)


def frame_files(folder: str | Path) -> list[Path]:
    """The pictures of a folder, not of the folders in it; `frame2` comes before `frame10`.

    Raises:
        ImageError: none, or or pictures of several kinds, which are seldom one film.
    """
    folder = Path(folder)
    names = [name for name in list_pictures(folder) if "/" not in name]
    if not names:
        raise ImageError(f"{folder} has no pictures; a folder with the frames of a film, or a film as clip.mp4, fits")
    kinds = sorted({Path(name).suffix.lower() for name in names})
    if len(kinds) > 1:
        raise ImageError(f"{folder} has frames of several kinds ({', '.join(kinds)}); one kind fits")
    return [folder / name for name in natural_order(names)]


def picture_frames(files: Sequence[Path]) -> Iterator[Shown]:
    """Pictures as frames, upright, one a unit of time; one that cannot be read is the one before it, or behind it."""
    before: VideoFrame | None = None
    for k, file in enumerate(files):
        try:
            frame = _of_picture(read_picture(file))
        except ImageError:
            if before is not None:
                yield Shown(k, before, broken=True)
            continue
        if before is None:
            yield from (Shown(j, frame, broken=True) for j in range(k))
        before = frame
        yield Shown(k, frame, broken=False)


def _of_picture(picture: Picture) -> VideoFrame:
    """A picture as a frame with its bits, its grey and its transparency; CMYK becomes RGB."""
    import av

    image, alpha = picture.image, picture.alpha
    if image.shape[2] == 4:
        image = (1 - image[..., :3]) * (1 - image[..., 3:])
    deep = "I" in getattr(picture.original, "mode", "") or getattr(picture.original, "dtype", None) == np.uint16
    if alpha is not None:
        image = np.concatenate([np.broadcast_to(image, (*image.shape[:2], 3)), alpha[..., None]], 2)
    kind = {1: ("gray", "gray16le"), 3: ("rgb24", "rgb48le"), 4: ("rgba", "rgba64le")}[image.shape[2]][deep]
    values = np.rint(image * np.float32(65535 if deep else 255)).astype(np.uint16 if deep else np.uint8)
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(values[..., 0] if image.shape[2] == 1 else values), kind)


def rate_of(film: str | Path, fps: float | None) -> Fraction | None:
    """Frames a second of a folder of pictures; None for a film, which has its own.

    Raises:
        OptionError: a rate for a film, or one that is no rate.
    """
    if not Path(film).is_dir():
        if fps is not None:
            raise OptionError(f"{film} is a film with a rate of its own; frames a second fit a folder of pictures")
        return None
    if fps is None:
        return DEFAULT_RATE
    if not 0 < fps <= 1000:
        raise OptionError(f"{fps:g} frames a second are no rate of a film; more than 0 and at most 1000 fit")
    ntsc = Fraction(round(fps * 1.001) * 1000, 1001)  # 23.976, 29.97, 59.94
    return ntsc if abs(float(ntsc) - fps) < 1e-3 else Fraction(fps).limit_denominator(1000)


@dataclass(frozen=True)
class Shown:
    """A frame at its time, `pts` in units of the stream's time base."""

    pts: int
    source: VideoFrame
    broken: bool


class PacketOrder:
    """Frames in the order in which they are shown, and what is missing among them."""

    def __init__(self, stream: VideoStream, times: Sequence[int], *, hidden: bool) -> None:
        """Prepare for one pass.

        Args:
            stream: what is decoded.
            times: of all packets, as `packet_times` gives them; empty where they have none.
            hidden: whether the codec has packets that are never shown, so that one without a frame is no damage.
        """
        self._stream, self._times, self._timed, self._hidden = stream, times, bool(times), hidden
        self._decoder = _with_alpha(stream)
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
                yield from packet.decode() if self._decoder is None else self._decoder.decode(packet)
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


def _with_alpha(stream: VideoStream) -> VideoCodecContext | None:
    """A decoder that knows transparency where FFmpeg's own leaves it out: VP8 and VP9 have it in a second stream."""
    import av

    name = {"vp8": "libvpx", "vp9": "libvpx-vp9"}.get(stream.codec_context.codec.canonical_name)
    told = {key.lower(): value for key, value in stream.metadata.items()}.get("alpha_mode", "0")
    if name is None or told == "0":
        return None
    try:
        decoder = av.CodecContext.create(name, "r")
    except av.codec.codec.UnknownCodecError:
        message = "the film's transparency cannot be read here; it is left out"
        warnings.warn(message, SelfmendWarning, stacklevel=2)
        return None
    assert isinstance(decoder, av.VideoCodecContext)
    return decoder


def packet_times(container: InputContainer, stream: VideoStream) -> tuple[array[int], int | None, int | None]:
    """When the packets of a stream are shown, in order, and how many there are.

    Returns:
        Times in units of the stream's time base, empty where the file does not tell them; the count of packets, None
        where there are none; for how long the last one is shown, None where the file does not tell.
    """
    import av

    times, count, last = array("q"), 0, (0, 0)
    timed = container.format.name != "avi"  # which knows no other order than that of decoding
    try:
        for packet in container.demux(stream):
            if packet.size and not packet.is_discard:
                count += 1
                timed = timed and packet.pts is not None
                times.append(packet.pts or 0)
                last = max(last, (packet.pts or 0, packet.duration or 0))
    except av.FFmpegError:  # a damaged end; decoding says so
        pass
    length = last[1]
    if stream.duration and stream.start_time is not None and container.format.name.startswith("mov"):
        length = stream.start_time + stream.duration - last[0]  # its packets know the order of decoding only
    return array("q", sorted(times) if timed else []), count or None, length if timed and length > 0 else None


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
