"""`selfmend mask color`, `box`, `random` and `difference`."""

import json

import numpy as np
import pytest
from PIL import Image as PILImage

from selfmend.masks.random import HOLE_SHAPES
from selfmend.seeding import make_rng


def pixels(path) -> np.ndarray:
    with PILImage.open(path) as picture:
        return np.array(picture)


@pytest.fixture
def painted(folder):
    """painted.png: the photo with a magenta box, nearly magenta at one pixel of it; in "many" with the photo itself."""
    photo = pixels("photo.png")
    photo[10:20, 30:50] = (255, 0, 255)
    photo[12, 33] = (250, 3, 255)
    PILImage.fromarray(photo).save("painted.png")
    (folder / "many").mkdir()
    (folder / "clean").mkdir()
    PILImage.fromarray(photo).save("many/a.png")
    for name in ("many/b.png", "clean/a.png", "clean/b.png"):
        PILImage.open("photo.png").save(name)
    return folder


def test_a_colour(run, painted) -> None:
    done = run("mask", "color", "painted.png", "#ff00ff")
    assert done.out.startswith("painted-mask.png, painted-mask-overlay.png  (#ff00ff, ")
    mask = pixels("painted-mask.png") > 0
    assert mask.sum() == 10 * 20 - 1
    assert not mask[12, 33]
    run("mask", "color", "painted.png", "#ff00ff", "--tolerance", "5", "-o", "m.png")
    assert (pixels("m.png") > 0).sum() == 10 * 20
    done = run("mask", "color", "many", "#FF00FF", "--no-overlay")
    assert done.code == 1
    assert done.err == "no pixel of #FF00FF was found in 1 of 2 pictures: many/b.png\n"
    assert [path.name for path in (painted / "many-masks").iterdir()] == ["a.png"]


def test_boxes(run, painted) -> None:
    done = run("mask", "box", "photo.png", "2,3,10,5", "20,0,4,60", "--json")
    (row,) = json.loads(done.out)["masks"]
    assert row["what"] == "2 boxes"
    expected = np.zeros(pixels("photo.png").shape[:2], bool)
    expected[3:8, 2:12] = expected[0:60, 20:24] = True
    assert np.array_equal(pixels("photo-mask.png") > 0, expected)
    assert "(1 box, " in run("mask", "box", "photo.png", "2,3,10,5").out


@pytest.mark.parametrize(("kind", "shape"), [("box", "random-box"), ("strokes", "strokes"), ("text", "text")])
def test_random_holes(run, painted, kind, shape) -> None:
    assert run("mask", "random", "many", "--kind", kind, "--seed", "3", "-o", "m").code == 0
    size = pixels("photo.png").shape[:2]
    for name in ("a", "b"):
        expected = HOLE_SHAPES[shape](size, make_rng(3, kind, name))
        assert np.array_equal(pixels(f"m/{name}.png") > 0, expected)
    assert not np.array_equal(pixels("m/a.png"), pixels("m/b.png"))
    run("mask", "random", "many", "--kind", kind, "--seed", "4", "-o", "n")
    assert not np.array_equal(pixels("m/a.png"), pixels("n/a.png"))


def test_a_difference(run, painted) -> None:
    assert run("mask", "difference", "painted.png", "photo.png").code == 0
    expected = np.zeros(pixels("photo.png").shape[:2], bool)
    expected[10:20, 30:50] = True
    assert np.array_equal(pixels("painted-mask.png") > 0, expected)
    speck = pixels("painted.png")
    speck[50, 60:63] ^= 128
    PILImage.fromarray(speck).save("speck.png")
    run("mask", "difference", "speck.png", "photo.png", "-o", "m.png")
    assert np.array_equal(pixels("m.png") > 0, expected)
    run("mask", "difference", "speck.png", "photo.png", "-o", "m.png", "--specks", "0", "--overwrite")
    assert (pixels("m.png") > 0).sum() == expected.sum() + 3
    done = run("mask", "difference", "speck.png", "painted.png", "--threshold", "129", "--specks", "0")
    assert done.err == "no difference was found: speck.png\n"
    done = run("mask", "difference", "many", "clean", "-o", "d")
    assert (done.code, done.err) == (1, "no difference was found in 1 of 2 pictures: many/b.png\n")


def test_bad_input(refused, painted) -> None:
    assert refused("mask", "color", "painted.png", "magenta") == (
        "painted.png: mask 'magenta' is not a colour; #RRGGBB fits, for example #ff00ff"
    )
    assert refused("mask", "color", "painted.png", "#ff00ff", "--tolerance", "255") == (
        "--tolerance is 255; 0 to 254 levels fit"
    )
    assert refused("mask", "box", "photo.png", "900,0,5,5").startswith("photo.png: box 900,0,5,5 holds no pixel of a")
    assert refused("mask", "box", "photo.png", "1,2").startswith("photo.png: mask '1,2' has 2 numbers; a box is")
    assert "Missing argument" in refused("mask", "box", "photo.png")
    assert refused("mask", "random", "photo.png", "--kind", "stroke").startswith(
        "unknown kind of hole 'stroke'; did you mean 'strokes'? Known: box, "
    )
    PILImage.open("photo.png").resize((50, 40)).save("small.png")
    assert refused("mask", "difference", "photo.png", "small.png").endswith("two of the same size fit")
    assert refused("mask", "difference", "photo.png", "painted.png", "--threshold", "0") == (
        "--threshold is 0; 1 to 254 levels fit"
    )
    assert refused("mask", "difference", "photo.png", "painted.png", "--specks", "-2") == (
        "--specks is -2; at least 0 fits"
    )
    assert refused("mask", "difference", "photo.png", "clean").endswith("two folders or two pictures fit")
