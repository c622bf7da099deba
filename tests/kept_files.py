"""A small file for each cell of the table in docs/files.md, and what of it must be in the result."""

import hashlib
import io
import struct
import zlib

import numpy as np
from PIL import ExifTags, ImageCms
from PIL import Image as PILImage
from PIL.TiffImagePlugin import ImageFileDirectory_v2

FORMATS = {
    "JPEG": "jpg", "PNG": "png", "TIFF": "tif", "GIF": "gif", "WebP": "webp", "AVIF": "avif", "HEIC": "heic",
    "JPEG 2000": "jp2", "BMP": "bmp", "TGA": "tga", "PPM": "ppm",
}  # fmt: skip
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><dc:t>Gr\xc3\xbc\xc3\x9fe</dc:t></rdf:RDF></x:xmpmeta>'
XMP_PREVIEW = XMP.replace(b"<dc:t>", b"<xmpGImg:image>what was there</xmpGImg:image><dc:t>")
THUMBNAIL = b"8BIM\4\x0c\0\0\0\0\0\x18\xff\xd8\xff\xe0\0\x10also in Photoshop\xff\xd9"
IPTC = b"\x1c\x02\x05\x00\x05title"
TEXT = "Grüße, 東京".encode()
UNKNOWN = b"nobody knows \x00\xff\xfe"
_FRAME_BEHIND = {"save_all": True, "append_images": [PILImage.new("RGB", (40, 30), "blue")]}
_PIL_NAMES = {"WebP": "WEBP", "JPEG 2000": "JPEG2000", "HEIC": "HEIF"}
_SMALL = {"WebP": {"lossless": True}, "HEIC": {"quality": 90}}


def photo(mode="RGB"):
    """40 x 30, smooth."""
    y, x = np.mgrid[:30, :40]
    waves = [127 + 50 * np.sin(x / 9 + k) + 40 * np.cos(y / (7 + k)) for k in range(3)]
    made = PILImage.fromarray(np.stack(waves, -1).astype(np.uint8))
    if mode in ("RGBA", "LA"):
        made.putalpha(PILImage.fromarray((x * 6 + y).astype(np.uint8)))
    return made.convert("P", palette=PILImage.Palette.ADAPTIVE) if mode == "P" else made.convert(mode)


def exif():
    """EXIF with a maker note, as a TIFF block."""
    made = PILImage.Exif()
    made[ExifTags.Base.Make] = "Kamera"
    made.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.MakerNote] = b"note \x01\x02 of its maker"
    return made.tobytes().removeprefix(b"Exif\0\0")


def saved(kind, picture, **options):
    """By Pillow."""
    if kind == "HEIC":
        import pillow_heif

        pillow_heif.register_heif_opener()
    file = io.BytesIO()
    picture.save(file, _PIL_NAMES.get(kind, kind), **options)
    return file.getvalue()


def plain(kind, **options):
    """A file that says nothing."""
    return saved(kind, photo("P" if kind == "GIF" else "RGB"), **(_SMALL.get(kind, {}) | options))


def with_segment(marker, body, data=None):
    data = data or plain("JPEG")
    return data[:20] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + data[20:]  # behind JFIF's


def with_chunk(name, body):
    data = plain("PNG")
    return (
        data[:33] + struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) + data[33:]
    )


def with_tag(number, value, kind=7):
    tags = ImageFileDirectory_v2()
    tags.tagtype[number] = kind
    tags[number] = value
    return plain("TIFF", tiffinfo=tags)


def with_extension(label, body, head=b""):
    data = plain("GIF")
    at = 13 + (3 << (data[10] & 7) + 1)
    pieces = [body[k : k + 255] for k in range(0, len(body), 255)]
    blocks = b"".join(bytes([len(piece)]) + piece for piece in pieces)
    return data[:at] + bytes([0x21, label]) + head + blocks + b"\0" + data[at:]


