"""A small file for each cell of the table in docs/files.md, and what of it must be in the result."""

import io
import struct
import zlib

import numpy as np
from PIL import ExifTags, ImageCms
from PIL import Image as PILImage
from PIL.TiffImagePlugin import ImageFileDirectory_v2

FORMATS = {
    "JPEG": "jpg", "PNG": "png", "TIFF": "tif", "GIF": "gif", "WebP": "webp", "AVIF": "avif", "JPEG 2000": "jp2",
    "BMP": "bmp", "TGA": "tga", "PPM": "ppm",
}  # fmt: skip
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><dc:t>Gr\xc3\xbc\xc3\x9fe</dc:t></rdf:RDF></x:xmpmeta>'
IPTC = b"\x1c\x02\x05\x00\x05title"
TEXT = "Grüße, 東京".encode()
UNKNOWN = b"nobody knows \x00\xff\xfe"
_FRAME_BEHIND = {"save_all": True, "append_images": [PILImage.new("RGB", (40, 30), "blue")]}
_PIL_NAMES = {"WebP": "WEBP", "JPEG 2000": "JPEG2000"}


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
    file = io.BytesIO()
    picture.save(file, _PIL_NAMES.get(kind, kind), **options)
    return file.getvalue()


def plain(kind, **options):
    """A file that says nothing."""
    return saved(
        kind, photo("P" if kind == "GIF" else "RGB"), **({"lossless": True} if kind == "WebP" else {}), **options
    )


def with_segment(marker, body):
    data = plain("JPEG")
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


def exif_in_uuid():
    return with_box(b"uuid", b"JpgTiffExif->JP2" + exif())


def file_of(what, kind):
    """(the file, bytes that must be in the result)."""
    made = _MAKERS[what, kind]()
    return made if isinstance(made, tuple) else (made, b"")


def _whole(mode):
    def make(kind):
        return saved(kind, photo(mode), **({"lossless": True} if kind == "WebP" else {}))

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
        for k in ("PNG", "TIFF", "WebP", "AVIF", "JPEG 2000", "TGA")
    },
    ("transparency", "GIF"): lambda: plain("GIF", transparency=3),
    **{("16 bits", k): (lambda k=k: _deep(k)) for k in ("PNG", "TIFF", "JPEG 2000", "PPM")},
    **{("colour profile", k): (lambda k=k: (plain(k, icc_profile=PROFILE), PROFILE)) for k in ("JPEG", "TIFF", "AVIF")},
    ("colour profile", "PNG"): lambda: (
        with_chunk(b"iCCP", b"n\0\0" + zlib.compress(PROFILE, 1)),
        zlib.compress(PROFILE, 1),
    ),
    ("colour profile", "GIF"): lambda: (with_extension(0xFF, PROFILE[:200], b"\x0bICCRGBG1012"), PROFILE[:200]),
    ("colour profile", "WebP"): lambda: (plain("WebP", icc_profile=PROFILE), PROFILE),
    ("colour profile", "JPEG 2000"): lambda: (with_box(b"colr", b"\2\0\0" + PROFILE, in_header=True), PROFILE),
    ("colour profile", "BMP"): bmp_with_profile,
    **{
        ("EXIF, maker note in it", k): (lambda k=k: (plain(k, exif=exif()), exif()))
        for k in ("JPEG", "PNG", "WebP", "AVIF")
    },
    ("EXIF, maker note in it", "TIFF"): lambda: (plain("TIFF", exif=exif()), b"note \x01\x02 of its maker"),
    ("EXIF, maker note in it", "JPEG 2000"): lambda: (exif_in_uuid(), exif()),
    **{("XMP", k): (lambda k=k: (plain(k, xmp=XMP), XMP)) for k in ("JPEG", "WebP", "AVIF")},
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
    ("texts, comments", "PPM"): lambda: plain("PPM").replace(b"P6\n", b"P6\n# taken in May\n"),
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
    ("parts that nobody knows", "JPEG"): lambda: (with_segment(0xEB, UNKNOWN), UNKNOWN),
    ("parts that nobody knows", "PNG"): lambda: (with_chunk(b"prVt", UNKNOWN), UNKNOWN),
    ("parts that nobody knows", "TIFF"): lambda: _tagged(65000, UNKNOWN),
    ("parts that nobody knows", "GIF"): lambda: (with_extension(0xFF, UNKNOWN, b"\x0bUNKNOWN-APP"), UNKNOWN),
    ("parts that nobody knows", "WebP"): lambda: (with_riff(b"prVt", UNKNOWN), UNKNOWN),
    ("parts that nobody knows", "JPEG 2000"): lambda: (with_box(b"prVt", UNKNOWN), UNKNOWN),
    ("parts that nobody knows", "TGA"): lambda: (
        plain("TGA").removesuffix(bytes(8) + b"TRUEVISION-XFILE.\0")
        + struct.pack("<II", 4000, 0)
        + b"TRUEVISION-XFILE.\0"
    ),
    ("gain map, depth map behind it", "JPEG"): lambda: (
        plain("JPEG") + plain("JPEG", quality=30),
        plain("JPEG", quality=30),
    ),
    ("further pages or frames", "PNG"): lambda: _second("PNG"),
    ("further pages or frames", "TIFF"): lambda: _second("TIFF"),
    ("further pages or frames", "GIF"): lambda: _second("GIF"),
    ("further pages or frames", "WebP"): lambda: plain("WebP", **_FRAME_BEHIND),
}


def _second(kind):
    data = plain(kind, **_FRAME_BEHIND)
    start = {"PNG": b"fdAT", "TIFF": bytes([0, 0, 255] * 1000), "GIF": b"\0\x3b"}[kind]
    at = data.rindex(start)
    return data, start if kind == "TIFF" else data[at - 20 : at + 2]
