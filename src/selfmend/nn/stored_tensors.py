"""The tensors of other programs' weights files, read as data: whatever code a file holds is not run.

Five kinds: safetensors; zip archives of PyTorch, state dicts and whole checkpoints as well as TorchScript, whose
stored program is left alone; PyTorch's files from before 2020, which PyTorch itself reads with `weights_only`;
TensorFlow's checkpoints (`tensorflow_checkpoint`) and Torch7's files (`torch7_file`), which no library reads here. The
pickle in an archive is read by an unpickler that knows dicts, numbers and how a tensor lies in a storage; objects of a
module tree and of configs become dicts of what they hold, and anything else is refused by its name. A tensor is not
read before it is asked for: a checkpoint's optimisers and discriminators cost nothing.
"""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from selfmend.errors import WeightsError
from selfmend.nn.tensorflow_checkpoint import checkpoint_tensors, is_checkpoint
from selfmend.nn.torch7_file import is_torch7, torch7_tensors
from selfmend.nn.weights import FileTensor, lies_in_storage, read_tensors

_PICKLE_BYTES = 64 << 20
"""The most that an archive's pickle may be long; the largest published ones have less than 1 MB."""

_DEPTH = 40
"""How deep modules may lie in each other; the published ones stay below 15."""

_STORAGES = {
    "FloatStorage": torch.float32, "DoubleStorage": torch.float64, "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16, "LongStorage": torch.int64, "IntStorage": torch.int32,
    "ShortStorage": torch.int16, "CharStorage": torch.int8, "ByteStorage": torch.uint8, "BoolStorage": torch.bool,
}  # fmt: skip
_INERT = ("__torch__", "omegaconf", "pytorch_lightning", "lightning", "lightning_fabric", "torch.jit._pickle", "numpy")
_PLAIN = {
    ("collections", "OrderedDict"), ("collections", "defaultdict"), ("builtins", "dict"), ("builtins", "set"),
    ("builtins", "int"), ("builtins", "float"), ("builtins", "str"), ("builtins", "list"), ("builtins", "tuple"),
    ("builtins", "bool"), ("typing", "Any"), ("typing", "Union"), ("argparse", "Namespace"), ("torch", "Size"),
    ("torch", "device"), ("torch.serialization", "_get_layout"), ("pathlib", "PosixPath"), ("_codecs", "encode"),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class StoredTensor:
    """A tensor in a file.

    Attributes:
        shape: of the tensor.
        read: gives it, on the CPU, in the type that it has in the file.
    """

    shape: tuple[int, ...]
    read: Callable[[], Tensor]

    @property
    def ndim(self) -> int:
        """Number of its axes."""
        return len(self.shape)


def stored_tensors(path: Path) -> dict[str, StoredTensor]:
    """All tensors of a weights file, by where they are in it: "state_dict.generator.model.1.weight".

    Raises:
        WeightsError: the file cannot be read, is cut or damaged, or holds what is no data.
    """
    try:
        with open(path, "rb") as file:
            head = file.read(16)
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror}") from error
    if is_checkpoint(path):
        return {_torch_name(name): _transposed(name, found) for name, found in checkpoint_tensors(path).items()}
    if is_torch7(path):
        return {name: _as_stored(found) for name, found in torch7_tensors(path).items()}
    if head.startswith(b"PK"):
        return _flat(_Archive(path).content())
    if path.suffix == ".safetensors" or head[8:9] == b"{":
        return _of_safetensors(path)
    return _flat(read_tensors(path))


def _as_stored(found: FileTensor) -> StoredTensor:
    return StoredTensor(shape=found.shape, read=lambda: torch.from_numpy(found.read()))


def _torch_name(name: str) -> str:
    """A variable's name as that of a layer's parameter here.

    Example:
        >>> _torch_name("inpaint_net/conv1/kernel"), _torch_name("net/conv13_upsample/conv13_upsample_conv/bias")
        ('inpaint_net.conv1.conv.weight', 'net.conv13_upsample.conv.conv.bias')
    """
    parts = name.split("/")
    for i in range(1, len(parts)):
        if parts[i] == f"{parts[i - 1]}_conv":
            parts[i] = "conv"
    if parts[-1] in ("kernel", "bias"):
        parts[-1:] = ["conv", "weight" if parts[-1] == "kernel" else "bias"]
    return ".".join(parts)


def _transposed(name: str, found: FileTensor) -> StoredTensor:
    """Kernels have height, width, channels before and after there, and after, before, height, width here."""
    if not name.endswith("/kernel") or len(found.shape) != 4:
        return _as_stored(found)
    height, width, before, after = found.shape
    return StoredTensor(
        shape=(after, before, height, width),
        read=lambda: torch.from_numpy(np.ascontiguousarray(found.read().transpose(3, 2, 0, 1))),
    )


