"""`selfmend mask watermark --same-in` and `selfmend mask selection`."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PILImage
from PIL import ImageDraw, ImageFont

from subtitles import textured


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder: nine pictures in `photos` with the same mark, `other.png` of another size, `disc.png`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos").mkdir()
    letters = PILImage.new("L", (160, 120))
    font = ImageFont.load_default(46)
    ImageDraw.Draw(letters).text((80, 60), "MARK", fill=255, font=font, anchor="mm", stroke_width=1)
    layer = 0.5 * np.asarray(letters, np.float32)[..., None] / 255
    for seed in range(9):
        coarse = PILImage.fromarray(textured((30, 40), seed=seed)).resize((160, 120), PILImage.Resampling.BICUBIC)
        PILImage.fromarray((np.asarray(coarse) * (1 - layer) + 255 * layer).astype(np.uint8)).save(f"photos/{seed}.png")
    PILImage.fromarray(textured((60, 60))).save("other.png")
    disc = PILImage.new("RGB", (80, 60), (40, 90, 50))
    ImageDraw.Draw(disc).ellipse((25, 15, 55, 45), fill=(200, 60, 50))
    disc.save("disc.png")
    return np.asarray(letters) > 128


def test_what_stands_in_all_pictures_of_a_folder_is_masked(run, folder) -> None:
    done = run("mask", "watermark", "photos/2.png", "--same-in", "photos", "-o", "m.png", "--json")
    assert done.code == 0
    mask = np.asarray(PILImage.open("m.png")) > 0
    assert (mask & folder).sum() > 0.9 * folder.sum()
    assert mask.sum() < 1.8 * folder.sum()
    run("mask", "watermark", "photos/2.png", "--same-in", "photos", "-o", "r.png", "--region", "0,0,80,120")
    part = np.asarray(PILImage.open("r.png")) > 0
    assert (part[:, :80] == mask[:, :80]).all()
    assert not part[:, 80:].any()


def test_a_folder_without_pictures_of_the_size_is_refused(run, folder) -> None:
    done = run("mask", "watermark", "other.png", "--same-in", "photos")
    assert done.code == 2
    assert "60 x 60" in done.err


@pytest.mark.parametrize("hint", [["--box", "15,5,50,50"], ["--at", "40,30"], ["--at", "40,30", "--not-at", "5,5"]])
def test_an_object_is_outlined(run, folder, hint) -> None:
    done = run("mask", "selection", "disc.png", *hint, "-o", "d.png", "--json")
    assert done.code == 0
    (row,) = json.loads(done.out)["masks"]
    assert row["hole"] == pytest.approx(np.pi * 15.5**2 / 4800, rel=0.1)


def test_a_stroke_is_a_picture(run, folder) -> None:
    stroke = PILImage.new("L", (80, 60))
    ImageDraw.Draw(stroke).line((32, 30, 48, 30), fill=255, width=3)
    stroke.save("stroke.png")
    assert run("mask", "selection", "disc.png", "--stroke", "stroke.png", "-o", "s.png").code == 0
    assert np.asarray(PILImage.open("s.png"))[18, 40] == 255


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        ([], "nothing was pointed at"),
        (["--at", "1;2"], "x,y"),
        (["--at", "400,2"], "400,2"),
        (["--at", "4,2", "--weights", "one.onnx"], "two"),
    ],
)
def test_a_hint_that_does_not_fit_is_refused_in_one_line(run, folder, hint, said) -> None:
    done = run("mask", "selection", "disc.png", *hint)
    assert done.code == 2
    assert said in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_a_folder_is_restored_by_what_its_pictures_have_in_common(run, folder) -> None:
    PILImage.open("other.png").save("photos/other.png")
    for seed in (2, 3, 5, 6, 7):
        Path(f"photos/{seed}.png").unlink()
    told = ("--kind", "watermark", "--same-in", "photos", "--method", "telea", "--jobs", "1", "--json")
    done = run("restore", "photos", "-o", "out", *told)
    assert done.code == 0, done.err
    for seed in (0, 8):
        run("restore", f"photos/{seed}.png", "-o", f"{seed}.png", *told[:6])
        assert Path(f"{seed}.png").read_bytes() == Path(f"out/{seed}.png").read_bytes()
        changed = np.asarray(PILImage.open(f"out/{seed}.png")) != np.asarray(PILImage.open(f"photos/{seed}.png"))
        assert (changed.any(2) & folder).sum() > 0.9 * folder.sum()
    assert "no other picture" in done.err
    assert run("restore", "photos", "-o", "out2", "--kind", "dust", "--same-in", "photos").code == 2


def test_a_picture_without_another_of_its_size_is_told_so(run, folder) -> None:
    done = run("restore", "other.png", "-o", "o.png", "--kind", "watermark", "--same-in", "photos")
    assert done.code == 2
    assert "no other picture" in done.err
