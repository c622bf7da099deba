"""`selfmend methods`: what there is, and the options of one."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selfmend.cli.common import print_json, print_table
from selfmend.errors import OptionError

if TYPE_CHECKING:
    from selfmend.methods.base import Method


def methods(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Show this method's options.")] = None,
    preset: Annotated[str | None, typer.Option(help="Show this preset's values.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the methods, or the options of one with their units and sources."""
    from selfmend.methods.registry import method_class, method_names

    if name is None and preset is not None:
        raise OptionError(f"--preset {preset} of which method? selfmend methods NAME --preset {preset}")
    if name is None:
        kinds = [method_class(n) for n in method_names()]
        if as_json:
            shown = ("name", "learns", "learns_from_folder", "title")
            print_json({"methods": [{key: getattr(k, key) for key in shown} for k in kinds]})
        else:
            print_table(["method", "learns from", "what it is"], [[k.name, _learns_from(k), k.title] for k in kinds])
        return
    from selfmend.options import describe_options

    kind = method_class(name)
    method = kind.from_options(preset)
    fields = describe_options(method.config)
    if as_json:
        presets = {p: dataclasses.asdict(c) for p, c in kind.presets.items()}
        print_json({"name": name, "title": kind.title, "source": kind.source, "presets": presets, "options": fields})
        return
    chosen = preset or next(iter(kind.presets))
    typer.echo(f"{name}: {kind.title}\n{kind.source}\npresets: {', '.join(kind.presets)} (shown: {chosen})")
    if fields:
        print_table(["option", "value", "unit", "what it does", "source"], [_row(f) for f in fields])


def _learns_from(kind: type[Method]) -> str:
    return "the picture" if kind.learns else "a folder" if kind.learns_from_folder else ""


def _row(field: dict[str, Any]) -> list[str]:
    what = field["help"] + (f" ({', '.join(field['choices'])})" if field["choices"] else "")
    return [field["name"], str(field["value"]), field["unit"], what, field["source"]]
