"""Who takes part in a benchmark: methods of ours, commands, and folders of pictures that something else has made.

Nothing heavy is imported here: a process that only starts another program must stay small, since that program's peak
memory counts from what its parent had.
"""

from __future__ import annotations

import hashlib
import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from selfmend._version import __version__
from selfmend.errors import OptionError, check_known
from selfmend.files import exists

_PLACEHOLDERS = ("image", "mask", "output")
_MODEL = "model"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One that takes part.

    Attributes:
        name: in tables.
    """

    name: str

    def settings(self) -> dict[str, Any]:
        """All that its results depend on, beside the cases."""
        return {}


@dataclass(frozen=True, kw_only=True)
class MethodEntry(Entry):
    """A method of ours, or a run that was trained.

    Attributes:
        method, preset, options: as in `inpaint`.
        config: all options.
        model: a run folder; then the others are its own.
        record: a digest of that run's record.
        device, seed: as in `inpaint`.
    """

    method: str
    preset: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    model: Path | None = None
    record: str = ""
    device: str = "auto"
    seed: int = 0

    def settings(self) -> dict[str, Any]:
        """See `Entrant.settings`."""
        return {"selfmend": __version__, "method": self.method, "config": dict(self.config), "run": self.record,
                "device": self.device, "seed": self.seed}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class CommandEntry(Entry):
    """A program that is started for each case.

    Attributes:
        words: of the command, with {image}, {mask} and {output} in them.
        timeout: seconds after which it is ended; None waits.
    """

    words: tuple[str, ...]
    timeout: float | None = None

    def settings(self) -> dict[str, Any]:
        """See `Entrant.settings`."""
        return {"words": list(self.words)}


@dataclass(frozen=True, kw_only=True)
class ExternalEntry(Entry):
    """Pictures that are there already.

    Attributes:
        folder: that holds one picture of each case's name.
    """

    folder: Path


def parse_spec(spec: str) -> tuple[str, str | None, dict[str, str]]:
    """NAME[:PRESET][:KEY=VALUE...] as name, preset and options; several pairs may also have commas between them.

    Example:
        >>> parse_spec("singan:tiny:init=mean"), parse_spec("telea:radius=5")
        (('singan', 'tiny', {'init': 'mean'}), ('telea', None, {'radius': '5'}))

    Raises:
        OptionError: two presets.
    """
    name, *rest = (part.strip() for part in spec.split(":"))
    presets = [part for part in rest if "=" not in part]
    if len(presets) > 1 or "" in presets:
        raise OptionError(f"method {spec!r} is not NAME[:PRESET][:KEY=VALUE...]; for example singan:paper:init=mean")
    pairs = [pair.split("=", 1) for part in rest if "=" in part for pair in part.split(",")]
    return name, presets[0] if presets else None, {key.strip().replace("-", "_"): value.strip() for key, value in pairs}


def method_entry(spec: str, *, seed: int = 0, device: str = "auto") -> MethodEntry:
    """A method as a user writes it, see `parse_spec`; `NAME:model=RUN` fills with what `selfmend train` wrote.

    Raises:
        OptionError: an unknown method, preset or option, or a method that must learn from a folder first.
        RunError: RUN is no run.
    """
    from selfmend.methods.base import describe_config
    from selfmend.methods.registry import method_class

    name, preset, options = parse_spec(spec)
    kind = method_class(name)
    if _MODEL in options:
        return _trained_entry(spec, name, preset, options, seed=seed, device=device)
    if kind.learns_from_folder:
        raise OptionError(f"{name} learns from a folder first; name what `selfmend train` wrote: {name}:model=RUN")
    try:
        config = describe_config(kind.from_options(preset, options).config)
    except OptionError as error:  # which of several?
        raise OptionError(f"method {spec!r}: {error}") from error
    return MethodEntry(name=spec, method=name, preset=preset, options=options, config=config, seed=seed, device=device)


def _trained_entry(
    spec: str, name: str, preset: str | None, options: Mapping[str, str], *, seed: int, device: str
) -> MethodEntry:
    from selfmend.training.checkpoints import RunFolder

    run = Path(options[_MODEL])
    if preset or len(options) > 1:
        raise OptionError(f"method {spec!r} has a model, which brings its own settings; leave the others out")
    record = RunFolder(run).record()
    if record["method"] != name or record["status"] != "trained":
        raise OptionError(f"{run} is a run of {record['method']}, {record['status']}; a trained one of {name} fits")
    key = hashlib.sha256((run / "run.json").read_bytes()).hexdigest()[:16]
    return MethodEntry(name=spec, method=name, model=run, record=key, seed=seed, device=device)


def external_entry(text: str) -> ExternalEntry:
    """NAME=DIR.

    Raises:
        OptionError: not of this form, or no such folder.
    """
    name, path = _named(text, "--external", "NAME=DIR; for example --external gimp=gimp-results")
    if not exists(path) or not Path(path).is_dir():
        raise OptionError(f"--external {text!r}: {path} is no folder; a folder of pictures with the cases' names fits")
    return ExternalEntry(name=name, folder=Path(path))


def command_entry(text: str, *, timeout: float | None = None) -> CommandEntry:
    """NAME=COMMAND; the command is split as a shell would split it, but no shell reads it.

    Raises:
        OptionError: not of this form, no {image} or {output} in it, another word in braces, or no such program.
    """
    form = "NAME=COMMAND; for example --command 'tool=tool {image} {mask} {output}'"
    name, command = _named(text, "--command", form)
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise OptionError(f"--command {text!r}: {error}; {form}") from error
    for word in re.findall(r"\{(\w*)\}", command):
        check_known("placeholder", word, _PLACEHOLDERS)
    for wanted in ("image", "output"):
        if f"{{{wanted}}}" not in command:
            raise OptionError(f"--command {text!r} has no {{{wanted}}}; {form}")
    if shutil.which(words[0]) is None:
        raise OptionError(f"--command {text!r}: there is no program {words[0]}; install it, or give its path")
    if timeout is not None and not timeout > 0:
        raise OptionError(f"--timeout is {timeout:g}; a number of seconds above 0 fits")
    return CommandEntry(name=name, words=tuple(words), timeout=timeout)


def folder_name(name: str) -> str:
    """The name of a method as a part of a path.

    Example:
        >>> folder_name("singan:tiny:init=mean"), folder_name("my/tool")
        ('singan+tiny+init=mean', 'my-tool')
    """
    return re.sub(r"[^\w.+=-]+", "-", name.replace(":", "+")).lstrip(".-") or "unnamed"


def check_different(entries: Sequence[Entry]) -> None:
    """Refuse two that would write into the same folder, or none at all.

    Raises:
        OptionError: see there.
    """
    if not entries:
        raise OptionError("nobody takes part; name at least one method, --external or --command")
    seen: dict[str, str] = {}
    for entry in entries:
        folder = folder_name(entry.name).lower()
        if folder in seen:
            raise OptionError(f"{seen[folder]!r} and {entry.name!r} are one name; a different one for each fits")
        seen[folder] = entry.name


def _named(text: str, option: str, form: str) -> tuple[str, str]:
    name, equals, rest = (part.strip() for part in text.partition("="))
    if not equals or not name or not rest:
        raise OptionError(f"{option} {text!r} is not {form}")
    return name, rest
