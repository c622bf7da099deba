"""Which files of a folder are pictures, and how large they are."""

import os

import pytest
from PIL import Image as PILImage

from selfmend.errors import ImageError
from selfmend.image.files import list_files, list_pictures, picture_size


def test_pictures_are_found_in_all_folders_in_order(tmp_path):
    for name in ("b.PNG", "a.jpg", "deep/er/c.webp", "notes.txt", ".hidden.png", ".git/d.png", "deep/e.tif"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    os.symlink(tmp_path, tmp_path / "deep" / "loop")
    assert list_pictures(tmp_path) == ["a.jpg", "b.PNG", "deep/e.tif", "deep/er/c.webp"]
    assert list_files(tmp_path) == ["a.jpg", "b.PNG", "deep/e.tif", "deep/er/c.webp", "notes.txt"]
    for wrong in (tmp_path / "none", tmp_path / "a.jpg"):
        with pytest.raises(ImageError, match="is no folder; a folder of pictures fits"):
            list_pictures(wrong)


def test_the_size_is_that_of_the_upright_picture(tmp_path):
    picture = PILImage.new("RGB", (30, 20))
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(tmp_path / "turned.jpg", exif=exif)
    picture.save(tmp_path / "plain.png")
    (tmp_path / "text.png").write_text("no")
    assert picture_size(tmp_path / "turned.jpg") == (30, 20)
    assert picture_size(tmp_path / "plain.png") == (20, 30)
    assert picture_size(tmp_path / "text.png") is None
