"""Picture files in and out: whole or not at all, upright, with their profile; errors say what is wrong with a file."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, ImageOps, JpegImagePlugin, UnidentifiedImageError
from PIL import Image as PILImage

from selfmend.core.checks import ImageError, SelfmendWarning, nearest_name
from selfmend.core.files import atomic_path, check_writable
from selfmend.image.picture import Picture, to_picture

MAX_PIXELS = 179_000_000  # a 16 000 x 11 000 scan; more is refused before it is decoded, as a decompression bomb
_SIXTEEN_BIT_COLOUR = (".png", ".tif", ".tiff")


def read_picture(source: Any) -> Picture:
    """Read a picture from a path, or adapt a PIL image, array or tensor (see `to_picture`).

    Files are turned upright (EXIF orientation). 16-bit colour files, which PIL has no mode for, become uint16 arrays.

    Raises:
        ImageError: no such file, not a picture, truncated, too large, or a kind that does not fit.
    """
    if isinstance(source, str | Path):
        return to_picture(_read_file(Path(source)))
    if isinstance(source, PILImage.Image):
        source = ImageOps.exif_transpose(source) if source.getexif().get(ExifTags.Base.Orientation, 1) != 1 else source
    return to_picture(source)


def _read_file(path: Path) -> Any:
    if not path.exists():
        raise ImageError(f"no such file: {path}")
    if path.is_dir():
        raise ImageError(f"{path} is a folder; a picture file fits")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(f"cannot read {path}: {error.strerror}") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PILImage.DecompressionBombWarning)  # our own limit follows
            picture = PILImage.open(io.BytesIO(data))
    except (UnidentifiedImageError, PILImage.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        deep = _decode_sixteen_bit(data)
        if deep is not None:
            return deep
        raise ImageError(
            f"{path} is not a picture that can be read ({error})".replace("<_io.BytesIO", "<data")
        ) from error
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise ImageError(f"{path} has {width} x {height} pixels; at most {MAX_PIXELS / 1e6:.0f} million fit")
    if _is_sixteen_bit_colour(data, picture):
        deep = _decode_sixteen_bit(data)
        if deep is not None:
            return deep
    try:
        picture.load()
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise ImageError(f"{path} is damaged or truncated ({error}); get a whole copy of the file") from error
    if getattr(picture, "n_frames", 1) > 1:
        message = f"{path} has {picture.n_frames} frames; the first is used"  # type: ignore[attr-defined]
        warnings.warn(message, SelfmendWarning, stacklevel=3)
    return _upright(picture)


def _upright(picture: PILImage.Image) -> PILImage.Image:
    """The picture turned as a viewer shows it, with what a JPEG needs to be written again with the same tables."""
    tables = getattr(picture, "quantization", None)
    sampling = JpegImagePlugin.get_sampling(picture) if tables else -1
    turned = ImageOps.exif_transpose(picture)
    if turned is picture:
        turned = picture.copy()
    if tables:
        turned.info["jpeg_tables"] = tables
        if turned.size == picture.size and sampling >= 0:
            turned.info["jpeg_sampling"] = sampling
    return turned


def _is_sixteen_bit_colour(data: bytes, picture: PILImage.Image) -> bool:
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return data[24] == 16 and data[25] in (2, 4, 6)  # IHDR: bit depth, colour type
    bits = getattr(picture, "tag_v2", {}).get(258, ())
    return len(bits) >= 3 and max(bits) == 16 if isinstance(bits, tuple) else False


def _decode_sixteen_bit(data: bytes) -> np.ndarray | None:
    """uint16 (H, W, 3 or 4), RGB(A), or None where this is not such a file."""
    import cv2

    array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if array is None or array.dtype != np.uint16 or array.ndim != 3:
        return None
    return cv2.cvtColor(array, cv2.COLOR_BGRA2RGBA if array.shape[2] == 4 else cv2.COLOR_BGR2RGB)


def check_output(path: str | Path, *, overwrite: bool = False, inputs: tuple[str | Path, ...] = ()) -> Path:
    """Find out before the work whether a picture can be written to `path`.

    Raises:
        ImageError: no known picture extension, a folder that cannot be written, or a file that would be overwritten
            (an input is never overwritten unless `overwrite`).
    """
    path = Path(path)
    extensions = PILImage.registered_extensions()
    writable = {e for e, kind in extensions.items() if kind in PILImage.SAVE}
    if path.suffix.lower() not in writable:
        common = {".png", ".jpg", ".webp", ".tif", ".bmp"}
        raise ImageError(f"cannot tell the format of {path.name!r} by its ending; {nearest_name(path.suffix, common)}")
    if any(path.exists() and Path(i).exists() and path.samefile(i) for i in inputs) and not overwrite:
        raise ImageError(f"{path} is an input and would be overwritten; choose another -o, or say --overwrite")
    try:
        check_writable(path.parent)
    except OSError as error:
        raise ImageError(f"cannot write into {path.parent}: {error.strerror or error}") from error
    return path


def save_picture(picture: Any, path: str | Path) -> None:
    """Write a PIL image or array to `path`, whole or not at all, with its ICC profile, EXIF and resolution.

    A JPEG that came from a JPEG is written with the tables that it came with, so that its known pixels stay as near as
    JPEG allows; PNG, TIFF and WebP (lossless) keep them to the bit.

    Raises:
        ImageError: the format cannot hold the picture's mode, or the file cannot be written.
    """
    path = Path(path)
    try:
        with atomic_path(path) as temporary:
            if isinstance(picture, np.ndarray) and picture.dtype == np.uint16 and picture.ndim == 3:
                _save_sixteen_bit(picture, path, temporary)
                return
            if isinstance(picture, np.ndarray):
                picture = PILImage.fromarray(picture)
            kind = PILImage.registered_extensions()[path.suffix.lower()]
            _prepared(picture, kind).save(temporary, format=kind, **_save_options(picture, kind))
    except OSError as error:
        raise ImageError(f"cannot write {path}: {error.strerror or error}") from error
    except KeyError as error:
        raise ImageError(f"cannot write {path}: unknown picture format {path.suffix!r}") from error


def _prepared(picture: PILImage.Image, kind: str) -> PILImage.Image:
    """JPEG has no alpha and no palette: what it cannot hold is laid on white, and said."""
    if kind != "JPEG" or picture.mode in ("L", "RGB", "CMYK"):
        return picture
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        warnings.warn("JPEG has no transparency: laid on white; write a PNG to keep it", SelfmendWarning, stacklevel=4)
        over = picture.convert("RGBA")
        white = PILImage.new("RGBA", over.size, "white")
        flat = PILImage.alpha_composite(white, over).convert("RGB")
        flat.info = {k: v for k, v in picture.info.items() if k != "transparency"}
        return flat
    if picture.mode.startswith("I"):  # PIL's own conversion clips 16 bits at 255 instead of scaling them
        return PILImage.fromarray(np.rint(np.asarray(picture) / 257).clip(0, 255).astype(np.uint8))
    return picture.convert("L" if picture.mode == "1" else "RGB")


def _save_options(picture: PILImage.Image, kind: str) -> dict[str, Any]:
    info = picture.info
    options: dict[str, Any] = {k: info[k] for k in ("icc_profile", "dpi") if info.get(k)}
    exif = picture.getexif()
    if len(exif):
        options["exif"] = exif.tobytes()
    if kind == "JPEG":
        options |= {"quality": 95, "subsampling": info.get("jpeg_sampling", 0)}
        if "jpeg_tables" in info:
            del options["quality"]
            options["qtables"] = info["jpeg_tables"]
    if kind == "WEBP":
        options |= {"lossless": True}
    if kind == "TIFF":
        options |= {"compression": "tiff_deflate"}
    return options


def _save_sixteen_bit(array: np.ndarray, path: Path, temporary: Path) -> None:
    import cv2

    if path.suffix.lower() not in _SIXTEEN_BIT_COLOUR:
        raise ImageError(f"{path.suffix} cannot hold 16-bit colour; write a .png or .tif")
    swapped = cv2.cvtColor(array, cv2.COLOR_RGBA2BGRA if array.shape[2] == 4 else cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(path.suffix.lower(), swapped)
    if not done:
        raise ImageError(f"cannot encode {path}")
    temporary.write_bytes(data.tobytes())
