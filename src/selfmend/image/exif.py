"""EXIF and XMP changed where they stand: what is not understood (maker notes, texts, unknown tags) stays byte for byte.

EXIF is a small TIFF file (CIPA DC-008, section 4.5; TIFF 6.0, section 2): a header and directories of twelve-byte
entries that point anywhere into the block. A maker note points into it too, by offsets that only its maker knows. So
nothing is decoded and written anew: values are overwritten in their place, and nothing moves.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

PREFIX = b"Exif\0\0"
_ORIENTATION, _EXIF_IFD = 274, 34665
_WIDTHS, _HEIGHTS = (256, 40962), (257, 40963)  # of the picture: ImageWidth, PixelXDimension; ImageLength, ...
_THUMBNAIL_AT, _THUMBNAIL_LENGTH = 513, 514
_STRIPS_AT, _STRIPS_LENGTH = 273, 279  # of a thumbnail that is not compressed
_PREVIEW = re.compile(rb"\xff\xd8\xff[\xdb\xc0\xc4\xe0-\xef\xfe].*?\xff\xd9", re.DOTALL)  # a JPEG, in a maker note
_SHORT, _LONG = 3, 4
_XMP_PREVIEW = re.compile(  # thumbnails, and the photo as it was before a phone blurred its background
    rb"(<xmpGImg:image>|<GImage:Data>|(?:xmpGImg:image|GImage:Data)\s*=\s*[\"'])([^<\"']*)"
)
_XMP_NOTE = re.compile(
    rb"xmpNote:HasExtendedXMP\s*=\s*[\"']\w*[\"']|<xmpNote:HasExtendedXMP>\w*</xmpNote:HasExtendedXMP>"
)
_XMP_ORIENTATION = re.compile(rb"(tiff:Orientation(?:\s*=\s*[\"']|\s*>))(\s*)([1-8])")


@dataclass(frozen=True)
class _Entry:
    tag: int
    kind: int
    count: int
    at: int  # of the value field, in the block


def block_of(exif: bytes) -> bytes:
    """The TIFF block of EXIF, which JPEG and PIL put a prefix before."""
    while exif.startswith(PREFIX):
        exif = exif[len(PREFIX) :]
    return exif


def orientation_of(exif: bytes) -> int:
    """How the stored picture lies, 1 to 8; 1 where the EXIF says nothing that can be read."""
    block = bytearray(block_of(exif))
    order = _order(block)
    if order is None:
        return 1
    for entry in _entries(block, order, _first(block, order)):
        if entry.tag == _ORIENTATION and entry.kind == _SHORT and entry.count == 1:
            value = struct.unpack_from(order + "H", block, entry.at)[0]
            return value if 1 <= value <= 8 else 1
    return 1


def is_readable(exif: bytes) -> bool:
    """Whether the header and the first directory are whole: what viewers ask of EXIF."""
    block = bytearray(block_of(exif))
    order = _order(block)
    if order is None:
        return False
    first = _first(block, order)
    if not 0 < first <= len(block) - 2:
        return False
    return first + 2 + 12 * struct.unpack_from(order + "H", block, first)[0] <= len(block)


def patched(exif: bytes, *, orientation: int | None = None, size: tuple[int, int] | None = None) -> bytes:
    """The block with another orientation and size, and without its previews, which show what was mended.

    Args:
        exif: the block, with or without prefix; the result has what came.
        orientation: 1 to 8; None leaves it.
        size: (height, width) for the tags that tell it; None leaves them.

    Returns:
        A block of the same length, or one that is shorter by a thumbnail at its end. What cannot be read is returned as
        it came.
    """
    block = bytearray(block_of(exif))
    prefix = PREFIX if exif.startswith(PREFIX) else b""
    order = _order(block)
    if order is None:
        return exif
    first = _first(block, order)
    directories = [first]
    for entry in _entries(block, order, first):
        if entry.tag == _EXIF_IFD and entry.kind == _LONG:
            directories.append(struct.unpack_from(order + "I", block, entry.at)[0])
    for directory in directories:
        for entry in _entries(block, order, directory):
            if entry.tag == _ORIENTATION and orientation is not None:
                _put(block, order, entry, orientation)
            if entry.tag in _WIDTHS and size is not None:
                _put(block, order, entry, size[1])
            if entry.tag in _HEIGHTS and size is not None:
                _put(block, order, entry, size[0])
    _remove_thumbnail(block, order, first)
    return prefix + without_previews(bytes(block))


def without_previews(block: bytes) -> bytes:
    """Bytes whose JPEGs are zeros; their length stays."""
    return _PREVIEW.sub(lambda found: bytes(len(found[0])), block)


def patched_xmp(xmp: bytes, *, orientation: int = 1) -> bytes:
    """XMP with another orientation and without previews; its length stays."""
    xmp = without_xmp_previews(xmp)
    return _XMP_ORIENTATION.sub(lambda found: found[1] + found[2] + b"%d" % orientation, xmp)


def without_xmp_previews(xmp: bytes) -> bytes:
    """XMP whose small pictures of the whole are blanks; its length stays."""
    return _XMP_PREVIEW.sub(lambda found: found[1] + b" " * len(found[2]), xmp)


def without_xmp_note(xmp: bytes) -> bytes:
    """XMP that does not say that there is more of it, as a JPEG's does; its length stays."""
    return _XMP_NOTE.sub(lambda found: b" " * len(found[0]), xmp)


def _order(block: bytearray) -> str | None:
    """struct's sign of the byte order, None where there is no TIFF header."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(bytes(block[:4]))
    return order if len(block) >= 8 else None


def _first(block: bytearray, order: str) -> int:
    return int(struct.unpack_from(order + "I", block, 4)[0])


def _entries(block: bytearray, order: str, directory: int) -> Iterator[_Entry]:
    """The entries of a directory, as many as are whole."""
    if not 8 <= directory <= len(block) - 2:
        return
    for k in range(struct.unpack_from(order + "H", block, directory)[0]):
        at = directory + 2 + 12 * k
        if at + 12 > len(block):
            return
        tag, kind, count = struct.unpack_from(order + "HHI", block, at)
        yield _Entry(tag, kind, count, at + 8)


def _put(block: bytearray, order: str, entry: _Entry, value: int) -> None:
    if entry.count == 1 and entry.kind == _LONG:
        struct.pack_into(order + "I", block, entry.at, value)
    elif entry.count == 1 and entry.kind == _SHORT and value < 1 << 16:
        struct.pack_into(order + "H", block, entry.at, value)


def _remove_thumbnail(block: bytearray, order: str, first: int) -> None:
    """Unlink the second directory and blank the picture that it points to; cut it off where it ends the block."""
    if not 8 <= first <= len(block) - 2:
        return
    link = first + 2 + 12 * struct.unpack_from(order + "H", block, first)[0]
    if link + 4 > len(block):
        return
    second = struct.unpack_from(order + "I", block, link)[0]
    found = {e.tag: struct.unpack_from(order + "I", block, e.at)[0] for e in _entries(block, order, second)}
    struct.pack_into(order + "I", block, link, 0)
    at, length = found.get(_THUMBNAIL_AT, 0), found.get(_THUMBNAIL_LENGTH, 0)
    if bytes(block[at : at + 2]) != b"\xff\xd8":
        at, length = found.get(_STRIPS_AT, 0), found.get(_STRIPS_LENGTH, 0)
    end = at + length
    if at < 8 or length == 0 or end > len(block):
        return
    block[at:end] = bytes(length)
    if end == len(block):
        del block[at:]
