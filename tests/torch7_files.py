"""A writer of Torch7's files, from the description of the format alone, for tests of the reader."""

import struct
from pathlib import Path
from typing import Any

import numpy as np

_NAMES = {"float32": "Float", "float64": "Double", "int64": "Long"}


class Module:
    """An object of a class, with its fields."""

    def __init__(self, name: str, **fields: Any) -> None:
        self.name, self.fields = name, fields


class Function:
    """What Lua could run."""


class Writer:
    """Writes objects one after the other; what was written already is named by its number."""

    def __init__(self) -> None:
        self.out, self.met = bytearray(), dict[int, int]()
        self.kept: list[Any] = []  # ids are of what lives

    def ints(self, *values: int) -> None:
        self.out += struct.pack(f"<{len(values)}i", *values)

    def text(self, value: str) -> None:
        self.ints(len(value.encode()))
        self.out += value.encode()

    def write(self, value: Any) -> None:
        if value is None:
            self.ints(0)
        elif isinstance(value, bool):
            self.ints(5, value)
        elif isinstance(value, int | float):
            self.ints(1)
            self.out += struct.pack("<d", value)
        elif isinstance(value, str):
            self.ints(2)
            self.text(value)
        else:
            self._counted(value)

    def _counted(self, value: Any) -> None:
        self.ints(3 if isinstance(value, dict) else 8 if isinstance(value, Function) else 4)
        met = id(value) in self.met
        self.ints(self.met.setdefault(id(value), len(self.met) + 1))
        self.kept.append(value)
        if met:
            return
        if isinstance(value, dict):
            self.ints(len(value))
            for key, part in value.items():
                self.write(key)
                self.write(part)
        elif isinstance(value, Function):
            self.text("\x1bLua code")
            self.write({})
        elif isinstance(value, Module):
            self.text("V 1")
            self.text(value.name)
            self.write(value.fields)
        else:
            self._tensor(value)

    def _tensor(self, value: np.ndarray) -> None:
        self.text("V 1")
        self.text(f"torch.{_NAMES[str(value.dtype)]}Tensor")
        self.ints(value.ndim)
        strides = [stride // value.itemsize for stride in value.strides]
        self.out += struct.pack(f"<{2 * value.ndim + 1}q", *value.shape, *strides, 1)
        self.ints(4, len(self.met) + 1)
        self.met[-len(self.met) - 1] = len(self.met) + 1
        self.text("V 1")
        self.text(f"torch.{_NAMES[str(value.dtype)]}Storage")
        flat = np.lib.stride_tricks.as_strided(value, (value.size,), (value.itemsize,))
        self.out += struct.pack("<q", value.size) + flat.tobytes()


def write_torch7(path: Path, value: Any) -> Path:
    writer = Writer()
    writer.write(value)
    path.write_bytes(writer.out)
    return path
