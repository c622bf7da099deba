"""Layouts that Pillow has no mode for, or writes in another way: known samples stay, and the rest of the file does."""

import io
import struct
import warnings
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image as PILImage
from PIL import ImageCms, features

from kept_files import photo
from selfmend.errors import ImageError, SelfmendWarning
from selfmend.image import bmp, png, pnm
from selfmend.image.files import read_picture, save_picture

HOLE = (slice(8, 14), slice(10, 18))


def smooth(channels, top):
    y, x = np.mgrid[:30, :40]
    waves = [0.5 + 0.25 * np.sin(x / 9 + k) + 0.2 * np.cos(y / (7 + k)) for k in range(channels)]
    return np.rint(np.stack(waves, -1) * top).astype(np.uint8 if top < 256 else np.uint16)


def mended(folder, name, data):
    """The result's bytes, the mask and the warnings; the hole becomes the mean of the picture."""
    (folder / name).write_bytes(data)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", SelfmendWarning)
        picture = read_picture(folder / name)
        mask = np.zeros(picture.size, bool)
        mask[HOLE] = True
        fill = np.broadcast_to(picture.image.mean((0, 1)), picture.image.shape)
        save_picture(picture.rebuild(np.ascontiguousarray(fill), mask), folder / ("out-" + name))
    return (folder / ("out-" + name)).read_bytes(), mask, [str(one.message) for one in said]


# netpbm


def netpbm(kind, channels, top):
    """(the file, its head): with a comment, and something behind."""
    samples = smooth(channels, top)
    if kind in (1, 4):
        samples = np.random.default_rng(0).integers(0, 2, samples.shape).astype(np.uint8)
    head = b"P%d\n# taken in May\n40 30\n" % kind + (b"" if kind in (1, 4) else b"%d\n" % top)
    if kind == 7:
        tuple_ = [b"GRAYSCALE", b"GRAYSCALE_ALPHA", b"RGB", b"RGB_ALPHA"][channels - 1]
        head = b"P7\nWIDTH 40\nHEIGHT 30\nDEPTH %d\nMAXVAL %d\nTUPLTYPE %s\nENDHDR\n" % (channels, top, tuple_)
    if kind in (1, 2, 3):
        body = b"\n".join(b" ".join(b"%d" % v for v in row.ravel()) for row in samples)
    elif kind == 4:
        body = np.packbits(samples[..., 0], axis=1).tobytes()
    else:
        body = samples.astype(">u2" if top > 255 else np.uint8).tobytes()
    return head + body + (b"\n" if kind < 4 else b"P5 1 1 255\nx"), head, samples


NETPBM = [(1, 1, 1), (2, 1, 255), (3, 3, 1023), (4, 1, 1), (5, 1, 15), (5, 1, 4095), (6, 3, 100), (6, 3, 65535),
          (7, 1, 100), (7, 2, 255), (7, 4, 65535)]  # fmt: skip


@pytest.mark.parametrize(("kind", "channels", "top"), NETPBM)
def test_netpbm_files_keep_samples_comments_and_what_follows(tmp_path, kind, channels, top):
    data, head, samples = netpbm(kind, channels, top)
    after, mask, told = mended(tmp_path, "in.pnm", data)
    fresh = pnm.read_samples(after, pnm.first_page(after))
    assert np.array_equal(fresh[~mask], samples[~mask])
    assert (fresh[mask] != samples[mask]).any()
    assert abs(fresh[mask].mean() - samples[mask].mean()) < max(1, top / 3)
    assert after.startswith(head)
    assert told == []
    if kind > 3:
        assert after.endswith(b"P5 1 1 255\nx")
        assert len(after) == len(data)
    shown = cv2.imdecode(np.frombuffer(after, np.uint8), cv2.IMREAD_UNCHANGED)  # a reader that is not ours
    assert shown is not None
    assert shown.shape[:2] == (30, 40)


def test_a_netpbm_file_of_floats_or_cut_or_too_high_is_refused_in_a_line(tmp_path):
    for data, words in (
        (b"PF\n4 4\n-1.0\n" + bytes(192), "floats"),
        (b"P6\n40 30\n255\n" + bytes(99), "cut off"),
        (b"P5\n4 4\n15\n" + bytes([200] * 16), "15 at most"),
        (b"P2\n4 4\n15\n1 2 x 4 5 6 7 8 9 0 1 2 3", "numbers"),
    ):
        (tmp_path / "in.ppm").write_bytes(data)
        with pytest.raises(ImageError, match=words):
            read_picture(tmp_path / "in.ppm")


