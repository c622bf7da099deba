"""Picture files drawn at random: formats, layouts and what files say beside their pixels, in combinations of any kind.

No list of known cases: each property is drawn for itself, so that most files are ones that nobody has thought of. They
are put together byte by byte here, by no code of the package; Pillow codes the pixels of packed formats alone.
"""

import io
import random
import struct
import subprocess
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from shutil import which

import numpy as np
from PIL import Image as PILImage
from PIL import ImageCms

SECRET = b"this small copy shows what was mended"
"""Stands in every thumbnail and preview; no result may hold it."""
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
_TEXTS = (
    b"plain",
    "Grüße, 東京".encode(),
    "Grüße".encode("latin-1"),
    "東京".encode("shift-jis"),
    b"a\nb",
    b"padded   ",
)


@dataclass
class Sibling:
    """A file, and what a result must hold or name.

    Attributes:
        ending: of its name.
        data: all of it.
        says: what was drawn, in words.
        parts: (name, bytes that must be in the result, words of which one must be in a warning if they are not).
        samples: (H, W, C) as they are stored, where Pillow cannot tell.
        orientation: how the stored picture lies, 1 to 8.
        far: pixels around the hole that may change.
        near: levels by which known pixels may change.
        fits: whether it must be read; others may be refused in one line.
        behind: JPEGs behind a JPEG, to whose places it points.
        previews: how many of the pictures in the file show the first one smaller, and must go.
    """

    ending: str
    data: bytes = b""
    says: list[str] = field(default_factory=list)
    parts: list[tuple[str, bytes, str]] = field(default_factory=list)
    samples: np.ndarray | None = None
    orientation: int = 1
    far: int = 0
    near: int = 0
    fits: bool = True
    behind: list[bytes] = field(default_factory=list)
    previews: int = 0


class Draw(random.Random):
    """Chances, by a seed."""

    def often(self, share: float) -> bool:
        """True in this share of cases."""
        return self.random() < share

    def text(self) -> bytes:
        """One of several encodings."""
        return self.choice(_TEXTS)

    def junk(self, most: int = 60) -> bytes:
        """Bytes that nobody knows; recognised by their number."""
        return b"nobody knows " + self.randbytes(self.randint(1, most))

    def numbers(self) -> np.random.Generator:
        """For arrays."""
        return np.random.default_rng(self.getrandbits(63))

    def photo(self, channels: int, top: int = 255, *, low: int = 24, high: int = 70) -> np.ndarray:
        """(H, W, C) integers up to `top`: waves with noise."""
        h, w = self.randint(low, high), self.randint(low, high)
        y, x = np.mgrid[:h, :w]
        made = [0.5 + 0.25 * np.sin(x / 9 + k) + 0.2 * np.cos(y / (7 + k)) for k in range(channels)]
        made = np.stack(made, -1) + self.numbers().normal(0, 0.02, (h, w, channels))
        return np.rint(made.clip(0, 1) * top).astype(np.uint16 if top > 255 else np.uint8)


class Block:
    """A TIFF, or the EXIF of another file, put together tag by tag."""

    def __init__(self, order: str = "<", big: bool = False) -> None:
        self.order, self.big = order, big
        self.out = bytearray(16 if big else 8)
        self.step, self.head, self.tail = (20, 8, 8) if big else (12, 2, 4)

    def put(self, body: bytes) -> int:
        """Where it stands."""
        self.out += bytes(len(self.out) % 2)
        at = len(self.out)
        self.out += body
        return at

    def reserve(self, count: int) -> int:
        """Room for a directory."""
        return self.put(bytes(self.head + self.step * count + self.tail))

    def tag(self, number: int, kind: int, *values: object) -> tuple[int, int, int, bytes]:
        """An entry; bytes for the kinds 1, 2 and 7, else numbers."""
        if isinstance(values[0], bytes):
            body = values[0] + (b"\0" if kind == 2 else b"")
            return number, kind, len(body), body
        code = {1: "B", 3: "H", 4: "I", 5: "II", 9: "i", 10: "ii", 11: "f", 12: "d", 13: "I", 16: "Q"}[kind]
        body = struct.pack(self.order + code[0] * len(values), *values)
        return number, kind, len(values) // len(code), body

    def directory(self, tags: list, *, at: int | None = None, follows: int = 0) -> int:
        """Write the tags into their directory; where it stands."""
        at = self.reserve(len(tags)) if at is None else at
        word, count = ("Q", "Q") if self.big else ("I", "H")
        room = 8 if self.big else 4
        body = struct.pack(self.order + count, len(tags))
        for number, kind, many, value in sorted(tags):
            held = value.ljust(room, b"\0") if len(value) <= room else struct.pack(self.order + word, self.put(value))
            body += struct.pack(self.order + "HH" + word, number, kind, many) + held
        body += struct.pack(self.order + word, follows)
        self.out[at : at + len(body)] = body
        return at

    def whole(self, first: int) -> bytes:
        """All of it, with its head."""
        mark = b"II" if self.order == "<" else b"MM"
        head = (
            struct.pack(self.order + "HHHQ", 43, 8, 0, first) if self.big else struct.pack(self.order + "HI", 42, first)
        )
        self.out[: 2 + len(head)] = mark + head
        return bytes(self.out)


def thumbnail() -> bytes:
    """A small JPEG with the secret in it."""
    file = io.BytesIO()
    PILImage.new("RGB", (16, 12), "red").save(file, "JPEG", comment=SECRET)
    return file.getvalue()


def _described(draw: Draw, block: Block) -> list:
    """Tags of a first directory."""
    many = [
        block.tag(270, 2, draw.text()),
        block.tag(271, 2, b"Kamera"),
        block.tag(272, 2, b"Modell \xc3\xa9"),
        block.tag(305, 2, b"Software 1.0"),
        block.tag(306, 2, b"2026:11:28 01:02:03"),
        block.tag(315, 2, draw.text()),
        block.tag(33432, 2, "© Grüße".encode()),
        block.tag(0x4746, 3, 4),
        block.tag(0x9C9B, 1, "Titel 東".encode("utf-16-le")),
        block.tag(0x9C9C, 1, "Wort".encode("utf-16-le") + b"\0\0"),
        block.tag(0xC4A5, 7, b"PrintIM\x000300" + bytes(8)),
    ]
    return [one for one in many if draw.often(0.35)]


def _camera(draw: Draw, block: Block) -> list:
    note = b"NOTE\0" + draw.randbytes(draw.randint(5, 90)) + (thumbnail() if draw.often(0.2) else b"")
    many = [
        block.tag(33434, 5, 1, 125),
        block.tag(33437, 5, 28, 10),
        block.tag(34855, 3, 200),
        block.tag(36864, 7, b"0232"),
        block.tag(36867, 2, b"2026:11:28 01:02:03"),
        block.tag(36881, 2, b"+02:00"),
        block.tag(37380, 10, -1, 3),
        block.tag(37500, 7, note),
        block.tag(37510, 7, b"UNICODE\0" + "Grüße".encode("utf-16-le")),
        block.tag(42033, 2, b"123 456"),
        block.tag(42034, 5, 24, 1, 70, 1, 28, 10, 28, 10),
        block.tag(42036, 2, draw.text()),
        block.tag(42240, 5, 22, 10),
        block.tag(40961, 3, draw.choice([1, 2, 65535])),
        block.tag(0xA301, 7, b"\1"),
        block.tag(0xEA1C, 7, bytes(40)),
        block.tag(0xFDE8, 2, b"Owner's name: x"),
        block.tag(0xA460, 3, 2),
    ]
    return [one for one in many if draw.often(0.4)]


def exif(draw: Draw, size: tuple[int, int], *, orientation: int = 1, small: bool = True) -> bytes:
    """An EXIF block of either byte order, its directories in any order, with or without a thumbnail."""
    block = Block(draw.choice("<>"))
    tags = _described(draw, block)
    tags += [block.tag(274, 3, orientation)] if orientation > 1 or draw.often(0.3) else []
    tags += [block.tag(282, 5, 300, 1), block.tag(283, 5, 300, 1), block.tag(296, 3, 2)] if draw.often(0.4) else []
    tags += [block.tag(draw.randint(50900, 65000), 7, draw.junk())] if draw.often(0.3) else []
    camera, places = _camera(draw, block), draw.often(0.3)
    if draw.often(0.5):
        camera += [block.tag(40962, 4, size[1]), block.tag(40963, 4, size[0])]
    count = len(tags) + bool(camera) + places
    at = block.reserve(count) if draw.often(0.6) else None
    if camera:
        if draw.often(0.3):
            inner = block.directory([block.tag(1, 2, b"R98"), block.tag(2, 7, b"0100")])
            camera.append(block.tag(40965, 4, inner))
        tags.append(block.tag(34665, 4, block.directory(camera)))
    if places:
        where = [block.tag(0, 1, 2, 3, 0, 0), block.tag(1, 2, b"N"), block.tag(2, 5, 52, 1, 31, 1, 0, 1)]
        tags.append(block.tag(34853, 4, block.directory([*where, block.tag(27, 7, b"ASCII\0\0\0GPS")])))
    second = 0
    if small and draw.often(0.4):
        picture = thumbnail()
        seconds = [block.tag(259, 3, 6), block.tag(513, 4, block.put(picture)), block.tag(514, 4, len(picture))]
        second = block.directory(seconds)
    return block.whole(block.directory(tags, at=at, follows=second)) + (draw.junk() if draw.often(0.1) else b"")


