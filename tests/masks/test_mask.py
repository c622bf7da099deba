"""Masks: every way to say where the hole is, exact edges, and what is said about masks that do not fit."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PILImage

from facts import mentions
from selfmend.errors import MaskError, OptionError, SelfmendWarning
from selfmend.image.picture import to_picture
from selfmend.masks.reading import (
    box_mask,
    check_hole,
    colour_mask,
    difference_mask,
    fit_mask,
    grow_mask,
    parse_box,
    read_mask,
    same_aspect,
)

SIZE = (20, 30)
PICTURE = to_picture(np.zeros((*SIZE, 3), np.uint8))
HOLE = np.zeros(SIZE, bool)
HOLE[4:9, 7:19] = True


def hole_of(source, picture=PICTURE, **more):
    return read_mask(source, picture, **more)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "YCbCr"])
def test_white_is_hole_in_every_mode(tmp_path, mode):
    drawn = PILImage.fromarray(HOLE.astype(np.uint8) * 255)
    if mode.startswith("I"):
        drawn = PILImage.fromarray(HOLE.astype(np.uint16 if mode == "I;16" else np.int32) * 65535)
    drawn = drawn.convert(mode)
    assert np.array_equal(hole_of(drawn), HOLE)
    drawn.save(tmp_path / "mask.tif")
    assert np.array_equal(hole_of(tmp_path / "mask.tif"), HOLE)
    assert np.array_equal(hole_of(str(tmp_path / "mask.tif"), invert=True), ~HOLE)


def test_128_is_hole_and_127_is_not():
    for array in (np.uint8([[127, 128]]), np.uint16([[127 * 257, 128 * 257]]), np.float64([[127 / 255, 128 / 255]])):
        array = array.repeat(10, 0).repeat(10, 1)
        picture = to_picture(np.zeros((10, 20), np.uint8))
        assert np.array_equal(hole_of(array, picture), np.indices((10, 20))[1] >= 10)
        if array.dtype != np.float64:
            assert np.array_equal(hole_of(PILImage.fromarray(array), picture), np.indices((10, 20))[1] >= 10)


def test_jpeg_noise_does_not_matter(tmp_path):
    PILImage.fromarray(HOLE.astype(np.uint8) * 255).save(tmp_path / "mask.jpg", quality=30)
    with PILImage.open(tmp_path / "mask.jpg") as noisy:
        assert len(noisy.getcolors()) > 2
    assert np.array_equal(hole_of(tmp_path / "mask.jpg"), HOLE)


def test_transparent_white_is_not_hole_and_any_bright_colour_is():
    drawn = PILImage.new("RGBA", SIZE[::-1], (255, 255, 255, 0))
    drawn.paste((255, 0, 0, 255), (7, 4, 19, 9))
    assert np.array_equal(hole_of(drawn), HOLE)


@pytest.mark.parametrize("kind", [bool, np.uint8, np.int64, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("layout", [lambda a: a, lambda a: a[..., None], lambda a: a[None], lambda a: a[None, None]])
def test_arrays_and_tensors_of_zeros_and_ones(kind, layout):
    array = layout(HOLE.astype(kind))
    array.flags.writeable = False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.array_equal(hole_of(array), HOLE)
        assert np.array_equal(hole_of(torch.from_numpy(array.copy())), HOLE)
        assert np.array_equal(hole_of(array[..., ::-1, :][..., ::-1, :]), HOLE)


def test_arrays_with_channels_and_of_full_range():
    assert np.array_equal(hole_of(np.dstack([HOLE.astype(np.uint8) * 255] * 3)), HOLE)
    assert np.array_equal(hole_of(np.dstack([HOLE.astype(np.float32)] * 4)), HOLE)
    assert np.array_equal(hole_of(HOLE.astype(np.int32) * 255), HOLE)
    assert np.array_equal(hole_of(HOLE.astype(np.uint16) * 65535), HOLE)


def test_a_file_of_zeros_and_ones_is_understood(tmp_path):
    PILImage.fromarray(HOLE.astype(np.uint8)).save(tmp_path / "labels.png")
    with pytest.warns(SelfmendWarning, match=mentions("0", "1", "hole")):
        assert np.array_equal(hole_of(tmp_path / "labels.png"), HOLE)


def test_alpha_is_the_transparent_half_with_its_soft_rim():
    pixels = np.zeros((1, 9, 4), np.uint8)
    pixels[0, :, 3] = [255, 128, 127, 0, 200, 254, 255, 128, 254]
    assert hole_of("alpha", to_picture(pixels)).astype(int).tolist() == [[0, 1, 1, 1, 1, 1, 0, 0, 0]]
    pixels[0, :, 3] = [254, 128, 127, 0, 200, 254, 254, 128, 254]  # else all would be hole
    assert hole_of("alpha", to_picture(pixels)).astype(int).tolist() == [[0, 0, 1, 1, 0, 0, 0, 0, 0]]
    with pytest.raises(MaskError, match=mentions("'alpha'")):
        hole_of("alpha")


def test_a_colour_takes_its_neighbours_of_two_levels():
    pixels = np.full((1, 5, 3), [200, 10, 100], np.uint8)
    pixels[0, :, 0] += np.arange(5, dtype=np.uint8)
    assert hole_of("#c80A64", to_picture(pixels)).tolist() == [[True, True, True, False, False]]
    assert hole_of("#808080", to_picture(np.uint8([[128, 131]]))).tolist() == [[True, False]]
    for level in range(0, 256, 5):  # whatever the rounding of floats
        near = np.arange(256)[None].astype(np.uint8)
        expected = np.abs(np.arange(256) - level) <= 2
        assert np.array_equal(hole_of("#" + f"{level:02x}" * 3, to_picture(near))[0], expected)


@pytest.mark.parametrize("text", ["#12345", "#gggggg", "#ff00ff0"])
def test_colours_that_are_none(text):
    with pytest.raises(MaskError, match=mentions("#RRGGBB")):
        hole_of(text)


def test_a_colour_cannot_be_the_mask_of_cmyk():
    with pytest.raises(MaskError, match=mentions("RGB")):
        hole_of("#000000", to_picture(PILImage.new("CMYK", (4, 4))))


@settings(max_examples=60, deadline=None)
@given(st.tuples(st.integers(-5, 35), st.integers(-5, 25), st.integers(-2, 40), st.integers(-2, 30)))
def test_a_box_holds_exactly_its_pixels(box):
    x, y, width, height = box
    rows, columns = np.indices(SIZE)
    expected = (columns >= x) & (columns < x + width) & (rows >= y) & (rows < y + height)
    if expected.any():
        assert np.array_equal(hole_of(f" {x}, {y},{width} ,{height}"), expected)
    else:
        with pytest.raises(MaskError, match=mentions("30", "20")):
            box_mask(box, SIZE)


@pytest.mark.parametrize(("text", "count"), [("1,2", 2), ("1,2,3", 3), ("1,2,3,4,5", 5)])
def test_a_box_has_four_numbers(text, count):
    with pytest.raises(MaskError, match=f"has {count} numbers; a box is x,y,w,h"):
        hole_of(text)


def test_a_file_is_a_file_whatever_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("#ff00ff", "1,2,3,4"):
        PILImage.fromarray(HOLE.astype(np.uint8) * 255).save(name, format="png")
        assert np.array_equal(hole_of(name), HOLE)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("no.png", "the mask cannot be read: no such file: no.png"),
        ("x" * 3000, "the mask cannot be read: no such file"),
        (None, "of type NoneType"),
        (3, "of type int"),
        (np.zeros((2, 3, 20, 30)), r"mask has shape \(2, 3, 20, 30\); \(H, W\), \(H, W, C\) or \(1, 1, H, W\) fits"),
        (np.zeros(4), "mask has shape"),
        (np.full(SIZE, 300), "mask is int64 with values from 300 to 300"),
        (np.full(SIZE, -1), "values from -1 to -1"),
        (np.full(SIZE, 2.0), r"mask is float64 with values from 2 to 2; bool, 0...255, or \[0, 1\] fit"),
        (np.full(SIZE, np.nan), "values from nan to nan"),
    ],
)
def test_masks_that_cannot_be_read(source, message):
    with pytest.raises(MaskError, match=message):
        hole_of(source)


@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy])
def test_a_batch_of_masks_is_refused(kind):
    with pytest.raises(MaskError, match=mentions("(3, 1, 20, 30)", "1")):
        read_mask(kind(np.zeros((3, 1, *SIZE), bool)), PICTURE)


@pytest.mark.parametrize("size", [(40, 60), (10, 15), (27, 41), (400, 600)])
def test_a_mask_of_the_same_aspect_is_resized_and_said(size):
    with pytest.warns(SelfmendWarning, match=f"is 30 x 20 and was resized to the picture's {size[1]} x {size[0]}"):
        resized = fit_mask(HOLE, size)
    assert resized.shape == size
    if size == (40, 60):
        assert np.array_equal(resized, HOLE.repeat(2, 0).repeat(2, 1))


@pytest.mark.parametrize("size", [(30, 20), (20, 35), (200, 250), (1, 1), (20, 1)])
def test_a_mask_of_another_aspect_is_refused(size):
    with pytest.raises(MaskError, match=mentions("30", "20", "size")):
        fit_mask(HOLE, size)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 40), st.integers(2, 40), st.floats(0.2, 4), st.data())
def test_no_hole_pixel_is_lost_by_resizing(height, width, factor, data):
    size = (max(2, round(height * factor)), max(2, round(width * factor)))
    y, x = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    mask = np.zeros((height, width), bool)
    mask[y, x] = True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            resized = fit_mask(mask, size)
        except MaskError:
            return  # rounding changed the aspect of a tiny one
    row, column = (y + 0.5) * size[0] / height, (x + 0.5) * size[1] / width
    assert resized[min(size[0] - 1, int(row)), min(size[1] - 1, int(column))], "where the pixel's centre falls"
    limit = (size[0] / height + 2) * (size[1] / width + 2)
    assert resized.sum() <= limit, "and not much more"


def test_what_can_be_wrong_with_a_hole():
    with pytest.warns(SelfmendWarning, match="the mask has no hole"):
        assert not check_hole(np.zeros((4, 4), bool))
    with pytest.raises(MaskError, match=mentions("--invert-mask")):
        check_hole(np.ones((4, 4), bool))
    mostly = np.ones((4, 5), bool)
    mostly[:, 0] = False
    with pytest.warns(SelfmendWarning, match=mentions("80%", "--invert-mask")):
        assert check_hole(mostly)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert check_hole(~mostly)


@given(st.integers(0, 4), st.integers(0, 19), st.integers(0, 23))
def test_grown_by_hand(radius: int, y: int, x: int) -> None:
    """A single pixel grows to a disk."""
    mask = np.zeros((20, 24), bool)
    mask[y, x] = True
    rows, columns = np.indices((20, 24))
    disk = (rows - y) ** 2 + (columns - x) ** 2 <= radius**2
    assert np.array_equal(grow_mask(mask, radius), disk)
    assert not grow_mask(np.zeros_like(mask), radius).any()


def test_a_hole_cannot_grow_by_less_than_nothing() -> None:
    with pytest.raises(OptionError, match=mentions("-1", "0")):
        grow_mask(np.zeros((2, 2), bool), -1)


@pytest.mark.parametrize(
    ("size", "other", "same"),
    [
        ((100, 150), (200, 300), True),
        ((201, 256), (100, 128), True),  # 100.5 was rounded
        ((167, 250), (1000, 1497), True),
        ((200, 300), (141, 250), False),
        ((100, 150), (150, 100), False),
    ],
)
def test_same_aspect(size, other, same):
    assert same_aspect(size, other) == same_aspect(other, size) == same


def test_a_colour_and_what_is_near_it():
    image = np.float32([[[100, 100, 100], [103, 100, 100], [110, 100, 97]]]) / 255
    assert colour_mask("#646464", image).ravel().tolist() == [True, False, False]
    assert colour_mask("#646464", image, tolerance=3.5 / 255).ravel().tolist() == [True, True, False]
    assert colour_mask("#646464", image, tolerance=10.5 / 255).all()
    with pytest.raises(OptionError, match=mentions("tolerance", "2", "0", "1")):
        colour_mask("#646464", image, tolerance=2)


def test_a_difference_is_where_any_channel_differs_enough():
    one = np.zeros((6, 8, 3), np.float32)
    other = one.copy()
    other[1:3, 1:5, 1] = 0.2
    other[5, 7, 0] = 0.5
    other[0, 7, 2] = 0.05
    mask = difference_mask(one, other, threshold=0.1)
    assert mask.shape == (6, 8)
    assert mask.sum() == 9
    assert mask[1:3, 1:5].all()
    assert difference_mask(one, other, threshold=0.1, specks=2).sum() == 8
    assert difference_mask(one, other, threshold=0.3).sum() == 1
    assert not difference_mask(one, one, threshold=0.1).any()


def test_differences_that_cannot_be():
    one = np.zeros((6, 8, 3), np.float32)
    with pytest.raises(MaskError, match=mentions("8", "6", "7")):
        difference_mask(one, one[:, 1:], threshold=0.1)
    with pytest.raises(OptionError, match=mentions("threshold", "0", "1")):
        difference_mask(one, one, threshold=0)
    with pytest.raises(OptionError, match=mentions("specks", "-1", "0")):
        difference_mask(one, one, threshold=0.1, specks=-1)


@pytest.mark.parametrize("text", ["a,b,c,d", "1;2;3;4", "1.5,2,3,4", ""])
def test_what_is_no_box(text):
    with pytest.raises(MaskError, match=r"is not x,y,w,h: left, top, width, height in whole pixels"):
        parse_box(text)
