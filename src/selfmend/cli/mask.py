"""`selfmend mask`: masks drawn, or found in the picture."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from selfmend.cli import common as arguments
from selfmend.cli.common import be_quiet, option_of, parse_settings, print_json, with_parameters
from selfmend.cli.progress import terminal_progress
from selfmend.errors import ImageError, OptionError, check_known
from selfmend.image.picture_files import read_rgb
from selfmend.masks.finders import FINDERS, Finder
from selfmend.masks.mask_files import Find, Found, write_masks
from selfmend.masks.reading import parse_box
from selfmend.types import Image, Mask, size_of

NOTHING_FOUND = 1
Pictures = Annotated[
    Path, typer.Argument(metavar="IMAGE|FOLDER", help="A picture, or a folder of pictures.", show_default=False)
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="PNG file, or a folder. Default: a free name beside it, IMAGE-mask.png or the folder FOLDER-masks.",
        show_default=False,
    ),
]
Overlay = Annotated[
    Path | None,
    typer.Option(
        help="Where the picture to check by eye goes, or the folder for them. Default: MASK-overlay beside the mask.",
        show_default=False,
    ),
]
BarGrow = Annotated[int, typer.Option(help="Let the hole grow by so many pixels: JPEG blurs the bar's border.")]
Region = Annotated[str | None, option_of("find", "region", "--region", metavar="X,Y,W,H")]
Sensitivity = Annotated[float, option_of("find", "sensitivity", "--sensitivity")]
Grow = Annotated[int, option_of("find", "grow", "--grow")]
NoOverlay = Annotated[bool, typer.Option("--no-overlay", help="Write no picture to check by eye.")]


def run(
    pictures: Path,
    find: Find,
    *,
    wanted: str,
    output: Path | None,
    grow: int,
    overlay: Path | None,
    no_overlay: bool,
    overwrite: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Write the masks and say what was found and where nothing was.

    Raises:
        typer.Exit: with code 1 where a picture has nothing that is wanted.
    """
    be_quiet(quiet)
    with terminal_progress(quiet=quiet or as_json) as progress:
        rows = write_masks(
            pictures, output, find, grow=grow, overlay=overlay, with_overlay=not no_overlay, overwrite=overwrite,
            progress=progress,
        )  # fmt: skip
    lacking = [row.file for row in rows if row.mask is None]
    if as_json:
        print_json({"masks": [asdict(row) for row in rows], "without": lacking})
    elif not quiet:
        for row in rows:
            if row.mask is not None:
                names = ", ".join(name for name in (row.mask, row.overlay) if name)
                typer.echo(f"{names}  ({row.what}, {row.hole:.1%} of the picture)")
    if lacking:
        of_all = f" in {len(lacking)} of {len(rows)} pictures" if len(rows) > 1 else ""
        raise not_found(f"{wanted} was found{of_all}: {', '.join(lacking)}")


def not_found(what: str) -> typer.Exit:
    """Say that there is no such thing; the exit to raise."""
    typer.secho(f"no {what}", fg="yellow", err=True)
    return typer.Exit(NOTHING_FOUND)


def counted(number: int, one: str, several: str | None = None) -> str:
    """A number and what it counts: 1 face, 2 faces."""
    return f"{number} {one if number == 1 else several or one + 's'}"


def finder(wanted: str, *, grow: Any = arguments.Grow, pixels: int = 0) -> Callable[[Callable[..., Find]], Any]:
    """Makes a command of a function that takes what is looked for and gives what looks for it in one picture.

    Args:
        wanted: for the message that nothing was found; in braces, an argument of the function.
        grow: the option of that name, and
        pixels: its default.
    """
    shared = {
        "output": (Output, None), "grow": (grow, pixels), "overlay": (Overlay, None), "no_overlay": (NoOverlay, False),
        "overwrite": (arguments.Overwrite, False), "quiet": (arguments.Quiet, False),
        "as_json": (arguments.Json, False),
    }  # fmt: skip

    def made(look_for: Callable[..., Find]) -> Callable[..., None]:
        own = inspect.signature(look_for, eval_str=True).parameters

        def command(**given: Any) -> None:
            how = {name: given.pop(name) for name in shared}
            run(given["pictures"], look_for(**given), wanted=wanted.format(**given), **how)

        taken = {name: (one.annotation, one.default) for name, one in own.items()}
        return with_parameters(command, taken | shared, name=look_for.__name__, help=look_for.__doc__)

    return made


_BYTE = 255
_HALF = 0.5  # levels: pictures of 16 bits have values between two bytes


