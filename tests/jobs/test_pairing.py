"""Which pictures of a folder are mended, and with which masks."""

import pytest
from PIL import Image as PILImage

from selfmend.errors import ImageError, MaskError
from selfmend.jobs.pairing import find_pairs


@pytest.fixture
def place(tmp_path, monkeypatch):
    """`place("in/a.jpg", ...)` makes such files in the current folder."""
    monkeypatch.chdir(tmp_path)

    def make(*names):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix in (".png", ".jpg"):
                PILImage.new("L", (4, 4)).save(path)
            else:
                path.write_text("text")

    return make


def masks(pairing):
    return {pair.name: pair.mask for pair in pairing.pairs if not pair.problem}


def problems(pairing):
    return {pair.name: pair.problem for pair in pairing.pairs if pair.problem}


def test_masks_have_the_name_of_their_picture(place):
    place("in/a.jpg", "in/deep/er/a.png", "in/b.png", "in/c.png", "in/d.d.jpg", "in/.hidden.png", "in/notes.txt")
    place("m/a.png", "m/deep/er/a.jpg", "m/b-mask.png", "m/c_mask.jpg", "m/d.d.jpg.png", "m/x.png", "m/read.me")
    found = find_pairs("in", "m", "out")
    assert masks(found) == {
        "a.jpg": "m/a.png",
        "b.png": "m/b-mask.png",
        "c.png": "m/c_mask.jpg",
        "d.d.jpg": "m/d.d.jpg.png",
        "deep/er/a.png": "m/deep/er/a.jpg",
    }
    assert not problems(found)
    assert found.lonely == ("x.png",)
    assert found.others == ("notes.txt",)


def test_missing_and_ambiguous_masks_are_problems_of_their_pictures(place):
    place("in/a.jpg", "in/b.jpg", "in/c.jpg", "in/c.png", "in/d.jpg", "in/d.png", "in/e.jpg")
    place("m/b.png", "m/b-mask.png", "m/c.png", "m/d.jpg.png", "m/d.png.png", "m/e.png")
    found = find_pairs("in", "m", "out")
    assert masks(found) == {"d.jpg": "m/d.jpg.png", "d.png": "m/d.png.png", "e.jpg": "m/e.png"}
    assert problems(found) == {
        "a.jpg": "no mask: m/a.png or m/a-mask.png would fit",
        "b.jpg": "several masks: b-mask.png, b.png; one of them must go",
        "c.jpg": "2 pictures share the mask c.png; name it c.jpg.png",
        "c.png": "2 pictures share the mask c.png; name it c.png.png",
    }


@pytest.mark.parametrize("mask", ["alpha", "#ff00ff", "1,2,3,4", "one.png", None, "in/mask.png"])
def test_one_mask_for_all(place, mask):
    place("in/a.png", "in/deep/b.png", "in/mask.png", "one.png")
    expected = {"a.png": mask, "deep/b.png": mask} | ({"mask.png": mask} if mask != "in/mask.png" else {})
    assert masks(find_pairs("in", mask, "out")) == expected


def test_masks_and_results_in_the_folder_are_no_pictures(place):
    place("in/a.png", "in/deep/b.png", "in/m/a.png", "in/m/deep/b.png", "in/out/a.png", "in/output/c.png", "in/m/c.png")
    found = find_pairs("in", "in/m", "in/out")
    assert masks(found) == {"a.png": "in/m/a.png", "deep/b.png": "in/m/deep/b.png"}
    assert problems(found).keys() == {"output/c.png"}
    assert found.lonely == ("c.png",)


def test_masks_beside_their_pictures(place):
    place("in/a.jpg", "in/a-mask.png", "in/deep/b.jpg", "in/deep/b_mask.jpg", "in/of-mask.png")
    found = find_pairs("in", "in", "out")
    assert masks(found) == {"a.jpg": "in/a-mask.png", "deep/b.jpg": "in/deep/b_mask.jpg"}
    assert problems(found).keys() == {"of-mask.png"}, "a picture whose name only ends so"
    place("all/photos/a.jpg", "all/a.png")
    found = find_pairs("all/photos", "all", "all/out")
    assert (masks(found), found.lonely) == ({"a.jpg": "all/a.png"}, ())


def test_decomposed_names_are_those_of_composed_ones(place):
    place("in/A\u0308.png", "in/\u00e9.png", "m/\u00c4.png", "m/e\u0301-mask.png")
    found = find_pairs("in", "m", "out")
    assert masks(found) == {"A\u0308.png": "m/\u00c4.png", "\u00e9.png": "m/e\u0301-mask.png"}
    assert [pair.output for pair in found.pairs] == ["A\u0308.png", "\u00e9.png"]


def test_a_format_that_cannot_be_written_becomes_png(place):
    place("in/a.psd", "in/b.psd", "in/b.png")
    found = find_pairs("in", "alpha", "out")
    assert {pair.name: pair.output for pair in found.pairs} == {"a.psd": "a.png", "b.psd": "b.png", "b.png": "b.png"}
    assert problems(found) == {"b.psd": "its result would be b.png, as that of another picture; rename one of them"}


@pytest.mark.parametrize(
    ("folder", "mask", "message"),
    [
        ("none", "alpha", "^none is no folder; a folder of pictures fits$"),
        ("m", "alpha", "^m holds no pictures; a folder of pictures"),
        ("in", "nowhere", "^no such masks: nowhere; a folder, a picture file, alpha, '#RRGGBB' or x,y,w,h fits$"),
        ("in", "other", "^no mask in other has the name of a picture in in; a.png fits a.png$"),
    ],
)
def test_mistakes(place, folder, mask, message):
    place("in/a.png", "m/text.txt", "other/b.png")
    with pytest.raises((ImageError, MaskError), match=message):
        find_pairs(folder, mask, "out")
