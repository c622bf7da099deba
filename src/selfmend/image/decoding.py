"""Picture files decoded: upright, in all their bits, with the file itself kept for what it says beside its pixels.

PIL decodes what it has a mode for; 16-bit colour and TIFF layouts that it has none for are read by OpenCV and `tiff`.
What every viewer opens is opened, with a warning that names what is wrong with it.
"""

from __future__ import annotations

import io
import os
import re
import struct
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import ExifTags, JpegImagePlugin, PngImagePlugin
from PIL import Image as PILImage

from selfmend.errors import ImageError, SelfmendWarning, TooManyPixelsError
from selfmend.image import avif, bmp, heic, jpeg, jpeg2000, jpeg_blocks, png, pnm, tiff
from selfmend.image import exif as exif_block
from selfmend.image import formats as sixteen_bit
from selfmend.image.formats import DEEP_MODE, SixteenBit, describing

_DEFAULT_MAX_PIXELS = 179_000_000  # a 16 000 x 11 000 scan; what has more is refused before it is decoded, as a bomb


def _max_pixels() -> int:
    """What the environment says, or the default."""
    text = os.environ.get("SELFMEND_MAX_PIXELS", "")
    try:
        return max(1, int(float(text))) if text else _DEFAULT_MAX_PIXELS
    except (ValueError, OverflowError):
        _warn(f"SELFMEND_MAX_PIXELS is {text!r}, which is no number; {_DEFAULT_MAX_PIXELS} is taken")
        return _DEFAULT_MAX_PIXELS


SOURCE = "selfmend_source"
"""Key of a picture's `info` under which its `SourceFile` stands."""

_TURNS = {
    2: PILImage.Transpose.FLIP_LEFT_RIGHT, 3: PILImage.Transpose.ROTATE_180, 4: PILImage.Transpose.FLIP_TOP_BOTTOM,
    5: PILImage.Transpose.TRANSPOSE, 6: PILImage.Transpose.ROTATE_270, 7: PILImage.Transpose.TRANSVERSE,
    8: PILImage.Transpose.ROTATE_90,
}  # fmt: skip


@dataclass(frozen=True)
class SourceFile:
    """The file that a picture came from.

    Attributes:
        kind: PIL's name of its format.
        data: all of it.
        orientation: how its pixels lie in it, 1 to 8; the picture itself is upright.
    """

    kind: str
    data: bytes = field(repr=False)
    orientation: int = 1


def open_picture(
    data: bytes, *, name: str, max_pixels: int | None = None, formats: tuple[str, ...] | None = None
) -> PILImage.Image:
    """A picture file of which only the head has been read: what it claims to be is checked before it is decoded.

    Args:
        data: the whole file.
        name: what an error calls it.
        max_pixels: it may have; None takes SELFMEND_MAX_PIXELS, or 179 million.
        formats: PIL's names of those that are read; None is all.

    Raises:
        ImageError: not a picture.
        TooManyPixelsError: more than `max_pixels`.
        MissingExtraError: a HEIC, where what reads it is not installed.
    """
    if heic.is_heic(data):
        heic.register(name)
    elif formats is not None:
        formats = tuple(one for one in formats if one != heic.KIND)  # PIL may not know it yet
    limit = _max_pixels() if max_pixels is None else max_pixels
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PILImage.DecompressionBombWarning)  # our own limit follows
            picture = _opened(data, formats)
    except PILImage.DecompressionBombError as error:
        count = re.search(r"\d+", str(error))
        many = f"{int(count[0]) / 1e6:.0f} million pixels" if count else "too many pixels"
        raise TooManyPixelsError(_too_many(f"{name} claims {many}", limit)) from error
    except Exception as error:  # what a damaged header raises depends on the format: OSError, SyntaxError, struct.error
        why = "it is text" if _is_text(data) else _known_kind(data) or "unknown format, or damaged"
        raise ImageError(f"{name} is not a picture that can be read ({why})") from error
    check_pixels(picture.size[::-1], name, limit)
    return picture


