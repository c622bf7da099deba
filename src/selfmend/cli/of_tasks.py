"""The commands of the tasks that make pictures: each is made of its `Task`, and of what the command line alone has.

A task that `picture_tasks.COMMAND_SPECS` does not know gets a command too: its files and options, and a call of the
function of the Python interface that `Task.command` names.
"""

from __future__ import annotations

import time
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import typer

from selfmend.cli import common as arguments
from selfmend.cli.common import be_quiet, option_of, parse_settings, print_json, with_parameters
from selfmend.cli.progress import terminal_progress
from selfmend.errors import ImageError
from selfmend.files import exists
from selfmend.image.files import save_picture
from selfmend.image.outputs import check_output, free_by_now, is_ours, numbered, target_beside
from selfmend.progress import Progress
from selfmend.tasks import INPUTS, Task, task_options

Values = SimpleNamespace
"""What the user gave, an attribute a parameter."""


@dataclass(frozen=True, kw_only=True)
class CommandResult:
    """What a command made.

    Attributes:
        results: a picture for each name of an output.
        said: of the result, for a person: between the names and the seconds.
        facts: the same for programs.
        sheet: draws what is written beside the results, where the user wanted it.
    """

    results: Sequence[Any]
    said: Sequence[str] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    sheet: Callable[[], Any] = lambda: None


def _no_check(values: Values) -> None:
    """Nothing is refused before the work."""


@dataclass(frozen=True, kw_only=True)
class CommandSpec:
    """What the command line alone has of a task.

    Attributes:
        help: of the command.
        suffix: of the name of a result that the user did not name.
        parameters: further ones, or others than the task's, by name: (annotation, default), ... for none; None
            leaves one out.
        more: by option of the task, what `option_of` takes beside its name.
        make: does the work; what has to follow the writing comes after the `yield`.
        check: refuses before it what does not fit.
        sheet: where what is written beside the results goes, if anywhere, given the names of these.
        sheet_name: what a program finds it by.
        plan: the names of the results, found writable; None are those beside the first file.
        save: writes one result.
    """

    help: str
    suffix: Callable[[Values], str]
    make: Callable[[Values, Progress], AbstractContextManager[CommandResult]]
    parameters: Mapping[str, tuple[Any, Any] | None] = field(default_factory=dict)
    more: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    check: Callable[[Values], None] = _no_check
    sheet: Callable[[Values, list[Path]], Path | None] = lambda values, names: None
    sheet_name: str = ""
    plan: Callable[[Values], list[Path]] | None = None
    save: Callable[[Any, Path, Values], object] = lambda result, path, values: save_picture(result, path)


FLAGS = {"grow_mask": "grow", "masked": "unmasked"}
"""Options whose parameters have other names on the command line."""

_NOT_OPTIONS = ("format", "height", "width", "model")
"""What the ending of a name, --size and RUN say."""

_MORE: Mapping[str, Mapping[str, Any]] = {
    "preset": {"more": "See `selfmend methods NAME`."},
    "samples": {"flags": ("--samples", "-n"), "more": "OUT-1, OUT-2, ..."},
    "seed": {"show_default": "0"},
    "variety": {"show_default": "normal"},
    "start_scale": {"metavar": "N|all", "more": arguments.ALL_SCALES},
}
"""As `CommandSpec.more`, of all tasks."""


def command_of(task: Task, spec: CommandSpec | None = None) -> Callable[..., None]:
    """The command of a task, a function that typer reads: its parameters are those of the task.

    Args:
        task: what is done.
        spec: what the command line alone has; None makes a command of the task alone.
    """
    spec = _plain(task) if spec is None else spec

    def command(**given: Any) -> None:
        _run(task, spec, Values(**given))

    name = task.command.replace("-", "_")
    return with_parameters(command, _parameters(task, spec), name=name, help=spec.help)


def _parameters(task: Task, spec: CommandSpec) -> dict[str, tuple[Any, Any]]:
    """Annotation and default of each parameter: files, options, what all commands have, what this one alone has."""
    rows = {row["name"]: row for row in task_options(task.name)}
    kinds = typing.get_type_hints(type(task.options))
    found: dict[str, tuple[Any, Any] | None] = {}
    for name in task.needs:
        if name != "mask":
            found[name] = _argument(name), ...
    found["output"] = arguments.Output, None
    for name in (*task.needs, *task.takes):
        if name not in found:
            found[name] = arguments.Mask if name == "mask" else _file(name), None
    for name, row in rows.items():
        if name not in _NOT_OPTIONS:
            shown = {**_MORE.get(name, {}), **spec.more.get(name, {})}
            found[_parameter(row)] = _option(task, row, kinds[name], shown)
    found["device"] = arguments.Device, "auto"
    if "method" in rows:
        found["settings"] = arguments.Settings, None
    found |= spec.parameters
    found |= {"overwrite": (arguments.Overwrite, False), "quiet": (arguments.Quiet, False)}
    found["as_json"] = arguments.Json, False
    return {name: one for name, one in found.items() if one is not None}


