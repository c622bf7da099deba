"""What `train` does with a folder of pictures. Imports torch."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import typer

import selfmend.api as api
from selfmend.cli.common import USER_MISTAKE, print_json
from selfmend.cli.fill import kept
from selfmend.cli.progress import terminal_progress
from selfmend.cli.table import print_table
from selfmend.core.checks import SelfmendError

_UNKNOWN = "not known beforehand"


@dataclass(frozen=True, kw_only=True)
class Request:
    """The arguments as the user gave them; see `selfmend.fit_folder`."""

    method: str
    pictures: Path
    run: Path
    validation: Path | None
    celeba_attributes: list[str]
    preset: str | None
    seed: int
    device: str
    devices: int
    nodes: int
    precision: str
    workers: int | None
    validate_every: int
    tensorboard: bool
    options: dict[str, Any] = field(default_factory=dict)


def train_folder(request: Request, *, dry_run: bool, quiet: bool, as_json: bool) -> None:
    """Train, or with `dry_run` say what would be done."""
    try:
        _train(request, dry_run=dry_run, quiet=quiet, as_json=as_json)
    except SelfmendError:
        if is_helper_process():  # all processes make the same mistake; the first one says it
            raise typer.Exit(USER_MISTAKE) from None
        raise


def _train(request: Request, *, dry_run: bool, quiet: bool, as_json: bool) -> None:
    started = time.perf_counter()
    training = api.FolderTraining(
        request.method, request.pictures, validation=request.validation, preset=request.preset,
        celeba_attributes=request.celeba_attributes, options=request.options, seed=request.seed,
        device=request.device, devices=request.devices, nodes=request.nodes, precision=request.precision,
        workers=request.workers,
    )  # fmt: skip
    if dry_run:
        told = training.describe()
        print_json(told) if as_json else _print(request, told)
        return
    first = not is_helper_process()
    with terminal_progress(quiet=quiet or as_json or not first) as progress:
        try:
            model = training.run(
                request.run, validate_every=request.validate_every, tensorboard=request.tensorboard, progress=progress
            )
        except KeyboardInterrupt:
            if first:
                kept(request.run)
            raise
    seconds = time.perf_counter() - started
    if as_json and first:
        record = {"run": request.run, "method": model.method.name, "seed": model.seed, "seconds": round(seconds, 3)}
        print_json(record | model.data)
    elif first and not quiet:
        typer.echo(
            f"{request.run}  ({model.method.name}, {model.data['pictures']} pictures, {seconds:.1f} s); fill with: "
            f"selfmend inpaint IMAGE --model {request.run}"
        )


def is_helper_process() -> bool:
    """Whether this is one of several processes of a training, and not the one that talks to people."""
    return any(int(os.environ.get(name, "0")) > 0 for name in ("RANK", "LOCAL_RANK", "NODE_RANK"))


def _bytes(count: int) -> str:
    return f"{count / 2**30:.2f} GiB" if count >= 2**30 else f"{count / 2**20:.1f} MiB"


def _print(request: Request, told: dict[str, Any]) -> None:
    memory = {name: _bytes(count) for name, count in told["memory"].items() if count is not None}
    activations = memory.pop("activations", None)
    where = "kept in memory" if told["decoded_kept_in_memory"] else "too many to keep: read anew in each epoch"
    rows = [
        ["pictures", f"{told['pictures']} ({told['unreadable']} unreadable), sides {told['shortest_side']} to "
         f"{told['longest_side']} px"],
        ["validation", f"{told['validation_pictures']} pictures"],
        ["decoded", f"{told['decoded_bytes'] / 2**20:.0f} MiB, {where}; {told['workers']} worker processes"],
        ["processes", str(told["processes"])],
        *([f"parameters, {name}", f"{count:,}".replace(",", " ")] for name, count in told["parameters"].items()),
        *([f"memory, {name}", size] for name, size in memory.items()),
        ["memory, activations", f"{activations} in one pass of one process's batch" if activations else _UNKNOWN],
        *([s["stage"], f"{s['steps']} steps, {s['epochs']:g} epochs"] for s in told["stages"]),
    ]  # fmt: skip
    print_table(["what", "value"], rows)
    typer.echo(f"nothing was written; without --dry-run, {request.run} would be")
