"""The compiled loops of JPEG's entropy coding: scans to coefficients, coefficients to symbols, symbols to bytes.

Huffman-coded scans of 8-bit frames, sequential and progressive. A place in the coded bits is one number, the count of
bits before it. Coefficients stand in zigzag order, a block a row.

Source: ITU-T T.81, Annexes F.1.2, F.2.2 (sequential), G.1.2, G.2 (progressive) and B.1.1.5 (stuffed bytes).
"""

from __future__ import annotations

import numpy as np

from selfmend.compiled import inner, loop

SEQUENTIAL, DC_FIRST, DC_REFINED, AC_FIRST, AC_REFINED = range(5)
RESTART = -2
"""In place of a symbol: a restart marker. -1 stands for bits without one."""
BITS_OF_A_BLOCK = 64 * 64
"""More than any block is coded in."""
_RUN = 4  # place of the run of blocks without more coefficients in the state, behind four DC predictions
_LONGEST_RUN = 0x7FFF


@inner
def _peek(data: np.ndarray, at: int) -> int:
    """The next sixteen bits."""
    k = at >> 3
    word = (np.int64(data[k]) << 24) | (np.int64(data[k + 1]) << 16) | (np.int64(data[k + 2]) << 8) | data[k + 3]
    return (word >> (16 - (at & 7))) & 0xFFFF


@inner
def _received(data: np.ndarray, at: int, count: int) -> int:
    return _peek(data, at) >> (16 - count)


@inner
def _extended(value: int, count: int) -> int:
    """A signed number from its `count` bits (F.2.2.1)."""
    return value if count == 0 or value >> (count - 1) else value - (1 << count) + 1


@inner
def _size(value: int) -> int:
    """Bits of a magnitude."""
    count = 0
    while value > 0:
        value >>= 1
        count += 1
    return count


@inner
def _read_dc(data: np.ndarray, at: int, table: np.ndarray, low: int, state: np.ndarray, part: int) -> tuple[int, int]:
    found = table[_peek(data, at)]
    count = found & 255
    if found == 0 or count > 15:
        return -1, 0
    at += found >> 8
    state[part] += _extended(_received(data, at, count), count)
    return at + count, state[part] << low


@inner
def _read_ac(
    data: np.ndarray, at: int, table: np.ndarray, first: int, last: int, low: int, state: np.ndarray, block: np.ndarray
) -> int:
    if state[_RUN] > 0:
        state[_RUN] -= 1
        return at
    k = first
    while k <= last:
        found = table[_peek(data, at)]
        if found == 0:
            return -1
        at += found >> 8
        zeros, count = (found & 255) >> 4, found & 15
        if count == 0 and zeros < 15:
            state[_RUN] = (1 << zeros) - 1 + _received(data, at, zeros)
            return at + zeros
        k += zeros
        if k > last:
            return -1
        if count > 0:
            block[k] = _extended(_received(data, at, count), count) << low
            at += count
        k += 1
    return at


@inner
def _refine_over(
    data: np.ndarray, at: int, low: int, block: np.ndarray, k: int, last: int, zeros: int
) -> tuple[int, int]:
    """One more bit of each coefficient that is not zero, up to the one behind so many zeros."""
    while k <= last:
        if block[k] != 0:
            if _received(data, at, 1) and not (abs(np.int64(block[k])) >> low) & 1:
                block[k] += (1 << low) if block[k] > 0 else -(1 << low)
            at += 1
        elif zeros == 0:
            break
        else:
            zeros -= 1
        k += 1
    return at, k


@inner
def _read_ac_refined(
    data: np.ndarray, at: int, table: np.ndarray, first: int, last: int, low: int, state: np.ndarray, block: np.ndarray
) -> int:
    k = first
    while k <= last and state[_RUN] == 0:
        found = table[_peek(data, at)]
        if found == 0:
            return -1
        at += found >> 8
        zeros, count = (found & 255) >> 4, found & 15
        value = 0
        if count == 0 and zeros < 15:
            state[_RUN] = (1 << zeros) + _received(data, at, zeros)
            at += zeros
            break
        if count > 0:
            value = (1 << low) if _received(data, at, 1) else -(1 << low)
            at += 1
        at, k = _refine_over(data, at, low, block, k, last, zeros)
        if value != 0:
            if k > last:
                return -1
            block[k] = value
        k += 1
    if state[_RUN] > 0:
        state[_RUN] -= 1
        at, k = _refine_over(data, at, low, block, k, last, 64)
    return at


