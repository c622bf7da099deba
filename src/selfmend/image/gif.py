"""GIF files block by block: only the first frame's pixels are written anew, all else stays byte for byte.

Palettes, the transparent entry, delays, comments, other extensions and the frames that follow are kept as they are.

Source: Graphics Interchange Format, Version 89a (CompuServe 1990), sections 17 to 27.
"""

from __future__ import annotations

import io
import struct
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


def said_beside(data: bytes) -> list[str]:
    """What a file says beside the pixels of its first frame, where that cannot be exchanged alone."""
    frame = first_frame(data)
    head = data[: frame.at] if frame is not None else data
    said = {b"XMP DataXMP": "XMP", b"NETSCAPE2.0": "its count of repetitions", b"ICCRGBG1012": "its colour profile"}
    found = [words for sign, words in said.items() if b"\x21\xff\x0b" + sign in head]
    return found + (["its later frames"] if frame is not None and b"\x2c" in data[frame.end : frame.end + 32] else [])


def _palette_size(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _behind_blocks(data: bytes, at: int) -> int:
    while data[at]:
        at += 1 + data[at]
    return at + 1


def with_pixels(data: bytes, frame: Frame, indices: np.ndarray) -> bytes:
    """The file with other pixels in its first frame.

    Args:
        data: the file.
        frame: its first one, which covers the screen.
        indices: uint8 (H, W), places in its palette.
    """
    file = io.BytesIO()
    PILImage.fromarray(indices).save(file, "GIF", optimize=False, interlace=bool(data[frame.at + 9] & _INTERLACED))
    written = file.getvalue()
    fresh = first_frame(written)
    assert fresh is not None
    flags = data[frame.at + 9] & ~_INTERLACED | written[fresh.at + 9] & _INTERLACED
    said = without_xmp_previews(data[: frame.at])
    head = said + data[frame.at : frame.at + 9] + bytes([flags]) + data[frame.at + 10 : frame.data]
    return head + written[fresh.data : fresh.end] + data[frame.end :]
