"""A writer of TensorFlow's checkpoints, from the description of the format alone, for tests of the reader."""

import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np

_KINDS = {"float32": 1, "float64": 2, "int32": 3, "int64": 9, "float16": 19}


def crc32c(data: bytes) -> int:
    """Bit by bit."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data: bytes) -> int:
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def block(items: list[tuple[bytes, bytes]]) -> bytes:
    """Entries that leave out what they share with the one before, a restart every three."""
    out, restarts, before = bytearray(), [], b""
    for i, (key, value) in enumerate(items):
        shared = 0
        if i % 3 == 0:
            restarts.append(len(out))
        else:
            while shared < min(len(key), len(before)) and key[shared] == before[shared]:
                shared += 1
        out += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        before = key
    restarts = restarts or [0]
    return bytes(out) + struct.pack(f"<{len(restarts)}I", *restarts) + struct.pack("<I", len(restarts))


def write_checkpoint(path: Path, tensors: Mapping[str, np.ndarray]) -> Path:
    """PATH.index and its data; the index."""
    data, entries = bytearray(), [(b"", field(1, 1) + field(3, field(1, 1)))]
    for name in sorted(tensors):
        content = np.ascontiguousarray(tensors[name]).tobytes()
        shape = b"".join(field(2, field(1, side)) for side in tensors[name].shape)
        entry = field(1, _KINDS[str(tensors[name].dtype)]) + field(2, shape) + field(4, len(data))
        entry += field(5, len(content)) + varint(6 << 3 | 5) + struct.pack("<I", masked(content))
        entries.append((name.encode(), entry))
        data += content
    table, places = bytearray(), []
    for start in range(0, len(entries), 5):
        part = entries[start : start + 5]
        places.append((part[-1][0] + b"~", _add(table, block(part))))
    meta = _add(table, block([]))
    footer = meta + _add(table, block(places))
    table += footer + bytes(40 - len(footer)) + struct.pack("<Q", 0xDB4775248B80FB57)
    path.with_name(f"{path.name}.data-00000-of-00001").write_bytes(data)
    index = path.with_name(f"{path.name}.index")
    index.write_bytes(table)
    return index


def _add(table: bytearray, made: bytes) -> bytes:
    """Append a block; where it is."""
    place = varint(len(table)) + varint(len(made))
    table += made + b"\0" + struct.pack("<I", masked(made + b"\0"))
    return place
