"""`selfmend methods`: what there is, and the options of one."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selfmend.cli.common import print_json, print_table
from selfmend.errors import MissingExtraError, OptionError

if TYPE_CHECKING:
    pass


def methods(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Show this method's options.")] = None,
    preset: Annotated[str | None, typer.Option(help="Show this preset's values.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the methods, or the options of one with their units and sources."""
    from selfmend.methods.registry import method_class, method_info, method_names

    if name is None and preset is not None:
        raise OptionError(f"--preset {preset} of which method? selfmend methods NAME --preset {preset}")
    if name is None:
        rows = [_listed(name) for name in method_names()]
        if as_json:
            print_json({"methods": rows})
        else:
            learns = {"picture": "the picture", "folder": "a folder", "": ""}
            print_table(
                ["method", "learns from", "what it is"],
                [[row["name"], learns[method_info(row["name"]).learns], row["title"]] for row in rows],
            )
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


def _listed(name: str) -> dict[str, Any]:
    """What the list says of a method, also of one that needs something that is not installed."""
    from selfmend.methods.registry import method_class, method_info

    learns = method_info(name).learns
    try:
        title = method_class(name).title
    except MissingExtraError as error:
        title = str(error)
    return {"name": name, "learns": learns == "picture", "learns_from_folder": learns == "folder", "title": title}


def _row(field: dict[str, Any]) -> list[str]:
    what = field["help"] + (f" ({', '.join(field['choices'])})" if field["choices"] else "")
    return [field["name"], str(field["value"]), field["unit"], what, field["source"]]
