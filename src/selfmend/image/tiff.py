"""TIFF files tag by tag: only the first page's pixels are written anew, all else stays where and as it was.

Samples are read as they are stored: planar or not, striped or tiled, in either byte order, BigTIFF too, with 1 to 16
bits, any number of channels. The new pixels go behind the old file, and the few tags that say where they are, are
changed; so other pages, maker notes, unknown tags and their offsets stay. What is compressed in another way than none,
PackBits, LZW, Deflate, LZMA or Zstandard is read by PIL, and only written here (`repacked`).

Source: TIFF Revision 6.0, sections 2, 8, 9, 13, 14, 15 and 18; its Technical Note 3 (predictor), the BigTIFF design.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image as PILImage

from selfmend.errors import ImageError
from selfmend.image.exif import without_previews, without_xmp_previews

WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER, ORIENTATION = 256, 257, 258, 259, 262, 266, 274
STRIP_OFFSETS, SAMPLES, ROWS, STRIP_COUNTS, PLANAR, PREDICTOR, COLOUR_MAP = 273, 277, 278, 279, 284, 317, 320
SUBFILE, OLD_SUBFILE, SUB_IFDS, JPEG_AT, JPEG_LENGTH = 254, 255, 330, 513, 514
XMP, PHOTOSHOP, EXIF_IFD, MAKER_NOTE, LAYERS = 700, 34377, 34665, 37500, 37724
TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_COUNTS, EXTRA, FORMAT = 322, 323, 324, 325, 338, 339
MIN_IS_WHITE, MIN_IS_BLACK, RGB, PALETTE, CMYK, LAB, ICC_LAB = 0, 1, 2, 3, 5, 8, 9
ASSOCIATED, STRAIGHT = 1, 2
"""What an extra sample is: premultiplied alpha, alpha; 0 is anything else."""
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_CODES = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_PLACE = (STRIP_OFFSETS, STRIP_COUNTS, ROWS, TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_COUNTS)
_COLOURS = {MIN_IS_WHITE: 1, MIN_IS_BLACK: 1, RGB: 3, PALETTE: 1, CMYK: 4, LAB: 3, ICC_LAB: 3}
_SHORTS = (BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER, ORIENTATION, SAMPLES, PLANAR, PREDICTOR, EXTRA, FORMAT)
_DEFLATE, _OLD_DEFLATE, _LZMA, _ZSTD = 8, 32946, 34925, 50000
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_MAX_TAGS, _MAX_PAGES = 4096, 10_000


@dataclass(frozen=True)
class Tag:
    """An entry of a directory: its raw twelve or twenty bytes, and its numbers, if it has whole ones."""

    number: int
    raw: bytes
    values: tuple[int, ...]


@dataclass(frozen=True)
class Page:
    """The first directory of a file.

    Attributes:
        order: struct's sign of the byte order.
        big: whether it is a BigTIFF.
        at: where the directory stands.
        follows: where the next one stands, 0 for none.
        tags: by number.
    """

    order: str
    big: bool
    at: int
    follows: int
    tags: dict[int, Tag] = field(repr=False)

    def numbers(self, tag: int, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """The numbers of a tag."""
        return self.tags[tag].values if tag in self.tags and self.tags[tag].values else default

    def number(self, tag: int, default: int) -> int:
        """The first number of a tag."""
        return self.numbers(tag, (default,))[0]

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) as stored."""
        return self.number(LENGTH, 0), self.number(WIDTH, 0)

    @property
    def bits(self) -> int:
        """Bits of a sample; 0 where channels differ in it."""
        bits = self.numbers(BITS, (1,))
        return bits[0] if len(set(bits)) == 1 else 0

    @property
    def channels(self) -> int:
        """Samples of a pixel."""
        return self.number(SAMPLES, 1)

    @property
    def colours(self) -> int:
        """Of these, those that are colour: the first ones."""
        return _COLOURS.get(self.number(PHOTOMETRIC, -1), 0)

    @property
    def extra(self) -> tuple[int, ...]:
        """What each channel behind the colours is; a single one of which nothing is said, is taken for transparency."""
        if EXTRA not in self.tags and self.channels == self.colours + 1:
            return (STRAIGHT,)
        return self.numbers(EXTRA)

    @property
    def alpha(self) -> int | None:
        """The channel that is transparency, if one says it is."""
        extra = self.extra
        found = [k for k, kind in enumerate(extra) if kind in (ASSOCIATED, STRAIGHT)]
        return self.colours + found[0] if found and self.colours + found[0] < self.channels else None

    @property
    def premultiplied(self) -> bool:
        """Whether the colours are multiplied by the transparency."""
        alpha = self.alpha
        return alpha is not None and self.extra[alpha - self.colours] == ASSOCIATED

    @property
    def orientation(self) -> int:
        """1 to 8."""
        value = self.number(ORIENTATION, 1)
        return value if 1 <= value <= 8 else 1

    @property
    def is_smaller_copy(self) -> bool:
        """Whether it says that it is a thumbnail or an overview of another page, or is one as EXIF has it."""
        said = self.number(SUBFILE, 0) & 1 == 1 or self.number(OLD_SUBFILE, 0) == 2
        return said or (JPEG_AT in self.tags and WIDTH not in self.tags)

    @property
    def is_lab(self) -> bool:
        """Whether its colours are CIE L*a*b*."""
        return self.number(PHOTOMETRIC, -1) in (LAB, ICC_LAB)

    def has_its_colours(self) -> bool:
        """Whether a palette, if its numbers are places in one, has a colour for each, 256 at most."""
        if self.number(PHOTOMETRIC, 1) != PALETTE:
            return True
        return self.bits <= 8 and self.channels == 1 and len(self.numbers(COLOUR_MAP)) == 3 << self.bits

    def is_understood(self) -> bool:
        """Whether `read_samples` and `with_samples` can handle it."""
        return (
            1 <= self.bits <= 16
            and self.colours > 0
            and self.channels >= self.colours
            and self.number(COMPRESSION, 1) in (1, 5, _DEFLATE, 32773, _OLD_DEFLATE, _LZMA, _ZSTD)
            and (self.number(PREDICTOR, 1) == 1 or (self.number(PREDICTOR, 1) == 2 and self.bits in (8, 16)))
            and self.number(FORMAT, 1) == 1
            and self.number(FILL_ORDER, 1) in (1, 2)
            and self.number(PLANAR, 1) in (1, 2)
            and min(self.size) > 0
        )