def with_riff(name, body, flag=0):
    picture = plain("WebP")[12:]
    extended = b"VP8X" + struct.pack("<IB3s", 10, flag, b"") + struct.pack("<I", 39)[:3] + struct.pack("<I", 29)[:3]
    parts = extended + picture + name + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)
    return b"RIFF" + struct.pack("<I", len(parts) + 4) + b"WEBP" + parts


def with_box(kind, body, *, in_header=False):
    data = plain("JPEG 2000")
    at = data.index(b"jp2h") - 4
    length = struct.unpack_from(">I", data, at)[0]
    box = struct.pack(">I4s", len(body) + 8, kind) + body
    end = at + length
    if not in_header:
        return data[:end] + box + data[end:]
    return data[:at] + struct.pack(">I", length + len(box)) + data[at + 4 : end] + box + data[end:]


def bmp_with_profile():
    """A header of version 5, which can hold one."""
    old = plain("BMP")
    head = (
        old[14:54] + bytes(12) + bytes(4) + b"DEBM" + bytes(36 + 12 + 4) + struct.pack("<III", 124 + 30 * 40 * 3, 4, 0)
    )
    head = struct.pack("<I", 124) + head[4:124]
    body = head + old[54:] + b"icc!"
    return b"BM" + struct.pack("<IHHI", 14 + len(body), 0, 0, 14 + 124) + body


def bmp_with_alpha():
    """A header of version 4, which has a mask for it."""
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000) + b"BGRs"
    old = plain("BMP")
    head = struct.pack("<IiiHHI", 108, 40, 30, 1, 32, 3) + old[34:54] + masks
    pixels = np.asarray(photo("RGBA"))[::-1, :, [2, 1, 0, 3]].tobytes()
    return b"BM" + struct.pack("<IHHI", 122 + len(pixels), 0, 0, 122) + head.ljust(108, b"\0") + pixels


def deep_colour(kind):
    """16 bits of RGB, as OpenCV writes them; in JPEG 2000 a file that says so of itself."""
    import cv2

    deep = np.asarray(photo()).astype(np.uint16) * 257 + 3
    if kind == "JPEG 2000":
        deep = cv2.resize(deep, (400, 300))
    return cv2.imencode("." + FORMATS[kind], deep)[1].tobytes()


def four_bits(kind):
    """Grey of 16 levels; a palette in BMP."""
    levels = np.asarray(photo("L")) >> 4
    if kind == "PPM":
        return b"P5\n40 30\n15\n" + levels.tobytes()
    packed = levels[:, ::2] << 4 | levels[:, 1::2]
    if kind == "BMP":
        colours = b"".join(bytes([16 * k, 255 - k, k, 0]) for k in range(16))
        head = struct.pack("<IiiHHIIiiII", 40, 40, 30, 1, 4, 0, 600, 0, 0, 16, 0)
        return b"BM" + struct.pack("<IHHI", 718, 0, 0, 118) + head + colours + packed[::-1].tobytes()
    if kind == "PNG":
        rows = b"".join(b"\0" + row.tobytes() for row in packed)
        parts = [
            (b"IHDR", struct.pack(">IIBBBBB", 40, 30, 4, 0, 0, 0, 0)),
            (b"IDAT", zlib.compress(rows)),
            (b"IEND", b""),
        ]
        return plain("PNG")[:8] + b"".join(
            struct.pack(">I", len(b)) + n + b + struct.pack(">I", zlib.crc32(n + b)) for n, b in parts
        )
    tags = [(256, 40), (257, 30), (258, 4), (259, 1), (262, 1), (273, 8), (277, 1), (278, 30), (279, 600)]
    entries = b"".join(struct.pack("<HHII", number, 4, 1, value) for number, value in tags)
    return struct.pack("<2sHI", b"II", 42, 608) + packed.tobytes() + struct.pack("<H", 9) + entries + bytes(4)


def exif_in_uuid():
    return with_box(b"uuid", b"JpgTiffExif->JP2" + exif())


def exif_box():
    body = b"JpgTiffExif->JP2" + exif()
    return struct.pack(">I4s", len(body) + 8, b"uuid") + body