@inner
def _read_block(
    data: np.ndarray,
    at: int,
    how: np.ndarray,
    dc: np.ndarray,
    ac: np.ndarray,
    state: np.ndarray,
    part: int,
    block: np.ndarray,
) -> int:
    """What a scan says of one block; -1 where it cannot be."""
    kind, first, last, low = how[0], how[1], how[2], how[3]
    if kind == DC_REFINED:
        block[0] |= _received(data, at, 1) << low
        return at + 1
    if kind == AC_FIRST:
        return _read_ac(data, at, ac, first, last, low, state, block)
    if kind == AC_REFINED:
        return _read_ac_refined(data, at, ac, first, last, low, state, block)
    at, value = _read_dc(data, at, dc, low, state, part)
    block[0] = value
    if at < 0 or kind == DC_FIRST:
        return at
    at = _read_ac(data, at, ac, 1, 63, 0, state, block)
    return -1 if state[_RUN] != 0 else at  # runs of blocks are progressive


@loop()
def read_scan(
    data: np.ndarray,
    intervals: np.ndarray,
    restart: int,
    layout: np.ndarray,
    parts: np.ndarray,
    how: np.ndarray,
    tables: np.ndarray,
    blocks: np.ndarray,
) -> bool:
    """Read one scan into the coefficients.

    Args:
        data: uint8, the coded bits without stuffed bytes and markers, and `BITS_OF_A_BLOCK` more behind them.
        intervals: int64 (N, 2), first bit of each restart interval and the one behind its last.
        restart: MCUs of an interval, 0 for all.
        layout: int64 (MCUs, MCUs across).
        parts: int64 (components, 6): first block, blocks across, blocks of an MCU across and down, number of the DC
            and of the AC table.
        how: int64: kind of scan, first and last coefficient, position of the lowest bit.
        tables: uint16 (8, 65536), by the next sixteen bits: length of the code << 8 | symbol, 0 for none. DC 0...3, AC
            4...7.
        blocks: int16 (N, 64), changed.

    Returns:
        Whether all could be read.
    """
    state = np.zeros(5, np.int64)
    at, end, interval = 0, 0, 0
    for unit in range(layout[0]):
        if unit == 0 or (restart > 0 and unit % restart == 0):
            if interval >= len(intervals):
                return False
            at, end = intervals[interval, 0], intervals[interval, 1]
            interval += 1
            state[:] = 0
        row, column = unit // layout[1], unit % layout[1]
        for part in range(len(parts)):
            base, across, wide, high = parts[part, 0], parts[part, 1], parts[part, 2], parts[part, 3]
            dc, ac = tables[parts[part, 4]], tables[4 + parts[part, 5]]
            for y in range(high):
                for x in range(wide):
                    block = blocks[base + (row * high + y) * across + column * wide + x]
                    at = _read_block(data, at, how, dc, ac, state, part, block)
                    if at < 0 or at > end:
                        return False
    return True


@inner
def _put(out: np.ndarray, n: int, symbol: int, extra: int, count: int) -> int:
    out[n, 0] = symbol
    out[n, 1] = extra
    out[n, 2] = count
    return n + 1


@inner
def _close_run(out: np.ndarray, state: np.ndarray) -> None:
    """Write the length of the run of blocks without more coefficients into the symbol that was left free for it."""
    if state[_RUN] > 0:
        count = _size(state[_RUN]) - 1
        opened = state[_RUN + 1]
        out[opened, 0] += count << 4
        out[opened, 1] = state[_RUN] - (1 << count)
        out[opened, 2] = count
        state[_RUN] = 0


@inner
def _lengthen_run(out: np.ndarray, n: int, state: np.ndarray, table: int) -> int:
    """One block more in the run; a new one begins with a symbol that `_close_run` fills in."""
    if state[_RUN] == 0:
        state[_RUN + 1] = n
        n = _put(out, n, table, 0, 0)
    state[_RUN] += 1
    return n


@inner
def _put_dc(out: np.ndarray, n: int, value: int, table: int, state: np.ndarray, part: int) -> int:
    difference = value - state[part]
    state[part] = value
    count = _size(abs(difference))
    return _put(out, n, table + count, difference if difference >= 0 else difference - 1 + (1 << count), count)


@inner
def _put_ac(
    out: np.ndarray, n: int, block: np.ndarray, first: int, last: int, low: int, table: int, state: np.ndarray
) -> int:
    zeros = 0
    for k in range(first, last + 1):
        value = np.int64(block[k])
        size = abs(value) >> low
        if size == 0:
            zeros += 1
            continue
        _close_run(out, state)
        while zeros > 15:
            n = _put(out, n, table + 0xF0, 0, 0)
            zeros -= 16
        count = _size(size)
        n = _put(out, n, table + (zeros << 4) + count, size if value > 0 else (1 << count) - 1 - size, count)
        zeros = 0
    if zeros > 0:
        n = _lengthen_run(out, n, state, table)
    return n