def _of_safetensors(path: Path) -> dict[str, StoredTensor]:
    from safetensors import SafetensorError, safe_open

    try:
        file = safe_open(path, "pt")  # closed with the last tensor that can be read
        shapes = {key: tuple(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} is no whole safetensors file ({error}); get a whole copy") from error
    return {key: StoredTensor(shape=shape, read=partial(file.get_tensor, key)) for key, shape in shapes.items()}


class _Inert:
    """What an object of a class that is not loaded holds; calling it, as pickles do, gives another one."""

    def __new__(cls, *arguments: Any, **more: Any) -> _Inert:
        """A pickle may leave out `__init__`."""
        made = super().__new__(cls)
        made.held, made.items = None, {}
        return made

    def __init__(self, *arguments: Any, **more: Any) -> None:
        self.held: Any
        self.items: dict[Any, Any]

    def __setstate__(self, state: Any) -> None:
        self.held = state

    def __setitem__(self, key: Any, value: Any) -> None:
        self.items[key] = value

    def append(self, value: Any) -> None:
        """Lists and sets of tensors are optimisers' or statistics, and are not looked for."""

    def extend(self, values: Any) -> None:
        """See `append`."""

    def parts(self) -> Mapping[Any, Any]:
        """What it holds by name."""
        return {**self.items, **(self.held if isinstance(self.held, Mapping) else {})}


class _Storage:
    """Numbers in a file, which several tensors may share."""

    def __init__(self, archive: _Archive, name: str, kind: torch.dtype, count: int) -> None:
        self.archive, self.name, self.kind, self.count = archive, name, kind, count

    def tensor(self, *came: Any) -> StoredTensor:
        """The tensor that begins at `offset`, if the storage holds all of it."""
        offset, shape, strides = came[0], tuple(came[1]), tuple(came[2])
        if len(shape) != len(strides) or not all(type(n) is int and n >= 0 for n in (offset, *shape, *strides)):
            raise _NotData("a tensor without a shape")
        if not lies_in_storage(shape, strides, offset, self.count):
            raise _NotData(f"a tensor {shape} in a storage of {self.count}")

        def read() -> Tensor:
            data = bytearray(self.archive.record(f"data/{self.name}"))
            if len(data) != self.count * self.kind.itemsize:
                raise WeightsError(f"{self.archive.path} is damaged: part {self.name} has {len(data)} bytes")
            if 0 in shape:
                return torch.zeros(shape, dtype=self.kind)
            return torch.frombuffer(data, dtype=self.kind).as_strided(shape, strides, offset).clone()

        return StoredTensor(shape=shape, read=read)


class _NotData(Exception):  # noqa: N818
    """What a pickle asks for that is no data."""


class _Archive:
    """A zip archive that PyTorch wrote. Its parts are stored as they are, so that none is larger than the file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.archive = zipfile.ZipFile(path)  # closed with the last tensor that can be read
        except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as error:
            raise WeightsError(f"{path} is cut or damaged ({error}); get a whole copy") from error
        self.parts = {part.filename: part for part in self.archive.infolist()}
        pickles = [name for name in self.parts if name.count("/") == 1 and name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise WeightsError(f"{path} is a zip file, but not one of PyTorch's; a .pt, .pth or .ckpt file fits")
        self.root = pickles[0].removesuffix("data.pkl")
        order = self.root + "byteorder"
        if order in self.parts and self.record("byteorder") != b"little":
            raise WeightsError(f"{path} has its numbers in big-endian order; a file of a usual machine fits")

    def record(self, name: str) -> bytes:
        """One part of it.

        Raises:
            WeightsError: it is not there, damaged, or packed, which PyTorch never does: it could unpack to anything.
        """
        part = self.parts.get(self.root + name)
        if part is None:
            raise WeightsError(f"{self.path} is damaged: it has no part {name}; get a whole copy")
        if part.compress_type != zipfile.ZIP_STORED or part.file_size > self.path.stat().st_size:
            raise WeightsError(f"{self.path} holds {name} packed, as PyTorch never does; get the author's file")
        try:
            return self.archive.read(part)
        except (zipfile.BadZipFile, OSError, EOFError, ValueError) as error:
            raise WeightsError(f"{self.path} is damaged ({error}); get a whole copy") from error

    def content(self) -> Any:
        """What the pickle describes, its tensors as `StoredTensor`."""
        import io

        data = self.record("data.pkl")
        if len(data) > _PICKLE_BYTES:
            raise WeightsError(f"{self.path} has a pickle of {len(data)} bytes; at most {_PICKLE_BYTES} are read")
        try:
            return _Unpickler(io.BytesIO(data), self).load()
        except _NotData as error:
            raise WeightsError(f"{self.path} holds {error}, which is no tensor and was not run") from error
        except Exception as error:  # a damaged pickle raises anything
            raise WeightsError(f"{self.path} is damaged: its list of tensors is unreadable") from error


class _Unpickler(pickle.Unpickler):
    """Knows what data are made of, and nothing that does anything."""

    def __init__(self, file: Any, archive: _Archive) -> None:
        super().__init__(file, encoding="utf-8")
        self.archive = archive

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in {("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_tensor")}:
            return lambda storage, *more: storage.tensor(*more)
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return lambda tensor, *more: tensor
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        if (module, name) in _PLAIN or module.partition(".")[0] in _INERT or module in _INERT:
            return type("Inert", (_Inert,), {})
        raise _NotData(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> _Storage:
        if not (isinstance(pid, tuple) and len(pid) == 5 and pid[0] == "storage" and isinstance(pid[1], torch.dtype)):
            raise _NotData("a reference to something outside")
        return _Storage(self.archive, str(pid[2]), pid[1], int(pid[4]))


def _flat(content: Any) -> dict[str, StoredTensor]:
    return dict(_walk(content, "", frozenset()))


def _walk(content: Any, where: str, above: frozenset[int]) -> Iterator[tuple[str, StoredTensor]]:
    """Tensors below `content`; what holds itself is not walked twice."""
    if isinstance(content, StoredTensor):
        yield where, content
    elif isinstance(content, Tensor):
        yield where, StoredTensor(shape=tuple(content.shape), read=lambda: content)
    elif isinstance(content, Mapping | _Inert) and id(content) not in above and len(above) < _DEPTH:
        parts = content.parts() if isinstance(content, _Inert) else content
        for name, part in parts.items():
            yield from _walk(part, f"{where}.{name}" if where else str(name), above | {id(content)})