def behind_the_pixels():
    """A PNG whose EXIF comes last, as some cameras and editors write it."""
    data = with_chunk(b"eXIf", exif())
    chunk = data[33 : 33 + 12 + len(exif())]
    rest = data[33 + len(chunk) :]
    return data[:33] + rest[:-12] + chunk + rest[-12:], exif()


def xmp_of_segments(said, *, pieces=3):
    """(a JPEG, the digest of its extended XMP), which is cut in the middle of `said`."""
    extended = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF>' + said + b"</rdf:RDF></x:xmpmeta>"
    digest = hashlib.md5(extended).hexdigest().upper().encode()
    main = b'http://ns.adobe.com/xap/1.0/\0<rdf:RDF xmpNote:HasExtendedXMP="' + digest + b'"/>'
    data, step = plain("JPEG"), -(-len(extended) // pieces)
    for at in reversed(range(0, len(extended), step)):
        head = b"http://ns.adobe.com/xmp/extension/\0" + digest + struct.pack(">II", len(extended), at)
        data = with_segment(0xE1, head + extended[at : at + step], data)
    return with_segment(0xE1, main, data), digest


def mpo():
    """(two views of a stereo camera, the second one)."""
    second = plain("JPEG", quality=30)
    first = with_segment(0xE2, b"MPF\0" + bytes(82))
    entries = [struct.pack("<IIIHH", 2 << 16 | 2, len(first), 0, 0, 0)]
    base = first.index(b"MPF\0") + 4
    entries.append(struct.pack("<IIIHH", 2 << 16 | 2, len(second), len(first) - base, 0, 0))
    index = struct.pack(
        "<2sHIHHHI4sHHIIHHIII", b"II", 42, 8, 3, 0xB000, 7, 4, b"0100", 0xB001, 4, 1, 2, 0xB002, 7, 32, 50, 0
    )
    return first.replace(b"MPF\0" + bytes(82), b"MPF\0" + index + b"".join(entries)) + second, second


def film():
    """The film of a motion photo, in the place where phones put it."""
    return plain("JPEG") + struct.pack(">I4s4sI4s4s", 24, b"ftyp", b"mp42", 0, b"mp42", b"isom") + UNKNOWN, UNKNOWN


def pages(*, overview=True):
    """A TIFF of tifffile's: a photo, a copy and a picture below it, perhaps a copy behind it."""
    import tifffile

    file, smaller = io.BytesIO(), np.asarray(photo())[::2, ::2]
    whole = {"photometric": "rgb", "metadata": None}
    with tifffile.TiffWriter(file) as writer:
        said = [(700, 1, len(XMP_PREVIEW), XMP_PREVIEW, True), (34377, 7, len(THUMBNAIL), THUMBNAIL, True)]
        writer.write(np.asarray(photo()), subifds=2, extratags=said, **whole)
        writer.write(smaller, subfiletype=1, **whole)
        writer.write(255 - np.asarray(photo()), subfiletype=0, iccprofile=PROFILE, **whole)
        if overview:
            writer.write(smaller[::2, ::2], subfiletype=1, **whole)
    return file.getvalue()


def preview_exif():
    """EXIF with a thumbnail, as a TIFF block, and the thumbnail."""
    block = exif()
    order = "<" if block.startswith(b"II") else ">"
    count = struct.unpack_from(order + "H", block, 8)[0]
    secret = b"\xff\xd8\xff\xe0\0\x10what was there\xff\xd9"
    second = struct.pack(order + "HHHIIHHIII", 2, 513, 4, 1, len(block) + 30, 514, 4, 1, len(secret), 0)
    made = bytearray(block + second + secret)
    struct.pack_into(order + "I", made, 8 + 2 + 12 * count, len(block))
    return bytes(made), secret


def copies_in_jpeg():
    secret = b"/9j/" + b"what was there"
    data, _ = xmp_of_segments(b"<xmpGImg:image>" + secret + b"</xmpGImg:image>", pieces=1)
    resource = b"8BIM" + struct.pack(">HHI", 1036, 0, 16) + b"in Photoshop now"
    return with_segment(0xED, b"Photoshop 3.0\0" + resource, data), (b"what was there", b"in Photoshop now")


def copies_in_tiff():
    small = [np.asarray(photo())[::2, ::2].tobytes(), np.asarray(photo())[::4, ::4].tobytes()]
    return pages(), (*(one[:60] for one in small), b"what was there", b"also in Photoshop")


_TEN_BITS = bytes.fromhex(  # 64 x 64 of AV1, darker on the left
    "0a0a00000002afff8d5f3808321a1000ba020b2c51410000080582d060f6c926982c829d4ae4d4e0"
)


_LIGHT = struct.pack(">I4sHH", 12, b"clli", 1000, 400)


def with_property(kind, box):
    """An AVIF or HEIC with another property, of nothing; what stands behind it moves."""
    data = bytearray(plain(kind))
    for name in (b"meta", b"iprp", b"ipco"):
        at = data.index(name) - 4
        struct.pack_into(">I", data, at, struct.unpack_from(">I", data, at)[0] + len(box))
    end = data.index(b"ipco") - 4 + struct.unpack_from(">I", data, data.index(b"ipco") - 4)[0] - len(box)
    # the place of the only piece, or in a HEIC the one that it is counted from
    place = data.index(b"iloc") + {"AVIF": 18, "HEIC": 16}[kind]
    struct.pack_into(">I", data, place, struct.unpack_from(">I", data, place)[0] + len(box))
    return bytes(data[:end] + box + data[end:])


def ten_bits(kind):
    """HEIC as phones write it; an AVIF that says it has them."""
    if kind == "AVIF":
        data = saved("AVIF", PILImage.new("RGB", (64, 64)))
        data = data.replace(b"av1C\x81\0\x0c", b"av1C\x81\0\x4c").replace(b"\x08\x08\x08", b"\x0a\x0a\x0a")
        at = data.index(b"iloc") + 22  # the length of its only piece
        start = data.index(b"mdat") + 4
        head = data[:at] + struct.pack(">I", len(_TEN_BITS)) + data[at + 4 : start - 8]
        return head + struct.pack(">I4s", len(_TEN_BITS) + 8, b"mdat") + _TEN_BITS
    import pillow_heif

    deep = np.asarray(photo()).astype(np.uint16) << 8 | 0xC0
    made, file = pillow_heif.from_bytes("RGB;16", (40, 30), deep.tobytes()), io.BytesIO()
    made.save(file, quality=90)
    return file.getvalue()


def hdr(kind):
    """BT.2020 and PQ, of an AVIF by what its box says."""
    if kind == "PNG":
        return with_chunk(b"cICP", b"\x09\x10\0\1"), b"cICP\x09\x10\0\1"
    said = b"nclx" + struct.pack(">HH", 9, 16)
    if kind == "HEIC":
        return plain("HEIC", color_primaries=9, transfer_characteristics=16), said
    return plain("AVIF").replace(b"nclx" + struct.pack(">HH", 1, 13), said), said


def file_of(what, kind):
    """(the file, bytes that must be in the result, or must not)."""
    made = _MAKERS[what, kind]()
    found = made if isinstance(made, tuple) else (made, ())
    return found[0], found[1] if isinstance(found[1], tuple) else (found[1],)


def _whole(mode):
    def make(kind):
        return saved(kind, photo(mode), **_SMALL.get(kind, {}))

    return make


def _deep(kind):
    grey = np.asarray(photo("L")).astype(np.uint16) * 257 + 3
    return saved(kind, PILImage.fromarray(grey))


def _tagged(number, value, kind=7):
    return with_tag(number, value, kind), value if isinstance(value, bytes) else value.encode()


_GCT = {"known pixels": "P", "transparency": "RGBA"}
_MAKERS = {
    **{("known pixels", k): (lambda k=k: plain(k)) for k in FORMATS},
    **{
        ("transparency", k): (lambda k=k: _whole("RGBA")(k))
        for k in ("PNG", "TIFF", "WebP", "AVIF", "HEIC", "JPEG 2000", "TGA")
    },
    ("transparency", "BMP"): bmp_with_alpha,
    ("transparency", "PPM"): lambda: (
        b"P7\nWIDTH 40\nHEIGHT 30\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n" + photo("RGBA").tobytes()
    ),
    **{("16 bits of colour", k): (lambda k=k: deep_colour(k)) for k in ("PNG", "TIFF", "JPEG 2000", "PPM")},
    **{("4 bits", k): (lambda k=k: four_bits(k)) for k in ("PNG", "TIFF", "BMP", "PPM")},
    ("transparency", "GIF"): lambda: plain("GIF", transparency=3),
    **{
        ("lossy with transparency", k): (lambda k=k: saved(k, photo("RGBA"), quality=70))
        for k in ("WebP", "AVIF", "HEIC")
    },
    **{("10 bits", k): (lambda k=k: ten_bits(k)) for k in ("AVIF", "HEIC")},
    **{("meaning of the colours (CICP)", k): (lambda k=k: hdr(k)) for k in ("PNG", "AVIF", "HEIC")},
    **{("16 bits", k): (lambda k=k: _deep(k)) for k in ("PNG", "TIFF", "JPEG 2000", "PPM")},
    **{
        ("colour profile", k): (lambda k=k: (plain(k, icc_profile=PROFILE), PROFILE))
        for k in ("JPEG", "TIFF", "AVIF", "HEIC")
    },
    ("colour profile", "PNG"): lambda: (
        with_chunk(b"iCCP", b"n\0\0" + zlib.compress(PROFILE, 1)),
        zlib.compress(PROFILE, 1),
    ),
    ("colour profile", "GIF"): lambda: (with_extension(0xFF, PROFILE[:200], b"\x0bICCRGBG1012"), PROFILE[:200]),
    ("colour profile", "WebP"): lambda: (plain("WebP", icc_profile=PROFILE), PROFILE),
    ("colour profile", "JPEG 2000"): lambda: (with_box(b"colr", b"\2\0\0" + PROFILE, in_header=True), PROFILE),
    ("colour profile", "BMP"): lambda: (bmp_with_profile(), b"icc!"),
    **{
        ("EXIF, maker note in it", k): (lambda k=k: (plain(k, exif=exif()), exif()))
        for k in ("JPEG", "PNG", "WebP", "AVIF", "HEIC")
    },
    ("EXIF behind the pixels", "PNG"): lambda: behind_the_pixels(),
    ("EXIF behind the pixels", "TIFF"): lambda: (plain("TIFF", exif=exif()), b"note \x01\x02 of its maker"),
    ("EXIF behind the pixels", "WebP"): lambda: (with_riff(b"EXIF", exif(), flag=8), exif()),
    ("EXIF behind the pixels", "JPEG 2000"): lambda: (plain("JPEG 2000") + exif_box(), exif()),
    ("EXIF, maker note in it", "TIFF"): lambda: (plain("TIFF", exif=exif()), b"note \x01\x02 of its maker"),
    ("EXIF, maker note in it", "JPEG 2000"): lambda: (exif_in_uuid(), exif()),
    **{("XMP", k): (lambda k=k: (plain(k, xmp=XMP), XMP)) for k in ("JPEG", "WebP", "AVIF", "HEIC")},
    ("XMP of several segments", "JPEG"): lambda: xmp_of_segments(b"<a>" + TEXT + b"</a>"),
    ("XMP", "PNG"): lambda: (with_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP), XMP),
    ("XMP", "TIFF"): lambda: _tagged(700, XMP, 1),
    ("XMP", "GIF"): lambda: (with_extension(0xFF, XMP, b"\x0bXMP DataXMP"), XMP),
    ("XMP", "JPEG 2000"): lambda: (with_box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + XMP), XMP),
    ("IPTC", "JPEG"): lambda: (
        with_segment(0xED, b"Photoshop 3.0\x008BIM\4\4\0\0" + struct.pack(">I", len(IPTC)) + IPTC),
        IPTC,
    ),
    ("IPTC", "TIFF"): lambda: _tagged(33723, IPTC),
    ("texts, comments", "JPEG"): lambda: (with_segment(0xFE, TEXT), TEXT),
    ("texts, comments", "PNG"): lambda: (with_chunk(b"iTXt", b"Title\0\0\0\0\0" + TEXT), TEXT),
    ("texts, comments", "TIFF"): lambda: _tagged(37510, TEXT),
    ("texts, comments", "GIF"): lambda: (with_extension(0xFE, TEXT), TEXT),
    ("texts, comments", "JPEG 2000"): lambda: (with_box(b"xml ", b"<a>" + TEXT + b"</a>"), TEXT),
    ("texts, comments", "TGA"): lambda: (plain("TGA", id_section=TEXT), TEXT),
    ("texts, comments", "PPM"): lambda: (plain("PPM").replace(b"P6\n", b"P6\n# taken in May\n"), b"# taken in May\n"),
    **{("resolution", k): (lambda k=k: plain(k, dpi=(72, 71))) for k in ("JPEG", "BMP")},
    ("resolution", "PNG"): lambda: (
        with_chunk(b"pHYs", struct.pack(">IIB", 2834, 2795, 1)),
        struct.pack(">IIB", 2834, 2795, 1),
    ),
    ("resolution", "TIFF"): lambda: plain("TIFF", dpi=(72, 71)),
    ("resolution", "JPEG 2000"): lambda: (
        with_box(b"res ", b"\0\0\0\x12resc\1\2\3\4\5\6\7\x08\1\2", in_header=True),
        b"resc\1\2\3\4\5\6\7\x08\1\2",
    ),
    ("geographic keys", "TIFF"): lambda: (
        with_tag(34735, struct.pack("<8H", 1, 1, 0, 1, 1024, 0, 1, 1), 7),
        struct.pack("<8H", 1, 1, 0, 1, 1024, 0, 1, 1),
    ),
    ("geographic keys", "JPEG 2000"): lambda: (with_box(b"asoc", b"\0\0\0\x10lbl gml.data"), b"lbl gml.data"),
    ("parts that nobody knows", "JPEG"): lambda: (with_segment(0xEB, UNKNOWN), UNKNOWN),
    ("parts that nobody knows", "PNG"): lambda: (with_chunk(b"prVt", UNKNOWN), UNKNOWN),
    ("parts that nobody knows", "TIFF"): lambda: _tagged(65000, UNKNOWN),
    ("parts that nobody knows", "GIF"): lambda: (with_extension(0xFF, UNKNOWN, b"\x0bUNKNOWN-APP"), UNKNOWN),
    ("parts that nobody knows", "WebP"): lambda: (with_riff(b"prVt", UNKNOWN), UNKNOWN),
    ("parts that nobody knows", "JPEG 2000"): lambda: (with_box(b"prVt", UNKNOWN), UNKNOWN),
    ("parts that nobody knows", "TGA"): lambda: (tga_with_areas(), UNKNOWN),
    ("small copies of the picture", "TGA"): lambda: (tga_with_areas(), b"what was there"),
    ("gain map, depth map behind it", "JPEG"): lambda: (
        plain("JPEG") + plain("JPEG", quality=30),
        plain("JPEG", quality=30),
    ),
    ("gain map, depth map behind it", "AVIF"): lambda: with_property(
        "AVIF", struct.pack(">I4sI", 46, b"auxC", 0) + b"urn:com:apple:photo:2020:aux:hdrg\0"
    ),
    ("light levels", "AVIF"): lambda: (with_property("AVIF", _LIGHT), _LIGHT),
    ("light levels", "HEIC"): lambda: (with_property("HEIC", _LIGHT), _LIGHT),
    ("gain map, depth map behind it", "HEIC"): lambda: _whole("RGBA")("HEIC").replace(b"auxid:1", b"auxid:2"),
    ("film behind it (motion photo)", "JPEG"): film,
    ("second view (MPO)", "JPEG"): mpo,
    ("further pages or frames", "PNG"): lambda: _second("PNG"),
    ("further pages or frames", "TIFF"): lambda: _second("TIFF"),
    ("further pages or frames", "GIF"): lambda: _second("GIF"),
    ("further pages or frames", "WebP"): lambda: _second("WebP"),
    ("further pages or frames", "AVIF"): lambda: plain("AVIF", **_FRAME_BEHIND, duration=[70, 130]),
    ("further pages or frames", "HEIC"): lambda: plain("HEIC", **_FRAME_BEHIND),
    ("further pages or frames", "PPM"): lambda: (plain("PPM") * 2, plain("PPM")),
    ("durations, repetitions", "PNG"): lambda: (
        plain("PNG", **_FRAME_BEHIND, duration=[70, 130], loop=3),
        (b"acTL\0\0\0\2\0\0\0\3", b"\0\x0d\0\x64"),
    ),
    ("durations, repetitions", "GIF"): lambda: (
        plain("GIF", **_FRAME_BEHIND, duration=[70, 130], loop=3),
        (b"NETSCAPE2.0\3\1\3\0", struct.pack("<H", 7), struct.pack("<H", 13)),
    ),
    ("durations, repetitions", "WebP"): lambda: (
        plain("WebP", **_FRAME_BEHIND, duration=[70, 130], loop=3),
        (struct.pack("<H", 3) + b"ANMF", b"\x46\0\0", b"\x82\0\0"),
    ),
    ("durations, repetitions", "AVIF"): lambda: plain("AVIF", **_FRAME_BEHIND, duration=[70, 130]),
    ("a full page below the first, with its profile", "TIFF"): lambda: (
        pages(overview=False),
        ((255 - np.asarray(photo())).tobytes(), PROFILE),
    ),
    ("small copies of the picture", "JPEG"): copies_in_jpeg,
    ("small copies of the picture", "PNG"): lambda: (with_chunk(b"eXIf", preview_exif()[0]), preview_exif()[1]),
    ("small copies of the picture", "TIFF"): copies_in_tiff,
    ("small copies of the picture", "GIF"): lambda: (
        with_extension(0xFF, XMP_PREVIEW, b"\x0bXMP DataXMP"),
        b"what was there",
    ),
    ("small copies of the picture", "WebP"): lambda: (plain("WebP", exif=preview_exif()[0]), preview_exif()[1]),
    ("small copies of the picture", "AVIF"): lambda: (plain("AVIF", exif=preview_exif()[0]), preview_exif()[1]),
    ("small copies of the picture", "HEIC"): lambda: (plain("HEIC", exif=preview_exif()[0]), preview_exif()[1]),
    ("small copies of the picture", "JPEG 2000"): lambda: (
        with_box(b"uuid", bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + XMP_PREVIEW),
        b"what was there",
    ),
    ("layers", "TIFF"): lambda: with_tag(37724, UNKNOWN),
}


CELLS = tuple(_MAKERS)
"""(what, format) of all files that `file_of` makes."""


def tga_with_areas():
    """An extension area with a stamp, and a developer area of one tag."""
    data, stamp = plain("TGA")[:-26], bytes([4, 3]) + (b"what was there" * 3)[:36]
    places = len(data), len(data) + len(stamp), len(data) + len(stamp) + len(UNKNOWN)
    data += stamp + UNKNOWN + struct.pack("<HHII", 1, 300, places[1], len(UNKNOWN))
    area = struct.pack("<H", 495).ljust(482, b"\0") + struct.pack("<IIIB", 0, places[0], 0, 0)
    return data + area + struct.pack("<II", len(data), places[2]) + b"TRUEVISION-XFILE.\0"


def _second(kind):
    data = plain(kind, **_FRAME_BEHIND)
    if kind == "WebP":
        return data, data[data.rindex(b"ANMF") :]
    start = {"PNG": b"fdAT", "TIFF": bytes([0, 0, 255] * 1000), "GIF": b"\0\x3b"}[kind]
    at = data.rindex(start)
    return data, start if kind == "TIFF" else data[at - 20 : at + 2]
