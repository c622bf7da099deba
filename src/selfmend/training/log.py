"""What looks on while a training runs, and the log that it writes.

Watchers: what looks on while a stage is trained, and changes nothing.

The log of a training: a line of JSON every so many steps, and the same for TensorBoard.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch

from selfmend.errors import MissingExtraError
from selfmend.files import append_text, atomic_path
from selfmend.training.stage import Stage, Terms

READ_EVERY = 25  # steps between looks at terms that live on an accelerator, where each look stops its queue


class Listener(Protocol):
    """Told of a stage's steps, in the process that writes. Raising from it stops the work; the state is saved first."""

    def begin(self, stage: Stage, first: int) -> None:
        """A stage goes on after `first` steps, 0 where it begins."""

    def after(self, stage: Stage, step: int, terms: Terms) -> None:
        """`step` steps of the stage are done; `terms` may live on an accelerator."""


def on_accelerator(terms: Terms) -> bool:
    """Whether reading the terms makes a device's queue stop."""
    return any(isinstance(v, torch.Tensor) and v.device.type != "cpu" for v in terms.values())


def learning_rate(stage: Stage) -> float | None:
    """Of the first optimiser in the stage's state."""
    groups = (getattr(part, "param_groups", None) for part in stage.state.values())
    return next((float(g[0]["lr"]) for g in groups if g), None)


class LogFile:
    """A listener that writes `log.jsonl`: stage, step, terms, learning rate, seconds, pictures a second.

    Lines of steps that are done again, after a kill, are dropped first.

    Args:
        path: of the file.
        batch_size: pictures a step, over all processes.
        every: steps between lines; the last step of a stage has one too.
        board: a folder for TensorBoard, or None.

    Raises:
        MissingExtraError: `board` without TensorBoard.
    """

    def __init__(self, path: Path, *, batch_size: int, every: int = READ_EVERY, board: Path | None = None) -> None:
        self._path, self._batch_size, self._every = path, batch_size, every
        self._board = None if board is None else _writer(board)
        self._started = self._looked = time.monotonic()
        self._step = 0

    def begin(self, stage: Stage, first: int) -> None:
        """Forget what was written of later steps of this stage."""
        self._looked, self._step = time.monotonic(), first
        if not self._path.exists():
            return
        lines = self._path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if _is_kept(line, stage.name, first)]
        if len(kept) < len(lines):
            with atomic_path(self._path) as temporary:
                temporary.write_text("".join(kept), encoding="utf-8")

    def after(self, stage: Stage, step: int, terms: Terms) -> None:
        """Write a line where it is time."""
        if step % self._every and step != stage.steps:
            return
        values = {name: float(value) for name, value in terms.items()}
        now = time.monotonic()
        rate = (step - self._step) * self._batch_size / max(now - self._looked, 1e-9)
        self._looked, self._step = now, step
        record: dict[str, Any] = {"terms": values, "seconds": round(now - self._started, 3)}
        record["pictures_per_second"] = round(rate, 2)
        if (current := learning_rate(stage)) is not None:
            record["learning_rate"] = current
        self.write(stage, step, record)

    def write(self, stage: Stage, step: int, record: Mapping[str, Any]) -> None:
        """Append a line about a step; numbers in it and in its dicts go to TensorBoard too."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        append_text(self._path, json.dumps({"stage": stage.name, "step": step, **record}) + "\n")
        if self._board is not None:
            for name, value in _flat(record).items():
                self._board.add_scalar(f"{stage.name}/{name}", value, step)
            self._board.flush()


def _is_kept(line: str, stage: str, first: int) -> bool:
    try:
        record = json.loads(line)
        return record["stage"] != stage or record["step"] <= first
    except (ValueError, KeyError, TypeError):  # half a line, from a kill
        return False


def _flat(record: Mapping[str, Any]) -> dict[str, float]:
    flat: dict[str, float] = {}
    for name, value in record.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}/{key}": number for key, number in _flat(value).items()}
        elif isinstance(value, int | float):
            flat[name] = value
    return flat


def _writer(folder: Path) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise MissingExtraError("TensorBoard is not installed; pip install 'selfmend[tensorboard]'") from error
    return SummaryWriter(str(folder))
