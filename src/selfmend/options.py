"""Options as frozen dataclasses whose fields say their meaning, unit and source, and refuse unknown names."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, Union

from selfmend.errors import OptionError, check_known

T = TypeVar("T")


def option(
    default: Any,
    help: str,
    *,
    unit: str = "",
    source: str = "",
    choices: tuple[str, ...] = (),
    low: float | None = None,
) -> Any:
    """A dataclass field with its meaning, unit, source ("DMFN (2020), Sec. 3"), allowed names and least value."""
    metadata = {"help": help, "unit": unit, "source": source, "choices": choices, "low": low}
    return dataclasses.field(default=default, metadata=metadata)


def replace_options(options: T, changes: Mapping[str, Any]) -> T:
    """A copy of a frozen options dataclass with fields changed; strings are read as the field's type.

    Args:
        options: an instance of a dataclass whose fields were made by `option`.
        changes: field name to value; the command line hands strings ("500", "true", "none", "3,4").

    Raises:
        OptionError: an unknown name (the nearest known one is named) or a value that does not fit.
    """
    fields = {f.name: f for f in dataclasses.fields(options)}  # type: ignore[arg-type]
    hints = typing.get_type_hints(type(options))
    values = {}
    for name, value in changes.items():
        check_known("option", name, fields)
        converted = _convert(name, value, hints[name])
        _check_value(name, converted, fields[name].metadata)
        values[name] = converted
    return dataclasses.replace(options, **values)  # type: ignore[type-var]


def describe_options(options: Any) -> list[dict[str, Any]]:
    """One row a field: name, value, type, help, unit, source, choices; what `selfmend methods NAME` prints."""
    hints = typing.get_type_hints(type(options))
    return [
        {
            "name": f.name,
            "value": getattr(options, f.name),
            "type": _type_name(hints[f.name]),
            **{key: f.metadata.get(key, "") for key in ("help", "unit", "source", "choices")},
        }
        for f in dataclasses.fields(options)
    ]


def _type_name(kind: Any) -> str:
    return getattr(kind, "__name__", str(kind)) if not typing.get_args(kind) else str(kind).replace("typing.", "")


def _convert(name: str, value: Any, kind: Any) -> Any:
    """`value` as `kind`: exact types pass, ints become floats, strings are parsed; all else is refused."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (Union, types.UnionType):
        if value is None or (isinstance(value, str) and value.lower() == "none" and str not in arguments):
            return None
        (kind,) = [a for a in arguments if a is not type(None)][:1]
        return _convert(name, value, kind)
    if origin is tuple:
        return _tuple(name, value, kind)
    try:
        if kind is bool:
            return _boolean(value)
        if kind is int and not isinstance(value, bool):
            return _integer(value)
        if kind is float and not isinstance(value, bool) and math.isfinite(float(value)):
            return float(value)
        if kind is str and isinstance(value, str):
            return value
    except (TypeError, ValueError, OverflowError):
        pass
    raise OptionError(f"option {name} is {value!r}; a value of type {_type_name(kind)} fits")


def _tuple(name: str, value: Any, kind: Any) -> tuple[Any, ...]:
    """`value` as tuple[X, ...] or tuple[X, Y, Z]; one number stands for a tuple of one."""
    kinds = typing.get_args(kind)
    if isinstance(value, str):
        parts = [part.strip() for part in value.strip("()[] ").split(",")]
    else:
        parts = list(value) if isinstance(value, Iterable) else [value]
    if kinds[-1] is Ellipsis:
        kinds = kinds[:1] * len(parts)
    if len(parts) != len(kinds):
        raise OptionError(f"option {name} is {value!r}; {len(kinds)} values fit, for example 3,4")
    return tuple(_convert(name, part, k) for part, k in zip(parts, kinds, strict=True))


def _integer(value: Any) -> int:
    """Whole numbers in any spelling: 500, "500", "5e2", 500.0."""
    with contextlib.suppress(ValueError):
        if isinstance(value, str):
            return int(value)  # exact where a float is not
    number = float(value)
    if number != int(number):
        raise ValueError
    return value if isinstance(value, int) else int(number)


def _boolean(value: Any) -> bool:
    names = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in names:
        return names[value.lower()]
    raise ValueError


def _check_value(name: str, value: Any, metadata: Mapping[str, Any]) -> None:
    choices, low = metadata.get("choices"), metadata.get("low")
    for one in value if isinstance(value, tuple) else (value,):
        if choices and one is not None:
            check_known(name, one, choices)
        if low is not None and one is not None and not one >= low:
            raise OptionError(f"option {name} is {one}; at least {low:g} fits")