def _known_kind(data: bytes) -> str | None:
    """What a file is that has a form which nothing here reads, and what fits instead."""
    if data[:3] in (b"PF\n", b"Pf\n"):
        return "floats, whose range is not known; integers of up to 16 bits fit, as in a .tif or .png"
    if data.startswith(b"\xff\xd8"):
        parts = jpeg.parts_of(data)
        bits = 8 if parts is None else jpeg.bits_of(parts.segments)
        return f"a JPEG of {bits} bits a channel; 8 bits fit, or a .tif or .png of 16" if bits != 8 else None
    page = tiff.first_page(data)
    return None if page is None else tiff.unread(page)


def _opened(data: bytes, formats: tuple[str, ...] | None) -> PILImage.Image:
    """PIL's opened file."""
    chunks = png.chunks_of(data) if data.startswith(png.SIGNATURE) else []
    kept = png.lean(chunks, limit=PngImagePlugin.MAX_TEXT_CHUNK)
    if len(kept) == len(chunks):
        return _opened_at_any_size(data, formats)
    picture = _opened_at_any_size(png.joined(kept), formats)
    profile = png.profile_of(chunks)
    picture.info.update({} if profile is None else {"icc_profile": profile})
    return picture


def _opened_at_any_size(data: bytes, formats: tuple[str, ...] | None) -> PILImage.Image:
    """`PIL.Image.open` without its limit of pixels, which is one for all threads of a process; ours follows."""
    try:
        return PILImage.open(io.BytesIO(data), formats=formats)
    except PILImage.DecompressionBombError:
        for name in PILImage.ID if formats is None else formats:
            factory, accept = PILImage.OPEN[name]
            if accept is None or accept(data[:16]) is True:
                try:
                    return factory(io.BytesIO(data), "")
                except (SyntaxError, IndexError, TypeError, struct.error):  # PIL's signs of another format
                    continue
        raise


def check_pixels(size: tuple[int, int], name: str, limit: int | None = None) -> None:
    """Refuse what has more pixels than may be decoded.

    Raises:
        TooManyPixelsError: it has.
    """
    limit = _max_pixels() if limit is None else limit
    if size[0] * size[1] > limit:
        raise TooManyPixelsError(_too_many(f"{name} has {size[1]} x {size[0]} pixels", limit))


def _too_many(what: str, limit: int) -> str:
    return f"{what}; at most {limit / 1e6:.3g} million fit (--max-pixels or SELFMEND_MAX_PIXELS says how many may)"


def decode(data: bytes, *, name: str) -> Any:
    """A picture file as an upright PIL image or, where PIL has no mode for it, a `SixteenBit` array.

    `info[SOURCE]` of either is the file itself.

    Raises:
        ImageError: not a picture, damaged, truncated, too large.
    """
    data, wrong = _repaired(data)
    if wrong:
        _warn(f"{name} is slightly broken ({wrong}); what it shows is used")
    netpbm = pnm.first_page(data)
    if netpbm is not None:
        return _decode_pnm(data, netpbm, name)
    page = tiff.first_page(data)
    page = page if page is not None and page.is_understood() else None
    if page is not None and _pil_has_no_mode(page):
        return _decode_tiff(data, page, name)
    try:
        picture = open_picture(data, name=name)
        return _decode_with_pil(data, picture, name)
    except TooManyPixelsError:
        raise
    except ImageError:
        layout = bmp.layout_of(data)  # PIL knows some orders of the masks only
        if layout is not None and layout.bits > 8:
            check_pixels(layout.size, name)
            return _with_source(_made_of(bmp.read_values(data, layout), bits=8), SourceFile(bmp.KIND, data))
        if page is None or not page.has_its_colours():
            raise
        return _decode_tiff(data, page, name)


