"""`selfmend restore`: damage found and filled, in a picture or in all of a folder."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from selfmend.cli import common as arguments
from selfmend.cli.batch import tell_of_folder, told_when_stopped
from selfmend.cli.common import be_quiet, option_of, parse_settings, print_json
from selfmend.cli.progress import terminal_progress
from selfmend.errors import ImageError, OptionError
from selfmend.files import exists
from selfmend.image.outputs import beside, check_output, free_by_now, is_ours, numbered, target_beside

_FOLDER = "Of a folder of pictures"


def _grain() -> Any:
    return option_of("restore", "grain", "--no-grain", off=True)


def restore(
    pictures: Annotated[
        Path, typer.Argument(metavar="IMAGE|FOLDER", help="A picture, or a folder of pictures.", show_default=False)
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", show_default=False,
            help="Picture file, or a folder. Default: a free name beside it, IMAGE-restored, or FOLDER-mended.",
        ),
    ] = None,
    kind: Annotated[str, option_of("restore", "kind", "--kind")] = "damage",
    sensitivity: Annotated[float, option_of("restore", "sensitivity", "--sensitivity")] = 0.5,
    region: Annotated[str | None, option_of("restore", "region", "--region", metavar="X,Y,W,H")] = None,
    grow: Annotated[int, option_of("restore", "grow", "--grow")] = 1,
    no_grain: Annotated[bool, _grain()] = False,
    same_in: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", show_default=False,
            help="Pictures with the same watermark, for --kind watermark: it is found and taken out far more surely.",
        ),
    ] = None,
    method: Annotated[
        str | None, option_of("restore", "method", more="See `selfmend methods`.", show_default="auto")
    ] = None,
    preset: Annotated[str | None, option_of("restore", "preset", more="See `selfmend methods NAME`.")] = None,
    seed: Annotated[int | None, option_of("restore", "seed", show_default="0")] = None,
    device: arguments.Device = "auto",
    settings: arguments.Settings = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Also write picture, what was found and result side by side.")
    ] = False,
    save_mask: Annotated[
        Path | None, typer.Option("--save-mask", metavar="FILE", help="Also write what was filled, white, as a PNG.")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", help="Pictures at once.", show_default="one for each core", rich_help_panel=_FOLDER
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on where it was stopped; skip what is done.", rich_help_panel=_FOLDER)
    ] = False,
    overwrite: arguments.Overwrite = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:  # fmt: skip
    """Find the damage of an old photo, and fill it from the photo itself.

    A picture without damage is written as it came, with a warning. What stays where it should not, or goes where it
    should not: --sensitivity, --kind, --region, or `selfmend mask` and `selfmend inpaint` one after the other.
    """
    be_quiet(quiet)
    if not exists(pictures):
        raise ImageError(f"no such file or folder: {pictures}")
    chosen: dict[str, Any] = {"sensitivity": sensitivity, "region": region, "grain": not no_grain}
    filling: dict[str, Any] = {"preset": preset, "seed": seed or 0, "device": device}
    options = parse_settings(settings or [])
    if pictures.is_dir():
        if compare or save_mask is not None:
            raise OptionError("--compare and --save-mask are for one picture; of a folder, leave them out")
        how = {"find": kind, **chosen, "same_in": same_in, "grow_mask": grow}
        how |= {"jobs": jobs, "resume": resume, "overwrite": overwrite}
        _folder(pictures, output, method or "auto", how | filling | options, quiet=quiet, as_json=as_json)
        return
    if jobs is not None or resume:
        raise OptionError("--jobs and --resume are for folders; of one picture, leave them out")
    ours = is_ours(output) and not overwrite
    (target,) = numbered(target_beside(pictures, output, "-restored"), free=ours)
    sheet = numbered(beside(target, "-compare", ending=".png"), free=ours)[0] if compare else None
    for path in (target, sheet, save_mask):
        if path is not None:
            check_output(path, overwrite=overwrite, inputs=(pictures,))
    chosen |= {"kind": kind, "grow": grow, "options": options, "method": method or "auto", **filling}
    chosen["same_in"] = _others(same_in, pictures)
    _picture(pictures, target, sheet, save_mask, chosen, quiet=quiet, as_json=as_json, overwrite=overwrite)


def _others(folder: Path | None, picture: Path) -> list[Path]:
    from selfmend.image.picture_files import alike_beside
    from selfmend.masks.same_mark import MOST

    if folder is None:
        return []
    found = alike_beside(picture, folder, most=MOST)
    if not found:
        raise ImageError(f"{folder} has no other picture of the size of {picture}; two or more with the same mark fit")
    return found


def _picture(
    path: Path, target: Path, sheet: Path | None, mask_file: Path | None, chosen: dict[str, Any], *, quiet: bool,
    as_json: bool, overwrite: bool,
) -> None:  # fmt: skip
    from selfmend.api.restoring import restored
    from selfmend.image.draw import contact_sheet, paint_hole, to_rgb
    from selfmend.image.files import save_picture
    from selfmend.image.picture import to_picture
    from selfmend.masks.mask_files import save_mask
    from selfmend.methods.registry import method_class

    started = time.perf_counter()
    given = (chosen.pop(name) for name in ("method", "preset", "options", "device"))
    name, preset, options, device = given
    worker = method_class(name).from_options(preset, options, device=device)
    with terminal_progress(quiet=quiet or as_json) as progress:
        done = restored(path, worker, progress=progress, **chosen)
    (target,) = free_by_now([target], overwrite=overwrite)
    mask_file, sheet = (one and free_by_now([one], overwrite=overwrite)[0] for one in (mask_file, sheet))
    save_picture(done.result, target)
    if mask_file is not None:
        save_mask(done.mask, mask_file)
    if sheet is not None:
        image = done.picture.image
        shown = [to_rgb(image), paint_hole(image, done.mask), to_rgb(to_picture(done.result).image)]
        save_picture(contact_sheet(shown, ["picture", "found", "restored"]), sheet)
    seconds = time.perf_counter() - started
    names = [one for one in (target, sheet, mask_file) if one is not None]
    if as_json:
        facts = {"output": target, "compare": sheet, "mask": mask_file, "hole": float(done.mask.mean())}
        print_json(facts | {"method": worker.name, "seed": chosen["seed"], "seconds": round(seconds, 3)})
    elif not quiet:
        found = f"{float(done.mask.mean()):.1%} of the picture filled" if done.mask.any() else "nothing to fill"
        typer.echo(f"{', '.join(map(str, names))}  ({found}, {seconds:.1f} s)")


def _folder(folder: Path, output: Path | None, method: str, how: dict[str, Any], *, quiet: bool, as_json: bool) -> None:
    from selfmend.jobs.folder import default_output, mend_folder

    target = default_output(folder) if output is None else output
    with told_when_stopped(target), terminal_progress(quiet=quiet or as_json) as progress:
        report = mend_folder(folder, target, method=method, progress=progress, **how)
    tell_of_folder(report, quiet=quiet, as_json=as_json)
