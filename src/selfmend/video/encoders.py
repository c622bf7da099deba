"""Which encoder writes a film, with which pixels and how well."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from selfmend.core.checks import ImageError, OptionError, SelfmendWarning, nearest_name

if TYPE_CHECKING:
    from av.container import OutputContainer

    from selfmend.video.reader import Clip

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
