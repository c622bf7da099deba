"""Torch7's files (.t7), read as data: the tables, modules and tensors that they hold; functions are skipped, never run.

A file is one object after the other: a number for its kind, then what belongs to it. Tables and objects have an index,
so that what is met again is named by it alone. Storages are passed over, and read when a tensor of them is asked for.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from selfmend.errors import WeightsError
from selfmend.nn.weights import DamagedFileError, FileTensor, lies_in_storage

_NIL, _NUMBER, _STRING, _TABLE, _TORCH, _BOOLEAN = range(6)
_FUNCTIONS = (6, 7, 8)
_KINDS = {"Float": np.float32, "Double": np.float64, "Long": np.int64, "Int": np.int32, "Short": np.int16,
          "Byte": np.uint8, "Char": np.int8, "Cuda": np.float32}  # fmt: skip
_MOST_STRING = 1 << 20
_DEPTH = 60
_MOST_AXES = 8


@dataclass
class _Storage:
    kind: np.dtype
    offset: int
    count: int


@dataclass
class _Table:
    """A table, or the table of an object's fields."""

    items: dict[Any, Any] = field(default_factory=dict)


def is_torch7(path: Path) -> bool:
    """Whether a file is meant to be one of Torch7's."""
    return path.suffix == ".t7"


def torch7_tensors(path: Path) -> dict[str, FileTensor]:
    """All tensors of a file, by where they are in it: "model.1.weight", the modules of a network counted from 1.

    A table that holds nothing but numbers, such as a mean colour, counts as a tensor of one axis.

    Raises:
        WeightsError: the file cannot be read, is cut or damaged.
    """
    try:
        with open(path, "rb") as file:
            content = _Reader(file, path).read(0)
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror}") from error
    except (DamagedFileError, struct.error, UnicodeDecodeError, OverflowError) as error:
        raise WeightsError(f"{path} is cut or damaged ({error}); a whole file of Torch7, in binary, fits") from error
    return dict(_walk(content, "", frozenset()))


class _Reader:
    """Reads objects one after the other."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self.file, self.path, self.size = file, path, path.stat().st_size
        self.met: dict[int, Any] = {}

    def numbers(self, form: str) -> tuple[Any, ...]:
        """Numbers of these kinds, little-endian."""
        return struct.unpack("<" + form, self.file.read(struct.calcsize("<" + form)))

    def skip(self, count: int) -> int:
        """Pass over so many bytes; where they begin."""
        at = self.file.tell()
        if count < 0 or at + count > self.size:
            raise DamagedFileError(f"{count} bytes at {at} of {self.size}")
        self.file.seek(count, 1)
        return at

    def text(self) -> str:
        """A length and so many bytes."""
        (count,) = self.numbers("i")
        if not 0 <= count <= min(_MOST_STRING, self.size):
            raise DamagedFileError(f"a word of {count} bytes")
        data = self.file.read(count)
        if len(data) != count:
            raise DamagedFileError("a word that does not end")
        return data.decode("utf-8", "replace")

    def read(self, depth: int) -> Any:
        """One object; None for what is no data."""
        if depth > _DEPTH:
            raise DamagedFileError("objects too deep in each other")
        (kind,) = self.numbers("i")
        if kind == _NIL:
            return None
        if kind == _NUMBER:
            return self.numbers("d")[0]
        if kind == _STRING:
            return self.text()
        if kind == _BOOLEAN:
            return bool(self.numbers("i")[0])
        if kind not in (_TABLE, _TORCH, *_FUNCTIONS):
            raise DamagedFileError(f"an object of kind {kind}")
        (index,) = self.numbers("i")
        if index in self.met:
            return self.met[index]
        if kind == _TABLE:
            return self._table(index, depth)
        if kind == _TORCH:
            return self._object(index, depth)
        self.met[index] = None
        (count,) = self.numbers("i")
        self.skip(count)  # the function itself
        self.read(depth + 1)  # and what it has caught
        return None

    def _table(self, index: int, depth: int) -> _Table:
        made = self.met[index] = _Table()
        (count,) = self.numbers("i")
        if not 0 <= count <= self.size:
            raise DamagedFileError(f"a table of {count} entries")
        for _ in range(count):
            key, value = self.read(depth + 1), self.read(depth + 1)
            if isinstance(key, str | float):
                made.items[key] = value
        return made

    def _object(self, index: int, depth: int) -> Any:
        version = self.text()
        name = self.text() if version.startswith("V ") else version
        library, _, kind = name.partition(".")
        element = next((e for e in _KINDS if library == "torch" and kind.startswith(e)), None)
        if element is not None and kind == f"{element}Storage":
            dtype = np.dtype(_KINDS[element])
            (count,) = self.numbers("q")
            if count < 0:
                raise DamagedFileError(f"a storage of {count} numbers")
            made: Any = _Storage(dtype, self.skip(count * dtype.itemsize), count)
        elif element is not None and kind == f"{element}Tensor":
            made = self._tensor(depth)
        else:
            made = self.met[index] = _Table()  # a module may hold itself
            held = self.read(depth + 1)
            made.items = held.items if isinstance(held, _Table) else {}
        self.met[index] = made
        return made

    def _tensor(self, depth: int) -> FileTensor | None:
        (axes,) = self.numbers("i")
        if not 0 <= axes <= _MOST_AXES:
            raise DamagedFileError(f"a tensor of {axes} axes")
        shape, strides = self.numbers(f"{axes}q"), self.numbers(f"{axes}q")
        first = self.numbers("q")[0] - 1
        storage = self.read(depth + 1)
        if not isinstance(storage, _Storage) or not axes:
            return None
        if min(shape) < 0 or min(strides) < 0 or first < 0:
            raise DamagedFileError(f"a tensor {shape}")
        if not lies_in_storage(shape, strides, first, storage.count):
            raise DamagedFileError(f"a tensor {shape} in a storage of {storage.count}")
        return FileTensor(shape=shape, read=partial(_read, self.path, storage, shape, strides, first))


def _read(path: Path, storage: _Storage, shape: tuple[int, ...], strides: tuple[int, ...], first: int) -> np.ndarray:
    size = storage.kind.itemsize
    try:
        with open(path, "rb") as file:
            file.seek(storage.offset)
            data = file.read(storage.count * size)
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror}") from error
    if len(data) != storage.count * size:
        raise WeightsError(f"{path} is cut; get a whole copy")
    if 0 in shape:
        return np.zeros(shape, storage.kind)
    flat = np.frombuffer(data, storage.kind.newbyteorder("<"))[first:]
    view = np.lib.stride_tricks.as_strided(flat, shape, [stride * size for stride in strides])
    return view.astype(storage.kind)


def _walk(content: Any, where: str, above: frozenset[int]) -> Iterator[tuple[str, FileTensor]]:
    """Tensors below `content`; what holds itself is not walked twice."""
    if isinstance(content, FileTensor):
        yield where, content
    elif isinstance(content, _Table) and id(content) not in above and len(above) < _DEPTH:
        items = content.items
        if items and all(type(value) is float and key == k + 1 for k, (key, value) in enumerate(items.items())):
            values = np.array(list(items.values()))
            yield where, FileTensor(shape=values.shape, read=lambda: values)
        for key, part in items.items():
            name = str(int(key)) if isinstance(key, float) and key.is_integer() else str(key)
            beside = "" if name == "modules" else f".{name}" if where else name
            yield from _walk(part, where + beside, above | {id(content)})
