"""The methods that fill one picture with nothing but itself, as programs see them."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from typing import TYPE_CHECKING, Any

from selfmend.errors import MissingExtraError

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


def _described(kind: type[Method]) -> dict[str, Any]:
    from selfmend.jobs.settings import lane_of
    from selfmend.options import describe_options

    options = describe_options(kind.from_options().config)
    return {
        "name": kind.name,
        "title": kind.title,
        "lane": lane_of("fill", {"method": kind.name}),
        "learns": kind.learns,
        "presets": list(kind.presets),
        "takes_reference": kind.takes_reference,
        "options": [
            {"name": o["name"], "default": _plain(o["value"]), "meaning": o["help"], "unit": o["unit"] or "",
             "choices": list(o["choices"] or ())}
            for o in options
        ],
    }  # fmt: skip


def _plain(value: Any) -> Any:
    """An option's default as JSON has it: tuples as lists, and so on."""
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {k: _plain(v) for k, v in dataclasses.asdict(value).items()}
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