_PACKINGS = {2: "CCITT", 3: "CCITT", 4: "CCITT", 6: "old JPEG", 7: "JPEG", 34887: "LERC", 34892: "lossy JPEG",
             34712: "JPEG 2000", 33003: "JPEG 2000", 33005: "JPEG 2000", 34933: "PNG", 34927: "WebP", 50001: "WebP",
             50002: "JPEG XL", 52546: "JPEG XL", 34925: "LZMA", 50000: "Zstandard"}  # fmt: skip
_FITS = "1 to 16 bits of grey, RGB, CMYK or LAB fit, packed by Deflate or LZW or not at all"


def unread(page: Page) -> str | None:
    """Why a whole file can be one that nothing here reads, in words; None where it should have been read."""
    if page.number(FORMAT, 1) not in (1, 4):
        kind = {2: "signed numbers", 3: "floats"}.get(page.number(FORMAT, 1), "complex numbers")
        return f"a TIFF of {kind}; {_FITS}"
    if page.bits == 0 or page.bits > 16:
        return f"a TIFF of {', '.join(map(str, page.numbers(BITS, (1,))))} bits a channel; {_FITS}"
    if page.is_understood() and page.has_its_colours():
        return None
    packed = _PACKINGS.get(page.number(COMPRESSION, 1), f"method {page.number(COMPRESSION, 1)}")
    colours = {2: "RGB", 3: "palette", 6: "YCbCr"}.get(page.number(PHOTOMETRIC, 1), "")
    return (
        f"a TIFF of {page.channels} x {page.bits} bits{f' {colours}' if colours else ''}, packed by {packed}; {_FITS}"
    )


