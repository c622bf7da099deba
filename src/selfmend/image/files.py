"""Picture files in and out: whole or not at all, upright, with their profile; and the files of a folder."""

from __future__ import annotations

import io
import os
import re
import warnings
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import ExifTags, ImageOps, JpegImagePlugin
from PIL import Image as PILImage

from selfmend.errors import ImageError, SelfmendWarning, TooManyPixelsError
from selfmend.files import atomic_path, exists
from selfmend.image import formats as sixteen_bit
from selfmend.image.formats import ENDINGS, convert_for, describing, save_options, to_eight_bit
from selfmend.image.picture import Picture, to_picture

if TYPE_CHECKING:
    from selfmend.types import Size


MAX_PIXELS = 179_000_000  # a 16 000 x 11 000 scan; more is refused before it is decoded, as a decompression bomb
MAX_BYTES = 2**31


def read_picture(source: Any) -> Picture:
    """Read a picture from a path, or adapt a PIL image, array or tensor (see `to_picture`).

    Files are turned upright (EXIF orientation). 16-bit colour files, which PIL has no mode for, become uint16 arrays.

    Raises:
        ImageError: no such file, not a picture, truncated, too large, or a kind that does not fit.
    """
    if isinstance(source, str | Path):
        return to_picture(_read_file(Path(source)))
    if isinstance(source, PILImage.Image):
        try:
            source.load()
        except Exception as error:  # an opened file is decoded here, and decoders raise anything
            raise ImageError(f"the picture is damaged or truncated ({_line(error)})") from error
        source = ImageOps.exif_transpose(source) if source.getexif().get(ExifTags.Base.Orientation, 1) != 1 else source
    return to_picture(source)


def _read_file(path: Path) -> Any:
    data = _read_bytes(path)
    picture = open_picture(data, name=str(path))
    frames = getattr(picture, "n_frames", 1)
    if frames > 1 and picture.format != "MPO":  # MPO: a phone's JPEG with a thumbnail or depth map behind it
        what = "pages" if picture.format == "TIFF" else "frames"
        warnings.warn(f"{path} has {frames} {what}; the first is used", SelfmendWarning, stacklevel=4)
    deep = sixteen_bit.is_sixteen_bit_colour(data, picture)
    try:
        orientation = picture.getexif().get(ExifTags.Base.Orientation, 1)  # loading a TIFF turns it and drops this
        picture.load()  # 16-bit files too: a truncated one must not pass for a whole one
        sixteen = sixteen_bit.decode(data, picture, orientation) if deep else None
        upright = _upright(picture) if sixteen is None else sixteen
    except Exception as error:  # decoders raise anything
        raise ImageError(f"{path} is damaged or truncated ({_line(error)}); get a whole copy of the file") from error
    if deep and sixteen is None:
        message = f"{path} has 16 bits a channel in a layout that is read as 8 bits only"
        warnings.warn(message, SelfmendWarning, stacklevel=4)
    return upright


def open_picture(
    data: bytes, *, name: str, max_pixels: int = MAX_PIXELS, formats: tuple[str, ...] | None = None
) -> PILImage.Image:
    """A picture file of which only the head has been read: what it claims to be is checked before it is decoded.

    Args:
        data: the whole file.
        name: what an error calls it.
        max_pixels: it may have.
        formats: PIL's names of those that are read; None is all.

    Raises:
        ImageError: not a picture.
        TooManyPixelsError: more than `max_pixels`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PILImage.DecompressionBombWarning)  # our own limit follows
            picture = PILImage.open(io.BytesIO(data), formats=formats)
    except PILImage.DecompressionBombError as error:
        count = re.search(r"\d+", str(error))
        many = f"{int(count[0]) / 1e6:.0f} million pixels" if count else "too many pixels"
        raise TooManyPixelsError(f"{name} claims {many}; at most {max_pixels / 1e6:.3g} million fit") from error
    except Exception as error:  # what a damaged header raises depends on the format: OSError, SyntaxError, struct.error
        why = "it is text" if _is_text(data) else "unknown format, or damaged"
        raise ImageError(f"{name} is not a picture that can be read ({why})") from error
    width, height = picture.size
    if width * height > max_pixels:
        raise TooManyPixelsError(f"{name} has {width} x {height} pixels; at most {max_pixels / 1e6:.3g} million fit")
    return picture


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


def _is_text(data: bytes) -> bool:
    head = data[:1024]
    return all(byte >= 32 or byte in b"\t\r\n" for byte in head)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _upright(picture: PILImage.Image) -> PILImage.Image:
    """The picture turned as a viewer shows it, with what a JPEG needs to be written again with the same tables."""
    tables = getattr(picture, "quantization", None)
    sampling = JpegImagePlugin.get_sampling(picture) if tables else -1
    orientation = picture.getexif().get(ExifTags.Base.Orientation, 1)
    described = describing(picture.getexif()) if picture.format == "TIFF" else None
    turned = ImageOps.exif_transpose(picture)
    if turned is picture:
        turned = picture.copy()
    if described:  # PIL has a TIFF's tags in the file object only
        turned.info["exif"] = described.tobytes()
    if tables:
        turned.info |= {"jpeg_tables": tables, "jpeg_orientation": orientation}
        turned.info |= {"jpeg_sampling": sampling} if sampling >= 0 else {}
    return turned


def save_picture(picture: Any, path: str | Path) -> None:
    """Write a PIL image or array to `path`, whole or not at all, with its ICC profile, EXIF and resolution.

    A JPEG that came from a JPEG is written with its tables, and stored on the side on which it was stored, with the
    orientation in its EXIF: so its blocks fall where they fell, and nearly all known pixels keep their values. PNG,
    TIFF and WebP (lossless) keep them to the bit. What the format cannot hold is converted, with a warning.

    Raises:
        ImageError: the file cannot be written; a previous one stays.
    """
    path = Path(path)
    kind = ENDINGS.get(path.suffix.lower())
    if kind is None:
        raise ImageError(f"cannot write {path}: unknown picture format {path.suffix!r}")
    deep = isinstance(picture, np.ndarray) and picture.dtype == np.uint16 and picture.ndim == 3
    if deep and kind not in ("PNG", "TIFF"):
        picture, deep = to_eight_bit(picture, kind), False
    elif not deep:
        picture = PILImage.fromarray(picture) if isinstance(picture, np.ndarray) else picture
    try:
        with atomic_path(path) as temporary:
            if deep:
                write = sixteen_bit.write_png if kind == "PNG" else sixteen_bit.write_tiff
                write(picture, temporary, getattr(picture, "info", {}))
                return
            held = convert_for(picture, kind)
            held.save(temporary, format=kind, **save_options(held, kind))
    except (OSError, ValueError, RuntimeError) as error:  # the last: libtiff's
        why = getattr(error, "strerror", None) or _line(error)
        raise ImageError(f"cannot write {path}: {why}") from error


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
