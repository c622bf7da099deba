"""What each file format can hold, how a picture is brought into a form that one holds, and 16-bit colour.

Nothing is lost unsaid. 16-bit colour, for which PIL has no mode, is read by OpenCV and written here with profile, EXIF
and resolution; its pixels are uint16 (H, W, C): C is 2 grey and alpha, 3 RGB, 4 RGBA.
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, ImageCms, PngImagePlugin, TiffImagePlugin, features
from PIL import Image as PILImage

from selfmend.errors import SelfmendWarning
from selfmend.image import heic, jpeg2000, png
from selfmend.image.exif import block_of, patched

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
    ".pbm": "PPM",
    ".pnm": "PPM",
    ".pam": "PPM",
    ".jp2": "JPEG2000",
    **dict.fromkeys(jpeg2000.ENDINGS, "JPEG2000"),
    **({".avif": "AVIF"} if features.check("avif") else {}),
    **(dict.fromkeys(heic.ENDINGS, heic.KIND) if heic.is_available() else {}),
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
    "PPM": ("1", "L", "RGB", "I;16", "I"),
    "JPEG2000": ("L", "LA", "RGB", "RGBA", "I;16"),
    "AVIF": ("L", "RGB", "RGBA"),
    heic.KIND: ("L", "RGB", "RGBA"),
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
    "icc_profile": ("PNG", "JPEG", "WEBP", "TIFF", "AVIF", heic.KIND),
    "exif": ("PNG", "JPEG", "WEBP", "TIFF", "AVIF", heic.KIND),
    "dpi": ("PNG", "JPEG", "TIFF", "BMP"),
    "xmp": ("PNG", "JPEG", "WEBP", "TIFF", "AVIF", heic.KIND),
    "comment": ("JPEG", "GIF", "JPEG2000"),
}
_NAMES = {"exif": "EXIF", "xmp": "XMP", "comment": "the comment", "photoshop": "IPTC"}
_XMP_TAG = 700
_PNG_TEXTS = "XML:com.adobe.xmp"


def convert_for(picture: PILImage.Image, kind: str) -> PILImage.Image:
    """The picture in a mode that the format `kind` holds, as it is stored; a warning says what is lost by that."""
    converted = _in_srgb(_convert_mode(picture, kind), kind)
    orientation = converted.info.get("jpeg_orientation", 1)
    if kind != "JPEG" or orientation not in _STORED:
        return converted
    stored = _with_info(converted.transpose(_STORED[orientation]), converted)
    exif = _exif_bytes(converted)
    if exif:
        stored.info["exif"] = patched(exif, orientation=orientation, size=stored.size[::-1])
    else:
        alone = PILImage.Exif()
        alone[ExifTags.Base.Orientation] = orientation
        stored.info["exif"] = alone.tobytes()
    return stored


def _exif_bytes(picture: Any) -> bytes | None:
    """EXIF as bytes that came as bytes, or what PIL makes of tags that were set by hand."""
    raw = picture.info.get("exif")
    if isinstance(raw, bytes):
        return raw
    if isinstance(picture, np.ndarray):
        return None
    exif = picture.getexif()
    return exif.tobytes() if len(exif) else None


def _in_srgb(picture: PILImage.Image, kind: str) -> PILImage.Image:
    """For a format without colour profiles: the colours as sRGB, which is what it is taken for."""
    profile = picture.info.get("icc_profile")
    if not profile or kind in _TAKES["icc_profile"]:
        return picture
    try:
        source, target = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        converted = _by_profile(picture, source, target)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        converted = None
    if converted is None:
        _warn(f"{kind} holds no colour profile, and the picture's cannot be used: dropped; write a .png to keep it")
    elif converted.tobytes() != picture.tobytes() or converted.getpalette() != picture.getpalette():
        _warn(f"{kind} holds no colour profile: converted to sRGB; write a .png to keep it")
    made = converted or picture.copy()
    made.info = {k: v for k, v in picture.info.items() if k != "icc_profile"}
    return made


def _by_profile(picture: PILImage.Image, source: Any, target: Any) -> PILImage.Image | None:
    if picture.mode == "P":
        made = plain_palette(picture)
        colours = PILImage.frombytes(
            "RGB", (len(picture.getpalette("RGB") or []) // 3, 1), bytes(picture.getpalette("RGB") or [])
        )
        shown = ImageCms.profileToProfile(colours, source, target, outputMode="RGB")
        assert shown is not None
        made.putpalette(shown.tobytes())
        return made
    alpha = picture.getchannel("A") if picture.mode in ("LA", "RGBA") else None
    mode = {"LA": "L", "RGBA": "RGB"}.get(picture.mode, picture.mode)
    if mode not in ("L", "RGB"):
        return None
    space = source.profile.xcolor_space.strip()  # grey pictures often have the profile of their RGB neighbours
    given = picture.convert("RGB" if space == "RGB" else mode)
    shown = ImageCms.profileToProfile(given, source, target, outputMode="RGB")
    assert shown is not None
    made = shown.convert(mode)
    if alpha is not None:
        made.putalpha(alpha)
    return made


def plain_palette(picture: PILImage.Image) -> PILImage.Image:
    """A palette picture with a palette of RGB alone: PIL's GIF writer takes one with alpha wrong."""
    made = PILImage.frombytes("P", picture.size, picture.tobytes())
    made.putpalette(bytes(picture.copy().getpalette("RGB") or []))
    made.info = dict(picture.info)
    return made


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


