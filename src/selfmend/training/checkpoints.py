"""What is kept of a training: tensors in safetensors files, the state of a stage, and the run folder around them.

Checkpoints: nested state as one safetensors file, written whole or not at all, read without running any code.

A stage's state on disk.

The run folder: a record in JSON, the weights beside it, and the training state while it is not finished.

RUN/run.json              method, config, seed, code version, status: "training" or "trained"
RUN/weights.safetensors   what was learned; there once training is finished
RUN/training/             one file a stage, removed when training is finished
RUN/log.jsonl, best.safetensors, samples/   of a training on a folder: see train.log and methods.validation
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import safetensors
import torch

from selfmend._version import __version__
from selfmend.errors import RunError
from selfmend.files import atomic_path, check_writable
from selfmend.nn.weights import save_tensors
from selfmend.training.stage import Stage

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
        save_tensors(tensors, temporary, {"state": json.dumps(skeleton)})


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
    except (safetensors.SafetensorError, KeyError, ValueError, TypeError, OSError, RecursionError) as error:
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
    for sign, kind in ((_TENSOR, str), (_PAIRS, list), (_TUPLE, list)):
        if sign in value and not isinstance(value[sign], kind):
            raise ValueError(f"{sign} of {type(value[sign]).__name__}")
    if _TENSOR in value:
        return tensor(value[_TENSOR])
    if _PAIRS in value:
        pairs = value[_PAIRS]
        if not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
            raise ValueError(f"{_PAIRS} of other things than pairs")
        return {_from_skeleton(key, tensor): _from_skeleton(one, tensor) for key, one in pairs}
    if _TUPLE in value:
        return tuple(_from_skeleton(v, tensor) for v in value[_TUPLE])
    return {k: _from_skeleton(v, tensor) for k, v in value.items()}


def restore_stage(stage: Stage, path: Path | None) -> int:
    """Load the stage's saved state, if there is one; the number of steps done.

    Raises:
        RunError: the state of another run, or a damaged one.
    """
    if path is None or not path.exists():
        return 0
    saved = load_state(path)
    if not isinstance(saved, dict) or not isinstance(saved.get("state"), dict):
        raise RunError(f"{path} is not a whole checkpoint (no state in it); remove it to start this part again")
    if saved.get("stage") != stage.name or saved.get("steps") != stage.steps:
        raise RunError(
            f"{path} holds stage {saved.get('stage')!r} of {saved.get('steps')} steps, this run needs {stage.name!r} "
            f"of {stage.steps}; choose another folder, or remove this one to start again"
        )
    for name, part in stage.state.items():
        try:
            part.load_state_dict(saved["state"][name])
        except Exception as error:  # nets of other shapes, under the same names; what a damaged state raises is open
            why = " ".join(str(error).split())
            raise RunError(
                f"{path} does not fit this version's {name} ({why}); remove the folder, train again"
            ) from error
    step = saved.get("step")
    if type(step) is not int or not 0 <= step <= stage.steps:
        raise RunError(f"{path} is not a whole checkpoint (step {step!r}); remove it to start this part again")
    return step


def save_stage(stage: Stage, step: int, path: Path) -> None:
    """Write the state after `step` steps, whole or not at all."""
    state = {name: part.state_dict() for name, part in stage.state.items()}
    save_state(path, {"stage": stage.name, "steps": stage.steps, "step": step, "state": state})


FORMAT = 1
_RESUME_KEYS = ("method", "config", "seed", "picture", "data")  # what must be equal for a run to go on


class RunFolder:
    """A folder that holds one run.

    Args:
        path: made where it does not exist.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.training = self.path / "training"

    def start(self, record: Mapping[str, Any], *, write: bool = True) -> bool:
        """Begin a run, or go on with the one that is here.

        Args:
            record: method, config, seed and picture or data (a digest) of this run, and anything else to remember.
            write: False where another process begins the same run.

        Returns:
            True where the run that is here is already trained.

        Raises:
            RunError: the folder cannot be written, holds another run, or holds something that is not a run.
        """
        check_can_hold(self.path)
        record = json.loads(json.dumps({"format": FORMAT, "selfmend": __version__, "status": "training", **record}))
        if (self.path / "run.json").exists():
            earlier = self.record()
            for key in _RESUME_KEYS:
                if earlier.get(key) != record.get(key):
                    difference = record_difference(key, earlier.get(key), record.get(key))
                    raise RunError(
                        f"{self.path} holds another run ({difference}); choose another folder, or remove it to start "
                        "again"
                    )
            return earlier["status"] == "trained"
        if not write:
            return False
        found = self.path.iterdir() if self.path.exists() else ()
        if any(p.name != "training" for p in found if not p.name.startswith(".")):
            raise RunError(f"{self.path} is not empty and holds no run; choose a new or empty folder")
        shutil.rmtree(self.training, ignore_errors=True)
        self._write_record(record)
        return False

    def finish(self, state: Any) -> None:
        """Write the weights, mark the run trained, and drop the training state."""
        save_state(self.path / "weights.safetensors", state)
        self._write_record({**self.record(), "status": "trained"})
        shutil.rmtree(self.training, ignore_errors=True)

    def record(self) -> dict[str, Any]:
        """The run's record.

        Raises:
            RunError: no run here, a damaged record, or one of a newer format.
        """
        file = self.path / "run.json"
        if not file.exists():
            raise RunError(f"{self.path} holds no run (there is no run.json); give a folder that selfmend train wrote")
        try:
            record = json.loads(file.read_text(encoding="utf-8"))
            version = int(record["format"])
        except (ValueError, KeyError, TypeError, OverflowError, OSError, RecursionError) as error:
            raise RunError(f"{file} is damaged ({_why(error)}); train again, or take it from a backup") from error
        if version != FORMAT:
            raise RunError(
                f"{self.path} is a run of format {version} (selfmend {record.get('selfmend')}); this version reads "
                f"format {FORMAT}: use that version, or train again"
            )
        for key, kind in {"method": str, "config": dict, "status": str, "seed": int}.items():
            if not isinstance(record.get(key), kind):
                raise RunError(f"{file} is damaged (no {key!r} in it); train again, or take it from a backup")
        if (record["method"], record["config"].get("recipe")) == ("singan", "guided"):
            record["method"] = "sliced-wasserstein"  # its name once, as the preset 'fast' of singan
        return record

    def weights(self) -> Any:
        """What was learned.

        Raises:
            RunError: training is not finished, or the file is damaged.
        """
        if self.record()["status"] != "trained":
            raise RunError(f"{self.path} is half-written: training was interrupted; run the same command to finish it")
        if not (self.path / "weights.safetensors").exists():
            raise RunError(f"{self.path} lacks its weights.safetensors; copy the whole folder, or train again")
        return load_state(self.path / "weights.safetensors")

    def _write_record(self, record: Mapping[str, Any]) -> None:
        with atomic_path(self.path / "run.json") as temporary:
            temporary.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


def check_can_hold(folder: Path) -> None:
    """Refuse, before any work, a folder into which nothing can be written.

    Raises:
        RunError: see there.
    """
    try:
        check_writable(folder)
    except OSError as error:
        raise RunError(f"cannot write into {folder}: {error.strerror or error}; choose another folder") from error


def _why(error: Exception) -> str:
    return f"no {error} in it" if isinstance(error, KeyError) else " ".join(str(error).split())


def record_difference(key: str, found: Any, wanted: Any) -> str:
    """The first thing in which two records differ under a key, for a message of one line."""
    if key == "data" and isinstance(found, dict) and isinstance(wanted, dict):
        counts = found.get("pictures"), wanted.get("pictures")
        return (
            f"it learned from {counts[0]} pictures, not {counts[1]}" if len(set(counts)) == 2 else "of other pictures"
        )
    if isinstance(found, dict) and isinstance(wanted, dict):
        for name in sorted(found.keys() | wanted.keys()):
            if found.get(name) != wanted.get(name):
                return f"its {name} is {found.get(name)!r}, not {wanted.get(name)!r}"
    return "of another picture or mask" if key == "picture" else f"its {key} is {found!r}, not {wanted!r}"
