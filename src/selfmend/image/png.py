"""PNG files chunk by chunk: only the pixels are written anew, all that is said beside them stays byte for byte.

Source: Portable Network Graphics (PNG) Specification, third edition, sections 5, 7, 9 and 11.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Sequence

import numpy as np

from selfmend.parallel import in_parallel

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Colour type: number of channels."""
MAX_UNPACKED = 64 * 2**20  # bytes of a profile or text; more is kept packed and not looked at
_PIXELS = (b"IHDR", b"IDAT", b"IEND", b"acTL", b"fcTL", b"fdAT")  # the last three: frames after the first
_OF_THE_MODE = (b"PLTE", b"tRNS", b"sBIT", b"bKGD", b"hIST")  # true of this colour type and depth only
_TEXTS = (b"iCCP", b"zTXt", b"iTXt", b"tEXt")
_MOST_TEXT = 32 * 2**20  # of all texts together; PIL takes twice that
_BLOCK = 2**18  # bytes that one thread filters and deflates at once
_WINDOW = 2**15  # bytes that deflate looks back
_LEVEL = 4  # with filters as small as the usual 6 within a hundredth, in half the time
Chunk = tuple[bytes, bytes]


def chunks_of(data: bytes) -> list[Chunk]:
    """(name, body) of each whole chunk, whatever its checksum; a cut one and what comes after IEND are left out."""
    return [(name, body) for name, body, _ in _walk(data)]


def _walk(data: bytes) -> Iterator[tuple[bytes, bytes, bool]]:
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        length = struct.unpack_from(">I", data, at)[0]
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if len(body) < length or at + 12 + length > len(data):
            return
        good = zlib.crc32(name + body) == struct.unpack_from(">I", data, at + 8 + length)[0]
        yield name, body, good
        at += 12 + length
        if name == b"IEND":
            return


def behind(data: bytes) -> bytes:
    """What follows the end of a file: viewers pass over it, other programs may have put it there."""
    at = len(SIGNATURE) + sum(12 + len(body) for _, body, _ in _walk(data))
    return data[at:] if data[at - 8 : at - 4] == b"IEND" else b""


def repaired(data: bytes) -> tuple[bytes, str]:
    """A PNG with right checksums, and what was wrong, or the data itself and "".

    Viewers pass over a wrong checksum; whether the pixels themselves are whole is seen when they are unpacked.
    """
    walked = list(_walk(data))
    wrong = [name.decode("latin-1") for name, _, good in walked if not good]
    if not wrong or not walked or walked[0][0] != b"IHDR":
        return data, ""
    return joined([(n, b) for n, b, _ in walked]) + behind(data), f"wrong checksum of {', '.join(sorted(set(wrong)))}"


def lean(chunks: Sequence[Chunk], *, limit: int) -> list[Chunk]:
    """The chunks without profiles and texts that PIL refuses: packed ones of more than `limit` bytes, or too much text.

    Wherever they stand, before the pixels or behind them.
    """
    kept: list[Chunk] = []
    room = _MOST_TEXT
    for name, body in chunks:
        if name in _TEXTS:
            length = _unpacks(name, body)
            if length > room or (length >= limit and _is_packed(name, body)):
                continue
            room -= length
        kept.append((name, body))
    return kept


def only_pixels(chunks: Sequence[Chunk]) -> bytes:
    """The file with nothing beside its pixels."""
    return joined([(n, b) for n, b in chunks if n in (b"IHDR", b"IDAT", b"tRNS", b"IEND")])


def profile_of(chunks: Sequence[Chunk]) -> bytes | None:
    """The ICC profile, if there is one that can be unpacked."""
    for name, body in chunks:
        if name == b"iCCP":
            return _unpack(body[body.find(b"\0") + 2 :])
    return None


def exif_of(chunks: Sequence[Chunk]) -> bytes | None:
    """The EXIF block, if there is one."""
    return next((body for name, body in chunks if name == b"eXIf"), None)


_RAW_PROFILE = re.compile(rb"(\s*(\w+)\s+)(\d+)(\s+)([0-9a-fA-F\s]+)")  # ImageMagick's: a name, a length, digits


