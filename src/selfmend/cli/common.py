"""What commands share: shared options, errors in one line, tables, and names of outputs."""

from __future__ import annotations

import inspect
import json
import os
import re
import sys
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from selfmend import interrupts
from selfmend._version import __version__
from selfmend.errors import OptionError, SelfmendWarning, line_for
from selfmend.options import check_value
from selfmend.tasks import Fill, option_facts, task_option

USER_MISTAKE = 2
INTERRUPTED = 130
_OWN_OPTIONS = (
    "mask", "output", "method", "preset", "samples", "seed", "device", "model", "save_model", "grow", "reference",
)  # fmt: skip


def version_callback(value: bool) -> None:
    """Print the version and stop."""
    if value:
        typer.echo(f"selfmend {__version__}")
        raise typer.Exit


def run_command(app: typer.Typer, arguments: list[str] | None = None) -> int:
    """Run the application on `arguments` (the process's own by default); the exit code."""
    with warnings.catch_warnings(), interrupts.as_ctrl_c():
        warnings.simplefilter("always", SelfmendWarning)
        warnings.showwarning = _once_each()
        try:
            code = int(app(arguments, prog_name="selfmend", standalone_mode=False) or 0)
            return interrupts.exit_code() if code == INTERRUPTED else code  # typer makes Ctrl-C a code
        except KeyboardInterrupt:
            return interrupts.exit_code()
        except typer.Abort as abort:
            if isinstance(abort.__cause__, EOFError):  # typer takes any for the end of a question; ours was in a file
                raise abort.__cause__ from None
            return INTERRUPTED
        except BrokenPipeError:  # `selfmend methods | head` closed its end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except Exception as error:
            line = _line_for(error)
            if line is None:
                raise  # a mistake of ours: the traceback belongs into a report
            if line:  # empty where the help was the answer
                line = "; ".join([line, *getattr(error, "__notes__", ())])  # of `interrupts.telling`
                typer.secho(f"error: {' '.join(line.splitlines())}", fg="red", err=True)
            return int(getattr(error, "exit_code", USER_MISTAKE))


def _line_for(error: Exception) -> str | None:
    """`line_for`, and what the command line's own errors say."""
    if hasattr(error, "format_message"):  # usage errors: click's, or those of the click inside typer
        return error.format_message()
    return line_for(error)


def _once_each() -> Callable[..., None]:
    """Shows our warnings in one line each and no more than once; others are for developers, who can ask Python."""
    seen = set()

    def show(message: Any, category: type, *rest: Any, **more: Any) -> None:
        line = " ".join(str(message).splitlines())
        if issubclass(category, SelfmendWarning) and line not in seen:
            seen.add(line)
            typer.secho(f"warning: {line}", fg="yellow", err=True)

    return show


def be_quiet(quiet: bool) -> None:
    """With --quiet, warnings are not shown either; errors are."""
    if quiet:
        warnings.simplefilter("ignore", SelfmendWarning)


def teller(quiet: bool) -> Callable[[str], object]:
    """What says a line beside the result, on standard error."""
    return (lambda line: None) if quiet else partial(typer.echo, err=True)


def parse_settings(settings: list[str], *, name: str = "--set") -> dict[str, str]:
    """The `key=value` pairs of an option, --set as a rule; dashes in keys count as underscores.

    Raises:
        OptionError: a pair without "=", or a key that has an option of its own.
    """
    pairs = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        key = key.strip().replace("-", "_")
        if not equals or not key:
            raise OptionError(f"{name} {setting!r} is not key=value; for example --set radius=5")
        if key in _OWN_OPTIONS:
            own = key.replace("_", "-")
            raise OptionError(f"{name} {setting!r}: {own} has an option of its own; use --{own} {value}")
        pairs[key] = value.strip()
    return pairs


def parse_size(text: str | None) -> tuple[int, int] | None:
    """(height, width) of "HxW"; None of None.

    Raises:
        OptionError: anything else.
    """
    if text is None:
        return None
    match = re.fullmatch(r"\s*(\d+)\s*[xX]\s*(\d+)\s*", text)
    if match is None:
        raise OptionError(f"--size {text!r} is not HxW; for example --size 200x400, 200 pixels high and 400 wide")
    return int(match[1]), int(match[2])


def print_json(value: dict[str, Any]) -> None:
    """One JSON object on standard output, for programs."""
    typer.echo(json.dumps(value, default=str))


