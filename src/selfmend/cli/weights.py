"""`selfmend weights`: networks that others have trained; which weights are here, and how they come here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from selfmend.cli import common as arguments
from selfmend.cli.common import print_json, print_table

app = typer.Typer(add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True)
def weights(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the networks of others: their weights, licence, source, and where they are on this machine."""
    if context.invoked_subcommand is not None:
        return
    from selfmend.nn.owned_weights import NETWORKS, owned_file, weights_folders

    rows = [_row(network, owned_file(network.name)) for network in NETWORKS.values()]
    if as_json:
        print_json({"weights": rows, "folders": [str(folder) for folder in weights_folders()]})
        return
    columns = ("name", "file", "MB", "licence", "source")
    print_table(["here", *columns], [_line(row, columns) for row in rows])
    for row in rows:
        if row["here"]:
            typer.echo(f"{row['name']}: {row['here']}")
    typer.echo("Looked for in: " + ", ".join(str(folder) for folder in weights_folders()))
    typer.echo("selfmend weights add FILE takes a file over; selfmend weights fetch NAME downloads one.")


@app.command()
def add(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The authors' or another program's; it stays as it is.")],
) -> None:
    """Recognise a file by its keys, check it, and take it over. No code in it is run."""
    from selfmend.nn.owned_weights import add_weights

    network, ours = add_weights(file)
    typer.echo(f"{file} holds {network.title} ({network.licence}); it is now {ours}")


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As the list has it.")],
    quiet: arguments.Quiet = False,
) -> None:
    """Download published weights from their address, and take them over."""
    from selfmend.cli.progress import terminal_progress
    from selfmend.nn.owned_weights import NETWORKS, fetch_weights, owned_file

    there = owned_file(name)
    if there is not None:
        typer.echo(f"{NETWORKS[name].title} is here already: {there}")
        return
    with terminal_progress(quiet=quiet) as progress:
        ours = fetch_weights(name, progress=progress)
    typer.echo(f"{NETWORKS[name].title} ({NETWORKS[name].licence}) is now {ours}")


def _line(row: dict[str, Any], columns: tuple[str, ...]) -> list[str]:
    """A line of the table, which has no room for a path."""
    return ["yes" if row["here"] else "no", *(str(row[column] or "") for column in columns)]


def _row(network: Any, there: Path | None) -> dict[str, Any]:
    """What the list says of a network."""
    first = network.files[0]
    return {
        "name": network.name, "title": network.title, "here": str(there) if there else None, "file": first.name,
        "MB": first.megabytes or None, "md5": first.md5 or None, "licence": network.licence,
        "source": first.address or first.page,
        "others": [{"file": file.name, "source": file.address or file.page} for file in network.files[1:]],
    }  # fmt: skip
