"""The picture files of a folder and of the folders in it."""

from __future__ import annotations

import os
import re
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import ExifTags
from PIL import Image as PILImage

from selfmend.core.checks import ImageError
from selfmend.core.files import exists

if TYPE_CHECKING:
    from selfmend.core.types import Size


def list_pictures(folder: str | Path) -> list[str]:
    """The names of `list_files` that have a picture's ending.

    Raises:
        ImageError: no such folder, or one that cannot be read.
    """
    return [name for name in list_files(folder) if is_picture_name(name)]


def is_picture_name(name: str) -> bool:
    """Whether a file's name ends as those of pictures that can be read."""
    return Path(name).suffix.lower() in _endings()


def list_files(folder: str | Path) -> list[str]:
    """Names of all files, in order, relative to the folder, with "/" between folders.

    Hidden files and folders are left out; links are followed.

    Raises:
        ImageError: no such folder, or one that cannot be read.
    """
    root = Path(folder)
    if not exists(root) or not root.is_dir():
        raise ImageError(f"{folder} is no folder; a folder of pictures fits")
    names: list[str] = []
    seen: set[str] = set()
    for parent, folders, files in os.walk(root, followlinks=True, onerror=_refuse):
        real = os.path.realpath(parent)
        if real in seen:  # a link that leads back
            folders.clear()
            continue
        seen.add(real)
        folders[:] = [f for f in folders if not f.startswith(".")]
        names += [(Path(parent) / name).relative_to(root).as_posix() for name in files if not name.startswith(".")]
    return sorted(names)


def natural_order(names: list[str]) -> list[str]:
    """Names sorted as people number files.

    Example:
        >>> natural_order(["mask10.png", "mask9.png"])
        ['mask9.png', 'mask10.png']
    """
    return sorted(names, key=lambda name: [(int(p) if p.isdecimal() else 0, p) for p in re.split(r"(\d+)", name)])


def by_stem(folder: Path, files: list[Path]) -> dict[str, Path]:
    """The files of a folder by their names without the ending.

    Raises:
        ImageError: two of one name.
    """
    named = {file.stem: file for file in files}
    if len(named) < len(files):
        twice = next(stem for stem, count in Counter(f.stem for f in files).items() if count > 1)
        raise ImageError(f"{folder} has several pictures named {twice!r}; one of each name fits")
    return named


def picture_size(path: str | Path) -> Size | None:
    """(height, width) of a picture file as a viewer shows it, from its header; None where it is not a picture."""
    try:
        with PILImage.open(path) as picture:
            # A PNG's EXIF may stand behind its pixels, which PIL then decodes all; cameras write none.
            return picture.size[::-1] if picture.format == "PNG" else shown_size(picture)
    except Exception:  # what a damaged header raises depends on the format
        return None


def shown_size(picture: PILImage.Image) -> Size:
    """(height, width) of an opened picture file as it is shown: turned by its EXIF."""
    sideways = picture.getexif().get(ExifTags.Base.Orientation, 1) in (5, 6, 7, 8)
    width, height = picture.size[::-1] if sideways else picture.size
    return height, width


@lru_cache(maxsize=1)
def _endings() -> frozenset[str]:
    endings = PILImage.registered_extensions()
    return frozenset(ending for ending, kind in endings.items() if kind in PILImage.OPEN)


def _refuse(error: OSError) -> None:
    raise ImageError(f"cannot read {error.filename}: {error.strerror}") from error
