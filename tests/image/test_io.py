"""Picture files: what is kept through reading and writing, and what is said about files that cannot be used."""

import errno
import os
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import ExifTags
from PIL import Image as PILImage
from skimage import data

from facts import mentions
from selfmend.errors import ImageError, SelfmendWarning
from selfmend.image.files import read_picture, save_picture
from selfmend.image.outputs import check_output, free_by_now, numbered

PHOTO = PILImage.fromarray(data.chelsea()[:150, :205])


@pytest.mark.parametrize("name", ["photo.txt", "photo.jpgg", "photo", "photo.pdf"])
def test_an_unknown_ending_is_refused_before_the_work(tmp_path, name):
    with pytest.raises(ImageError, match=r"cannot tell the format of .* by its ending; .*Known: .bmp, .gif"):
        check_output(tmp_path / name)


def test_a_near_ending_is_suggested(tmp_path):
    with pytest.raises(ImageError, match=mentions("'.jpg'")):
        check_output(tmp_path / "photo.jpgg")


def test_a_folder_that_cannot_be_written_is_found_before_the_work(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ImageError, match=mentions("file/sub")):
        check_output(tmp_path / "file" / "sub" / "out.png")
    (tmp_path / "out.png").mkdir()
    with pytest.raises(ImageError, match="is a folder"):
        check_output(tmp_path / "out.png")


def test_checking_an_output_leaves_nothing_behind(tmp_path):
    check_output(tmp_path / "new" / "deep" / "out.png")
    assert list(tmp_path.iterdir()) == []
    save_picture(PHOTO, tmp_path / "new" / "deep" / "out.png")
    assert (tmp_path / "new" / "deep" / "out.png").exists()


def test_an_input_is_never_replaced_and_what_else_is_there_on_demand(tmp_path):
    PHOTO.save(tmp_path / "a.png")
    PHOTO.save(tmp_path / "b.png")
    os.symlink(tmp_path / "a.png", tmp_path / "link.png")
    for name, overwrite in (("a.png", False), ("a.png", True), ("link.png", True)):
        with pytest.raises(ImageError, match=r"is an input, which stays as it is; choose another -o$"):
            check_output(tmp_path / name, inputs=(tmp_path / "a.png",), overwrite=overwrite)
    with pytest.raises(ImageError, match=mentions("b.png", "--overwrite")):
        check_output(tmp_path / "b.png", inputs=(tmp_path / "a.png",))
    check_output(tmp_path / "b.png", inputs=(tmp_path / "a.png",), overwrite=True)


def test_results_are_numbered_past_what_is_there(tmp_path):
    def named(*arguments, **more):
        return [path.name for path in numbered(tmp_path / "out.png", *arguments, **more)]

    assert named() == named(free=True) == ["out.png"]
    assert named(10)[:2] == ["out-01.png", "out-02.png"]
    (tmp_path / "out.png").touch()
    assert (named(), named(free=True)) == (["out.png"], ["out-2.png"])
    assert named(2, free=True) == ["out-1.png", "out-2.png"]
    (tmp_path / "out-2.png").touch()
    assert named(free=True) == ["out-3.png"]
    assert named(2, free=True) == ["out-3.png", "out-4.png"], "several stand together"


def test_a_full_disk_leaves_the_previous_file_and_no_other(tmp_path, monkeypatch):
    (tmp_path / "out.png").write_bytes(b"what was there")

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ImageError, match=mentions("out.png")):
        save_picture(PHOTO, tmp_path / "out.png")
    assert [p.name for p in tmp_path.iterdir()] == ["out.png"]
    assert (tmp_path / "out.png").read_bytes() == b"what was there"


def png_header(width, height, depth=8, colour=2):
    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(bytes(10_000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + data + chunk(b"IEND", b"")


def tiff_header(width, height):
    tags = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 16), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8)]
    tags += [(277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, 4)]
    return struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + b"".join(struct.pack("<HHII", *t) for t in tags) + bytes(4)


@pytest.mark.parametrize(
    "data",
    [png_header(60_000, 60_000), png_header(60_000, 60_000, 16), png_header(14_000, 13_000, 16),
     tiff_header(60_000, 60_000), PHOTO.resize((8, 8)).tobytes("jpeg", "RGB")],
    ids=["png", "png16", "just-over", "tiff", "jpeg"],
)  # fmt: skip
def test_decompression_bombs_are_refused_undecoded(tmp_path, data):
    if data[:2] == b"\xff\xd8":
        at = data.index(b"\xff\xc0") + 5
        data = data[:at] + struct.pack(">HH", 60_000, 60_000) + data[at + 4 :]
    (tmp_path / "bomb.png").write_bytes(data)
    tracemalloc.start()
    with pytest.raises(ImageError, match=mentions("179")):
        read_picture(tmp_path / "bomb.png")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5e6


