"""What a file says beside its pixels, and layouts that Pillow has no mode for, come back as they were."""

import io
import json
import struct
import subprocess
import warnings
import zlib
from pathlib import Path
from shutil import which

import numpy as np
import pytest
from PIL import Image as PILImage
from PIL import features

from kept_files import FORMATS, file_of
from selfmend.errors import SelfmendWarning
from selfmend.image import png, tiff
from selfmend.image.exif import orientation_of, patched
from selfmend.image.files import read_picture, save_picture

DOCUMENT = Path(__file__).parents[2] / "docs" / "files.md"
WORDS = {  # of the warning that names what is not kept
    ("colour profile", "BMP"): "colour profile",
    ("texts, comments", "PPM"): "comment",
    ("parts that nobody knows", "TGA"): "extension area",
    ("further pages or frames", "WebP"): "2 frames",
}
MOVED = {
    "SourceFile", "Directory", "FileSize", "FileModifyDate", "FileAccessDate", "FileInodeChangeDate", "FilePermissions",
    "StripOffsets", "StripByteCounts", "RowsPerStrip", "Compression", "Filter", "Interlace", "Duration",
    "ChromaFormat", "CompatibleBrands", "MediaData", "MediaDataSize", "SeqProfile",
}  # fmt: skip


def mended(source, target):
    picture = read_picture(source)
    mask = np.zeros(picture.size, bool)
    mask[2:5, 2:6] = True
    save_picture(picture.rebuild(np.full_like(picture.image, 0.5), mask), target)
    return mask


def write_planar(path, samples, *, photometric, extra=()):
    """An uncompressed 16-bit big-endian TIFF, one strip a plane."""
    height, width, channels = samples.shape
    planes = [samples[..., k].astype(">u2").tobytes() for k in range(channels)]
    count = 11 + bool(extra)
    at = 8 + 2 + 12 * count + 4
    lists = [struct.pack(f">{channels}H", *[16] * channels)]
    lists.append(struct.pack(f">{channels}I", *[at + 10 * channels + len(planes[0]) * k for k in range(channels)]))
    lists.append(struct.pack(f">{channels}I", *[len(planes[0])] * channels))
    places = [at, at + 2 * channels, at + 6 * channels]
    tags = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, channels, places[0]), (259, 3, 1, 1 << 16),
            (262, 3, 1, photometric << 16), (273, 4, channels, places[1]), (277, 3, 1, channels << 16),
            (278, 4, 1, height), (279, 4, channels, places[2]), (284, 3, 1, 2 << 16)]  # fmt: skip
    tags += [(338, 3, 1, extra[0] << 16)] if extra else []
    tags += [(65000, 4, 1, 0xC0FFEE)]
    body = struct.pack(">H", len(tags)) + b"".join(struct.pack(">HHII", *tag) for tag in tags) + bytes(4)
    path.write_bytes(struct.pack(">2sHI", b"MM", 42, 8) + body + b"".join(lists) + b"".join(planes))


@pytest.mark.parametrize(("photometric", "extra"), [(2, ()), (2, (0,)), (2, (1,)), (2, (2,))])
def test_a_tiff_keeps_its_samples_layout_and_unknown_tags(tmp_path, photometric, extra):
    samples = np.random.default_rng(0).integers(0, 65536, (12, 17, 3 + len(extra))).astype(np.uint16)
    write_planar(tmp_path / "in.tif", samples, photometric=photometric, extra=extra)
    mask = mended(tmp_path / "in.tif", tmp_path / "out.tif")
    data = (tmp_path / "out.tif").read_bytes()
    page = tiff.first_page(data)
    after = tiff.read_samples(data, page)
    assert np.array_equal(after[~mask], samples[~mask])
    assert (after[mask] != samples[mask]).any()
    assert (page.order, page.number(284, 1), page.number(65000, 0)) == (">", 2, 0xC0FFEE)