def option_of(task: str, name: str, *flags: str, more: str = "", off: bool = False, **display: Any) -> Any:
    """The typer option of an option that a task declares: its help with unit and range, and the check of its value.

    Args:
        task, name: of the option in `selfmend.tasks.TASKS`.
        flags: "--samples", "-n"; none for the parameter's own name.
        more: what is true of the command line alone, behind the help.
        off: a flag that turns off what is on by default; the help says what that means.
        display: more for `typer.Option`, such as `metavar` and `show_default`.

    Raises:
        OptionError: no task has such an option.
    """
    row = task_option(task, name)
    facts = option_facts(row, limits=False) or ", ".join(row["choices"])
    help = row["off"] if off else row["help"]
    text = f"{help[:1].upper()}{help[1:]}{f' ({facts})' if facts else ''}.{f' {more}' if more else ''}"

    def check(parameter: typer.CallbackParam, value: Any) -> Any:
        if not isinstance(value, str) or row["choices"]:  # "all" start scales: the command reads them itself
            check_value(max(parameter.opts, key=len), value, row)
        return value

    return typer.Option(*flags, help=text, callback=check, **display)


Mask = Annotated[
    str | None,
    typer.Option(
        "--mask",
        "-m",
        metavar="MASK",
        help="Where the hole is: a picture FILE that is white there, 'alpha' for the transparent pixels, a colour "
        "'#RRGGBB' (in quotes), or a box x,y,w,h. Left out, transparency is the hole.",
    ),
]
Method = Annotated[str | None, option_of("fill", "method", more="See `selfmend methods`.", show_default=Fill.method)]
Preset = Annotated[str | None, option_of("fill", "preset", more="See `selfmend methods NAME`.")]
Seed = Annotated[int | None, option_of("fill", "seed", show_default="0")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
Settings = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One option; repeatable.")]
InvertMask = Annotated[bool, option_of("fill", "invert_mask", "--invert-mask")]
Grow = Annotated[int, option_of("fill", "grow_mask", "--grow")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object about the result.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace outputs that are there already; never an input.")]
SaveModel = Annotated[Path | None, typer.Option(help="Keep what was learned in this folder.")]
Source = Annotated[
    Path,
    typer.Argument(
        metavar="RUN|IMAGE", help="What `selfmend train` wrote, or a picture to start from.", show_default=False
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="Picture file, or a folder. Default: a free name beside the source.", show_default=False
    ),
]
Size = Annotated[str | None, typer.Option(metavar="HxW", help="Height and width of the result, in pixels.")]
ScaleHeight = Annotated[float | None, typer.Option(help="Instead of --size: so many times as high.")]
ScaleWidth = Annotated[float | None, typer.Option(help="Instead of --size: so many times as wide.")]
ALL_SCALES = "'all' writes one sheet with every scale, to choose from."
Below = Annotated[
    str | None,
    typer.Option(
        metavar="image|reconstruction",
        help="What enters at the start scale: the shrunken picture, or what the scales below make of it without "
        "chance.",
        show_default="image",
    ),
]
Model = Annotated[Path | None, typer.Option(help="Fill with a RUN that `selfmend train` wrote.")]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="What `selfmend train singan IMAGE -o RUN` wrote.")]
EntryScale = Annotated[
    str | None,
    option_of(
        "edit", "start_scale", "--start-scale", metavar="N|all", show_default=False,
        more=f"{ALL_SCALES} Default: chosen for the purpose.",
    ),
]  # fmt: skip


def with_parameters(
    command: Callable[..., None], parameters: Mapping[str, tuple[Any, Any]], *, name: str, help: str | None
) -> Callable[..., None]:
    """A command that typer reads the parameters of from here: name to annotation and default, ... or empty for none."""
    keyword, empty = inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.empty
    taken = [
        inspect.Parameter(name, keyword, annotation=kind, default=empty if default is ... else default)
        for name, (kind, default) in parameters.items()
    ]
    command.__name__, command.__doc__ = name, help
    command.__signature__ = inspect.Signature(taken)  # type: ignore[attr-defined]
    command.__annotations__ = {one.name: one.annotation for one in taken}
    return command


def print_table(header: list[str], rows: list[list[str]], *, numbers: bool = False) -> None:
    """Columns as wide as their content; with `numbers`, all but the first stand to the right."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for place, title in enumerate(header):
        table.add_column(title, justify="right" if numbers and place else "left", no_wrap=not place)
    for row in rows:
        table.add_row(*row)
    Console().print(table)
