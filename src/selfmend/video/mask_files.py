"""A mask file for each frame of a film: its subtitles, and the frames with the hole in colour, to check by eye."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from selfmend.errors import OptionError
from selfmend.image.outputs import check_folder_of, check_replaced, numbered
from selfmend.interrupts import telling
from selfmend.masks.mask_files import check_folders, save_mask, save_overlay
from selfmend.masks.reading import grow_mask
from selfmend.masks.text import DEFAULTS, Region
from selfmend.masks.text_in_video import steady_text
from selfmend.masks.text_letters import TextOptions
from selfmend.progress import Progress, silent, work_done
from selfmend.types import Image, Mask
from selfmend.video.reader import Clip, Frame


@dataclass(frozen=True, kw_only=True)
class FilmRow:
    """What became of a film; `masks` is None where no frame has text, and `overlay` where none was wanted."""

    file: str
    masks: str | None
    overlay: str | None
    frames: int
    with_text: int
    hole: float


def write_film_masks(  # noqa: PLR0913
    source: Path,
    output: Path | None,
    *,
    options: TextOptions = DEFAULTS,
    region: Region | None = None,
    grow: int = 0,
    overlay: Path | None = None,
    with_overlay: bool = True,
    overwrite: bool = False,
    progress: Progress = silent,
) -> FilmRow:
    """Mask the subtitles of a film: a PNG for each frame, named by its number in the film.

    Args:
        source: the film.
        output: folder for the masks; default FILM-masks beside the film.
        options, region: see `find_text`.
        grow: pixels by which the found is grown.
        overlay: folder for the pictures to check by eye, of the frames that have text; default OUTPUT-overlay.
        with_overlay: write any.
        overwrite: write into a folder that holds something: others' masks in it would be taken for those of this film.
        progress: called at every frame.

    Raises:
        ImageError: no film, or a file stands where a folder is needed.
        MaskError: a region outside the frames.
        OptionError: a negative `grow`.
    """
    if grow < 0:
        raise OptionError(f"--grow is {grow}; at least 0 fits")
    folder = source.with_name(source.stem + "-masks") if output is None else output
    (folder,) = numbered(folder, free=output is None and not overwrite)
    shown = folder.with_name(folder.name + "-overlay") if overlay is None else overlay
    used = [folder, *([shown] if with_overlay else [])]
    check_folders(*used)
    for path in used:
        check_replaced(path, overwrite=overwrite or not (path.is_dir() and any(path.iterdir())))
    frames, with_text, holes, empty = 0, 0, 0.0, []

    def kept() -> str:
        return f"{frames} frames were looked at, and the masks of {with_text} are in {folder}" if with_text else ""

    with Clip(source) as clip, telling(kept):
        check_folder_of(folder)
        for frame, mask in _masked(clip, options, region):
            name = f"{frame.index:06d}.png"
            frames += 1
            if mask.any():
                grown = grow_mask(mask, grow)
                with_text, holes = with_text + 1, holes + float(grown.mean())
                save_mask(grown, folder / name)
                if with_overlay:
                    save_overlay(frame.image, grown, shown / name)
            elif with_text:
                save_mask(mask, folder / name)
            else:
                empty.append(name)  # a film without text leaves no files
            progress(work_done("frames", frames, max(frames, clip.frame_count or 0)))
    for name in empty if with_text else []:
        save_mask(np.zeros(clip.size, bool), folder / name)
    return FilmRow(
        file=str(source), masks=str(folder) if with_text else None,
        overlay=str(shown) if with_text and with_overlay else None, frames=frames, with_text=with_text,
        hole=holes / max(1, frames),
    )  # fmt: skip


def _masked(clip: Clip, options: TextOptions, region: Region | None) -> Iterator[tuple[Frame, Mask]]:
    """Each frame with its mask; no more than a few frames are held."""
    waiting: deque[Frame] = deque()

    def images() -> Iterator[Image]:
        for frame in clip.frames():
            waiting.append(frame)
            yield frame.image

    for mask in steady_text(images(), options=options, region=region):
        yield waiting.popleft(), mask