# BMP


def bitmap(head, bits, packing, rows, *, colours=b"", masks=(), height=30):
    pixels = b"".join(row + bytes(-len(row) % 4) for row in rows)
    said = struct.pack("<IiiHHIIiiII", head, 40, height, 1, bits, packing, len(pixels), 2835, 2000, 0, 0)
    said = struct.pack("<IHHHH", 12, 40, height, 1, bits) if head == 12 else said
    said = (said + b"".join(struct.pack("<I", mask) for mask in masks)).ljust(head, b"\0")
    at = 14 + len(said) + len(colours)
    return b"BM" + struct.pack("<IHHI", at + len(pixels), 7, 9, at) + said + colours + pixels + b"what comes behind"


def bitmaps():
    grey, rgb = smooth(1, 255)[..., 0], smooth(3, 255)
    colours = b"".join(bytes([k, 255 - k, k // 2, 0]) for k in range(256))
    wide = rgb.astype(np.uint16)
    five = (wide[..., 0] >> 3 << 10 | wide[..., 1] >> 3 << 5 | wide[..., 2] >> 3).astype("<u2")
    six = (wide[..., 0] >> 3 << 11 | wide[..., 1] >> 2 << 5 | wide[..., 2] >> 3).astype("<u2")
    four = np.dstack([rgb[..., ::-1], grey])
    noise = np.random.default_rng(0).integers(0, 2, grey.shape)
    yield "1 bit", bitmap(40, 1, 0, [np.packbits(row).tobytes() for row in noise], colours=colours[:4] + colours[-4:])
    yield "4 bits", bitmap(40, 4, 0, [(r[::2] >> 4 << 4 | r[1::2] >> 4).tobytes() for r in grey], colours=colours[:64])
    yield "8 bits", bitmap(40, 8, 0, [row.tobytes() for row in grey], colours=colours)
    yield "16 bits", bitmap(40, 16, 0, [row.tobytes() for row in five])
    yield (
        "16 bits by masks",
        bitmap(40, 16, 3, [row.tobytes() for row in six], colours=struct.pack("<III", 0xF800, 0x7E0, 31)),
    )
    yield "24 bits, OS/2", bitmap(12, 24, 0, [row[:, ::-1].tobytes() for row in rgb])
    yield "24 bits, downwards", bitmap(40, 24, 0, [row[:, ::-1].tobytes() for row in rgb], height=-30)
    yield "32 bits", bitmap(40, 32, 0, [row.tobytes() for row in four])
    masks = (0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    yield "32 bits with alpha", bitmap(108, 32, 3, [row.tobytes() for row in four], masks=masks)


@pytest.mark.parametrize(("name", "data"), bitmaps(), ids=lambda one: one if isinstance(one, str) else "")
def test_of_a_bitmap_only_changed_pixels_are_other_bytes(tmp_path, name, data):
    after, mask, told = mended(tmp_path, "in.bmp", data)
    layout = bmp.layout_of(data)
    assert told == []
    assert len(after) == len(data)
    other = np.flatnonzero(np.frombuffer(after, np.uint8) != np.frombuffer(data, np.uint8)) - layout.start
    assert len(other) > 0
    rows = other // layout.row_bytes
    rows = 29 - rows if layout.upwards else rows
    columns = other % layout.row_bytes * 8 // layout.bits
    assert set(rows) <= set(range(8, 14))
    assert columns.min() >= 8
    assert columns.max() < 24
    old, new = (np.asarray(PILImage.open(io.BytesIO(one)).convert("RGBA")).astype(int) for one in (data, after))
    assert np.array_equal(old[~mask], new[~mask])
    if "bits" in name and layout.bits >= 16:
        assert np.abs(new[mask][:, :3] - old[..., :3].mean((0, 1))).max() < 9  # five bits a channel


# TIFF


def lab():
    """8 bits, a and b signed, of a photo."""
    spaces = [ImageCms.createProfile(name) for name in ("sRGB", "LAB")]
    made = ImageCms.applyTransform(photo(), ImageCms.buildTransform(*spaces, "RGB", "LAB"))
    return np.asarray(made)


SIGNED = np.array([0, 128, 128], np.uint8)
LAYOUTS = [
    ("CMYK and alpha", smooth(5, 255), {"photometric": "separated", "extrasamples": "unassalpha"}),
    ("CMYK of 16 bits", smooth(4, 65535), {"photometric": "separated"}),
    ("LAB", lab(), {"photometric": "cielab"}),
    ("LAB of ICC", lab() ^ SIGNED, {"photometric": "icclab"}),
    ("LAB in planes", lab().transpose(2, 0, 1), {"photometric": "cielab", "planarconfig": "separate"}),
    ("LAB of 16 bits", lab().astype(np.uint16) << 8, {"photometric": "cielab"}),
    ("grey in tiles of planes, premultiplied", np.minimum(smooth(2, 255), smooth(2, 255)[..., 1:]).transpose(2, 0, 1),
     {"photometric": "minisblack", "extrasamples": "assocalpha", "planarconfig": "separate", "tile": (16, 16)}),
    ("white first, premultiplied", np.minimum(smooth(2, 65535), smooth(2, 65535)[..., 1:]),
     {"photometric": "miniswhite", "extrasamples": "assocalpha"}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "samples", "layout"), LAYOUTS, ids=[one[0] for one in LAYOUTS])
def test_a_tiff_keeps_its_layout_and_its_hole_looks_like_the_rest(tmp_path, name, samples, layout):
    tifffile = pytest.importorskip("tifffile")
    file = io.BytesIO()
    said = [(65000, 3, 1, 99, True), (37510, 7, 5, b"abcde", True)]
    tifffile.imwrite(file, samples, metadata=None, extratags=said, **layout)
    after, mask, told = mended(tmp_path, "in.tif", file.getvalue())
    fresh = tifffile.imread(io.BytesIO(after))
    old, new = (one.transpose(1, 2, 0) if "planarconfig" in layout else one for one in (samples, fresh))
    assert told == []
    assert old.dtype == new.dtype
    assert np.array_equal(old[~mask], new[~mask])
    assert (old[mask] != new[mask]).any()
    top = (1 << 8 * samples.itemsize) - 1
    if "LAB" in name:  # a and b are next to 0, and so on both sides of where they wrap round
        old, new = old ^ _middle(layout, old), new ^ _middle(layout, new)
    assert np.abs(new[mask].mean(0) - old[mask].mean(0, dtype=float)).max() < top / 4
    with tifffile.TiffFile(io.BytesIO(after)) as opened:
        tags = opened.pages[0].tags
        assert (tags[65000].value, tags[37510].value) == (99, b"abcde")


def _middle(layout, samples):
    half = 1 << 8 * samples.itemsize - 1
    return np.array([0, half, half] if layout["photometric"] == "cielab" else [0, 0, 0]).astype(samples.dtype)


def bits_of(samples, bits):
    """Rows of samples without gaps between them, as TIFF has them."""
    wide = samples.astype(">u2")[..., None].view(np.uint8)
    return np.packbits(np.unpackbits(wide, axis=-1)[..., 16 - bits :].reshape(len(samples), -1), axis=1).tobytes()


@pytest.mark.parametrize(("bits", "photometric", "channels"), [(2, 1, 1), (4, 0, 1), (12, 1, 1), (10, 2, 3), (4, 5, 4)])
def test_other_numbers_of_bits_stay(tmp_path, bits, photometric, channels):
    tifffile = pytest.importorskip("tifffile")
    samples = smooth(channels, (1 << bits) - 1)
    samples = np.random.default_rng(0).integers(0, 4, samples.shape) if bits == 2 else samples
    strip = bits_of(samples, bits)
    at = 8 + len(strip) + len(strip) % 2
    tags = [(256, 4, 1, 40), (257, 4, 1, 30), (258, 3, channels, bits if channels == 1 else at), (259, 3, 1, 1),
            (262, 3, 1, photometric), (273, 4, 1, 8), (277, 3, 1, channels), (278, 4, 1, 30), (279, 4, 1, len(strip)),
            (65000, 3, 1, 99)]  # fmt: skip
    body = strip.ljust(at - 8, b"\0") + struct.pack(f"<{channels}H", *[bits] * channels)
    entries = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)
    data = struct.pack("<2sHI", b"II", 42, 8 + len(body)) + body + entries
    after, mask, told = mended(tmp_path, "in.tif", data)
    with tifffile.TiffFile(io.BytesIO(after)) as opened:
        page = opened.pages[0]
        assert (page.bitspersample, page.photometric, page.tags[65000].value) == (bits, photometric, 99)
        start, length = page.dataoffsets[0], page.databytecounts[0]
    rows = np.unpackbits(np.frombuffer(after[start : start + length], np.uint8).reshape(30, -1), axis=1)
    fresh = rows[:, : 40 * channels * bits].reshape(30, 40, channels, bits) @ (1 << np.arange(bits)[::-1])
    assert told == []
    assert np.array_equal(fresh[~mask], samples[~mask])
    assert (fresh[mask] != samples[mask]).any()
    assert np.abs(fresh[mask].mean(0) - samples[mask].mean(0)).max() < (1 << bits) / 4 + 1


def with_reversed_bits(data):
    """A plain TIFF of one strip, whose bytes are to be read from their lowest bit on."""
    page_at = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, page_at)[0]
    entries = [data[page_at + 2 + 12 * k : page_at + 14 + 12 * k] for k in range(count)]
    tags = {struct.unpack_from("<H", entry)[0]: struct.unpack_from("<I", entry, 8)[0] for entry in entries}
    start, length = tags[273], tags[279]
    strip = np.packbits(np.unpackbits(np.frombuffer(data[start : start + length], np.uint8)), bitorder="little")
    entries = sorted([*entries, struct.pack("<HHII", 266, 3, 1, 2)], key=lambda entry: struct.unpack_from("<H", entry))
    made = data[:start] + strip.tobytes() + data[start + length :]
    end = len(made) + len(made) % 2
    made = made.ljust(end, b"\0") + struct.pack("<H", count + 1) + b"".join(entries) + bytes(4)
    return made[:4] + struct.pack("<I", end) + made[8:]


def test_bits_in_the_other_order_are_read(tmp_path):
    file, grey = io.BytesIO(), photo("L")
    grey.save(file, "TIFF")
    after, mask, _ = mended(tmp_path, "in.tif", with_reversed_bits(file.getvalue()))
    fresh = np.asarray(PILImage.open(io.BytesIO(after)))
    assert np.array_equal(fresh[~mask], np.asarray(grey)[~mask])


PACKED = ["jpeg", "group4", "zstd", "lzma", "webp"]


@pytest.mark.parametrize("packing", PACKED)
def test_what_only_pillow_unpacks_keeps_tags_and_pages(tmp_path, packing):
    mode = "1" if packing == "group4" else "RGB"
    file, behind = io.BytesIO(), PILImage.new(mode, (8, 9))
    said = {65000: "mine", 34735: (1, 1, 0, 0)}
    try:
        photo(mode).save(file, "TIFF", compression=packing, tiffinfo=said, save_all=True, append_images=[behind])
    except (OSError, RuntimeError, KeyError):
        pytest.skip(f"this Pillow has no {packing}")
    before = np.asarray(PILImage.open(io.BytesIO(file.getvalue())))
    after, mask, told = mended(tmp_path, "in.tif", file.getvalue())
    opened = PILImage.open(io.BytesIO(after))
    assert ["2 pages" in one for one in told] == [True]
    assert opened.n_frames == 2
    assert np.array_equal(np.asarray(opened)[~mask], before[~mask])
    assert opened.mode == mode
    assert opened.tag_v2[65000] == "mine"
    assert opened.tag_v2[34735] == (1, 1, 0, 0)


REFUSED = [
    ("32 bits", {"data": np.zeros((9, 8, 3), np.uint32), "photometric": "rgb"}, "32 bits"),
    ("floats", {"data": np.zeros((9, 8, 3), np.float32), "photometric": "rgb"}, "floats"),
    ("signed", {"data": np.zeros((9, 8, 3), np.int16), "photometric": "rgb"}, "signed"),
]


@pytest.mark.parametrize(("name", "given", "words"), REFUSED, ids=[one[0] for one in REFUSED])
def test_a_tiff_that_cannot_be_read_says_what_it_is(tmp_path, name, given, words):
    tifffile = pytest.importorskip("tifffile")
    tifffile.imwrite(tmp_path / "in.tif", metadata=None, **({"photometric": "minisblack"} | given))
    with pytest.raises(ImageError, match=words):
        read_picture(tmp_path / "in.tif")


def test_a_jpeg_of_twelve_bits_says_so(tmp_path):
    file = io.BytesIO()
    photo().save(file, "JPEG")
    data = bytearray(file.getvalue())
    data[data.index(b"\xff\xc0") + 4] = 12
    (tmp_path / "in.jpg").write_bytes(data)
    with pytest.raises(ImageError, match="12 bits"):
        read_picture(tmp_path / "in.jpg")


@pytest.mark.parametrize("mode", ["CMYK", "LAB"])
def test_deep_colours_of_print_are_shown_rightly_in_other_formats(tmp_path, mode):
    tifffile = pytest.importorskip("tifffile")
    samples = np.asarray(photo("CMYK")).astype(np.uint16) * 257 if mode == "CMYK" else lab().astype(np.uint16) << 8
    tifffile.imwrite(tmp_path / "in.tif", samples, photometric={"CMYK": 5, "LAB": 8}[mode], metadata=None)
    with pytest.warns(SelfmendWarning, match=f"of {mode}"):
        save_picture(read_picture(tmp_path / "in.tif").original, tmp_path / "out.png")
    shown = np.asarray(PILImage.open(tmp_path / "out.png")).astype(int)
    assert np.abs(shown - np.asarray(photo())).mean() < 3


# PNG


def chunk_file(*chunks, depth=8, colour=2, samples=None):
    samples = smooth(3, 255) if samples is None else samples
    rows = b"".join(b"\0" + row.astype(">u2" if depth == 16 else np.uint8).tobytes() for row in samples)
    head = (b"IHDR", struct.pack(">IIBBBBB", 40, 30, depth, colour, 0, 0, 0))
    before = [one for one in chunks if one[0] != b"zTXt"]
    behind = [one for one in chunks if one[0] == b"zTXt"]
    return png.joined([head, *before, (b"IDAT", zlib.compress(rows)), *behind, (b"IEND", b"")])


def test_long_texts_behind_the_pixels_of_a_png_are_kept(tmp_path):
    said = (b"zTXt", b"long\0\0" + zlib.compress(bytes(3 << 20)))
    after, _, told = mended(tmp_path, "in.png", chunk_file(said))
    assert said in png.chunks_of(after)
    assert told == []


def test_transparency_of_more_colours_than_there_are_is_passed_over(tmp_path):
    said = [(b"PLTE", bytes(range(30))), (b"tRNS", bytes(11))]
    data = chunk_file(*said, colour=3, samples=smooth(1, 9))
    after, _, told = mended(tmp_path, "in.png", data)
    assert ["transparency" in one for one in told] == [True]
    assert set(said) <= set(png.chunks_of(after))


def test_a_palette_without_opaque_colours_is_filled(tmp_path):
    palette = (b"PLTE", bytes(range(30)))
    after, mask, _ = mended(
        tmp_path, "in.png", chunk_file(palette, (b"tRNS", bytes([9] * 10)), colour=3, samples=smooth(1, 9))
    )
    assert len(set(np.asarray(PILImage.open(io.BytesIO(after)))[mask])) == 1


def test_frames_behind_a_turned_png_are_named(tmp_path):
    exif = PILImage.Exif()
    exif[274] = 6
    photo().save(tmp_path / "in.png", save_all=True, append_images=[PILImage.new("RGB", (40, 30))], exif=exif)
    data = (tmp_path / "in.png").read_bytes()
    after, _, told = mended(tmp_path, "in.png", data)
    assert ["later frames" in one for one in told] == [False, True]
    assert getattr(PILImage.open(io.BytesIO(after)), "n_frames", 1) == 1


def test_reading_sixteen_bits_is_silent(tmp_path, capfd):
    data = chunk_file((b"iCCP", b"n\0\0" + zlib.compress(b"short")), depth=16, samples=smooth(3, 65535))
    after, mask, _ = mended(tmp_path, "in.png", data)
    assert capfd.readouterr().err == ""
    fresh = cv2.imdecode(np.frombuffer(after, np.uint8), cv2.IMREAD_UNCHANGED)[..., ::-1]
    assert np.array_equal(fresh[~mask], smooth(3, 65535)[~mask])


# JPEG 2000


@pytest.mark.skipif(not features.check("jpg_2000"), reason="this Pillow has no JPEG 2000")
def test_a_codestream_is_written_as_one_with_its_comment(tmp_path):
    file = io.BytesIO()
    photo().save(file, "JPEG2000", no_jp2=True, comment="taken in May")
    after, mask, told = mended(tmp_path, "in.j2k", file.getvalue())
    opened = PILImage.open(io.BytesIO(after))
    assert after.startswith(b"\xff\x4f\xff\x51")
    assert opened.info["comment"] == b"taken in May"
    assert np.array_equal(np.asarray(opened)[~mask], np.asarray(photo())[~mask])
    assert told == []


def of_palette(columns):
    """A JPEG 2000 of numbers of colours, with its resolution and a box that nobody knows; and its colours."""
    file = io.BytesIO()
    photo("L").save(file, "JPEG2000")
    data = file.getvalue()
    at = data.index(b"jp2h") - 4
    end = at + struct.unpack_from(">I", data, at)[0]

    def box(kind, body):
        return struct.pack(">I4s", len(body) + 8, kind) + body

    colours = np.random.default_rng(columns).integers(0, 256, (256, columns), np.uint8)
    colours[:, 3:] |= 1  # none is a hole
    palette = box(b"pclr", struct.pack(">HB", 256, columns) + b"\7" * columns + colours.tobytes())
    maps = box(b"cmap", b"".join(struct.pack(">HBB", 0, 1, k) for k in range(columns)))
    said = box(b"res ", box(b"resc", struct.pack(">HHHHbb", 300, 1, 200, 1, 2, 2)))
    head = data[at + 8 : at + 30] + box(b"colr", b"\1\0\0" + struct.pack(">I", 16)) + palette + maps + said
    unknown = box(b"abcd", b"nobody knows")
    return data[:at] + box(b"jp2h", head) + unknown + data[end:], colours, (said, unknown)


@pytest.mark.skipif(not features.check("jpg_2000"), reason="this Pillow has no JPEG 2000")
@pytest.mark.parametrize("columns", [3, 4])
def test_a_jpeg2000_with_a_palette_becomes_one_in_colour_and_keeps_its_boxes(tmp_path, columns):
    data, colours, said = of_palette(columns)
    after, mask, told = mended(tmp_path, "in.jp2", data)
    assert all(one in after for one in said)
    assert b"pclr" not in after
    assert np.array_equal(np.asarray(PILImage.open(io.BytesIO(after)))[~mask], colours[np.asarray(photo("L"))][~mask])
    assert len(told) == 1
    assert "its palette" in told[0]


@pytest.mark.parametrize("kind", [1, 2, 3])
@pytest.mark.parametrize("behind", [b"", b"\n", b"\nP1 1 1 1", b" # said"])
def test_plain_netpbm_is_read_alike_at_once_and_number_by_number(monkeypatch, kind, behind):
    chance = np.random.default_rng(kind)
    top = 1 if kind == 1 else 300
    numbers = chance.integers(0, top + 1, 5 * 4 * (3 if kind == 3 else 1))
    gaps = [b" ", b"\n", b"\t "] + ([b""] if kind == 1 else [])
    body = b"".join(b"%d" % n + gaps[chance.integers(len(gaps))] for n in numbers)
    data = b"P%d\n5 4\n" % kind + (b"%d\n" % top if kind > 1 else b"") + body + behind
    page = pnm.first_page(data)
    at_once, end = pnm._plain_without_comments(data, page, len(numbers))
    monkeypatch.setattr(pnm, "_plain_without_comments", lambda *given: None)
    by_number, same_end = pnm._plain(data, page)
    assert np.array_equal(at_once, by_number)
    assert (end, at_once.dtype) == (same_end, by_number.dtype)


@pytest.mark.parametrize("body", [b"1 2 +3 4", b"1 2 -3 4", b"1 2 x 4", b"1 2 3", b"1 # 2 3 4\n2 3 999"])
def test_plain_netpbm_with_something_else_in_it_is_refused(body):
    data = b"P2\n2 2\n255\n" + body
    with pytest.raises(ImageError):
        pnm.read_samples(data, pnm.first_page(data))