def save_options(picture: Any, kind: str) -> dict[str, Any]:
    """What PIL is told when it writes `picture`, in a mode of that format or in 16 bits, as `kind`."""
    info = picture.info
    options: dict[str, Any] = {k: info[k] for k in ("icc_profile", "dpi") if info.get(k) and kind in _TAKES[k]}
    options |= _metadata_options(picture, kind)
    if kind == "JPEG":
        options |= {"subsampling": info.get("jpeg_sampling", 0), "progressive": bool(info.get("progressive"))}
        tables = info.get("jpeg_tables")
        options |= {"qtables": tables} if tables else {"quality": 95}
    if kind == "PNG":
        options["compress_level"] = 4  # a third of the time of the usual 6, files larger by a twentieth
    if kind == "GIF":
        options |= {"optimize": False} if picture.mode == "P" else {}
    if kind == "WEBP":
        options |= {"lossless": True, "exact": True}  # exact: colours under full transparency are pixels too
    if kind == "TIFF":
        # libtiff, which compresses, cannot write the directories of a camera's data; PIL alone can
        options |= {} if _has_directories(options.get("exif")) else {"compression": "tiff_deflate"}
    if kind == heic.KIND:
        options = heic.save_options(info | ({"exif": options["exif"]} if "exif" in options else {}))
    if kind == "AVIF":
        options |= {"quality": 100, "subsampling": "4:4:4"}
    return options


def _metadata_options(picture: Any, kind: str) -> dict[str, Any]:
    """EXIF, XMP and comment, as the bytes that came wherever the format takes bytes."""
    info, exif = picture.info, _exif_bytes(picture)
    options: dict[str, Any] = {}
    xmp = info.get("xmp")
    if kind == "TIFF":
        directory = _tags(exif) if exif else PILImage.Exif()
        if directory is not None and isinstance(xmp, bytes):
            directory[_XMP_TAG] = xmp
        if directory is not None and len(directory):
            options["exif"] = directory.tobytes()
    elif exif and kind == "AVIF" and not block_of(exif).startswith((b"II*\0", b"MM\0*")):
        _warn("the picture's EXIF cannot be read and is not taken over into the AVIF")
    elif exif and kind in _TAKES["exif"]:
        options["exif"] = exif
    if isinstance(xmp, bytes) and kind == "PNG":
        options["pnginfo"] = texts = PngImagePlugin.PngInfo()
        texts.add_itxt(_PNG_TEXTS, xmp.decode("utf-8", "replace"))
    elif isinstance(xmp, bytes) and kind in ("JPEG", "WEBP", "AVIF"):
        options["xmp"] = xmp
    if info.get("comment") and kind in _TAKES["comment"]:
        options["comment"] = info["comment"]
    return options


def _has_directories(exif: bytes | None) -> bool:
    if not exif:
        return False
    tags = PILImage.Exif()
    tags.load(exif)
    return any(one in tags for one in _DIRECTORIES)


def _tags(exif: bytes) -> PILImage.Exif | None:
    """EXIF as tags of a TIFF: those that describe the picture; nothing, with a warning, where it cannot be read."""
    tags = PILImage.Exif()
    try:
        tags.load(exif)
        return describing(tags) or PILImage.Exif()
    except Exception:  # PIL's reader of tags raises anything
        _warn("the picture's EXIF cannot be read and is not taken over into the TIFF")
        return None


def lost_in(picture: Any, kind: str) -> list[str]:
    """What `picture` says beside its pixels that a newly written file of this kind does not hold."""
    info = getattr(picture, "info", {})
    lost = [name for key, name in _NAMES.items() if info.get(key) and kind not in _TAKES.get(key, ())]
    texts = [
        key for key, value in info.items() if isinstance(value, str) and isinstance(key, str) and key != _PNG_TEXTS
    ]
    known = ("compression", "mode", "blend", DEEP_MODE)
    return lost + (["texts"] if [key for key in texts if key not in known] else [])


