"""The loop: runs the stages of any method, step by step, so that an interrupted run resumes to the same bits."""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from selfmend.core.checks import RunError, TrainingError
from selfmend.core.progress import Progress, ProgressEvent, silent
from selfmend.core.rng import make_generator
from selfmend.train.checkpoint import load_state, save_state
from selfmend.train.stage import Stage, Terms

READ_EVERY = 25  # steps between looks at terms that live on an accelerator, where each look stops its queue


def run(
    stages: Iterable[Stage],
    *,
    seed: int,
    folder: Path | None = None,
    progress: Progress = silent,
    stage_costs: Sequence[float] = (),
    save_seconds: float = 20.0,
) -> None:
    """Train the stages in order.

    Args:
        stages: usually a generator: stage n + 1 is built after stage n is trained.
        seed: every step draws from a generator seeded by (seed, stage name, step), so that a step's randomness does
            not depend on how the run got there.
        folder: where each stage's state is kept as `stage-NNN.safetensors`; what is found there is resumed.
            None keeps nothing.
        progress: told of every step; if it raises, the state is saved and the exception goes on.
        stage_costs: relative cost of each stage as a whole, if known beforehand; gives events their `done`.
        save_seconds: seconds between saves within a stage.

    Raises:
        TrainingError: a term is no longer finite; the message has all terms, and the last saved state stays.
        RunError: `folder` holds the state of another run.
        KeyboardInterrupt: after Ctrl-C, once the step in progress is done and saved.
    """
    with _deferred_interrupt() as interrupted:
        for index, stage in enumerate(stages):
            path = folder / f"stage-{index:03d}.safetensors" if folder else None
            first = _restore(stage, path)
            report = _reporter(stage, index, progress, stage_costs)
            if first < stage.steps:
                _run_stage(stage, first, seed, path, report, interrupted, save_seconds)
            else:
                report(stage.steps, {})


def _run_stage(
    stage: Stage,
    first: int,
    seed: int,
    path: Path | None,
    report: Callable[[int, Terms], None],
    interrupted: Callable[[], bool],
    save_seconds: float,
) -> None:
    batches: Iterator | None = stage.batches(first) if stage.batches else None
    saved_at = time.monotonic()
    for i in range(first, stage.steps):
        batch = next(batches) if batches else None
        terms = stage.step(i, batch, make_generator(seed, stage.name, i))
        last = i + 1 == stage.steps
        _check_finite(stage, i, terms, last)
        stop: BaseException | None = KeyboardInterrupt() if interrupted() else None
        try:
            report(i + 1, terms)
        except BaseException as error:  # a page's Cancel, Ctrl-C inside the renderer: save first, then pass it on
            stop = stop or error
        if path and (stop or last or time.monotonic() - saved_at > save_seconds):
            _save(stage, i + 1, path)
            saved_at = time.monotonic()
        if stop:
            raise stop


def _restore(stage: Stage, path: Path | None) -> int:
    """Load the stage's saved state, if there is one; the number of steps done."""
    if path is None or not path.exists():
        return 0
    saved = load_state(path)
    if saved.get("stage") != stage.name or saved.get("steps") != stage.steps:
        raise RunError(
            f"{path} holds stage {saved.get('stage')!r} of {saved.get('steps')} steps, this run needs {stage.name!r} "
            f"of {stage.steps}; choose another folder, or remove this one to start again"
        )
    for name, part in stage.state.items():
        part.load_state_dict(saved["state"][name])
    return int(saved["step"])


def _save(stage: Stage, step: int, path: Path) -> None:
    state = {name: part.state_dict() for name, part in stage.state.items()}
    save_state(path, {"stage": stage.name, "steps": stage.steps, "step": step, "state": state})


def _check_finite(stage: Stage, i: int, terms: Terms, last: bool) -> None:
    on_accelerator = any(isinstance(v, torch.Tensor) and v.device.type != "cpu" for v in terms.values())
    if on_accelerator and not last and i % READ_EVERY:
        return
    values = {name: float(value) for name, value in terms.items()}
    if not all(math.isfinite(v) for v in values.values()):
        shown = ", ".join(f"{name} {value:.4g}" for name, value in values.items())
        raise TrainingError(
            f"{stage.name}, step {i + 1}: a term is no longer finite ({shown}); try a lower learning rate, or "
            "full precision (precision=32)"
        )


def _reporter(
    stage: Stage, index: int, progress: Progress, costs: Sequence[float]
) -> Callable[[int, Mapping[str, torch.Tensor | float]], None]:
    total, before = sum(costs), sum(costs[:index])

    def report(step: int, terms: Terms) -> None:
        own = costs[index] * step / max(1, stage.steps) if index < len(costs) else 0.0
        progress(
            ProgressEvent(
                stage=stage.name,
                stage_index=index,
                stage_count=len(costs),
                step=step,
                steps=stage.steps,
                done=(before + own) / total if total else None,
                terms={
                    n: float(v) for n, v in terms.items() if not isinstance(v, torch.Tensor) or v.device.type == "cpu"
                },
            )
        )

    return report


@contextmanager
def _deferred_interrupt() -> Iterator[Callable[[], bool]]:
    """Ctrl-C lets the step in progress end, so that what is saved is a state between steps; twice stops at once."""
    pressed = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield pressed.is_set  # only the main thread may set signal handlers, and only it gets Ctrl-C
        return
    previous = signal.getsignal(signal.SIGINT)

    def handle(signum: int, frame: object) -> None:
        if pressed.is_set():
            raise KeyboardInterrupt
        pressed.set()

    signal.signal(signal.SIGINT, handle)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, previous)