def _repaired(data: bytes) -> tuple[bytes, str]:
    if data.startswith(png.SIGNATURE):
        return png.repaired(data)
    parts = jpeg.parts_of(data) if data.startswith(b"\xff\xd8") else None
    if parts is not None and not parts.scans.endswith(b"\xff\xd9") and jpeg_blocks.is_whole(parts):
        return data.rstrip(b"\xff") + b"\xff\xd9", "its end marker is missing"
    return data, ""


def _decode_pnm(data: bytes, page: pnm.Page, name: str) -> Any:
    """PIL reads 16 bits of colour with 8, and no PAM."""
    check_pixels(page.size, name)
    try:
        shown = pnm.shown_of(pnm.read_samples(data, page), page)
    except ImageError as error:
        raise ImageError(f"{name} is damaged or truncated ({_line(error)}); get a whole copy of the file") from error
    return _with_source(_made_of(shown, bits=1 if page.is_bits else 8), SourceFile(pnm.KIND, data))


def _made_of(shown: np.ndarray, *, bits: int, cmyk: bool = False) -> Any:
    """Values (H, W, C) of uint8 or uint16 as a PIL image, or a `SixteenBit` array where PIL has no mode for them."""
    shown = np.ascontiguousarray(shown)
    if shown.shape[2] == 1:
        return PILImage.fromarray(shown[..., 0] > 0 if bits == 1 else shown[..., 0])
    if shown.dtype == np.uint16:
        return shown.view(SixteenBit)
    mode = {2: "LA", 3: "RGB", 4: "CMYK" if cmyk else "RGBA"}[shown.shape[2]]
    return PILImage.frombytes(mode, shown.shape[1::-1], shown.tobytes())


def _with_source(made: Any, source: SourceFile) -> Any:
    made.info = {SOURCE: source}
    return made


def _pil_has_no_mode(page: tiff.Page) -> bool:
    """More than 8 bits of more than one channel, or white first; other bits; channels it takes for transparency."""
    if page.bits == 16:
        return page.channels > 1 or page.number(tiff.PHOTOMETRIC, 1) == tiff.MIN_IS_WHITE
    if page.bits != 8:
        return page.number(tiff.PHOTOMETRIC, 1) != tiff.PALETTE and (page.bits > 1 or page.channels > 1)
    in_planes = page.channels > 1 and page.number(tiff.PLANAR, 1) == 2
    if page.is_lab or in_planes:  # PIL reads planes of LAB with other signs, and tiles of planes of grey as black
        return True
    return page.channels > page.colours + (page.alpha is not None and page.colours != 4)


def _decode_tiff(data: bytes, page: tiff.Page, name: str) -> Any:
    check_pixels(page.size, name)
    try:
        samples = tiff.read_samples(data, page)
    except (ImageError, ValueError) as error:
        raise ImageError(f"{name} is damaged or truncated ({_line(error)}); get a whole copy of the file") from error
    _tell_of_pages(data, page, name)
    shown = np.ascontiguousarray(sixteen_bit.turned(shown_of(samples, page), page.orientation))
    if page.is_lab and page.bits <= 8:
        made: Any = PILImage.frombytes("LAB", shown.shape[1::-1], shown.tobytes())
    elif page.number(tiff.PHOTOMETRIC, 1) == tiff.PALETTE:
        made = PILImage.frombytes("P", shown.shape[1::-1], shown.tobytes())
        colours = np.array(page.numbers(tiff.COLOUR_MAP), np.uint16).reshape(3, -1)
        made.putpalette((colours.T >> 8).astype(np.uint8).tobytes())
    else:
        made = _made_of(shown, bits=page.bits if page.channels == 1 else 8, cmyk=page.colours == 4)
    made.info = _tiff_info(data, page)
    if page.bits > 8 and (page.is_lab or page.colours == 4):
        made.info[DEEP_MODE] = "LAB" if page.is_lab else "CMYK"
    return made