_SPACES = {
    "dc": "purl.org/dc/elements/1.1",
    "xmp": "ns.adobe.com/xap/1.0",
    "tiff": "ns.adobe.com/tiff/1.0",
    "photoshop": "ns.adobe.com/photoshop/1.0",
    "xmpGImg": "ns.adobe.com/xap/1.0/g/img",
}


def xmp(draw: Draw, *, orientation: int = 1) -> bytes:
    """A packet with some properties, padded or not."""
    many = [
        "<dc:title><rdf:Alt><rdf:li xml:lang='de'>Grüße</rdf:li></rdf:Alt></dc:title>",
        "<xmp:Rating>4</xmp:Rating>",
        "<own:thing xmlns:own='http://example.com/own/'>值</own:thing>",
        "<photoshop:City>München</photoshop:City>",
        "<xmp:CreateDate>2026-11-28T01:02:03+02:00</xmp:CreateDate>",
    ]
    inside = [one for one in many if draw.often(0.5)]
    inside += [f"<tiff:Orientation>{orientation}</tiff:Orientation>"] if draw.often(0.4) else []
    if draw.often(0.2):
        inside.append(f"<xmpGImg:image>{SECRET.decode()}</xmpGImg:image>")
    names = " ".join(f"xmlns:{name}='http://{where}/'" for name, where in _SPACES.items())
    body = (
        f"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        f"<rdf:Description rdf:about='' {names}>{''.join(inside)}</rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    if draw.often(0.5):
        head = "<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>"
        body = f"{head}{body}{' ' * draw.randint(0, 300)}<?xpacket end='w'?>"
    return body.encode()


def profile(draw: Draw, most: int = 3000) -> bytes:
    """An ICC profile: a whole one, one that is longer than its tags, or one that nobody can use."""
    kind = draw.random()
    if kind < 0.6:
        return _SRGB
    if kind < 0.8:
        body = _SRGB + draw.randbytes(draw.randint(1, most))
        return struct.pack(">I", len(body)) + body[4:]
    return struct.pack(">I", 200) + b"\0" * 32 + b"acsp" + draw.randbytes(160)


def iptc(draw: Draw) -> bytes:
    """Datasets, with a caption."""
    text = draw.text()
    return b"\x1c\x01\x5a\0\3\x1b%G" + b"\x1c\x02\x78" + struct.pack(">H", len(text)) + text + b"\x1c\x02\x05\0\5title"


def resources(draw: Draw) -> bytes:
    """Photoshop's blocks."""
    many = [
        (0x404, iptc(draw)),
        (0x3ED, struct.pack(">IHHIHH", 300 << 16, 1, 1, 300 << 16, 1, 1)),
        (0x425, draw.randbytes(16)),
        (0x40C, struct.pack(">IIIIIIHH", 1, 16, 12, 48, 576, 0, 24, 1) + thumbnail()),
        (0x7D0, draw.junk()),
    ]
    made = b""
    for number, body in draw.sample(many, draw.randint(1, len(many))):
        name = draw.choice([b"\0\0", b"\3abc", b"\2ab\0"])
        made += b"8BIM" + struct.pack(">H", number) + name + struct.pack(">I", len(body)) + body + bytes(len(body) % 2)
    return made


def film(draw: Draw) -> bytes:
    """The beginning of an MP4."""
    return struct.pack(">I", 24) + b"ftypmp42\0\0\0\0mp42isom" + struct.pack(">I4s", 40, b"mdat") + draw.randbytes(32)


def _pil(values: np.ndarray, mode: str | None = None) -> PILImage.Image:
    values = values[..., 0] if values.shape[2] == 1 else values
    made = (
        PILImage.fromarray(values)
        if mode != "CMYK"
        else PILImage.frombytes("CMYK", values.shape[1::-1], values.tobytes())
    )
    return made.convert(mode) if mode and made.mode != mode else made


def _saved(picture: PILImage.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def _turned(draw: Draw) -> int:
    return draw.randint(2, 8) if draw.often(0.4) else 1


def jpeg(draw: Draw) -> Sibling:
    """Any sampling, order of segments, and something behind the picture."""
    made = Sibling("jpg", far=33, orientation=_turned(draw))
    mode = draw.choice(["RGB", "RGB", "RGB", "L", "CMYK"])
    values = draw.photo({"L": 1, "RGB": 3, "CMYK": 4}[mode], low=80, high=140)
    size = values.shape[:2]
    options: dict = {"quality": draw.randint(30, 100), "progressive": draw.often(0.4), "optimize": draw.often(0.3)}
    options |= {"subsampling": draw.choice([0, 1, 2])} if mode != "L" else {}
    options |= {"restart_marker_blocks": draw.randint(1, 9)} if draw.often(0.3) else {}
    if mode == "RGB" and draw.often(0.15):
        options |= {"keep_rgb": True, "subsampling": 0}
    if mode == "RGB" and draw.often(0.25):
        import cv2

        sampling = draw.choice([0x411111, 0x441111, 0x121111, 0x221111, 0x211111, 0x111111])
        flags = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling, cv2.IMWRITE_JPEG_PROGRESSIVE, int(draw.often(0.5))]
        flags += [cv2.IMWRITE_JPEG_RST_INTERVAL, draw.randint(1, 9)] if draw.often(0.5) else []
        data = cv2.imencode(".jpg", values[..., ::-1], flags)[1].tobytes()
        made.says.append(f"sampling {sampling:x}")
    else:
        data = _saved(_pil(values, mode), "JPEG", **options)
        made.says.append(f"{mode} {options}")
    if draw.often(0.1):
        data = _arithmetic(data)
        made.says.append("arithmetic")
    if draw.often(0.03):
        at = max(data.find(b"\xff\xc0\0"), data.find(b"\xff\xc1\0"), data.find(b"\xff\xc2\0"))
        data = data[: at + 4] + b"\x0c" + data[at + 5 :]
        made.says, made.fits = [*made.says, "12 bits"], False
    if mode == "CMYK" and draw.often(0.5) and b"Adobe\0d\0\0\0\0\0" in data:
        data = data.replace(b"Adobe\0d\0\0\0\0\0", b"Adobe\0d\0\0\0\0\2", 1)
        made.says.append("YCCK")
    head, segments, at = data[:2], [], 2
    while data[at + 1] in (0xE0, 0xEE):
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        segments.append(data[at:end])
        at = end
    if segments and segments[0][1] == 0xE0 and draw.often(0.3):
        segments = segments[1:]
        made.says.append("no JFIF")
    said = _segments(draw, made, size)
    draw.shuffle(said)
    split = draw.randint(0, len(said)) if draw.often(0.3) else 0
    fill = b"\xff" * draw.randint(1, 3) if draw.often(0.1) else b""
    made.data = head + b"".join(said[:split]) + b"".join(segments) + b"".join(said[split:]) + fill + data[at:]
    if draw.often(0.2):
        made.data = _with_several(draw, made, at=len(made.data) - len(fill) - len(data) + at)
    _behind(draw, made)
    return made


def _arithmetic(data: bytes) -> bytes:
    """The same coefficients, arithmetic-coded, where libjpeg's jpegtran is installed; the same bytes else."""
    program = which("jpegtran")
    if program is None:
        return data
    coded = subprocess.run([program, "-copy", "all", "-arithmetic"], input=data, capture_output=True).stdout
    return coded or data


_PREVIEW = 0x010001
"""The kind of a picture in an index that is a smaller one of the first."""


def _with_several(draw: Draw, made: Sibling, *, at: int) -> bytes:
    """The file with a segment at `at` that says where further JPEGs are: CIPA's Multi-Picture Format (DC-007).

    They are a second view, or a gain map, of which XMP and ISO 21496-1 tell.
    """
    gain = draw.often(0.6)
    kinds = [0x050000 if gain else draw.choice([0x020002, 0x020001, 0x010001]) for _ in range(draw.choice([1, 1, 2]))]
    said = b""
    if gain:
        version = b'<x:xmpmeta><rdf:Description hdrgm:Version="1.0"/></x:xmpmeta>'
        many = [(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + version), (0xE2, b"urn:iso:std:iso:ts:21496:-1\0\0\0\0\0")]
        if b"http://ns.adobe.com/xap/1.0/\0" in made.data:
            many = many[1:]
        for marker, body in many:
            said += struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
        made.parts.append(("what tells of a gain map", said, "gain map"))
    pictures = [_saved(_pil(draw.photo(draw.choice([1, 3]))), "JPEG", comment=draw.junk()) for _ in kinds]
    behind = [thumbnail() if kind == _PREVIEW else one for kind, one in zip(kinds, pictures, strict=True)]
    block = Block(draw.choice("<>"))
    count = 1 + len(behind)
    index = [block.tag(45056, 7, b"0100"), block.tag(45057, 4, count), block.tag(45058, 7, bytes(16 * count))]
    first = block.directory(index)
    entries = bytes(block.out).rindex(bytes(16 * count))
    body = b"MPF\0" + block.whole(first)
    segment = struct.pack(">BBH", 0xFF, 0xE2, len(body) + 2) + body
    whole = made.data[:at] + said + segment + made.data[at:]
    base = at + len(said) + 8
    places, start = [(0x20030000, len(whole), 0)], len(whole)
    for kind, one in zip(kinds, behind, strict=True):
        places.append((kind, len(one), start - base))
        start += len(one)
    listed = b"".join(struct.pack(block.order + "IIIHH", *place, 0, 0) for place in places)
    whole = whole[: base + entries] + listed + whole[base + entries + len(listed) :]
    made.says.append(f"{len(behind)} JPEGs behind it, {'gain maps' if gain else 'views'}")
    made.behind = [one for kind, one in zip(kinds, behind, strict=True) if kind != _PREVIEW]
    made.parts += [("a JPEG behind it", one, "behind|gain map|view") for one in made.behind]
    made.previews = len(behind) - len(made.behind)
    return whole + b"".join(behind)


def _segments(draw: Draw, made: Sibling, size: tuple[int, int]) -> list[bytes]:
    """APPn and comments; parts that nothing may change are noted."""
    found: list[bytes] = []

    def add(name: str, marker: int, body: bytes, *, whole: bool = True) -> None:
        segment = struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body
        found.append(segment)
        made.says.append(name)
        made.parts += [(name, segment, name)] if whole else []

    if draw.often(0.6) or made.orientation > 1:
        add("EXIF", 0xE1, b"Exif\0\0" + exif(draw, size, orientation=made.orientation), whole=False)
    if draw.often(0.4):
        add("XMP", 0xE1, b"http://ns.adobe.com/xap/1.0/\0" + xmp(draw, orientation=made.orientation), whole=False)
    if draw.often(0.3):
        add("Photoshop", 0xED, b"Photoshop 3.0\0" + resources(draw), whole=False)
    if draw.often(0.4):
        body = profile(draw)
        count = draw.randint(1, 3)
        step = -(-len(body) // count)
        pieces = [body[k * step : (k + 1) * step] for k in range(count)]
        for k, piece in enumerate(pieces):
            add("profile", 0xE2, b"ICC_PROFILE\0" + bytes([k + 1, len(pieces)]) + piece)
    for marker, start in (
        (0xE2, b"FPXR\0"),
        (0xE3, b"Meta\0\0"),
        (0xE4, b"own\0"),
        (0xE5, b"RMETA\0"),
        (0xE6, b"GoPro\0"),
        (0xE8, b"SPIFF\0"),
        (0xEA, b"AROT\0"),
        (0xEB, b"JP\0\1\0\0\0\1"),
        (0xEC, b"Ducky\0\1\0\4\0\0\0\x50\0\0"),
        (0xEF, b"Q\0"),
        (0xE1, b"http://own.example/\0"),
        (0xED, b"Adobe_CM\0"),
    ):
        if draw.often(0.12):
            body = draw.junk(200)
            body = box(b"abcd", body) if marker == 0xEB else body  # exiftool counts to 10^9 where its numbers are junk
            add(f"APP{marker - 0xE0} {start[:5]!r}", marker, start + body)
    for _ in range(draw.choice([0, 0, 1, 2])):
        add("comment", 0xFE, draw.text() + draw.junk())
    return found


def _behind(draw: Draw, made: Sibling) -> None:
    if not draw.often(0.35):
        return
    kind, body = draw.choice(
        [
            ("a film behind it", film(draw)),
            ("a second JPEG", _saved(_pil(draw.photo(3)), "JPEG")),
            ("Samsung's trailer", b"\0\0\x0a\x08" + draw.junk() + b"SEFT"),
            ("anything behind it", draw.junk()),
            ("a ZIP behind it", b"PK\3\4" + draw.junk()),
            ("zeros behind it", bytes(draw.randint(1, 40))),
            ("a PNG behind it", b"\x89PNG\r\n\x1a\n" + draw.junk()),
        ]
    )
    made.data += body
    made.says.append(kind)
    made.parts.append((kind, body, "behind"))


def chunk(name: bytes, body: bytes) -> bytes:
    """Of a PNG."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _rows(values: np.ndarray, bits: int) -> bytes:
    """Rows of samples, each filled to a whole byte, big-endian, behind a filter of 0."""
    if bits == 16:
        rows = values.astype(">u2").reshape(len(values), -1).view(np.uint8)
    else:
        spread = np.unpackbits(values.astype(np.uint8)[..., None], axis=-1)[..., 8 - bits :]
        rows = np.packbits(spread.reshape(len(values), -1), axis=1)
    return b"".join(b"\0" + row.tobytes() for row in rows)


_ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))


def png(draw: Draw) -> Sibling:
    """Any colour type and depth, interlaced, chunks in any place where they may stand, frames, something behind."""
    made = Sibling("png")
    colour, depth = draw.choice(
        [(0, d) for d in (1, 2, 4, 8, 16)]
        + [(2, 8), (2, 16), (3, 1), (3, 2), (3, 4), (3, 8)]
        + [(4, 8), (4, 16), (6, 8), (6, 16)] * 2
    )
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    top = (1 << depth) - 1
    colours = draw.randint(2, 1 << depth) if colour == 3 else 0
    values = draw.photo(channels, colours - 1 if colours else top)
    interlaced = draw.often(0.3)
    made.says.append(f"colour type {colour}, {depth} bits{', interlaced' if interlaced else ''}")
    if interlaced:
        packed = b"".join(_rows(values[y::dy, x::dx], depth) for y, x, dy, dx in _ADAM7 if values[y::dy, x::dx].size)
    else:
        packed = _rows(values, depth)
    packed = zlib.compress(packed)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", values.shape[1], values.shape[0], depth, colour, 0, 0, interlaced))
    before, after, behind = _png_said(draw, made, colour, depth, values)
    palette = chunk(b"PLTE", draw.randbytes(3 * colours)) if colours else b""
    if colours:
        for name, body in (
            (b"tRNS", draw.randbytes(draw.randint(1, colours))),
            (b"hIST", struct.pack(">H", 1) * colours),
        ):
            if draw.often(0.3):
                after.insert(0, (name, body))
                made.says.append(name.decode())
    moving = draw.often(0.2)
    cuts = sorted(draw.randint(0, len(packed)) for _ in range(draw.choice([0, 0, 1, 3])))
    pieces = [packed[a:b] for a, b in zip([0, *cuts], [*cuts, len(packed)], strict=True)]
    pixels = b"".join(chunk(b"IDAT", piece) for piece in pieces)
    if moving:
        count, hidden = draw.randint(2, 3), draw.often(0.3)
        size = struct.pack(">II", values.shape[1], values.shape[0])
        control = [size + struct.pack(">IIHHBB", 0, 0, draw.randint(1, 9), 100, 0, 0) for _ in range(count)]
        frames, number = b"", 0
        for k in range(count):
            if k == 0 and not hidden:
                pixels = chunk(b"fcTL", struct.pack(">I", number) + control[k]) + pixels
                number += 1
                continue
            frames += chunk(b"fcTL", struct.pack(">I", number) + control[k])
            frames += chunk(b"fdAT", struct.pack(">I", number + 1) + packed)
            number += 2
        before.append((b"acTL", struct.pack(">II", count, 0)))
        pixels += frames
        made.says.append(f"{count} frames, the first {'hidden' if hidden else 'shown'}")
        made.parts.append(("frames", frames, "frames"))
    draw.shuffle(before)
    made.data = b"\x89PNG\r\n\x1a\n" + head + b"".join(chunk(*one) for one in before) + palette
    made.data += b"".join(chunk(*one) for one in after) + pixels + b"".join(chunk(*one) for one in behind)
    made.data += chunk(b"IEND", b"")
    for name, body in [*before, *after, *behind]:
        if (
            name not in (b"eXIf", b"acTL")
            and SECRET not in body
            and b"Raw profile" not in body
            and not body.startswith(b"XML:com.adobe.xmp\0\1")
            and b"tiff:Ori" not in body
        ):
            made.parts.append((f"chunk {name.decode()}", chunk(name, body), "chunk|text|" + name.decode()))
    if draw.often(0.12):
        tail = draw.choice([draw.junk(), film(draw), b"PK\3\4" + draw.junk()])
        made.data += tail
        made.says.append("something behind it")
        made.parts.append(("bytes behind it", tail, "behind"))
    made.samples = values if depth == 16 and channels > 1 else None
    return made


def _png_said(draw: Draw, made: Sibling, colour: int, depth: int, values: np.ndarray) -> tuple[list, list, list]:
    """Chunks before the palette, behind it, and behind the pixels."""
    grey = colour in (0, 4)
    used = min(depth, 8) if colour == 3 else depth
    bits = bytes([max(1, used - 1)] * {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}[colour])
    first = [
        (b"gAMA", struct.pack(">I", 45455)),
        (b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)),
        (b"sBIT", bits),
        (b"cICP", bytes([9, 16, 0, 1])),
        (b"mDCV", draw.randbytes(24)),
        (b"cLLI", draw.randbytes(8)),
        draw.choice([(b"sRGB", b"\0"), (b"iCCP", b"name\0\0" + zlib.compress(profile(draw)))]),
    ]
    anywhere = [
        (b"pHYs", struct.pack(">IIB", draw.randint(1, 9999), draw.randint(1, 9999), draw.randint(0, 1))),
        (b"tIME", struct.pack(">HBBBBB", 2026, 11, 28, 1, 2, 3)),
        (b"tEXt", b"Title\0" + draw.text().replace(b"\0", b"")),
        (b"zTXt", b"Comment\0\0" + zlib.compress(draw.text() * 9)),
        (b"iTXt", b"Author\0\0\0de\0Autor\0" + "Grüße".encode()),
        (b"iTXt", b"Author\0\1\0\0\0" + zlib.compress("東京".encode())),
        (b"sPLT", b"own\0\x08" + draw.randbytes(6 * 3)),
        draw.choice(
            [
                (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp(draw)),
                (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(xmp(draw))),
            ]
        ),
        (b"eXIf", exif(draw, values.shape[:2], orientation=_turned(draw))),
        (b"oFFs", struct.pack(">iiB", -3, 5, 0)),
        (b"pCAL", b"x\0" + struct.pack(">iiBB", 0, 255, 0, 2) + b"m\0" + b"0\0" + b"1"),
        (b"sCAL", b"\x011.5\x002.5"),
        (b"sTER", b"\1"),
        (b"gIFg", b"\0\0\0"),
        (b"vpAg", struct.pack(">IIB", 9, 9, 0)),
        (b"prIv", draw.junk()),
        (b"prIV", draw.junk()),
        (b"saFe", draw.junk()),
        (b"caBX", draw.junk(300)),
        (b"tEXt", b"Title\0again"),
        (
            b"zTXt",
            b"Raw profile type exif\0\0"
            + zlib.compress(_raw_profile(b"exif", b"Exif\0\0" + exif(draw, values.shape[:2]))),
        ),
        (b"zTXt", b"Raw profile type iptc\0\0" + zlib.compress(_raw_profile(b"iptc", iptc(draw)))),
        (b"tEXt", b"Raw profile type xmp\0" + _raw_profile(b"xmp", xmp(draw))),
        (b"dSIG", draw.junk()),
        (b"iDOT", draw.randbytes(28)),
    ]
    key = {0: ">H", 2: ">HHH"}.get(colour)
    second = [] if key is None else [(b"tRNS", struct.pack(key, *values[3, 3].tolist()))]
    if colour != 3:
        second.append((b"bKGD", struct.pack(">H" if grey else ">HHH", *([0] * (1 if grey else 3)))))
    before = [one for one in first if draw.often(0.25)]
    after = [one for one in second if draw.often(0.4)]
    behind: list = []
    exifs = 0
    for one in anywhere:
        if not draw.often(0.15):
            continue
        exifs += one[0] == b"eXIf"
        late = one[0] in (
            b"tEXt",
            b"zTXt",
            b"iTXt",
            b"tIME",
            b"eXIf",
            b"prIv",
            b"prIV",
            b"saFe",
            b"dSIG",
        ) and draw.often(0.35)
        draw.choice([before, after] if not late else [behind]).append(one)
    made.says += [one[0].decode() for one in (*before, *after)] + [one[0].decode() + " behind" for one in behind]
    return before, after, behind


def _raw_profile(name: bytes, body: bytes) -> bytes:
    """As ImageMagick puts a profile into a text."""
    digits = body.hex().encode()
    lines = b"\n".join(digits[k : k + 72] for k in range(0, len(digits), 72))
    return b"\n" + name + b"\n%8d\n" % len(body) + lines + b"\n"


def _packed_bits(body: bytes, row: int) -> bytes:
    """PackBits, a row at a time: runs as runs, the rest as it is."""
    out = bytearray()
    for at in range(0, len(body), row):
        line = body[at : at + row]
        k = 0
        while k < len(line):
            same = 1
            while k + same < len(line) and same < 128 and line[k + same] == line[k]:
                same += 1
            if same > 2:
                out += bytes([257 - same, line[k]])
            else:
                same = min(same, len(line) - k)
                out += bytes([same - 1]) + line[k : k + same]
            k += same
    return bytes(out)


_FAX = {2: "tiff_ccitt", 3: "group3", 4: "group4"}
"""Packings of ITU-T T.4 and T.6, and what Pillow calls them."""
_FULL_RANGE = (0, 1, 255, 1, 128, 1, 255, 1, 128, 1, 255, 1)
"""Of a JPEG in a TIFF, as 6 fractions: black and white of Y, Cb and Cr."""


def _faxed(piece: np.ndarray, kind: str) -> bytes:
    """The bits (H, W, 1), as Pillow packs them in a file of one strip."""
    file = io.BytesIO()
    picture = PILImage.frombytes("1", piece.shape[1::-1], np.packbits(piece[..., 0], axis=1).tobytes())
    picture.save(file, "TIFF", compression=kind, strip_size=1 << 20)
    tags = PILImage.open(file).tag_v2
    assert len(tags[273]) == 1
    return file.getvalue()[tags[273][0] : tags[273][0] + tags[279][0]]


def _tiff_lzw(values: bytes) -> bytes:
    """Codes of 9 bits, the highest first: the table is cleared before it grows beyond them."""
    codes = []
    for at in range(0, len(values), 250):
        codes += [256, *values[at : at + 250]]
    bits = np.unpackbits(np.array([*codes, 257], ">u2").view(np.uint8).reshape(-1, 2), axis=1)[:, 7:]
    return np.packbits(bits.ravel()).tobytes()


_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def _tiff_page(draw: Draw, block: Block, made: Sibling, *, first: bool, more: Callable[[], list]) -> tuple[int, int]:
    """(a directory with its pixels, where its link to the next one stands)."""
    photometric, channels = draw.choice([(0, 1), (1, 1), (1, 1), (2, 3), (2, 3), (3, 1), (5, 4), (8, 3)])
    bits = draw.choice([8, 8, 8, 16, 16, 1, 2, 4, 12]) if photometric in (0, 1, 2) else 8
    bits = draw.choice([4, 8]) if photometric == 3 else draw.choice([8, 16]) if photometric in (5, 8) else bits
    extra = (
        draw.choice([(), (), (0,), (1,), (2,), (0, 0), (0, 2), (2, 0)])
        if photometric in (0, 1, 2, 5) and bits in (8, 16)
        else ()
    )
    floats = first and draw.often(0.04)
    channels += len(extra)
    values = draw.photo(channels, (1 << bits) - 1)
    if 1 in extra:
        alpha = values[..., channels - len(extra) + extra.index(1)].astype(np.int64)[..., None]
        colours = values[..., : channels - len(extra)]
        values[..., : channels - len(extra)] = np.minimum(colours, alpha)
    h, w = values.shape[:2]
    packing = draw.choice([1, 1, 8, 32946, 32773, 5, *([2, 3, 4] if bits == channels == 1 else [])])
    if photometric in (1, 2) and bits == 8 and not extra and draw.often(0.15):
        packing, photometric = 7, draw.choice([2, 6]) if photometric == 2 else 1
    floats = floats and packing in (1, 5, 8, 32946)
    predictor = 2 if packing in (5, 8, 32946) and bits in (8, 16) and not floats and draw.often(0.5) else 1
    planes = channels > 1 and packing != 7 and draw.often(0.3)
    tiles = draw.often(0.35)
    reverse = packing == 1 and bits < 16 and draw.often(0.1)
    th, tw = (draw.choice([16, 32]), draw.choice([16, 32])) if tiles else (draw.randint(1, h), w)
    th = -(-th // 16) * 16 if packing == 7 else th
    offsets, counts = [], []
    decoded = np.zeros((-(-h // th) * th, -(-w // tw) * tw, channels), np.uint8)
    for part in [values[..., k : k + 1] for k in range(channels)] if planes else [values]:
        for y in range(0, h, th):
            for x in range(0, w, tw):
                piece = part[y : y + th, x : x + tw]
                if tiles:
                    piece = np.pad(piece, ((0, th - piece.shape[0]), (0, tw - piece.shape[1]), (0, 0)))
                if predictor == 2:
                    piece = np.concatenate([piece[:, :1], piece[:, 1:] - piece[:, :-1]], 1)
                if floats:
                    body = (piece / ((1 << bits) - 1)).astype(block.order + "f4").tobytes()
                elif bits == 16:
                    body = piece.astype(block.order + "u2").tobytes()
                else:
                    wide = piece.astype(">u2")[..., None].view(np.uint8)
                    spread = np.unpackbits(wide, axis=-1)[..., 16 - bits :]
                    body = np.packbits(spread.reshape(len(piece), -1), axis=1).tobytes()
                if packing in (8, 32946):
                    body = zlib.compress(body)
                if packing == 32773:
                    body = _packed_bits(body, len(body) // len(piece))
                if packing == 5:
                    body = _tiff_lzw(body)
                if packing in _FAX:
                    body = _faxed(piece, _FAX[packing])
                if packing == 7:
                    options = {"subsampling": 0, "keep_rgb": True} if photometric == 2 else {"subsampling": 2}
                    body = _saved(_pil(piece), "JPEG", quality=90, **(options if channels == 3 else {}))
                    shown = np.asarray(PILImage.open(io.BytesIO(body)))
                    decoded[y : y + piece.shape[0], x : x + tw] = shown.reshape(piece.shape)
                offsets.append(block.put(body.translate(_REVERSED) if reverse else body))
                counts.append(len(body))
    word = 16 if block.big and draw.often(0.7) else 4
    tags = [
        block.tag(256, draw.choice([3, 4]), w),
        block.tag(257, draw.choice([3, 4]), h),
        block.tag(258, 3, *[32 if floats else bits] * channels),
        block.tag(259, 3, packing),
        block.tag(262, 3, photometric),
        block.tag(277, 3, channels),
        block.tag(284, 3, 2 if planes else 1),
        *(
            [block.tag(322, 3, tw), block.tag(323, 3, th), block.tag(324, word, *offsets), block.tag(325, 4, *counts)]
            if tiles
            else [block.tag(273, word, *offsets), block.tag(279, 4, *counts), block.tag(278, 3, th)]
        ),
    ]
    tags += [block.tag(338, 3, *extra)] if extra else []
    tags += [block.tag(317, 3, predictor)] if predictor > 1 or draw.often(0.1) else []
    tags += [block.tag(266, 3, 2)] if reverse else []
    tags += [block.tag(530, 3, 2, 2), block.tag(532, 5, *_FULL_RANGE)] if photometric == 6 else []
    tags += [block.tag(339, 3, *[3 if floats else 1] * channels)] if floats or draw.often(0.2) else []
    if photometric == 3:
        tags.append(block.tag(320, 3, *(257 * k for k in draw.randbytes(3 << bits))))
    if first:
        made.orientation = _turned(draw)
        tags += [block.tag(274, 3, made.orientation)] if made.orientation > 1 or draw.often(0.3) else []
        made.samples, made.fits = decoded[:h, :w] if packing == 7 else values, not floats
        made.says.append(
            f"{'big ' if block.big else ''}{block.order} photometric {photometric} {channels} x {bits}"
            f"{' floats' if floats else ''}, extra {extra}, packing {packing}, predictor {predictor}"
            f"{', tiles' if tiles else ''}{', planes' if planes else ''}{', reversed' if reverse else ''}"
            f", orientation {made.orientation}"
        )
    tags += more()
    at = block.directory(tags)
    return at, at + block.head + block.step * len(tags)


def tiff(draw: Draw) -> Sibling:
    """Any layout, with tags of all kinds, further pages of other layouts, pages below, thumbnails."""
    made = Sibling("tif")
    block = Block(draw.choice("<>"), big=draw.often(0.2))

    def said() -> list:
        tags = _described(draw, block)
        for name, number, body in (
            ("XMP", 700, xmp(draw)),
            ("Photoshop", 34377, resources(draw)),
            ("profile", 34675, profile(draw)),
            ("IPTC", 33723, iptc(draw)),
            ("text of many bytes", 37724, b"Adobe Photoshop Document Data Block\0" + draw.junk()),
        ):
            if draw.often(0.2):
                tags.append(block.tag(number, draw.choice([1, 7]), body))
                made.says.append(name)
        if draw.often(0.4):
            camera = _camera(draw, block)
            tags += [block.tag(34665, 4, block.directory(camera))] if camera else []
        if draw.often(0.2):
            tags.append(
                block.tag(34853, 4, block.directory([block.tag(1, 2, b"N"), block.tag(2, 5, 52, 1, 31, 1, 0, 1)]))
            )
        if draw.often(0.3):
            tags += [block.tag(282, 5, 300, 1), block.tag(283, 5, 300, 1), block.tag(296, 3, draw.choice([1, 2, 3]))]
        if draw.often(0.2):
            keys = (1, 1, 0, 1, 1024, 0, 1, 2)
            tags += [block.tag(33550, 12, 1.0, 1.0, 0.0), block.tag(33922, 12, *[0.0] * 6), block.tag(34735, 3, *keys)]
        many = [
            block.tag(269, 2, b"document"),
            block.tag(285, 2, b"page \xc3\xa4"),
            block.tag(297, 3, 0, 2),
            block.tag(316, 2, b"host"),
            block.tag(318, 5, 31, 100, 33, 100),
            block.tag(319, 5, *[64, 100, 33, 100, 21, 100, 71, 100, 15, 100, 6, 100]),
            block.tag(32781, 2, b"an id"),
            block.tag(42112, 2, b"<GDALMetadata/>"),
            block.tag(42113, 2, b"0"),
            block.tag(50838, 4, 28, 12),
            block.tag(65100, 11, 1.5, 2.5),
            block.tag(65101, 12, 3.25),
            block.tag(65102, 9, -3),
            block.tag(65103, 7, draw.junk()),
            block.tag(65104, 3, *range(9)),
            block.tag(65105, 10, -1, 3),
            block.tag(65106, 2, draw.text()),
            block.tag(50706, 1, 1, 4, 0, 0),
            block.tag(280, 3, 0),
            block.tag(281, 3, 255),
            block.tag(305, 2, b"tifffile.py"),
        ]
        there = {one[0] for one in tags}
        tags += [one for one in many if draw.often(0.12) and one[0] not in there]
        if draw.often(0.15):
            small = _small_page(block)
            below = [small]
            if draw.often(0.4):
                below.append(_tiff_page(draw, block, made, first=False, more=list)[0])
            tags.append(block.tag(330, draw.choice([4, 13]), *below))
            made.says.append(f"{len(below)} pages below")
        return tags

    first, link = _tiff_page(draw, block, made, first=True, more=said)
    if draw.often(0.15):
        link = _follow(block, link, _small_page(block), 12)
        made.says.append("a thumbnail behind")
    for _ in range(draw.choice([0, 0, 0, 1, 2])):
        at, behind = _tiff_page(draw, block, made, first=False, more=lambda: _described(draw, block))
        _follow(block, link, at, 0)
        link = behind
        made.says.append("a further page")
    made.data = block.whole(first) + (draw.junk() if draw.often(0.05) else b"")
    return made


def _small_page(block: Block) -> int:
    """A thumbnail that says so, not packed, with the secret as its pixels."""
    body = SECRET.ljust(48, b" ")
    tags = [
        (254, 4, 1),
        (256, 3, 12),
        (257, 3, 4),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, block.put(body)),
        (277, 3, 1),
        (278, 3, 4),
        (279, 4, 48),
    ]
    return block.directory([block.tag(*one) for one in tags])


def _follow(block: Block, link: int, at: int, count: int) -> int:
    struct.pack_into(block.order + ("Q" if block.big else "I"), block.out, link, at)
    return at + block.head + block.step * (10 if count else 0)


def _lzw(values: bytes, size: int) -> bytes:
    """Codes of one width: the table is cleared before it grows."""
    out, held, bits = bytearray(), 0, 0
    clear, width = 1 << size, size + 1
    codes = []
    for at in range(0, len(values), (1 << size) - 2):
        codes += [clear, *values[at : at + (1 << size) - 2]]
    for code in [*codes, clear + 1]:
        held |= code << bits
        bits += width
        while bits >= 8:
            out.append(held & 255)
            held >>= 8
            bits -= 8
    out += bytes([held]) if bits else b""
    return bytes([size]) + _sub(bytes(out))


def _sub(body: bytes) -> bytes:
    pieces = [body[k : k + 255] for k in range(0, len(body), 255)]
    return b"".join(bytes([len(one)]) + one for one in pieces) + b"\0"


def gif(draw: Draw) -> Sibling:
    """Palettes of either kind, frames beside the screen, extensions between them, something behind."""
    made = Sibling("gif")
    bits = draw.randint(2, 8)
    table = draw.often(0.8)
    values = draw.photo(1, (1 << bits) - 1)[..., 0]
    h, w = values.shape
    count = draw.choice([1, 1, 1, 2, 3])
    covers = draw.often(0.8)
    wide, high = (w, h) if covers else (w + draw.randint(0, 9), h + draw.randint(0, 9))
    out = (b"GIF89a" if draw.often(0.9) or count > 1 else b"GIF87a") + struct.pack(
        "<HHBBB",
        wide,
        high,
        (0x80 | bits - 1 | draw.randint(0, 7) << 4) if table else 0x70,
        draw.randint(0, 3),
        draw.choice([0, 49]),
    )
    out += draw.randbytes(3 << bits) if table else b""
    made.says.append(
        f"{bits} bits, {'global' if table else 'no global'} palette, {count} frames"
        f"{'' if covers else ', smaller than the screen'}"
    )
    extras = [
        ("repetitions", b"\xff\x0bNETSCAPE2.0" + b"\3\1" + struct.pack("<H", draw.randint(0, 5)) + b"\0"),
        ("comment", b"\xfe" + _sub(draw.text() + draw.junk(300))),
        ("own extension", b"\xff\x0bOWNTHING1.0" + _sub(draw.junk(400))),
        ("profile", b"\xff\x0bICCRGBG1012" + _sub(profile(draw))),
        ("ImageMagick's", b"\xff\x0bImageMagick" + _sub(b"gamma=0.45")),
        ("XMP", b"\xff\x0bXMP DataXMP" + xmp(draw).replace(b"\0", b"") + b"\1" + bytes(range(255, -1, -1)) + b"\0"),
        ("plain text", b"\x01\x0c" + struct.pack("<HHHHBBBB", 0, 0, 8, 8, 8, 8, 0, 1) + _sub(b"x")),
        ("label nobody knows", b"\x99" + _sub(draw.junk())),
    ]

    def some(share: float) -> None:
        nonlocal out
        for name, body in draw.sample(extras, len(extras)):
            if draw.often(share) and not (name == "plain text" and draw.often(0.6)):
                out += b"!" + body
                made.says.append(name)
                if SECRET not in body and b"tiff:Ori" not in body:
                    made.parts.append((name, body, name.split("'")[0] + "|extension"))

    some(0.2)
    for k in range(count):
        local = not table or draw.often(0.2)
        whole = k == 0 and draw.often(0.85)
        left, up = (0, 0) if whole else (draw.randint(0, w // 3), draw.randint(0, h // 3))
        part = values if whole else values[up:, left:]
        if draw.often(0.6) or count > 1:
            flags = draw.randint(0, 3) << 2 | draw.randint(0, 1)
            out += (
                b"!\xf9\4" + struct.pack("<BHB", flags, draw.randint(2, 60), draw.randint(0, (1 << bits) - 1)) + b"\0"
            )
        interlaced = draw.often(0.2)
        if interlaced:
            order = [*range(0, len(part), 8), *range(4, len(part), 8), *range(2, len(part), 4), *range(1, len(part), 2)]
            part = part[order]
        flags = (0x80 | bits - 1 if local else 0) | (0x40 if interlaced else 0)
        frame = b"," + struct.pack("<HHHHB", left, up, part.shape[1], part.shape[0], flags)
        frame += (draw.randbytes(3 << bits) if local else b"") + _lzw(part.tobytes(), bits)
        made.parts += [("a further frame", frame, "frames")] if k else []
        out += frame
        some(0.05)
    made.data = out + b";" + (draw.junk() if draw.often(0.08) else b"")
    return made


def riff(name: bytes, body: bytes) -> bytes:
    """A chunk of a WebP."""
    return name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def webp(draw: Draw) -> Sibling:
    """Lossless or not, with or without alpha, moving or not, chunks in any order, unknown ones among them."""
    made = Sibling("webp")
    channels = draw.choice([3, 3, 4])
    picture = _pil(draw.photo(channels))
    options: dict = {"lossless": draw.often(0.5), "quality": draw.randint(20, 95), "exact": True, "method": 0}
    moving = draw.often(0.25)
    if moving:
        others = [_pil(np.roll(np.asarray(picture), 5 * k, 0)) for k in range(1, 3)]
        options |= {"save_all": True, "append_images": others, "duration": [40, 90, 120], "loop": draw.randint(0, 3)}
    plain = _saved(picture, "WEBP", **options)
    made.says.append(f"{channels} channels{', lossless' if options['lossless'] else ''}{', moving' if moving else ''}")
    width, height = picture.size
    body, at, flags = [], 12, 0
    while at < len(plain):
        length = struct.unpack_from("<I", plain, at + 4)[0]
        name, value = plain[at : at + 4], plain[at + 8 : at + 8 + length]
        if name == b"VP8X":
            flags = value[0]
        else:
            body.append((name, value))
        at += 8 + length + length % 2
    said_first, said_last = [], []
    turn = 1 if moving else _turned(draw)
    made.orientation = turn
    if draw.often(0.3):
        said_first.append((b"ICCP", profile(draw)))
    if draw.often(0.5) or turn > 1:
        prefix = b"Exif\0\0" if draw.often(0.2) else b""
        said_last.append((b"EXIF", prefix + exif(draw, (height, width), orientation=turn)))
    if draw.often(0.4):
        said_last.append((b"XMP ", xmp(draw, orientation=turn)))
    unknown = [(b"ABCD", draw.junk()), (b"xyz ", draw.junk())]
    for one in unknown:
        if draw.often(0.25):
            draw.choice([said_first, said_last]).append(one)
            made.parts.append(("an unknown chunk", riff(*one), "chunk"))
            made.says.append("unknown chunk")
    draw.shuffle(said_last)
    flags |= {b"ICCP": 0x20}.get(said_first[0][0] if said_first else b"", 0)
    flags |= sum({b"EXIF": 8, b"XMP ": 4}.get(name, 0) for name, _ in said_last)
    made.says += [name.decode() for name, _ in (*said_first, *said_last)]
    if flags or said_first or said_last:
        canvas = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
        head = [(b"VP8X", bytes([flags, 0, 0, 0]) + canvas)]
        middle = said_last if draw.often(0.15) else []
        body = [*head, *said_first, *middle, *body, *([] if middle else said_last)]
    parts = b"WEBP" + b"".join(riff(*one) for one in body)
    made.data = b"RIFF" + struct.pack("<I", len(parts)) + parts
    if draw.often(0.08):
        tail = draw.junk()
        made.data += tail
        made.says.append("something behind it")
        made.parts.append(("bytes behind it", tail, "behind"))
    made.near = 0
    return made


def _run_lengths(indices: np.ndarray, bits: int) -> bytes:
    """RLE8 or RLE4: runs, and literal bytes."""
    out = bytearray()
    for row in indices[::-1].tolist():
        k = 0
        while k < len(row):
            same = 1
            while k + same < len(row) and same < 255 and row[k + same] == row[k]:
                same += 1
            out += bytes([same, row[k] if bits == 8 else row[k] << 4 | row[k]])
            k += same
        out += b"\0\0"
    return bytes(out) + b"\0\1"


def bmp(draw: Draw) -> Sibling:
    """Any header, bits, masks, packing, direction; profiles, gaps, something behind."""
    made = Sibling("bmp")
    header = draw.choice([12, 40, 40, 52, 56, 108, 124, 124])
    bits = draw.choice([1, 4, 8, 24] if header == 12 else [1, 4, 8, 16, 24, 32])
    masks: tuple[int, ...] = ()
    packing = 0
    if header > 12 and bits == 16:
        masks = draw.choice([(), (0xF800, 0x7E0, 0x1F, 0), (0x7C00, 0x3E0, 0x1F, 0), (0xF00, 0xF0, 0xF, 0)])
    if header > 12 and bits == 32:
        masks = draw.choice(
            [(), (0xFF0000, 0xFF00, 0xFF, 0), (0xFF, 0xFF00, 0xFF0000, 0), (0xFF0000, 0xFF00, 0xFF, 0xFF000000)]
        )
    if masks:
        packing = 3
        masks = masks if header >= 56 else (*masks[:3], 0)
    colours = draw.randint(2, 1 << bits) if bits <= 8 and header > 12 else (1 << bits if bits <= 8 else 0)
    values = draw.photo(1, colours - 1)[..., 0] if colours else draw.photo(4)
    h, w = values.shape[:2]
    packed = bits in (4, 8) and header >= 40 and draw.often(0.25)
    if packed:
        packing = {4: 2, 8: 1}[bits]
        body = _run_lengths(values, bits)
    else:
        if colours:
            spread = np.unpackbits(values[..., None], axis=-1)[..., 8 - bits :]
            rows = np.packbits(spread.reshape(h, -1), axis=1)
        elif bits == 24:
            rows = values[..., 2::-1].reshape(h, -1)
        else:
            place = masks or ((0x7C00, 0x3E0, 0x1F, 0) if bits == 16 else (0xFF0000, 0xFF00, 0xFF, 0))
            whole = np.zeros((h, w), np.uint32)
            for channel, mask in enumerate(place):
                if mask:
                    shift = (mask & -mask).bit_length() - 1
                    whole |= (np.rint(values[..., channel] * ((mask >> shift) / 255)).astype(np.uint32)) << shift
            rows = whole.astype("<u2" if bits == 16 else "<u4").view(np.uint8).reshape(h, -1)
        rows = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 4)))
        down = header > 12 and draw.often(0.2)
        body = (rows if down else rows[::-1]).tobytes()
        made.says += ["downwards"] if down else []
        h = -h if down else h
    icc = profile(draw) if header == 124 and draw.often(0.5) else b""
    gap = draw.junk() if draw.often(0.15) else b""
    palette = (
        draw.randbytes(colours * 3) if header == 12 else b"".join(draw.randbytes(3) + b"\0" for _ in range(colours))
    )
    loose = struct.pack("<III", *masks[:3]) if packing == 3 and header == 40 else b""
    start = 14 + header + len(loose) + len(palette) + len(gap)
    if header == 12:
        head = struct.pack("<IHHHH", 12, w, h, 1, bits)
    else:
        head = struct.pack(
            "<IiiHHIIiiII", 40, w, h, 1, bits, packing, len(body), 2835, 5000, colours if colours < 1 << bits else 0, 0
        )
        head = struct.pack("<I", header) + head[4:] + (struct.pack("<IIII", *masks) if masks else bytes(16))
        tail = (b"DEBM" if icc else draw.choice([b"BGRs", b" niW"])) + bytes(36 + 12)
        if header == 124:
            tail += struct.pack(
                "<IIII",
                draw.choice([2, 4]),
                124 + len(loose) + len(palette) + len(gap) + len(body) if icc else 0,
                len(icc),
                0,
            )
        head = (head + tail)[:header]
    made.data = head + loose + palette + gap + body + icc
    made.data = b"BM" + struct.pack("<IHHI", 14 + len(made.data), 0, 0, start) + made.data
    made.says.insert(
        0,
        f"header {header}, {bits} bits, masks {[hex(m) for m in masks]}, {colours} colours"
        f"{', run lengths' if packed else ''}",
    )
    made.parts += [("profile", icc, "profile")] if icc else []
    made.parts += [("a gap", gap, "gap|behind")] if gap else []
    if draw.often(0.1):
        tail = draw.junk()
        made.data += tail
        made.parts.append(("bytes behind it", tail, "behind"))
        made.says.append("something behind it")
    made.says += ["profile"] * bool(icc) + ["gap"] * bool(gap)
    return made


def tga(draw: Draw) -> Sibling:
    """Any type, direction, an id, areas behind the pixels."""
    made = Sibling("tga")
    kind, bits = draw.choice([(1, 8), (2, 24), (2, 32), (2, 16), (3, 8), (9, 8), (10, 24), (10, 32), (11, 8), (3, 16)])
    step = bits // 8
    values = draw.photo(step) if kind not in (1, 9) else draw.photo(1, 99)
    h, w = values.shape[:2]
    lines = [values[y].tobytes() for y in range(h)]
    if kind > 8:
        lines = _tga_lines(draw, values)
    name = draw.text()[:200] if draw.often(0.4) else b""
    palette = draw.randbytes(3 * 100) if kind in (1, 9) else b""
    alpha = {32: 8, 16: 1 if kind == 2 else 8}.get(bits, 0) if draw.often(0.8) else 0
    head = struct.pack(
        "<BBBHHBHHHHBB",
        len(name),
        bool(palette),
        kind,
        0,
        100 if palette else 0,
        24 if palette else 0,
        draw.choice([0, 0, 7]),
        0,
        w,
        h,
        bits,
        alpha | draw.choice([0, 0x20]),
    )
    body = b"".join(lines)
    made.data = head + name + palette + body
    made.says.append(f"type {kind}, {bits} bits, alpha {alpha}")
    made.parts += [("id", name, "comment|id|text")] if name else []
    if draw.often(0.6):
        _tga_areas(draw, made, len(head + name + palette), lines, step)
    elif draw.often(0.2):
        own = draw.junk()
        made.data += own
        made.parts.append(("what stands behind it", own, "behind"))
    return made


def _tga_lines(draw: Draw, values: np.ndarray) -> list[bytes]:
    """By run lengths, with and without runs; some packets of files of one level go on in the next line."""
    flat = values.copy()
    if draw.often(0.5):
        flat[flat.shape[0] // 2 :] = flat[0, 0]
    values[:] = flat
    height, width = values.shape[:2]
    made = []
    for y in range(height):
        if (flat[y] == flat[y, 0]).all() and width <= 128:
            made.append(bytes([127 + width]) + flat[y, 0].tobytes())
        elif draw.often(0.5) and width <= 128:
            made.append(bytes([width - 1]) + flat[y].tobytes())
        else:
            made.append(b"".join(b"\0" + flat[y, x].tobytes() for x in range(width)))
    return made


def _tga_areas(draw: Draw, made: Sibling, start: int, lines: list[bytes], step: int) -> None:
    """Developer area and extension area with all that they may point at, and the footer."""

    def put(body: bytes) -> int:
        made.data += body
        return len(made.data) - len(body)

    developer = extension = 0
    if draw.often(0.5):
        own = [draw.junk() for _ in range(draw.randint(1, 3))]
        places = [put(body) for body in own]
        tags = [
            struct.pack("<HII", 300 + k, at, len(body)) for k, (at, body) in enumerate(zip(places, own, strict=True))
        ]
        developer = put(struct.pack("<H", len(own)) + b"".join(tags))
        made.parts += [(f"tag {k} of the developer area", body, "developer|extension") for k, body in enumerate(own)]
        made.says.append("developer area")
    if draw.often(0.6):
        correction = stamp = table = 0
        if draw.often(0.4):
            levels = draw.randbytes(2048)
            correction = put(levels)
            made.parts.append(("colour correction", levels, "extension"))
        if draw.often(0.4):
            stamp = put(bytes([8, 6]) + (SECRET * 100)[: 48 * step])
        if draw.often(0.4):
            ends = [start + sum(map(len, lines[:k])) for k in range(len(lines))]
            table = put(struct.pack(f"<{len(ends)}I", *ends))
        said = b"Author".ljust(41, b"\0") + "Grüße".encode().ljust(324, b"\0")
        said += (
            struct.pack("<6H", 11, 28, 2026, 1, 2, 3) + b"job".ljust(41, b"\0") + bytes(6) + b"program".ljust(41, b"\0")
        )
        said += struct.pack("<HBIHHHH", 100, 32, 0xFF0000, 1, 1, 22, 10)
        area = struct.pack("<H", 495) + said + struct.pack("<IIIB", correction, stamp, table, draw.choice([0, 3]))
        extension = put(area)
        made.parts.append(("extension area", area[:482], "extension"))
        made.says.append(f"extension area{', stamp' if stamp else ''}{', lines' if table else ''}")
    made.data += struct.pack("<II", extension, developer) + b"TRUEVISION-XFILE.\0"
    made.says.append("footer")


def pnm(draw: Draw) -> Sibling:
    """Plain and raw, any highest value, comments anywhere, further pictures."""
    kind = draw.randint(1, 7)
    made = Sibling({1: "pbm", 4: "pbm", 2: "pgm", 5: "pgm", 3: "ppm", 6: "ppm", 7: "pam"}[kind])
    top = 1 if kind in (1, 4) else draw.choice([255, 255, 15, 100, 1, 4095, 65535, 256])
    channels = {3: 3, 6: 3}.get(kind, 1) if kind < 7 else draw.randint(1, 4)
    values = draw.photo(channels, top)
    h, w = values.shape[:2]
    note = b"# " + draw.text().replace(b"\n", b" ") + b"\n" if draw.often(0.5) else b""
    if kind == 7:
        name = {1: b"GRAYSCALE", 2: b"GRAYSCALE_ALPHA", 3: b"RGB", 4: b"RGB_ALPHA"}[channels]
        head = (
            b"P7\n"
            + note
            + b"WIDTH %d\nHEIGHT %d\nDEPTH %d\nMAXVAL %d\nTUPLTYPE %s\nENDHDR\n" % (w, h, channels, top, name)
        )
    else:
        head = b"P%d\n" % kind + note + b"%d %d\n" % (w, h) + (b"%d\n" % top if kind not in (1, 4) else b"")
    if kind in (1, 2, 3):
        sep = draw.choice([b" ", b"\n", b"  "])
        body = sep.join(b"%d" % v for v in values.ravel()) + b"\n"
    elif kind == 4:
        body = np.packbits(values[..., 0], axis=1).tobytes()
    else:
        body = values.astype(">u2" if top > 255 else np.uint8).tobytes()
    made.data = head + body
    made.says.append(f"P{kind} up to {top}, {channels} channels{', comment' if note else ''}")
    made.parts += [("comment", note, "comment")] if note else []
    if kind in (4, 5, 6, 7) and draw.often(0.2):
        made.data += head + body[::-1]
        made.parts.append(("a further picture", head + body[::-1], "further"))
        made.says.append("a further picture")
    return made


def box(kind: bytes, body: bytes) -> bytes:
    """Of a JPEG 2000 file."""
    return struct.pack(">I4s", len(body) + 8, kind) + body


def jp2(draw: Draw) -> Sibling:
    """With and without loss, tiles, boxes of all kinds, a bare codestream."""
    made = Sibling("jp2")
    if draw.often(0.15):
        import cv2

        deep = cv2.imencode(".jp2", draw.photo(draw.choice([1, 3]), 65535, low=60))[1].tobytes()
        made.says.append("16 bits")
        made.data = deep
    else:
        channels = draw.choice([1, 3, 3, 4, 2])
        values = draw.photo(channels, low=40)
        options: dict = {"irreversible": draw.often(0.3), "quality_mode": "rates"}
        options |= {"quality_layers": [draw.choice([5, 10, 20])]} if options["irreversible"] else {}
        options |= {"tile_size": (32, 32)} if draw.often(0.2) else {}
        options |= {"comment": draw.text()} if draw.often(0.2) else {}
        options |= {"no_jp2": True} if draw.often(0.12) else {}
        picture = _pil(values) if channels != 2 else _pil(values, "LA")
        made.ending = "j2k" if "no_jp2" in options else "jp2"
        made.data = _saved(picture, "JPEG2000", **options)
        made.says.append(f"{channels} channels {options}")
    if made.ending == "j2k":
        return made
    data = made.data
    at = data.index(b"jp2h") - 4
    end = at + struct.unpack_from(">I", data, at)[0]
    header = data[at + 8 : end]
    many = [
        ("xml", box(b"xml ", b"<a>Gr\xc3\xbc\xc3\x9fe</a>")),
        ("unknown uuid", box(b"uuid", draw.randbytes(16) + draw.junk())),
        ("IPTC", box(b"uuid", bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38") + iptc(draw))),
        ("label", box(b"asoc", box(b"lbl ", b"text"))),
        ("uinf", box(b"uinf", box(b"ulst", struct.pack(">H", 1) + bytes(16)))),
        ("XMP", box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + xmp(draw))),
        ("EXIF", box(b"uuid", b"JpgTiffExif->JP2" + exif(draw, (1, 1)))),
        ("unknown", box(b"abcd", draw.junk())),
        ("free", box(b"free", draw.junk())),
    ]
    before, after = [], []
    for name, body in many:
        if draw.often(0.2):
            draw.choice([before, after]).append(body)
            made.says.append(name)
            if SECRET not in body and name not in ("XMP", "EXIF"):
                made.parts.append((name, body, "box|" + name))
    if made.says[0].startswith("1 channels") and draw.often(0.5):
        entries = draw.choice([16, 256])
        columns = draw.choice([3, 3, 4])
        colours = draw.randbytes(entries * columns)
        inner = struct.pack(">HB", entries, columns) + b"\7" * columns + colours
        maps = b"".join(struct.pack(">HBB", 0, 1, k) for k in range(columns))
        srgb = box(b"colr", b"\1\0\0" + struct.pack(">I", 16))
        header = header[: header.index(b"colr") - 4] + srgb + box(b"pclr", inner) + box(b"cmap", maps)
        made.says.append(f"palette of {entries} x {columns}")
    elif draw.often(0.3):
        colours = box(b"colr", b"\2\0\0" + profile(draw))
        header = header[: header.index(b"colr") - 4] + colours
        made.parts.append(("profile", colours, "profile"))
        made.says.append("profile")
    if draw.often(0.3):
        inner = box(b"res ", box(b"resc", struct.pack(">HHHHbb", 300, 1, 200, 1, 2, 2)))
        header += inner
        made.parts.append(("resolution", inner, "box|resolution"))
        made.says.append("resolution")
    made.data = data[:at] + b"".join(before) + box(b"jp2h", header) + data[end:] + b"".join(after)
    return made


def avif(draw: Draw) -> Sibling:
    """Of Pillow, or of OpenCV with 10 or 12 bits: with profile, EXIF, XMP, alpha, frames, light levels."""
    made = Sibling("avif")
    bits = draw.choice([8, 8, 8, 10, 12])
    channels = draw.choice([3, 3, 4, 1])
    values = draw.photo(channels, (1 << bits) - 1, low=40)
    options: dict = {}
    made.orientation = _turned(draw)
    if draw.often(0.5) or made.orientation > 1:
        options["exif"] = exif(draw, values.shape[:2], orientation=made.orientation)
    options |= {"xmp": xmp(draw)} if draw.often(0.4) else {}
    options |= {"icc_profile": profile(draw)} if draw.often(0.3) else {}
    made.says.append(f"{bits} bits, {channels} channels, {', '.join(options)}, orientation {made.orientation}")
    if bits == 8:
        options |= {"quality": draw.randint(60, 100), "subsampling": draw.choice(["4:2:0", "4:4:4", "4:2:2"])}
        options |= {"range": draw.choice(["full", "limited"])} if draw.often(0.4) else {}
        if draw.often(0.2):
            made.orientation, made.near = 1, 16
            options |= {"save_all": True, "append_images": [_pil(np.roll(values, 3, 0))], "duration": [50, 90]}
            options.pop("exif", None)
            made.says.append("2 frames")
        made.data = _saved(_pil(values), "AVIF", speed=9, **options)
    else:
        made.data = _deep_avif(values, bits, draw.randint(60, 100), options)
    if draw.often(0.3) and "save_all" not in options:
        light = box(b"clli", struct.pack(">HH", draw.randint(1, 4000), draw.randint(1, 400)))
        made.data = _with_property(made.data, light)
        made.parts.append(("light levels", light, "light levels"))
        made.says.append("light levels")
    return made


def _deep_avif(values: np.ndarray, bits: int, quality: int, said: dict) -> bytes:
    """By OpenCV, whose channels are in another order."""
    import cv2

    names = {"exif": cv2.IMAGE_METADATA_EXIF, "xmp": cv2.IMAGE_METADATA_XMP, "icc_profile": cv2.IMAGE_METADATA_ICCP}
    bodies = [np.frombuffer(body.removeprefix(b"Exif\0\0"), np.uint8) for body in said.values()]
    how = [cv2.IMWRITE_AVIF_DEPTH, bits, cv2.IMWRITE_AVIF_QUALITY, quality]
    return cv2.imencodeWithMetadata(".avif", values, [names[key] for key in said], bodies, how)[1].tobytes()


def _with_property(data: bytes, fresh: bytes) -> bytes:
    """An AVIF with one more property, of no picture; what stands behind it moves."""
    made = bytearray(data)
    for name in (b"meta", b"iprp", b"ipco"):
        at = data.index(name) - 4
        struct.pack_into(">I", made, at, struct.unpack_from(">I", data, at)[0] + len(fresh))
    at = data.index(b"iloc") + 12
    for _ in range(struct.unpack_from(">H", data, at - 2)[0]):
        struct.pack_into(">I", made, at + 6, struct.unpack_from(">I", data, at + 6)[0] + len(fresh))
        at += 14
    at = data.index(b"ipco") - 4
    end = at + struct.unpack_from(">I", data, at)[0]
    return bytes(made[:end]) + fresh + bytes(made[end:])


def heic(draw: Draw) -> Sibling:
    """Of pillow-heif: 8 to 12 bits, with EXIF, XMP, a profile, further pictures."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    made = Sibling("heic")
    bits = draw.choice([8, 8, 10, 12])
    channels = draw.choice([3, 3, 4, 1]) if bits == 8 else 3
    values = draw.photo(channels, 255 if bits == 8 else 65535, low=64, high=90)
    h, w = values.shape[:2]
    options: dict = {"quality": draw.randint(50, 95)}
    options |= {"exif": exif(draw, (h, w))} if draw.often(0.5) else {}
    options |= {"xmp": xmp(draw)} if draw.often(0.4) else {}
    file = io.BytesIO()
    if bits == 8:
        options |= {"icc_profile": profile(draw)} if draw.often(0.3) else {}
        if draw.often(0.2):
            options |= {"save_all": True, "append_images": [_pil(np.roll(values, 9, 0))]}
        _pil(values).save(file, "HEIF", **options)
    else:
        pillow_heif.options.SAVE_HDR_TO_12_BIT = bits == 12
        pillow_heif.encode("RGB;16", (w, h), values.tobytes(), file, **options)
        pillow_heif.options.SAVE_HDR_TO_12_BIT = False
    made.data = file.getvalue()
    made.says.append(f"{bits} bits, {channels} channels, {', '.join(options)}")
    return made


def other(draw: Draw) -> Sibling:
    """Formats that are read and not written: each goes into a PNG, or is refused."""
    kind, ending = draw.choice(
        [
            ("ICO", "ico"),
            ("ICNS", "icns"),
            ("PCX", "pcx"),
            ("SGI", "sgi"),
            ("DDS", "dds"),
            ("QOI", "qoi"),
            ("XBM", "xbm"),
            ("MPO", "mpo"),
            ("IM", "im"),
            ("SPIDER", "spi"),
        ]
    )
    made = Sibling(ending, fits=False)
    channels = {"XBM": 1, "SPIDER": 1, "MPO": 3, "PCX": 3}.get(kind, draw.choice([3, 4]))
    values = draw.photo(channels, low=64, high=64)
    picture = _pil(values)
    picture = picture.convert("1") if kind == "XBM" else picture.convert("F") if kind == "SPIDER" else picture
    made.data = _saved(picture, kind)
    made.says.append(f"{kind}, {channels} channels")
    return made


FORMATS: dict[str, Callable[[Draw], Sibling]] = {
    "JPEG": jpeg,
    "PNG": png,
    "TIFF": tiff,
    "GIF": gif,
    "WebP": webp,
    "AVIF": avif,
    "HEIC": heic,
    "JPEG 2000": jp2,
    "BMP": bmp,
    "TGA": tga,
    "PNM": pnm,
    "others": other,
}


def sibling(kind: str, seed: int, number: int) -> Sibling:
    """File `number` of a format: the same one for the same seed."""
    return FORMATS[kind](Draw(f"{kind} {seed} {number}"))
