"""JPEG files segment by segment: the picture is exchanged, all that is said beside it stays byte for byte.

Source: ITU-T T.81, Annex B (markers); CIPA DC-007 (MPF, the index of a file of several pictures);
Adobe, XMP Specification Part 3 (XMP of more than one segment).
"""

from __future__ import annotations

import hashlib
import re
import struct
from dataclasses import dataclass

from selfmend.image.exif import PREFIX, patched, patched_xmp, without_xmp_previews

_START, _END, _SCAN, _COMMENT = 0xD8, 0xD9, 0xDA, 0xFE
_XMP_MORE = b"http://ns.adobe.com/xmp/extension/\0"
_XMP_MORE_HEAD = len(_XMP_MORE) + 40  # the name; 32 digits that join the pieces of one; its length, the piece's place
_XMP, _MPF, _ADOBE, _ICC = b"http://ns.adobe.com/xap/1.0/\0", b"MPF\0", b"Adobe", b"ICC_PROFILE\0"
_PHOTOSHOP, _PHOTOSHOP_THUMBNAILS = b"Photoshop 3.0\0", (1033, 1036)
_MP_COUNT, _MP_ENTRY, _ENTRY_LENGTH = 0xB001, 0xB002, 16
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


def bits_of(segments: list[Segment]) -> int:
    """Bits of a sample, by the frame header; 8 where there is none."""
    for marker, body in segments:
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and body:
            return body[0]
    return 8


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
    for marker, body in _without_previews_in_extended_xmp(segments):
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


def behind(data: bytes) -> list[str]:
    """What follows the picture in a file, in words; previews of the picture aside."""
    parts = parts_of(data)
    rest = b"" if parts is None else parts.rest
    film = ["its film (motion photo)"] if holds_film(rest) else []
    return film + (["the pictures behind it (gain map, depth map, second view)"] if _pictures_in(data, rest) else [])


def holds_film(rest: bytes) -> bool:
    """Whether what follows a picture is, or has in it, an MP4 or QuickTime file: the film of a motion photo."""
    at = rest.find(b"ftyp")
    return at >= 4 and 16 <= struct.unpack_from(">I", rest, at - 4)[0] <= 256


def _pictures_in(data: bytes, rest: bytes) -> bool:
    """Whether JPEGs that are no previews lie there."""
    at = _index_at(data)
    previews = [] if at < 0 else _previews_listed(data, at + 8)
    start = len(data) - len(rest)
    places = [start + found.start() for found in re.finditer(rb"\xff\xd8\xff", rest)]
    return any(not any(a <= place < b for a, b in previews) for place in places)


def _previews_listed(data: bytes, base: int) -> list[tuple[int, int]]:
    """From where to where the previews of an index reach in a file."""
    order, entries = _index_entries(data, base)
    listed = [struct.unpack_from(order + "III", data, entry) for entry in entries]
    kinds = ((kind >> 16 & 0xFF, size, base + offset) for kind, size, offset in listed if offset)
    return [(at, at + size) for kind, size, at in kinds if kind == _MPF_PREVIEW]


