"""JPEG files segment by segment: the picture is exchanged, all that is said beside it stays byte for byte.

Source: ITU-T T.81, Annex B (markers); CIPA DC-007 (MPF, the index of a file of several pictures).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from selfmend.image.exif import PREFIX, patched, patched_xmp, without_xmp_previews

_START, _END, _SCAN, _COMMENT = 0xD8, 0xD9, 0xDA, 0xFE
_XMP, _MPF, _ADOBE, _ICC = b"http://ns.adobe.com/xap/1.0/\0", b"MPF\0", b"Adobe", b"ICC_PROFILE\0"
_PHOTOSHOP, _PHOTOSHOP_THUMBNAILS = b"Photoshop 3.0\0", (1033, 1036)
_MPF_PREVIEW = 1  # of the kinds of pictures in an index: a smaller one of the first
Segment = tuple[int, bytes]


@dataclass(frozen=True)
class Parts:
    """A JPEG file in parts.

    Attributes:
        segments: (marker, body) up to the first scan.
        scans: from the first scan to the end of the picture.
        rest: what comes behind it: further pictures (gain map, depth), or anything else.
    """

    segments: list[Segment]
    scans: bytes
    rest: bytes


def parts_of(data: bytes) -> Parts | None:
    """The parts of a JPEG file; None where its markers cannot be followed."""
    segments: list[Segment] = []
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:  # fill bytes
            at += 1
            continue
        if marker == _SCAN:
            end = _end_of(data, at)
            return Parts(segments, data[at:end], data[end:])
        length = struct.unpack_from(">H", data, at + 2)[0]
        segments.append((marker, data[at + 4 : at + 2 + length]))
        at += 2 + length
    return None


def _end_of(data: bytes, at: int) -> int:
    """Behind the end marker of the picture whose first scan begins at `at`, or the end of the file."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            return len(data)
        marker = data[at + 1]
        if marker == _END:
            return at + 2
        if marker in (0, 0xFF) or 0xD0 <= marker <= 0xD7:
            at += 2 if marker != 0xFF else 1
            continue
        if at + 4 > len(data):
            return len(data)
        at += 2 + struct.unpack_from(">H", data, at + 2)[0]


def is_said(segment: Segment) -> bool:
    """Whether a segment says something beside the pixels: APPn and comments."""
    return 0xE0 <= segment[0] <= 0xEF or segment[0] == _COMMENT


def colour_transform(segments: list[Segment]) -> int | None:
    """Adobe's colour transform: 0 none, 1 YCbCr, 2 YCCK; None where the file does not say."""
    for marker, body in segments:
        if marker == 0xEE and body.startswith(_ADOBE) and len(body) >= 12:
            return body[11]
    return None


def mode_of(segments: list[Segment]) -> str | None:
    """PIL's mode of the picture, by the frame header; None for other numbers of components and bits."""
    for marker, body in segments:
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and len(body) >= 6:
            return {1: "L", 3: "RGB", 4: "CMYK"}.get(body[5]) if body[0] == 8 else None
    return None


def with_said(written: bytes, source: bytes, *, size: tuple[int, int]) -> bytes:
    """A newly written JPEG with what another said beside its pixels, thumbnail aside; the pictures behind it as well.

    Args:
        written: by PIL, of the same colour model.
        source: the file that came.
        size: (height, width) as stored, for the EXIF.
    """
    fresh, old = parts_of(written), parts_of(source)
    assert fresh is not None
    if old is None:
        return written
    said = [s for s in _mended(old.segments, size) if is_said(s) and not (s[0] == 0xEE and s[1].startswith(_ADOBE))]
    adobe = [s for s in fresh.segments if s[0] == 0xEE and s[1].startswith(_ADOBE)]
    if not said or said[0][0] != 0xE0:  # Adobe's segment stood first where there was no JFIF
        said = adobe + said
    else:
        said += adobe
    plain = [s for s in fresh.segments if not is_said(s)]
    made = _joined(said + plain) + fresh.scans
    return _followed(made, source, old.rest)


