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

DEVICES = ("auto", "cpu", "cuda", "mps")
"""The names of the option `device`."""


def option(  # noqa: PLR0913
    default: Any,
    help: str,
    *,
    unit: str = "",
    source: str = "",
    choices: tuple[str, ...] = (),
    low: float | None = None,
    high: float | None = None,
    limit: float | None = None,
    none: str = "",
    off: str = "",
    label: str = "",
) -> Any:
    """A dataclass field that says what it is.

    Args:
        default: its value where none is given.
        help: its meaning.
        unit: of the number, such as "px".
        source: where the default comes from: "SinGAN (ICCV 2019)", a page of docs/, "ours".
        choices: the names that fit; empty for any.
        low, high: the least and the greatest number that fit, both included.
        limit: the greatest number in a job of the server, where others wait too.
        none: what None means.
        off: what it means to turn it off: for what is on by default.
        label: of its field in a form; empty: its name.
    """
    metadata = {"help": help, "unit": unit, "source": source, "choices": choices, "low": low, "high": high}
    return dataclasses.field(
        default=default, metadata=metadata | {"limit": limit, "none": none, "off": off, "label": label}
    )


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
        check_value(f"option {name}", converted, fields[name].metadata)
        values[name] = converted
    return dataclasses.replace(options, **values)  # type: ignore[type-var]


def describe_options(options: Any) -> list[dict[str, Any]]:
    """One row a field: name, value, type, and what `option` was told; `selfmend methods NAME` prints it."""
    hints = typing.get_type_hints(type(options))
    return [
        {
            "name": f.name,
            "value": getattr(options, f.name),
            "type": _type_name(hints[f.name]),
            **{key: f.metadata.get(key, "") for key in ("help", "unit", "source", "choices", "none", "off", "label")},
            **{key: f.metadata.get(key) for key in ("low", "high", "limit")},
        }
        for f in dataclasses.fields(options)
    ]


def describe_range(row: Mapping[str, Any]) -> str:
    """The numbers that fit, in words: "at least 1", "at most 16", "0 to 1"; "" for any."""
    low, high = row.get("low"), row.get("high")
    if low is not None and high is not None:
        return f"{_number(low)} to {_number(high)}"
    return f"at least {_number(low)}" if low is not None else f"at most {_number(high)}" if high is not None else ""


def check_value(what: str, value: Any, row: Mapping[str, Any]) -> None:
    """Refuse a value that is none of the choices, or out of range; None always fits, of a tuple each number must.

    Args:
        what: the value's name in the error: "option samples", "--samples".
        value: of the option's type.
        row: of `describe_options`, or the metadata of a field that `option` made.

    Raises:
        OptionError: it does not fit.
    """
    choices, low, high = row.get("choices"), row.get("low"), row.get("high")
    for one in value if isinstance(value, tuple) else (value,):
        if one is None:
            continue
        if choices:
            check_known(what.removeprefix("option "), one, choices)
        if (low is not None and not one >= low) or (high is not None and not one <= high):
            raise OptionError(f"{what} is {one}; {describe_range(row)} fits")


def _number(value: float) -> str:
    if isinstance(value, int) and value > 2**53:
        return f"2^{value.bit_length()} - 1" if value + 1 == 2 ** value.bit_length() else str(value)
    return str(value) if isinstance(value, int) else f"{value:g}"


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
