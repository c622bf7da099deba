"""What the commands that make pictures have beside what their tasks say: words, further options, the work itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

import selfmend.api as api
from selfmend.api.drawing import DrawRequest, Source, enlarged_source, opened, sample_sheet
from selfmend.api.drawing import scale_sheet as sheet_of_drawings
from selfmend.api.filling import Filled, FillRequest, fill
from selfmend.api.kept import kept_in
from selfmend.api.scale_sheets import parse_start_scale, scale_film, sheet
from selfmend.cli import common as arguments
from selfmend.cli.common import parse_settings, parse_size, teller
from selfmend.cli.of_tasks import CommandResult, CommandSpec, Values, command_of, every_scale, has_free_name
from selfmend.errors import ImageError, OptionError
from selfmend.files import exists
from selfmend.image.animation import check_frames_output, save_frames
from selfmend.image.draw import contact_sheet, paint_hole, to_rgb
from selfmend.image.files import read_picture
from selfmend.image.outputs import beside, numbered
from selfmend.image.picture import to_picture
from selfmend.methods.base import describe_config
from selfmend.pipeline import drawn, retargeted
from selfmend.progress import Progress
from selfmend.tasks import TASKS
from selfmend.types import Size

# --- a fill


@contextmanager
def _fill(values: Values, progress: Progress) -> Iterator[CommandResult]:
    request = FillRequest(
        image=values.image, mask=values.mask, method=values.method, preset=values.preset, samples=values.samples,
        options=parse_settings(values.settings or []) | ({"init": values.init} if values.init else {}),
        seed=values.seed, device=values.device, model=values.model, save_model=values.save_model,
        invert_mask=values.invert_mask, grow=values.grow, reference=values.reference, align=not values.no_align,
        start_scale=values.start_scale,
    )  # fmt: skip
    done = fill(request, progress)
    aligned, (height, width) = done.reference, done.picture.size
    fits = [f"reference fits with {aligned.confidence:.2f}"] if aligned else []
    reference = aligned and {
        "confidence": round(aligned.confidence, 4), "by": aligned.by, "homography": aligned.homography.tolist()
    }  # fmt: skip
    why = [f"{one.share:.1%} of the hole by {one.by} ({one.why})" for one in done.choices] if values.explain else []
    yield CommandResult(
        results=done.results, sheet=lambda: _side_by_side(done),
        said=[done.method, f"{float(done.mask.mean()):.1%} of the picture filled", *why, *fits],
        facts={
            "compare": None, "method": done.method, "seed": done.seed, "height": height, "width": width,
            "hole_pixels": int(done.mask.sum()), "config": done.config, "start_scale": values.start_scale,
            "choices": [asdict(one) for one in done.choices], "reference": reference,
        },
    )  # fmt: skip
    done.clean()


def _check_fill(values: Values) -> None:
    if values.image is None and values.model is None:
        raise OptionError("no picture given; selfmend inpaint IMAGE --mask MASK, or --model RUN for a trained one")
    if values.image is not None and not exists(values.image):
        raise ImageError(f"no such file: {values.image}")
    if values.image is not None and values.image.is_dir():
        raise ImageError(f"{values.image} is a folder; a picture file fits")
    if every_scale(values) and (values.samples > 1 or values.compare):
        raise OptionError("--start-scale all writes one sheet of all scales; leave --samples and --compare out")
    if values.reference is None and values.no_align:
        raise OptionError("there is no reference to align; leave --no-align out, or give one: --reference FILE")
    if values.image is None and (values.output is None or values.output.is_dir()):
        raise OptionError("say where the result goes: -o OUT.png")


def _compared(values: Values, names: list[Path]) -> Path | None:
    """Where picture, hole and result go side by side, if that is wanted."""
    if not values.compare:
        return None
    first = names[0] if len(names) == 1 else names[0].with_stem(names[0].stem.rpartition("-")[0])
    return numbered(beside(first, "-compare", ending=".png"), free=has_free_name(values))[0]


def _side_by_side(done: Filled) -> Any:
    fills = [to_rgb(to_picture(result).image) for result in done.results]
    captions = ["picture", "hole", *(["mended"] if len(fills) == 1 else [f"mended {k + 1}" for k in range(len(fills))])]
    return contact_sheet([to_rgb(done.picture.image), paint_hole(done.picture.image, done.mask), *fills], captions)


# --- new pictures


def _request(values: Values, **more: Any) -> DrawRequest:
    return DrawRequest(
        source=values.image, method=values.method, preset=values.preset, seed=values.seed, device=values.device,
        options=parse_settings(values.settings or []), save_model=values.save_model,
        say=teller(values.quiet or values.as_json), **more,
    )  # fmt: skip


def _shaped(values: Values, **more: Any) -> DrawRequest:
    size, scales = parse_size(values.size), (values.scale_h, values.scale_w)
    return _request(values, size=size, scales=scales, start_scale=values.start_scale, **more)


def _told(source: Source, results: list[Any], **more: Any) -> CommandResult:
    height, width = source.size
    facts = {"method": source.method.name, "seed": source.seed, "height": height, "width": width}
    facts["config"] = describe_config(source.method.config)
    return CommandResult(results=results, said=[source.method.name, f"{height}x{width}"], facts=facts, **more)


@contextmanager
def _sample(values: Values, progress: Progress) -> Iterator[CommandResult]:
    request = _shaped(values, below=values.below, samples=values.samples)
    if values.variety:
        request.options["variety"] = values.variety
    with opened(request, progress) as source:
        if every_scale(values):
            results = [sheet_of_drawings(source, samples=values.samples, progress=progress)]
        else:
            results = drawn(
                source.worker, source.picture, source.image, size=source.size, samples=values.samples,
                seed=source.seed, progress=progress,
            )  # fmt: skip
        yield _told(source, results, sheet=lambda: sample_sheet(source, results))


def _check_sample(values: Values) -> None:
    if every_scale(values) and values.grid is not None:
        raise OptionError("--start-scale all writes one sheet, to -o OUT; leave --grid out")


@contextmanager
def _retarget(values: Values, progress: Progress) -> Iterator[CommandResult]:
    with opened(_shaped(values, reshape=True), progress) as source:
        if every_scale(values):
            result = sheet_of_drawings(source, samples=1, reshape=True, progress=progress)
        else:
            how: dict[str, Any] = {"size": source.size, "seed": source.seed, "progress": progress}
            result = retargeted(source.worker, source.picture, source.image, **how)
        yield _told(source, [result])


@contextmanager
def _super_resolve(values: Values, progress: Progress) -> Iterator[CommandResult]:
    with enlarged_source(_request(values), values.factor, progress) as (source, result):
        yield _told(source, [result])


# --- drawn anew, with the patches of a PHOTO or by a RUN


def _of(path: Path | None) -> dict[str, Any]:
    """What the Python interface takes for a PHOTO or a RUN."""
    if path is None:
        return {}
    if not exists(path):
        raise ImageError(f"no such file or run: {path}")
    return {"model" if path.is_dir() else "picture": path}


def _loaded(values: Values) -> dict[str, Any]:
    """`_of`, the run loaded: once for all scales."""
    of = _of(values.image)
    return {"model": api.load_picture_model(of["model"], device=values.device)} if "model" in of else of


def _redrawn(
    name: str, own: Callable[[Values], dict[str, Any]]
) -> Callable[[Values, Progress], AbstractContextManager[CommandResult]]:
    """The work of a command that draws a picture anew from one start scale, or from all.

    Args:
        name: of the function of the Python interface, which takes the picture first. It is looked up when the command
            runs: a fill needs none of what that one imports.
        own: further arguments.
    """

    @contextmanager
    def make(values: Values, progress: Progress) -> Iterator[CommandResult]:
        given = {**_loaded(values), "seed": values.seed, "progress": progress, **own(values)}
        call, model = getattr(api, name), given.get("model")
        trains = getattr(values, "quantized", False)  # then Ctrl-C leaves something to go on from
        with kept_in(values.image) if trains and model else nullcontext():
            if every_scale(values):
                shown = {"input": read_picture(values.picture).image}
                scales = _entry_scales(values, given)
                result = sheet(scales, shown, lambda level: call(values.picture, start_scale=level, **given))
            else:
                scale = parse_start_scale(values.start_scale)
                result = call(values.picture, start_scale=scale, **given)
        note = _found(values, given)
        facts = {"run": values.image if model else None, "start_scale": values.start_scale, "note": note}
        facts["seed"] = values.seed if values.seed is not None else model.seed if model else 0
        said = [model.method.name if model else "patches of the picture", *([note] if note else [])]
        yield CommandResult(results=[result], said=said, facts=facts)

    return make


def _entry_scales(values: Values, given: Mapping[str, Any]) -> Mapping[int, Size]:
    model = given.get("model")
    if model is not None:
        return model.entry_scales()
    from selfmend.patches.redraw import start_scales

    return dict(enumerate(start_scales(read_picture(given.get("picture") or values.picture).size)))


def _found(values: Values, given: Mapping[str, Any]) -> str:
    """Where the picture was edited, if that had to be found."""
    if not hasattr(values, "unmasked") or values.mask is not None:
        return ""
    from selfmend.api.redrawing import edited_region

    model = given.get("model")
    mask = model.edited_mask(values.picture) if model else edited_region(values.picture, given["picture"])
    share = float(mask.mean())
    return f"no mask: the {share:.1%} of the picture that differ by more than 16 of 255 levels were edited"


def _check_names(values: Values) -> None:
    """One name is the picture that is drawn anew; of two the first is a photo or a run."""
    if len(values.picture) > 2:
        raise OptionError(f"{len(values.picture)} names came; one or two fit: [PHOTO|RUN] PICTURE")
    *before, values.picture = values.picture
    values.image = values.example = before[0] if before else None
    _of(values.image)
    _check_scale(values)


def _check_paint(values: Values) -> None:
    _of(values.image)
    _check_scale(values)


def _check_harmonize(values: Values) -> None:
    _check_names(values)
    if "model" not in _of(values.image) and values.start_scale is not None:
        raise OptionError("--start-scale is of a RUN; give one before COMPOSITE, or leave --start-scale out")


def _check_scale(values: Values) -> None:
    if not every_scale(values):
        parse_start_scale(values.start_scale)


def _scaled(suffix: str) -> Callable[[Values], str]:
    return lambda values: f"{suffix}-scales" if every_scale(values) else suffix


def _drawn_or_scales(suffix: str) -> Callable[[Values], str]:
    return lambda values: "-scales" if every_scale(values) else suffix


@contextmanager
def _animate(values: Values, progress: Progress) -> Iterator[CommandResult]:
    given = _loaded(values) | {"noise": values.noise, "progress": progress}
    walk = {name: getattr(values, name) for name in ("frames", "alpha", "beta", "loop", "seed")}
    model = given.get("model")
    if every_scale(values):
        from selfmend.patches.redraw import moving_scales

        scales = model.walking_scales() if model else dict(enumerate(moving_scales(read_picture(values.image).size)))
        film = scale_film(scales, lambda level: api.animate(start_scale=level, **walk, **given))
    else:
        film = api.animate(start_scale=parse_start_scale(values.start_scale), **walk, **given)
    width, height = film[0].size
    seed = values.seed if values.seed is not None else model.seed if model else 0
    facts = {"run": values.image if model else None, "start_scale": values.start_scale, "fps": values.fps}
    facts |= {"height": height, "width": width}
    said = [model.method.name if model else "patches of the picture", f"{values.frames} frames of {width} x {height}"]
    yield CommandResult(results=[film], said=said, facts=facts | walk | {"seed": seed})


def _plan_film(values: Values) -> list[Path]:
    check_frames_output(values.output, fps=values.fps, overwrite=values.overwrite)
    _of(values.image)
    _check_scale(values)
    return [values.output]


# --- all of them

_SAVE_MODEL = {"save_model": (arguments.SaveModel, None)}
_SHAPE = {
    "image": (arguments.Source, ...), "size": (arguments.Size, None), "scale_h": (arguments.ScaleHeight, None),
    "scale_w": (arguments.ScaleWidth, None), **_SAVE_MODEL,
}  # fmt: skip
_OF_IMAGE = {"method": {"more": "For an IMAGE; see `selfmend methods`."}}
_ENTRY = {
    "start_scale": {
        "show_default": False, "more": f"{arguments.ALL_SCALES} Default: chosen for the purpose.", "metavar": "N|all"
    }
}  # fmt: skip


def _picture(metavar: str, help: str, **more: Any) -> tuple[Any, Any]:
    return Annotated[Path, typer.Argument(metavar=metavar, help=help, **more)], ...


def _one_or_two(metavar: str, help: str) -> tuple[Any, Any]:
    return Annotated[list[Path], typer.Argument(metavar=metavar, help=help, show_default=False)], ...


def _option(help: str, *flags: str, kind: Any = None, default: Any = None, **more: Any) -> tuple[Any, Any]:
    return Annotated[kind or (str | None), typer.Option(*flags, help=help, **more)], default


COMMAND_SPECS = {
    "fill": CommandSpec(
        help="""Fill the holes of a picture from the picture itself.

        Known pixels are never changed. With --model, picture and mask of the training are taken unless others are
        given.
        """,
        suffix=_scaled("-mended"), make=_fill, check=_check_fill, sheet=_compared, sheet_name="compare",
        parameters={
            "image": (
                Annotated[
                    Path | None, typer.Argument(metavar="IMAGE", help="The picture to mend.", show_default=False)
                ],
                None,
            ),
            "output": _option(
                "Picture file, or a folder. Default: a free name, IMAGE-mended, beside IMAGE.", "--output", "-o",
                kind=Path | None, show_default=False,
            ),
            "init": _option("First guess inside the hole, for methods that take one."),
            "reference": _option(
                "Another picture of the scene, such as a near frame of a film: it shows what the hole hides. For "
                "auto, patchmatch and singan.",
                metavar="FILE",
            ),
            "start_scale": (arguments.EntryScale, None),
            "model": (arguments.Model, None),
            **_SAVE_MODEL,
            "compare": _option(
                "Also write picture, hole and result side by side.", "--compare", kind=bool, default=False
            ),
            "explain": _option(
                "Say what filled which part of the hole, and why.", "--explain", kind=bool, default=False
            ),
        },
        more={"method": {"more": "See `selfmend methods`."}},
    ),
    "sample": CommandSpec(
        help="""Make new pictures that look like one: its things and textures, arranged anew, in any size.

        A method that learns starts from a RUN of `selfmend train`, or learns IMAGE first.
        """,
        suffix=_drawn_or_scales("-sample"), make=_sample, check=_check_sample,
        sheet=lambda values, names: values.grid, sheet_name="grid", more=_OF_IMAGE,
        parameters={
            **_SHAPE, "below": (arguments.Below, None),
            "grid": _option("Also write the picture and all samples on one sheet.", kind=Path | None),
        },
    ),
    "retarget": CommandSpec(
        help="Give a picture another shape: its things keep their sizes, what lies between is repeated or left out.",
        suffix=_drawn_or_scales("-retargeted"), make=_retarget, parameters=_SHAPE, more=_OF_IMAGE,
    ),
    "super-resolve": CommandSpec(
        help="""Enlarge a picture with detail like that which it has at smaller scales.

        By gpnn from the picture's own patches in seconds, or by --method singan, which learns IMAGE first, with
        --preset paper for hours, as the paper does.
        """,
        suffix=lambda values: f"-x{values.factor:g}", make=_super_resolve,
        parameters={
            "image": _picture("IMAGE", "The picture to enlarge.", show_default=False), **_SAVE_MODEL,
        },
        more={
            "method": {"show_default": "gpnn; singan with --preset paper"},
            "factor": {"flags": ("--factor", "-f"), "default": ...},
        },
    ),
    "paint": CommandSpec(
        help="""Turn a painting of a few flat colours into a picture like PHOTO, or like the one that RUN has learned.

        With the patches of PHOTO, in seconds; or drawn by a RUN of `selfmend train singan`.
        """,
        suffix=_scaled("-painted"), check=_check_paint,
        make=_redrawn("paint", lambda v: {"noise": v.noise, "quantized": v.quantized}),
        parameters={
            "image": _picture("PHOTO|RUN", "What the result is to be like.", show_default=False),
            "picture": _picture("PAINTING", "A few flat colours, of any size.", show_default=False),
        },
        more=_ENTRY | {"quantized": {"more": "Kept in RUN."}},
    ),
    "harmonize": CommandSpec(
        help="""Make a pasted object fit the picture around it; what lies outside its mask stays as it is.

        It is made of the picture's own patches, or of those of PHOTO, in seconds; or, with a RUN of `selfmend train
        singan` before COMPOSITE, drawn by what that has learned.
        """,
        suffix=_scaled("-harmonized"), check=_check_harmonize, more=_ENTRY,
        make=_redrawn("harmonize", lambda v: {"mask": v.mask, "invert_mask": v.invert_mask}),
        parameters={
            "picture": _one_or_two("[PHOTO|RUN] COMPOSITE", "The picture with an object pasted."), "example": None,
            "mask": _option(
                "Where the object is, in white; kinds as in inpaint.", "--mask", "-m", kind=str, default=...,
                metavar="MASK",
            ),
        },
    ),
    "edit": CommandSpec(
        help="""Mend the seams of a picture after parts of it were moved, copied or removed.

        With the patches of PHOTO, the picture before, or of EDITED itself, in seconds; or drawn by a RUN of `selfmend
        train singan` that has learned the picture.
        """,
        suffix=lambda values: _scaled("-unmasked" if values.unmasked else "-mended")(values), check=_check_names,
        make=_redrawn(
            "edit",
            lambda v: {"mask": v.mask, "noise": v.noise, "masked": not v.unmasked, "invert_mask": v.invert_mask},
        ),
        parameters={
            "picture": _one_or_two("[PHOTO|RUN] EDITED", "The picture with parts moved or copied."), "example": None,
            "mask": _option(
                "Where it was edited, in white; kinds as in inpaint. Left out, it is where EDITED differs from PHOTO, "
                "or from the learned picture, by more than 16 of 255 levels.",
                "--mask", "-m", metavar="MASK",
            ),
        },
        more=_ENTRY,
    ),
    "animate": CommandSpec(
        help="""Make PHOTO, or the picture that RUN has learned, move: a walk through the noise that it is drawn from.

        With the patches of PHOTO, in seconds; or drawn by a RUN of `selfmend train singan`.
        """,
        suffix=lambda values: "", make=_animate, plan=_plan_film,
        save=lambda film, path, values: save_frames(film, path, fps=values.fps),
        parameters={
            "image": _picture("PHOTO|RUN", "What is to move.", show_default=False),
            "output": _option("A .gif, .webp or .mp4 file.", "--output", "-o", kind=Path, default=..., metavar="FILM"),
        },
        more={"start_scale": {"show_default": False, "more": "'all' shows every scale in one film, to choose from."}},
    ),
}  # fmt: skip
"""By task; one that is not here has a command of its files and options alone."""


def task_command(name: str) -> Callable[..., None]:
    """The command of a task, by the task's name."""
    return command_of(TASKS[name], COMMAND_SPECS.get(name))
