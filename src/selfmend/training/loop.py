"""The training loop: seeds, runs, stops, reports, saves, and resumes by replaying.

Ctrl-C during a training.

The loop: runs the stages of any method, step by step, so that an interrupted run resumes to the same bits.
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

from selfmend.errors import TrainingError
from selfmend.interrupts import ENDING, interrupt, note
from selfmend.nn.tensors import make_generator
from selfmend.progress import Progress, ProgressEvent, silent
from selfmend.training.checkpoints import restore_stage, save_stage
from selfmend.training.devices import Processes
from selfmend.training.log import READ_EVERY, Listener, on_accelerator
from selfmend.training.stage import Stage, Terms


@contextmanager
def deferred_interrupt() -> Iterator[Callable[[], bool]]:
    """Ctrl-C lets the step in progress end, so that what is saved is a state between steps; twice stops at once.

    So do SIGTERM and SIGHUP where they mean the same, as in our commands.
    """
    pressed = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield pressed.is_set  # only the main thread may set signal handlers, and only it gets Ctrl-C
        return

    def handle(signum: int, frame: object) -> None:
        note(signum)
        if pressed.is_set():
            raise KeyboardInterrupt
        pressed.set()

    handlers = {one: signal.getsignal(one) for one in ENDING}
    meant = [one for one, handler in handlers.items() if one == signal.SIGINT or handler is interrupt]
    for one in meant:
        signal.signal(one, handle)
    try:
        yield pressed.is_set
    finally:
        for one in meant:
            signal.signal(one, handlers[one])


def run(
    stages: Iterable[Stage],
    *,
    seed: int,
    folder: Path | None = None,
    progress: Progress = silent,
    stage_costs: Sequence[float] = (),
    save_seconds: float = 20.0,
    listeners: Sequence[Listener] = (),
    processes: Processes | None = None,
) -> None:
    """Train the stages in order.

    Args:
        stages: usually a generator: stage n + 1 is built after stage n is trained.
        seed: every step draws from a generator seeded by (seed, stage name, step), so that a step's randomness does
            not depend on how the run got there.
        folder: where each stage's state is kept as `stage-NNN.safetensors`; what is found there is resumed.
            None keeps nothing.
        progress: called at every step; if it raises, the state is saved and the exception goes on.
        stage_costs: relative cost of each stage as a whole, if known beforehand; gives events their `done`.
        save_seconds: seconds between saves within a stage.
        listeners: look on in the first process.
        processes: that share each step; the first one writes, and all of them read `folder`.

    Raises:
        TrainingError: a term is no longer finite; the message has all terms, and the last saved state stays.
        RunError: `folder` holds the state of another run.
        KeyboardInterrupt: after Ctrl-C, once the step in progress is done and saved.
    """
    processes = processes or Processes()
    with deferred_interrupt() as interrupted:
        for index, stage in enumerate(stages):
            path = folder / f"stage-{index:03d}.safetensors" if folder else None
            first = restore_stage(stage, path)
            processes.wait()  # none may write the file before all have read it
            report = _reporter(stage, index, progress, stage_costs)
            if first < stage.steps:
                own = _Own(path, report, listeners, save_seconds) if processes.first else _Own()
                _run_stage(stage, first, seed, own, processes, interrupted)
            elif processes.first:
                report(stage.steps, {})


@dataclass
class _Own:
    """What the first process does beside the steps; nothing in the others."""

    path: Path | None = None
    report: Callable[[int, Terms], None] = lambda step, terms: None
    listeners: Sequence[Listener] = ()
    save_seconds: float = math.inf


def _run_stage(
    stage: Stage, first: int, seed: int, own: _Own, processes: Processes, interrupted: Callable[[], bool]
) -> None:
    batches: Iterator | None = stage.batches(first) if stage.batches else None
    try:
        _run_steps(stage, range(first, stage.steps), batches, seed, own, processes, interrupted)
    finally:
        if isinstance(batches, Generator):  # its worker processes end now, not when the interpreter does
            batches.close()


def _run_steps(
    stage: Stage,
    steps: range,
    batches: Iterator | None,
    seed: int,
    own: _Own,
    processes: Processes,
    interrupted: Callable[[], bool],
) -> None:
    for listener in own.listeners:
        listener.begin(stage, steps.start)
    saved_at = time.monotonic()
    for i in steps:
        batch = next(batches) if batches else None
        terms = processes.mean(stage.step(i, batch, make_generator(seed, stage.name, i)))
        last = i + 1 == stage.steps
        save = last or time.monotonic() - saved_at > own.save_seconds
        look = save or not i % READ_EVERY or not on_accelerator(terms)
        if look:
            _check_finite(stage, i, terms)
        stop = _stop(look, processes, interrupted)
        try:
            own.report(i + 1, terms)
            for listener in own.listeners:
                listener.after(stage, i + 1, terms)
        except BaseException as error:  # a page's Cancel, Ctrl-C inside the renderer: save first, then pass it on
            stop = stop or error
        if stop and not look:
            _check_finite(stage, i, terms)
        if own.path and (stop or save):
            save_stage(stage, i + 1, own.path)
            saved_at = time.monotonic()
        if stop:
            raise stop


def _stop(look: bool, processes: Processes, interrupted: Callable[[], bool]) -> BaseException | None:
    """Ctrl-C, agreed on by all processes where there are several; asking them costs as much as looking at a term."""
    pressed = processes.any(interrupted()) if processes.count == 1 or look else False
    return KeyboardInterrupt() if pressed else None


def _check_finite(stage: Stage, i: int, terms: Terms) -> None:
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