@contextmanager
def quiet() -> Iterator[None]:
    """Without our own warnings: what is done again was warned of before."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SelfmendWarning)
        yield


def turned(array: np.ndarray, orientation: int) -> np.ndarray:
    """Stored rows and columns as the upright picture, by EXIF's orientation."""
    return _TURNS[orientation](array) if orientation in _TURNS else array


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
    """A 16-bit colour array for a format without 16-bit colour, or without that of CMYK or LAB."""
    info = getattr(array, "info", {})
    mode = info.get(DEEP_MODE)
    keeps = ".tif" if mode else ".png or .tif"
    _warn(
        f"{kind} holds 8 bits a channel{f' of {mode}' if mode else ''}: rounded from 16; write a {keeps} to keep them"
    )
    steps = (257, 256, 256) if mode == "LAB" else 257  # of a and b, 256 is one
    values = np.rint(np.asarray(array) / steps).clip(0, 255).astype(np.uint8)
    values = values ^ np.array([0, 128, 128], np.uint8) if mode == "LAB" else values  # signed in PIL
    picture = PILImage.frombytes(mode, values.shape[1::-1], values.tobytes()) if mode else PILImage.fromarray(values)
    picture.info.update({key: value for key, value in info.items() if key != DEEP_MODE})
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


DEEP_MODE = "selfmend_mode"
"""Key of a `SixteenBit`'s `info` under which "CMYK" or "LAB" stands where its channels are these."""


class SixteenBit(np.ndarray):
    """A uint16 array (H, W, C) that remembers what its file said beside the pixels, as PIL's `info` does."""

    info: dict[str, Any]

    def __array_finalize__(self, source: Any) -> None:
        self.info = dict(getattr(source, "info", {}))


def is_sixteen_bit_colour(data: bytes, picture: PILImage.Image) -> bool:
    """Whether a PNG, TIFF or JPEG 2000 file, opened by PIL, has 16 bits a channel and more than one channel."""
    if data.startswith(png.SIGNATURE):
        return data[24] == 16 and data[25] in (2, 4, 6)  # IHDR: bit depth, colour type
    if picture.format == "JPEG2000":
        return picture.mode == "RGB" and jpeg2000.bits_of(data) == 16
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

    if picture.format == "JPEG2000":
        return _jpeg2000(data, picture)
    tags = getattr(picture, "tag_v2", None)
    if tags is not None and tags.get(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION) != 2:  # not RGB
        return None
    if tags is not None and (tags.get(284, 1) != 1 or len(tags.get(TiffImagePlugin.BITSPERSAMPLE, ())) != 3):
        return None  # planes, or channels of which OpenCV does not know what they are
    if tags is None:  # without what OpenCV's reader complains about on the terminal
        data = png.only_pixels(png.chunks_of(data))
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
    return result


def _jpeg2000(data: bytes, picture: PILImage.Image) -> SixteenBit | None:
    """In colour, where PIL shows the same in 8 bits: what is no RGB is not taken for it."""
    import cv2

    plain = jpeg2000.only_pixels(data)
    try:
        array = None if plain is None else cv2.imdecode(np.frombuffer(plain, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    shown = np.asarray(picture)
    if array is None or array.dtype != np.uint16 or array.shape != shown.shape:
        return None
    array = cv2.cvtColor(array, cv2.COLOR_BGR2RGB)
    if np.abs((array >> 8).astype(np.int16) - shown).max() > 1:
        return None
    result = np.ascontiguousarray(array).view(SixteenBit)
    result.info = {key: picture.info[key] for key in ("icc_profile", "dpi") if key in picture.info}
    return result


def encode_jpeg2000(array: np.ndarray) -> bytes:
    """A JPEG 2000 of 16 bits of RGB, (H, W, 3), without loss."""
    import cv2

    without_loss = [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000]
    done, made = cv2.imencode(".jp2", cv2.cvtColor(np.asarray(array), cv2.COLOR_RGB2BGR), without_loss)
    if not done:
        raise OSError("OpenCV cannot write it")
    return made.tobytes()


def write_png(array: np.ndarray, path: Path, options: dict[str, Any]) -> None:
    """A 16-bit PNG of 1 to 4 channels; `options` as PIL takes them: icc_profile, dpi, exif; cicp: what colours mean."""
    height, width, channels = array.shape
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, _PNG_COLOUR_TYPES[channels], 0, 0, 0))]
    if "icc_profile" in options:
        chunks.append((b"iCCP", b"ICC Profile\0\0" + zlib.compress(options["icc_profile"])))
    if "dpi" in options:
        chunks.append((b"pHYs", struct.pack(">IIB", *(int(d / 0.0254 + 0.5) for d in options["dpi"]), 1)))
    if "exif" in options:
        chunks.append((b"eXIf", options["exif"].removeprefix(b"Exif\0\0")))
    chunks += [(b"IDAT", png.packed(array, 16, filters=True)), (b"IEND", b"")]
    path.write_bytes(png.with_colours(png.joined(chunks), options.get("cicp")))


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
