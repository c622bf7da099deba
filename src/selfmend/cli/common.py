"""What commands share: shared options, errors in one line, tables, and names of outputs."""

from __future__ import annotations

import json
import math
import os
import re
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from selfmend._version import __version__
from selfmend.errors import OptionError, SelfmendWarning, line_for

USER_MISTAKE = 2
INTERRUPTED = 130
_OWN_OPTIONS = (
    "mask",
    "output",
    "method",
    "preset",
    "samples",
    "seed",
    "device",
    "model",
    "save_model",
    "grow",
    "reference",
)


def version_callback(value: bool) -> None:
    """Print the version and stop."""
    if value:
        typer.echo(f"selfmend {__version__}")
        raise typer.Exit


def run_command(app: typer.Typer, arguments: list[str] | None = None) -> int:
    """Run the application on `arguments` (the process's own by default); the exit code."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", SelfmendWarning)
        warnings.showwarning = _once_each()
        try:
            return int(app(arguments, prog_name="selfmend", standalone_mode=False) or 0)
        except (KeyboardInterrupt, typer.Abort):
            return INTERRUPTED
        except BrokenPipeError:  # `selfmend methods | head` closed its end
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except Exception as error:
            line = _line_for(error)
            if line is None:
                raise  # a mistake of ours: the traceback belongs into a report
            if line:  # empty where the help was the answer
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


def parse_size(text: str) -> tuple[int, int]:
    """(height, width) of "HxW".

    Raises:
        OptionError: anything else.
    """
    match = re.fullmatch(r"\s*(\d+)\s*[xX]\s*(\d+)\s*", text)
    if match is None:
        raise OptionError(f"--size {text!r} is not HxW; for example --size 200x400, 200 pixels high and 400 wide")
    return int(match[1]), int(match[2])


def scaled(size: tuple[int, int], scale_h: float | None, scale_w: float | None) -> tuple[int, int]:
    """A size times --scale-h and --scale-w; one that is not given is 1.

    Raises:
        OptionError: a factor that is no positive number.
    """
    for name, factor in (("--scale-h", scale_h), ("--scale-w", scale_w)):
        if factor is not None and not (factor > 0 and math.isfinite(factor)):
            raise OptionError(f"{name} is {factor:g}; a factor above 0 fits, such as 1.5")
    return round(size[0] * (scale_h or 1)), round(size[1] * (scale_w or 1))


def print_json(value: dict[str, Any]) -> None:
    """One JSON object on standard output, for programs."""
    typer.echo(json.dumps(value, default=str))


def target_beside(source: Path, output: Path | None, suffix: str, *, ending: str | None = None) -> Path:
    """Where a result goes: `output` as given, or SOURCE with a suffix beside the source or in the folder `output`.

    Args:
        source: a picture file, or the folder of a run.
        output: what the user said.
        suffix: "-sample" makes photo-sample.jpg of photo.jpg.
        ending: of the default name; None keeps that of a picture whose format can be written, and else is ".png".
    """
    from selfmend.image.formats import ENDINGS

    if output is not None and not output.is_dir():
        return output
    known = source.suffix.lower() in ENDINGS and not source.is_dir()
    base = Path(os.path.abspath(source)) if source.name in ("", "..") else source
    name = base.with_name((base.stem if known else base.name) + suffix + (ending or (base.suffix if known else ".png")))
    return name if output is None else output / name.name


def numbered(target: Path, count: int) -> list[Path]:
    """The target itself for one result; for several OUT-1, OUT-2, ..., with as many digits as make the names sort."""
    digits = len(str(count))
    return [target] if count == 1 else [beside(target, f"-{k + 1:0{digits}d}") for k in range(count)]


def beside(path: Path, suffix: str, *, ending: str | None = None) -> Path:
    """`photo.jpg` and "-mended" to `photo-mended.jpg`."""
    return path.with_name(f"{path.stem}{suffix}{ending or path.suffix}")


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
Method = Annotated[str | None, typer.Option(help="See `selfmend methods`.", show_default="patchmatch")]
Preset = Annotated[str | None, typer.Option(help="Named settings; see `selfmend methods NAME`.")]
Seed = Annotated[int | None, typer.Option(help="Same seed, same result.", show_default="0")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")]
Settings = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One option; repeatable.")]
InvertMask = Annotated[bool, typer.Option("--invert-mask", help="In the mask, black is the hole.")]
Grow = Annotated[int, typer.Option(help="Let the hole grow by so many pixels: soft edges, JPEG halos.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object about the result.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Allow the output to replace an input.")]
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
        "--output", "-o", help="Picture file, or a folder. Default: a name beside the source.", show_default=False
    ),
]
GenerativeMethod = Annotated[
    str | None, typer.Option("--method", help="For an IMAGE; see `selfmend methods`.", show_default="gpnn")
]
Size = Annotated[str | None, typer.Option(metavar="HxW", help="Height and width of the result, in pixels.")]
ScaleHeight = Annotated[float | None, typer.Option(help="Instead of --size: so many times as high.")]
ScaleWidth = Annotated[float | None, typer.Option(help="Instead of --size: so many times as wide.")]
StartScale = Annotated[
    str | None,
    typer.Option(
        metavar="N|all",
        help="Scale from which all is drawn anew, 0 = the coarsest: the higher, the more like the picture. 'all' "
        "writes one sheet with every scale, to choose from.",
    ),
]
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
    typer.Option(
        "--start-scale",
        metavar="N|all",
        help="Scale at which the picture enters, 1 = the second coarsest: the higher, the more of it stays. 'all' "
        "writes one sheet with every scale, to choose from. Default: chosen for the purpose.",
        show_default=False,
    ),
]


def print_table(header: list[str], rows: list[list[str]], *, numbers: bool = False) -> None:
    """Columns as wide as their content; with `numbers`, all but the first stand to the right."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for place, title in enumerate(header):
        table.add_column(title, justify="right" if numbers and place else "left")
    for row in rows:
        table.add_row(*row)
    Console().print(table)
