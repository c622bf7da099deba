"""A stage's state on disk."""

from __future__ import annotations

from pathlib import Path

from selfmend.core.checks import RunError
from selfmend.train.checkpoint import load_state, save_state
from selfmend.train.stage import Stage


def restore_stage(stage: Stage, path: Path | None) -> int:
    """Load the stage's saved state, if there is one; the number of steps done.

    Raises:
        RunError: the state of another run, or a damaged one.
    """
    if path is None or not path.exists():
        return 0
    saved = load_state(path)
    if saved.get("stage") != stage.name or saved.get("steps") != stage.steps:
        raise RunError(
            f"{path} holds stage {saved.get('stage')!r} of {saved.get('steps')} steps, this run needs {stage.name!r} "
            f"of {stage.steps}; choose another folder, or remove this one to start again"
        )
    for name, part in stage.state.items():
        try:
            part.load_state_dict(saved["state"][name])
        except (KeyError, RuntimeError, ValueError) as error:  # nets of other shapes, under the same names
            why = " ".join(str(error).split())
            raise RunError(
                f"{path} does not fit this version's {name} ({why}); remove the folder, train again"
            ) from error
    return int(saved["step"])


def save_stage(stage: Stage, step: int, path: Path) -> None:
    """Write the state after `step` steps, whole or not at all."""
    state = {name: part.state_dict() for name, part in stage.state.items()}
    save_state(path, {"stage": stage.name, "steps": stage.steps, "step": step, "state": state})
