"""Filling the holes of films."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from selfmend.api.many import method_for_many, weights_of
from selfmend.api.mend import DEFAULT_METHOD
from selfmend.core.progress import Progress, silent
from selfmend.methods.base import describe_config
from selfmend.video.fillers import STEADINESS, make_filler
from selfmend.video.masks import choose_masks
from selfmend.video.mending import VideoReport, check_film_output, fingerprint, mend_clip
from selfmend.video.reader import Clip, Moment


def mend_video(
    film: str | Path,
    output: str | Path,
    *,
    mask: Any = None,
    masks: str | Path | None = None,
    subtitles: bool = False,
    region: tuple[int, int, int, int] | None = None,
    text: Mapping[str, Any] | None = None,
    invert_mask: bool = False,
    grow_mask: int = 0,
    first: Moment = 0,
    last: Moment | None = None,
    method: str = DEFAULT_METHOD,
    preset: str | None = None,
    steady: str = STEADINESS[0],
    temporal: Mapping[str, Any] | None = None,
    seed: int = 0,
    device: str = "auto",
    model: str | Path | None = None,
    crf: int | None = None,
    restart: bool = False,
    overwrite: bool = False,
    progress: Progress = silent,
    **options: Any,
) -> VideoReport:
    """Fill the holes of a film's frames, and write a film like it with the same sound.

    Work that was stopped goes on when it is called again with the same arguments: what is mended is kept beside the
    output, in OUTPUT.partial, until the film is written.

    Args:
        film: a file that FFmpeg reads.
        output: ending as .mp4, .mkv, .mov, ..., or a folder for PNG files (a name without ending).
        mask: the hole of all frames: a file, "x,y,w,h", a PIL image, an array or a tensor, as in `inpaint`.
        masks: a folder with a mask for each frame, in the order of their names.
        subtitles: text is looked for, and is the hole.
        region: x, y, width, height of the box in which it is looked for; None is everywhere.
        text: how it looks: fields of `TextOptions`, e.g. {"dark": True}.
        invert_mask, grow_mask: as in `inpaint`.
        first, last: part of the film, both included: an int is a frame's number from 0, a float seconds.
        method: for pictures, one of `methods()`; preset and options as in `inpaint`.
        steady: "temporal" takes what near frames show and keeps the fills alike, "none" fills each frame alone.
        temporal: changes to `TemporalOptions`, e.g. {"reach": 10} frames.
        seed: same seed, same bytes.
        device: "auto", "cpu", "cuda" or "mps".
        model: a run of `fit_folder`, which brings its own method.
        crf: how near to the frames the film is encoded, for encoders that have it: 0 is the nearest.
        restart: forget what is kept of work that was stopped.
        overwrite: allow the output to replace the film.
        progress: told of every frame.

    Raises:
        SelfmendError: one line: what came, what fits, what to do.
    """
    worker = method_for_many(method, preset, options, device=device, model=model, many="a film")
    filler, looking = make_filler(steady, method=worker, seed=seed, options=temporal)
    path = check_film_output(output, film=film, overwrite=overwrite)
    with Clip(film, first=first, last=last) as clip:
        holes = choose_masks(
            clip, mask=mask, masks=masks, subtitles=subtitles, region=region, text=text, invert=invert_mask,
            grow=grow_mask,
        )  # fmt: skip
        settings = {
            "method": worker.name,
            "options": describe_config(worker.config),
            "seed": seed,
            "steady": steady,
            "temporal": None if looking is None else describe_config(looking),
        }
        if model is not None:
            settings["model"] = fingerprint(weights_of(model))
        return mend_clip(clip, holes, filler, path, settings=settings, crf=crf, restart=restart, progress=progress)