def _index_entries(data: bytes, base: int) -> tuple[str, list[int]]:
    """The byte order of an index, and where its entries stand, one a picture; none where it cannot be followed."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[base : base + 4], "")
    try:
        first = base + struct.unpack_from(order + "I", data, base + 4)[0]
        for k in range(struct.unpack_from(order + "H", data, first)[0] if order else 0):
            tag, _, length, where = struct.unpack_from(order + "HHII", data, first + 2 + 12 * k)
            if tag == _MP_ENTRY:
                end = min(base + where + length, len(data))
                return order, list(range(base + where, end - _ENTRY_LENGTH + 1, _ENTRY_LENGTH))
    except struct.error:
        return order, []
    return order, []


def has_extended_xmp(data: bytes) -> bool:
    """Whether a file has more XMP than fits into one segment."""
    parts = parts_of(data)
    return parts is not None and any(_is_more(segment) for segment in parts.segments)


def _is_more(segment: Segment) -> bool:
    return segment[0] == 0xE1 and segment[1].startswith(_XMP_MORE) and len(segment[1]) >= _XMP_MORE_HEAD


def _without_previews_in_extended_xmp(segments: list[Segment]) -> list[Segment]:
    """The segments with blanks where the pieces of extended XMP, joined, have small pictures.

    The pieces and the packet that they extend name them by the MD5 of the whole, which is brought up to date.

    Source: Adobe, XMP Specification Part 3 (2020), section 1.1.3.1.
    """
    made = list(segments)
    for digest in {body[len(_XMP_MORE) : len(_XMP_MORE) + 32] for m, body in segments if _is_more((m, body))}:
        named = [k for k, one in enumerate(segments) if _is_more(one) and one[1][len(_XMP_MORE) :].startswith(digest)]
        named.sort(key=lambda k: segments[k][1][_XMP_MORE_HEAD - 4 : _XMP_MORE_HEAD])
        pieces = [segments[k][1][_XMP_MORE_HEAD:] for k in named]
        joined = b"".join(pieces)
        cleaned = without_xmp_previews(joined)
        if cleaned == joined:
            continue
        fresh, at = hashlib.md5(cleaned, usedforsecurity=False).hexdigest().upper().encode(), 0
        for k, piece in zip(named, pieces, strict=True):
            head = segments[k][1][len(_XMP_MORE) + 32 : _XMP_MORE_HEAD]
            made[k] = (0xE1, _XMP_MORE + fresh + head + cleaned[at : at + len(piece)])
            at += len(piece)
        made = [(m, body.replace(digest, fresh) if body.startswith(_XMP) else body) for m, body in made]
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
    """A picture with what came behind it, and the index of these brought up to date.

    Previews of it are blanked, and are in the index no more: readers would look for JPEGs there.

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
    order, entries = _index_entries(made, base)
    gone = []
    for number, entry in enumerate(entries, 1):
        kind, size, offset = struct.unpack_from(order + "III", block, entry)
        start = at_before + 8 + offset - was
        if offset and kind >> 16 & 0xFF == _MPF_PREVIEW and start >= 0:
            behind[start : start + size] = bytes(len(behind[start : start + size]))
            gone.append(number)
        elif offset == 0 and entry == entries[0]:
            struct.pack_into(order + "I", block, entry + 4, now if size else 0)
        elif offset and 0 <= offset + moved < 1 << 32:
            struct.pack_into(order + "I", block, entry + 8, offset + moved)
    if gone:
        _shorten(block, base, gone)
    return bytes(block + behind)


def _shorten(block: bytearray, base: int, gone: list[int]) -> None:
    """Take pictures out of an index, by their numbers from 1; it stays as long as it was, with zeros at its end."""
    order, entries = _index_entries(bytes(block), base)
    left = [number for number in range(1, len(entries) + 1) if number not in gone]
    renumbered = {number: place for place, number in enumerate(left, 1)}
    made = []
    for number in left:
        fields = struct.unpack_from(order + "IIIHH", block, entries[number - 1])
        made.append(struct.pack(order + "IIIHH", *fields[:3], *(renumbered.get(one, 0) for one in fields[3:])))
    for place, entry in enumerate(entries):
        block[entry : entry + _ENTRY_LENGTH] = made[place] if place < len(made) else bytes(_ENTRY_LENGTH)
    first = base + struct.unpack_from(order + "I", block, base + 4)[0]
    for k in range(struct.unpack_from(order + "H", block, first)[0]):
        at = first + 2 + 12 * k
        tag = struct.unpack_from(order + "H", block, at)[0]
        if tag == _MP_COUNT:
            struct.pack_into(order + "I", block, at + 8, len(left))
        elif tag == _MP_ENTRY:
            struct.pack_into(order + "I", block, at + 4, _ENTRY_LENGTH * len(left))