def _argument(name: str) -> Any:
    return Annotated[Path, typer.Argument(metavar=name.upper(), help=_sentence(INPUTS[name]), show_default=False)]


def _file(name: str) -> Any:
    return Annotated[str | None, typer.Option(metavar="FILE", help=_sentence(INPUTS[name]))]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _parameter(row: Mapping[str, Any]) -> str:
    """What an option is called on the command line: one that is on by default has a flag that turns it off."""
    return FLAGS.get(row["name"], f"no_{row['name']}" if row["off"] else row["name"])


def _option(task: Task, row: Mapping[str, Any], kind: Any, shown: Mapping[str, Any]) -> tuple[Any, Any]:
    """An option of the task; a flag turns off what is on."""
    shown = dict(shown)
    name, off, value = row["name"], bool(row["off"]), row["value"]
    flags = shown.pop("flags", (f"--{_parameter(row).replace('_', '-')}",))
    if "metavar" in shown:  # "all" start scales
        kind = str | None
    default = not value if off else value
    if name == "method":  # None is the default that is shown: a run has a method of its own
        kind, default, shown = str | None, None, {"show_default": value, **shown}
    default = shown.pop("default", default)
    return Annotated[kind, option_of(task.name, name, *flags, off=off, **shown)], default


def _run(task: Task, spec: CommandSpec, values: Values) -> None:
    """Find out what cannot be done, do it, write the results and say so."""
    be_quiet(values.quiet)
    spec.check(values)
    outputs = _planned(task, spec, values) if spec.plan is None else spec.plan(values)
    sheet = spec.sheet(values, outputs)
    if sheet is not None:
        check_output(sheet, overwrite=values.overwrite, inputs=_inputs(task, values))
    silent = values.quiet or values.as_json
    started = time.perf_counter()
    with terminal_progress(quiet=silent) as progress, spec.make(values, progress) as made:
        outputs = free_by_now(outputs, overwrite=values.overwrite)
        for result, path in zip(made.results, outputs, strict=True):
            spec.save(result, path, values)
        if sheet is not None:
            (sheet,) = free_by_now([sheet], overwrite=values.overwrite)
            save_picture(made.sheet(), sheet)
    seconds = time.perf_counter() - started
    if values.as_json:
        beside = {spec.sheet_name: sheet} if sheet else {}
        print_json({"outputs": outputs, **made.facts, **beside, "seconds": round(seconds, 3)})
    elif not values.quiet:
        names = ", ".join(str(path) for path in [*outputs, *([sheet] if sheet else [])])
        typer.echo(f"{names}  ({', '.join([*made.said, f'{seconds:.1f} s'])})")


def every_scale(values: Values) -> bool:
    """Whether all start scales are wanted, on one sheet."""
    return getattr(values, "start_scale", None) == "all"


def _inputs(task: Task, values: Values) -> tuple[Any, ...]:
    """The files that came; some may be no files, such as a mask's colour."""
    given = (getattr(values, name) for name in (*task.needs, *task.takes))
    return tuple(one for one in given if one is not None)


def _planned(task: Task, spec: CommandSpec, values: Values) -> list[Path]:
    """Where the results go, found writable before the work."""
    source = getattr(values, task.drawn) or Path()
    if not exists(source):
        raise ImageError(f"no such file: {source}")
    target = target_beside(source, values.output, spec.suffix(values), ending=".png" if every_scale(values) else None)
    count = 1 if every_scale(values) else getattr(values, "samples", 1)
    names = numbered(target, count, free=has_free_name(values))
    return [check_output(name, overwrite=values.overwrite, inputs=_inputs(task, values)) for name in names]


def has_free_name(values: Values) -> bool:
    """Whether a free name is taken instead of one that is there."""
    return is_ours(values.output) and not values.overwrite


def _plain(task: Task) -> CommandSpec:
    """A command of the task alone: the function of the Python interface is called with its files and options."""

    @contextmanager
    def make(values: Values, progress: Progress) -> Iterator[CommandResult]:
        import selfmend.api as api

        given = {}
        for row in task_options(task.name):
            name = row["name"]
            if name not in _NOT_OPTIONS:
                value = getattr(values, _parameter(row))
                given[name] = not value if row["off"] else row["value"] if name == "method" and not value else value
        files = {name: getattr(values, name) for name in (*task.needs, *task.takes)}
        options: dict[str, Any] = {**parse_settings(getattr(values, "settings", None) or [])}
        call = getattr(api, task.command.replace("-", "_"))
        made = call(**files, **given, device=values.device, progress=progress, **options)
        yield CommandResult(results=made if isinstance(made, list) else [made])

    return CommandSpec(help=task.title, suffix=lambda values: f"-{task.command}", make=make)