def test_a_png_keeps_its_chunks(tmp_path):
    PILImage.new("RGB", (20, 15), "red").save(tmp_path / "in.png")
    chunks = png.chunks_of((tmp_path / "in.png").read_bytes())
    said = [
        (b"gAMA", struct.pack(">I", 100000)),
        (b"zTXt", b"big\0\0" + zlib.compress(bytes(3 << 20))),
        (b"prVt", b"x"),
    ]
    (tmp_path / "in.png").write_bytes(png.joined([chunks[0], *said, *chunks[1:]]))
    mended(tmp_path / "in.png", tmp_path / "out.png")
    assert set(said) <= set(png.chunks_of((tmp_path / "out.png").read_bytes()))


def test_exif_is_patched_where_it_stands():
    note = b"maker note \xff\x00"
    block = struct.pack("<2sHIHHHIHHHHII", b"II", 42, 8, 2, 274, 3, 1, 6, 0, 37500, 7, len(note), 38) + bytes(4) + note
    after = patched(block, orientation=1)
    assert (orientation_of(block), orientation_of(after)) == (6, 1)
    assert [k for k in range(len(block)) if block[k] != after[k]] == [18]


def preview(secret):
    """A small JPEG with something in it that is easily found."""
    return b"\xff\xd8\xff\xe0\0\x10" + secret + b"\xff\xd9"


def with_previews():
    """A JPEG that shows its picture in seven more places, a gain map behind it, and the index of these."""
    note = b"maker" + preview(b"in maker note")
    exif = (
        struct.pack("<2sHIHHHII", b"II", 42, 8, 1, 37500, 7, len(note), 26) + struct.pack("<I", 26 + len(note)) + note
    )
    strip = b"not compressed"
    exif += struct.pack("<HHHIIHHIII", 2, 273, 4, 1, 56 + len(note), 279, 4, 1, len(strip), 0) + strip
    photoshop = [(1036, b"in Photoshop"), (1028, b"IPTC")]
    resources = b"".join(b"8BIM" + struct.pack(">HHI", n, 0, len(b)) + b for n, b in photoshop)
    said = [
        (0xE0, b"JFIF\0\1\2\0\0\1\0\1\3\1" + b"in JFIF.."),
        (0xE0, b"JFXX\0\x10" + b"in JFXX"),
        (0xE1, b"Exif\0\0" + exif),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0<xmpGImg:image>in XMP</xmpGImg:image>"),
        (0xED, b"Photoshop 3.0\0" + resources),
    ]
    file = io.BytesIO()
    PILImage.new("RGB", (20, 15), "red").save(file, "JPEG")
    body = file.getvalue()[20:]
    behind = [(1 << 16 | 1, preview(b"behind it")), (0, preview(b"gain map"))]

    def built(offsets, length):
        entries = struct.pack("<IIIHH", 3 << 16, length, 0, 0, 0)
        for (kind, picture), offset in zip(behind, offsets, strict=True):
            entries += struct.pack("<IIIHH", kind, len(picture), offset, 0, 0)
        tags = [(0xB000, 7, 4, b"0100"), (0xB001, 4, 1, struct.pack("<I", 3)), (0xB002, 7, 48, struct.pack("<I", 50))]
        index = b"".join(struct.pack("<HHI", *tag[:3]) + tag[3] for tag in tags)
        mpf = b"MPF\0II*\0" + struct.pack("<IH", 8, 3) + index + struct.pack("<I", 0) + entries
        parts = [*said, (0xE2, mpf)]
        return b"\xff\xd8" + b"".join(struct.pack(">BBH", 0xFF, m, len(b) + 2) + b for m, b in parts) + body

    length = len(built((0, 0), 0))
    base = length - len(body) - 98  # where offsets count from: behind "MPF" and its zero
    first = length - base
    return built((first, first + len(behind[0][1])), length) + behind[0][1] + behind[1][1]


