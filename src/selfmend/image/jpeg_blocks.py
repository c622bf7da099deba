"""JPEG pictures block by block: only those blocks that a change touches are coded anew, all others stay to the bit.

The coefficients are read from the entropy-coded scans, those of the touched blocks are computed from the new pixels
with the tables and the subsampling of the file, and the same scans are written again. Samples that did not change, in a
touched block too, are taken as they were before they were rounded and enlarged.

Sequential and progressive frames of 8 bits with Huffman codes; arithmetic codes, 12 bits, lossless and hierarchical
files are refused.

Source: ITU-T T.81, Annexes A (DCT, order of blocks), B (markers), C and K.2 (Huffman tables), F and G; colours by JFIF
1.02 and Adobe's technical note 5116.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from selfmend.image.jpeg import Parts, Segment, colour_transform

_ZIGZAG = np.array(sorted(range(64), key=lambda k: (k // 8 + k % 8, (k % 8, k // 8)[(k // 8 + k % 8) % 2 == 1])))
_HUFFMAN, _TABLES, _RESTARTS, _SCAN, _END, _LINES = 0xC4, 0xDB, 0xDD, 0xDA, 0xD9, 0xDC
_FRAMES = {0xC0: False, 0xC1: False, 0xC2: True}  # marker of a frame: whether it is progressive
_OTHERS = {
    0xC3: "lossless", 0xC5: "hierarchical", 0xC6: "hierarchical", 0xC7: "hierarchical", 0xC9: "arithmetic-coded",
    0xCA: "arithmetic-coded", 0xCB: "lossless", 0xCD: "hierarchical", 0xCE: "hierarchical", 0xCF: "hierarchical",
}  # fmt: skip
_MARKER = re.compile(rb"\xff+([^\x00\xff])", re.DOTALL)
_AT_ONCE = 8192  # blocks whose pixels are in memory at a time
_MOST_BITS = 16  # of a Huffman code
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


class BlocksError(ValueError):
    """Why the blocks of a file cannot be kept."""


@dataclass(frozen=True)
class _Component:
    """A colour channel.

    Attributes:
        name: its number in the file.
        wide, high: its blocks in an MCU.
        table: number of its quantisation table.
        first: its first block among those of all components.
        across, down: its blocks, whole MCUs.
        shown: (down, across) blocks that have pixels: those of a scan of this component alone.
    """

    name: int
    wide: int
    high: int
    table: int
    first: int
    across: int
    down: int
    shown: tuple[int, int]


@dataclass(frozen=True)
class _Frame:
    progressive: bool
    size: tuple[int, int]
    components: list[_Component]
    mcus: tuple[int, int]

    @property
    def most(self) -> tuple[int, int]:
        """Blocks of an MCU, (down, across), of the component that has most."""
        return max(c.high for c in self.components), max(c.wide for c in self.components)


@dataclass
class _Table:
    """A Huffman table: the number of codes of each length, and their symbols in order (B.2.4.2)."""

    counts: tuple[int, ...]
    symbols: bytes

    def codes(self) -> tuple[np.ndarray, np.ndarray]:
        """Code and length of each symbol; length 0 for those that have none (Annex C)."""
        codes, lengths = np.zeros(256, np.int64), np.zeros(256, np.int64)
        code, at = 0, 0
        for length, count in enumerate(self.counts, 1):
            for symbol in self.symbols[at : at + count]:
                codes[symbol], lengths[symbol] = code, length
                code += 1
            at += count
            if code > 1 << length:
                raise BlocksError("its Huffman tables are broken")
            code <<= 1
        return codes, lengths

    def lookup(self) -> np.ndarray:
        """By the next sixteen bits: length << 8 | symbol, 0 where no code begins so."""
        codes, lengths = self.codes()
        found = np.zeros(1 << _MOST_BITS, np.uint16)
        for symbol in np.flatnonzero(lengths):
            shift = _MOST_BITS - lengths[symbol]
            found[codes[symbol] << shift : (codes[symbol] + 1) << shift] = lengths[symbol] << 8 | symbol
        return found


@dataclass
class _Scan:
    """One scan as it is coded.

    Attributes:
        parts, layout, how, restart: as `jpeg_loops.read_scan` takes them.
        tables: those that it is coded by, by their number: DC 0 to 3, AC 4 to 7.
        head: where its header stands in `Parts.scans`.
        place: slice of the same that holds its coded bits.
    """

    parts: np.ndarray
    layout: np.ndarray
    how: np.ndarray
    restart: int
    tables: dict[int, _Table]
    head: int
    place: slice


@dataclass
class _Defined:
    """What the segments so far define for the scans that follow."""

    tables: dict[int, _Table] = field(default_factory=dict)
    quantisation: dict[int, np.ndarray] = field(default_factory=dict)
    restart: int = 0

    def take(self, marker: int, body: bytes) -> None:
        """Another segment."""
        if marker == _HUFFMAN:
            self.tables |= _huffman_tables(body)
        elif marker == _TABLES:
            self.quantisation |= _quantisation_tables(body)
        elif marker == _RESTARTS and len(body) >= 2:
            self.restart = struct.unpack_from(">H", body)[0]


@dataclass
class _Coded:
    """All scans of a file, and the quantisation table of each component by its name."""

    frame: _Frame
    scans: list[_Scan] = field(default_factory=list)
    quantisation: dict[int, np.ndarray] = field(default_factory=dict)


def with_pixels(parts: Parts, before: np.ndarray, after: np.ndarray) -> bytes:
    """The scans of a JPEG file with the blocks of changed pixels coded anew.

    Args:
        parts: of the file.
        before: uint8 (H, W) or (H, W, C), the pixels of the file as PIL decodes them.
        after: the same with changes.

    Returns:
        What goes in the place of `parts.scans`.

    Raises:
        BlocksError: a coding that is not understood, or damaged data; the message says which.
    """
    coded = _parsed(parts)
    blocks = _read(coded, parts.scans)
    before, after = (a[..., None] if a.ndim == 2 else a for a in (before, after))
    if before.shape != after.shape or before.shape != (*coded.frame.size, len(coded.frame.components)):
        raise BlocksError("its pixels do not fit")
    changed = np.logical_or.reduce([before[..., k] != after[..., k] for k in range(before.shape[2])])
    for number in range(len(coded.frame.components)):
        _replace(blocks, coded, number, changed, after, parts.segments)
    return _written(coded, blocks, parts.scans)


def is_whole(parts: Parts) -> bool:
    """Whether the coded data of all blocks are there."""
    try:
        _read(_parsed(parts), parts.scans)
    except BlocksError:
        return False
    return True


def _parsed(parts: Parts) -> _Coded:
    defined, coded = _Defined(), None
    for place, (marker, body) in _markers(parts):
        defined.take(marker, body)
        if marker in _OTHERS:
            raise BlocksError(f"it is {_OTHERS[marker]}")
        if marker in _FRAMES and coded is None:
            coded = _Coded(_frame(marker, body))
        elif marker in (*_FRAMES, _LINES):
            raise BlocksError("it has several frames, or says its height late")
        elif marker == _SCAN:
            if coded is None:
                raise BlocksError("it has no frame")
            scan, used = _scan(coded.frame, body, defined, place)
            for component in used:
                if component.table not in defined.quantisation:
                    raise BlocksError("a quantisation table is missing")
                coded.quantisation.setdefault(component.name, defined.quantisation[component.table])
            coded.scans.append(scan)
    if coded is None or set(coded.quantisation) != {c.name for c in coded.frame.components}:
        raise BlocksError("scans are missing")
    return coded


def _markers(parts: Parts) -> Iterator[tuple[slice, Segment]]:
    """All segments; with those of scans, where their coded bits are."""
    nowhere = slice(0, 0)
    yield from ((nowhere, segment) for segment in parts.segments)
    data, at = parts.scans, 0
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == _END:
            return
        length = struct.unpack_from(">H", data, at + 2)[0]
        body, at = data[at + 4 : at + 2 + length], at + 2 + length
        end = at
        if marker == _SCAN:
            found = next((m for m in _MARKER.finditer(data, at) if not 0xD0 <= m[1][0] <= 0xD7), None)
            end = found.start() if found else len(data)
        yield slice(at, end), (marker, body)
        at = end


def _frame(marker: int, body: bytes) -> _Frame:
    if len(body) < 6 or len(body) < 6 + 3 * body[5]:
        raise BlocksError("its frame is cut off")
    bits, height, width, count = struct.unpack_from(">BHHB", body)
    if bits != 8:
        raise BlocksError(f"it has {bits} bits a channel")
    if height == 0 or width == 0 or not 1 <= count <= 4:
        raise BlocksError("its frame is broken")
    said = [(body[k], body[k + 1] >> 4, body[k + 1] & 15, body[k + 2]) for k in range(6, 6 + 3 * count, 3)]
    if any(not (1 <= wide <= 4 and 1 <= high <= 4) for _, wide, high, _ in said) or len({s[0] for s in said}) < count:
        raise BlocksError("its frame is broken")
    most = max(s[2] for s in said), max(s[1] for s in said)
    mcus = -(-height // (8 * most[0])), -(-width // (8 * most[1]))
    components, first = [], 0
    for name, wide, high, table in said:
        if most[0] % high or most[1] % wide:
            raise BlocksError("its subsampling is not by whole numbers")
        shown = -(-height * high // (8 * most[0])), -(-width * wide // (8 * most[1]))
        made = _Component(name, wide, high, table, first, mcus[1] * wide, mcus[0] * high, shown)
        components.append(made)
        first += made.across * made.down
    return _Frame(_FRAMES[marker], (height, width), components, mcus)


def _huffman_tables(body: bytes) -> dict[int, _Table]:
    """By their number, DC 0 to 3 and AC 4 to 7."""
    found, at = {}, 0
    while at + 17 <= len(body):
        kind, number = body[at] >> 4, body[at] & 15
        counts = tuple(body[at + 1 : at + 17])
        symbols = body[at + 17 : at + 17 + sum(counts)]
        if kind > 1 or number > 3 or len(symbols) < sum(counts) or len(set(symbols)) < len(symbols):
            raise BlocksError("its Huffman tables are broken")
        found[4 * kind + number] = _Table(counts, symbols)
        at += 17 + len(symbols)
    return found


def _quantisation_tables(body: bytes) -> dict[int, np.ndarray]:
    """64 divisors in zigzag order each."""
    found, at = {}, 0
    while at < len(body):
        size = 128 if body[at] >> 4 else 64
        values = body[at + 1 : at + 1 + size]
        if len(values) < size:
            raise BlocksError("its quantisation tables are cut off")
        found[body[at] & 15] = np.frombuffer(values, ">u2" if size == 128 else np.uint8).astype(np.float32).clip(1)
        at += 1 + size
    return found


def _scan(frame: _Frame, body: bytes, defined: _Defined, place: slice) -> tuple[_Scan, list[_Component]]:
    from selfmend.image import jpeg_loops as loops

    count = body[0] if body else 0
    if len(body) < 4 + 2 * count or not 1 <= count <= 4:
        raise BlocksError("a scan is broken")
    by_name = {c.name: c for c in frame.components}
    names, numbers = body[1 : 1 + 2 * count : 2], body[2 : 2 + 2 * count : 2]
    first, last, bits = body[1 + 2 * count : 4 + 2 * count]
    if any(name not in by_name for name in names) or any(n >> 4 > 3 or n & 15 > 3 for n in numbers):
        raise BlocksError("a scan is broken")
    used = [by_name[name] for name in names]
    kind = loops.SEQUENTIAL
    if frame.progressive:
        if first > last or last > 63 or (first == 0) != (last == 0) or (first > 0 and count > 1):
            raise BlocksError("a scan is broken")
        refined = bits >> 4 > 0
        kind = (loops.DC_REFINED if refined else loops.DC_FIRST) if first == 0 else loops.AC_FIRST + refined
    else:
        first, last, bits = 0, 63, 0
    if count == 1:
        only = used[0]
        units, across = only.shown[0] * only.shown[1], only.shown[1]
        parts = [(only.first, only.across, 1, 1, numbers[0] >> 4, numbers[0] & 15)]
    else:
        units, across = frame.mcus[0] * frame.mcus[1], frame.mcus[1]
        parts = [(c.first, c.across, c.wide, c.high, n >> 4, n & 15) for c, n in zip(used, numbers, strict=True)]
    needed = {p[4] for p in parts} if kind in (loops.SEQUENTIAL, loops.DC_FIRST) else set()
    needed |= {4 + p[5] for p in parts} if kind in (loops.SEQUENTIAL, loops.AC_FIRST, loops.AC_REFINED) else set()
    if not needed <= set(defined.tables):
        raise BlocksError("a Huffman table is missing")
    how = np.array([kind, first, last, bits & 15], np.int64)
    layout = np.array([units, across], np.int64)
    own = {number: defined.tables[number] for number in sorted(needed)}
    head = place.start - len(body) - 4
    return _Scan(np.array(parts, np.int64), layout, how, defined.restart, own, head, place), used


def _read(coded: _Coded, scans: bytes) -> np.ndarray:
    """The coefficients, int16 (blocks, 64) in zigzag order, of all components."""
    from selfmend.image.jpeg_loops import BITS_OF_A_BLOCK, read_scan

    blocks = np.zeros((sum(c.across * c.down for c in coded.frame.components), 64), np.int16)
    for scan in coded.scans:
        pieces = [piece.replace(b"\xff\0", b"\xff") for piece in re.split(rb"\xff+[\xd0-\xd7]", scans[scan.place])]
        ends = 8 * np.cumsum([len(piece) for piece in pieces], dtype=np.int64)
        intervals = np.stack([np.concatenate([[0], ends[:-1]]), ends], 1)
        data = np.frombuffer(b"".join([*pieces, bytes(BITS_OF_A_BLOCK // 8)]), np.uint8)
        tables = np.zeros((8, 1 << _MOST_BITS), np.uint16)
        for number, table in scan.tables.items():
            tables[number] = table.lookup()
        if not read_scan(data, intervals, scan.restart, scan.layout, scan.parts, scan.how, tables, blocks):
            raise BlocksError("its coded data are damaged or cut off")
    return blocks


def _replace(
    blocks: np.ndarray, coded: _Coded, number: int, changed: np.ndarray, after: np.ndarray, segments: list[Segment]
) -> None:
    """Write the blocks of one component that hold changed pixels."""
    from scipy.fft import dctn, idctn

    frame, component = coded.frame, coded.frame.components[number]
    step = frame.most[0] // component.high, frame.most[1] // component.wide  # pixels of a sample
    room = component.down * 8 * step[0] - changed.shape[0], component.across * 8 * step[1] - changed.shape[1]
    margin = ((0, room[0]), (0, room[1]))
    down, across = component.down, component.across
    wide = np.pad(changed, margin, mode="edge")
    samples_of = [wide[y :: step[0], x :: step[1]] for y in range(step[0]) for x in range(step[1])]
    renewed = np.logical_or.reduce(samples_of).reshape(down, 8, across, 8)
    touched = np.argwhere(renewed.any((1, 3)))
    if not len(touched):
        return
    pixels = np.pad(after, (*margin, (0, 0)), mode="edge").reshape(down, 8, step[0], across, 8, step[1], -1)
    divisors = coded.quantisation[component.name]
    for some in np.array_split(touched, -(-len(touched) // _AT_ONCE)):
        rows, columns = some.T
        places = component.first + rows * component.across + columns
        old = np.zeros((len(some), 64), np.float32)
        old[:, _ZIGZAG] = blocks[places] * divisors
        samples = idctn(old.reshape(-1, 8, 8), axes=(1, 2), norm="ortho")
        shown = _sample_values(pixels[rows, :, :, columns], number, frame, segments)  # (N, 8, step, 8, step)
        samples = np.where(renewed[rows, :, columns], shown.mean((2, 4)) - 128, samples)
        new = dctn(samples, axes=(1, 2), norm="ortho").reshape(-1, 64)[:, _ZIGZAG]
        blocks[places] = np.rint(new / divisors).clip(-1023, 1023)


def _sample_values(pixels: np.ndarray, number: int, frame: _Frame, segments: list[Segment]) -> np.ndarray:
    """A component's values, as they are stored, of PIL's pixels (..., C)."""
    values = pixels.astype(np.float32)
    count = len(frame.components)
    if count == 4 and (number == 3 or colour_transform(segments) != 2):
        return 255 - values[..., number]  # PIL takes every CMYK for Adobe's, which is stored inverted
    if count < 3 or (count == 3 and stores_rgb(segments)):
        return values[..., number]
    luma = values[..., :3] @ _LUMA
    if number == 0:
        return luma
    colour = 2 if number == 1 else 0
    return (values[..., colour] - luma) / (2 - 2 * _LUMA[colour]) + 128


def stores_rgb(segments: list[Segment]) -> bool:
    """Whether three components are RGB and not YCbCr, as libjpeg tells."""
    names = next((body[6:15:3] for marker, body in segments if marker in _FRAMES), b"")
    if any(marker == 0xE0 and body.startswith(b"JFIF\0") for marker, body in segments):
        return False
    transform = colour_transform(segments)
    return transform == 0 if transform is not None else names == b"RGB"


def _written(coded: _Coded, blocks: np.ndarray, scans: bytes) -> bytes:
    """The scans again, with the tables that they had wherever these have a code for all."""
    from selfmend.image import jpeg_loops as loops

    made, at = [], 0
    filled = np.count_nonzero(blocks)
    replaced: dict[int, _Table] = {}  # tables that differ from what the file says at this place
    for scan in coded.scans:
        units = int(scan.layout[0] * (scan.parts[:, 2] * scan.parts[:, 3]).sum())
        # one for each coefficient; and of each block one for DC, three for long gaps, one for its end
        room = filled + 5 * units + int(scan.layout[0]) + 8
        symbols = np.empty((room, 3), np.int16)
        count = loops.write_symbols(blocks, scan.restart, scan.layout, scan.parts, scan.how, symbols)
        symbols = symbols[:count]
        used = np.bincount(symbols[symbols[:, 0] >= 0, 0], minlength=8 * 256).reshape(8, 256)
        codes, lengths = np.zeros((2, 8, 256), np.int64)
        said = b""
        for number, table in scan.tables.items():
            codes[number], lengths[number] = table.codes()
            if (used[number] > 0)[lengths[number] == 0].any():
                table = optimal_table(used[number])
                codes[number], lengths[number] = table.codes()
            if table is not scan.tables[number] or number in replaced:
                replaced[number] = table
                body = bytes([(number // 4) << 4 | number % 4, *table.counts]) + table.symbols
                said += struct.pack(">BBH", 0xFF, _HUFFMAN, len(body) + 2) + body
        bits = int((used * lengths).sum()) + int(symbols[:, 2].sum(dtype=np.int64))
        out = np.empty(bits // 4 + 4 * (int(scan.layout[0]) // max(1, scan.restart or scan.layout[0]) + 2), np.uint8)
        size = loops.write_bytes(symbols, codes.reshape(-1), lengths.reshape(-1), out)
        made += [scans[at : scan.head], said, scans[scan.head : scan.place.start], out[:size].tobytes()]
        at = scan.place.stop
    made.append(scans[at:])
    return b"".join(made)


def optimal_table(counts: np.ndarray) -> _Table:
    """The shortest codes of at most sixteen bits, none of ones alone (package-merge, Larmore and Hirschberg 1990).

    Args:
        counts: int64 (256,), how often each symbol comes; one at least must.
    """
    used = np.flatnonzero(counts)
    coins = [(0, 256), *((int(counts[s]), int(s)) for s in used)]  # the first takes the code of ones
    single = [(weight, {symbol: 1}) for weight, symbol in coins]
    packages: list[tuple[int, dict[int, int]]] = []
    for _ in range(_MOST_BITS):
        merged = sorted(single + packages, key=lambda one: one[0])
        packages = []
        for (a, of_a), (b, of_b) in zip(merged[::2], merged[1::2], strict=False):
            both = dict(of_a)
            for symbol, times in of_b.items():
                both[symbol] = both.get(symbol, 0) + times
            packages.append((a + b, both))
    lengths: dict[int, int] = {}
    for _, held in packages[: len(coins) - 1]:
        for symbol, times in held.items():
            lengths[symbol] = lengths.get(symbol, 0) + times
    order = sorted(lengths, key=lambda s: (lengths[s], s))
    in_code = [s for s in order if s != 256]
    return _Table(tuple(sum(lengths[s] == n for s in in_code) for n in range(1, _MOST_BITS + 1)), bytes(in_code))