@inner
def _put_ac_refined(
    out: np.ndarray,
    n: int,
    block: np.ndarray,
    first: int,
    last: int,
    low: int,
    table: int,
    state: np.ndarray,
    waiting: np.ndarray,
) -> int:
    newest = 0  # behind it no coefficient is new, and the block ends
    for k in range(first, last + 1):
        if abs(np.int64(block[k])) >> low == 1:
            newest = k
    zeros, waits = 0, 0
    for k in range(first, last + 1):
        value = np.int64(block[k])
        size = abs(value) >> low
        if size == 0:
            zeros += 1
            continue
        while zeros > 15 and k <= newest:
            _close_run(out, state)
            n = _put(out, n, table + 0xF0, 0, 0)
            zeros -= 16
            for w in range(waits):
                n = _put(out, n, -1, waiting[w], 1)
            waits = 0
        if size > 1:
            waiting[waits] = size & 1
            waits += 1
            continue
        _close_run(out, state)
        n = _put(out, n, table + (zeros << 4) + 1, 1 if value > 0 else 0, 1)
        for w in range(waits):
            n = _put(out, n, -1, waiting[w], 1)
        zeros, waits = 0, 0
    if zeros > 0 or waits > 0:
        n = _lengthen_run(out, n, state, table)
        for w in range(waits):
            n = _put(out, n, -1, waiting[w], 1)
    return n


@loop()
def write_symbols(
    blocks: np.ndarray, restart: int, layout: np.ndarray, parts: np.ndarray, how: np.ndarray, out: np.ndarray
) -> int:
    """The symbols of one scan, the inverse of `read_scan`.

    Args:
        blocks: int16 (N, 64).
        restart, layout, parts, how: as there.
        out: int16 (symbols at most, 3), written: table * 256 + symbol, or -1 or `RESTART`; the bits behind it, whose
            sign bit is the highest one; how many.

    Returns:
        Number of symbols.
    """
    kind, first, last, low = how[0], how[1], how[2], how[3]
    state = np.zeros(6, np.int64)
    waiting = np.zeros(64, np.int64)
    n = 0
    for unit in range(layout[0]):
        if unit > 0 and restart > 0 and unit % restart == 0:
            _close_run(out, state)
            n = _put(out, n, RESTART, 0, 0)
            state[:] = 0
        row, column = unit // layout[1], unit % layout[1]
        for part in range(len(parts)):
            base, across, wide, high = parts[part, 0], parts[part, 1], parts[part, 2], parts[part, 3]
            dc, ac = 256 * parts[part, 4], 256 * (4 + parts[part, 5])
            for y in range(high):
                for x in range(wide):
                    block = blocks[base + (row * high + y) * across + column * wide + x]
                    if kind in (SEQUENTIAL, DC_FIRST):
                        n = _put_dc(out, n, np.int64(block[0]) >> low, dc, state, part)
                    if kind == SEQUENTIAL:
                        n = _put_ac(out, n, block, 1, 63, 0, ac, state)
                        _close_run(out, state)
                    elif kind == DC_REFINED:
                        n = _put(out, n, -1, (np.int64(block[0]) >> low) & 1, 1)
                    elif kind == AC_FIRST:
                        n = _put_ac(out, n, block, first, last, low, ac, state)
                    elif kind == AC_REFINED:
                        n = _put_ac_refined(out, n, block, first, last, low, ac, state, waiting)
                    if state[_RUN] == _LONGEST_RUN:
                        _close_run(out, state)
    _close_run(out, state)
    return n


@inner
def _put_byte(out: np.ndarray, n: int, value: int) -> int:
    out[n] = value
    if value != 0xFF:
        return n + 1
    out[n + 1] = 0
    return n + 2


@loop()
def write_bytes(symbols: np.ndarray, codes: np.ndarray, lengths: np.ndarray, out: np.ndarray) -> int:
    """Symbols in bits, with stuffed bytes and restart markers.

    Args:
        symbols: int16 (N, 3), of `write_symbols`.
        codes, lengths: int64 (8 * 256), of each symbol.
        out: uint8, written.

    Returns:
        Number of bytes.
    """
    held, bits, n, restarts = np.int64(0), 0, 0, 0
    for k in range(len(symbols)):
        symbol = symbols[k, 0]
        if symbol == RESTART:
            if bits > 0:
                n = _put_byte(out, n, (held << (8 - bits) | ((1 << (8 - bits)) - 1)) & 0xFF)
            held, bits = np.int64(0), 0
            out[n], out[n + 1] = 0xFF, 0xD0 + (restarts & 7)
            n, restarts = n + 2, restarts + 1
            continue
        if symbol >= 0:
            held = held << lengths[symbol] | codes[symbol]
            bits += lengths[symbol]
        count = symbols[k, 2]
        held = held << count | (np.int64(symbols[k, 1]) & ((1 << count) - 1))
        bits += count
        while bits >= 8:
            bits -= 8
            n = _put_byte(out, n, (held >> bits) & 0xFF)
        held &= (1 << bits) - 1
    if bits > 0:
        n = _put_byte(out, n, (held << (8 - bits) | ((1 << (8 - bits)) - 1)) & 0xFF)
    return n
