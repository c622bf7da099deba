"""`selfmend inpaint`: fill the holes of a picture."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from selfmend.cli.common import beside, parse_settings, print_json, terminal_progress
from selfmend.core.checks import ImageError, OptionError

if TYPE_CHECKING:
    from selfmend.core.types import Mask
    from selfmend.image.picture import Picture


def inpaint(
    image: Annotated[Path | None, typer.Argument(help="The picture to mend.", show_default=False)] = None,
    mask: Annotated[
        str | None,
        typer.Option(
            "--mask",
            "-m",
            metavar="FILE|alpha|#RRGGBB|x,y,w,h",
            help="Where the hole is: a picture that is white there, the transparent pixels, a colour, or a box. "
            "Left out, transparency is the hole.",
        ),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Default: IMAGE-mended.ext.")] = None,
    method: Annotated[str | None, typer.Option(help="See `selfmend methods`.", show_default="patchmatch")] = None,
    preset: Annotated[str | None, typer.Option(help="Named settings; see `selfmend methods NAME`.")] = None,
    init: Annotated[str | None, typer.Option(help="First guess inside the hole, for methods that take one.")] = None,
    samples: Annotated[int, typer.Option("--samples", "-n", help="Number of different fills.")] = 1,
    seed: Annotated[int | None, typer.Option(help="Same seed, same picture.", show_default="0")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or mps.")] = "auto",
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="One option; repeatable.")
    ] = None,
    model: Annotated[Path | None, typer.Option(help="Fill with a RUN that `selfmend train` wrote.")] = None,
    save_model: Annotated[Path | None, typer.Option(help="Keep what was learned in this folder.")] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Also write picture, hole and result side by side.")
    ] = False,
    invert_mask: Annotated[bool, typer.Option("--invert-mask", help="In the mask file, black is the hole.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Allow the output to replace an input.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object about the result.")] = False,
) -> None:
    """Fill the holes of a picture from the picture itself.

    Known pixels are never changed. With --model, picture and mask of the training are taken unless others are given.
    """
    from selfmend.cli.fill import Request, fill

    request = Request(
        image=image, mask=mask, method=method, preset=preset, samples=samples, seed=seed, device=device,
        options=parse_settings(settings or []) | ({"init": init} if init else {}),
        model=model, save_model=save_model, invert_mask=invert_mask,
    )  # fmt: skip
    outputs = _plan_outputs(request, output, overwrite)
    started = time.perf_counter()
    with terminal_progress(quiet=quiet or as_json) as progress:
        done = fill(request, progress)
    from selfmend.image.io import save_picture

    for result, path in zip(done.results, outputs, strict=True):
        save_picture(result, path)
    if compare:
        sheet = beside(outputs[0], "-compare", ending=".png")
        save_picture(_comparison(done.picture, done.mask, done.results), sheet)
        outputs = [*outputs, sheet]
    seconds = time.perf_counter() - started
    if as_json:
        print_json(
            {"outputs": outputs, "method": done.method, "seed": done.seed, "seconds": round(seconds, 3),
             "hole_pixels": int(done.mask.sum()), "size": done.picture.size, "config": done.config}
        )  # fmt: skip
    elif not quiet:
        names = ", ".join(str(p) for p in outputs)
        share = float(done.mask.float().mean())
        typer.echo(f"{names}  ({done.method}, {share:.1%} of the picture filled, {seconds:.1f} s)")


def _plan_outputs(request: Any, output: Path | None, overwrite: bool) -> list[Path]:
    """Where the results go, found writable before the work starts."""
    from selfmend.image.io import check_output

    if request.image is None and request.model is None:
        raise OptionError("no picture given; selfmend inpaint IMAGE --mask MASK, or --model RUN for a trained one")
    if request.image is not None and not request.image.exists():
        raise ImageError(f"no such file: {request.image}")
    if output is None and request.image is None:
        raise OptionError("say where the result goes: -o OUT.png")
    assert output is not None or request.image is not None
    target = output or beside(request.image, "-mended")
    mask_file = [request.mask] if request.mask and Path(request.mask).exists() else []
    inputs = tuple(i for i in [request.image, *mask_file] if i is not None)
    if request.samples < 1:
        raise OptionError(f"--samples is {request.samples}; at least 1 fits")
    names = [target] if request.samples == 1 else [beside(target, f"-{k + 1}") for k in range(request.samples)]
    return [check_output(name, overwrite=overwrite, inputs=inputs) for name in names]


def _comparison(picture: Picture, mask: Mask, results: list[Any]) -> Any:
    from selfmend.image.picture import to_picture
    from selfmend.image.sheet import contact_sheet, paint_hole, to_rgb

    fills = [to_rgb(to_picture(r).image) for r in results]
    captions = ["picture", "hole", *(["mended"] if len(fills) == 1 else [f"mended {k + 1}" for k in range(len(fills))])]
    return contact_sheet([to_rgb(picture.image), paint_hole(picture.image, mask), *fills], captions)
