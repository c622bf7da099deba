"""The files that come with a job, looked at before any of them is decoded, and put into the job's folder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from selfmend.errors import ImageError, MaskError, RunError, TooManyPixelsError
from selfmend.files import atomic_path
from selfmend.image.files import shown_size
from selfmend.image.formats import ENDINGS
from selfmend.jobs.job import Limits, NotAPicture, TooLarge

if TYPE_CHECKING:
    from selfmend.types import Size

NO_HOLE = "there is no mask, and the picture has no transparent pixels; mark what is to be filled, as the file 'mask'"
_LONGEST_NAME = 80


@dataclass(frozen=True, kw_only=True)
class Input:
    """What the head of a picture file says.

    Attributes:
        ending: of a file of its format, such as ".jpg".
        size: (height, width) as it is shown.
        transparent: whether it can have transparent pixels.
    """

    ending: str
    size: Size
    transparent: bool


def check_inputs(files: Mapping[str, bytes], names: Mapping[str, str], limits: Limits) -> dict[str, Input]:
    """Look at the heads of all files.

    Args:
        files: contents by what they are, such as "image" or "mask".
        names: as their owner calls them, if known.
        limits: bytes and pixels.

    Raises:
        NotAPicture: no picture of a known format.
        TooLarge: beyond a limit.
        MaskError: the mask's shape is not the picture's.
    """
    from selfmend.masks.reading import same_aspect

    total = sum(map(len, files.values()))
    if total > limits.max_bytes:
        raise TooLarge(f"the files have {total / 1e6:.1f} MB; at most {limits.max_bytes / 1e6:.1f} MB fit")
    looked = {what: _look(what, data, names.get(what, ""), limits) for what, data in files.items()}
    shown = looked.get("image") or looked.get("picture")
    if shown and "mask" in looked and not same_aspect(looked["mask"].size, shown.size):
        (height, width), (mask_height, mask_width) = shown.size, looked["mask"].size
        raise MaskError(
            f"the mask is {mask_width} x {mask_height} and the picture {width} x {height}; a mask of the same size, or "
            "of the same aspect, fits"
        )
    return looked


def save_inputs(files: Mapping[str, bytes], looked: Mapping[str, Input], folder: Path) -> dict[str, str]:
    """Write the files into `folder`; their names there.

    Raises:
        RunError: they cannot be written.
    """
    saved = {what: what + looked[what].ending for what in files}
    try:
        folder.mkdir(parents=True)
        for what, data in files.items():
            with atomic_path(folder / saved[what]) as temporary:
                temporary.write_bytes(data)
    except OSError as error:
        raise RunError(f"the files cannot be kept: {error.strerror or error}") from error
    return saved


def safe_stem(name: str) -> str:
    """What a result is called after: the user's name for the picture, without folders, ending and odd characters."""
    stem = PurePosixPath(name.replace("\\", "/")).stem
    clean = re.sub(r"[^\w .()+,=@-]", "_", stem).strip(" .")[:_LONGEST_NAME].strip(" .")
    return clean or "picture"


def _look(what: str, data: bytes, name: str, limits: Limits) -> Input:
    from selfmend.image.files import open_picture

    called = f"the {what}" + (f" ({safe_stem(name)}{PurePosixPath(name).suffix[:8]})" if name else "")
    if not data:
        raise NotAPicture(f"{called} is empty (0 bytes); send a whole copy of the file")
    formats = (*set(ENDINGS.values()), "MPO")  # not all that PIL reads: it starts programs for some
    try:
        picture = open_picture(data, name=called, max_pixels=limits.max_pixels, formats=formats)
        size = shown_size(picture)
    except TooManyPixelsError as error:
        raise TooLarge(str(error)) from error
    except ImageError as error:
        raise NotAPicture(f"{error}; PNG, JPEG, WebP, TIFF, BMP, GIF and the like fit") from error
    except Exception as error:  # what a damaged directory raises depends on the format
        raise NotAPicture(f"{called} is damaged; send a whole copy of the file") from error
    kind = "JPEG" if picture.format == "MPO" else picture.format
    own = PurePosixPath(name).suffix.lower()
    ending = own if ENDINGS.get(own) == kind else next(end for end, other in ENDINGS.items() if other == kind)
    return Input(ending=ending, size=size, transparent=picture.has_transparency_data)