def _tiff_info(data: bytes, page: tiff.Page) -> dict[str, Any]:
    """What PIL would have put into `info`, where it can open the file at all."""
    info: dict[str, Any] = {SOURCE: SourceFile("TIFF", data, page.orientation)}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with PILImage.open(io.BytesIO(data)) as opened:
                info.update({key: opened.info[key] for key in ("icc_profile", "dpi") if key in opened.info})
                described = describing(opened.getexif())
                info.update({"exif": described.tobytes()} if described else {})
    except Exception:  # PIL has no mode for it, or a tag is broken: the file itself is kept
        return info
    return info


def shown_of(samples: np.ndarray, page: tiff.Page) -> np.ndarray:
    """Stored samples as values over the whole range of uint8 or uint16; a single bit stays 0 and 1, a palette's place
    what it is. White is high, alpha is straight and last. Of LAB, a and b are signed in 8 bits, as PIL has them, and
    count from the middle in 16. Channels that are neither colour nor alpha are left out, and so is the alpha of CMYK
    and LAB, for which PIL has no mode.
    """
    values = samples[..., : page.colours]
    top = (1 << page.bits) - 1
    if page.premultiplied:
        alpha = samples[..., page.alpha : page.alpha + 1] if page.alpha is not None else top
        whole = values.astype(np.float64) * top / np.maximum(alpha, 1)
        values = np.rint(whole).clip(0, top).astype(samples.dtype)
    if page.number(tiff.PHOTOMETRIC, 1) == tiff.MIN_IS_WHITE:
        values = top - values
    values = _of_other_middle(values, page)
    if page.alpha is not None and page.colours in (1, 3) and not page.is_lab:
        values = np.concatenate([values, samples[..., page.alpha : page.alpha + 1]], 2)
    full = _full(page)
    return values if full == top else np.rint(values * (full / top)).astype(samples.dtype)


def _full(page: tiff.Page) -> int:
    """The highest of the numbers that samples are spread over."""
    is_one = page.channels == 1 and (page.bits == 1 or page.number(tiff.PHOTOMETRIC, 1) == tiff.PALETTE)
    return (1 << page.bits) - 1 if is_one else 65535 if page.bits > 8 else 255


def _of_other_middle(values: np.ndarray, page: tiff.Page) -> np.ndarray:
    """LAB as `shown_of` has it from how it is stored, and back: a and b are signed, or count from the middle (ICC)."""
    if page.number(tiff.PHOTOMETRIC, 1) != (tiff.LAB if page.bits > 8 else tiff.ICC_LAB):
        return values
    return np.concatenate([values[..., :1], values[..., 1:] ^ values.dtype.type(1 << (page.bits - 1))], -1)


def stored_of(shown: np.ndarray, page: tiff.Page, before: np.ndarray, changed: np.ndarray) -> np.ndarray:
    """Values written into stored samples where they changed, the inverse of `shown_of`.

    Args:
        shown: (H, W, C) values, as `shown_of` gives them.
        page: of the file.
        before: (H, W, S) the samples that came.
        changed: bool (H, W).
    """
    after = before.copy()
    top, full = (1 << page.bits) - 1, _full(page)
    rows, fresh = after[changed], shown[changed]
    fresh = fresh if full == top else np.rint(fresh * (top / full)).astype(before.dtype)
    values = fresh[:, : page.colours]
    values = _of_other_middle(values, page)
    if page.number(tiff.PHOTOMETRIC, 1) == tiff.MIN_IS_WHITE:
        values = top - values
    if page.alpha is not None:
        if fresh.shape[1] > page.colours:
            rows[:, page.alpha] = fresh[:, page.colours]
        if page.premultiplied:
            values = np.rint(values * (rows[:, page.alpha, None] / top))
    rows[:, : page.colours] = values
    after[changed] = rows
    return after


