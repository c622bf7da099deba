"""What the server can do, as programs and the page see it: tasks, and the methods that need no run."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from typing import TYPE_CHECKING, Any

from selfmend.errors import MissingExtraError
from selfmend.tasks import TASKS, task_options

if TYPE_CHECKING:
    from selfmend.methods.base import Method


@functools.cache
def catalogue() -> dict[str, Any]:
    """What GET /api/methods answers."""
    from selfmend.api import DEFAULT_METHOD
    from selfmend.methods.registry import method_class, method_info, method_names

    described = []
    for name in method_names():
        if method_info(name).learns != "folder":
            with contextlib.suppress(MissingExtraError):  # what cannot be used here is not offered
                described.append(_described(method_class(name)))
    return {"default": DEFAULT_METHOD, "methods": described}


def task_catalogue() -> dict[str, Any]:
    """What GET /api/tasks answers."""
    names = ("name", "title", "result", "needs", "takes", "learned")
    return {
        "tasks": [
            {name: getattr(task, name) for name in names}
            | {"options": [_option(row) for row in task_options(task.name)]}
            for task in TASKS.values()
        ]
    }


def _described(kind: type[Method]) -> dict[str, Any]:
    from selfmend.options import describe_options

    options = describe_options(kind.from_options().config)
    return {
        "name": kind.name,
        "title": kind.title,
        "learns": kind.learns,
        "presets": list(kind.presets),
        "takes_reference": kind.takes_reference,
        "options": [_option(row) for row in options],
    }


_TYPES = {"bool": "boolean", "int": "integer", "float": "number", "str": "string"}


def _option(row: dict[str, Any]) -> dict[str, Any]:
    """A row of `describe_options` as JSON; the greatest number is the one that a job may have."""
    kind = row["type"].removesuffix(" | None")
    highs = [high for high in (row["high"], row["limit"]) if high is not None]
    return {
        "name": row["name"], "type": _TYPES.get(kind, "array" if kind.startswith("tuple") else "object"),
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
