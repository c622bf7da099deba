"""What a file says beside its pixels, and layouts that Pillow has no mode for, come back as they were."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image as PILImage

from selfmend.image import png, tiff
from selfmend.image.exif import orientation_of, patched
from selfmend.image.files import read_picture, save_picture


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


def test_a_transparent_gif_keeps_known_pixels_and_the_callers_picture(tmp_path):
    source = PILImage.fromarray(np.random.default_rng(1).integers(0, 60, (15, 20), np.uint8), "L").convert("P")
    source.save(tmp_path / "in.gif", transparency=7)
    mask = mended(tmp_path / "in.gif", tmp_path / "out.gif")
    old, new = (np.asarray(PILImage.open(tmp_path / f"{n}.gif").convert("RGBA")) for n in ("in", "out"))
    assert np.array_equal(old[~mask], new[~mask])
