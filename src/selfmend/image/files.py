"""Picture files in and out: whole or not at all, upright, with their profile; and the files of a folder."""

from __future__ import annotations

import os
import re
import unicodedata
import warnings
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import ExifTags
from PIL import Image as PILImage

from selfmend.errors import ImageError, SelfmendWarning
from selfmend.files import atomic_path, exists
from selfmend.image import avif, heic, jpeg2000
from selfmend.image import formats as sixteen_bit
from selfmend.image.decoding import decode, upright
from selfmend.image.formats import DEEP_MODE, ENDINGS, convert_for, lost_in, save_options, to_eight_bit
from selfmend.image.picture import Picture, to_picture
from selfmend.image.rewriting import (
    colours_of,
    encode,
    into_avif,
    into_jpeg2000,
    left_behind,
    left_out,
    lost_colours,
    rewritten,
    source_is,
    source_of,
    with_light,
)

if TYPE_CHECKING:
    from selfmend.types import Size


MAX_BYTES = 2**31
_TEN_OR_TWELVE = {avif.KIND: "AVIF", heic.KIND: "HEIC"}


def read_picture(source: Any) -> Picture:
    """Read a picture from a path, or adapt a PIL image, array or tensor (see `to_picture`); one that is read stays.

    Files are turned upright (EXIF orientation). 16-bit colour files, which PIL has no mode for, become uint16 arrays.

    Raises:
        ImageError: no such file, not a picture, truncated, too large, or a kind that does not fit.
    """
    if isinstance(source, Picture):
        return source
    if isinstance(source, str | Path):
        return to_picture(decode(_read_bytes(Path(source)), name=str(source)))
    if isinstance(source, PILImage.Image):
        try:
            source.load()
        except Exception as error:  # an opened file is decoded here, and decoders raise anything
            raise ImageError(f"the picture is damaged or truncated ({_line(error)})") from error
        source = upright(source)
    return to_picture(source)


def _read_bytes(path: Path) -> bytes:
    if not exists(path):
        raise ImageError(f"no such file: {path}")
    if path.is_dir():
        raise ImageError(f"{path} is a folder; a picture file fits")
    if not (path.is_file() or path.is_fifo()):
        raise ImageError(f"{path} is a device; a picture file fits")
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ImageError(f"{path} is larger than {MAX_BYTES / 2**30:.0f} GiB; a smaller file fits")
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise ImageError(f"cannot read {path}: {error.strerror}") from error
    if not data:
        raise ImageError(f"{path} is empty (0 bytes); get a whole copy of the file")
    return data


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def save_picture(picture: Any, path: str | Path) -> None:
    """Write a PIL image or array to `path`, whole or not at all, with its ICC profile, EXIF and resolution.

    A picture that came from a file of the same format is written into a copy of that file: all that the file says
    beside its pixels (metadata, other pages, unknown parts) stays byte for byte; `docs/files.md` has the table. PNG,
    TIFF, WebP, AVIF and HEIC (the last three without loss) keep known pixels to the bit. A JPEG is written with its
    tables, and stored on the side on which it was stored, so that its blocks fall where they fell. What a format cannot
    hold is converted, with a warning.

    Raises:
        ImageError: the file cannot be written; a previous one stays.
    """
    path = Path(path)
    kind = ENDINGS.get(path.suffix.lower())
    if kind is None:
        raise ImageError(f"cannot write {path}: unknown picture format {path.suffix!r}")
    kept = rewritten(picture, kind)
    if kept is not None:
        return _write(path, kept)
    lost = left_out(picture, kind)
    if not source_is(picture, kind):
        lost = lost_in(picture, kind) + left_behind(picture, kind) + lost_colours(picture, kind)
    if lost:
        _warn(f"{kind} is written without {', '.join(lost)}; the source's own format keeps it")
    deep = isinstance(picture, np.ndarray) and picture.dtype == np.uint16 and picture.ndim == 3
    info = getattr(picture, "info", {})
    held_deep = () if DEEP_MODE in info else ("PNG", "TIFF")  # 16 bits of CMYK and LAB are in no new file
    if deep and path.suffix.lower() == ".jp2" and source_is(picture, kind) and picture.shape[2] == 3:
        return _write(path, into_jpeg2000(sixteen_bit.encode_jpeg2000(picture), picture))
    is_grey = str(getattr(picture, "mode", "")).startswith("I")
    try:
        if (deep or is_grey) and DEEP_MODE not in info and kind in _TEN_OR_TWELVE and _writes_deep(kind):
            return _write(path, _ten_or_twelve(picture, kind))
        if deep and kind not in held_deep:
            picture, deep = to_eight_bit(picture, kind), False
        elif not deep:
            picture = PILImage.fromarray(picture) if isinstance(picture, np.ndarray) else picture
        if deep:
            with atomic_path(path) as temporary:
                if kind == "TIFF":
                    return sixteen_bit.write_tiff(picture, temporary, info)
                return sixteen_bit.write_png(picture, temporary, info | {"cicp": colours_of(picture)})
        held = convert_for(picture, kind)
        is_stream = {"no_jp2": True} if path.suffix.lower() in jpeg2000.ENDINGS else {}
        options = save_options(held, kind) | (heic.colour_options(colours_of(held)) if kind == heic.KIND else {})
        made = encode(held, kind, options | is_stream)
    except (OSError, ValueError, RuntimeError) as error:  # the last: libtiff's
        raise ImageError(f"cannot write {path}: {getattr(error, 'strerror', None) or _line(error)}") from error
    return _write(path, made)