def test_previews_of_the_old_picture_are_removed_and_the_gain_map_is_found(tmp_path):
    data = with_previews()
    (tmp_path / "in.jpg").write_bytes(data)
    mended(tmp_path / "in.jpg", tmp_path / "out.jpg")
    after = (tmp_path / "out.jpg").read_bytes()
    for secret in (b"maker note", b"compressed", b"Photoshop", b"JFIF..", b"JFXX", b"XMP", b"behind it"):
        found = b"in " + secret if secret not in (b"compressed", b"behind it") else secret
        assert found in data
        assert found not in after, found
    assert b"IPTC" in after
    at = after.index(b"MPF\0") + 4
    entry = struct.unpack_from("<III", after, at + 50 + 32)
    assert after[at + entry[2] :] == preview(b"gain map")


def test_a_transparent_gif_keeps_known_pixels_and_the_callers_picture(tmp_path):
    source = PILImage.fromarray(np.random.default_rng(1).integers(0, 60, (15, 20), np.uint8), "L").convert("P")
    source.save(tmp_path / "in.gif", transparency=7)
    mask = mended(tmp_path / "in.gif", tmp_path / "out.gif")
    old, new = (np.asarray(PILImage.open(tmp_path / f"{n}.gif").convert("RGBA")) for n in ("in", "out"))
    assert np.array_equal(old[~mask], new[~mask])


def table():
    """The cells of docs/files.md that promise something: what, format, promise."""
    lines = DOCUMENT.read_text().partition("\n|")[2].partition("\n\n")[0].splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [(row[0], k, p) for row in rows[2:] for k, p in zip(rows[0][1:], row[1:], strict=True) if p != "-"]


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """`filled(what, format)`: the file before, after, what must be in it, and the warnings."""
    folder, done = tmp_path_factory.mktemp("kept"), {}

    def fill(what, kind):
        if (what, kind) not in done:
            data, evidence = file_of(what, kind)
            name = f"{what}.{FORMATS[kind]}"
            for place in ("in", "out"):
                (folder / place).mkdir(exist_ok=True)
            (folder / "in" / name).write_bytes(data)
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always", SelfmendWarning)
                mended(folder / "in" / name, folder / "out" / name)
            told = [str(w.message) for w in said if issubclass(w.category, SelfmendWarning)]
            done[what, kind] = data, (folder / "out" / name).read_bytes(), evidence, told
        return done[what, kind]

    fill.folder = folder
    return fill


def shown(data):
    """Pixels as Pillow shows them, palettes and keys as colours."""
    picture = PILImage.open(io.BytesIO(data))
    return np.asarray(picture.convert("RGBA") if picture.mode == "P" else picture).astype(int)


@pytest.mark.parametrize(("what", "kind", "promise"), table())
def test_the_table_is_true(filled, what, kind, promise):
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    before, after, evidence, told = filled(what, kind)
    assert len(told) == (promise == "named" or what == "further pages or frames"), told
    apart = np.abs(shown(after) - shown(before)).reshape(30, 40, -1).max(2)
    near = 17 if promise == "blocks" else 0
    apart[max(0, 2 - near) : 5 + near, max(0, 2 - near) : 6 + near] = 0
    if promise in ("same", "blocks", "near"):
        assert apart.max() <= (8 if promise == "near" else 0)
    elif promise == "bytes":
        assert evidence in before
        assert evidence in after
    elif promise == "said":
        old, new = (PILImage.open(io.BytesIO(d)) for d in (before, after))
        assert dict(old.getexif()) == dict(new.getexif())
        assert old.info.get("dpi") == new.info.get("dpi")
    else:
        assert WORDS[what, kind] in told[0]


def test_another_program_finds_the_same(filled):
    if which("exiftool") is None:
        pytest.skip("exiftool is not installed")
    promised = [(what, kind) for what, kind, promise in table() if promise in ("bytes", "said")]
    for cell in promised:
        filled(*cell)
    found = []
    for place in ("in", "out"):
        command = ["exiftool", "-j", "-b", "-u", "-r", str(filled.folder / place)]
        listed = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        found.append({one["FileName"]: one for one in listed})
    names = {f"{what}.{FORMATS[kind]}" for what, kind in promised} & found[0].keys()  # it knows no TGA
    assert len(names) > len(promised) - 2
    for name in names:
        old, new = found[0][name], found[1][name]
        assert {k: v for k, v in old.items() if k not in MOVED and new.get(k) != v} == {}, name