def _decode_with_pil(data: bytes, picture: PILImage.Image, name: str) -> Any:
    page = tiff.first_page(data) if picture.format == "TIFF" else None
    if page is not None:
        _tell_of_pages(data, page, name)
    elif not _are_of_one(picture):
        _tell_of_frames(data, name)
    bits = heic.bits_of(picture) if picture.format == heic.KIND else 8
    bits = avif.bits_of(data) if picture.format == avif.KIND else bits
    deep = bits > 8 or sixteen_bit.is_sixteen_bit_colour(data, picture)
    in_colour = picture.format == "JPEG2000" and not picture.mode.startswith("I")
    exif, orientation = _exif_of(data, picture, name)
    try:
        picture.load()  # 16-bit files too: a truncated one must not pass for a whole one
        _drop_long_transparency(picture, name)
        sixteen = _sixteen(data, picture, orientation) if deep else None
        upright = _upright(picture, orientation) if sixteen is None else sixteen
    except Exception as error:  # decoders raise anything
        raise ImageError(f"{name} is damaged or truncated ({_line(error)}); get a whole copy of the file") from error
    if in_colour and sixteen is None and jpeg2000.bits_of(data) > 8:
        _warn(f"{name} has {jpeg2000.bits_of(data)} bits a channel, of which JPEG 2000 in this form is read with 8")
    elif deep and sixteen is None and picture.format == avif.KIND:
        why = "with several pictures" if getattr(picture, "n_frames", 1) > 1 else "here"
        _warn(f"{name} has {bits} bits a channel, of which AVIF {why} is read with 8")
    elif deep and sixteen is None:
        _warn(f"{name} has 16 bits a channel in a layout that is read as 8 bits only")
    kind = "JPEG" if picture.format == "MPO" else picture.format or ""
    upright.info = heic.told_of(picture.info) if kind == heic.KIND else upright.info
    upright.info[SOURCE] = SourceFile(kind, data, orientation)
    upright.info.pop("exif", None)
    if exif is not None:
        upright.info["exif"] = exif_block.PREFIX + exif_block.block_of(exif)
    if isinstance(upright.info.get("xmp"), bytes):
        said = exif_block.patched_xmp(upright.info["xmp"])
        upright.info["xmp"] = exif_block.without_xmp_note(said) if kind == "JPEG" else said
    return upright


def _drop_long_transparency(picture: PILImage.Image, name: str) -> None:
    """As PNG's own library does: that of more colours than the palette has is none; PIL cannot convert it."""
    transparency = picture.info.get("transparency")
    colours = len(picture.getpalette("RGB") or []) // 3 if picture.mode == "P" else 256
    if isinstance(transparency, bytes) and len(transparency) > colours:
        del picture.info["transparency"]
        _warn(f"{name} is slightly broken (transparency of more colours than its palette has); it is not used")


def _sixteen(data: bytes, picture: PILImage.Image, orientation: int) -> Any:
    """The pixels of a deep file: `SixteenBit`, a PIL image of 16-bit grey, or None where they cannot be had."""
    info: dict[Any, Any]
    if picture.format == avif.KIND:
        # further pictures are written by PIL, with 8 bits: the first one has as many as they
        still = getattr(picture, "n_frames", 1) == 1 and avif.is_exact()
        stored = avif.deep_pixels(data, np.asarray(picture)) if still else None
        if stored is None:
            return None
        pixels = np.ascontiguousarray(sixteen_bit.turned(stored, orientation))
        info = dict(picture.info) | {"bit_depth": avif.bits_of(data)}
    elif picture.format == heic.KIND:
        pixels, info = heic.deep_pixels(data), heic.told_of(picture.info)
    else:
        return sixteen_bit.decode(data, picture, orientation)
    made: Any = PILImage.fromarray(pixels) if pixels.ndim == 2 else pixels.view(SixteenBit)
    made.info = info
    return made


