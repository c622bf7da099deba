"""Progress on standard error: a bar where a person watches, a line for every finished stage in a log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from selfmend.parallel import on_compiling
from selfmend.progress import Progress, ProgressEvent, silent

if TYPE_CHECKING:
    from rich.console import Console

LOG_AFTER = 5.0  # seconds; work that takes no longer says nothing in a log
LOG_EVERY = 300.0  # seconds
_COMPILING = "compiling for this machine, which takes some seconds once after an installation"


@contextmanager
def terminal_progress(*, quiet: bool) -> Iterator[Progress]:
    """A bar with scale, step, losses and time left; lines instead of it where standard error is no terminal."""
    if quiet:
        yield silent
        return
    from rich.console import Console

    console = Console(stderr=True)
    on_compiling(lambda: typer.echo(_COMPILING, err=True))
    if console.is_terminal:
        with _bar(console) as progress:
            yield progress
    else:
        yield log_lines()


def log_lines() -> Progress:
    """Progress for a log: a line whenever a stage of training is finished, and every few minutes of a long one."""
    started = told = time.monotonic()

    def show(event: ProgressEvent) -> None:
        nonlocal told
        now = time.monotonic()
        seconds = now - started
        finished = event.terms and event.step == event.steps and seconds > LOG_AFTER
        if finished or now - told > LOG_EVERY:
            told = now
            share = "" if event.done is None else f", {event.done:.0%} of the work"
            typer.echo(f"{_where(event)}: {_terms(event)} ({seconds:.0f} s{share})", err=True)

    return show


@contextmanager
def _bar(console: Console) -> Iterator[Progress]:
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as RichProgress

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(elapsed_when_finished=False),
        TextColumn("[dim]{task.fields[terms]}"),
    )
    with RichProgress(*columns, console=console) as bar:
        shown = 0.0
        task = bar.add_task("", total=1.0, terms="", start=True, visible=False)

        def show(event: ProgressEvent) -> None:
            nonlocal shown
            own = event.done if event.done is not None else event.step / max(1, event.steps)
            shown = max(shown, own)  # what follows a training counts for itself, and the bar never falls
            bar.update(task, completed=shown, description=_where(event), terms=_terms(event), visible=True)

        yield show


def _where(event: ProgressEvent) -> str:
    number = f"[{event.stage_index + 1}/{event.stage_count}] " if event.stage_count else ""
    return f"{number}{event.stage}" + (f" {event.step}/{event.steps}" if event.steps else "")


def _terms(event: ProgressEvent) -> str:
    return "  ".join(f"{name} {value:.3g}" for name, value in event.terms.items())
