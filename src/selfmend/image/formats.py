"""What the file formats can hold, and how a picture is brought into a form that one holds: nothing is lost unsaid."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
from PIL import ExifTags, ImageCms, features
from PIL import Image as PILImage

from selfmend.core.checks import SelfmendWarning

ENDINGS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".jfif": "JPEG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".dib": "BMP",
    ".gif": "GIF",
    ".tga": "TGA",
    ".ppm": "PPM",
    ".pgm": "PPM",
    ".jp2": "JPEG2000",
    **({".avif": "AVIF"} if features.check("avif") else {}),
}
"""File endings that can be written, and PIL's name of their format."""

_HELD = {  # the modes that each format gives back as they were
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I;16L", "I;16B", "I"),
    "JPEG": ("L", "RGB", "CMYK"),
    "WEBP": ("RGB", "RGBA"),
    "TIFF": ("1", "L", "LA", "P", "RGB", "RGBX", "RGBA", "CMYK", "YCbCr", "LAB", "I;16", "I;16L", "I;16B", "I"),
    "BMP": ("1", "L", "P", "RGB"),
    "GIF": ("L", "P"),
    "TGA": ("L", "LA", "P", "RGB", "RGBA"),
    "PPM": ("L", "RGB"),
    "JPEG2000": ("L", "LA", "RGB", "RGBA"),
    "AVIF": ("RGB", "RGBA"),
}
_KEYED = ("PNG", "GIF")  # formats that keep a transparent palette entry or colour
_STORED = {  # EXIF orientation: what turns the upright picture into the one that was stored
    2: PILImage.Transpose.FLIP_LEFT_RIGHT,
    3: PILImage.Transpose.ROTATE_180,
    4: PILImage.Transpose.FLIP_TOP_BOTTOM,
    5: PILImage.Transpose.TRANSPOSE,
    6: PILImage.Transpose.ROTATE_90,
    7: PILImage.Transpose.TRANSVERSE,
    8: PILImage.Transpose.ROTATE_270,
}
_TEXTS = (270, 271, 272, 305, 306, 315, 33432)  # TIFF tags that describe the picture and not its storage
_DIRECTORIES = (ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo)
_TAKES = {  # what is said beside the pixels
    "icc_profile": ("PNG", "JPEG", "WEBP", "TIFF", "AVIF"),
    "exif": ("PNG", "JPEG", "WEBP", "TIFF", "AVIF"),
    "dpi": ("PNG", "JPEG", "TIFF", "BMP"),
}


def convert_for(picture: PILImage.Image, kind: str) -> PILImage.Image:
    """The picture in a mode that the format `kind` holds, as it is stored; a warning says what is lost by that."""
    converted = _convert_mode(picture, kind)
    orientation = converted.info.get("jpeg_orientation", 1)
    if kind != "JPEG" or orientation not in _STORED:
        return converted
    stored = _with_info(converted.transpose(_STORED[orientation]), converted)
    exif = converted.getexif()
    exif[ExifTags.Base.Orientation] = orientation
    stored.info["exif"] = exif.tobytes()
    return stored


def _convert_mode(picture: PILImage.Image, kind: str) -> PILImage.Image:
    held = _HELD[kind]
    keyed = "transparency" in picture.info or (picture.mode == "P" and picture.has_transparency_data)
    if picture.mode in held and (kind in _KEYED or not keyed):
        return picture
    if picture.mode == "CMYK":
        _warn(f"{kind} holds no CMYK: converted to RGB; write a .tif or .jpg to keep it")
        picture = _to_rgb(picture)
    elif picture.mode.startswith("I"):
        _warn(f"{kind} holds 8 bits a channel: rounded from 16; write a .png or .tif to keep them")
        deep = np.asarray(picture).astype(np.float32)
        picture = _with_info(PILImage.fromarray(np.rint(deep / 257).clip(0, 255).astype(np.uint8)), picture)
    elif keyed or picture.mode in ("LA", "La", "PA", "RGBa", "RGBA"):
        straight = {"La": "LA", "L": "LA"}.get(picture.mode, picture.mode if picture.mode == "LA" else "RGBA")
        picture = _with_info(picture.convert(straight), picture)
        if not {"LA", "RGBA"} & set(held):
            picture = _lay_on_white(picture, kind)
    elif picture.mode not in ("1", "L", "P"):
        picture = _with_info(picture.convert("RGB"), picture)
    if picture.mode in held:
        return picture
    if kind == "GIF":
        return _to_palette(picture)
    target = "L" if picture.mode == "1" and "L" in held else "RGBA" if picture.mode in ("LA", "RGBA") else "RGB"
    return _with_info(picture.convert(target), picture)


