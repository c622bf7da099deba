"""`selfmend mask color`, `box`, `random` and `difference`: masks by a plain rule."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from selfmend.cli import arguments
from selfmend.cli.mask_command import NoOverlay, Output, Overlay, Pictures, counted, run
from selfmend.core.checks import OptionError, check_known

if TYPE_CHECKING:
    from selfmend.cli.masking import Found
    from selfmend.core.types import Image

_BYTE = 255
_HALF = 0.5  # levels: pictures of 16 bits have values between two bytes


def color(
    pictures: Pictures,
    colour: Annotated[str, typer.Argument(metavar="#RRGGBB", help="In quotes.", show_default=False)],
    tolerance: Annotated[
        int, typer.Option(help="Levels of 255 by which red, green and blue may each differ: JPEG needs some.")
    ] = 2,
    output: Output = None,
    grow: arguments.Grow = 0,
    overlay: Overlay = None,
    no_overlay: NoOverlay = False,
    overwrite: arguments.Overwrite = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """The pixels of a colour. Exit code 1 if a picture has none; the others are written."""
    _check_levels("--tolerance", tolerance, least=0)

    def find(image: Image, file: Path) -> Found | None:
        from selfmend.cli.masking import Found
        from selfmend.image.mask import colour_mask

        mask = colour_mask(colour, image, tolerance=(tolerance + _HALF) / _BYTE)
        return Found(mask=mask, what=colour) if mask.any() else None

    run(
        pictures, find, wanted=f"pixel of {colour}", output=output, grow=grow, overlay=overlay, no_overlay=no_overlay,
        overwrite=overwrite, quiet=quiet, as_json=as_json,
    )  # fmt: skip


def box(
    pictures: Pictures,
    boxes: Annotated[list[str], typer.Argument(metavar="X,Y,W,H...", help="Left, top, width, height in pixels.")],
    output: Output = None,
    grow: arguments.Grow = 0,
    overlay: Overlay = None,
    no_overlay: NoOverlay = False,
    overwrite: arguments.Overwrite = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """One or more boxes, in pixels from the top left."""

    def find(image: Image, file: Path) -> Found:
        import torch

        from selfmend.cli.masking import Found
        from selfmend.image.mask import box_mask, parse_box

        size = (image.shape[2], image.shape[3])
        masks = [box_mask(parse_box(one), size) for one in boxes]
        return Found(mask=torch.cat(masks).any(0, keepdim=True), what=counted(len(boxes), "box", "boxes"))

    run(
        pictures, find, wanted="box", output=output, grow=grow, overlay=overlay, no_overlay=no_overlay,
        overwrite=overwrite, quiet=quiet, as_json=as_json,
    )  # fmt: skip


def random(
    pictures: Pictures,
    kind: Annotated[str, typer.Option(metavar="box|strokes|text|center|mix", help="What is drawn.")] = "strokes",
    seed: arguments.Seed = None,
    output: Output = None,
    grow: arguments.Grow = 0,
    overlay: Overlay = None,
    no_overlay: NoOverlay = False,
    overwrite: arguments.Overwrite = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """A random hole, another one for each picture of a folder. The same seed and name give the same hole."""
    from selfmend.image.hole_shapes import HOLE_SHAPES

    shapes = {name.removeprefix("random-"): shape for name, shape in HOLE_SHAPES.items()}
    shape = shapes[check_known("kind of hole", kind, shapes)]

    def find(image: Image, file: Path) -> Found:
        from selfmend.cli.masking import Found
        from selfmend.core.rng import make_generator

        mask = shape((image.shape[2], image.shape[3]), make_generator(seed or 0, kind, file.stem))
        return Found(mask=mask[None], what=kind)

    run(
        pictures, find, wanted="hole", output=output, grow=grow, overlay=overlay, no_overlay=no_overlay,
        overwrite=overwrite, quiet=quiet, as_json=as_json,
    )  # fmt: skip


def difference(
    pictures: Pictures,
    others: Annotated[Path, typer.Argument(metavar="OTHER", help="A picture, or a folder with the same names.")],
    threshold: Annotated[int, typer.Option(help="Levels of 255 by which a channel must differ: JPEG needs some.")] = 16,
    specks: Annotated[int, typer.Option(help="Pieces of fewer pixels are left out.")] = 8,
    output: Output = None,
    grow: arguments.Grow = 0,
    overlay: Overlay = None,
    no_overlay: NoOverlay = False,
    overwrite: arguments.Overwrite = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Where two pictures of the same size differ: a damaged and a clean one, before and after.

    Exit code 1 if they do not differ anywhere; of folders, the others are written.
    """
    from selfmend.cli.picture_files import pair_by_name

    _check_levels("--threshold", threshold, least=1)
    if specks < 0:
        raise OptionError(f"--specks is {specks}; at least 0 fits")
    pairs = dict(pair_by_name(pictures, others))

    def find(image: Image, file: Path) -> Found | None:
        from selfmend.cli.masking import Found
        from selfmend.cli.picture_files import read_rgb
        from selfmend.image.mask import difference_mask

        if file not in pairs:
            return None
        other = read_rgb(pairs[file])
        mask = difference_mask(image, other, threshold=(threshold - _HALF) / _BYTE, specks=specks)
        return Found(mask=mask, what=f"differs from {pairs[file]}") if mask.any() else None

    run(
        pictures, find, wanted="difference", output=output, grow=grow, overlay=overlay, no_overlay=no_overlay,
        overwrite=overwrite, quiet=quiet, as_json=as_json,
    )  # fmt: skip


def _check_levels(option: str, value: int, *, least: int) -> None:
    if not least <= value < _BYTE:
        raise OptionError(f"{option} is {value}; {least} to {_BYTE - 1} levels fit")
