"""GIF files block by block: only the first frame's pixels are written anew, all else stays byte for byte.

Palettes, the transparent entry, delays, comments, other extensions and the frames that follow are kept as they are.

Source: Graphics Interchange Format, Version 89a (CompuServe 1990), sections 17 to 27.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image as PILImage

from selfmend.image.exif import without_xmp_previews

_IMAGE, _EXTENSION = 0x2C, 0x21
_INTERLACED = 0x40


@dataclass(frozen=True)
class Frame:
    """The first frame of a file.

    Attributes:
        at: where its descriptor begins.
        data: where its coded pixels begin, with the byte of the code size.
        end: behind its last block.
        box: left, top, width, height on the screen.
        screen: (height, width) of the whole picture.
        palette: bytes, three a colour.
    """

    at: int
    data: int
    end: int
    box: tuple[int, int, int, int]
    screen: tuple[int, int]
    palette: bytes


def first_frame(data: bytes) -> Frame | None:
    """The first frame of a GIF file, or None where its blocks cannot be followed."""
    try:
        return _first_frame(data) if data[:3] == b"GIF" else None
    except (struct.error, IndexError):
        return None


def _first_frame(data: bytes) -> Frame | None:
    width, height, flags = struct.unpack_from("<HHB", data, 6)
    at = 13 + _palette_size(flags)
    palette = data[13:at]
    while data[at] == _EXTENSION:
        at = _behind_blocks(data, at + 2)
    if data[at] != _IMAGE:
        return None
    left, top, wide, high, local = struct.unpack_from("<HHHHB", data, at + 1)
    start = at + 10 + _palette_size(local)
    palette = data[at + 10 : start] or palette
    return Frame(at, start, _behind_blocks(data, start + 1), (left, top, wide, high), (height, width), palette)


_SAID = {b"XMP DataXMP": "XMP", b"NETSCAPE2.0": "its count of repetitions", b"ANIMEXTS1.0": "its count of repetitions",
         b"ICCRGBG1012": "its colour profile"}  # fmt: skip
_COMMENT, _CONTROL, _APPLICATION = 0xFE, 0xF9, 0xFF


def said_beside(data: bytes, *, comment_is_kept: bool) -> list[str]:
    """What a file says beside the pixels of its first frame, where that cannot be exchanged alone.

    Args:
        data: the file.
        comment_is_kept: whether the first comment is written anew.
    """
    found: list[str] = []
    frames = comments = 0
    try:
        for kind, at, _ in blocks(data):
            if kind == _IMAGE:
                frames += 1
            elif data[at + 1] == _COMMENT:
                comments += 1
            elif data[at + 1] == _APPLICATION:
                name = data[at + 3 : at + 14]
                found.append(_SAID.get(name, f"its extension {name.decode('latin-1').strip()!r}"))
            elif data[at + 1] != _CONTROL:
                found.append(f"its extension of kind {data[at + 1]}")
    except (struct.error, IndexError):
        found.append("what stands behind its first frame")
    found += ["its comments"] if comments > comment_is_kept else []
    return list(dict.fromkeys(found)) + (["its later frames"] if frames > 1 else [])


def blocks(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(kind, where it begins, where it ends) of each extension and image of a file, up to its end mark.

    Raises:
        IndexError, struct.error: they cannot be followed.
    """
    at = 13 + _palette_size(data[10])
    while data[at] in (_EXTENSION, _IMAGE):
        kind, start = data[at], at + 2
        if kind == _IMAGE:
            start = at + 11 + _palette_size(data[at + 9])
        end = _behind_blocks(data, start)
        yield kind, at, end
        at = end


def _palette_size(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _behind_blocks(data: bytes, at: int) -> int:
    while data[at]:
        at += 1 + data[at]
    return at + 1


def with_pixels(data: bytes, frame: Frame, indices: np.ndarray, box: tuple[int, int, int, int]) -> bytes:
    """The file with other pixels in its first frame.

    Args:
        data: the file.
        frame: its first one.
        indices: uint8 (H, W), places in its palette.
        box: left, top, width and height of the new frame on the screen: W and H are those of `indices`.
    """
    file = io.BytesIO()
    PILImage.fromarray(indices).save(file, "GIF", optimize=False, interlace=bool(data[frame.at + 9] & _INTERLACED))
    written = file.getvalue()
    fresh = first_frame(written)
    assert fresh is not None
    flags = data[frame.at + 9] & ~_INTERLACED | written[fresh.at + 9] & _INTERLACED
    head = without_xmp_previews(data[: frame.at]) + struct.pack("<BHHHHB", _IMAGE, *box, flags)
    return (
        head
        + data[frame.at + 10 : frame.data]
        + written[fresh.data : fresh.end]
        + without_xmp_previews(data[frame.end :])
    )