def save_options(picture: PILImage.Image, kind: str) -> dict[str, Any]:
    """What PIL is told when it writes `picture`, in a mode of that format, as `kind`."""
    info = picture.info
    options: dict[str, Any] = {k: info[k] for k in ("icc_profile", "dpi") if info.get(k) and kind in _TAKES[k]}
    exif = describing(picture.getexif()) if kind == "TIFF" else picture.getexif()
    if exif is not None and len(exif) and kind in _TAKES["exif"]:
        options["exif"] = exif.tobytes()
    if kind == "JPEG":
        options |= {"subsampling": info.get("jpeg_sampling", 0), "progressive": bool(info.get("progressive"))}
        tables = info.get("jpeg_tables")
        options |= {"qtables": tables} if tables else {"quality": 95}
    if kind == "WEBP":
        options |= {"lossless": True, "exact": True}  # exact: colours under full transparency are pixels too
    if kind == "TIFF":
        # libtiff, which compresses, cannot write the directories of a camera's data; PIL alone can
        nested = exif is not None and any(directory in exif for directory in _DIRECTORIES)
        options |= {} if nested else {"compression": "tiff_deflate"}
    if kind == "AVIF":
        options |= {"quality": 100, "subsampling": "4:4:4"}
    return options


def describing(exif: PILImage.Exif) -> PILImage.Exif | None:
    """A TIFF's texts and camera data alone, if it has any; its other tags say how it was stored."""
    kept = PILImage.Exif()
    for tag in _TEXTS:
        if tag in exif:
            kept[tag] = exif[tag]
    for directory in _DIRECTORIES:
        nested = exif.get_ifd(directory)
        if nested:
            kept.get_ifd(directory).update(nested)
            kept[directory] = dict(nested)
    return kept if len(kept) else None


def to_eight_bit(array: np.ndarray, kind: str) -> PILImage.Image:
    """A 16-bit colour array for a format without 16-bit colour."""
    _warn(f"{kind} holds 8 bits a channel: rounded from 16; write a .png or .tif to keep them")
    picture = PILImage.fromarray(np.rint(np.asarray(array) / 257).astype(np.uint8))
    picture.info.update(getattr(array, "info", {}))
    return picture


def _warn(message: str) -> None:
    warnings.warn(message, SelfmendWarning, stacklevel=5)


def _with_info(picture: PILImage.Image, source: PILImage.Image) -> PILImage.Image:
    picture.info = {k: v for k, v in source.info.items() if k != "transparency"}
    return picture


def _to_rgb(picture: PILImage.Image) -> PILImage.Image:
    """CMYK by its profile if it has a usable one; the profile itself fits RGB no more and is dropped."""
    profile = picture.info.get("icc_profile")
    converted = None
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(picture, source, target, outputMode="RGB")
        except (ImageCms.PyCMSError, OSError):
            converted = None
    rgb = converted or picture.convert("RGB")
    rgb.info = {k: v for k, v in picture.info.items() if k not in ("icc_profile", "jpeg_tables", "jpeg_sampling")}
    return rgb


def _lay_on_white(picture: PILImage.Image, kind: str) -> PILImage.Image:
    if kind == "GIF":  # it has one transparent entry: `_to_palette` uses it
        return picture
    _warn(f"{kind} has no transparency: laid on white; write a .png to keep it")
    over = picture.convert("RGBA")
    flat = PILImage.alpha_composite(PILImage.new("RGBA", over.size, "white"), over).convert("RGB")
    return _with_info(flat.convert("L") if picture.mode == "LA" else flat, picture)


def _to_palette(picture: PILImage.Image) -> PILImage.Image:
    if picture.mode == "1":
        return picture.convert("L")
    _warn("GIF holds 256 colours: all pixels take the nearest one; write a .png to keep them")
    rgb = picture.convert("RGB").quantize(255 if "A" in picture.mode else 256)
    if "A" in picture.mode:
        clear = np.asarray(picture.getchannel("A")) < 128
        indices = np.array(rgb)
        indices[clear] = 255
        rgb.frombytes(indices.tobytes())
        rgb.info["transparency"] = 255
    return rgb