def first_page(data: bytes) -> Page | None:
    """The first directory of a TIFF file, or None where it is none or is broken."""
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 16:
        return None
    version = struct.unpack_from(order + "H", data, 2)[0]
    if version not in (42, 43):
        return None
    big = version == 43
    return _page_at(data, order, big, struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)[0])


def _page_at(data: bytes | bytearray, order: str, big: bool, at: int) -> Page | None:
    try:
        return _directory(data, order, big, at)
    except (struct.error, IndexError, ValueError):
        return None


def page_count(data: bytes) -> int:
    """How many pages a TIFF file has, the smaller copies of others not counted; 0 where the first is broken.

    One behind the first that cannot be read counts, and ends the count.
    """
    page = first_page(data)
    if page is None:
        return 0
    behind = _behind(data, page, page.follows)
    last = [page, *behind][-1]
    broken = last.follows != 0 and last.follows not in [page.at, *(one.at for one in behind)]
    return 1 + sum(not one.is_smaller_copy for one in behind) + broken


def largest_copy(data: bytes, page: Page) -> tuple[int, int]:
    """(height, width) of the largest of the smaller copies that `with_samples` leaves out; (0, 0) for none."""
    copies = []
    for one in _behind(data, page, page.follows):
        if not one.is_smaller_copy:
            break
        copies.append(one.size)
    for at in page.numbers(SUB_IFDS):
        copies += [one.size for one in _behind(data, page, at) if one.is_smaller_copy]
    return max(copies, key=max, default=(0, 0))


def _behind(data: bytes | bytearray, page: Page, at: int) -> list[Page]:
    """The pages of a chain from `at` on, as far as it can be followed."""
    found: list[Page] = []
    while at and at not in [page.at, *[one.at for one in found]] and len(found) < _MAX_PAGES:
        one = _page_at(data, page.order, page.big, at)
        if one is None:
            break
        found.append(one)
        at = one.follows
    return found


def _directory(data: bytes | bytearray, order: str, big: bool, at: int) -> Page | None:
    count = struct.unpack_from(order + ("Q" if big else "H"), data, at)[0]
    if count > _MAX_TAGS:
        return None
    step, start = (20, at + 8) if big else (12, at + 2)
    tags = {}
    for k in range(count):
        raw = bytes(data[start + step * k : start + step * (k + 1)])
        number, kind, many = struct.unpack_from(order + ("HHQ" if big else "HHI"), raw)
        tags[number] = Tag(number, raw, _values(data, order, big, kind, many, raw[12 if big else 8 :]))
    follows = struct.unpack_from(order + ("Q" if big else "I"), data, start + step * count)[0]
    return Page(order, big, at, follows, tags)


def _values(
    data: bytes | bytearray, order: str, big: bool, kind: int, many: int, here: bytes | bytearray
) -> tuple[int, ...]:
    code = _CODES.get(kind)
    if code is None or many == 0 or many > len(data):
        return ()
    size = _SIZES[kind] * many
    at = 0 if size <= len(here) else struct.unpack(order + ("Q" if big else "I"), here)[0]
    source = here if size <= len(here) else data
    return struct.unpack_from(f"{order}{many}{code}", source, at) if at + size <= len(source) else ()


_PLAIN = frozenset(
    [*range(254, 270), *range(273, 286), 296, 301, *range(317, 326), 332, 336, 338, 339, 347, *range(512, 516),
     519, 520, 521, *range(529, 533)]
)  # fmt: skip
"""Tags of how pixels are stored and what their numbers mean."""
_TAKEN = {270, 271, 272, 305, 306, 315, 33432, EXIF_IFD, 34853, 34675, XMP}  # by Pillow


