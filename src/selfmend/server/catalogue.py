"""What the server can do, as programs and the page see it: tasks, and the methods that need no run."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from typing import TYPE_CHECKING, Any

from selfmend.errors import MissingExtraError
from selfmend.tasks import INPUTS, TASKS, Task, task_options

if TYPE_CHECKING:
    from selfmend.methods.base import Configured


def catalogue() -> dict[str, Any]:
    """What GET /api/methods answers: what can be used here. Weights may be brought while the server runs."""
    from selfmend.api import DEFAULT_METHOD
    from selfmend.methods.registry import has_weights

    return {"default": DEFAULT_METHOD, "methods": [row for row in _installed() if has_weights(row["name"])]}


@functools.cache
def _installed() -> list[dict[str, Any]]:
    """The methods for which everything is installed, weights aside."""
    from selfmend.methods.registry import any_class, method_info, methods_by_use

    described = []
    for name in sorted(methods_by_use()):
        if method_info(name).learns != "folder":
            with contextlib.suppress(MissingExtraError):  # what cannot be used here is not offered
                described.append(_described(any_class(name)))
    return described


def task_catalogue() -> dict[str, Any]:
    """What GET /api/tasks answers."""
    return {"inputs": INPUTS, "tasks": [_task(task) for task in TASKS.values()]}


def _task(task: Task) -> dict[str, Any]:
    names = ("name", "title", "result", "needs", "takes", "learned", "trains", "marks", "overlays", "group")
    label = task.label or _words(task.name)
    return {name: getattr(task, name) for name in names} | {
        "label": label, "action": task.action or label, "hint": task.hint or task.title,
        "methods": _methods(task) if hasattr(task.options, "method") else [],
        "options": [_option(row) for row in task_options(task.name)],
    }  # fmt: skip


def _methods(task: Task) -> list[str]:
    """The methods that a task can be done with; weights may be brought while the server runs."""
    from selfmend.methods.registry import has_weights

    return [name for name in _able(task.methods) if has_weights(name)]


@functools.cache
def _able(abilities: tuple[str, ...]) -> list[str]:
    """The methods that have one of these abilities, or that fill, if there are none.

    Kept, since looking for plug-ins takes a while; asks only what is known without importing them.
    """
    from selfmend.methods.registry import method_info, method_names, methods_by_use, methods_that

    able = {name for ability in abilities for name in methods_that(ability)} if abilities else {*method_names()}
    offered = [name for name in sorted(methods_by_use()) if method_info(name).learns != "folder"]
    return [name for name in offered if name in able]


def _words(name: str) -> str:
    """A name as a label: "start_scale" is "Start scale"."""
    words = name.replace("_", " ").replace("-", " ")
    return words[:1].upper() + words[1:]


def _described(kind: type[Configured]) -> dict[str, Any]:
    from selfmend.methods.registry import ENLARGERS, method_info
    from selfmend.options import describe_options

    options, info = describe_options(kind.from_options().config), method_info(kind.name)
    return {
        "name": kind.name,
        "title": info.title,
        "for": info.best_for,
        "speed": info.speed,
        "long_presets": list(info.long_presets),
        "everyday": info.everyday,
        "learns": info.learns == "picture",
        "presets": list(kind.presets),
        "takes_reference": info.takes_reference,
        "fills": kind.name not in ENLARGERS,
        "options": [_option(row) for row in options],
    }


_TYPES = {"bool": "boolean", "int": "integer", "float": "number", "str": "string"}


def _option(row: dict[str, Any]) -> dict[str, Any]:
    """A row of `describe_options` as JSON; the greatest number is the one that a job may have."""
    kind = row["type"].removesuffix(" | None")
    highs = [high for high in (row["high"], row["limit"]) if high is not None]
    return {
        "name": row["name"], "label": row["label"] or _words(row["name"]),
        "type": _TYPES.get(kind, "array" if kind.startswith("tuple") else "object"),
        "nullable": kind != row["type"], "default": _plain(row["value"]), "meaning": row["help"],
        "choices": list(row["choices"] or ()), "low": row["low"], "high": min(highs, default=None),
        **{name: row[name] or "" for name in ("unit", "none", "off", "source")},
    }  # fmt: skip


def _plain(value: Any) -> Any:
    """An option's default as JSON has it: tuples as lists, and so on."""
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {k: _plain(v) for k, v in dataclasses.asdict(value).items()}
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
