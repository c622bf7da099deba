"""JPEG 2000 files box by box: the codestream is exchanged, all other boxes (profile, XMP, texts, resolution) stay.

Source: ITU-T T.800, Annexes A and I.
"""

from __future__ import annotations

import struct

from selfmend.image.exif import without_previews, without_xmp_previews

_SIGNATURE = b"\0\0\0\x0cjP  \r\n\x87\n"
_CODESTREAM, _HEADER, _UUID = b"jp2c", b"jp2h", b"uuid"
_NEEDED = (b"jP  ", b"ftyp", _HEADER, _CODESTREAM)
_SHAPE = slice(8, 30)  # of the header: its first box, with size, channels and bits
_BITS_AT = 18  # of the shape: what comes before is the box's head, height, width and number of channels
_PALETTE = b"pclr"
_OF_BITS = (b"ihdr", b"bpcc")
_OF_PALETTE = (_PALETTE, b"cmap", b"cdef")
_OPACITY = b"cdef"
_COLOURS = b"colr"
_SRGB = 16  # an enumerated colour space
_SYCC = b"\1\0\0" + struct.pack(">I", 18)  # another, which is read as RGB, and written so
_CHANNELS_AT = 16  # of the shape
_STREAM_HEAD = b"\xff\x4f\xff\x51"  # SOC and SIZ; T.800, Annex A.5
ENDINGS = (".j2k", ".j2c", ".jpc")
"""Of files that are a codestream alone."""
Box = tuple[bytes, bytes]


def boxes_of(data: bytes) -> list[Box]:
    """(kind, all its bytes) of each box; none where they cannot be followed."""
    found: list[Box] = []
    at = 0
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        if length == 1 and at + 16 <= len(data):
            length = struct.unpack_from(">Q", data, at + 8)[0]
        length = length or len(data) - at  # 0: to the end
        if length < 8 or at + length > len(data):
            return []
        found.append((kind, data[at : at + length]))
        at += length
    return found if data.startswith(_SIGNATURE) else []


def bits_of(data: bytes) -> int:
    """Bits of a sample of the first channel, by the codestream's head; 8 where it cannot be found."""
    at = data.find(_STREAM_HEAD)
    return (data[at + 42] & 0x7F) + 1 if 0 <= at < len(data) - 42 else 8


def only_pixels(data: bytes) -> bytes | None:
    """A file of the codestream and its shape alone, said to be sRGB, as other readers take it without a word.

    None where there is no one picture whose boxes can be followed.
    """
    boxes = boxes_of(data)
    streams = [box for kind, box in boxes if kind == _CODESTREAM]
    shapes = [box for kind, head in boxes if kind == _HEADER for inner, box in _inside(head) if inner in _OF_BITS]
    if len(streams) != 1 or not shapes:
        return None
    body = b"".join(shapes) + struct.pack(">I4sBBBI", 15, b"colr", 1, 0, 0, _SRGB)
    kept = b"".join(box for kind, box in boxes if kind in (b"jP  ", b"ftyp"))
    stream = struct.pack(">I4s", len(streams[0]), _CODESTREAM) + streams[0][8:]
    return kept + struct.pack(">I4s", len(body) + 8, _HEADER) + body + stream


def with_codestream(written: bytes, source: bytes) -> bytes | None:
    """The file that came with the codestream of a newly written one; None where the two do not fit.

    They fit if both have one size and number of channels, or if one in colour takes the place of one with a palette.
    Where their bits differ, the shape is that of the new one.
    """
    old, fresh = boxes_of(source), boxes_of(written)
    streams = [box for kind, box in fresh if kind == _CODESTREAM]
    heads = [next((box for kind, box in boxes if kind == _HEADER), b"") for boxes in (old, fresh)]
    shapes = [head[_SHAPE] for head in heads]
    if len(streams) != 1 or [kind for kind, _ in old].count(_CODESTREAM) != 1:
        return None
    if len(shapes[0]) <= _BITS_AT or len(shapes[1]) <= _BITS_AT:
        return None
    coloured = has_palette(source)
    same_until = _CHANNELS_AT if coloured else _BITS_AT
    if shapes[0][:same_until] != shapes[1][:same_until] or (coloured and shapes[1][_CHANNELS_AT + 1] < 3):
        return None
    stream = struct.pack(">I4s", len(streams[0]), _CODESTREAM) + streams[0][8:]
    head = heads[0]
    if shapes[0] != shapes[1] or _is_sycc(head):
        gone = _OF_BITS + _OF_PALETTE if coloured else _OF_BITS
        fresh_colours = b"".join(box for kind, box in _inside(heads[1]) if kind == _COLOURS)
        kept = b"".join(
            fresh_colours if kind == _COLOURS and box[8:] == _SYCC else box
            for kind, box in _inside(heads[0])
            if kind not in gone
        )
        kept += b"".join(box for kind, box in _inside(heads[1]) if coloured and kind == _OPACITY)
        body = heads[1][_SHAPE] + kept
        head = struct.pack(">I4s", len(body) + 8, _HEADER) + body
    exchanged = {_CODESTREAM: stream, _HEADER: head}
    return b"".join(exchanged[kind] if kind in exchanged else _cleaned(kind, box) for kind, box in old)


def _is_sycc(head: bytes) -> bool:
    return any(kind == _COLOURS and box[8:] == _SYCC for kind, box in _inside(head))


def _inside(head: bytes) -> list[Box]:
    """The boxes in the header box."""
    found: list[Box] = []
    at = 8
    while at + 8 <= len(head):
        length, kind = struct.unpack_from(">I4s", head, at)
        if length < 8:
            break
        found.append((kind, head[at : at + length]))
        at += length
    return found


def has_palette(data: bytes) -> bool:
    """Whether the samples of a file are numbers of colours."""
    return any(inner == _PALETTE for kind, head in boxes_of(data) if kind == _HEADER for inner, _ in _inside(head))


def _cleaned(kind: bytes, box: bytes) -> bytes:
    """EXIF and XMP, which stand in boxes of kind uuid, without small pictures of the old one."""
    return without_previews(without_xmp_previews(box)) if kind == _UUID else box


def said_beside(data: bytes) -> list[str]:
    """The boxes of a file beside those of its picture, by their kind."""
    kinds = dict.fromkeys(kind for kind, _ in boxes_of(data) if kind not in _NEEDED)
    inside = [one for kind, head in boxes_of(data) if kind == _HEADER for one in _inside(head)]
    words = {b"res ": "its resolution", _PALETTE: "its palette"}
    found = [words[kind] for kind, _ in inside if kind in words]
    found += ["its colour profile"] if any(kind == b"colr" and box[8:9] == b"\2" for kind, box in inside) else []
    return found + [f"its box {kind.decode('latin-1').strip()!r}" for kind in kinds]
