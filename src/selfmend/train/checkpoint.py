"""Checkpoints: nested state as one safetensors file, written whole or not at all, read without running any code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import save_file

from selfmend.core.checks import RunError
from selfmend.core.files import atomic_path

_TENSOR = "$tensor"  # marks the place of a tensor in the JSON skeleton
_PAIRS = "$pairs"  # a dict whose keys are not all strings (optimisers count parameters by int)
_TUPLE = "$tuple"


def save_state(path: str | Path, state: Any) -> None:
    """Write nested dicts, lists, tuples, numbers, strings and tensors as one safetensors file, atomically.

    The tensors go into the file, the tree around them as JSON into its header: no pickle anywhere.

    Raises:
        OSError: the file cannot be written (disk full, no permission); the previous one stays.
        TypeError: something in `state` is neither data nor tensor.
    """
    tensors: dict[str, torch.Tensor] = {}
    skeleton = _to_skeleton(state, tensors)
    with atomic_path(path) as temporary:
        try:
            save_file(tensors, temporary, metadata={"state": json.dumps(skeleton)})
        except safetensors.SafetensorError as error:  # how it reports a full disk
            raise OSError(f"cannot write {path}: {error}") from error


def load_state(path: str | Path, *, device: str | torch.device = "cpu") -> Any:
    """Read what `save_state` wrote.

    Raises:
        RunError: the file is truncated, or was not written by `save_state`.
    """
    return _read(path, lambda file: file.get_tensor, device=str(device))


def load_outline(path: str | Path) -> Any:
    """What `save_state` wrote, with a list of sides in the place of each tensor: none of them is read.

    Raises:
        RunError: see `load_state`.
    """
    return _read(path, lambda file: lambda name: file.get_slice(name).get_shape())


def _read(path: str | Path, reader: Callable[[Any], Callable[[str], Any]], *, device: str = "cpu") -> Any:
    """The tree, with what `reader` makes of the file and a tensor's name in the place of each tensor."""
    try:
        with safetensors.safe_open(path, framework="pt", device=device) as file:
            skeleton = json.loads((file.metadata() or {})["state"])
            return _from_skeleton(skeleton, reader(file))
    except (safetensors.SafetensorError, KeyError, ValueError, OSError) as error:
        raise RunError(f"{path} is not a whole checkpoint ({error}); remove it to start this part again") from error


def _to_skeleton(value: Any, tensors: dict[str, torch.Tensor]) -> Any:
    if isinstance(value, torch.Tensor):
        name = f"{len(tensors):05d}"
        # clone: safetensors refuses tensors that share memory, and tied or expanded ones do
        tensors[name] = value.detach().cpu().contiguous().clone()
        return {_TENSOR: name}
    if isinstance(value, dict):
        if all(isinstance(k, str) and not k.startswith("$") for k in value):
            return {k: _to_skeleton(v, tensors) for k, v in value.items()}
        return {_PAIRS: [[_to_skeleton(k, tensors), _to_skeleton(v, tensors)] for k, v in value.items()]}
    if isinstance(value, tuple):
        return {_TUPLE: [_to_skeleton(v, tensors) for v in value]}
    if isinstance(value, list):
        return [_to_skeleton(v, tensors) for v in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(f"a checkpoint holds tensors, numbers, strings, dicts and lists, not {type(value).__name__}")


def _from_skeleton(value: Any, tensor: Callable[[str], Any]) -> Any:
    if isinstance(value, list):
        return [_from_skeleton(v, tensor) for v in value]
    if not isinstance(value, dict):
        return value
    if _TENSOR in value:
        return tensor(value[_TENSOR])
    if _PAIRS in value:
        return {_from_skeleton(k, tensor): _from_skeleton(v, tensor) for k, v in value[_PAIRS]}
    if _TUPLE in value:
        return tuple(_from_skeleton(v, tensor) for v in value[_TUPLE])
    return {k: _from_skeleton(v, tensor) for k, v in value.items()}
