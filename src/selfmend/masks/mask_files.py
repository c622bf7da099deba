"""Masks as files: one for each picture of a folder, and the picture with the hole in colour, to check by eye."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from PIL import Image as PILImage

from selfmend.errors import ImageError, OptionError
from selfmend.image.draw import paint_hole
from selfmend.image.files import by_stem, save_picture
from selfmend.image.outputs import beside, check_output, is_ours, numbered, target_beside
from selfmend.image.picture_files import naming, pictures_at, read_rgb, warn
from selfmend.interrupts import telling
from selfmend.masks.reading import grow_mask
from selfmend.progress import Progress, silent, work_done
from selfmend.types import Image, Mask

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
    grow: int = 0,
    overlay: Path | None = None,
    with_overlay: bool = True,
    overwrite: bool = False,
    progress: Progress = silent,
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
    rows: list[Row] = []

    def kept() -> str:
        looked_at = f"{len(rows)} of {len(targets)} pictures were looked at"
        return f"{looked_at}, and their masks are in {targets[0].mask.parent}" if rows else ""

    with telling(kept):
        for target in targets:
            rows.append(_write_one(target, find, grow))
            progress(work_done("pictures", len(rows), len(targets)))
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
    save_picture(paint_hole(image, mask, opacity=_OVERLAY), path)


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
                mask=folder / f"{file.stem}.png",
                overlay=shown / f"{file.stem}.png" if with_overlay else None,
            )
            for file in by_stem(source, files).values()
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
