"""`selfmend.toml`: defaults of options, of the current folder and of the user; the command line wins over both.

A name is that of the option: `[inpaint]` holds those of one command, `[mask.text]` those of one below another, and what
stands above all sections is for every command that has the option.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import typer

from selfmend.errors import OptionError, SelfmendError, check_known, nearest_name

NAME = "selfmend.toml"
VARIABLE = "SELFMEND_CONFIG"
"""Names the one file that is read; "none" or empty reads none."""

SHARED = (
    "device", "download", "grow", "invert-mask", "jobs", "json", "mask", "masks", "method", "model", "no-overlay",
    "noise", "output", "overlay", "overwrite", "preset", "quiet", "region", "save-model", "seed", "sensitivity",
    "set", "size", "start-scale", "weights",
)  # fmt: skip
"""What may stand above all sections: options of several commands. Named here, since no other command is imported."""


def config_files() -> list[Path]:
    """The files that are read; a later one wins over those before it.

    Raises:
        OptionError: the one that `VARIABLE` names is not there.
    """
    named = os.environ.get(VARIABLE)
    if named is not None:
        if named.lower() in ("", "none"):
            return []
        if not Path(named).is_file():
            raise OptionError(f"{VARIABLE} names {named}, which is no file; a {NAME} fits, or none")
        return [Path(named)]
    import platformdirs

    files = (platformdirs.user_config_path("selfmend", appauthor=False) / NAME, Path(NAME))
    return [file for file in files if file.is_file()]


def defaults(name: str, command: Any, commands: Mapping[str, Any]) -> dict[str, Any]:
    """The defaults that the files give a command, as click takes them: parameter to value, a level a command below it.

    Args:
        name: of the command.
        command: itself.
        commands: all that can be sections.

    Raises:
        OptionError: a file that is no TOML, an unknown name, or a value that does not fit.
    """
    import tomllib  # not for `selfmend --help`

    found: dict[str, Any] = {}
    for file in config_files():
        try:
            told = tomllib.loads(file.read_text())
        except (OSError, ValueError) as error:
            raise OptionError(f"{file} cannot be read: {error}") from error
        sections = {key: value for key, value in told.items() if isinstance(value, dict) and key != "set"}
        shared = {key.replace("_", "-"): value for key, value in told.items() if key not in sections}
        for known, keys in ((commands, sections), (SHARED, shared)):
            for key in keys:
                if key not in known:
                    what = "no command or option of several commands"
                    raise OptionError(f"{file}: {key} is {what}; {nearest_name(key, [*commands, *SHARED])}")
        _add(found, shared, command, file, strict=False)
        _add(found, sections.get(name, {}), command, file, strict=True)
    return found


def _add(found: dict[str, Any], told: Mapping[str, Any], command: Any, file: Path, *, strict: bool) -> None:
    """Add the values of a section; where it is not `strict`, those whose option the command lacks are left out."""
    below = getattr(command, "commands", {})
    rest = dict(told)
    for name, one in below.items():
        section = rest.pop(name, {}) if strict else {}
        here = found.setdefault(name, {})
        _add(here, {key: value for key, value in rest.items() if _option(one, key)}, one, file, strict=False)
        _add(here, section, one, file, strict=True)
    for name, value in rest.items():
        option = _option(command, name)
        if option is not None:
            found[option.name] = _checked(command, option, name, value, file)
        elif strict and not any(_option(one, name) for one in below.values()):
            known = [*_names(command), *below, *(name for one in below.values() for name in _names(one))]
            raise OptionError(f"{file}: {name} is no option of {command.name}; {nearest_name(name, set(known))}")


def _options(command: Any) -> Iterator[Any]:
    return (one for one in command.params if one.param_type_name == "option" and one.name != "help")


def _names(command: Any) -> list[str]:
    return [_name(option) for option in _options(command)]


def _name(option: Any) -> str:
    """The longest of an option's names, without its dashes."""
    return max(option.opts, key=len).lstrip("-")


def _option(command: Any, name: str) -> Any:
    return next((one for one in _options(command) if _name(one) == name.replace("_", "-")), None)


def _checked(command: Any, option: Any, name: str, value: Any, file: Path) -> Any:
    """The value, found to be one of the option."""
    if option.multiple and isinstance(value, dict):
        value = [f"{key}={one}" for key, one in value.items()]
    fits = "a list" if option.multiple else "true or false" if option.is_flag else "one value"
    right = list if option.multiple else bool if option.is_flag else (str, int, float)
    if not isinstance(value, right) or (isinstance(value, bool) and not option.is_flag):
        raise OptionError(f"{file}: {name} is {value!r}; {fits} fits")
    value = [str(one) for one in value] if isinstance(value, list) else value
    try:
        converted = option.process_value(typer.Context(command), value)  # as if it had been typed
        if option.name == "method":  # a preset depends on it, and is read with it
            from selfmend.methods.registry import methods_by_use

            check_known("method", converted, methods_by_use())
    except SelfmendError as error:
        raise OptionError(f"{file}: {error}") from error
    except Exception as error:
        if not hasattr(error, "format_message"):  # a usage error: typer's click is not the one that can be imported
            raise
        raise OptionError(f"{file}: {name} is {value!r}; {getattr(error, 'message', error)}") from error
    return value