def _mended(segments: list[Segment], size: tuple[int, int]) -> list[Segment]:
    """The segments with what is true of the new picture: sizes, and no previews, which show what was mended."""
    made = []
    for marker, body in segments:
        if marker == 0xE1 and body.startswith(PREFIX):
            body = patched(body, size=size)
        elif marker == 0xE1 and body.startswith(_XMP):
            body = without_xmp_previews(body)
        elif marker == 0xE0 and body.startswith(b"JFIF\0") and len(body) > 14:
            body = body[:12] + bytes(2)
        elif marker == 0xE0 and body.startswith(b"JFXX\0"):
            continue
        elif marker == 0xED and body.startswith(_PHOTOSHOP):
            body = _PHOTOSHOP + _without_thumbnail(body[len(_PHOTOSHOP) :])
        made.append((marker, body))
    return made


def _without_thumbnail(resources: bytes) -> bytes:
    """Photoshop's image resources without those that hold a thumbnail; all of them where they cannot be followed."""
    kept, at = [], 0
    while at < len(resources):
        if resources[at : at + 4] != b"8BIM" or at + 12 > len(resources):
            return resources
        named = at + 6 + (resources[at + 6] + 2) // 2 * 2  # a name with its length, padded to an even one
        if named + 4 > len(resources):
            return resources
        length = struct.unpack_from(">I", resources, named)[0]
        end = named + 4 + (length + 1) // 2 * 2
        if struct.unpack_from(">H", resources, at + 4)[0] not in _PHOTOSHOP_THUMBNAILS:
            kept.append(resources[at:end])
        at = end
    return b"".join(kept)


def with_scans(source: bytes, scans: bytes, *, size: tuple[int, int]) -> bytes:
    """A JPEG file with other scans of the same frame; all segments stay where and as they are, thumbnails aside.

    Args:
        source: the file, which has parts.
        scans: in the place of its own, see `jpeg_blocks.with_pixels`.
        size: (height, width) as stored, for the EXIF.
    """
    parts = parts_of(source)
    assert parts is not None
    head = _joined(_mended(parts.segments, size))
    whole = scans if scans.endswith(b"\xff\xd9") else scans + b"\xff\xd9"
    return _followed(head + whole, source, parts.rest)


def with_orientation(segments: list[Segment], orientation: int) -> list[Segment]:
    """The segments with another orientation in EXIF and XMP."""
    made = []
    for marker, body in segments:
        if marker == 0xE1 and body.startswith(PREFIX):
            body = patched(body, orientation=orientation)
        if marker == 0xE1 and body.startswith(_XMP):
            body = patched_xmp(body, orientation=orientation)
        made.append((marker, body))
    return made


def _joined(segments: list[Segment]) -> bytes:
    return b"\xff\xd8" + b"".join(struct.pack(">BBH", 0xFF, m, len(b) + 2) + b for m, b in segments)


def _index_at(data: bytes) -> int:
    """Where the index of a file of several pictures stands; -1 for none."""
    at = data.find(b"\xff\xe2")
    while at >= 0 and data[at + 4 : at + 8] != _MPF:
        at = data.find(b"\xff\xe2", at + 2)
    return at


def _followed(made: bytes, source: bytes, rest: bytes) -> bytes:
    """A picture with what came behind it, and the index of these brought up to date; previews of it are blanked.

    Args:
        made: the first picture, with the index that came.
        source: the file that came.
        rest: what comes behind the picture in it.
    """
    at, at_before = _index_at(made), _index_at(source)
    if at < 0 or at_before < 0:
        return made + rest
    was, now = len(source) - len(rest), len(made)
    moved = now - was - (at - at_before)
    block, behind = bytearray(made), bytearray(rest)
    base = at + 8  # offsets count from the byte order
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(block[base : base + 4]))
    try:
        if order is None:
            return made + rest
        first = base + struct.unpack_from(order + "I", block, base + 4)[0]
        for k in range(struct.unpack_from(order + "H", block, first)[0]):
            tag, _, length, where = struct.unpack_from(order + "HHII", block, first + 2 + 12 * k)
            if tag != 0xB002:  # MPEntry: sixteen bytes a picture
                continue
            for entry in range(base + where, base + where + length, 16):
                kind, size, offset = struct.unpack_from(order + "III", block, entry)
                start = at_before + 8 + offset - was
                if offset and kind >> 16 & 0xFF == _MPF_PREVIEW and start >= 0:
                    behind[start : start + size] = bytes(len(behind[start : start + size]))
                    struct.pack_into(order + "II", block, entry + 4, 0, 0)
                elif offset == 0 and entry == base + where:
                    struct.pack_into(order + "I", block, entry + 4, now if size else 0)
                elif offset:
                    struct.pack_into(order + "I", block, entry + 8, offset + moved)
    except struct.error:
        return made + rest
    return bytes(block + behind)
