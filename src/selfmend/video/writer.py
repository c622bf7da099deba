"""Frames out: a film like the one that was read, with its sound, or a folder of pictures."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from PIL import Image as PILImage

from selfmend.core.checks import ImageError
from selfmend.core.types import Image, Mask
from selfmend.image.io import save_picture
from selfmend.video.colours import BT709, LIMITED, with_hole
from selfmend.video.containers import reason
from selfmend.video.encoders import Encoder, choose_encoder, say
from selfmend.video.passing import Passing

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.stream import VideoStream

    from selfmend.video.reader import Clip, Frame

_NOT_COPIED = ("encoder", "creation_time", "major_brand", "minor_version", "compatible_brands", "duration")


class FrameWriter(Protocol):
    """Takes mended frames in their order, and is closed at the end by `with`."""

    def write(self, frame: Frame, image: Image, mask: Mask) -> None:
        """Write a frame whose hole (1, 1, H, W) is filled in `image` (1, 3, H, W)."""

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
            self._film: OutputContainer = av.open(str(path), "w", options={"fflags": "+bitexact"})
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
        pixels = (image[0].permute(1, 2, 0) * 255).round().byte().numpy()
        name = f"{frame.index:06d}" if self._names is None else self._names[frame.index]
        save_picture(PILImage.fromarray(pixels), self._folder / f"{name}.png")