def text_of(name: bytes, body: bytes) -> bytes | None:
    """The unpacked text of a tEXt, zTXt or iTXt, as bytes; None where it cannot be unpacked."""
    rest = body.partition(b"\0")[2]
    if name == b"iTXt":
        text = rest[2:].split(b"\0", 2)[-1]
        return _unpack(text) if rest[:1] == b"\1" else text
    return _unpack(rest[1:]) if name == b"zTXt" else rest


def with_text(name: bytes, body: bytes, text: bytes) -> bytes:
    """The body of a tEXt, zTXt or iTXt with another text, packed if the one that it had was."""
    keyword, _, rest = body.partition(b"\0")
    if name == b"zTXt":
        return keyword + b"\0" + rest[:1] + zlib.compress(text)
    if name == b"tEXt":
        return keyword + b"\0" + text
    said = rest[2:].split(b"\0", 2)[:2]
    return b"\0".join([keyword, rest[:2] + said[0], *said[1:], zlib.compress(text) if rest[:1] == b"\1" else text])


def raw_profile(text: bytes) -> bytes | None:
    """The bytes of a profile that ImageMagick has put into a text as digits; None where it is another text."""
    found = _RAW_PROFILE.fullmatch(text.rstrip(b"\0"))
    digits = b"" if found is None else b"".join(found[5].split())
    return bytes.fromhex(digits.decode()) if found is not None and len(digits) % 2 == 0 else None


def with_raw_profile(text: bytes, profile: bytes) -> bytes:
    """The text of another profile."""
    found = _RAW_PROFILE.fullmatch(text.rstrip(b"\0"))
    assert found is not None
    digits = profile.hex().encode()
    lines = b"\n".join(digits[k : k + 72] for k in range(0, len(digits), 72))
    return found[1] + b"%d" % len(profile) + b"\n" + lines + b"\n"


def _is_packed(name: bytes, body: bytes) -> bool:
    return name in (b"iCCP", b"zTXt") or (name == b"iTXt" and body.partition(b"\0")[2][:1] == b"\1")


def _unpacks(name: bytes, body: bytes) -> int:
    """Bytes that a profile or text has when unpacked; more than fit where it cannot be."""
    if not _is_packed(name, body):
        return len(body)
    keyword, _, rest = body.partition(b"\0")
    packed = rest[1:] if name != b"iTXt" else rest[2:].split(b"\0", 2)[-1]
    whole = _unpack(packed)
    return MAX_UNPACKED if whole is None else len(keyword) + len(whole)


def _unpack(packed: bytes) -> bytes | None:
    unpacker = zlib.decompressobj()
    try:
        whole = unpacker.decompress(packed, MAX_UNPACKED)
    except zlib.error:
        return None
    return None if unpacker.unconsumed_tail else whole


def joined(chunks: Sequence[Chunk]) -> bytes:
    """The file of these chunks."""
    parts = [SIGNATURE]
    for name, body in chunks:
        parts += [struct.pack(">I", len(body)), name, body, struct.pack(">I", zlib.crc32(name + body))]
    return b"".join(parts)


def header(chunks: Sequence[Chunk]) -> tuple[int, int, int, int]:
    """Width, height, bit depth and colour type."""
    width, height, depth, colour = struct.unpack_from(">IIBB", chunks[0][1])
    return width, height, depth, colour


