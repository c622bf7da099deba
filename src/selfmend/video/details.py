"""What a film says beside its pictures: transparency, fields, light, chapters, tags; and what a copy lost of it."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer

TOP_FIRST, BOTTOM_FIRST = "top field first", "bottom field first"
_ORDERS = {2: TOP_FIRST, 5: TOP_FIRST, 3: BOTTOM_FIRST, 4: BOTTOM_FIRST}  # FFmpeg's numbers: which is shown first
_SAID = {  # FFmpeg's names of what comes with a frame
    "A53_CC": "closed captions",
    "STEREO3D": "which eye sees what (3-D)",
    "SPHERICAL": "the map of a film of all directions",
    "DYNAMIC_HDR_PLUS": "HDR10+ data",
    "DOVI_RPU_BUFFER": "Dolby Vision data",
    "DOVI_METADATA": "Dolby Vision data",
    "DYNAMIC_HDR_VIVID": "HDR Vivid data",
    "ICC_PROFILE": "the colour profile",
    "FILM_GRAIN_PARAMS": "the grain that the player adds",
}
_OF_WRITERS = {  # tags that say who wrote a file, not what is in it
    "encoder", "major_brand", "minor_version", "compatible_brands", "duration", "vendor_id", "_statistics_tags",
    "_statistics_writing_app", "_statistics_writing_date_utc", "bps", "number_of_frames", "number_of_bytes",
    "alpha_mode", "handler_name", "language", "encoding_tool", "software",
}  # fmt: skip
_NO_NAMES = ("", "und", "videohandler", "soundhandler", "subtitlehandler")


@dataclass(frozen=True)
class Screen:
    """The screen that an HDR film was made on (SMPTE ST 2086).

    Attributes:
        points: x and y of red, green, blue and white.
        brightest, darkest: candela a square metre.
    """

    points: tuple[tuple[Fraction, Fraction], ...]
    brightest: Fraction
    darkest: Fraction


@dataclass(frozen=True)
class Light:
    """HDR10: the screen, and the brightest pixel and brightest mean of a frame (MaxCLL, MaxFALL; candela a m²)."""

    screen: Screen | None
    content: tuple[int, int] | None


@dataclass(frozen=True)
class Chapter:
    """A chapter: seconds from the film's beginning, and its title."""

    start: Fraction
    end: Fraction
    title: str


@dataclass(frozen=True)
class Details:
    """What is beside the pictures.

    Attributes:
        alpha: whether pixels have transparency.
        field_order: TOP_FIRST, BOTTOM_FIRST, or "" where frames are whole.
        light: of an HDR10 film.
        said: in words, what else comes with the frames.
        chapters: in order.
        tags: of the file, keys in small letters.
        track: title, language and maker's name of the pictures' track.
        shape: width of a pixel for its height; 1 where the file does not tell.
        last: seconds that the last frame is shown; None where the file does not tell.
        mean: seconds that a frame is shown.
    """

    alpha: bool
    field_order: str
    light: Light | None
    said: frozenset[str]
    chapters: tuple[Chapter, ...]
    tags: dict[str, str] = field(default_factory=dict)
    track: dict[str, str] = field(default_factory=dict)
    shape: Fraction = Fraction(1)
    last: Fraction | None = None
    mean: Fraction = Fraction(1, 25)


def has_alpha(pixel_format: str) -> bool:
    """Whether pixels of FFmpeg's format have transparency of their own."""
    import av

    kind = av.VideoFormat(pixel_format)
    return not kind.has_palette and any(part.is_alpha for part in kind.components)


def shows_alpha(frame: VideoFrame) -> bool:
    """Whether a frame has transparency; of a palette, whether any pixel is of a transparent colour."""
    if frame.format.has_palette:
        return bool((frame.reformat(format="rgba").to_ndarray()[..., 3] < 255).any())
    return has_alpha(frame.format.name)


def field_order_of(number: int, frame: VideoFrame) -> str:
    """The order of the fields by FFmpeg's number for a stream; "" where its frames are whole."""
    return _ORDERS.get(number, TOP_FIRST if frame.interlaced_frame else "")


def light_of(frame: VideoFrame) -> Light | None:
    """What a frame says of HDR10; None where it says nothing."""
    found = {data.type.name: bytes(data) for data in _beside(frame)}
    screen, content = None, None
    data = found.get("MASTERING_DISPLAY_METADATA", b"")
    if len(data) >= 88:
        numbers = struct.unpack("=22i", data[:88])
        values = [Fraction(a, b) if b else Fraction(0) for a, b in zip(numbers[:20:2], numbers[1:20:2], strict=True)]
        if numbers[20] and numbers[21]:
            points = tuple((values[k], values[k + 1]) for k in range(0, 8, 2))
            screen = Screen(points, brightest=values[9], darkest=values[8])
    data = found.get("CONTENT_LIGHT_LEVEL", b"")
    if len(data) >= 8:
        content = struct.unpack("=2I", data[:8])
    return None if screen is content is None else Light(screen, content)


