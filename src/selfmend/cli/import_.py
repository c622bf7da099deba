"""`selfmend import`: checkpoints of the authors' codes as a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from selfmend.cli import arguments
from selfmend.cli.common import be_quiet, parse_settings, print_json


def import_(
    method: Annotated[str, typer.Argument(metavar="METHOD", help="edgeconnect, dmfn or context-encoder.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="The generators' .pth files, in any order.")],
    run: Annotated[Path, typer.Option("--output", "-o", metavar="RUN", help="Folder for the model.")],
    settings: arguments.Settings = None,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Take over weights that the authors of a method have trained; no code in the files is run."""
    import selfmend.api as api

    be_quiet(quiet)
    model = api.import_official(method, files, **parse_settings(settings or []))
    model.save(run)
    if as_json:
        print_json(
            {"run": run, "method": model.method.name, **model.data, "parameters": model.method.parameter_counts()}
        )
    elif not quiet:
        millions = sum(model.method.parameter_counts().values()) / 1e6
        typer.echo(
            f"{run}  ({model.method.name}, {millions:.1f} million parameters); fill with: selfmend inpaint IMAGE "
            f"--model {run}"
        )
