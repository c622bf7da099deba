"""16-bit colour files: all sixteen bits, the profile, the EXIF and the resolution come back."""

import cv2
import numpy as np
import pytest
from PIL import ExifTags, ImageOps
from PIL import Image as PILImage

from facts import mentions
from selfmend.errors import ImageError, SelfmendWarning
from selfmend.image.files import read_picture, save_picture
from selfmend.image.formats import SixteenBit, write_png, write_tiff

RNG = np.random.default_rng(8)


def deep(channels, size=(30, 41)):
    ramp = np.linspace(0, 65535, size[0] * size[1] * channels).reshape(*size, channels)
    return (ramp + RNG.normal(0, 300, ramp.shape)).clip(0, 65535).astype(np.uint16)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("ending", [".png", ".tif"])
def test_files_of_another_program_are_read_in_full_and_written_so(tmp_path, channels, ending):
    pixels = deep(channels)
    swapped = pixels[..., [2, 1, 0, 3][:channels]]
    cv2.imwrite(str(tmp_path / f"in{ending}"), swapped)
    picture = read_picture(tmp_path / f"in{ending}")
    assert np.array_equal(picture.original, pixels)
    assert picture.image.shape[2] == 3
    mask = np.zeros(picture.size, bool)
    mask[3:9, 4:11] = True
    filled = picture.rebuild(np.full_like(picture.image, 0.25), mask)
    save_picture(filled, tmp_path / f"out{ending}")
    again = cv2.imread(str(tmp_path / f"out{ending}"), cv2.IMREAD_UNCHANGED)[..., [2, 1, 0, 3][:channels]]
    known = ~mask
    assert again.dtype == np.uint16
    assert np.array_equal(again[known], pixels[known])
    assert np.all(again[~known][:, :3] == 16384)


@pytest.mark.parametrize("write", [write_png, write_tiff])
@pytest.mark.parametrize("channels", [2, 3, 4])
def test_what_is_written_is_a_file_that_pil_reads_too(tmp_path, write, channels):
    pixels = deep(channels)
    path = tmp_path / ("a.png" if write is write_png else "a.tif")
    write(pixels, path, {})
    with PILImage.open(path) as picture:
        eight = np.asarray(picture.convert({2: "LA", 3: "RGB", 4: "RGBA"}[channels]))
    assert np.abs(eight.astype(int) - pixels // 256).max() <= 1


def test_grey_with_alpha_keeps_both(tmp_path):
    write_png(deep(2), tmp_path / "in.png", {})
    picture = read_picture(tmp_path / "in.png")
    assert (picture.original.shape, picture.image.shape[2]) == ((30, 41, 2), 1)
    save_picture(picture.original, tmp_path / "out.png")
    assert np.array_equal(read_picture(tmp_path / "out.png").original, picture.original)


@pytest.mark.parametrize("orientation", [1, 3, 5, 6, 8])
def test_profile_exif_resolution_and_turn(tmp_path, orientation):
    exif = PILImage.Exif()
    exif[ExifTags.Base.Artist] = "A. Painter"
    exif[ExifTags.Base.Orientation] = orientation
    pixels = deep(3)
    said = {"icc_profile": b"a profile", "dpi": (300, 300), "exif": exif.tobytes()}
    write_png(pixels, tmp_path / "in.png", said)
    picture = read_picture(tmp_path / "in.png")
    upright = {1: pixels, 3: pixels[::-1, ::-1], 5: pixels.swapaxes(0, 1), 6: np.rot90(pixels, -1), 8: np.rot90(pixels)}
    assert np.array_equal(picture.original, upright[orientation])
    mask = np.zeros(picture.size, bool)
    for ending in (".png", ".tif"):
        save_picture(picture.rebuild(picture.image, mask), tmp_path / f"out{ending}")
        with PILImage.open(tmp_path / f"out{ending}") as after:
            assert after.info["icc_profile"] == b"a profile"
            assert after.info["dpi"] == pytest.approx((300, 300), abs=0.01)
            assert after.getexif().get(ExifTags.Base.Orientation, 1) == 1
            assert ending == ".tif" or after.getexif()[ExifTags.Base.Artist] == "A. Painter"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_turned_tiff_is_turned_once(tmp_path, orientation):
    pixels = deep(3)
    write_tiff(pixels, tmp_path / "in.tif", {})
    data = (tmp_path / "in.tif").read_bytes()
    # the directory has no orientation; the tag "planar configuration" (284, unimportant at 1) makes room for it
    entry = b"\x1c\x01\x03\x00\x01\x00\x00\x00\x01\x00"
    assert data.count(entry) == 1
    moved = data.replace(entry, b"\x12\x01\x03\x00\x01\x00\x00\x00" + bytes([orientation, 0]))
    (tmp_path / "turned.tif").write_bytes(moved)
    with PILImage.open(tmp_path / "turned.tif") as shown:
        expected = np.asarray(ImageOps.exif_transpose(shown))
    assert np.abs(read_picture(tmp_path / "turned.tif").original // 256 - expected.astype(int)).max() <= 1


@pytest.mark.parametrize("write", [write_png, write_tiff])
def test_a_truncated_file_is_refused(tmp_path, write):
    write(deep(3), tmp_path / "whole", {})
    whole = (tmp_path / "whole").read_bytes()
    (tmp_path / "part").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImageError, match="damaged or truncated"):
        read_picture(tmp_path / "part")


def test_formats_of_eight_bits_get_rounded_values_and_a_warning(tmp_path):
    pixels = deep(3)
    with pytest.warns(SelfmendWarning, match=mentions("WEBP", "8", "16")):
        save_picture(pixels, tmp_path / "out.webp")
    eight = np.asarray(read_picture(tmp_path / "out.webp").original)
    assert np.array_equal(eight, np.rint(pixels / 257))


def test_the_array_remembers_its_info():
    array = deep(3).view(SixteenBit)
    array.info["dpi"] = (72, 72)
    assert array.copy().info == {"dpi": (72, 72)}
    assert deep(3).view(SixteenBit).info == {}
