"""PBM, PGM, PPM and PAM files: only the samples are written anew; comments, further pictures and depth stay.

Source: the netpbm format specifications (pbm, pgm, ppm, pam): plain and raw, 1 to 16 bits, any highest value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from selfmend.errors import ImageError

KIND = "PPM"
"""PIL's name of all of them."""

_TOKEN = re.compile(rb"(?:\s|#[^\r\n]*[\r\n])*([0-9]+)")
_DIGITS = re.compile(rb"[0-9\s]*")
_ONE_DIGIT = np.frombuffer(b"01 \t\n\r\v\f", np.uint8)
_PAM_LINE = re.compile(rb"(WIDTH|HEIGHT|DEPTH|MAXVAL)\s+([0-9]+)")
_CHANNELS = {1: 1, 2: 1, 3: 3, 4: 1, 5: 1, 6: 3}
_PLAIN, _BITS = (1, 2, 3), (1, 4)
_MAX_HEAD = 1 << 16
_NUMBERS_A_LINE = 16  # a line of a plain file has at most 70 characters


@dataclass(frozen=True)
class Page:
    """The first picture of a file.

    Attributes:
        kind: the digit behind its "P".
        size: (height, width).
        channels: 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
        top: the highest value that a sample can have.
        start: where its samples begin.
        head: all that stands before them.
    """

    kind: int
    size: tuple[int, int]
    channels: int
    top: int
    start: int
    head: bytes

    @property
    def is_bits(self) -> bool:
        """Whether it is black and white, 1 for black."""
        return self.kind in _BITS

    @property
    def full(self) -> int:
        """The highest value of the numbers that hold its samples: 255 or 65535."""
        return 255 if self.top < 256 else 65535

    @property
    def row_bytes(self) -> int:
        """Bytes of a row of a raw file."""
        samples = self.size[1] * self.channels
        return -(-samples // 8) if self.is_bits else samples * (1 if self.top < 256 else 2)


def first_page(data: bytes) -> Page | None:
    """The first picture of a file, or None where it is none of these, or its head is broken."""
    if data[:1] != b"P" or data[1:2] not in (b"1", b"2", b"3", b"4", b"5", b"6", b"7") or not data[2:3].isspace():
        return None
    kind = int(data[1:2])
    return _pam(data) if kind == 7 else _pnm(data, kind)


def _pnm(data: bytes, kind: int) -> Page | None:
    head, at, numbers = data[:_MAX_HEAD], 2, []
    for _ in range(2 if kind in _BITS else 3):
        found = _TOKEN.match(head, at)
        if found is None or len(found[1]) > 10:
            return None
        numbers.append(int(found[1]))
        at = found.end()
    top = numbers[2] if len(numbers) == 3 else 1
    start = at + (0 if kind in _PLAIN else 1)  # one white space ends the head of a raw file
    return _checked(Page(kind, (numbers[1], numbers[0]), _CHANNELS[kind], top, start, data[:start]))


def _pam(data: bytes) -> Page | None:
    end = data.find(b"ENDHDR\n", 0, _MAX_HEAD)
    if end < 0:
        return None
    lines = [_PAM_LINE.match(line.strip()) for line in data[:end].split(b"\n")]
    said: dict[bytes, bytes] = {found[1]: found[2] for found in lines if found is not None}
    if len(said) < 4 or max(map(len, said.values())) > 10:
        return None
    width, height, depth, top = (int(said[name]) for name in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL"))
    start = end + len(b"ENDHDR\n")
    return _checked(Page(7, (height, width), depth, top, start, data[:start]))


def _checked(page: Page) -> Page | None:
    return page if min(page.size) > 0 and 1 <= page.channels <= 4 and 1 <= page.top <= 65535 else None


def read_samples(data: bytes, page: Page) -> np.ndarray:
    """The samples as they are stored: (H, W, C) of uint8 or uint16, 0 to `page.top`.

    Raises:
        ImageError: the file is cut off, or has samples that are no numbers or larger than it says.
    """
    samples = _plain(data, page)[0] if page.kind in _PLAIN else _raw(data, page)
    if samples.max() > page.top:
        raise ImageError(f"a sample is {samples.max()}, where the file says {page.top} at most")
    return samples


def _raw(data: bytes, page: Page) -> np.ndarray:
    height, width = page.size
    body = np.frombuffer(data, np.uint8, offset=page.start)[: height * page.row_bytes]
    if len(body) < height * page.row_bytes:
        raise ImageError("the file is cut off")
    rows = body.reshape(height, -1)
    if page.is_bits:
        return np.unpackbits(rows, axis=1)[:, :width, None]
    if page.top > 255:
        return rows.view(">u2").astype(np.uint16).reshape(height, width, -1)
    return rows.reshape(height, width, -1)


def _plain(data: bytes, page: Page) -> tuple[np.ndarray, int]:
    """The samples of a file of digits, and where they end."""
    count = page.size[0] * page.size[1] * page.channels
    if len(data) - page.start < count:
        raise ImageError("the file is cut off")
    quick = _plain_without_comments(data, page, count)
    if quick is not None:
        return quick
    at = page.start
    token = re.compile(rb"(?:\s|#[^\r\n]*[\r\n]?)*([01])" if page.kind == 1 else _TOKEN.pattern)
    values = np.empty(count, np.int64)
    for k in range(count):
        found = token.match(data, at)
        if found is None or len(found[1]) > 5:
            raise ImageError("the file is cut off, or has something else than numbers in it")
        values[k], at = int(found[1]), found.end()
    if values.max() > 65535:
        raise ImageError(f"a sample is {values.max()}, where the file says {page.top} at most")
    return values.astype(np.uint8 if values.max() < 256 and page.top < 256 else np.uint16).reshape(*page.size, -1), at


def _plain_without_comments(data: bytes, page: Page, count: int) -> tuple[np.ndarray, int] | None:
    """The same for a file with nothing but digits and white space there; None where it is not so, or ends too early."""
    if page.kind == 1:
        body = np.frombuffer(data, np.uint8)[page.start :]
        is_digit = (body == ord("0")) | (body == ord("1"))
        at = np.flatnonzero(is_digit)[:count]
        if len(at) < count or not np.isin(body[: at[-1] + 1], _ONE_DIGIT).all():
            return None
        return (body[at] - ord("0")).reshape(*page.size, -1), page.start + int(at[-1]) + 1
    parts = data[page.start :].split(None, count)
    rest = parts[count] if len(parts) > count else b""
    end = len(data[: len(data) - len(rest)].rstrip())
    if len(parts) < count or not _DIGITS.fullmatch(data, page.start, end):
        return None
    values = np.array(parts[:count]).astype(np.int64)
    if values.max() > page.top:
        return None
    return values.astype(np.uint8 if page.top < 256 else np.uint16).reshape(*page.size, -1), end


def with_samples(data: bytes, page: Page, samples: np.ndarray) -> bytes:
    """The file with other samples in its first picture, of the same size; all else stays.

    Args:
        data: the file.
        page: its first picture.
        samples: (H, W, C) as `read_samples` gives them.
    """
    if page.kind in _PLAIN:
        end = _plain(data, page)[1]
        numbers = [b"%d" % value for value in samples.ravel()]
        step = _NUMBERS_A_LINE if page.top < 1000 else _NUMBERS_A_LINE // 2
        lines = (b" ".join(numbers[k : k + step]) for k in range(0, len(numbers), step))
        return page.head + b"\n" + b"\n".join(lines) + (data[end:] or b"\n")
    if page.is_bits:
        body = np.packbits(samples[..., 0], axis=1).tobytes()
    else:
        body = samples.astype(">u2" if page.top > 255 else np.uint8).tobytes()
    return page.head + body + data[page.start + len(body) :]


def shown_of(samples: np.ndarray, page: Page) -> np.ndarray:
    """Stored samples as values over the whole range of uint8 or uint16; black is 0."""
    if page.is_bits:
        return (1 - samples) * np.uint8(255)
    if page.top == page.full:
        return samples
    kind = np.uint8 if page.full == 255 else np.uint16
    return np.rint(samples * (page.full / page.top)).astype(kind)


def stored_of(shown: np.ndarray, page: Page) -> np.ndarray:
    """The inverse of `shown_of`."""
    if page.is_bits:
        return (shown < 128).astype(np.uint8)
    return shown if page.top == page.full else np.rint(shown * (page.top / page.full)).astype(shown.dtype)


def said_beside(data: bytes) -> list[str]:
    """What a file says beside the samples of its first picture."""
    page = first_page(data)
    if page is None:
        return []
    comment = ["its comment"] if b"#" in page.head else []
    end = page.start + page.size[0] * page.row_bytes
    behind = page.kind not in _PLAIN and data[end : end + 1] == b"P"
    return comment + (["its further pictures"] if behind else [])
