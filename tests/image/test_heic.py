"""HEIC, as phones write it: upright, in all its bits, and written without loss."""

import io
import json
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PILImage
from PIL import ImageCms

import selfmend
from selfmend.errors import MissingExtraError
from selfmend.image.decoding import open_picture
from selfmend.image.files import list_pictures, picture_size, read_picture, save_picture

HOLE = np.zeros((40, 60), bool)
HOLE[12:20, 20:34] = True
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
pillow_heif = pytest.importorskip("pillow_heif")
SIGHT = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"


def photo(size: tuple[int, int] = (40, 60)) -> np.ndarray:
    """Smooth colours with some noise, uint16 (H, W, 3) in steps of 10 bits."""
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[: size[0], : size[1]]
    planes = np.stack([rows * 15, columns * 11, rows * columns / 4], 2) + rng.integers(0, 60, (*size, 3))
    return np.clip(planes, 0, 1023).astype(np.uint16) << 6


def exif(orientation: int) -> bytes:
    tags = PILImage.Exif()
    tags[0x0112], tags[0x010E] = orientation, "a beach"
    return tags.tobytes()


def eight_bit(path: Path, orientation: int = 1, mode: str = "RGB") -> Path:
    """A file as a phone writes it: lossy, turned by its header, with EXIF, XMP and a profile."""
    pillow_heif.register_heif_opener()
    picture = PILImage.fromarray((photo() >> 8).astype(np.uint8)).convert(mode)
    picture.save(path, "HEIF", quality=80, exif=exif(orientation), xmp=SIGHT, icc_profile=PROFILE)
    return path


def deep(path: Path, bits: int) -> Path:
    pillow_heif.options.SAVE_HDR_TO_12_BIT = bits == 12
    made = pillow_heif.from_bytes("RGB;16", (60, 40), photo().tobytes())
    made.save(path, quality=80, icc_profile=PROFILE, exif=exif(1))
    pillow_heif.options.SAVE_HDR_TO_12_BIT = False
    return path


@pytest.mark.parametrize(("orientation", "size"), [(1, (40, 60)), (6, (60, 40)), (3, (40, 60))])
def test_it_is_upright_and_says_what_it_said(tmp_path, orientation, size) -> None:
    path = eight_bit(tmp_path / "beach.heic", orientation)
    picture = read_picture(path)
    assert picture.image.shape == (*size, 3)
    assert picture_size(path) == size
    turned = {1: 0, 6: 3, 3: 2}[orientation]
    assert np.abs(picture.image - np.rot90(photo() / 65535, turned)).mean() < 0.03
    assert list_pictures(tmp_path) == ["beach.heic"]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
def test_known_pixels_stay_and_so_does_what_is_said(tmp_path, mode) -> None:
    path = eight_bit(tmp_path / "beach.heic", mode=mode)
    (tmp_path / "mask.png").write_bytes(b"")
    PILImage.fromarray(HOLE).save(tmp_path / "mask.png")
    out = tmp_path / "mended.heic"
    result = selfmend.inpaint(path, tmp_path / "mask.png", method="telea")
    save_picture(result, out)
    before, after = (np.asarray(read_picture(one).original) for one in (path, out))
    assert np.array_equal(before[~HOLE], after[~HOLE])
    assert (before[HOLE] != after[HOLE]).any()
    said = PILImage.open(out)
    assert said.getexif()[0x010E] == "a beach"
    assert said.info["icc_profile"] == PROFILE
    assert said.info["xmp"] == SIGHT


@pytest.mark.parametrize("bits", [10, 12])
def test_deep_colour_stays_deep(tmp_path, bits) -> None:
    path = deep(tmp_path / "beach.heic", bits)
    picture = read_picture(path)
    assert len(np.unique((picture.image * ((1 << bits) - 1)).round())) > 256
    PILImage.fromarray(HOLE).save(tmp_path / "mask.png")
    save_picture(selfmend.inpaint(path, tmp_path / "mask.png", method="telea"), tmp_path / "again.heic")
    again = read_picture(tmp_path / "again.heic")
    assert np.array_equal(again.image[~HOLE], picture.image[~HOLE])
    assert (again.image[HOLE] != picture.image[HOLE]).any()
    opened = pillow_heif.open_heif(tmp_path / "again.heic", convert_hdr_to_8bit=False)
    assert opened.info["bit_depth"] == bits
    assert opened.info["icc_profile"] == PROFILE
    save_picture(picture.original, tmp_path / "flat.png")
    assert np.array_equal(read_picture(tmp_path / "flat.png").image, picture.image)


@pytest.mark.parametrize("bits", [10, 12])
def test_deep_grey_stays_deep_and_grey(tmp_path, bits) -> None:
    pillow_heif.options.SAVE_HDR_TO_12_BIT = bits == 12
    made = pillow_heif.from_bytes("I;16", (60, 40), photo()[..., 0].tobytes())
    made.save(tmp_path / "beach.heic", quality=80, exif=exif(1))
    pillow_heif.options.SAVE_HDR_TO_12_BIT = False
    picture = read_picture(tmp_path / "beach.heic")
    assert picture.image.shape == (40, 60, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        save_picture(picture.rebuild(np.full_like(picture.image, 0.5), HOLE), tmp_path / "again.heic")
    opened = pillow_heif.open_heif(tmp_path / "again.heic", convert_hdr_to_8bit=False)
    assert (opened.mode, opened.info["bit_depth"]) == ("I;16", bits)
    again = read_picture(tmp_path / "again.heic").image
    assert np.array_equal(again[~HOLE], picture.image[~HOLE])
    assert (again[HOLE] != picture.image[HOLE]).any()


def test_the_command_names_the_result_after_it(tmp_path) -> None:
    path = eight_bit(tmp_path / "beach.heic")
    PILImage.fromarray(HOLE).save(tmp_path / "mask.png")
    command = [sys.executable, "-m", "selfmend", "inpaint", str(path), "--mask", str(tmp_path / "mask.png"), "--json"]
    done = subprocess.run([*command, "--method", "telea"], capture_output=True, text=True, check=True)
    assert Path(json.loads(done.stdout)["outputs"][0]).name == "beach-mended.heic"


def test_without_the_extra_the_line_says_which(tmp_path, monkeypatch) -> None:
    path = eight_bit(tmp_path / "beach.heic")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(MissingExtraError, match=r"beach\.heic.*selfmend\[heic\]"):
        read_picture(path)


def test_another_format_needs_no_heic(monkeypatch) -> None:
    monkeypatch.delitem(PILImage.OPEN, "HEIF", raising=False)
    file = io.BytesIO()
    PILImage.new("L", (3, 2)).save(file, "PNG")
    assert open_picture(file.getvalue(), name="a.png", formats=("HEIF", "PNG")).size == (3, 2)


def test_a_cut_one_is_one_line(tmp_path) -> None:
    data = eight_bit(tmp_path / "beach.heic").read_bytes()
    (tmp_path / "cut.heic").write_bytes(data[: len(data) // 2])
    with pytest.raises(selfmend.errors.ImageError, match=r"cut\.heic"):
        read_picture(tmp_path / "cut.heic")
    assert io.BytesIO(data).read(12)[4:] == b"ftypheic"
