"""BMP files in which only the pixels that changed are overwritten; header, palette, masks and profile stay.

Pixels that are not compressed stand at known places, so each is changed where it is: with 1, 4 or 8 bits as a place in
the palette, with 16, 24 or 32 as colours, which masks may lay out, transparency too.

Source: Microsoft, Bitmap Storage (BITMAPINFOHEADER, BITMAPV4HEADER, BITMAPV5HEADER); OS/2's BITMAPCOREHEADER.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

KIND = "BMP"
"""PIL's name of the format."""

_CORE = 12  # bytes of OS/2's first header
_INFO, _V5 = 40, 124
_PROFILE_AT = 112  # in the header of version 5: where the profile stands, counted from the header
_RUN_LENGTHS = ((1, 8), (2, 4))  # packing and bits
_PLAIN, _MASKS, _MASKS_WITH_ALPHA = 0, 3, 6
_USUAL = {16: (0x7C00, 0x3E0, 0x1F, 0), 24: (0xFF0000, 0xFF00, 0xFF, 0), 32: (0xFF0000, 0xFF00, 0xFF, 0)}


@dataclass(frozen=True)
class Layout:
    """Where the pixels of a file stand, and how.

    Attributes:
        start: of the first row.
        size: (height, width).
        bits: of a pixel.
        upwards: whether the first row is the lowest one, as it is in most files.
        masks: of red, green, blue and alpha, where there is no palette.
    """

    start: int
    size: tuple[int, int]
    bits: int
    upwards: bool
    masks: tuple[int, int, int, int]

    @property
    def row_bytes(self) -> int:
        """Bytes of a row, which fill whole groups of four."""
        return (self.size[1] * self.bits + 31) // 32 * 4


def layout_of(data: bytes) -> Layout | None:
    """How the pixels of a file stand; None where they are compressed, or its header is broken."""
    try:
        return _layout_of(data) if data[:2] == b"BM" else None
    except struct.error:
        return None


def _layout_of(data: bytes) -> Layout | None:
    start, head = struct.unpack_from("<II", data, 10)
    if head == _CORE:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        packing = _PLAIN
    else:
        width, height, _, bits, packing = struct.unpack_from("<iiHHI", data, 18)
    if packing not in (_PLAIN, _MASKS, _MASKS_WITH_ALPHA) or bits not in (1, 4, 8, 16, 24, 32) or width <= 0:
        return None
    masks = _USUAL.get(bits, (0, 0, 0, 0))
    if packing != _PLAIN and bits in (16, 32):
        alpha = struct.unpack_from("<I", data, 66)[0] if head >= 56 or packing == _MASKS_WITH_ALPHA else 0
        masks = (*struct.unpack_from("<III", data, 54), alpha)
    layout = Layout(start, (abs(height), width), bits, height > 0, masks)
    is_whole = height != 0 and start + abs(height) * layout.row_bytes <= len(data)
    return layout if is_whole else None


def read_values(data: bytes, layout: Layout) -> np.ndarray:
    """The colours of a file of 16 to 32 bits a pixel, spread over uint8 (H, W, C), alpha last where it has a mask."""
    height, width = layout.size
    step = layout.bits // 8
    end = layout.start + height * layout.row_bytes
    rows = np.frombuffer(data, np.uint8)[layout.start : end].reshape(height, layout.row_bytes)
    rows = rows[::-1] if layout.upwards else rows
    whole = np.zeros((height, width, 4), np.uint8)
    whole[..., :step] = rows[:, : width * step].reshape(height, width, step)
    stored = whole.view("<u4")[..., 0]
    shown = np.zeros((height, width, 4 if layout.masks[3] else 3), np.uint8)
    for channel, mask in enumerate(layout.masks[: shown.shape[2]]):
        if mask:
            shift = (mask & -mask).bit_length() - 1
            level = (stored & np.uint32(mask)) >> np.uint32(shift)
            shown[..., channel] = np.rint(level * (255 / (mask >> shift)))
    return shown


def unpacked(data: bytes, indices: np.ndarray) -> bytes | None:
    """A file that is packed by run lengths as a plain one of these pixels; header, palette and profile stay.

    Args:
        data: the file.
        indices: uint8 (H, W), places in its palette.

    Returns:
        The file; None where it is packed in another way, has another size, or its header is broken.
    """
    if data[:2] != b"BM" or len(data) < _CORE + _INFO:
        return None
    start, head, width, height, _, bits, packing, packed = struct.unpack_from("<IIiiHHII", data, 10)
    if head < _INFO or (packing, bits) not in _RUN_LENGTHS or indices.shape != (height, width):
        return None
    spread = np.unpackbits(indices[::-1, :, None], axis=-1)[..., 8 - bits :]
    rows = np.packbits(spread.reshape(height, -1), axis=1)
    rows = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 4)))
    body, behind = rows.tobytes(), data[start + packed :] if packed else b""
    made = bytearray(data[:start] + body + behind)
    struct.pack_into("<I", made, 2, len(made))
    struct.pack_into("<II", made, 30, _PLAIN, len(body))
    if head >= _V5:
        profile = struct.unpack_from("<I", made, 14 + _PROFILE_AT)[0]
        if profile and 14 + profile >= start + packed:
            struct.pack_into("<I", made, 14 + _PROFILE_AT, profile + len(body) - packed)
    return bytes(made)


def with_values(data: bytes, layout: Layout, values: np.ndarray, changed: np.ndarray) -> bytes:
    """The file with other pixels where some changed.

    Args:
        data: the file.
        layout: its own.
        values: uint8 (H, W, C): places in the palette (or 0 and 1), or red, green, blue and perhaps alpha.
        changed: bool (H, W).
    """
    made = np.frombuffer(data, np.uint8).copy()
    height, width = layout.size
    end = layout.start + height * layout.row_bytes
    rows = made[layout.start : end].reshape(height, layout.row_bytes)
    rows = rows[::-1] if layout.upwards else rows
    if layout.bits <= 8:
        bits = np.unpackbits(rows, axis=1)[:, : width * layout.bits].reshape(height, width, layout.bits)
        bits[changed] = np.unpackbits(values[changed], axis=1)[:, 8 - layout.bits :]
        packed = np.packbits(bits.reshape(height, -1), axis=1)
        rows[:, : packed.shape[1]] = packed
        return made.tobytes()
    step = layout.bits // 8
    pixels = rows[:, : width * step].reshape(height, width, step)
    whole = np.zeros((int(changed.sum()), 4), np.uint8)
    whole[:, :step] = pixels[changed]
    stored = whole.view("<u4")[:, 0]
    shown = values if values.shape[2] > 2 else values[..., [0, 0, 0]]
    for channel, mask in enumerate(layout.masks[: shown.shape[2]]):
        if mask == 0:
            continue
        shift = (mask & -mask).bit_length() - 1
        top = mask >> shift
        level = np.rint(shown[changed][:, channel] * (top / 255)).astype(np.uint32)
        stored = stored & np.uint32(~mask & 0xFFFFFFFF) | level << np.uint32(shift)
    fresh = stored.astype("<u4")[:, None].view(np.uint8)
    rows_of_changed, columns = np.nonzero(changed)
    for byte in range(step):
        rows[rows_of_changed, columns * step + byte] = fresh[:, byte]
    return made.tobytes()