def _tell_of_pages(data: bytes, page: tiff.Page, name: str) -> None:
    count = tiff.page_count(data)
    if count > 1:
        _warn(f"{name} has {count} pages; the first is used")
    if page.is_smaller_copy:
        _warn(f"{name} begins with a smaller copy of its picture, which is used; convert the whole one to a plain TIFF")


def _are_of_one(picture: PILImage.Image) -> bool:
    """Whether the pictures of a file are of one photo: a phone's JPEG with a preview, gain or depth map behind it."""
    listed = getattr(picture, "mpinfo", {}).get(0xB002, ())
    kinds = [str(one.get("Attribute", {}).get("MPType", "")) for one in listed]
    return picture.format == "MPO" and not any(kind.startswith("Multi-Frame") for kind in kinds)


def _tell_of_frames(data: bytes, name: str) -> None:
    """Counted in the file opened anew: PIL counts by going through the frames, and stays where one cannot be read."""
    try:
        frames = int(getattr(_opened(data, None), "n_frames", 1))
    except Exception:  # a later frame is damaged: the first may be whole
        frames = 2
    if frames > 1:
        _warn(f"{name} has {frames} frames; the first is used")


def _exif_of(data: bytes, picture: PILImage.Image, name: str) -> tuple[bytes | None, int]:
    """EXIF as it is to be said of the upright picture, and how the stored one lies."""
    if picture.format == "TIFF":
        try:
            orientation = picture.getexif().get(ExifTags.Base.Orientation, 1)  # loading turns a TIFF and drops this
            described = describing(picture.getexif())
            return (described.tobytes() if described else None), orientation if orientation in _TURNS else 1
        except Exception as error:  # PIL's reader of tags raises anything
            _warn(f"{name} has tags that cannot be read ({_line(error)}); they are kept as they are in a TIFF only")
            return None, 1
    raw = picture.info.get("exif")
    if data.startswith(png.SIGNATURE):  # an eXIf behind the pixels is not read by PIL before these are
        raw = png.exif_of(png.chunks_of(data)) or raw
    if not isinstance(raw, bytes) or not raw:
        return None, 1
    if not exif_block.is_readable(raw):
        _warn(f"{name} has EXIF that cannot be read; it is kept as it is")
        return raw, 1
    orientation = exif_block.orientation_of(raw)
    size = picture.size[::-1] if orientation < 5 else picture.size
    return exif_block.patched(raw, orientation=1, size=size), orientation


def _upright(picture: PILImage.Image, orientation: int) -> PILImage.Image:
    """The picture turned as a viewer shows it, with what a JPEG needs to be written again with the same tables."""
    tables = getattr(picture, "quantization", None)
    sampling = JpegImagePlugin.get_sampling(picture) if tables else -1
    turned = picture.copy()
    if orientation in _TURNS and picture.format != "TIFF":
        turned = picture.transpose(_TURNS[orientation])
    turned.info = dict(picture.info)
    if tables:
        turned.info |= {"jpeg_tables": tables, "jpeg_orientation": orientation}
        turned.info |= {"jpeg_sampling": sampling} if sampling >= 0 else {}
    return turned


def upright(picture: PILImage.Image) -> PILImage.Image:
    """A picture that somebody else opened, turned as a viewer shows it; itself where it lies so already."""
    raw = picture.info.get("exif")
    try:
        exif = raw if isinstance(raw, bytes) else picture.getexif().tobytes()
    except Exception:  # PIL's reader of tags raises anything
        return picture
    orientation = exif_block.orientation_of(exif)
    if orientation == 1:
        return picture
    turned = picture.transpose(_TURNS[orientation])
    turned.info = dict(picture.info) | {"exif": exif_block.patched(exif, orientation=1, size=turned.size[::-1])}
    return turned


def _is_text(data: bytes) -> bool:
    head = data[:1024]
    return all(byte >= 32 or byte in b"\t\r\n" for byte in head)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _warn(message: str) -> None:
    warnings.warn(message, SelfmendWarning, stacklevel=5)