@finder("pixel of {colour}")
def color(
    pictures: Pictures,
    colour: Annotated[str, typer.Argument(metavar="#RRGGBB", help="In quotes.", show_default=False)],
    tolerance: Annotated[
        int, typer.Option(help="Levels of 255 by which red, green and blue may each differ: JPEG needs some.")
    ] = 2,
) -> Find:
    """The pixels of a colour. Exit code 1 if a picture has none; the others are written."""
    _check_levels("--tolerance", tolerance, least=0)

    def find(image: Image, file: Path) -> Found | None:
        from selfmend.masks.reading import colour_mask

        mask = colour_mask(colour, image, tolerance=(tolerance + _HALF) / _BYTE)
        return Found(mask=mask, what=colour) if mask.any() else None

    return find


@finder("box")
def box(
    pictures: Pictures,
    boxes: Annotated[list[str], typer.Argument(metavar="X,Y,W,H...", help="Left, top, width, height in pixels.")],
) -> Find:
    """One or more boxes, in pixels from the top left."""

    def find(image: Image, file: Path) -> Found:
        from selfmend.masks.reading import box_mask, parse_box

        size = size_of(image)
        masks = [box_mask(parse_box(one), size) for one in boxes]
        return Found(mask=np.any(masks, 0), what=counted(len(boxes), "box", "boxes"))

    return find


@finder("hole")
def random(
    pictures: Pictures,
    kind: Annotated[
        str, typer.Option(metavar="box|strokes|text|center|mix|wide|medium|thin", help="What is drawn.")
    ] = "strokes",
    seed: arguments.Seed = None,
) -> Find:
    """A random hole, another one for each picture of a folder. The same seed and name give the same hole."""
    from selfmend.masks.random import HOLE_SHAPES

    shapes = {name.removeprefix("random-"): shape for name, shape in HOLE_SHAPES.items()}
    shape = shapes[check_known("kind of hole", kind, shapes)]

    def find(image: Image, file: Path) -> Found:
        from selfmend.seeding import make_rng

        mask = shape(size_of(image), make_rng(seed or 0, kind, file.stem))
        return Found(mask=mask, what=kind)

    return find


@finder("difference")
def difference(
    pictures: Pictures,
    others: Annotated[Path, typer.Argument(metavar="OTHER", help="A picture, or a folder with the same names.")],
    threshold: Annotated[int, typer.Option(help="Levels of 255 by which a channel must differ: JPEG needs some.")] = 16,
    specks: Annotated[int, typer.Option(help="Pieces of fewer pixels are left out.")] = 8,
) -> Find:
    """Where two pictures of the same size differ: a damaged and a clean one, before and after.

    Exit code 1 if they do not differ anywhere; of folders, the others are written.
    """
    from selfmend.image.picture_files import pair_by_name

    _check_levels("--threshold", threshold, least=1)
    if specks < 0:
        raise OptionError(f"--specks is {specks}; at least 0 fits")
    pairs = dict(pair_by_name(pictures, others))

    def find(image: Image, file: Path) -> Found | None:
        from selfmend.masks.reading import difference_mask

        if file not in pairs:
            return None
        other = read_rgb(pairs[file])
        mask = difference_mask(image, other, threshold=(threshold - _HALF) / _BYTE, specks=specks)
        return Found(mask=mask, what=f"differs from {pairs[file]}") if mask.any() else None

    return find


def _check_levels(option: str, value: int, *, least: int) -> None:
    if not least <= value < _BYTE:
        raise OptionError(f"{option} is {value}; {least} to {_BYTE - 1} levels fit")


