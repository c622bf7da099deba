"""`selfmend mask`: masks and overlays of pictures and folders, and what is said where nothing is found."""

import json

import numpy as np
import pytest
from PIL import Image as PILImage
from skimage import data

from selfmend.image.picture import to_picture
from selfmend.masks.eye_bars import eye_bars, find_bars
from selfmend.masks.faces import find_faces
from selfmend.masks.reading import grow_mask

FACE = data.astronaut()[40:200, 150:300]


@pytest.fixture
def faces(folder):
    """face.png and barred.jpg in the current folder, and a folder "many" with the face twice and a cat."""
    PILImage.fromarray(FACE).save("face.png")
    barred = FACE.copy()
    barred[50:75, 30:120] = 10
    PILImage.fromarray(barred).save("barred.jpg", quality=90)
    (folder / "many").mkdir()
    for name in ("b.png", "c.bmp"):
        PILImage.fromarray(FACE).save(f"many/{name}")
    PILImage.open("photo.png").save("many/a.png")
    return folder


def pixels(path) -> np.ndarray:
    with PILImage.open(path) as picture:
        return np.array(picture)


def test_eyes_of_a_picture(run, faces) -> None:
    done = run("mask", "eyes", "face.png")
    assert done.code == 0
    assert done.err == ""
    assert done.out.startswith("face-mask.png, face-mask-overlay.png  (1 face, ")
    image = to_picture(FACE).image
    mask = pixels("face-mask.png")
    assert mask.dtype == np.uint8
    assert np.array_equal(mask, eye_bars(find_faces(image), (160, 150)) * np.uint8(255))
    overlay = pixels("face-mask-overlay.png")
    assert np.array_equal(overlay[mask == 0], FACE[mask == 0])
    assert np.abs(overlay[mask > 0].astype(int) - FACE[mask > 0]).mean() > 30
    assert overlay[mask > 0].std(0).min() > 5  # the eyes can be seen through it


def test_bars_are_found_and_grown_by_two_pixels(run, faces) -> None:
    done = run("mask", "bars", "barred.jpg", "-o", "out/m.png", "--json")
    (row,) = json.loads(done.out)["masks"]
    assert row | {"hole": 0} == {
        "file": "barred.jpg", "mask": "out/m.png", "overlay": "out/m-overlay.png", "hole": 0, "what": "1 bar",
    }  # fmt: skip
    found = grow_mask(find_bars(to_picture(PILImage.open("barred.jpg")).image), 2)
    mask = pixels("out/m.png") > 0
    assert np.array_equal(mask, found)
    assert mask[50:75, 30:120].all()
    assert row["hole"] == pytest.approx(mask.mean())


def test_a_folder_gives_a_folder_and_what_has_no_face_is_named(run, faces) -> None:
    done = run("mask", "eyes", "many", "-o", "masks")
    assert done.code == 1
    assert done.err == "no face was found in 1 of 3 pictures: many/a.png\n"
    assert sorted(path.name for path in (faces / "masks").iterdir()) == ["b.png", "c.png"]
    assert sorted(path.name for path in (faces / "masks-overlay").iterdir()) == ["b.png", "c.png"]
    assert len(done.out.splitlines()) == 2
    done = run("mask", "eyes", "many", "--no-overlay", "--json", "--quiet")
    assert done.code == 1
    assert json.loads(done.out)["without"] == ["many/a.png"]
    assert (faces / "many-masks" / "c.png").exists()
    assert not (faces / "many-masks-overlay").exists()


def test_a_picture_without_a_bar_has_no_mask(run, faces) -> None:
    done = run("mask", "bars", "photo.png", "-o", "m.png")
    assert done.code == 1
    assert done.out == ""
    assert done.err == "no bar was found: photo.png\n"
    assert not (faces / "m.png").exists()


def test_hidden_eyes_are_told(run, faces) -> None:
    hidden = FACE.copy()
    hidden[92 - 40 : 116 - 40, 185 - 150 : 222 - 150] = FACE[90, 50]
    PILImage.fromarray(hidden).save("hidden.png")
    done = run("mask", "eyes", "hidden.png", "--overlay", "look.png")
    assert done.code == 0
    assert done.err.startswith("warning: hidden.png: eyes were not found in 1 of 1 face: the bar lies where")
    assert (faces / "look.png").exists()
    assert run("mask", "eyes", "hidden.png", "--quiet").err == ""


def test_size_of_the_bar(run, faces) -> None:
    run("mask", "eyes", "face.png", "-o", "small.png")
    run("mask", "eyes", "face.png", "-o", "large.png", "--height", "0.3", "--margin", "0.4", "--grow", "3")
    small, large = pixels("small.png") > 0, pixels("large.png") > 0
    assert large[small].all()
    rows, columns = (np.ptp(np.nonzero(large)[k]) / np.ptp(np.nonzero(small)[k]) for k in (0, 1))
    assert rows > 1.8
    assert columns > 1.3


def test_what_cannot_be_written_is_refused(run, refused, faces) -> None:
    assert refused("mask", "eyes", "face.png", "-o", "m.jpg").startswith("m.jpg is no .png; a mask and its overlay")
    own = refused("mask", "eyes", "face.png", "-o", "face.png")
    assert own.startswith("face.png is an input, which stays as it is")
    assert refused("mask", "eyes", "many", "-o", "many").startswith("many/a.png is an input, which stays as it is")
    assert refused("mask", "eyes", "many", "-o", "face.png") == (
        "face.png is a file; the masks of a folder go into a folder"
    )
    assert refused("mask", "bars", "face.png", "--grow", "-1") == "--grow is -1; at least 0 fits"
    assert refused("mask", "eyes", "face.png", "--height", "0").startswith("height is 0.0 and margin 0.2; a height")
    PILImage.fromarray(FACE).save("many/b.jpg")
    assert refused("mask", "eyes", "many").startswith("many has several pictures named 'b'; one of each name fits")