def with_pixels(chunks: Sequence[Chunk], samples: np.ndarray, *, frames: bool = True) -> bytes:
    """The file with other pixels, of any size; its depth, colour type, palette and all other chunks stay.

    Args:
        chunks: of the file.
        samples: integers (H, W, C), as they are stored: not scaled, palette indices of a palette picture.
        frames: keep the frames after the first, where these pixels have the size of the old ones.
    """
    old_width, old_height, depth, colour = header(chunks)
    height, width, _ = samples.shape
    left = _PIXELS if not frames or (height, width) != (old_height, old_width) else _PIXELS[:3]
    head = (b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    pixels = (b"IDAT", packed(samples, depth, filters=colour != 3 and depth >= 8))
    made: list[Chunk] = [head]
    for name, body in chunks:
        if name == b"IDAT" and pixels not in made:
            made.append(pixels)
        if name not in left:
            made.append((name, body))
    return joined([*made, (b"IEND", b"")])


def carried(written: bytes, chunks: Sequence[Chunk]) -> bytes:
    """A newly written file with what another, of another colour type, says beside its pixels."""
    fresh = chunks_of(written)
    taken = [c for c in chunks if c[0] not in (*_PIXELS, *_OF_THE_MODE)]
    said = {name for name, _ in taken}
    first = next(k for k, (name, _) in enumerate(fresh) if name in (b"PLTE", b"IDAT"))
    ours = [c for c in fresh[1:first] if c[0] not in said]
    return joined([fresh[0], *ours, *taken, *[c for c in fresh[first:] if c[0] not in said]])


def packed(samples: np.ndarray, depth: int, *, filters: bool) -> bytes:
    """The pixels as what the IDAT chunk holds: filtered rows, deflated.

    Blocks of rows are deflated at once, each with the end of the block before it as its dictionary (as pigz does), so
    that the file is as small as one that was deflated in one go, and the same with any number of threads.

    Args:
        samples: integers (H, W, C), as they are stored.
        depth: bits of a sample.
        filters: choose a filter for each row; it helps photos, not palettes and bits.
    """
    height, _, channels = samples.shape
    if depth < 8:
        bits = np.unpackbits(samples.astype(np.uint8)[..., None], axis=-1)[..., 8 - depth :]
        rows = np.packbits(bits.reshape(height, -1), axis=1)
    else:
        rows = np.ascontiguousarray(samples.astype(">u2" if depth == 16 else np.uint8, copy=False)).view(np.uint8)
        rows = rows.reshape(height, -1)
    tall = max(1, _BLOCK // (rows.shape[1] + 1))
    starts = range(0, height, tall)
    lines = np.zeros((height, rows.shape[1] + 1), np.uint8)
    step = max(1, channels * depth // 8)

    def filter_block(run: int) -> None:
        first, last = starts[run], min(starts[run] + tall, height)
        if filters:
            above = rows[first - 1 : last - 1] if first else np.concatenate([np.zeros_like(rows[:1]), rows[: last - 1]])
            lines[first:last] = _filtered(rows[first:last], above, step)
        else:
            lines[first:last, 1:] = rows[first:last]

    in_parallel(filter_block, len(starts))
    stream = memoryview(lines.reshape(-1))  # type: ignore[arg-type]
    parts = [b""] * len(starts)

    def deflate_block(run: int) -> None:
        first, last = (min(row, height) * lines.shape[1] for row in (starts[run], starts[run] + tall))
        strategy = zlib.Z_FILTERED if filters else zlib.Z_DEFAULT_STRATEGY
        before = stream[max(0, first - _WINDOW) : first]
        how = (_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS, 9, strategy)
        block = zlib.compressobj(*how, before)
        end = zlib.Z_FINISH if last == len(stream) else zlib.Z_SYNC_FLUSH
        parts[run] = block.compress(stream[first:last]) + block.flush(end)

    in_parallel(deflate_block, len(starts))
    return b"".join([b"\x78\x5e", *parts, struct.pack(">I", zlib.adler32(stream))])


def _filtered(rows: np.ndarray, above: np.ndarray, step: int) -> np.ndarray:
    """Rows by that filter, named in their first byte, whose bytes are smallest in sum (section 12.7's advice)."""
    left, corner = np.zeros_like(rows), np.zeros_like(rows)
    left[:, step:], corner[:, step:] = rows[:, :-step], above[:, :-step]
    a, b, c = left.astype(np.int16), above.astype(np.int16), corner.astype(np.int16)
    near = np.abs(b - c), np.abs(a - c), np.abs(a + b - 2 * c)
    paeth = np.where((near[0] <= near[1]) & (near[0] <= near[2]), a, np.where(near[1] <= near[2], b, c))
    tries = np.stack([rows, rows - left, rows - above, rows - ((a + b) // 2).astype(np.uint8),
                      rows - paeth.astype(np.uint8)])  # fmt: skip
    best = np.minimum(tries, -tries).sum(2, dtype=np.uint32).argmin(0)  # how far bytes are from 0, either way
    lines = np.empty((rows.shape[0], rows.shape[1] + 1), np.uint8)
    lines[:, 0] = best
    lines[:, 1:] = tries[best, np.arange(len(rows))]
    return lines


def with_colours(written: bytes, colours: tuple[int, int] | None) -> bytes:
    """A newly written file that says what its colours mean: primaries and transfer by the numbers of ITU-T H.273."""
    if colours is None or max(colours) > 255:
        return written
    chunks = chunks_of(written)
    return joined([chunks[0], (b"cICP", bytes([*colours, 0, 1])), *chunks[1:]])
