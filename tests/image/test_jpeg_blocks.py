"""A JPEG written into a JPEG: blocks that no change touches stay to the bit, whatever the coding."""

import io
import struct

import cv2
import numpy as np
import pytest
from PIL import Image as PILImage

from selfmend.errors import ImageError, SelfmendWarning
from selfmend.image import jpeg
from selfmend.image.files import read_picture, save_picture
from selfmend.image.jpeg_blocks import BlocksError, optimal_table, with_pixels

BOX = slice(30, 44), slice(21, 37)
SIZE = (67, 83)  # of no whole MCU


def photo(mode="RGB"):
    """Smooth, so that little is lost to any subsampling."""
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    waves = [127 + 60 * np.sin(x / 9 + k) + 50 * np.cos(y / (7 + k)) for k in range(3)]
    return PILImage.fromarray(np.stack(waves, -1).astype(np.uint8)).convert(mode)


def written(picture, **options):
    file = io.BytesIO()
    picture.save(file, "JPEG", **options)
    return file.getvalue()


def pixels(data):
    return np.asarray(PILImage.open(io.BytesIO(data)))


def spliced(data, new):
    parts = jpeg.parts_of(data)
    return jpeg.with_scans(data, with_pixels(parts, pixels(data), new), size=SIZE)


KINDS = [
    ("RGB", {"subsampling": 0}),
    ("RGB", {"subsampling": 1, "optimize": True}),
    ("RGB", {"subsampling": 2, "restart_marker_blocks": 3}),
    ("RGB", {"subsampling": 2, "progressive": True}),
    ("RGB", {"subsampling": 2, "progressive": True, "restart_marker_blocks": 4}),
    ("RGB", {"keep_rgb": True}),
    ("L", {}),
    ("L", {"progressive": True, "quality": 96}),
    ("CMYK", {"subsampling": 2}),
    ("CMYK", {"progressive": True}),
]


@pytest.mark.parametrize(("mode", "options"), KINDS)
def test_only_touched_blocks_change(mode, options):
    data = written(photo(mode), **options)
    before = pixels(data)
    assert spliced(data, before) == data
    new = before.copy()
    new[BOX] = np.clip(new[BOX].astype(int) + 50, 0, 255)
    made = spliced(data, new)
    changed = np.argwhere((pixels(made) != before).reshape(*SIZE, -1).any(2))
    assert (changed >= (BOX[0].start - 16, BOX[1].start - 16)).all()
    assert (changed < (BOX[0].stop + 16, BOX[1].stop + 16)).all()
    assert abs(pixels(made)[BOX].astype(int) - new[BOX]).mean() < 6
    other, was = (cv2.imdecode(np.frombuffer(d, np.uint8), cv2.IMREAD_COLOR) for d in (made, data))
    assert np.array_equal(np.delete(other, range(14, 60), 0), np.delete(was, range(14, 60), 0))


@pytest.mark.parametrize("progressive", [False, True])
def test_a_table_without_a_code_for_what_is_new_is_replaced(progressive):
    data = written(PILImage.new("RGB", SIZE[::-1], "gray"), optimize=True, progressive=progressive)
    new = pixels(data).copy()
    new[BOX] = np.random.default_rng(0).integers(0, 256, new[BOX].shape)
    made = pixels(spliced(data, new))
    assert (made[:14] == pixels(data)[:14]).all()
    assert made[BOX].std() > 30


def test_what_was_enlarged_by_the_decoder_is_taken_as_it_was(tmp_path):
    """A known sample in a touched block changes by what is rounded, not by being averaged again."""
    noise = np.random.default_rng(1).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    data = written(PILImage.fromarray(noise), subsampling=2, quality=100)
    new = pixels(data).copy()
    new[0, 0] = 128
    far = pixels(spliced(data, new))[4:, 4:].astype(int) - pixels(data)[4:, 4:]
    assert abs(far).max() <= 3


def other_coding(data, marker):
    at = data.index(b"\xff\xc0")
    return data[: at + 1] + bytes([marker]) + data[at + 2 :]


@pytest.mark.parametrize("marker", [0xC3, 0xC9])
def test_other_codings_are_refused(marker):
    data = written(photo())
    before = pixels(data)
    with pytest.raises(BlocksError, match={0xC3: "lossless", 0xC9: "arithmetic"}[marker]):
        with_pixels(jpeg.parts_of(other_coding(data, marker)), before, before)


def test_every_damaged_file_is_refused_or_read():
    rng = np.random.default_rng(0)
    for progressive in (False, True):
        data = written(photo(), progressive=progressive)
        before = pixels(data)
        for _ in range(150):
            broken = bytearray(data)
            for at in rng.integers(2, len(data), 3):
                broken[at] = rng.integers(0, 256)
            parts = jpeg.parts_of(bytes(broken[: rng.integers(200, len(data) + 1)]))
            if parts is not None:
                try:
                    with_pixels(parts, before, before)
                except BlocksError:
                    continue


def test_a_table_of_many_symbols_stays_within_sixteen_bits():
    counts = np.zeros(256, np.int64)
    counts[:40] = 2 ** np.arange(40)
    codes, lengths = optimal_table(counts).codes()
    assert lengths[:40].min() == 1
    assert lengths.max() == 16
    assert all(codes[s] != (1 << lengths[s]) - 1 for s in range(40))


def test_a_fill_of_a_jpeg_changes_no_far_pixel(tmp_path):
    for orientation in (1, 6):
        exif = PILImage.Exif()
        exif[274] = orientation
        (tmp_path / "in.jpg").write_bytes(written(photo(), subsampling=2, exif=exif.tobytes()))
        picture = read_picture(tmp_path / "in.jpg")
        mask = np.zeros(picture.size, bool)
        mask[BOX] = True
        save_picture(picture.rebuild(1 - picture.image, mask), tmp_path / "out.jpg")
        after = read_picture(tmp_path / "out.jpg").image
        changed = np.argwhere((after != picture.image).any(2))
        assert len(changed)
        assert (changed >= (14, 5)).all()
        assert (changed < (60, 53)).all()


def test_a_jpeg_that_cannot_be_spliced_is_written_with_a_warning(tmp_path):
    data = written(photo())
    at = data.index(b"\xff\xc4")
    late = data[:at] + struct.pack(">BBHH", 0xFF, 0xDC, 4, SIZE[0]) + data[at:]  # DNL, which is of no use here
    (tmp_path / "in.jpg").write_bytes(late)
    picture = read_picture(tmp_path / "in.jpg")
    mask = np.zeros(SIZE, bool)
    mask[BOX] = True
    with pytest.warns(SelfmendWarning, match="as a whole"):
        save_picture(picture.rebuild(1 - picture.image, mask), tmp_path / "out.jpg")
    assert read_picture(tmp_path / "out.jpg").size == SIZE


def test_a_jpeg_without_its_end_marker_is_opened_and_a_cut_one_refused(tmp_path):
    data = written(photo(), progressive=True)
    (tmp_path / "in.jpg").write_bytes(data[:-2])
    with pytest.warns(SelfmendWarning, match="end marker is missing"):
        picture = read_picture(tmp_path / "in.jpg")
    assert np.array_equal(picture.image, read_picture(PILImage.open(io.BytesIO(data))).image)
    (tmp_path / "in.jpg").write_bytes(data[:-40])
    with pytest.raises(ImageError, match="damaged or truncated"):
        read_picture(tmp_path / "in.jpg")
