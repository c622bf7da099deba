"""TGA files: new pixels in the layout of the file that they came from, with all that stands around them.

Plain or by run lengths, palette, grey and colour of 8 to 32 bits, from any corner. The id, the palette, the developer
area and the extension area stay byte for byte, but for the places that they name, where packed pixels grow or shrink:
these follow. The table of lines is made anew; the postage stamp, which shows what was mended, is gone.

Source: Truevision TGA File Format Specification, version 2.0 (1991).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

KIND = "TGA"
"""PIL's name of the format."""

_SIGN = b"TRUEVISION-XFILE.\0"
_PALETTE, _COLOUR, _GREY = 1, 2, 3  # image types; 8 more: by run lengths
_DEPTHS = {_PALETTE: (8,), _COLOUR: (16, 24, 32), _GREY: (8, 16)}
_EXTENSION = 495  # bytes of the extension area
_CORRECTION, _STAMP, _LINES, _ALPHA = 482, 486, 490, 494  # places in it


@dataclass(frozen=True)
class Layout:
    """How a file stores its pixels.

    Attributes:
        size: (height, width).
        kind: 1 palette, 2 colour, 3 grey.
        step: bytes a pixel.
        packed: by run lengths.
        from_top: the first line is the topmost.
        from_right: the first pixel of a line is its rightmost.
        has_alpha: the fourth channel is shown.
        start: of the pixels.
    """

    size: tuple[int, int]
    kind: int
    step: int
    packed: bool
    from_top: bool
    from_right: bool
    has_alpha: bool
    start: int


