"""The run folder: a record in JSON, the weights beside it, and the training state while it is not finished.

RUN/run.json              method, config, seed, code version, status: "training" or "trained"
RUN/weights.safetensors   what was learned; there once training is finished
RUN/training/             one file a stage, removed when training is finished
RUN/log.jsonl, best.safetensors, samples/   of a training on a folder: see train.log and methods.validation
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from selfmend._version import __version__
from selfmend.core.checks import RunError
from selfmend.core.files import atomic_path, check_writable
from selfmend.train.checkpoint import load_state, save_state

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
        except (ValueError, KeyError, TypeError, OSError, RecursionError) as error:
            raise RunError(f"{file} is damaged ({_why(error)}); train again, or take it from a backup") from error
        if version != FORMAT:
            raise RunError(
                f"{self.path} is a run of format {version} (selfmend {record.get('selfmend')}); this version reads "
                f"format {FORMAT}: use that version, or train again"
            )
        for key, kind in {"method": str, "config": dict, "status": str, "seed": int}.items():
            if not isinstance(record.get(key), kind):
                raise RunError(f"{file} is damaged (no {key!r} in it); train again, or take it from a backup")
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
