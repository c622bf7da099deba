"""`selfmend inpaint --reference`: what it says of the fit, what it refuses, and the sheet of all scales."""

import json
import os

import numpy as np
import pytest
from PIL import Image as PILImage

from selfmend.image.draw import to_rgb
from warped import TURN, scene, seen_from


def pixels(path):
    with PILImage.open(path) as picture:
        return np.array(picture.convert("RGB")).astype(int)


@pytest.fixture
def frames(tmp_path, monkeypatch):
    """Two pictures of a scene, the first one's mask, and an unrelated one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    frame = seen_from(scene(60, 80), np.eye(3))
    to_rgb(frame).save("frame.png")
    to_rgb(seen_from(scene(60, 80), TURN)).save("near.png")
    to_rgb(seen_from(scene(60, 80, seed=3), np.eye(3))).save("other.png")
    to_rgb(np.zeros((12, 12, 3), np.float32)).save("small.png")
    mask = PILImage.new("L", (80, 60))
    mask.paste(255, (30, 22, 52, 38))
    mask.save("mask.png")
    return tmp_path


def fill(run, *arguments, reference="near.png"):
    return run("inpaint", "frame.png", "-m", "mask.png", "--reference", reference, *arguments)


def test_the_reference_mends_and_its_fit_is_said(run, frames):
    done = fill(run)
    assert (done.code, done.err) == (0, "")
    assert ", reference fits with 0.9" in done.out
    error = np.abs(pixels("frame-mended.png") - pixels("frame.png"))[22:38, 30:52].mean()
    assert run("inpaint", "frame.png", "-m", "mask.png", "-o", "without.png").code == 0
    assert error < 0.3 * np.abs(pixels("without.png") - pixels("frame.png"))[22:38, 30:52].mean()
    told = json.loads(fill(run, "--json").out)["reference"]
    assert told["by"] in ("ecc", "orb")
    assert told["confidence"] > 0.9
    assert np.shape(told["homography"]) == (3, 3)
    assert json.loads(run("inpaint", "frame.png", "-m", "mask.png", "--json").out)["reference"] is None


def test_no_align_takes_what_does_not_fit(run, frames):
    told = json.loads(fill(run, "--no-align", "--json", reference="other.png").out)["reference"]
    assert told["by"] == "identity"
    assert told["confidence"] < 0.4


def test_all_scales_on_one_sheet_and_then_one_of_them(run, frames):
    tiny = ("--method", "singan", "--preset", "tiny")
    assert fill(run, *tiny, "--start-scale", "all", "--save-model", "run").code == 0
    assert pixels("frame-mended-scales.png").shape[1] > 2 * 80
    alone = fill(run, *tiny, "--start-scale", "2", "-o", "two.png", "--json")
    assert json.loads(alone.out)["config"]["injection_scale"] == 2
    model = ("--model", "run", "--reference", "near.png")
    assert run("inpaint", *model, "--start-scale", "2", "-o", "again.png").code == 0
    assert run("inpaint", *model, "--start-scale", "1", "-o", "one.png").code == 0
    assert run("inpaint", *model, "--start-scale", "all", "-o", "sheet.png").code == 0
    assert np.array_equal(pixels("two.png"), pixels("again.png"))
    assert not np.array_equal(pixels("two.png"), pixels("one.png"))
    assert np.array_equal(pixels("sheet.png"), pixels("frame-mended-scales.png"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--reference", "no.png"], "the reference cannot be read: no such file: no.png"),
        (["--reference", "other.png"], "the reference fits the picture with 0."),
        (["--reference", "small.png"], "the reference is 12 x 12; for a reference at least 16 pixels a side fit"),
        (
            ["--reference", "near.png", "--method", "telea"],
            "telea takes no reference; these do: auto, patchmatch, singan",
        ),
        (["--reference", "near.png", "-o", "near.png"], "near.png is an input, which stays as it is"),
        (["--no-align"], "there is no reference to align; leave --no-align out"),
        (["--start-scale", "2"], "auto has no scales to start from; leave --start-scale out"),
        (["--start-scale", "x", "--method", "singan"], "--start-scale is 'x'; a whole number or all fits"),
        (["--start-scale", "all", "-n", "2"], "--start-scale all writes one sheet of all scales; leave --samples"),
        (["--set", "reference=near.png"], "--set 'reference=near.png': reference has an option of its own"),
    ],
)
def test_mistakes_end_with_one_line(refused, frames, arguments, message):
    before = sorted(os.listdir())
    assert refused("inpaint", "frame.png", "-m", "mask.png", *arguments).startswith(message)
    assert sorted(os.listdir()) == before, "nothing is left behind"
