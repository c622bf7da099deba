"""TensorFlow's checkpoints, read as data without TensorFlow: NAME.index says where each tensor lies in NAME.data-*.

The index is a table as LevelDB writes it: blocks of sorted keys, of which each leaves out what it shares with the one
before, a block of where the blocks are, and a footer. Its values are protocol buffers: type, shape, shard, offset, size
and CRC-32C of a tensor. Nothing of it is believed: every offset and length is checked against what is there.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from selfmend.compiled import loop
from selfmend.errors import WeightsError
from selfmend.nn.weights import DamagedFileError, FileTensor

_FOOTER, _MAGIC = 48, 0xDB4775248B80FB57
_TRAILER = 5  # of a block: how it is packed, and its checksum
_MOST_INDEX = 64 << 20  # bytes; of published networks it has less than a hundredth
_MOST_AXES = 8
_TYPES = {1: np.float32, 2: np.float64, 3: np.int32, 4: np.uint8, 5: np.int16, 6: np.int8, 9: np.int64, 10: np.bool_,
          19: np.float16}  # fmt: skip


def is_checkpoint(path: Path) -> bool:
    """Whether a file is an index, or data that have one beside them."""
    return path.suffix == ".index" or (".data-" in path.name and _index_of(path).is_file())


def checkpoint_tensors(path: Path) -> dict[str, FileTensor]:
    """The tensors of a checkpoint, by their names in it: "inpaint_net/conv1/kernel"; strings and the like are left out.

    Args:
        path: of the .index file, or of one of the .data files beside it.

    Raises:
        WeightsError: a file is missing, cut or damaged.
    """
    index = _index_of(path)
    try:
        if index.stat().st_size > _MOST_INDEX:
            raise WeightsError(f"{index} has {index.stat().st_size} bytes; at most {_MOST_INDEX} fit an index")
        table = index.read_bytes()
    except OSError as error:
        raise WeightsError(f"cannot read {index}: {error.strerror}") from error
    try:
        entries = dict(_entries(table))
        header = _fields(entries.pop(b"", b""))
        shards = _number(header, 1)
        if not 1 <= shards < 100_000 or _number(header, 2):
            raise DamagedFileError("it names no data of little-endian order")
        found = {}
        for key, value in entries.items():
            tensor = _tensor(index, value, shards)
            if tensor is not None:
                found[key.decode()] = tensor
    except (DamagedFileError, UnicodeDecodeError, struct.error) as error:
        raise WeightsError(f"{index} is cut or damaged ({error}); get a whole copy") from error
    return found


def _index_of(path: Path) -> Path:
    return path if path.suffix == ".index" else path.with_name(path.name.rpartition(".data-")[0] + ".index")


def _entries(table: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of the whole table."""
    if len(table) < _FOOTER or struct.unpack_from("<Q", table, len(table) - 8)[0] != _MAGIC:
        raise DamagedFileError("it does not end as an index of TensorFlow does")
    at = len(table) - _FOOTER
    for _ in range(2):  # where another block is, which we do not need
        _, at = _varint(table, at)
    for _, handle in _block(table, at):
        yield from _block(table, 0, handle)