def text(
    pictures: Annotated[
        Path,
        typer.Argument(
            metavar="IMAGE|FOLDER|CLIP", help="A picture, a folder of pictures, or a film.", show_default=False
        ),
    ],
    region: Annotated[str | None, typer.Option(metavar="X,Y,W,H", help="The box in which text is looked for.")] = None,
    dark: Annotated[bool, typer.Option("--dark", help="The letters are darker than what is around them.")] = False,
    settings: arguments.Settings = None,
    output: Output = None,
    grow: arguments.Grow = 0,
    overlay: Overlay = None,
    no_overlay: NoOverlay = False,
    overwrite: arguments.Overwrite = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Subtitles and other text in lines, with its outline: bright letters with something darker around them.

    Of a film each frame gets a mask, NUMBER.png, and only what stands still counts: give a folder with -o. Options for
    --set: threshold, saturation, contrast, height, stroke, letters, outline, spread. Exit code 1 if a picture has no
    text; the others are written.
    """
    from selfmend.image.formats import ENDINGS
    from selfmend.masks.text_letters import TextOptions
    from selfmend.options import replace_options

    options = replace_options(TextOptions(dark=dark), parse_settings(settings or []))
    box = None if region is None else parse_box(region)
    if pictures.is_file() and pictures.suffix.lower() not in ENDINGS:
        from selfmend.video.mask_files import write_film_masks

        be_quiet(quiet)
        with terminal_progress(quiet=quiet or as_json) as progress:
            row = write_film_masks(
                pictures, output, options=options, region=box, grow=grow, overlay=overlay,
                with_overlay=not no_overlay, overwrite=overwrite, progress=progress,
            )  # fmt: skip
        if as_json:
            print_json(asdict(row))
        if not row.with_text:
            raise not_found(f"text was found in the {row.frames} frames of {pictures}; nothing was written")
        if not (quiet or as_json):
            names = ", ".join(name for name in (row.masks, row.overlay) if name)
            typer.echo(f"{names}  (text in {row.with_text} of {row.frames} frames, {row.hole:.1%} of all pixels)")
        return

    def find(image: Image, file: Path) -> Found | None:
        from selfmend.masks.text import mask_of, search_text

        lines = search_text(image, options=options, region=box)
        mask = mask_of(lines, size_of(image))
        return Found(mask=mask, what=counted(len(lines), "line")) if lines else None

    run(
        pictures, find, wanted="text", output=output, grow=grow, overlay=overlay, no_overlay=no_overlay,
        overwrite=overwrite, quiet=quiet, as_json=as_json,
    )  # fmt: skip


@finder("face")
def eyes(
    pictures: Pictures,
    height: Annotated[float, typer.Option(help="Of the bar, in heights of the face.")] = 0.15,
    margin: Annotated[float, typer.Option(help="From an eye's centre to the bar's end, in widths of the face.")] = 0.2,
) -> Find:
    """A bar over the eyes of every face that looks into the camera.

    Where eyes are closed or hidden the bar lies where eyes are in a face, with a warning. Exit code 1 if a picture has
    no face; the others are written.
    """

    def find(image: Image, file: Path) -> Found | None:
        from selfmend.masks.eye_bars import eye_bars
        from selfmend.masks.faces import find_faces

        faces = find_faces(image)
        if not faces:
            return None
        mask = eye_bars(faces, size_of(image), height=height, margin=margin)
        hidden = sum(face.eyes is None for face in faces)
        doubt = f"eyes were not found in {hidden} of {counted(len(faces), 'face')}: the bar lies where eyes should be"
        return Found(mask=mask, what=counted(len(faces), "face"), doubt=doubt if hidden else "")

    return find


@finder("bar", grow=BarGrow, pixels=2)
def bars(
    pictures: Pictures,
) -> Find:
    """A black bar that is there already: an even, dark rectangle with sharp borders, straight or turned.

    A dark window can look like one: check the overlay. Exit code 1 if a picture has no bar; the others are written.
    """

    def find(image: Image, file: Path) -> Found | None:
        from selfmend.masks.eye_bars import mask_of, search_bars

        found = search_bars(image)
        mask = mask_of(found, size_of(image))
        return Found(mask=mask, what=counted(len(found), "bar")) if found else None

    return find


def _found_by(one: Finder) -> Callable[..., None]:
    """The command of a finder."""

    def look_for(pictures: Pictures, region: Region = None, sensitivity: Sensitivity = 0.5) -> Find:
        box = None if region is None else parse_box(region)

        def find(image: Image, file: Path) -> Found | None:
            from selfmend.masks.finders import find_in

            mask = find_in(image, one.name, sensitivity=sensitivity, region=box)
            return Found(mask=mask, what=_pieces(mask)) if mask.any() else None

        return find

    look_for.__name__ = one.name
    look_for.__doc__ = f"{one.title}\n\nExit code 1 if a picture has none; the others are written."
    return finder(one.wanted, grow=Grow)(look_for)


@finder(FINDERS["watermark"].wanted, grow=Grow)
def watermark(
    pictures: Pictures,
    same_in: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Pictures with the same watermark at the same place, three or more, and ten better: what stands in "
            "all of them is found more surely.",
            show_default=False,
        ),
    ] = None,
    region: Region = None,
    sensitivity: Sensitivity = 0.5,
) -> Find:
    """Half-transparent text and logos, straight, slanted, or all over the picture.

    Exit code 1 if a picture has none; the others are written.
    """
    box = None if region is None else parse_box(region)
    alike = None if same_in is None else _AlikeFiles(same_in)

    def find(image: Image, file: Path) -> Found | None:
        from selfmend.masks.finders import find_in
        from selfmend.masks.reading import box_mask

        if alike is None:
            mask = find_in(image, "watermark", sensitivity=sensitivity, region=box)
        else:
            common = alike.watermark(size_of(image), sensitivity)
            mask = common if box is None else common & box_mask(box, size_of(image))
        return Found(mask=mask, what=_pieces(mask)) if mask.any() else None

    return find


class _AlikeFiles:
    """The pictures of a folder, and the watermark that those of a size share, looked for once."""

    def __init__(self, folder: Path) -> None:
        from selfmend.image.picture_files import pictures_at

        self.folder, self.files, self.found = folder, pictures_at(folder), dict[tuple[int, int], Mask]()

    def watermark(self, size: tuple[int, int], sensitivity: float) -> Mask:
        from selfmend.masks.same_mark import FEWEST
        from selfmend.masks.watermark import find_same_watermark

        if size not in self.found:
            images = [image for image in map(read_rgb, self.files) if size_of(image) == size]
            if len(images) < FEWEST:
                raise ImageError(
                    f"{self.folder} has {counted(len(images), 'picture')} of {size[1]} x {size[0]} pixels; at least "
                    f"{FEWEST} of the picture's own size are needed to see what stands in all of them"
                )
            self.found[size] = find_same_watermark(images, sensitivity=sensitivity)
        return self.found[size]


@finder("object")
def selection(
    pictures: Pictures,
    box: Annotated[str | None, typer.Option(metavar="X,Y,W,H", help="A box around all of the object.")] = None,
    at: Annotated[
        list[str] | None, typer.Option("--at", metavar="X,Y", help="A point on the object; repeatable.")
    ] = None,
    not_at: Annotated[
        list[str] | None, typer.Option("--not-at", metavar="X,Y", help="A point that is not on it; repeatable.")
    ] = None,
    stroke: Annotated[
        Path | None, typer.Option(metavar="MASK", help="A picture that is white where the object was painted over.")
    ] = None,
    weights: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="ENCODER.onnx, DECODER.onnx",
            help="Your own model of the Segment Anything family, its two files: --weights for each. Without, the graph "
            "of colours and edges is cut.",
            show_default=False,
        ),
    ] = None,
) -> Find:
    """From a box, a click or a rough stroke to the outline of an object.

    Exit code 1 if nothing of a picture is like what was pointed at; the others are written.
    """
    if box is None and not at and stroke is None:
        raise OptionError("nothing was pointed at; --box X,Y,W,H, --at X,Y or --stroke MASK fits")
    hints: dict[str, Any] = {
        "box": None if box is None else parse_box(box), "points": [_point(one) for one in at or []],
        "not_points": [_point(one) for one in not_at or []],
    }  # fmt: skip
    if weights and (len(weights) != 2 or stroke is not None):
        raise OptionError(
            f"--weights names {counted(len(weights), 'file')}{' and --stroke is given' if stroke else ''}; a model "
            "takes two, its encoder and its decoder, with --box and --at"
        )

    def find(image: Image, file: Path) -> Found | None:
        from selfmend.masks.reading import drawn_mask, fit_mask
        from selfmend.masks.selection import select

        if weights:
            from selfmend.masks.segment_anything import SegmentAnything

            mask = SegmentAnything(*weights).select(image, **hints)
        else:
            painted = None if stroke is None else fit_mask(drawn_mask(stroke), size_of(image))
            mask = select(image, stroke=painted, **hints)
        return Found(mask=mask, what=_pieces(mask)) if mask.any() else None

    return find


def _point(text: str) -> tuple[int, int]:
    """The point "x,y" in pixels."""
    try:
        x, y = (int(part) for part in text.split(","))
    except ValueError:
        raise OptionError(f"point {text!r} is not x,y in whole pixels from the top left") from None
    return x, y


def _pieces(mask: Mask) -> str:
    import cv2

    return counted(cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[0] - 1, "piece")


app = typer.Typer(add_completion=False, help="Draw masks: white where the hole is.", no_args_is_help=True)
app.command("text")(text)
for _one in FINDERS.values():
    app.command(_one.name)(watermark if _one.name == "watermark" else _found_by(_one))
app.command("selection")(selection)
app.command("eyes")(eyes)
app.command("bars")(bars)
app.command("color")(color)
app.command("box")(box)
app.command("random")(random)
app.command("difference")(difference)
