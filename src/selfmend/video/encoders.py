"""Which container and encoder write a film, with which pixels, and how near to the frames."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from selfmend.errors import ImageError, OptionError, nearest_name
from selfmend.video.details import BOTTOM_FIRST, TOP_FIRST, Light, has_alpha

if TYPE_CHECKING:
    from av.container import OutputContainer

    from selfmend.video.reader import Clip

FILM_ENDINGS = (
    ".mp4", ".mkv", ".mov", ".webm", ".avi", ".m4v", ".3gp", ".flv", ".ts", ".m2ts", ".mts", ".mpg", ".mpeg", ".vob",
)  # fmt: skip
_PROGRAM_STREAMS = (".mpg", ".mpeg", ".vob")
_INSTEAD = {  # of formats that are read and not written; MKV takes any sound
    **dict.fromkeys((".wmv", ".asf", ".ogv", ".rm", ".rmvb", ".mxf", ".dv", ".y4m", ".nut", ".divx", ".f4v"), ".mkv"),
    **dict.fromkeys((".gif", ".webp", ".apng", ".h264", ".264", ".hevc", ".h265", ".265", ".qt"), ".mp4"),
    ".m2t": ".ts",
    ".m2v": ".mpg",
    ".m1v": ".mpg",
    ".mp2": ".mpg",
    ".3g2": ".3gp",
}

_ENCODERS = {
    "h264": "libx264",
    "hevc": "libx265",
    "vp8": "libvpx",
    "vp9": "libvpx-vp9",
    "av1": "libsvtav1",
    "prores": "prores_ks",
    **{
        name: name
        for name in (
            "mpeg4", "mpeg2video", "mpeg1video", "mjpeg", "ffv1", "huffyuv", "ffvhuff", "utvideo", "png", "qtrle",
        )
    },
}  # fmt: skip
_COMMON = ("libx264", "libvpx-vp9", "mpeg2video", "mpeg1video")  # where the film's own codec does not fit
_WITH_ALPHA = {
    "webm": "libvpx-vp9",
    "mov": "prores_ks",
    "matroska": "ffv1",
    "avi": "png",
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
_MPEG = ("mpeg2video", "mpeg1video")
_MPEG_RATES = (
    Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30), Fraction(50),
    Fraction(60000, 1001), Fraction(60),
)  # fmt: skip
_TAKEN_TOO = {"mpegts": ("h264", "hevc", "mpeg1video"), "flv": ("h264", "hevc")}  # FFmpeg's own lists are incomplete
_REFUSED = {"mov": ("libvpx-vp9", "libvpx", "libsvtav1")}  # listed, and refused when the file is begun
_EVEN_SIDES = ("libx264", "libx265", "libsvtav1")  # where colour has half the resolution
_FIELDS = ("libx264", "mpeg2video", "mpeg4", "prores_ks")  # interlaced as two fields; ffv1 and others only say so


@dataclass(frozen=True)
class Encoder:
    """An encoder and its settings.

    Attributes:
        name: FFmpeg's name.
        pixel_format: FFmpeg's name.
        rate: frames a second.
        time_base: seconds a unit of a frame's time.
        options: FFmpeg's.
        notes: what differs from the film that came, for a person.
    """

    name: str
    pixel_format: str
    rate: Fraction
    time_base: Fraction
    options: dict[str, str]
    notes: list[str] = field(default_factory=list)


def check_ending(path: Path) -> None:
    """Refuse a name that says no film's format.

    Raises:
        ImageError: naming a film that can be written, or the nearest ending.
    """
    ending = path.suffix.lower()
    if ending in FILM_ENDINGS:
        return
    if ending in _INSTEAD:
        raise ImageError(f"{ending} films are not written here; {path.with_suffix(_INSTEAD[ending]).name} fits")
    raise ImageError(
        f"cannot tell the format of a film by the ending {path.suffix!r}; {nearest_name(path.suffix, FILM_ENDINGS)}"
    )


def ending_like(film: Path) -> str | None:
    """The ending of a film like `film`: its own where that is written here; None for a folder."""
    ending = film.suffix.lower()
    if film.is_dir():
        return None
    return film.suffix if ending in FILM_ENDINGS else _INSTEAD.get(ending, ".mkv")


def format_of(path: Path, clip: Clip) -> str | None:
    """FFmpeg's name of the container; None is what it tells by the ending.

    A program stream of MPEG-2 is another format than one of MPEG-1, with the same endings.
    """
    if path.suffix.lower() in _PROGRAM_STREAMS:
        return "mpeg" if clip.codec == "mpeg1video" and path.suffix.lower() != ".vob" else "vob"
    return None


def choose_encoder(clip: Clip, container: OutputContainer, *, crf: int | None = None) -> Encoder:
    """The encoder of the film's own codec where there is one and the container takes it, near lossless.

    Args:
        clip: the film that is read.
        container: what is written.
        crf: constant rate factor: the less, the nearer to the frames; None is the encoder's default of ours.

    Raises:
        OptionError: a crf that the encoder does not take. ImageError: nothing writes this film into that container.
    """
    own = "" if clip.names is not None else _ENCODERS.get(clip.codec, "")
    notes: list[str] = []
    name = own if _fits_film(own, clip, container) else ""
    if not name:
        alpha = _WITH_ALPHA.get(_short(container), "") if clip.alpha else ""
        name = next((n for n in (alpha, *_COMMON) if _fits_film(n, clip, container)), "")
        if not name and not (name := _forced(clip, container, notes)):
            raise ImageError(
                f"{container.format.name} takes no film of {float(clip.rate):.4g} frames a second; another ending of "
                "the output, as .mkv, fits"
            )
        if clip.names is None:
            notes.append(f"the film is {clip.codec}, which cannot be written here; {name} takes its place")
    pixel_format = _pixel_format(name, clip, container)
    if pixel_format != clip.pixel_format:
        notes += _pixel_notes(clip, pixel_format, container)
    if name == "libsvtav1":
        os.environ.setdefault("SVT_LOG", "1")  # errors only
    options = dict(_SETTINGS.get(name, {}))
    if name in _CRF:
        options["crf"] = str(_CRF[name] if crf is None else crf)
    elif crf is not None:
        raise OptionError(f"{name} takes no crf; leave it out, or choose an output such as .mp4 with another codec")
    if name in _BY_QUANTISER:
        options |= {"flags": "+qscale", "global_quality": str(2 * 118), "qmin": "1"}
    if name == "libvpx" and has_alpha(pixel_format):
        options["auto-alt-ref"] = "0"  # which it cannot have together with transparency
    if container.format.name == "avi" and name in ("libx264", "libx265"):
        options["bf"] = "0"  # AVI has no times: frames are shown in the order in which they stand
    _add_fields(options, name, clip.field_order)
    if clip.light is not None:
        _add_light(options, name, clip.light)
    rate = (_mpeg_rate(clip.rate) if name in _MPEG else None) or clip.rate
    return Encoder(name, pixel_format, rate, 1 / rate if name in _BY_RATE else clip.time_base, options, notes)


def _fits_film(name: str, clip: Clip, container: OutputContainer) -> bool:
    if (
        not name
        or name in _REFUSED.get(_short(container), ())
        or not _takes(container, name)
        or (name in _BY_RATE and clip.variable_rate)
    ):
        return False
    return name not in _MPEG or _mpeg_rate(clip.rate) is not None


def _mpeg_rate(rate: Fraction) -> Fraction | None:
    """The rate of MPEG-1 and 2 that a film has, told exactly or nearly so."""
    nearest = min(_MPEG_RATES, key=lambda one: abs(one - rate))
    return nearest if abs(nearest - rate) < Fraction(1, 100) else None


def _forced(clip: Clip, container: OutputContainer, notes: list[str]) -> str:
    """For containers of MPEG-1 and 2 only: frames that come at irregular times are written at regular ones."""
    name = next((n for n in _MPEG if _takes(container, n)), "")
    if not name or _mpeg_rate(clip.rate) is None:
        return ""
    notes.append("the frames' irregular times become regular ones")
    return name


def _pixel_notes(clip: Clip, pixel_format: str, container: OutputContainer) -> list[str]:
    if clip.alpha and not has_alpha(pixel_format):
        return [
            f"its pixels are {clip.pixel_format}; they are written as {pixel_format}, without transparency, which "
            f"{'.webm and ' if _short(container) != 'webm' else ''}.mov hold"
        ]
    if clip.names is not None:
        return []
    return [f"its pixels are {clip.pixel_format}; they are written as {pixel_format}"]


def _short(container: OutputContainer) -> str:
    return container.format.name.split(",")[0]


def _takes(container: OutputContainer, name: str) -> bool:
    import av

    try:
        codec = av.Codec(name, "w").canonical_name
    except av.codec.codec.UnknownCodecError:
        return False
    return codec in container.supported_codecs or codec in _TAKEN_TOO.get(_short(container), ())


def _pixel_format(name: str, clip: Clip, container: OutputContainer) -> str:
    """The film's own, or the nearest that the encoder takes at this size."""
    import av
    from av.codec.codec import find_best_pix_fmt_of_list

    able = [f.name for f in av.Codec(name, "w").video_formats or [] if not f.has_palette]
    height, width = clip.stored_size
    if name in _EVEN_SIDES:
        able = [f for f in able if _fits(av.VideoFormat(f, 64, 64), height, width)]
    beside = name.startswith("libvpx") and _short(container) not in ("webm", "matroska")
    if name == "libx265" or beside:  # which lists and refuses them; VP8 and VP9 need a place for a second stream
        able = [f for f in able if not has_alpha(f)]
    if name.startswith("libvpx"):
        able = [f for f in able if not has_alpha(f) or f == "yuva420p"]  # the only one that players know
    if not able:
        raise ImageError(f"{name} writes no film of {width} x {height}; another ending of the output, as .mkv, fits")
    alpha = [f for f in able if has_alpha(f)] if clip.alpha else []
    if clip.names is not None and not alpha and "yuv420p" in able:
        return "yuv420p"  # what every player shows
    if clip.pixel_format in able:
        return clip.pixel_format
    able, wanted = alpha or able, clip.pixel_format
    if clip.first_frame.format.has_palette:
        wanted = "rgba" if clip.alpha else "rgb24"
    best, _ = find_best_pix_fmt_of_list(able, wanted)
    return best.name if best is not None else able[0]


