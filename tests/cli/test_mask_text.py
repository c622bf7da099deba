"""`selfmend mask text`: pictures, folders and films, and what is said where there is no text."""

import json

import av
import numpy as np
import pytest
from PIL import Image as PILImage

from selfmend.masks.text import find_text
from selfmend.masks.text_letters import TextOptions
from subtitles import recall_and_precision, textured, written

WORDS = "Who goes there?"


def save(image, path) -> None:
    PILImage.fromarray(np.rint(image * 255).astype(np.uint8)).save(path)


def mask_at(path) -> np.ndarray:
    with PILImage.open(path) as picture:
        return np.array(picture) >= 128


@pytest.fixture
def subtitled(folder):
    """subtitled.png and its truth."""
    image, truth = written(textured((120, 200)), WORDS, letter=16)
    save(image, "subtitled.png")
    return image, truth


def test_a_picture(run, subtitled, folder) -> None:
    image, truth = subtitled
    done = run("mask", "text", "subtitled.png")
    assert done.code == 0
    assert done.out.startswith("subtitled-mask.png, subtitled-mask-overlay.png  (1 line, ")
    assert np.array_equal(mask_at("subtitled-mask.png"), find_text(image))
    assert recall_and_precision(mask_at("subtitled-mask.png"), truth)[0] >= 0.98
    assert (folder / "subtitled-mask-overlay.png").exists()


def test_options_reach_the_search(run, subtitled) -> None:
    image, _ = subtitled
    asked = "--set", "spread=4", "--set", "outline=1", "--region", "9,60,180,55"
    run("mask", "text", "subtitled.png", "-o", "m.png", *asked)
    expected = find_text(image, options=TextOptions(spread=4, outline=1), region=(9, 60, 180, 55))
    assert np.array_equal(mask_at("m.png"), expected)
    save(1 - image, "inverse.png")
    assert run("mask", "text", "inverse.png", "--dark", "-o", "d.png", "--no-overlay").code == 0
    assert np.array_equal(mask_at("d.png"), find_text(image))


def test_no_text_is_said(run, subtitled, folder) -> None:
    done = run("mask", "text", "photo.png")
    assert (done.code, done.out, done.err) == (1, "", "no text was found: photo.png\n")
    assert not (folder / "photo-mask.png").exists()


def test_bad_input(refused, subtitled) -> None:
    assert refused("mask", "text", "subtitled.png", "--region", "1,2,3").startswith("mask '1,2,3' has 3 numbers; a box")
    assert refused("mask", "text", "subtitled.png", "--region", "left").startswith("box 'left' is not x,y,w,h: left,")
    assert refused("mask", "text", "subtitled.png", "--region", "300,0,9,9") == (
        "subtitled.png: box 300,0,9,9 holds no pixel of a 200 x 120 picture; x,y,w,h fits, in pixels from the top left"
    )
    assert refused("mask", "text", "subtitled.png", "--set", "threshold=200") == (
        "option threshold is 200.0; 0 to 1 fits"
    )
    assert "did you mean 'threshold'?" in refused("mask", "text", "subtitled.png", "--set", "treshold=0.5")
    assert refused("mask", "text", "nothing.mp4") == "no such file or folder: nothing.mp4"


@pytest.fixture
def films(folder):
    """subtitled.mp4, whose frames 2 to 6 of 8 have a subtitle, plain.mp4 without, and the truth of the words."""
    wide = textured((96, 400))
    for name, words in (("subtitled", [WORDS]), ("plain", [])):
        with av.open(f"{name}.mp4", "w") as film:
            stream = film.add_stream("libx264", rate=24, options={"crf": "18"})
            stream.height, stream.width, stream.pix_fmt = 96, 200, "yuv420p"
            for k in range(8):
                here = np.ascontiguousarray(wide[:, 4 * k : 4 * k + 200])
                image, _ = written(here, *(words if 2 <= k < 7 else []), letter=16)
                pixels = np.rint(image * 255).astype(np.uint8)
                film.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
            film.mux(stream.encode(None))
    return written(wide[:, :200].copy(), WORDS, letter=16)[1]


def test_a_film_gets_a_mask_for_each_frame(run, films, folder) -> None:
    done = run("mask", "text", "subtitled.mp4", "-o", "masks")
    assert done.code == 0
    assert done.out.startswith("masks, masks-overlay  (text in 5 of 8 frames, ")
    names = [f"{k:06d}.png" for k in range(8)]
    assert sorted(path.name for path in (folder / "masks").iterdir()) == names
    assert sorted(path.name for path in (folder / "masks-overlay").iterdir()) == names[2:7]
    for k, name in enumerate(names):
        mask = mask_at(folder / "masks" / name)
        assert mask.shape == (96, 200)
        if 2 <= k < 7:
            assert recall_and_precision(mask, films)[0] >= 0.98
        else:
            assert not mask.any()
    report = json.loads(run("mask", "text", "subtitled.mp4", "--no-overlay", "--grow", "2", "--json").out)
    assert report | {"hole": 0} == {
        "file": "subtitled.mp4", "masks": "subtitled-masks", "overlay": None, "frames": 8, "with_text": 5, "hole": 0,
    }  # fmt: skip
    assert mask_at(folder / "subtitled-masks" / names[3]).sum() > mask_at(folder / "masks" / names[3]).sum()


def test_a_film_without_text(run, refused, films, folder) -> None:
    done = run("mask", "text", "plain.mp4")
    assert done.code == 1
    assert done.err == "no text was found in the 8 frames of plain.mp4; nothing was written\n"
    assert not (folder / "plain-masks").exists()
    assert refused("mask", "text", "plain.mp4", "-o", "photo.png").startswith("photo.png is a file; the masks of a")
    assert refused("mask", "text", "plain.mp4", "--grow", "-1") == "--grow is -1; at least 0 fits"
    assert "holds no pixel of a 200 x 96 picture" in refused("mask", "text", "plain.mp4", "--region", "0,96,9,9")