def layout_of(data: bytes) -> Layout | None:
    """Of a file, None where it is none of those that are understood."""
    if len(data) < 18:
        return None
    length, has_palette, kind, _, colours, colour_bits = struct.unpack_from("<BBBHHB", data)
    width, height, bits, flags = struct.unpack_from("<HHBB", data, 12)
    if bits not in _DEPTHS.get(kind & 7, ()) or kind & ~15 or has_palette > 1 or not width or not height:
        return None
    start = 18 + length + (colours * ((colour_bits + 7) // 8) if has_palette else 0)
    at = _areas(data)[0]
    has_alpha = not (at and data[at + _ALPHA] == 0)
    return Layout(
        (height, width), kind & 7, bits // 8, bool(kind & 8), bool(flags & 0x20), bool(flags & 0x10), has_alpha, start
    )


def with_values(data: bytes, layout: Layout, shown: np.ndarray, changed: np.ndarray) -> bytes | None:
    """The file with other pixels.

    Args:
        data: the file.
        layout: of it.
        shown: (H, W, C) uint8 as PIL shows them: C is 1 grey or places in the palette, 2 grey and alpha, 3 RGB, 4 RGBA.
        changed: bool (H, W); the bytes of the other pixels stay.

    Returns:
        None where the file is cut, or shows something else elsewhere.
    """
    lines = _unpacked(data, layout) if layout.packed else _plain(data, layout)
    if lines is None:
        return None
    stored, starts = lines
    turn = (slice(None, None, 1 if layout.from_top else -1), slice(None, None, -1 if layout.from_right else 1))
    upright = stored[turn].copy()
    old = _shown(upright, layout)
    if old.shape != shown.shape or not np.array_equal(old[~changed], shown[~changed]):
        return None
    upright[changed] = _stored(shown[changed], upright[changed], layout)
    after, touched = np.ascontiguousarray(upright[turn]), np.any(changed[turn], axis=1)
    pixels, fresh = _packed(data, after, touched, starts) if layout.packed else (after.tobytes(), starts)
    return _moved(data, layout.start, starts[-1], pixels, fresh)


def said_beside(data: bytes) -> list[str]:
    """What stands behind the pixels of a file, and in no newly written one."""
    return [f"its {name} area" for name, at in zip(("extension", "developer"), _areas(data), strict=True) if at]


def _plain(data: bytes, layout: Layout) -> tuple[np.ndarray, list[int]] | None:
    """The stored pixels (H, W, bytes), and where each line begins, and the last one ends."""
    height, width = layout.size
    length = width * layout.step
    end = layout.start + height * length
    if end > len(data):
        return None
    stored = np.frombuffer(data, np.uint8, height * length, layout.start).reshape(height, width, layout.step)
    return stored, list(range(layout.start, end + 1, length))


def _unpacked(data: bytes, layout: Layout) -> tuple[np.ndarray, list[int]] | None:
    """As `_plain`; where a packet goes on in the next line, that one is said to begin at -1."""
    height, width = layout.size
    at, done, total, step = layout.start, 0, height * width, layout.step
    pieces, starts = [], [-1] * height
    while done < total:
        if done % width == 0:
            starts[done // width] = at
        if at + 1 + step > len(data):
            return None
        count = (data[at] & 127) + 1
        if data[at] & 128:
            pieces.append(data[at + 1 : at + 1 + step] * count)
            at += 1 + step
        else:
            pieces.append(data[at + 1 : at + 1 + step * count])
            at += 1 + step * count
        done += count
    if done != total or at > len(data):
        return None
    return np.frombuffer(b"".join(pieces), np.uint8).reshape(height, width, step), [*starts, at]


def _packed(data: bytes, lines: np.ndarray, touched: np.ndarray, starts: list[int]) -> tuple[bytes, list[int]]:
    """Pixels by run lengths, and where each line begins and the last one ends; lines without a change as they were."""
    made, fresh = [], [starts[0]]
    for k, line in enumerate(lines):
        keeps = not touched[k] and starts[k] >= 0 and starts[k + 1] >= 0
        made.append(data[starts[k] : starts[k + 1]] if keeps else _packed_line(line))
        fresh.append(fresh[-1] + len(made[-1]))
    return b"".join(made), fresh


def _packed_line(line: np.ndarray) -> bytes:
    borders = np.flatnonzero((line[1:] != line[:-1]).any(1)) + 1
    made, raw = [], 0  # where what is not yet written begins
    edges = [0, *borders.tolist(), len(line)]
    for start, end in pairwise(edges):
        if end - start < 3:
            continue
        made += _raw(line[raw:start])
        for first in range(start, end, 128):
            made.append(bytes([127 + min(128, end - first)]) + line[first].tobytes())
        raw = end
    return b"".join(made + _raw(line[raw:]))


def _raw(pixels: np.ndarray) -> list[bytes]:
    parts = [pixels[first : first + 128] for first in range(0, len(pixels), 128)]
    return [bytes([len(part) - 1]) + part.tobytes() for part in parts]


def _words(stored: np.ndarray) -> np.ndarray:
    return stored[..., 0].astype(np.uint16) | stored[..., 1].astype(np.uint16) << 8


def _shown(stored: np.ndarray, layout: Layout) -> np.ndarray:
    """Stored pixels (..., bytes) as PIL shows them."""
    if layout.kind != _COLOUR:
        return stored
    if layout.step == 2:
        words = _words(stored)
        levels = [((words >> shift & 31) * 255 // 31).astype(np.uint8) for shift in (10, 5, 0)]
        alpha = np.where(words >> 15, 0, 255) if layout.has_alpha else np.full(words.shape, 255)
        return np.stack([*levels, alpha.astype(np.uint8)], -1)
    shown = stored[..., [2, 1, 0, 3][: layout.step]]
    if layout.step == 4 and not layout.has_alpha:
        shown[..., 3] = 255
    return shown


def _stored(shown: np.ndarray, before: np.ndarray, layout: Layout) -> np.ndarray:
    """The inverse of `_shown`; alpha that is not shown stays as it was."""
    if layout.kind != _COLOUR:
        return shown
    if layout.step == 2:
        levels = np.rint(shown[..., :3] * (31 / 255)).astype(np.uint16)
        top = (shown[..., 3] < 128) if layout.has_alpha else _words(before) >> 15
        words = levels[..., 0] << 10 | levels[..., 1] << 5 | levels[..., 2] | top.astype(np.uint16) << 15
        return np.stack([words & 255, words >> 8], -1).astype(np.uint8)
    made = shown[..., [2, 1, 0, 3][: layout.step]]
    if layout.step == 4 and not layout.has_alpha:
        made[..., 3] = before[..., 3]
    return made


def _areas(data: bytes) -> tuple[int, int]:
    """Where the extension area and the developer area are; 0 where there is none, or it is not whole."""
    if len(data) < 26 or not data.endswith(_SIGN):
        return 0, 0
    extension, developer = struct.unpack_from("<II", data, len(data) - 26)
    has_count = 18 <= developer <= len(data) - 28
    tags = struct.unpack_from("<H", data, developer)[0] if has_count else 0
    return (
        extension if 18 <= extension <= len(data) - 26 - _EXTENSION else 0,
        developer if has_count and developer + 2 + 10 * tags <= len(data) - 26 else 0,
    )


def _moved(data: bytes, start: int, end: int, pixels: bytes, lines: list[int]) -> bytes:
    """The file with other pixels between two places: what is named behind them is named where it is now."""
    made, by = bytearray(data), len(pixels) - (end - start)

    def follow(at: int) -> int:
        """Bring a place that the file names up to date; gives the old one."""
        place = int(struct.unpack_from("<I", data, at)[0])
        if end <= place <= len(data):
            struct.pack_into("<I", made, at, place + by)
        return place

    extension, developer = _areas(data)
    if extension or developer:
        follow(len(data) - 26)
        follow(len(data) - 22)
    if developer:
        for k in range(struct.unpack_from("<H", data, developer)[0]):
            follow(developer + 2 + 10 * k + 2)
    if extension:
        follow(extension + _CORRECTION)
        table = follow(extension + _LINES)
        if table >= end and table + 4 * (len(lines) - 1) <= len(data):
            struct.pack_into(f"<{len(lines) - 1}I", made, table, *lines[:-1])
        _without_stamp(made, extension, data[16] // 8)
    return bytes(made[:start]) + pixels + bytes(made[end:])


def _without_stamp(made: bytearray, extension: int, step: int) -> None:
    """The small copy of the picture is zeros, and nothing names it."""
    at = struct.unpack_from("<I", made, extension + _STAMP)[0]
    struct.pack_into("<I", made, extension + _STAMP, 0)
    if 18 <= at < len(made) - 28:
        length = min(2 + made[at] * made[at + 1] * step, len(made) - 26 - at)
        made[at : at + length] = bytes(length)