def _fits(kind: object, height: int, width: int) -> bool:
    """Whether no plane of a pixel format (given for 64 x 64) would have half a pixel."""
    return all(
        height % (64 // part.height) == 0 and width % (64 // part.width) == 0
        for part in kind.components  # type: ignore[attr-defined]
    )


def _add_fields(options: dict[str, str], name: str, order: str) -> None:
    """Let a film of two fields a frame stay one."""
    if order not in (TOP_FIRST, BOTTOM_FIRST) or name not in _FIELDS:
        return
    options["flags"] = options.get("flags", "") + "+ildct+ilme"
    if name == "libx264":
        options["x264-params"] = "tff=1" if order == TOP_FIRST else "bff=1"


def _add_light(options: dict[str, str], name: str, light: Light) -> None:
    """What HDR10 says of the screen that the film was made on, in the words of each encoder."""
    screen, most = light.screen, light.content
    if name in ("libx264", "libx265"):
        words = []
        if screen is not None:
            r, g, b, white = ("({},{})".format(*(round(50000 * v) for v in point)) for point in screen.points)
            lit = f"L({round(10000 * screen.brightest)},{round(10000 * screen.darkest)})"
            key = "mastering-display" if name == "libx264" else "master-display"
            words.append(f"{key}=G{g}B{b}R{r}WP{white}{lit}")
        if most is not None:
            words.append(f"{'cll' if name == 'libx264' else 'max-cll'}={most[0]},{most[1]}")
        key = name[3:] + "-params"
        options[key] = ":".join([*filter(None, [options.get(key)]), *words])
    elif name == "libsvtav1":
        words = []
        if screen is not None:
            r, g, b, white = ("({:.5f},{:.5f})".format(*map(float, point)) for point in screen.points)
            lit = f"L({float(screen.brightest):.4f},{float(screen.darkest):.4f})"
            words.append(f"mastering-display=G{g}B{b}R{r}WP{white}{lit}")
        if most is not None:
            words.append(f"content-light={most[0]},{most[1]}")
        options["svtav1-params"] = ":".join(words)