def _block(table: bytes, at: int, handle: bytes | None = None) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of the block whose place is written at `at`, or in `handle`."""
    place = table if handle is None else handle
    start, at = _varint(place, at)
    length, _ = _varint(place, at)
    if start + length + _TRAILER > len(table) or length < 4:
        raise DamagedFileError(f"a block of {length} bytes at {start}")
    block = table[start : start + length]
    packed, checksum = struct.unpack_from("<BI", table, start + length)
    if packed:
        raise DamagedFileError("its blocks are packed, as TensorFlow's are not")
    if _masked_crc(table[start : start + length + 1]) != checksum:
        raise DamagedFileError("a block's checksum is another")
    restarts = struct.unpack_from("<I", block, length - 4)[0]
    end, at, key = length - 4 - 4 * restarts, 0, b""
    while at < end:
        shared, at = _varint(block, at)
        own, at = _varint(block, at)
        size, at = _varint(block, at)
        if shared > len(key) or at + own + size > end:
            raise DamagedFileError("a key of no length that fits")
        key = key[:shared] + block[at : at + own]
        at += own
        yield key, block[at : at + size]
        at += size


def _tensor(index: Path, entry: bytes, shards: int) -> FileTensor | None:
    """What an entry of the index describes; None where that is no array of numbers, or only a part of one."""
    fields = _fields(entry)
    kind = _TYPES.get(_number(fields, 1))
    if kind is None or 7 in fields:
        return None
    sides = []
    for axis in _fields(_bytes(fields, 2)).get(2, []):
        if not isinstance(axis, bytes):
            raise DamagedFileError("a shape that is none")
        sides.append(_number(_fields(axis), 1))
    shard, offset, size = (_number(fields, n) for n in (3, 4, 5))
    count = 1
    for side in sides:
        count *= side
    if len(sides) > _MOST_AXES or shard >= shards or size != count * np.dtype(kind).itemsize:
        raise DamagedFileError(f"a tensor of {len(sides)} axes in {size} bytes")
    data = index.with_name(f"{index.stem}.data-{shard:05d}-of-{shards:05d}")
    read = partial(_read, data, offset, size, np.dtype(kind), tuple(sides), _number(fields, 6))
    return FileTensor(shape=tuple(sides), read=read)


def _read(data: Path, offset: int, size: int, kind: np.dtype, shape: tuple[int, ...], checksum: int) -> np.ndarray:
    try:
        if offset + size > data.stat().st_size:  # before memory is asked for
            raise WeightsError(f"{data} is cut; get a whole copy")
        with open(data, "rb") as file:
            file.seek(offset)
            content = file.read(size)
    except OSError as error:
        raise WeightsError(f"cannot read {data}, which belongs to the index: {error.strerror}") from error
    if len(content) != size or _masked_crc(content) != checksum:
        raise WeightsError(f"{data} is cut or damaged (a tensor's checksum is another); get a whole copy")
    return np.frombuffer(content, kind.newbyteorder("<")).astype(kind).reshape(shape)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of up to 63 bits, seven a byte, and where it ends."""
    value = 0
    for shift in range(0, 63, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise DamagedFileError("a number that does not end")


def _fields(message: bytes) -> dict[int, list[int | bytes]]:
    """The fields of a protocol buffer by their numbers."""
    found: dict[int, list[int | bytes]] = {}
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        value: int | bytes
        if tag & 7 == 0:
            value, at = _varint(message, at)
        else:
            if tag & 7 == 2:
                length, at = _varint(message, at)
            elif tag & 7 in (1, 5):
                length = 8 if tag & 7 == 1 else 4
            else:
                raise DamagedFileError("a field of no kind that fits")
            if at + length > len(message):
                raise DamagedFileError("a field that does not end")
            content = message[at : at + length]
            value = content if tag & 7 == 2 else int.from_bytes(content, "little")
            at += length
        found.setdefault(tag >> 3, []).append(value)
    return found


def _number(fields: dict[int, list[int | bytes]], name: int) -> int:
    """The last number under a name, as protocol buffers say; 0 where there is none."""
    value = fields.get(name, [0])[-1]
    if not isinstance(value, int):
        raise DamagedFileError("words where a number fits")
    return value


def _bytes(fields: dict[int, list[int | bytes]], name: int) -> bytes:
    value = fields.get(name, [b""])[-1]
    if not isinstance(value, bytes):
        raise DamagedFileError("a number where more fits")
    return value


def _masked_crc(data: bytes) -> int:
    """CRC-32C, turned and moved as LevelDB writes it."""
    crc = int(_crc32c(np.frombuffer(data, np.uint8), _crc_table()))
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def _crc_table() -> np.ndarray:
    """What each byte does to the remainder, by the polynomial of Castagnoli."""
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(0x82F63B78), table >> 1)
    return table


@loop()
def _crc32c(data: np.ndarray, table: np.ndarray) -> np.uint32:
    crc = np.uint32(0xFFFFFFFF)
    for byte in data:
        crc = table[(crc ^ byte) & np.uint32(0xFF)] ^ (crc >> np.uint32(8))
    return crc ^ np.uint32(0xFFFFFFFF)
