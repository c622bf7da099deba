"""`selfmend methods`: what there is, and the options of one."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

import typer

from selfmend.cli.common import print_json, print_table
from selfmend.errors import OptionError


def methods(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Show this method's options.")] = None,
    preset: Annotated[str | None, typer.Option(help="Show this preset's values.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the methods, or the options of one with their units and sources."""
    from selfmend.methods.registry import any_class, method_info, methods_by_use

    if name is None and preset is not None:
        raise OptionError(f"--preset {preset} of which method? selfmend methods NAME --preset {preset}")
    if name is None:
        rows = [_listed(name) for name in methods_by_use()]
        if as_json:
            print_json({"methods": rows})
        else:
            print_table(
                ["method", "for", "speed", "needs", "what it is"],
                [
                    [row["name"] + " *" * row["default"], row["for"], row["speed"], _needs(row), row["title"]]
                    for row in rows
                ],
            )
            typer.echo("* fills holes where no method is named")
        return
    from selfmend.options import describe_options

    kind = any_class(name)
    method = kind.from_options(preset)
    fields, title = describe_options(method.config), method_info(name).title
    if as_json:
        presets = {p: dataclasses.asdict(c) for p, c in kind.presets.items()}
        facts = {"name": name, "title": title, "source": kind.source}
        print_json(facts | {"presets": presets, "options": fields})
        return
    chosen = preset or next(iter(kind.presets))
    typer.echo(f"{name}: {title}\n{kind.source}\npresets: {', '.join(kind.presets)} (shown: {chosen})")
    if fields:
        print_table(["option", "value", "unit", "what it does", "source"], [_row(f) for f in fields])


def _listed(name: str) -> dict[str, Any]:
    """What the list says of a method; none is imported for it."""
    from selfmend.methods.registry import DEFAULT_METHOD, method_info

    info = method_info(name)
    return {
        "name": name, "default": name == DEFAULT_METHOD, "for": info.best_for, "speed": info.speed,
        "extra": info.extra, "learns": info.learns == "picture",
        "learns_from_folder": info.learns == "folder", "weights": list(info.weights), "title": info.title,
    }  # fmt: skip


def _needs(row: dict[str, Any]) -> str:
    """What it must learn from first, whose weights somebody must bring, and the extra to install."""
    learns = "a folder" if row["learns_from_folder"] else "to learn" if row["learns"] else ""
    weights = "weights" if row["weights"] else ""
    return ", ".join(one for one in (learns, weights, f"extra {row['extra']}" if row["extra"] else "") if one)


def _row(field: dict[str, Any]) -> list[str]:
    what = field["help"] + (f" ({', '.join(field['choices'])})" if field["choices"] else "")
    return [field["name"], str(field["value"]), field["unit"], what, field["source"]]
