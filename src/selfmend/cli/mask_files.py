"""What `selfmend mask` writes: a mask for each picture or frame, and the picture with the hole in colour."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image as PILImage

from selfmend.cli.picture_files import naming, pictures_at, read_rgb, warn
from selfmend.errors import ImageError, OptionError
from selfmend.image.draw import paint_hole, to_rgb
from selfmend.image.files import by_stem, save_picture
from selfmend.image.outputs import (
    beside,
    check_folder_of,
    check_output,
    check_replaced,
    is_ours,
    numbered,
    target_beside,
)
from selfmend.masks.reading import grow_mask
from selfmend.masks.text import Region
from selfmend.masks.text_in_video import steady_text
from selfmend.masks.text_letters import TextOptions
from selfmend.progress import Progress, work_done
from selfmend.types import Image, Mask
from selfmend.video.reader import Clip, Frame

_OVERLAY = 0.6  # opacity of the hole's colour: what lies under it can be seen


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a command found in one picture.

    Attributes:
        mask: (H, W) of the picture's size, True = hole.
        what: for a person: "2 faces".
        doubt: what the user should check, "" where nothing is to be said.
    """

    mask: Mask
    what: str
    doubt: str = ""


Find: TypeAlias = Callable[[Image, Path], Found | None]
"""Looks at a picture, (H, W, 3) in [0, 1], and at its file's name; None where there is nothing to mask."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """What became of one picture; `mask` is None where nothing was found, and `overlay` where none was wanted."""

    file: str
    mask: str | None
    overlay: str | None
    hole: float
    what: str


@dataclass(frozen=True, kw_only=True)
class _Target:
    picture: Path
    mask: Path
    overlay: Path | None


def write_masks(
    source: Path,
    output: Path | None,
    find: Find,
    *,
    grow: int,
    overlay: Path | None,
    with_overlay: bool,
    overwrite: bool,
    progress: Progress,
) -> list[Row]:
    """Mask a picture, or every picture of a folder.

    Args:
        source: picture or folder.
        output: of a picture: a PNG, or a folder for NAME-mask.png; default NAME-mask.png beside it. Of a folder: the
            folder for NAME.png; default FOLDER-masks beside it.
        find: what to look for.
        grow: pixels by which the found is grown.
        overlay: where pictures to check by eye go, a PNG or a folder; default OUTPUT-overlay beside the mask or the
            folder of masks, so that a folder of masks holds nothing else.
        with_overlay: write any.
        overwrite: replace what is there; False takes free names where they are not given.
        progress: called at every picture.

    Returns:
        A row a picture, in the order of their names. A picture without anything to mask gets no file.

    Raises:
        ImageError: what cannot be read or written; checked before the work where that is possible.
        OptionError: a negative `grow`.
    """
    targets = _targets(source, output, overlay if with_overlay else None, with_overlay, overwrite)
    if grow < 0:
        raise OptionError(f"--grow is {grow}; at least 0 fits")
    for target in targets:
        for path in (target.mask, target.overlay):
            if path is not None:
                check_output(path, overwrite=overwrite, inputs=tuple(one.picture for one in targets))
    rows = []
    for done, target in enumerate(targets):
        rows.append(_write_one(target, find, grow))
        progress(work_done("pictures", done + 1, len(targets)))
    return rows


def _write_one(target: _Target, find: Find, grow: int) -> Row:
    image = read_rgb(target.picture)
    with naming(target.picture):
        found = find(image, target.picture)
    row = Row(file=str(target.picture), mask=None, overlay=None, hole=0.0, what="")
    if found is None:
        return row
    if found.doubt:
        warn(f"{target.picture}: {found.doubt}")
    mask = grow_mask(found.mask, grow)
    save_mask(mask, target.mask)
    if target.overlay is not None:
        save_overlay(image, mask, target.overlay)
    overlay = None if target.overlay is None else str(target.overlay)
    written = {"mask": str(target.mask), "overlay": overlay, "hole": float(mask.mean()), "what": found.what}
    return Row(**asdict(row) | written)


def save_mask(mask: Mask, path: Path) -> None:
    """A mask (H, W) as a grey picture that is white in the hole."""
    save_picture(PILImage.fromarray(mask.astype(np.uint8) * 255), path)


def save_overlay(image: Image, mask: Mask, path: Path) -> None:
    """A picture whose hole is painted over, so that what lies under it can still be seen."""
    save_picture(PILImage.blend(to_rgb(image), paint_hole(image, mask), _OVERLAY), path)


def _targets(
    source: Path, output: Path | None, overlay: Path | None, with_overlay: bool, overwrite: bool
) -> list[_Target]:
    """Where everything goes."""
    files = pictures_at(source)
    if not source.is_dir():
        (mask,) = numbered(
            target_beside(source, output, "-mask", ending=".png"), free=is_ours(output) and not overwrite
        )
        default = beside(mask, "-overlay", ending=".png")
        shown = default if overlay is None else target_beside(source, overlay, "-overlay", ending=".png")
        (shown,) = numbered(shown, free=is_ours(overlay) and is_ours(output) and not overwrite)
        targets = [_Target(picture=source, mask=mask, overlay=shown if with_overlay else None)]
    else:
        folder = source.resolve().with_name(source.resolve().name + "-masks") if output is None else output
        (folder,) = numbered(folder, free=output is None and not overwrite)
        shown = folder.with_name(folder.name + "-overlay") if overlay is None else overlay
        check_folders(folder, shown)
        targets = [
            _Target(
                picture=file,
                mask=folder / f"{stem}.png",
                overlay=shown / f"{stem}.png" if with_overlay else None,
            )
            for stem, file in by_stem(source, files).items()
        ]
    for path in (targets[0].mask, targets[0].overlay):
        if path is not None and path.suffix.lower() != ".png":
            raise ImageError(f"{path} is no .png; a mask and its overlay are PNG files, which keep every pixel")
    return targets


def check_folders(*folders: Path) -> None:
    """Find out before the work whether these can be folders.

    Raises:
        ImageError: one of them is a file.
    """
    for folder in folders:
        if folder.exists() and not folder.is_dir():
            raise ImageError(f"{folder} is a file; the masks of a folder go into a folder")


@dataclass(frozen=True, kw_only=True)
class FilmRow:
    """What became of a film; `masks` is None where no frame has text, and `overlay` where none was wanted."""

    file: str
    masks: str | None
    overlay: str | None
    frames: int
    with_text: int
    hole: float


def write_film_masks(
    source: Path,
    output: Path | None,
    *,
    options: TextOptions,
    region: Region | None,
    grow: int,
    overlay: Path | None,
    with_overlay: bool,
    overwrite: bool,
    progress: Progress,
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
    with Clip(source) as clip:
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