def said_with(frame: VideoFrame) -> frozenset[str]:
    """In words, what comes with a frame beside its light."""
    return frozenset(_SAID[data.type.name] for data in _beside(frame) if data.type.name in _SAID)


def _beside(frame: VideoFrame) -> list[Any]:
    try:
        held: Any = frame.side_data  # declared as a mapping, and gone through as a list
        return list(held)
    except ValueError:  # of a kind that is newer than PyAV's table
        return []


def chapters_of(container: InputContainer) -> tuple[Chapter, ...]:
    """The chapters of a film, from its beginning."""
    return tuple(
        Chapter(
            Fraction(one["start"]) * Fraction(one["time_base"] or 1),
            Fraction(one["end"]) * Fraction(one["time_base"] or 1),
            dict(one["metadata"]).get("title", ""),
        )
        for one in container.chapters()
    )


def chapters_within(chapters: tuple[Chapter, ...], start: Fraction, end: Fraction | None) -> tuple[Chapter, ...]:
    """Those of a part, which then begins at 0."""
    within = [c for c in chapters if c.end > start and (end is None or c.start < end)]
    return tuple(
        Chapter(max(c.start, start) - start, (c.end if end is None else min(c.end, end)) - start, c.title)
        for c in within
    )


def tags_of(tags: dict[str, str]) -> dict[str, str]:
    """The tags that say something of the film, keys in small letters."""
    return {k.lower(): v for k, v in tags.items() if k.lower() not in _OF_WRITERS and v}


def track_of(tags: dict[str, str]) -> dict[str, str]:
    """Title and language of a track: some formats have a title, some a handler's name."""
    small = {k.lower(): v for k, v in tags.items()}
    title = next((small[k] for k in ("title", "name", "handler_name") if small.get(k, "").lower() not in _NO_NAMES), "")
    language = small.get("language", "")
    return {k: v for k, v in (("title", title), ("language", language)) if v.lower() not in _NO_NAMES}


def lost(before: Details, after: Details) -> list[str]:
    """What a written film lost of the one that came, a line each; transparency is told by the pixels' format.

    Args:
        before: of the film that came, or of the part of it.
        after: of the film that was written.
    """
    lines = []
    if before.field_order != after.field_order and before.field_order:
        came = f"now says {after.field_order}" if after.field_order else "no longer says so"
        lines.append(f"the film is interlaced, {before.field_order}; the output {came}")
    if before.light is not None and not _same_light(before.light, after.light):
        lines.append("the output does not say which screen the film was made on, and how bright it is (HDR10)")
    lines += [f"the output is without {what}" for what in sorted(before.said - after.said)]
    if before.chapters and [c.title for c in before.chapters] != [c.title for c in after.chapters]:
        lines.append(f"the output cannot hold the film's chapters ({len(before.chapters)}); they are left out")
    gone = [k for k, v in before.tags.items() if k in _gone(before.tags, after.tags)]
    if gone:
        lines.append(f"the output cannot hold what the film says of itself ({', '.join(sorted(gone))})")
    changed = [k for k, v in before.track.items() if after.track.get(k) != v]
    if changed:
        lines.append(f"the output cannot hold the {' and '.join(changed)} of the pictures' track")
    if abs(after.shape / before.shape - 1) > Fraction(1, 100):
        lines.append(f"the output says pixels of {after.shape}, where the film has {before.shape} (width to height)")
    last = after.mean if after.last is None else after.last
    if before.last is not None and abs(before.last - last) > Fraction(1, 200):
        lines.append(
            f"the last frame is shown for {float(before.last):.3g} s; the output shows it for {float(last):.3g} s"
        )
    return lines


def _gone(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """Keys whose values the other file has nowhere: formats name the same in different ways."""
    kept = {_plain(v) for v in after.values()}
    return {k for k, v in before.items() if _plain(v) not in kept}


def _plain(value: Any) -> str:
    return " ".join(str(value).split()).removesuffix("Z").removesuffix(".000000")


def _same_light(one: Light, other: Light | None) -> bool:
    if other is None or one.content != other.content or (one.screen is None) != (other.screen is None):
        return False
    if one.screen is None or other.screen is None:
        return True
    flat = [[*(v for p in s.points for v in p), s.brightest / 10000, s.darkest] for s in (one.screen, other.screen)]
    return all(abs(a - b) < Fraction(1, 5000) for a, b in zip(*flat, strict=True))
