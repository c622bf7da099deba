"""`selfmend video`: fill the holes of a film's frames."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Annotated

import typer

from selfmend.api.kept import kept_in
from selfmend.cli import common as arguments
from selfmend.cli.common import be_quiet, option_of, parse_settings, print_json
from selfmend.cli.progress import terminal_progress
from selfmend.errors import OptionError
from selfmend.methods.registry import PLAIN_METHOD

_SECONDS = re.compile(r"(\d+(?:\.\d*)?)s")
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:\.\d*)?)")


def video(
    film: Annotated[
        Path, typer.Argument(metavar="CLIP", help="The film to mend, or a folder of its frames.", show_default=False)
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="A film, or a folder for PNG frames (a name without ending). Default: a free name, CLIP-mended, "
            "beside CLIP.",
            show_default=False,
        ),
    ] = None,
    subtitles: Annotated[bool, typer.Option("--subtitles", help="The hole is text that is found.")] = False,
    find: Annotated[
        str | None,
        typer.Option("--find", metavar="scratches|dust|stamp|watermark", help="The hole is what is found of it."),
    ] = None,
    sensitivity: Annotated[float, option_of("find", "sensitivity", "--sensitivity")] = 0.5,
    mask: Annotated[
        str | None,
        typer.Option("--mask", "-m", metavar="MASK", help="The hole of all frames: a picture FILE, or a box x,y,w,h."),
    ] = None,
    masks: Annotated[
        Path | None, typer.Option("--masks", metavar="DIR", help="A mask for each frame, in the order of their names.")
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(metavar="X,Y,W,H", help="The box in which subtitles, or what --find names, are looked for."),
    ] = None,
    text: Annotated[
        list[str] | None,
        typer.Option("--text", metavar="KEY=VALUE", help="How subtitles look: dark=true, height=0.02,0.1; repeatable."),
    ] = None,
    start: Annotated[
        str, typer.Option("--from", metavar="MOMENT", help="First frame: its number from 0, or a time: 62.5s, 1:02.5.")
    ] = "0",
    end: Annotated[
        str | None, typer.Option("--to", metavar="MOMENT", help="Last frame, included.", show_default="the end")
    ] = None,
    method: arguments.Method = None,
    preset: arguments.Preset = None,
    steady: Annotated[
        str, typer.Option(metavar="temporal|none", help="Look at near frames too, or fill each alone.")
    ] = "temporal",
    temporal: Annotated[
        list[str] | None,
        typer.Option("--temporal", metavar="KEY=VALUE", help="How near frames are looked at: reach=10; repeatable."),
    ] = None,
    seed: arguments.Seed = None,
    device: arguments.Device = "auto",
    settings: arguments.Settings = None,
    model: arguments.Model = None,
    invert_mask: arguments.InvertMask = False,
    grow: arguments.Grow = 0,
    crf: Annotated[
        int | None,
        typer.Option(help="How near to the frames the film is written: 0 is the nearest.", show_default="12"),
    ] = None,
    fps: Annotated[float | None, typer.Option(help="Frames a second of a folder of frames.", show_default="25")] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Forget work that was stopped.")] = False,
    overwrite: arguments.Overwrite = False,
    quiet: arguments.Quiet = False,
    as_json: arguments.Json = False,
) -> None:
    """Fill the holes of a film's frames; sound, size, rate and all that is known stay as they are.

    After Ctrl-C the same command goes on where it stopped.
    """
    import selfmend.api as api
    from selfmend.image.outputs import beside, numbered
    from selfmend.masks.reading import parse_box
    from selfmend.video.encoders import ending_like
    from selfmend.video.pipeline import holds_result, journal_folder

    be_quiet(quiet)
    proposed = output or beside(film, "-mended", ending=ending_like(film))
    (target,) = numbered(proposed, free=output is None and not overwrite, taken=holds_result)
    if model is not None and (method or preset):
        raise OptionError("--model brings its own method and settings; leave --method and --preset out")
    with terminal_progress(quiet=quiet or as_json) as progress, kept_in(journal_folder(target), what="what was mended"):
        report = api.mend_video(
            film, target, mask=mask, masks=masks, subtitles=subtitles, find=find, sensitivity=sensitivity,
            region=None if region is None else parse_box(region), text=parse_settings(text or [], name="--text"),
            invert_mask=invert_mask, grow_mask=grow,
            first=parse_moment(start, "--from"), last=None if end is None else parse_moment(end, "--to"),
            method=method or PLAIN_METHOD, preset=preset, steady=steady,
            temporal=parse_settings(temporal or [], name="--temporal"),
            seed=seed or 0, device=device, model=model, crf=crf, fps=fps, restart=restart, overwrite=overwrite,
            progress=progress, **parse_settings(settings or []),
        )  # fmt: skip
    if as_json:
        numbers = dataclasses.asdict(report)
        rounded = {k: round(v, 4) if isinstance(v, float) else v for k, v in numbers.items() if k != "output"}
        print_json({"outputs": [report.output], **rounded})
    elif not quiet:
        flicker = "" if report.flicker is None else f", flicker {report.flicker:.2f}"
        done = f"{report.mended} of {report.frames} frames mended{flicker}"
        typer.echo(f"{report.output}  ({done}, {report.seconds:.1f} s, {report.fps:.1f} fps)")


def parse_moment(text: str, name: str) -> int | float:
    """A frame's number, or seconds: "90", "62.5s", "1:02.5", "1:01:02.5".

    Raises:
        OptionError: anything else.

    Example:
        >>> parse_moment("90", "--from"), parse_moment("1:02.5", "--from")
        (90, 62.5)
    """
    text = text.strip()
    if text.isdecimal():
        return int(text)
    if match := _SECONDS.fullmatch(text):
        return float(match[1])
    if match := _CLOCK.fullmatch(text):
        return int(match[1] or 0) * 3600 + int(match[2]) * 60 + float(match[3])
    raise OptionError(f"{name} {text!r} is no moment; a frame's number (90) or a time (62.5s, 1:02.5) fits")