def _writes_deep(kind: str) -> bool:
    return avif.is_exact() if kind == avif.KIND else heic.is_available()


def _ten_or_twelve(picture: Any, kind: str) -> bytes:
    """16 bits of colour or grey as a HEIC or AVIF of as many bits as the source has, if it is one of these, or 10."""
    info = getattr(picture, "info", {})
    bits = 12 if info.get("bit_depth") == 12 else 10
    pixels = np.asarray(picture).clip(0, 65535).astype(np.uint16)
    pixels = pixels[..., [0, 0, 0, 1]] if pixels.ndim == 3 and pixels.shape[2] == 2 else pixels  # grey and alpha
    if info.get("bit_depth", 16) > bits:
        said = f"{_TEN_OR_TWELVE[kind]} is written with {bits} bits a channel: rounded from 16"
        _warn(f"{said}; write a .png or .tif to keep them")
    if kind == avif.KIND:
        return into_avif(avif.encode(pixels, bits=bits, options=save_options(picture, kind)), picture)
    heic.register("the result")
    options = heic.save_options(info) | heic.colour_options(colours_of(picture))
    return with_light(heic.encode_deep(pixels, options, bits=bits), source_of(picture))


def _write(path: Path, data: bytes) -> None:
    try:
        with atomic_path(path) as temporary:
            temporary.write_bytes(data)
    except OSError as error:
        raise ImageError(f"cannot write {path}: {error.strerror or _line(error)}") from error


def _warn(message: str) -> None:
    warnings.warn(message, SelfmendWarning, stacklevel=3)


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


def stem_of(name: str | Path) -> str:
    """A file's name without its ending, to compare: names that macOS stores decomposed (NFD) are composed.

    Example:
        >>> stem_of("A\u0308.png") == stem_of("\u00c4.jpg")
        True
    """
    return unicodedata.normalize("NFC", os.path.splitext(name)[0])


def by_stem(folder: Path, files: list[Path]) -> dict[str, Path]:
    """The files of a folder by `stem_of` of their names.

    Raises:
        ImageError: two of one name.
    """
    named = {stem_of(file.name): file for file in files}
    if len(named) < len(files):
        twice = next(stem for stem, count in Counter(stem_of(f.name) for f in files).items() if count > 1)
        raise ImageError(f"{folder} has several pictures named {twice!r}; one of each name fits")
    return named


def picture_size(path: str | Path) -> Size | None:
    """(height, width) of a picture file as a viewer shows it, from its header; None where it is not a picture."""
    try:
        if Path(path).suffix.lower() in heic.ENDINGS:
            heic.register(str(path))
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
    return frozenset(ending for ending, kind in endings.items() if kind in PILImage.OPEN) | {*heic.ENDINGS}


def _refuse(error: OSError) -> None:
    raise ImageError(f"cannot read {error.filename}: {error.strerror}") from error
