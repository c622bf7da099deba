"""WebP files chunk by chunk: the picture is exchanged, all that is said beside it stays byte for byte.

Source: WebP Container Specification (RFC 9649, section 2).
"""

from __future__ import annotations

import struct

from selfmend.image.exif import patched, patched_xmp

_PICTURE = (b"VP8 ", b"VP8L", b"ALPH")
_FRAME, _FRAME_HEAD = b"ANMF", 16
_HAS_ALPHA = 0x10
Chunk = tuple[bytes, bytes]


def chunks_of(data: bytes) -> list[Chunk]:
    """(name, body) of each whole chunk; none where it is no WebP file."""
    found: list[Chunk] = []
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return found
    at, end = 12, len(data) - len(behind(data))
    while at + 8 <= end:
        name, length = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        body = data[at + 8 : at + 8 + length]
        if len(body) < length:
            break
        found.append((name, body))
        at += 8 + length + length % 2
    return found


def behind(data: bytes) -> bytes:
    """What follows the end of a file."""
    length = struct.unpack_from("<I", data, 4)[0]
    return data[8 + length + length % 2 :]


def with_picture(written: bytes, source: bytes, *, turned: bool = False) -> bytes:
    """A newly written file with what another said beside its picture.

    Args:
        written: upright, with nothing beside its picture that the other does not say.
        source: the file that came, in the extended form; of a moving one, this is the first frame, and the others stay.
        turned: it lies in another way than in the source; then no frames of that stay.
    """
    said, fresh = chunks_of(source), chunks_of(written)
    if not said or said[0][0] != b"VP8X" or not holds(source, _size(fresh), turned):
        return written + (behind(source) if said else b"")
    picture = [chunk for chunk in fresh if chunk[0] in _PICTURE]
    size = _size(fresh)
    made: list[Chunk] = []
    for name, body in said:
        if name == b"VP8X":
            ours = body[0] if is_moving(source) else body[0] & ~_HAS_ALPHA  # other frames may have alpha
            alpha = ours | (fresh[0][1][0] & _HAS_ALPHA if fresh[0][0] == b"VP8X" else 0)
            body = bytes([alpha]) + body[1:4] + _of_canvas(size)
        elif name == b"EXIF":
            body = patched(body, orientation=1, size=size)
        elif name == b"XMP ":
            body = patched_xmp(body)
        elif name == _FRAME and picture:
            body = bytes(6) + _of_canvas(size) + body[12:_FRAME_HEAD] + _joined(picture)
            picture = []
        elif name in _PICTURE:
            made += picture
            picture = []
            continue
        made.append((name, body))
    parts = _joined(made)
    return b"RIFF" + struct.pack("<I", len(parts) + 4) + b"WEBP" + parts + behind(source)


def is_moving(data: bytes) -> bool:
    """Whether a file has frames."""
    return any(name == _FRAME for name, _ in chunks_of(data))


def holds(data: bytes, size: tuple[int, int], turned: bool) -> bool:
    """Whether the later frames of a file, if it has any, fit behind a picture of this (height, width)."""
    return not is_moving(data) or (not turned and chunks_of(data)[0][1][4:10] == _of_canvas(size))


def _of_canvas(size: tuple[int, int]) -> bytes:
    return struct.pack("<I", size[1] - 1)[:3] + struct.pack("<I", size[0] - 1)[:3]


def _joined(chunks: list[Chunk]) -> bytes:
    return b"".join(n + struct.pack("<I", len(b)) + b + bytes(len(b) % 2) for n, b in chunks)


def _size(chunks: list[Chunk]) -> tuple[int, int]:
    """(height, width) of a file that PIL wrote without loss."""
    body = next(body for name, body in chunks if name == b"VP8L")
    bits = struct.unpack_from("<I", body, 1)[0]
    return (bits >> 14 & 0x3FFF) + 1, (bits & 0x3FFF) + 1
