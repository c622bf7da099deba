"""What the commands share: --set parsing, progress on the terminal, warnings and errors of one line, JSON."""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from selfmend._version import __version__
from selfmend.core.checks import OptionError, SelfmendError, SelfmendWarning
from selfmend.core.progress import Progress, ProgressEvent, silent

USER_MISTAKE = 2
INTERRUPTED = 130


def version_callback(value: bool) -> None:
    """Print the version and stop."""
    if value:
        typer.echo(f"selfmend {__version__}")
        raise typer.Exit


def run_command(app: typer.Typer) -> int:
    """Run the application; the exit code."""
    warnings.showwarning = _show_warning
    try:
        return int(app(standalone_mode=False) or 0)
    except SelfmendError as error:
        typer.secho(f"error: {error}", fg="red", err=True)
        return USER_MISTAKE
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except Exception as error:
        # Usage errors: click's, or those of the click inside typer; both say their line and their exit code.
        if not hasattr(error, "format_message"):
            raise
        line = error.format_message()  # empty where the help was the answer
        if line:
            typer.secho(f"error: {line}", fg="red", err=True)
        return int(getattr(error, "exit_code", USER_MISTAKE))


def _show_warning(message: Any, category: type, filename: str, lineno: int, *rest: Any, **more: Any) -> None:
    """Ours are for the user, in one line; others are for developers, who can ask Python for them."""
    if issubclass(category, SelfmendWarning):
        typer.secho(f"warning: {message}", fg="yellow", err=True)


def parse_settings(settings: list[str]) -> dict[str, str]:
    """The `key=value` pairs of --set; dashes in keys count as underscores.

    Raises:
        OptionError: a pair without "=".
    """
    pairs = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise OptionError(f"--set {setting!r} is not key=value; for example --set seed=1")
        pairs[key.strip().replace("-", "_")] = value.strip()
    return pairs


def print_json(value: dict[str, Any]) -> None:
    """One JSON object on standard output, for programs."""
    typer.echo(json.dumps(value, default=str))


@contextmanager
def terminal_progress(*, quiet: bool) -> Iterator[Progress]:
    """A progress bar on standard error: scale, step, losses, time left. Nothing where `quiet`."""
    if quiet:
        yield silent
        return
    from rich.console import Console
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
    console = Console(stderr=True)
    with RichProgress(*columns, console=console, transient=not console.is_terminal) as bar:
        task = bar.add_task("", total=1.0, terms="", start=True, visible=False)

        def show(event: ProgressEvent) -> None:
            where = f"[{event.stage_index + 1}/{event.stage_count}] " if event.stage_count else ""
            step = f" {event.step}/{event.steps}" if event.steps else ""
            terms = "  ".join(f"{name} {value:.3g}" for name, value in event.terms.items())
            fraction = event.done if event.done is not None else event.step / max(1, event.steps)
            text = f"{where}{event.stage}{step}"
            bar.update(task, completed=fraction, description=text, terms=terms, visible=True)

        yield show


def beside(path: Path, suffix: str, *, ending: str | None = None) -> Path:
    """`photo.jpg` and "-mended" to `photo-mended.jpg`."""
    return path.with_name(f"{path.stem}{suffix}{ending or path.suffix}")


def stderr_is_terminal() -> bool:
    """Whether a person sees the progress."""
    return sys.stderr.isatty()
