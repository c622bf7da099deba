"""What a file says beside its pixels, and layouts that Pillow has no mode for, come back as they were."""

import hashlib
import io
import json
import struct
import subprocess
import warnings
import zlib
from pathlib import Path
from shutil import which

import cv2
import numpy as np
import pytest
from PIL import Image as PILImage
from PIL import ImageSequence, features

from kept_files import FORMATS, deep_colour, file_of, photo, plain, with_chunk, xmp_of_segments
from selfmend.errors import SelfmendWarning
from selfmend.image import avif, gif, heic, jpeg, png, tiff
from selfmend.image.exif import orientation_of, patched
from selfmend.image.files import read_picture, save_picture

DOCUMENT = Path(__file__).parents[2] / "docs" / "files.md"
WORDS = {  # of the warning that names what is not kept
    ("gain map, depth map behind it", "AVIF"): "gain map",
    ("gain map, depth map behind it", "HEIC"): "depth map",
    ("layers", "TIFF"): "layers",
}
ONE_LINE_MORE = {  # what is kept and still shows what was there, by the warning's words
    "further pages or frames": "the first is used",
    "durations, repetitions": "the first is used",
    "second view (MPO)": "the first is used",
    "film behind it (motion photo)": "still shows",
}
PAGE_BELOW = "a full page below the first, with its profile"  # beside a copy, which is gone
MOVED = {
    "SourceFile", "Directory", "FileSize", "FileModifyDate", "FileAccessDate", "FileInodeChangeDate", "FilePermissions",
    "StripOffsets", "StripByteCounts", "RowsPerStrip", "Compression", "Filter", "Interlace", "Duration",
    "ChromaFormat", "CompatibleBrands", "MediaData", "MediaDataSize", "SeqProfile", "ConstraintIndicatorFlags",
    "FileType", "FileTypeExtension", "GenProfileCompatibilityFlags", "GeneralLevelIDC", "GeneralProfileIDC", "MIMEType",
    "MPImageStart", "SampleSizes", "Unknown_av1C", "MajorBrand", "MediaDataOffset", "MatrixCoefficients",
    # the second in which it was written, of AVIF
    "HEVCConfigurationVersion", "CreateDate", "ModifyDate", "MediaCreateDate", "MediaModifyDate", "TrackCreateDate",
    "TrackModifyDate",
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
    entry = struct.unpack_from("<III", after, at + 50 + 16)  # the preview's was there
    assert after[at + entry[2] :] == preview(b"gain map")
    assert after[at + 50 + 32 : at + 50 + 48] == bytes(16)


def test_xmp_of_several_segments_names_itself_rightly_without_its_previews(tmp_path):
    data, digest = xmp_of_segments(b"<xmpGImg:image>" + b"what was there" * 9 + b"</xmpGImg:image>")
    (tmp_path / "in.jpg").write_bytes(data)
    mended(tmp_path / "in.jpg", tmp_path / "out.jpg")
    segments = jpeg.parts_of((tmp_path / "out.jpg").read_bytes()).segments
    pieces = [body.partition(b"extension/\0")[2] for _, body in segments if b"xmp/extension/" in body]
    joined = b"".join(piece[40:] for piece in sorted(pieces, key=lambda piece: piece[36:40]))
    assert len(pieces) == 3
    assert b"there" not in joined
    fresh = hashlib.md5(joined).hexdigest().upper().encode()
    assert {piece[:32] for piece in pieces} == {fresh}
    assert any(b'HasExtendedXMP="' + fresh in body for _, body in segments)
    assert digest != fresh


def test_another_format_names_what_stays_behind(tmp_path):
    data, digest = xmp_of_segments(b"<a>text</a>")
    film, _ = file_of("film behind it (motion photo)", "JPEG")
    behind = preview(b"gain map") + film[film.index(b"ftyp") - 4 :]
    (tmp_path / "in.jpg").write_bytes(data + behind)
    with pytest.warns(SelfmendWarning, match="film.*gain map.*rest of its XMP") as told:
        mended(tmp_path / "in.jpg", tmp_path / "out.png")
    assert len(told) == 1
    assert digest not in (tmp_path / "out.png").read_bytes()


def test_a_tiff_names_its_overviews_and_a_first_page_that_is_one(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    whole = np.random.default_rng(0).integers(0, 255, (600, 1400), np.uint8)
    with tifffile.TiffWriter(tmp_path / "in.tif") as writer:
        writer.write(whole, metadata=None)
        writer.write(whole[::2, ::2], subfiletype=1, metadata=None)
    with pytest.warns(SelfmendWarning, match="700 x 300") as told:
        mended(tmp_path / "in.tif", tmp_path / "out.tif")
    assert len(told) == 1
    (tmp_path / "below.tif").write_bytes(file_of(PAGE_BELOW, "TIFF")[0])
    mended(tmp_path / "below.tif", tmp_path / "out.tif")
    with tifffile.TiffFile(tmp_path / "out.tif") as file:
        assert [page.shape for page in file.pages[0].pages] == [(30, 40, 3)]
    with tifffile.TiffWriter(tmp_path / "raw.tif") as writer:
        writer.write(whole[::2, ::2], subfiletype=1, subifds=1, metadata=None)
        writer.write(whole, subfiletype=0, metadata=None)
    with pytest.warns(SelfmendWarning, match="smaller copy"):
        read_picture(tmp_path / "raw.tif")


def test_what_has_to_be_written_anew_names_what_it_loses(tmp_path):
    photo = PILImage.fromarray(np.random.default_rng(0).integers(0, 255, (32, 40, 3), np.uint8))
    behind = {"save_all": True, "append_images": [photo.rotate(180)]}
    said = {65000: "mine", 33723: b"abc"}
    photo.convert("YCbCr").save(tmp_path / "in.tif", compression="tiff_lzw", tiffinfo=said, **behind)
    with pytest.warns(SelfmendWarning, match="without its further pages, IPTC, its tags 65000"):
        save_picture(read_picture(tmp_path / "in.tif").original.convert("L"), tmp_path / "out.tif")
    photo.save(tmp_path / "in.gif", loop=3, **behind)
    data = bytearray((tmp_path / "in.gif").read_bytes())
    struct.pack_into("<HH", data, 6, 30, 20)  # a screen that is smaller than the first frame
    (tmp_path / "in.gif").write_bytes(data)
    with pytest.warns(SelfmendWarning, match="without its count of repetitions, its later frames"):
        mended(tmp_path / "in.gif", tmp_path / "out.gif")
    before = file_of("texts, comments", "JPEG 2000")[0]
    (tmp_path / "in.jp2").write_bytes(before + before[before.rindex(b"jp2c") - 4 :])  # two codestreams
    with pytest.warns(SelfmendWarning, match="without its box 'xml'"):
        mended(tmp_path / "in.jp2", tmp_path / "out.jp2")


def test_a_broken_second_frame_or_page_is_counted(tmp_path):
    photo = PILImage.new("RGB", (40, 30), "red")
    photo.save(tmp_path / "in.tif")
    data = bytearray((tmp_path / "in.tif").read_bytes())
    at = struct.unpack_from("<I", data, 4)[0]
    struct.pack_into("<I", data, at + 2 + 12 * struct.unpack_from("<H", data, at)[0], 9999)  # beyond the file
    (tmp_path / "in.tif").write_bytes(data)
    photo.save(tmp_path / "in.gif", save_all=True, append_images=[PILImage.new("RGB", (40, 30), "blue")])
    data = (tmp_path / "in.gif").read_bytes()
    (tmp_path / "in.gif").write_bytes(data[: data.rindex(b"\x2c") + 3])
    for name, words in (("in.tif", "2 pages"), ("in.gif", "2 frames")):
        with pytest.warns(SelfmendWarning, match=words):
            read_picture(tmp_path / name)


def test_frames_that_do_not_fit_a_turned_first_one_are_named(tmp_path):
    exif = PILImage.Exif()
    exif[274] = 6
    frames = [PILImage.new("RGB", (30, 30), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "in.webp", save_all=True, append_images=frames[1:], exif=exif.tobytes())
    with pytest.warns(SelfmendWarning) as told:
        mended(tmp_path / "in.webp", tmp_path / "out.webp")
    assert ["without its" in str(one.message) for one in told] == [False, True]
    assert getattr(PILImage.open(tmp_path / "out.webp"), "n_frames", 1) == 1


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
    """The frames as Pillow shows them, palettes and keys as colours; HEIC and AVIF in all their bits."""
    if heic.is_heic(data):
        import pillow_heif

        opened = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)
        return [np.asarray(one).astype(int) for one in opened]
    if (
        avif.bits_of(data) > 8
        or data[:2] == b"P7"
        or data[24:26] == b"\x10\2"
        or (data[:2] == b"P6" and b"65535" in data[:32])
    ):
        return [cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED).astype(int)]  # PIL: 8 bits, or none
    if data.startswith(b"P6"):
        return [np.frombuffer(data[data.index(b"255\n") + 4 :], np.uint8, 3600).reshape(30, 40, 3).astype(int)]
    frames = ImageSequence.all_frames(PILImage.open(io.BytesIO(data)))
    return [np.asarray(one.convert("RGBA") if one.mode == "P" else one).astype(int) for one in frames]


def said(data):
    picture = PILImage.open(io.BytesIO(data))
    return dict(picture.getexif()), picture.info.get("dpi"), durations(picture)


def durations(picture):
    found = []
    for k in range(getattr(picture, "n_frames", 1)):
        picture.seek(k)
        picture.load()
        found.append(picture.info.get("duration"))
    return found


@pytest.mark.parametrize(("what", "kind", "promise"), table())
def test_the_table_is_true(filled, what, kind, promise):
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    if kind == "HEIC":
        pytest.importorskip("pillow_heif")
    before, after, evidence, told = filled(what, kind)
    kept_and_told = ONE_LINE_MORE.get(what) if kind != "PPM" else None  # which has no frames, but pictures in a row
    assert len(told) == (promise == "named") + (kept_and_told is not None), told
    assert kept_and_told is None or kept_and_told in told[0]
    old, new = shown(before), shown(after)
    assert len(old) == len(new) or promise in ("named", "gone")
    near = 17 if kind == "JPEG" else 0
    for k, (one, other) in enumerate(zip(old, new, strict=False)):
        apart = np.abs(other - one).reshape(*one.shape[:2], -1).max(2)
        if k == 0:
            assert apart[2:5, 2:6].max() > 0
            apart[max(0, 2 - near) : 5 + near, max(0, 2 - near) : 6 + near] = 0
            assert apart.max() <= (8 if kind == "AVIF" and len(old) > 1 else 0)
        elif promise in ("same", "near"):
            assert apart.max() <= (8 if promise == "near" else 0)
    if promise == "bytes":
        assert all(one in before for one in evidence)
        assert all(one in after for one in evidence)
    elif promise == "gone":
        assert all(one in before for one in evidence)
        assert not any(one in after for one in evidence)
    elif promise == "said":
        old, new = said(before), said(after)
        assert old == new
    elif promise == "named":
        assert WORDS[what, kind] in told[0]


def test_another_program_finds_the_same(filled):
    if which("exiftool") is None:
        pytest.skip("exiftool is not installed")
    promised = [(w, kind) for w, kind, promise in table() if promise in ("bytes", "said") and w != PAGE_BELOW]
    promised = [(w, kind) for w, kind in promised if kind != "TGA"]  # which it does not know
    for cell in promised:
        filled(*cell)
    found = []
    for place in ("in", "out"):
        command = ["exiftool", "-j", "-b", "-u", "-r", str(filled.folder / place)]
        listed = json.loads(subprocess.run(command, capture_output=True).stdout)  # 1: it knows no PAM
        found.append({one["FileName"]: one for one in listed})
    names = {f"{what}.{FORMATS[kind]}" for what, kind in promised} & found[0].keys()
    assert len(names) > len(promised) - 2
    for name in names:
        old, new = found[0][name], found[1][name]
        assert {k: v for k, v in old.items() if k not in MOVED and new.get(k) != v} == {}, name


def test_a_gif_whose_first_frame_does_not_cover_the_screen_keeps_all(tmp_path):
    photo = PILImage.fromarray(np.random.default_rng(0).integers(0, 255, (32, 40, 3), np.uint8)).quantize(32)
    photo.save(tmp_path / "in.gif", loop=3, comment=b"said", save_all=True, append_images=[photo.rotate(180)])
    data = bytearray((tmp_path / "in.gif").read_bytes())
    struct.pack_into("<HH", data, 6, 60, 50)
    (tmp_path / "in.gif").write_bytes(data)
    for corner, box in (((3, 3), (40, 32)), ((40, 50), (60, 50))):  # within the frame, and beside it
        picture = read_picture(tmp_path / "in.gif")
        mask = np.zeros(picture.size, bool)
        mask[corner[0] : corner[0] + 4, corner[1] : corner[1] + 4] = True
        with warnings.catch_warnings():
            warnings.simplefilter("error", SelfmendWarning)
            save_picture(picture.rebuild(np.full_like(picture.image, 0.5), mask), tmp_path / "out.gif")
        after = (tmp_path / "out.gif").read_bytes()
        assert b"NETSCAPE2.0" in after
        assert b"said" in after
        assert after.endswith(bytes(data[-400:]))
        frame = gif.first_frame(after)
        assert (frame.box[2:], frame.screen) == (box, (50, 60))
        with PILImage.open(tmp_path / "in.gif") as old, PILImage.open(tmp_path / "out.gif") as new:
            assert new.n_frames == 2
            assert np.array_equal(np.asarray(old.convert("RGB"))[~mask], np.asarray(new.convert("RGB"))[~mask])


@pytest.mark.parametrize("kind", ["PNG", "WebP", "GIF"])
def test_what_stands_behind_the_end_of_a_file_stays(tmp_path, kind):
    data = plain(kind) + b"and something behind it"
    (tmp_path / f"in.{FORMATS[kind]}").write_bytes(data)
    mended(tmp_path / f"in.{FORMATS[kind]}", tmp_path / f"out.{FORMATS[kind]}")
    assert (tmp_path / f"out.{FORMATS[kind]}").read_bytes().endswith(b"and something behind it")


@pytest.mark.parametrize("name", [b"tEXt", b"zTXt"])
def test_small_copies_in_the_texts_of_a_png_are_gone(tmp_path, name):
    secret = b"\xff\xd8\xff\xe0what was there\xff\xd9"
    block = b"Exif\0\0" + struct.pack("<2sHIHHHII", b"II", 42, 8, 1, 37500, 7, len(secret), 26) + bytes(4) + secret
    text = b"\nexif\n%8d\n" % len(block) + block.hex().encode() + b"\n"
    packed = b"\0" + zlib.compress(text) if name == b"zTXt" else text
    (tmp_path / "in.png").write_bytes(with_chunk(name, b"Raw profile type exif\0" + packed))
    mended(tmp_path / "in.png", tmp_path / "out.png")
    body = dict(png.chunks_of((tmp_path / "out.png").read_bytes()))[name]
    after = png.raw_profile(png.text_of(name, body))
    assert len(after) == len(block)
    assert after[:32] == block[:32]
    assert b"what was there" not in after


def test_compressed_xmp_of_a_png_is_upright_and_shows_no_small_copy(tmp_path):
    said = b"<rdf:RDF tiff:Orientation='6'><xmpGImg:image>what was there</xmpGImg:image></rdf:RDF>"
    packed = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(said)
    (tmp_path / "in.png").write_bytes(with_chunk(b"iTXt", packed))
    mended(tmp_path / "in.png", tmp_path / "out.png")
    body = dict(png.chunks_of((tmp_path / "out.png").read_bytes()))[b"iTXt"]
    after = png.text_of(b"iTXt", body)
    assert len(after) == len(said)
    assert b"what was there" not in after
    assert b"tiff:Orientation='1'" in after


def test_a_page_that_cannot_be_read_does_not_take_the_place_of_the_first(tmp_path):
    first, second = PILImage.new("RGBA", (40, 30), "red"), PILImage.new("RGBA", (70, 60), "blue")
    first.save(tmp_path / "in.tif", save_all=True, append_images=[second])
    data = bytearray((tmp_path / "in.tif").read_bytes())
    page = tiff.first_page(bytes(data))
    count = struct.unpack_from("<H", data, page.follows)[0]
    for at in range(page.follows + 2, page.follows + 2 + 12 * count, 12):
        if struct.unpack_from("<H", data, at)[0] == tiff.PHOTOMETRIC:
            struct.pack_into("<H", data, at + 8, 777)
    (tmp_path / "in.tif").write_bytes(data)
    with pytest.warns(SelfmendWarning, match="2 pages"):
        assert read_picture(tmp_path / "in.tif").size == (30, 40)


def test_a_bmp_of_run_lengths_keeps_its_header_palette_and_profile(tmp_path):
    rows = [bytes([20, k, 20, 7, 0, 0]) for k in range(30)]
    body, palette = b"".join(rows) + b"\0\1", bytes(range(200)) * 2
    head = struct.pack("<IiiHHIIiiII", 124, 40, 30, 1, 8, 1, len(body), 600, 700, 100, 9) + bytes(16) + b"DEBM"
    head = head.ljust(112, b"\0") + struct.pack("<III", 124 + 400 + 3 + len(body), 7, 0)
    data = head + palette + b"gap" + body + b"profile" + b"more"
    data = b"BM" + struct.pack("<IHHI", 14 + len(data), 0, 0, 14 + 124 + 403) + data
    (tmp_path / "in.bmp").write_bytes(data)
    mask = mended(tmp_path / "in.bmp", tmp_path / "out.bmp")
    after = (tmp_path / "out.bmp").read_bytes()
    assert after[46:126] == data[46:126]
    assert after[138:541] == data[138:541]
    assert after.endswith(b"profilemore")
    assert after[14 + struct.unpack_from("<I", after, 126)[0] :].startswith(b"profile")
    with PILImage.open(tmp_path / "in.bmp") as old, PILImage.open(tmp_path / "out.bmp") as new:
        assert new.mode == "P"
        assert np.array_equal(np.asarray(old)[~mask], np.asarray(new)[~mask])


def test_a_bmp_whose_masks_pillow_does_not_know_is_read(tmp_path):
    values = np.asarray(photo())
    words = (values.astype(np.uint32) << np.array([0, 8, 16], np.uint32)).sum(2).astype("<u4")
    head = struct.pack("<IiiHHIIiiII", 40, 40, 30, 1, 32, 3, 4800, 0, 0, 0, 0)
    masks = struct.pack("<III", 0xFF, 0xFF00, 0xFF0000)
    data = b"BM" + struct.pack("<IHHI", 66 + 4800, 0, 0, 66) + head + masks + words[::-1].tobytes()
    (tmp_path / "in.bmp").write_bytes(data)
    assert np.array_equal(np.asarray(read_picture(tmp_path / "in.bmp").original), values)
    mask = mended(tmp_path / "in.bmp", tmp_path / "out.bmp")
    assert np.array_equal(np.asarray(read_picture(tmp_path / "out.bmp").original)[~mask], values[~mask])


def with_sycc(data):
    """A JPEG 2000 whose channels are said to be luminance and colours."""
    return data.replace(b"colr\1\0\0" + struct.pack(">I", 16), b"colr\1\0\0" + struct.pack(">I", 18))


@pytest.mark.skipif(not features.check("jpg_2000"), reason="this Pillow has no JPEG 2000")
def test_a_jpeg2000_of_luminance_and_colours_shows_the_same_colours(tmp_path):
    data = with_sycc(plain("JPEG 2000"))
    (tmp_path / "in.jp2").write_bytes(data)
    mask = mended(tmp_path / "in.jp2", tmp_path / "out.jp2")
    before, after = (np.asarray(PILImage.open(tmp_path / f"{name}.jp2"))[~mask] for name in ("in", "out"))
    assert np.array_equal(before, after)
    assert not np.array_equal(before, np.asarray(photo())[~mask])


def test_sixteen_bits_of_colour_in_jpeg2000_are_kept_with_profile_and_boxes(tmp_path):
    data = deep_colour("JPEG 2000")
    box = struct.pack(">I4s", 12, b"abcd") + b"more"
    (tmp_path / "in.jp2").write_bytes(data + box)
    mask = mended(tmp_path / "in.jp2", tmp_path / "out.jp2")
    old, new = (cv2.imread(str(tmp_path / f"{name}.jp2"), cv2.IMREAD_UNCHANGED) for name in ("in", "out"))
    assert new.dtype == np.uint16
    assert np.array_equal(old[~mask], new[~mask])
    assert not np.array_equal(old[mask], new[mask])
    assert (tmp_path / "out.jp2").read_bytes().endswith(box)


def test_a_jpeg2000_of_other_bits_keeps_what_stands_in_its_header(tmp_path):
    data = with_sycc(deep_colour("JPEG 2000"))
    at = data.index(b"jp2h") - 4
    length = struct.unpack_from(">I", data, at)[0]
    inner = struct.pack(">I4sHHHHbb", 18, b"resc", 300, 1, 200, 1, 2, 2)
    inner = struct.pack(">I4s", len(inner) + 8, b"res ") + inner
    box = struct.pack(">I4s", 12, b"abcd") + b"more"
    head = struct.pack(">I", length + len(inner)) + data[at + 4 : at + length] + inner
    (tmp_path / "in.jp2").write_bytes(data[:at] + head + box + data[at + length :])
    with pytest.warns(SelfmendWarning, match="16 bits"):
        mended(tmp_path / "in.jp2", tmp_path / "out.jp2")
    after = (tmp_path / "out.jp2").read_bytes()
    assert inner in after
    assert box in after
    assert read_picture(tmp_path / "out.jp2").size == (300, 400)
