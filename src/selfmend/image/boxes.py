"""The boxes of HEIC and AVIF files: what they say of their picture's light, read, and put into newly written ones.

Source: ISO/IEC 23008-12 (HEIF: ipco, ipma), 14496-12 (boxes, pitm, iloc, mdcv, clli).
"""

from __future__ import annotations

import struct

_LIGHT = (b"mdcv", b"clli", b"cclv", b"amve")  # of the mastering display, of the picture, around the viewer


def light_of(data: bytes) -> list[bytes]:
    """The boxes of a file that say how bright it was mastered, and is to be shown."""
    place = inside(data, b"meta", b"iprp", b"ipco")
    return [] if place is None else [data[at:end] for kind, at, end in boxes(data, *place) if kind in _LIGHT]


def boxes(data: bytes, start: int, end: int) -> list[tuple[bytes, int, int]]:
    """(kind, where it begins and ends) of the boxes in a part of a file; those that are whole and of a plain length."""
    found = []
    while start + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, start)
        if length < 8 or start + length > end:
            break
        found.append((kind, start, start + length))
        start += length
    return found


def inside(data: bytes, *path: bytes) -> tuple[int, int] | None:
    """Where the content of a box that lies in others begins and ends."""
    place = 0, len(data)
    for wanted in path:
        found = [(at, end) for kind, at, end in boxes(data, *place) if kind == wanted]
        if not found:
            return None
        place = found[0][0] + (12 if wanted == b"meta" else 8), found[0][1]
    return place


def with_properties(written: bytes, properties: list[bytes]) -> bytes:
    """A file with more properties of its picture.

    Args:
        written: by libavif or libheif: one byte an association, offsets of four bytes, pixels last. Another one, and
            one of frames, comes back as it is.
        properties: whole boxes.
    """
    pixels = inside(written, b"mdat")
    head = b"" if pixels is None else written[: pixels[0] - 8]
    paths = ((), (b"iprp",), (b"iprp", b"ipco"), (b"iprp", b"ipma"), (b"iloc",), (b"pitm",))
    places = [place for path in paths if (place := inside(head, b"meta", *path)) is not None]
    if not properties or len(places) < len(paths) or inside(head, b"moov") is not None:  # which has offsets as well
        return written
    (meta, _), (iprp, _), (ipco, last), (ipma, _), (iloc, _), (pitm, _) = places
    count, entry = len(boxes(head, ipco, last)), ipma + 8
    is_first = head[ipma : ipma + 4] == bytes(4) and head[entry : entry + 2] == head[pitm + 4 : pitm + 6]
    if (
        not is_first
        or head[pitm]
        or head[iloc]
        or head[iloc + 4 : iloc + 6] not in (b"\x44\0", b"\x44\x40")
        or count > 100
    ):
        return written
    fresh = b"".join(properties)
    longer = len(fresh) + len(properties)
    made = bytearray(head)
    at, base = iloc + 8, head[iloc + 5] >> 4
    for _ in range(struct.unpack_from(">H", head, iloc + 6)[0]):
        pieces = struct.unpack_from(">H", head, at + 4 + base)[0]
        end = at + 6 + base + 8 * pieces
        for offset in [at + 4] if base else range(at + 6, end, 8):  # one that all count from, or each
            struct.pack_into(">I", made, offset, struct.unpack_from(">I", head, offset)[0] + longer)
        at = end
    lengths = {meta - 12: longer, iprp - 8: longer, ipco - 8: len(fresh), ipma - 8: len(properties)}
    for at, more in lengths.items():
        struct.pack_into(">I", made, at, struct.unpack_from(">I", head, at)[0] + more)
    made[entry + 2] += len(properties)
    behind = entry + 3 + head[entry + 2]
    made[behind:behind] = bytes(range(count + 1, count + 1 + len(properties)))
    made[last:last] = fresh
    return bytes(made) + written[len(head) :]
