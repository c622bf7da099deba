"""Holes by name or from a folder."""

import numpy as np
import pytest
from PIL import Image as PILImage

from facts import mentions
from selfmend.errors import MaskError, OptionError
from selfmend.masks import random as hole_makers
from selfmend.masks.random import hole_maker, strokes
from selfmend.seeding import make_rng

PICTURE = np.zeros((16, 16, 3), np.float32)


def test_a_name_makes_its_shape():
    assert np.array_equal(hole_maker("strokes")(PICTURE, make_rng(3)), strokes((16, 16), make_rng(3)))
    with pytest.raises(OptionError, match=mentions("'centre'", "'center'")):
        hole_maker("centre")


def test_boxes_can_be_made_smaller():
    drawn = hole_maker("center", max_delta=4)
    assert {int(drawn(PICTURE, make_rng(k)).any(1).sum()) for k in range(40)} == {4, 6, 8}
    assert np.array_equal(hole_maker("strokes", max_delta=4)(PICTURE, make_rng(3)), strokes((16, 16), make_rng(3)))


def test_one_of_several_kinds_is_drawn_for_each_picture():
    drawn = [hole_maker("center, eyes")(PICTURE, make_rng(k)) for k in range(20)]
    boxes = sum(np.array_equal(mask, hole_maker("center")(PICTURE, make_rng(0))) for mask in drawn)
    assert 4 < boxes < 16
    with pytest.raises(OptionError, match=mentions("'eyed'")):
        hole_maker("center,eyed")


def test_a_maker_that_looks_at_the_picture_plugs_in(monkeypatch):
    monkeypatch.setitem(hole_makers.SEEING_MAKERS, "dark", lambda: lambda picture, generator: picture[..., 0] < 0.5)
    assert hole_maker("dark")(PICTURE, make_rng(0)).all()


@pytest.mark.parametrize("size", [(16, 16), (40, 20), (7, 9), (300, 300)])
def test_masks_of_a_folder_cover_the_picture(tmp_path, size):
    half = np.zeros(size, np.uint8)
    half[:, : size[1] // 2] = 128
    half[:, size[1] // 2 :] = 127
    (tmp_path / "deep").mkdir()
    PILImage.fromarray(half).save(tmp_path / "deep" / "half.png")
    maker = hole_maker(str(tmp_path))
    drawn = [maker(PICTURE, make_rng(k)) for k in range(12)]
    assert all(m.shape == (16, 16) and m.dtype == bool and m.any() and not m.all() for m in drawn)
    assert {bool(m[0, 0]) for m in drawn} == {True, False}, "mirrored by chance"
    assert np.array_equal(drawn[0], maker(PICTURE, make_rng(0)))


def test_folders_without_masks_or_with_useless_ones(tmp_path):
    (tmp_path / "notes.txt").write_text("no masks")
    with pytest.raises(MaskError, match="holds no masks; a folder of pictures that are white where the hole is fits"):
        hole_maker(str(tmp_path))
    PILImage.new("L", (20, 20), 255).save(tmp_path / "full.png")
    with pytest.raises(MaskError, match=mentions("20")):
        hole_maker(str(tmp_path))(PICTURE, make_rng(0))
    (tmp_path / "full.png").write_bytes(b"nothing")
    with pytest.raises(MaskError, match=mentions("full.png")):
        hole_maker(str(tmp_path))(PICTURE, make_rng(0))
