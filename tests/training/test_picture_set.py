"""Listing a training set: what is found, left out, and refused."""

import pytest
import torch
from PIL import Image as PILImage

from facts import mentions
from folder_of_pictures import draw_folder
from selfmend.errors import ImageError, OptionError, SelfmendWarning
from selfmend.training.pictures import find_pictures, read_scaled


def save(path, size=(20, 30), mode="RGB", value=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    PILImage.new(mode, (size[1], size[0]), value).save(path)


def test_a_set_names_its_pictures_and_the_unreadable_ones(tmp_path):
    save(tmp_path / "b.png")
    save(tmp_path / "sub" / "a.jpg", (40, 25))
    for k in range(7):
        (tmp_path / f"bad{k}.png").write_text("no picture")
    with pytest.warns(SelfmendWarning, match=mentions("7", "9", "bad0.png", "bad4.png", "2")):
        found = find_pictures(tmp_path)
    assert found.names == ("b.png", "sub/a.jpg")
    assert found.sizes == ((20, 30), (40, 25))
    assert len(found.unreadable) == 7
    assert found.scaled_sizes(16, "whole") == [(16, 24), (26, 16)]
    assert found.scaled_sizes(16, "native") == [(20, 30), (40, 25)]


def test_another_name_or_size_is_another_digest(tmp_path):
    save(tmp_path / "a" / "x.png")
    save(tmp_path / "b" / "x.png")
    save(tmp_path / "c" / "y.png")
    save(tmp_path / "d" / "x.png", (20, 31))
    digests = [find_pictures(tmp_path / n).digest() for n in "abcd"]
    assert digests[0] == digests[1]
    assert len({d["sha256"] for d in digests}) == 3


def test_the_last_pictures_by_name_are_held_back(tmp_path):
    draw_folder(tmp_path, count=4)
    pictures = find_pictures(tmp_path)
    kept, held = pictures.divided(1)
    assert (kept.names, held.names) == (("0.png", "1.png", "2.png"), ("3.png",))
    assert (kept.root, len(kept.sizes), len(held.sizes)) == (tmp_path, 3, 1)
    assert kept.digest() != pictures.digest()
    for wrong in (0, 4):
        with pytest.raises(ImageError, match=mentions("4", "1", "3")):
            pictures.divided(wrong)


def test_empty_folders_and_folders_of_other_things_are_refused(tmp_path):
    with pytest.raises(ImageError, match="holds no pictures"):
        find_pictures(tmp_path)
    (tmp_path / "x.png").write_text("no")
    with pytest.raises(ImageError, match=mentions("1", "x.png")):
        find_pictures(tmp_path)


def test_pictures_smaller_than_the_crop_are_counted(tmp_path):
    for k, size in enumerate([(40, 40), (12, 50), (30, 9)]):
        save(tmp_path / f"{k}.png", size)
    found = find_pictures(tmp_path)
    found.check_crops(16, "whole")
    found.check_crops(9, "native")
    with pytest.raises(ImageError, match=mentions("2", "3", "16", "2.png", "9", "30")):
        found.check_crops(16, "native")


@pytest.mark.parametrize(("mode", "value", "rgb"), [
    ("L", 51, (51, 51, 51)), ("RGBA", (10, 20, 30, 0), (10, 20, 30)), ("CMYK", (255, 0, 0, 0), (0, 255, 255)),
    ("I;16", 257 * 51, (51, 51, 51)),
])  # fmt: skip
def test_all_kinds_become_rgb_bytes(tmp_path, mode, value, rgb):
    path = tmp_path / ("x.tif" if mode == "CMYK" else "x.png")
    save(path, (40, 20), mode, value)
    scaled = read_scaled(path, size=10, scale="whole")
    assert (scaled.dtype, scaled.shape) == (torch.uint8, (3, 20, 10))
    assert tuple(scaled[:, 3, 3].tolist()) == rgb
    assert read_scaled(path, size=10, scale="native").shape == (3, 40, 20)


@pytest.fixture
def celeba(tmp_path):
    for k in range(1, 5):
        save(tmp_path / "img" / f"00000{k}.jpg")
    rows = ["4", "Bald Mustache Smiling ", "000001.jpg -1  1  1", "000002.jpg  1  1 -1", "000003.jpg -1 -1 -1"]
    (tmp_path / "Anno").mkdir()
    (tmp_path / "Anno" / "list_attr_celeba.txt").write_text("\n".join(rows) + "\n")
    return tmp_path


@pytest.mark.parametrize(
    ("wanted", "names"), [(["Mustache"], "12"), (["Mustache", "-Bald"], "1"), (["-Smiling"], "23")]
)
def test_attributes_of_celeba_choose(celeba, wanted, names):
    assert find_pictures(celeba / "img", celeba_attributes=wanted).names == tuple(f"00000{n}.jpg" for n in names)


def test_what_can_be_wrong_with_attributes(celeba):
    with pytest.raises(OptionError, match=mentions("CelebA", "'Moustache'", "'Mustache'")):
        find_pictures(celeba / "img", celeba_attributes=["Moustache"])
    with pytest.raises(ImageError, match=mentions("4", "Bald", "Smiling")):
        find_pictures(celeba / "img", celeba_attributes=["Bald", "Smiling"])
    file = celeba / "Anno" / "list_attr_celeba.txt"
    file.write_text("1\nBald Mustache\n000001.jpg 1\n")
    with pytest.raises(ImageError, match=mentions("CelebA's")):
        find_pictures(celeba / "img", celeba_attributes=["Bald"])
    file.unlink()
    with pytest.raises(ImageError, match=mentions("list_attr_celeba.txt")):
        find_pictures(celeba / "img", celeba_attributes=["Bald"])
