"""`selfmend train` and `selfmend import`."""

from __future__ import annotations

import os
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

import selfmend.api as api
from selfmend.api.kept import kept_in
from selfmend.cli import common as arguments
from selfmend.cli.common import USER_MISTAKE, be_quiet, parse_settings, print_json, print_table
from selfmend.cli.progress import terminal_progress
from selfmend.errors import OptionError, SelfmendError
from selfmend.masks.finder_network import weights_variable

FINDERS = {"damage-finder": "damage", "mark-finder": "watermark"}
"""What can be trained and is no method, but what `selfmend mask` finds with; and a kind of mask that it finds."""

_UNKNOWN = "not known beforehand"


def _train_folder(
    method: str, pictures: Path, run: Path, *, given: dict[str, Any], how: dict[str, Any], dry_run: bool, quiet: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Train, or with `dry_run` say what would be done; `given` is for `FolderTraining`, `how` for its `run`."""
    started = time.perf_counter()
    training = api.FolderTraining(method, pictures, **given)
    if dry_run:
        told = training.describe()
        print_json(told) if as_json else _print(run, told)
        return
    first = not is_helper_process()
    keeping = kept_in(run) if first else nullcontext()
    with terminal_progress(quiet=quiet or as_json or not first) as progress, keeping:
        model = training.run(run, progress=progress, **how)
    seconds = time.perf_counter() - started
    if as_json and first:
        record = {"run": run, "method": model.method.name, "seed": model.seed, "seconds": round(seconds, 3)}
        print_json(record | model.data)
    elif first and not quiet:
        typer.echo(
            f"{run}  ({model.method.name}, {model.data['pictures']} pictures, {seconds:.1f} s); fill with: "
            f"selfmend inpaint IMAGE --model {run}"
        )


def is_helper_process() -> bool:
    """Whether this is one of several processes of a training, and not the one that talks to people."""
    return any(int(os.environ.get(name, "0")) > 0 for name in ("RANK", "LOCAL_RANK", "NODE_RANK"))


def _bytes(count: int) -> str:
    return f"{count / 2**30:.2f} GiB" if count >= 2**30 else f"{count / 2**20:.1f} MiB"


def _print(run: Path, told: dict[str, Any]) -> None:
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
    typer.echo(f"nothing was written; without --dry-run, {run} would be")


_FOLDER = "Of a folder of pictures"


def train(
    method: Annotated[
        str, typer.Argument(metavar="METHOD", help="A method that learns, e.g. singan; or damage-finder, mark-finder.")
    ],
    image: Annotated[
        Path, typer.Argument(metavar="IMAGE|FOLDER", help="The picture to learn from, or the folder of pictures.")
    ],
    run: Annotated[Path, typer.Option("--output", "-o", metavar="RUN", help="Folder for what is learned.")],
    mask: arguments.Mask = None,
    preset: arguments.Preset = None,
    seed: arguments.Seed = None,
    device: arguments.Device = "auto",
    settings: arguments.Settings = None,
    invert_mask: arguments.InvertMask = False,
    grow: arguments.Grow = 0,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
    validation: Annotated[
        Path | None,
        typer.Option("--val", metavar="DIR", help="Other pictures, to find the best weights.", rich_help_panel=_FOLDER),
    ] = None,
    masks: Annotated[
        str | None,
        typer.Option(
            help="Holes: center, random-box, strokes, text, eyes, mix, wide, medium, thin, a folder, or several: a,b.",
            rich_help_panel=_FOLDER,
        ),
    ] = None,
    size: Annotated[int | None, typer.Option(help="Side of the learned square.", rich_help_panel=_FOLDER)] = None,
    perceptual: Annotated[
        str | None,
        typer.Option(help="Network of the losses on features, e.g. vgg19, or none.", rich_help_panel=_FOLDER),
    ] = None,
    celeba_attribute: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Only CelebA's pictures with it, or with -NAME without; repeatable.",
            rich_help_panel=_FOLDER,
        ),
    ] = None,
    devices: Annotated[int, typer.Option(help="Processes, each with a device.", rich_help_panel=_FOLDER)] = 1,
    nodes: Annotated[int, typer.Option(help="Machines with the same command.", rich_help_panel=_FOLDER)] = 1,
    precision: Annotated[
        str | None, typer.Option(help="32, bf16 or auto.", rich_help_panel=_FOLDER, show_default="32")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that decode.", rich_help_panel=_FOLDER)] = None,
    validate_every: Annotated[
        int | None, typer.Option(metavar="STEPS", rich_help_panel=_FOLDER, show_default="1000")
    ] = None,
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write RUN/tensorboard too.", rich_help_panel=_FOLDER)
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done.", rich_help_panel=_FOLDER)
    ] = False,
) -> None:  # fmt: skip
    """Learn from one picture, its hole left out, or from a folder of pictures.

    damage-finder and mark-finder learn what damage and what stamps and watermarks look like, drawn over clean photos.
    After Ctrl-C the same command goes on where it was.
    """
    from selfmend.methods.registry import method_class

    be_quiet(quiet)
    options: dict[str, Any] = {**parse_settings(settings or [])}
    if method in FINDERS:
        others = {
            "--mask": mask, "--invert-mask": invert_mask, "--grow": grow, "--preset": preset, "--val": validation,
            "--masks": masks, "--size": size, "--perceptual": perceptual, "--celeba-attribute": celeba_attribute,
            "--precision": precision, "--workers": workers, "--validate-every": validate_every,
            "--devices": devices - 1, "--nodes": nodes - 1, "--tensorboard": tensorboard, "--dry-run": dry_run,
        }  # fmt: skip
        for name, value in others.items():
            if value:
                raise OptionError(f"{name} is for methods that fill, and {method} is none; leave it out")
        _train_finder(method, image, run, options, seed=seed or 0, device=device, quiet=quiet, as_json=as_json)
        return
    of_folder = {
        "--val": validation, "--masks": masks, "--size": size, "--perceptual": perceptual,
        "--celeba-attribute": celeba_attribute,
        "--precision": precision, "--workers": workers, "--validate-every": validate_every,
        "--devices": devices - 1, "--nodes": nodes - 1, "--tensorboard": tensorboard, "--dry-run": dry_run,
    }  # fmt: skip
    of_picture = {"--mask": mask, "--invert-mask": invert_mask, "--grow": grow}
    folder_wanted = method_class(method).learns_from_folder
    _refuse(method, of_picture if folder_wanted else of_folder, "one picture" if folder_wanted else "a folder")
    shared: dict[str, Any] = {"preset": preset, "options": options, "seed": seed or 0, "device": device}
    if not folder_wanted:
        holes: dict[str, Any] = {"source": mask, "invert": invert_mask, "grow": grow}
        _train_picture(method, image, run, given=shared, **holes, quiet=quiet, as_json=as_json)
        return
    named = {"masks": masks, "size": size, "perceptual": perceptual}
    options |= {name: value for name, value in named.items() if value is not None}
    shared |= {
        "validation": validation, "celeba_attributes": celeba_attribute or [], "devices": devices, "nodes": nodes,
        "precision": precision or "32", "workers": workers,
    }  # fmt: skip
    how = {"validate_every": 1000 if validate_every is None else validate_every, "tensorboard": tensorboard}
    try:
        _train_folder(method, image, run, given=shared, how=how, dry_run=dry_run, quiet=quiet, as_json=as_json)
    except SelfmendError:
        if is_helper_process():  # all processes make the same mistake; the first one says it
            raise typer.Exit(USER_MISTAKE) from None
        raise


def _train_finder(
    finder: str,
    photos: Path,
    run: Path,
    options: dict[str, Any],
    *,
    seed: int,
    device: str,
    quiet: bool,
    as_json: bool,
) -> None:
    """Train what finds damage or marks."""
    from selfmend.api.finder_training import fit_finder

    started = time.perf_counter()
    with terminal_progress(quiet=quiet or as_json) as progress, kept_in(run):
        weights = fit_finder(finder, photos, run, seed=seed, device=device, progress=progress, **options)
    seconds = time.perf_counter() - started
    if as_json:
        print_json({"run": run, "weights": weights, "seed": seed, "seconds": round(seconds, 3)})
    elif not quiet:
        found_with = f"{weights_variable(finder)}={weights} selfmend mask {FINDERS[finder]} IMAGE"
        typer.echo(f"{weights}  ({seconds:.1f} s); find with: {found_with}")


def _refuse(method: str, given: dict[str, Any], what: str) -> None:
    """Options that belong to the other way of training."""
    for name, value in given.items():
        if value:
            raise OptionError(f"{name} is for methods that learn from {what}, and {method} is none; leave it out")


def _train_picture(
    method: str, image: Path, run: Path, *, given: dict[str, Any], source: str | None, invert: bool, grow: int,
    quiet: bool, as_json: bool,
) -> None:  # fmt: skip
    """Learn a picture; `given` is for `fit_picture`."""
    from selfmend.image.files import read_picture
    from selfmend.masks.reading import check_hole, default_mask, read_mask
    from selfmend.methods.generative import Generative

    started = time.perf_counter()
    with terminal_progress(quiet=quiet or as_json) as progress:
        picture = read_picture(image)
        source = default_mask(picture, source)
        hole = None if source is None else read_mask(source, picture, invert=invert, grow=grow)
        if hole is not None:
            check_hole(hole)  # before the folder is made
        with kept_in(run):
            model = api.fit_picture(
                method, picture, hole, folder=run, opaque=source == "alpha", progress=progress, **given
            )
    seconds = time.perf_counter() - started
    if as_json:
        print_json({"run": run, "method": model.method.name, "seed": model.seed, "seconds": round(seconds, 3)})
    elif not quiet:
        use = f"sample with: selfmend sample {run}"
        if hole is not None or not isinstance(model.method, Generative):
            use = f"fill with: selfmend inpaint --model {run} -o OUT.png"
        typer.echo(f"{run}  ({model.method.name}, {seconds:.1f} s); {use}")


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
