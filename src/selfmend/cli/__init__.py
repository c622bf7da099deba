"""The command line. Thin: each command reads its arguments, calls the Python interface and shows what happened.

A command's file is imported when the command is used, and only then: `selfmend --help` costs what typer costs.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from selfmend.cli.common import run_command, version_callback
from selfmend.cli.config import NAME, defaults
from selfmend.cli.hints import Command, meant
from selfmend.errors import OptionError
from selfmend.tasks import TASKS

MEND, NEW, MANY = "Mend", "New pictures", "Films and folders"
LEARN, RESEARCH, MORE = "Learn", "Research", "More"


class _Command(NamedTuple):
    """Where a command is, or what makes that of a task, and what the help says of it without importing it."""

    module: str
    function: str
    group: str
    help: str
    task: str = ""


def _of_task(group: str, task: str) -> _Command:
    return _Command("picture_tasks", "task_command", group, TASKS[task].title, task)


COMMANDS = {
    "inpaint": _of_task(MEND, "fill"),
    "restore": _Command("restore", "restore", MEND, TASKS["restore"].title),
    "expand": _of_task(MEND, "expand"),
    "mask": _Command("mask", "app", MEND, "Make masks: drawn, or found in the picture."),
    "demo": _Command("demo", "demo", MEND, "Mend a damaged photo that comes with Selfmend."),
    "sample": _of_task(NEW, "sample"),
    "retarget": _of_task(NEW, "retarget"),
    "super-resolve": _of_task(NEW, "super-resolve"),
    "paint": _of_task(NEW, "paint"),
    "harmonize": _of_task(NEW, "harmonize"),
    "edit": _of_task(NEW, "edit"),
    "animate": _of_task(NEW, "animate"),
    "video": _Command("video", "video", MANY, "Fill the holes of a film's frames, such as subtitles."),
    "batch": _Command("batch", "batch", MANY, "Fill all pictures of a folder."),
    "serve": _Command("serve", "serve", MANY, "The page with the brush, and the server for programs."),
    "train": _Command("train", "train", LEARN, "Learn a picture, or a folder of pictures."),
    "import": _Command("train", "import_", LEARN, "Take over checkpoints of the papers' authors."),
    "weights": _Command("weights", "app", LEARN, "Networks of others: which weights are here, taken over, fetched."),
    "methods": _Command("methods", "methods", LEARN, "The methods, their presets and options."),
    "evaluate": _Command("evaluate", "app", RESEARCH, "Metrics of pictures and samples."),
    "bench": _Command("bench", "bench", RESEARCH, "Methods and other tools side by side on your photos."),
    "ablation": _Command("bench", "ablation", RESEARCH, "One option of a method at several values."),
}


def commands() -> dict[str, _Command]:
    """All commands in the order of the help; a task that is not named above makes pictures, and comes last."""
    return COMMANDS | {one.command: _of_task(NEW, one.name) for one in TASKS.values() if one.command not in COMMANDS}


class _Commands(TyperGroup):
    """A group whose commands are imported when they are used."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(commands())

    def get_command(self, ctx: Any, name: str) -> Any:
        """A stand-in that the help lists; `resolve_command` has the command itself."""
        if name not in commands():
            return None
        about = commands()[name]
        return TyperCommand(name=name, help=about.help, rich_help_panel=about.group, rich_markup_mode="rich")

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, known = args[0], commands()
        if name not in known:
            raise OptionError(meant(name, args[1:], known))
        command = _load(name)
        if not (ctx.resilient_parsing or ctx.params.get("no_config")):
            ctx.default_map = {name: defaults(name, command, known)}
        return name, command, args[1:]

    def invoke(self, ctx: Any) -> Any:
        """Run the command; with Ctrl-C, say what is kept of its work, in a line."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            typer.secho("; ".join(getattr(stop, "__notes__", ["stopped"])), err=True)  # of `interrupts.telling`
            raise


def _load(name: str) -> Any:
    about = commands()[name]
    found = getattr(importlib.import_module(f"selfmend.cli.{about.module}"), about.function)
    found = found(about.task) if about.task else found
    if not isinstance(found, typer.Typer):
        single = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)
        single.command(name, cls=Command)(found)
        found = single
    command = typer.main.get_command(found)
    command.name = name
    return command


app = typer.Typer(
    name="selfmend",
    cls=_Commands,
    help="Fill the missing parts of pictures, with models that learn from the picture itself.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", "-v", callback=version_callback, is_eager=True, help="Print the version."
    ),
    no_config: bool = typer.Option(False, "--no-config", help=f"Read no {NAME}."),
    max_pixels: float | None = typer.Option(
        None, "--max-pixels", min=1, metavar="N", help="Most pixels of a picture that is read.", show_default="179e6"
    ),
) -> None:
    """Fill the missing parts of pictures, with models that learn from the picture itself."""
    if max_pixels is not None:
        os.environ["SELFMEND_MAX_PIXELS"] = str(max_pixels)  # which worker processes see too


def main(arguments: list[str] | None = None) -> None:
    """The console script: a user's mistake ends with one line and exit code 2, Ctrl-C with 130, SIGTERM with 143."""
    sys.exit(run_command(app, arguments))
