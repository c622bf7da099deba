"""16-bit colour files, for which PIL has no mode: read by OpenCV, written here with profile, EXIF and resolution.

The pixels are uint16 (H, W, C): C is 2 grey and alpha, 3 RGB, 4 RGBA.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, TiffImagePlugin
from PIL import Image as PILImage

_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # number of channels: colour type of the PNG header
_TURNS = {  # EXIF orientation: how the stored rows and columns become the upright picture
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a[::-1].swapaxes(0, 1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a[:, ::-1].swapaxes(0, 1),
}


class SixteenBit(np.ndarray):
    """A uint16 array (H, W, C) that remembers what its file said beside the pixels, as PIL's `info` does."""

    info: dict[str, Any]

    def __array_finalize__(self, source: Any) -> None:
        self.info = dict(getattr(source, "info", {}))


def is_sixteen_bit_colour(data: bytes, picture: PILImage.Image) -> bool:
    """Whether a PNG or TIFF file, opened by PIL, has 16 bits a channel and more than one channel."""
    if data.startswith(_PNG):
        return data[24] == 16 and data[25] in (2, 4, 6)  # IHDR: bit depth, colour type
    bits = getattr(picture, "tag_v2", {}).get(TiffImagePlugin.BITSPERSAMPLE, ())
    return isinstance(bits, tuple) and len(bits) >= 2 and max(bits) == 16


def decode(data: bytes, picture: PILImage.Image, orientation: int = 1) -> SixteenBit | None:
    """The pixels of such a file, upright, or None where they cannot be had in 16 bits (CMYK, for one).

    Args:
        data: the file.
        picture: the same, loaded by PIL.
        orientation: EXIF's, 1 to 8.
    """
    import cv2

    tags = getattr(picture, "tag_v2", None)
    if tags is not None and tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) != 2:  # not RGB
        return None
    try:
        array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if array is None or array.dtype != np.uint16 or array.ndim != 3:
        return None
    array = cv2.cvtColor(array, cv2.COLOR_BGRA2RGBA if array.shape[2] == 4 else cv2.COLOR_BGR2RGB)
    if tags is None and data[25] == 4:  # a grey PNG with alpha
        array = array[..., [0, 3]]  # OpenCV spreads grey over three channels
    if orientation in _TURNS and tags is None:  # OpenCV has turned a TIFF
        array = _TURNS[orientation](array)
    result = np.ascontiguousarray(array).view(SixteenBit)
    result.info = {key: picture.info[key] for key in ("icc_profile", "dpi") if key in picture.info}
    exif = picture.getexif()
    exif.pop(ExifTags.Base.Orientation, None)
    if tags is None and len(exif):  # a TIFF's are the tags of its storage
        result.info["exif"] = exif.tobytes()
    return result


def write_png(array: np.ndarray, path: Path, options: dict[str, Any]) -> None:
    """A 16-bit PNG of 1 to 4 channels; `options` as PIL takes them: icc_profile, dpi, exif."""
    height, width, channels = array.shape
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, _PNG_COLOUR_TYPES[channels], 0, 0, 0))]
    if "icc_profile" in options:
        chunks.append((b"iCCP", b"ICC Profile\0\0" + zlib.compress(options["icc_profile"])))
    if "dpi" in options:
        chunks.append((b"pHYs", struct.pack(">IIB", *(int(d / 0.0254 + 0.5) for d in options["dpi"]), 1)))
    if "exif" in options:
        chunks.append((b"eXIf", options["exif"].removeprefix(b"Exif\0\0")))
    rows = np.ascontiguousarray(array.astype(">u2")).view(np.uint8).reshape(height, -1)
    filtered = np.empty((height, rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = 2  # "up": each byte less the byte above it, which compresses photos well and costs nothing
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    chunks += [(b"IDAT", zlib.compress(filtered.tobytes(), 6)), (b"IEND", b"")]
    with open(path, "wb") as file:
        file.write(_PNG)
        for name, body in chunks:
            file.write(struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)))


def write_tiff(array: np.ndarray, path: Path, options: dict[str, Any]) -> None:
    """A 16-bit RGB(A) TIFF in one deflated strip; `options` as PIL takes them: icc_profile, dpi."""
    if array.shape[2] == 2:  # PIL reads no TIFF of 16-bit grey and alpha, so none is written
        array = array[..., [0, 0, 0, 1]]
    height, width, channels = array.shape
    strip = zlib.compress(array.astype("<u2").tobytes(), 6)
    tags = TiffImagePlugin.ImageFileDirectory_v2(prefix=b"II")
    tags[TiffImagePlugin.IMAGEWIDTH] = width
    tags[TiffImagePlugin.IMAGELENGTH] = height
    tags[TiffImagePlugin.BITSPERSAMPLE] = (16,) * channels
    tags[TiffImagePlugin.COMPRESSION] = 8  # deflate
    tags[TiffImagePlugin.PHOTOMETRIC_INTERPRETATION] = 2  # RGB
    tags[TiffImagePlugin.SAMPLESPERPIXEL] = channels
    tags[TiffImagePlugin.ROWSPERSTRIP] = height
    tags[TiffImagePlugin.STRIPOFFSETS] = 0  # from the end of the directory
    tags[TiffImagePlugin.STRIPBYTECOUNTS] = len(strip)
    tags[TiffImagePlugin.PLANAR_CONFIGURATION] = 1
    if channels == 4:
        tags[TiffImagePlugin.EXTRASAMPLES] = 2  # straight alpha
    if "dpi" in options:
        tags[TiffImagePlugin.X_RESOLUTION], tags[TiffImagePlugin.Y_RESOLUTION] = options["dpi"]
        tags[TiffImagePlugin.RESOLUTION_UNIT] = 2  # inch
    if "icc_profile" in options:
        tags[TiffImagePlugin.ICCPROFILE] = options["icc_profile"]
    with open(path, "wb") as file:
        file.write(struct.pack("<2sHI", b"II", 42, 8) + tags.tobytes(8) + strip)