def left_out(data: bytes) -> list[str]:
    """What a file says that Pillow does not write, to which files are left that are packed in other ways."""
    page = first_page(data)
    if page is None:
        return []
    pages = ["its further pages"] if page_count(data) > 1 else []
    names = {33723: "IPTC", PHOTOSHOP: "Photoshop's data", LAYERS: "its layers", 34735: "its geographic keys"}
    others = sorted(page.tags.keys() - _PLAIN - _TAKEN - {ORIENTATION, SUB_IFDS, *range(33550, 33923)} - names.keys())
    told = [words for tag, words in names.items() if tag in page.tags]
    return pages + told + ([f"its tags {', '.join(map(str, others))}"] if others else [])


def read_samples(data: bytes, page: Page) -> np.ndarray:
    """The samples as they are stored, (H, W, C) of uint8 for up to 8 bits, else uint16, not spread, not turned.

    Raises:
        ImageError: pieces that are missing or cut.
    """
    height, width = page.size
    tiled = TILE_OFFSETS in page.tags
    piece_w = page.number(TILE_WIDTH, width) if tiled else width
    piece_h = page.number(TILE_LENGTH, height) if tiled else min(page.number(ROWS, height), height)
    offsets = page.numbers(TILE_OFFSETS if tiled else STRIP_OFFSETS)
    planes = page.channels if page.number(PLANAR, 1) == 2 else 1
    across, down = -(-width // max(1, piece_w)), -(-height // max(1, piece_h))
    if len(offsets) < across * down * planes:
        raise ImageError("the file is cut off: pieces of the picture are missing")
    counts = page.numbers(TILE_COUNTS if tiled else STRIP_COUNTS) or (len(data),) * len(offsets)
    channels = page.channels // planes
    out = np.empty((height, width, page.channels), np.uint16 if page.bits > 8 else np.uint8)
    for k in range(across * down * planes):
        plane, place = divmod(k, across * down)
        top, left = place // across * piece_h, place % across * piece_w
        rows = piece_h if tiled else min(piece_h, height - top)
        piece = _piece(data[offsets[k] : offsets[k] + counts[k]], page, rows, piece_w, channels)
        part = piece[: height - top, : width - left]
        target = out[top : top + piece_h, left : left + piece_w]
        target[..., plane : plane + 1] = part if planes > 1 else part[..., :1]
        if planes == 1:
            target[:] = part
    return out


def _piece(raw: bytes, page: Page, rows: int, width: int, channels: int) -> np.ndarray:
    row_bytes = -(-width * channels * page.bits // 8)
    raw = raw.translate(_REVERSED) if page.number(FILL_ORDER, 1) == 2 else raw
    body = _unpacked(raw, page.number(COMPRESSION, 1), rows, row_bytes)
    if len(body) < rows * row_bytes:
        raise ImageError("the file is cut off: a piece of the picture is not whole")
    flat = np.frombuffer(body, np.uint8, rows * row_bytes).reshape(rows, row_bytes)
    if page.bits not in (8, 16):
        count = width * channels
        bits = np.unpackbits(flat, axis=1)[:, : count * page.bits].reshape(rows, width, channels, page.bits)
        return bits @ (1 << np.arange(page.bits)[::-1]).astype(np.uint16 if page.bits > 8 else np.uint8)
    kind = np.dtype(page.order + "u2") if page.bits == 16 else np.dtype(np.uint8)
    piece = flat.view(kind).reshape(rows, width, channels).astype(kind.newbyteorder("="))
    return np.cumsum(piece, axis=1, dtype=piece.dtype) if page.number(PREDICTOR, 1) == 2 else piece


def _unpacked(raw: bytes, compression: int, rows: int, row_bytes: int) -> bytes:
    size = rows * row_bytes
    if compression == 1:
        return raw
    if compression in (_DEFLATE, _OLD_DEFLATE):
        try:
            return zlib.decompressobj().decompress(raw, size)
        except zlib.error as error:
            raise ImageError(f"a piece of the picture is damaged ({error})") from error
    if compression in (_LZMA, _ZSTD):
        return _by_libtiff(raw, compression, rows, row_bytes)
    return _packbits(raw, size) if compression == 32773 else _lzw(raw, size)


def _by_libtiff(raw: bytes, compression: int, rows: int, row_bytes: int) -> bytes:
    """The bytes of a piece, as the pixels of a grey picture in whose file it is the only one; PIL has libtiff."""
    tags = [(WIDTH, row_bytes), (LENGTH, rows), (BITS, 8), (COMPRESSION, compression), (PHOTOMETRIC, MIN_IS_BLACK),
            (STRIP_OFFSETS, 8), (SAMPLES, 1), (ROWS, rows), (STRIP_COUNTS, len(raw))]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", number, 4, 1, value) for number, value in tags)
    at = 8 + len(raw)
    file = struct.pack("<2sHI", b"II", 42, at) + raw + struct.pack("<H", len(tags)) + entries + bytes(4)
    try:
        with PILImage.open(io.BytesIO(file)) as opened:
            return opened.tobytes()
    except (OSError, ValueError, SyntaxError) as error:
        raise ImageError("a piece of the picture is damaged, or packed in a way that is not known here") from error


def _packbits(raw: bytes, size: int) -> bytes:
    out, at = bytearray(), 0
    while at < len(raw) and len(out) < size:
        n = raw[at]
        if n < 128:
            out += raw[at + 1 : at + 2 + n]
            at += 2 + n
        else:
            if n > 128:
                out += raw[at + 1 : at + 2] * (257 - n)
            at += 2 if n > 128 else 1
    return bytes(out)


def _lzw(raw: bytes, size: int) -> bytes:
    """Section 13: codes of 9 to 12 bits, most significant first, wider one code early."""
    table: list[bytes] = [bytes([k]) for k in range(256)] + [b"", b""]
    out, width, held, bits, last = bytearray(), 9, 0, 0, b""
    for byte in raw:
        held, bits = (held << 8 | byte) & 0xFFFFFF, bits + 8
        if bits < width:
            continue
        bits -= width
        code = held >> bits & ((1 << width) - 1)
        if code == 257 or len(out) >= size:
            break
        if code == 256:
            del table[258:]
            width, last = 9, b""
            continue
        if code > len(table) or (code == len(table) and not last):
            raise ImageError("a piece of the picture is damaged (LZW)")
        entry = table[code] if code < len(table) else last + last[:1]
        out += entry
        if last:
            table.append(last + entry[:1])
        last = entry
        width = min(12, max(9, (len(table) + 1).bit_length()))
    return bytes(out)


def with_samples(data: bytes, page: Page, samples: np.ndarray) -> bytes:
    """The file with other samples in its first page, of any size, upright; all else stays.

    The old pixels are blanked: what was mended must not be found in the file. So are the copies that show it:
    thumbnails and overviews behind the page or below it, those of Photoshop and XMP, its layers, and JPEGs in a maker
    note.

    Args:
        data: the file.
        page: its first directory.
        samples: (H, W, C) as `read_samples` gives them.
    """
    packing = page.number(COMPRESSION, 1)
    packing = packing if packing in (1, _DEFLATE, _OLD_DEFLATE) else _DEFLATE
    pack = _Packing(page.order, page.bits, page.number(PLANAR, 1) == 2, page.number(PREDICTOR, 1) == 2, packing)
    return _with_pixels(data, page, samples, pack, {})


_OF_PACKING = frozenset([FILL_ORDER, PREDICTOR, FORMAT, EXTRA, 292, 293, 326, 327, 328, 347, *range(512, 522),
                         *range(529, 533), 340, 341])  # fmt: skip
"""Tags that are true of pixels which are packed in one way, or have one number of bits and channels."""


def repacked(data: bytes, page: Page, samples: np.ndarray, *, photometric: int, bits: int, alpha: int | None) -> bytes:
    """The file with pixels that are packed by Deflate, whatever its own are packed by; all else stays.

    Args:
        data: the file.
        page: its first directory.
        samples: (H, W, C) of any size, upright.
        photometric: what the numbers mean.
        bits: of a sample.
        alpha: what the last channel is, as TIFF has it; None where all are colours.
    """
    tags = {number: tag for number, tag in page.tags.items() if number not in _OF_PACKING}
    channels = samples.shape[2]
    said: dict[int, tuple[int, ...]] = {
        BITS: (bits,) * channels, PHOTOMETRIC: (photometric,), SAMPLES: (channels,), PLANAR: (1,),
        **({} if alpha is None else {EXTRA: (alpha,)}),
    }  # fmt: skip
    return _with_pixels(data, replace(page, tags=tags), samples, _Packing(page.order, bits), said)


@dataclass(frozen=True)
class _Packing:
    """How samples become bytes: the byte order, the bits of each, planes or not, differences or not, TIFF's number."""

    order: str
    bits: int
    planes: bool = False
    differences: bool = False
    number: int = _DEFLATE


def _with_pixels(
    data: bytes, page: Page, samples: np.ndarray, pack: _Packing, said: dict[int, tuple[int, ...]]
) -> bytes:
    made = bytearray(data)
    page, without = _without_copies(made, page)
    offsets = page.numbers(TILE_OFFSETS if TILE_OFFSETS in page.tags else STRIP_OFFSETS)
    _blank_pixels(made, page)
    if len(offsets) == 1 and offsets[0] + page.numbers(STRIP_COUNTS, (0,))[0] == len(made):
        del made[offsets[0] :]  # pixels that end the file
    height, width, channels = samples.shape
    planes = channels if pack.planes else 1
    rows = height if pack.number == 1 else max(1, min(height, 2**18 // max(1, width * channels)))
    pieces = []
    for plane in range(planes):
        part = samples[..., plane : plane + 1] if planes > 1 else samples
        pieces += [_packed(part[top : top + rows], pack) for top in range(0, height, rows)]
    places = []
    for piece in pieces:
        made += bytes(len(made) % 2)
        places.append(len(made))
        made += piece
    changed = {
        WIDTH: (width,), LENGTH: (height,), COMPRESSION: (pack.number,), ROWS: (rows,), STRIP_OFFSETS: tuple(places),
        STRIP_COUNTS: tuple(len(piece) for piece in pieces),
        **{tag: (1,) for tag in (ORIENTATION, FILL_ORDER) if tag in page.tags}, **said, **without,
    }  # fmt: skip
    return _with_tags(made, page, changed)


def _blank_pixels(made: bytearray, page: Page) -> None:
    for places, lengths in ((STRIP_OFFSETS, STRIP_COUNTS), (TILE_OFFSETS, TILE_COUNTS), (JPEG_AT, JPEG_LENGTH)):
        for at, count in zip(page.numbers(places), page.numbers(lengths), strict=False):
            made[at : at + count] = bytes(len(made[at : at + count]))


def _without_copies(made: bytearray, page: Page) -> tuple[Page, dict[int, tuple[int, ...]]]:
    """The page without what shows it smaller, which is blanked, and the tags that change by that.

    A smaller copy is of the page that it follows or that it stands below.
    """
    follows = page.follows
    for one in _behind(made, page, page.follows):
        if not one.is_smaller_copy:
            break
        _blank_pixels(made, one)
        follows = one.follows
    below = page.numbers(SUB_IFDS)
    firsts = [_without_copies_of(made, page, at) for at in below]
    kept = [at for at in dict.fromkeys(firsts) if at]
    _blank_previews(made, page)
    gone = (LAYERS, SUB_IFDS) if not kept else (LAYERS,)
    tags = {number: tag for number, tag in page.tags.items() if number not in gone}
    changed = {SUB_IFDS: tuple(kept)} if kept and len(kept) < len(below) else {}
    return replace(page, follows=follows, tags=tags), changed


def _without_copies_of(made: bytearray, page: Page, at: int) -> int:
    """The first page of a chain below a page that is no smaller copy, 0 for none; links pass over the copies."""
    first, last = 0, None
    for one in _behind(made, page, at):
        if one.is_smaller_copy:
            _blank_pixels(made, one)
        elif last is None:
            first, last = one.at, one
        else:
            _link(made, last, one.at)
            last = one
    if last is not None:
        _link(made, last, 0)
    return first


def _link(made: bytearray, page: Page, follows: int) -> None:
    count = struct.unpack_from(page.order + ("Q" if page.big else "H"), made, page.at)[0]
    where = page.at + (8 + 20 * count if page.big else 2 + 12 * count)
    struct.pack_into(page.order + ("Q" if page.big else "I"), made, where, follows)


def _blank_previews(made: bytearray, page: Page) -> None:
    """Small JPEGs and XMP's pictures inside tags, in their place."""
    below = _page_at(made, page.order, page.big, page.number(EXIF_IFD, 0)) if EXIF_IFD in page.tags else None
    for one, tag, cleaned in (
        (page, XMP, without_xmp_previews),
        (page, PHOTOSHOP, without_previews),
        (page, LAYERS, lambda body: bytes(len(body))),
        (below, MAKER_NOTE, without_previews),
    ):
        if one is None or tag not in one.tags:
            continue
        raw = one.tags[tag].raw
        kind, count = struct.unpack_from(page.order + ("HQ" if page.big else "HI"), raw, 2)
        at = struct.unpack_from(page.order + ("Q" if page.big else "I"), raw, len(raw) - (8 if page.big else 4))[0]
        length = _SIZES.get(kind, 0) * count
        if length > (8 if page.big else 4):
            made[at : at + length] = cleaned(bytes(made[at : at + length]))


def _packed(samples: np.ndarray, pack: _Packing) -> bytes:
    if pack.bits not in (8, 16):
        wide = samples.astype(">u2")[..., None].view(np.uint8)
        bits = np.unpackbits(wide, axis=-1)[..., 16 - pack.bits :]
        body = np.packbits(bits.reshape(len(samples), -1), axis=1).tobytes()
    else:
        if pack.differences:
            samples = samples.copy()
            samples[:, 1:] -= samples[:, :-1].copy()
        body = samples.astype(pack.order + "u2" if pack.bits == 16 else np.uint8).tobytes()
    return body if pack.number == 1 else zlib.compress(body, 6)


def _with_tags(made: bytearray, page: Page, changed: dict[int, tuple[int, ...]]) -> bytes:
    """The directory anew behind the file, its raw entries but for these; the old one stays as unused bytes."""
    order, big = page.order, page.big
    entries = {number: tag.raw for number, tag in page.tags.items() if number not in _PLACE}
    for number, values in changed.items():
        short = number in _SHORTS
        kind = 3 if short else 16 if big else 4
        body = struct.pack(f"{order}{len(values)}{'H' if short else 'Q' if big else 'I'}", *values)
        room = 8 if big else 4
        if len(body) > room:
            made += bytes(-len(made) % 8)
            body, place = struct.pack(order + ("Q" if big else "I"), len(made)), body
            made += place
        entries[number] = struct.pack(order + ("HHQ" if big else "HHI"), number, kind, len(values)) + body.ljust(
            room, b"\0"
        )
    made += bytes(-len(made) % 8)
    at = len(made)
    if at >= 2**32 and not big:
        raise ImageError("the picture does not fit into a TIFF of 4 GiB; write a .png")
    made += struct.pack(order + ("Q" if big else "H"), len(entries))
    for number in sorted(entries):
        made += entries[number]
    made += struct.pack(order + ("Q" if big else "I"), page.follows)
    struct.pack_into(order + ("Q" if big else "I"), made, 8 if big else 4, at)
    return bytes(made)
