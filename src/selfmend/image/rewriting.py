"""A picture written into a copy of the file that it came from: its pixels are new, all else stays byte for byte.

Which pixels changed is seen by decoding the file again. So nothing need be remembered of what was done to the picture,
and one that was changed everywhere is written as well.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image as PILImage

from selfmend.errors import SelfmendWarning
from selfmend.image import avif, bmp, boxes, gif, heic, jpeg, jpeg2000, jpeg_blocks, png, pnm, tga, tiff, webp
from selfmend.image.decoding import SOURCE, SourceFile, decode, stored_of
from selfmend.image.exif import PREFIX, patched, patched_xmp, without_previews, without_xmp_previews
from selfmend.image.formats import plain_palette, quiet, turned

_PNG_MODES = {  # PIL's mode: colour type and depths
    "1": (0, (1,)), "L": (0, (2, 4, 8)), "I;16": (0, (16,)), "I": (0, (16,)), "I;16B": (0, (16,)),
    "P": (3, (1, 2, 4, 8)), "LA": (4, (8,)), "RGB": (2, (8,)), "RGBA": (6, (8,)),
}  # fmt: skip
_USUAL_PRIMARIES = (1, 2)  # of BT.709 and sRGB; 2: it does not say
_USUAL_TRANSFERS = (1, 2, 6, 13, 14, 15)  # those of ordinary films, and of sRGB
_THUMBNAIL = 512  # pixels; a smaller copy of more is missed by those who zoom
_GREYS = bytes(level for level in range(256) for _ in range(3))
_XMP_NAME = b"XML:com.adobe.xmp\0"
_RAW_PROFILE = b"Raw profile type "  # ImageMagick's


def source_of(picture: Any) -> SourceFile | None:
    """The file that a picture came from, if it is known."""
    found = getattr(picture, "info", {}).get(SOURCE)
    return found if isinstance(found, SourceFile) else None


def rewritten(picture: Any, kind: str) -> bytes | None:
    """The source file of `picture` with its pixels, or None where it cannot hold them.

    Args:
        picture: PIL image or `SixteenBit` array, upright.
        kind: PIL's name of the format that is wanted; it must be that of the source.
    """
    source = source_of(picture)
    if source is None or source.kind != kind:
        return None
    if kind == "PNG":
        return _into_png(picture, source)
    if kind == "TIFF":
        return _into_tiff(picture, source)
    if kind == pnm.KIND:
        return _into_pnm(picture, source)
    if kind == bmp.KIND:
        return _into_bmp(picture, source)
    if kind == tga.KIND:
        return _into_tga(picture, source)
    return _into_gif(picture, source) if kind == "GIF" else None


def _into_png(picture: Any, source: SourceFile) -> bytes | None:
    chunks = png.chunks_of(source.data)
    if not chunks or chunks[0][0] != b"IHDR" or not any(name == b"IDAT" for name, _ in chunks):
        return None
    _, _, depth, colour = png.header(chunks)
    samples = _png_samples(picture, depth, colour)
    if samples is None or (colour == 3 and not _same_palette(picture, chunks)):
        return None
    frames = source.orientation == 1
    _tell_of_frames(chunks, frames and samples.shape[:2] == png.header(chunks)[1::-1])
    made = png.with_pixels(upright_chunks(chunks, samples.shape[:2]), samples, frames=frames)
    return made + png.behind(source.data)


def _tell_of_frames(chunks: list[png.Chunk], are_kept: bool) -> None:
    if not are_kept and any(name == b"fdAT" for name, _ in chunks):
        gone = "the PNG is written without its later frames, which do not fit behind its first one any more"
        warnings.warn(gone, SelfmendWarning, stacklevel=5)


def upright_chunks(chunks: list[png.Chunk], size: tuple[int, int]) -> list[png.Chunk]:
    """The chunks with EXIF and XMP that are true of the upright picture of `size`, and without small copies of it."""
    turned_by_exif = any(name == b"eXIf" for name, _ in chunks)  # what only a text says turns no picture
    made = []
    for name, body in chunks:
        if name == b"eXIf":
            body = patched(body, orientation=1, size=size)
        if name == b"iTXt" and body.startswith(_XMP_NAME):
            body = _with_upright(name, body, patched_xmp)
        if name in (b"tEXt", b"zTXt", b"iTXt") and body.startswith(_RAW_PROFILE):
            body = _upright_raw_profile(name, body, 1 if turned_by_exif else None, size)
        made.append((name, body))
    return made


def _upright_raw_profile(name: bytes, body: bytes, orientation: int | None, size: tuple[int, int]) -> bytes:
    """ImageMagick's text of a profile: EXIF, XMP or Photoshop's data."""

    def cleaned(text: bytes) -> bytes:
        before = png.raw_profile(text)
        if before is None:
            return text
        at = before.find(PREFIX)
        if 0 <= at <= len(_XMP_NAME):
            after = before[:at] + patched(before[at:], orientation=orientation, size=size)
        else:
            after = without_previews(patched(before, orientation=orientation, size=size))
        after = without_xmp_previews(after) if orientation is None else patched_xmp(after)
        return text if after == before else png.with_raw_profile(text, after)

    return _with_upright(name, body, cleaned)


def _with_upright(name: bytes, body: bytes, change: Callable[[bytes], bytes]) -> bytes:
    text = png.text_of(name, body)
    after = None if text is None else change(text)
    return body if after is None or after == text else png.with_text(name, body, after)


def _png_samples(picture: Any, depth: int, colour: int) -> np.ndarray | None:
    if isinstance(picture, np.ndarray):
        channels = png.CHANNELS[colour]
        if depth != 16 or picture.ndim != 3 or colour == 0:
            return None
        if picture.shape[2] == channels:
            return np.asarray(picture)
        if colour == 2 and picture.shape[2] == 4:  # a key: transparent pixels hold it still
            return np.asarray(picture)[..., :3]
        return None
    fits = _PNG_MODES.get(picture.mode)
    if fits is None or fits[0] != colour or depth not in fits[1]:
        return None
    values = np.asarray(picture)
    values = values[..., None] if values.ndim == 2 else values
    if colour == 0 and depth in (2, 4):  # PIL spreads these over 0 to 255
        values = np.rint(values / (255 / ((1 << depth) - 1)))
    return values


def _same_palette(picture: PILImage.Image, chunks: list[png.Chunk]) -> bool:
    stored = next((body for name, body in chunks if name == b"PLTE"), b"")
    palette = bytes(picture.getpalette("RGB") or [])
    return len(stored) > 0 and palette[: len(stored)] == stored[: len(palette)]


def _into_tiff(picture: Any, source: SourceFile) -> bytes | None:
    page = tiff.first_page(source.data)
    if page is None:
        return None
    before = _as_read(source)
    if not _are_alike(before, picture):
        return None
    if not page.is_understood():
        made = _repacked(picture, source.data, page)
        _tell_of_copies(source.data, page, made)
        return made
    old, new = _values(before), _values(picture)
    if old.shape != new.shape or old.dtype != new.dtype:
        return None
    changed = (old != new).any(2)
    samples = turned(tiff.read_samples(source.data, page), page.orientation)
    if samples.shape[:2] != new.shape[:2]:
        return None  # its tags and what PIL reads of them name two orientations
    _tell_of_copies(source.data, page, source.data)
    return tiff.with_samples(source.data, page, stored_of(new, page, np.ascontiguousarray(samples), changed))


def _tell_of_copies(data: bytes, page: tiff.Page, made: bytes | None) -> None:
    gone = ["its layers"] if tiff.LAYERS in page.tags else []
    height, width = tiff.largest_copy(data, page)
    gone += [f"its smaller copies of up to {width} x {height}"] if max(height, width) > _THUMBNAIL else []
    if gone and made is not None:
        shows = f"the TIFF is written without {' and '.join(gone)}, which show it as it was"
        warnings.warn(shows, SelfmendWarning, stacklevel=4)


_REPACKED = {  # PIL's mode: what TIFF calls it, its bits, and what its last channel is
    "1": (tiff.MIN_IS_BLACK, 1, None), "L": (tiff.MIN_IS_BLACK, 8, None), "P": (tiff.PALETTE, 8, None),
    "LA": (tiff.MIN_IS_BLACK, 8, tiff.STRAIGHT), "RGB": (tiff.RGB, 8, None), "RGBX": (tiff.RGB, 8, 0),
    "RGBA": (tiff.RGB, 8, tiff.STRAIGHT), "CMYK": (tiff.CMYK, 8, None), "I;16": (tiff.MIN_IS_BLACK, 16, None),
}  # fmt: skip


def _repacked(picture: Any, data: bytes, page: tiff.Page) -> bytes | None:
    """A TIFF that is packed in a way which only PIL reads (JPEG, CCITT, ...), with its pixels packed by Deflate."""
    fits = _REPACKED.get(getattr(picture, "mode", ""))
    if fits is None or min(page.size) == 0:
        return None
    photometric, bits, alpha = fits
    samples = _values(picture)
    if picture.mode == "P" and page.bits != 8:
        return None
    if picture.mode == "1" and page.number(tiff.PHOTOMETRIC, 1) == tiff.MIN_IS_WHITE:
        samples, photometric = 1 - samples, tiff.MIN_IS_WHITE
    if page.channels > samples.shape[2]:
        more = f"the TIFF is written without channels beyond its first {samples.shape[2]}, which are packed in one"
        warnings.warn(more, SelfmendWarning, stacklevel=4)
    return tiff.repacked(data, page, samples, photometric=photometric, bits=bits, alpha=alpha)


def _into_pnm(picture: Any, source: SourceFile) -> bytes | None:
    page = pnm.first_page(source.data)
    if page is None or (page.is_bits != (getattr(picture, "mode", "") == "1")):
        return None
    shown = _values(picture) * np.uint8(255) if page.is_bits else _values(picture)
    if shown.shape != (*page.size, page.channels) or shown.dtype != (np.uint8 if page.full == 255 else np.uint16):
        return None
    return pnm.with_samples(source.data, page, pnm.stored_of(shown, page))


def _into_bmp(picture: Any, source: SourceFile) -> bytes | None:
    layout = bmp.layout_of(source.data)
    if layout is None:
        is_indices = getattr(picture, "mode", "") in ("P", "L") and _are_alike(_as_read(source), picture)
        return bmp.unpacked(source.data, np.asarray(picture)) if is_indices else None
    told = _values_and_changes(picture, source)
    return None if told is None else bmp.with_values(source.data, layout, *told)


def _into_tga(picture: Any, source: SourceFile) -> bytes | None:
    layout, told = tga.layout_of(source.data), _values_and_changes(picture, source)
    return None if layout is None or told is None else tga.with_values(source.data, layout, *told)


def _values_and_changes(picture: Any, source: SourceFile) -> tuple[np.ndarray, np.ndarray] | None:
    """The values of a picture (H, W, C), and where they are not those of its source, if it is still of that kind."""
    before = _as_read(source)
    old, new = _values(before), _values(picture)
    if old.shape != new.shape or old.dtype != new.dtype or not _are_alike(before, picture):
        return None
    return new, (old != new).any(2)


def _as_read(source: SourceFile) -> Any:
    """The picture of a source as it was read, which says what of it changed; its warnings were given then."""
    with quiet():
        return decode(source.data, name="the source")


def _are_alike(before: Any, picture: Any) -> bool:
    """Whether two pictures have one mode, and one palette if they have any."""
    mode = getattr(before, "mode", "")
    return mode == getattr(picture, "mode", "") and (
        mode != "P" or before.getpalette("RGB") == picture.getpalette("RGB")
    )


def _values(picture: Any) -> np.ndarray:
    values = np.asarray(picture)
    values = values[..., None] if values.ndim == 2 else values
    values = values.astype(np.uint16) if values.dtype.kind in "iu" and values.dtype.itemsize > 1 else values
    return values.astype(np.uint8) if values.dtype == bool else values


def left_out(picture: Any, kind: str) -> list[str]:
    """What the source of a picture says beside its pixels, and a new file of the same kind does not."""
    source = source_of(picture)
    data = b"" if source is None or source.kind != kind else source.data
    if kind == heic.KIND:
        return heic.left_out(getattr(picture, "info", {})) if source_is(picture, kind) else []
    if kind == avif.KIND:
        return avif.left_out(data)
    if kind == "WEBP" and source is not None and not webp.holds(data, picture.size[::-1], source.orientation != 1):
        return ["its later frames"]
    if kind == "GIF" and data:
        return gif.said_beside(data, comment_is_kept=bool(picture.info.get("comment")))
    if kind == "TIFF" and data:
        return tiff.left_out(data)
    if kind == pnm.KIND:
        return pnm.said_beside(data)
    if kind == tga.KIND:
        return tga.said_beside(data)
    if kind == bmp.KIND and data[14:18] == b"\x7c\0\0\0" and data[70:74] in (b"DEBM", b"KNIL"):
        return ["its colour profile"]
    return []


def left_behind(picture: Any, kind: str) -> list[str]:
    """What lies in the source of a picture beside it and its metadata, and in no file of another format."""
    source = source_of(picture)
    if source is None or source.kind == kind:
        return []
    light = ["its light levels"] if _light_of(source) and kind not in (avif.KIND, heic.KIND) else []
    if source.kind == heic.KIND:
        return heic.left_out(getattr(picture, "info", {})) + light
    if source.kind == avif.KIND:
        return avif.left_out(source.data) + light
    if source.kind != "JPEG":
        return []
    return jpeg.behind(source.data) + (["the rest of its XMP"] if jpeg.has_extended_xmp(source.data) else [])


def colours_of(picture: Any) -> tuple[int, int] | None:
    """What the colours of a picture's source mean, where that is not what every viewer takes them for.

    Returns:
        Primaries and transfer by the numbers of ITU-T H.273, such as 9 and 16, BT.2020 and PQ.
    """
    source = source_of(picture)
    said = None
    if source is not None and source.kind == avif.KIND:
        said = avif.colours_of(source.data)
    elif source is not None and source.kind == heic.KIND:
        said = heic.colours_of(getattr(picture, "info", {}))
    elif source is not None and source.kind == "PNG":
        chunk = next((body for name, body in png.chunks_of(source.data) if name == b"cICP"), b"")
        said = (chunk[0], chunk[1]) if len(chunk) == 4 else None
    return None if said is None or (said[0] in _USUAL_PRIMARIES and said[1] in _USUAL_TRANSFERS) else said


def lost_colours(picture: Any, kind: str) -> list[str]:
    """What the colours of the source mean, for a format that does not say it; a profile says it as well."""
    said = None if kind in ("PNG", avif.KIND, heic.KIND) else colours_of(picture)
    if said is None or getattr(picture, "info", {}).get("icc_profile"):
        return []
    return [f"the meaning of its colours (CICP {said[0]}, {said[1]}; they look pale or dark where nobody says so)"]


def _into_gif(picture: Any, source: SourceFile) -> bytes | None:
    frame = gif.first_frame(source.data)
    if frame is None or not isinstance(picture, PILImage.Image) or picture.mode not in ("L", "P"):
        return None
    height, width = frame.screen
    before = _as_read(source)
    if picture.size != (width, height) or not _are_alike(before, picture):
        return None
    indices = np.asarray(picture)
    left, top, wide, high = frame.box
    outside = np.asarray(before) != indices
    outside[top : top + high, left : left + wide] = False
    box = (0, 0, width, height) if outside.any() else frame.box  # what was mended beside the frame makes it larger
    part = indices if outside.any() else indices[top : top + high, left : left + wide]
    if part.shape != (box[3], box[2]) or part.size == 0 or part.max() >= len(frame.palette) // 3:
        return None
    ours = bytes(picture.copy().getpalette("RGB") or []) if picture.mode == "P" else _GREYS
    common = min(len(ours), len(frame.palette))
    return gif.with_pixels(source.data, frame, part, box) if ours[:common] == frame.palette[:common] else None


def source_is(picture: Any, kind: str) -> bool:
    """Whether the picture came from a file of this kind."""
    source = source_of(picture)
    return source is not None and source.kind == kind


def encode(held: PILImage.Image, kind: str, options: dict[str, Any]) -> bytes:
    """A picture as a new file of this kind, with all that its source of the same kind says beside its pixels.

    Args:
        held: in a mode of the format, and for JPEG on the side on which the source stores it.
        kind: PIL's name of the format.
        options: for PIL.
    """
    source = source_of(held)
    file = io.BytesIO()
    if source is not None and source.kind == kind == "JPEG":
        parts = jpeg.parts_of(source.data)
        if parts is not None and jpeg.mode_of(parts.segments) == held.mode:
            return _into_jpeg(held, source, parts, options)
    if kind == "GIF" and held.mode == "P":
        held = plain_palette(held)
    if kind == heic.KIND:
        heic.register("the result")
        held.info = {}  # pillow-heif writes what it finds there beside what it is told
    frames = _frames_options(kind, source)
    if kind == avif.KIND and not frames and avif.is_exact():
        file.write(avif.encode(np.asarray(held), bits=8, options=options))
    else:
        held.save(file, format=kind, **options, **frames)
    if source is not None and source.kind == kind == "PNG":  # of another colour type
        chunks = upright_chunks(png.chunks_of(source.data), held.size[::-1])
        _tell_of_frames(chunks, False)
        return png.carried(file.getvalue(), chunks) + png.behind(source.data)
    if kind == heic.KIND:
        return with_light(file.getvalue(), source)
    if kind == "PNG":
        return png.with_colours(file.getvalue(), colours_of(held))
    if source is not None and source.kind == kind == "WEBP":
        return webp.with_picture(file.getvalue(), source.data, turned=source.orientation != 1)
    if kind == avif.KIND:
        return into_avif(file.getvalue(), held)
    if source is not None and source.kind == kind == "JPEG2000":
        return into_jpeg2000(file.getvalue(), held)
    return file.getvalue()


def _frames_options(kind: str, source: SourceFile | None) -> dict[str, Any]:
    """What PIL is told of the further pictures of the source, where it can write them."""
    if source is None or source.kind != kind or kind not in (avif.KIND, heic.KIND):
        return {}
    try:
        if kind == heic.KIND:
            return heic.frames_options(source.data)
        return avif.frames_options(source.data, source.orientation)
    except Exception as error:  # decoders raise anything
        why = " ".join(str(error).split())
        warnings.warn(f"{kind} is written without its further pictures ({why})", SelfmendWarning, stacklevel=4)
        return {}


def into_avif(written: bytes, picture: Any) -> bytes:
    """A newly written AVIF with what the source of the picture says of its colours and their light."""
    source = source_of(picture)
    is_one = source is not None and source.kind == avif.KIND
    colours = avif.colours_of(source.data) if source is not None and is_one else colours_of(picture)
    return with_light(avif.with_colours(written, colours), source)


def with_light(written: bytes, source: SourceFile | None) -> bytes:
    """A newly written AVIF or HEIC that says of its light what the source says, if that is one of these."""
    light = _light_of(source)
    made = boxes.with_properties(written, light)
    if boxes.light_of(made) != light:
        warnings.warn("the picture is written without its light levels", SelfmendWarning, stacklevel=4)
    return made


def _light_of(source: SourceFile | None) -> list[bytes]:
    return boxes.light_of(source.data) if source is not None and source.kind in (avif.KIND, heic.KIND) else []


def into_jpeg2000(written: bytes, picture: Any) -> bytes:
    """A newly written JPEG 2000 with all that the source of the picture, one too, says beside its pixels."""
    source = source_of(picture)
    assert source is not None
    made = jpeg2000.with_codestream(written, source.data)
    lost = [] if made is not None else jpeg2000.said_beside(source.data)
    if made is not None and jpeg2000.has_palette(source.data):
        lost = ["its palette, in colour"]
    if lost:
        warnings.warn(f"JPEG2000 is written without {', '.join(lost)}", SelfmendWarning, stacklevel=4)
    return written if made is None else made


def _into_jpeg(held: PILImage.Image, source: SourceFile, parts: jpeg.Parts, options: dict[str, Any]) -> bytes:
    """Its touched blocks alone, or, where they cannot be had alone, all of them with the tables of the source."""
    if jpeg.holds_film(parts.rest):
        kept = "the film behind the JPEG (motion photo) is kept, and still shows what was there"
        warnings.warn(kept, SelfmendWarning, stacklevel=4)
    with PILImage.open(io.BytesIO(source.data)) as opened:
        before = np.asarray(opened)
    after = np.asarray(held)
    if before.shape == after.shape:
        try:
            scans = jpeg_blocks.with_pixels(parts, before, after)
            return jpeg.with_scans(source.data, scans, size=held.size[::-1])
        except jpeg_blocks.BlocksError as error:
            warnings.warn(
                f"the JPEG is coded anew as a whole, which changes known pixels a little: {error}",
                SelfmendWarning,
                stacklevel=4,
            )
    if held.mode == "RGB" and jpeg_blocks.stores_rgb(parts.segments):
        options = options | {"keep_rgb": True}
    file = io.BytesIO()
    beside = ("exif", "xmp", "comment", "icc_profile", "dpi")
    held.info, info = {}, held.info  # PIL's writer takes a comment from there
    held.save(file, format="JPEG", **{key: value for key, value in options.items() if key not in beside})
    held.info = info
    return jpeg.with_said(file.getvalue(), source.data, size=held.size[::-1])
