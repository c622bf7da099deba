"""Files that come with a job: their heads, their limits, and their names."""

import io
import struct
import zlib

import pytest
from PIL import Image

from encoded import box, photo
from facts import mentions
from selfmend.errors import MaskError, RunError
from selfmend.jobs.job import Limits, NotAPicture, TooLarge
from selfmend.jobs.request import check_inputs, safe_stem, save_inputs


def look(data, name="", **limits):
    return check_inputs({"image": data}, {"image": name}, Limits(**limits))["image"]


def bomb(width, height):
    """A PNG of a few bytes that claims to be huge."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", head), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    )


@pytest.mark.parametrize(
    ("format", "name", "ending"),
    [
        ("PNG", "", ".png"),
        ("JPEG", "", ".jpg"),
        ("JPEG", "a.JPEG", ".jpeg"),
        ("JPEG", "a.png", ".jpg"),  # the content counts
        ("WEBP", "a.webp", ".webp"),
        ("TIFF", "a.tiff", ".tiff"),
        ("BMP", "x", ".bmp"),
        ("GIF", "../../etc/passwd", ".gif"),
    ],
)
def test_the_content_says_what_it_is(format, name, ending) -> None:
    found = look(photo(60, 80, format=format), name)
    assert (found.ending, found.size) == (ending, (60, 80))


def test_a_photo_is_as_large_as_it_is_shown() -> None:
    from PIL import ExifTags, Image

    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    assert look(photo(60, 80, format="JPEG", exif=exif)).size == (80, 60)


@pytest.mark.parametrize(("width", "height"), [(60_000, 60_000), (2**31 - 1, 2**31 - 1), (7_100, 7_100)])
def test_a_bomb_is_not_decoded(width, height) -> None:
    with pytest.raises(TooLarge, match=mentions("50")):
        look(bomb(width, height))


@pytest.mark.parametrize(
    "data", [b"", b"text", b"\x89PNG\r\n\x1a\n", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"%PDF-1.4"]
)
def test_what_is_no_picture_is_said(data) -> None:
    with pytest.raises(NotAPicture, match=mentions("x.png")):
        look(data, "a/x.png")


def test_all_files_count_together() -> None:
    files = {"image": photo(), "mask": box()}
    total = sum(map(len, files.values()))
    check_inputs(files, {}, Limits(max_bytes=total))
    with pytest.raises(TooLarge, match=mentions("files", "MB")):
        check_inputs(files, {}, Limits(max_bytes=total - 1))


def test_a_mask_of_another_shape_is_refused_and_of_another_size_not() -> None:
    check_inputs({"image": photo(), "mask": box(120, 160)}, {}, Limits())
    with pytest.raises(MaskError, match=mentions("80", "60")):
        check_inputs({"picture": photo(), "mask": box(80, 80)}, {}, Limits())


def test_files_get_names_of_ours(tmp_path) -> None:
    files = {"image": photo(format="JPEG"), "mask": box()}
    looked = check_inputs(files, {"image": "../../x.jpg", "mask": "m.jpg"}, Limits())
    assert save_inputs(files, looked, tmp_path / "in") == {"image": "image.jpg", "mask": "mask.png"}
    assert (tmp_path / "in" / "image.jpg").read_bytes() == files["image"]
    assert save_inputs({}, {}, tmp_path / "none") == {}
    assert (tmp_path / "none").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match=mentions("files")):
        save_inputs(files, looked, tmp_path / "file" / "in")


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("photo.jpg", "photo"),
        ("C:\\x\\my photo.JPG", "my photo"),
        ("../../etc/passwd", "passwd"),
        ("Müllers Ärger.png", "Müllers Ärger"),
        ("A\u0308rger.png", "\u00c4rger"),
        ("\u0928\u092e\u0938\u094d\u0924\u0947.png", "\u0928\u092e\u0938\u094d\u0924\u0947"),
        ('a"b\r\nc\x00.png', "a_b__c_"),
        ("..", "picture"),
        ("", "picture"),
        ("x" * 300 + ".png", "x" * 80),
    ],
)
def test_a_name_is_made_safe(name, stem) -> None:
    assert safe_stem(name) == stem


def test_a_picture_for_browsers_that_do_not_know_its_format(client) -> None:
    answer = client.post("/api/preview", files={"image": ("scan.tif", photo(60, 80, format="TIFF"))})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
    with Image.open(io.BytesIO(answer.content)) as shown:
        assert (shown.format, shown.size) == ("JPEG", (80, 60))
    assert client.post("/api/preview", files={"image": ("a.tif", b"no picture")}).status_code == 415
    assert client.post("/api/preview", files={"other": ("a.tif", b"no picture")}).status_code == 422
    assert client.post("/api/preview", content=b"no form").status_code == 415