def test_our_limit_holds_where_pils_is_lifted(tmp_path, monkeypatch):
    monkeypatch.setattr(PILImage, "MAX_IMAGE_PIXELS", None)
    (tmp_path / "bomb.png").write_bytes(png_header(60_000, 60_000))
    with pytest.raises(ImageError, match=mentions("60000", "179")):
        read_picture(tmp_path / "bomb.png")


@pytest.mark.parametrize("ending", [".jpg", ".png", ".tif", ".webp", ".gif", ".bmp"])
def test_truncated_files_are_refused(tmp_path, ending):
    PHOTO.save(tmp_path / f"whole{ending}")
    whole = (tmp_path / f"whole{ending}").read_bytes()
    for share in (0.5, 0.9):
        (tmp_path / f"part{ending}").write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(ImageError, match=r"is damaged or truncated .*; get a whole copy|is not a picture that can"):
            read_picture(tmp_path / f"part{ending}")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"odd.png is empty \(0 bytes\)"),
        (b"just some text\n", r"odd.png is not a picture that can be read \(it is text\)"),
        (bytes(range(200)), r"odd.png is not a picture that can be read \(unknown format, or damaged\)"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "odd.png is (not a picture|damaged)"),
    ],
)
def test_files_that_are_no_pictures(tmp_path, content, message):
    (tmp_path / "odd.png").write_bytes(content)
    with pytest.raises(ImageError, match=message):
        read_picture(tmp_path / "odd.png")


def test_paths_that_are_no_files(tmp_path):
    for path in (tmp_path / "no.png", "x" * 5000, "a\0b"):
        with pytest.raises(ImageError, match="no such file"):
            read_picture(path)
    with pytest.raises(ImageError, match="is a folder; a picture file fits"):
        read_picture(tmp_path)
    with pytest.raises(ImageError, match="is a device"):
        read_picture("/dev/null")


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    PHOTO.save(tmp_path / "a.png")

    def denied(*args, **more):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("builtins.open", denied)
    with pytest.raises(ImageError, match=mentions("a.png")):
        read_picture(tmp_path / "a.png")


@pytest.mark.parametrize(("ending", "what"), [(".tif", "3 pages"), (".gif", "3 frames"), (".webp", "3 frames")])
def test_the_first_of_several_pages_is_used_and_said(tmp_path, ending, what):
    pages = [PILImage.new("RGB", (20, 10), colour) for colour in ("red", "green", "blue")]
    pages[0].save(tmp_path / f"many{ending}", save_all=True, append_images=pages[1:], lossless=True)
    with pytest.warns(SelfmendWarning, match=f"has {what}; the first is used"):
        picture = read_picture(tmp_path / f"many{ending}")
    assert picture.image[0, 0].tolist() == [1, 0, 0]


@pytest.mark.parametrize("size", [(1, 1), (20_000, 10), (10, 20_000)])
def test_extreme_sizes(tmp_path, size):
    PILImage.new("RGB", size, (9, 8, 7)).save(tmp_path / "in.png")
    before = read_picture(tmp_path / "in.png")
    assert before.size == size[::-1]
    save_picture(before.original, tmp_path / "out.png")
    assert np.array_equal(read_picture(tmp_path / "out.png").image, before.image)


def test_pil_images_are_turned_upright_and_damaged_ones_named(tmp_path):
    exif = PILImage.Exif()
    exif[ExifTags.Base.Orientation] = 6
    PHOTO.save(tmp_path / "a.jpg", exif=exif)
    assert read_picture(PILImage.open(tmp_path / "a.jpg")).size == PHOTO.size
    (tmp_path / "b.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:3000])
    with pytest.raises(ImageError, match="the picture is damaged or truncated"):
        read_picture(PILImage.open(tmp_path / "b.jpg"))


def test_a_result_whose_name_was_taken_meanwhile_gets_another(tmp_path):
    names = [tmp_path / "a-1.png", tmp_path / "a-2.png"]
    assert free_by_now(names, overwrite=False) == names
    names[0].write_bytes(b"of another")
    with pytest.warns(SelfmendWarning, match="a-1.png was written by another program meanwhile"):
        assert free_by_now(names, overwrite=False) == [tmp_path / "a-1-2.png", names[1]]
    assert free_by_now(names, overwrite=True) == names


def test_a_folder_of_a_pictures_name_leaves_the_result_a_pictures_name(tmp_path):
    (tmp_path / "a.png").mkdir()
    assert numbered(tmp_path / "a.png", free=True) == [tmp_path / "a-2.png"]
    with pytest.warns(SelfmendWarning, match="this result is"):
        assert free_by_now([tmp_path / "a.png"] * 2, overwrite=False) == [tmp_path / "a-2.png", tmp_path / "a-3.png"]
    (tmp_path / "run.v2").mkdir()
    assert numbered(tmp_path / "run.v2", free=True) == [tmp_path / "run.v2-2"]
