"""`selfmend paint`, `harmonize`, `edit`, `animate`: files in, files out, one line for each mistake."""

import json
import shutil

import av
import numpy as np
import pytest
from PIL import Image as PILImage
from skimage import data

import selfmend


def pixels(path):
    with PILImage.open(path) as picture:
        return np.array(picture.convert("RGB")).astype(int)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of SinGAN, TINY, on a small photo."""
    folder = tmp_path_factory.mktemp("singan") / "run"
    photo = PILImage.fromarray(data.chelsea()[::6, ::6])
    # quick steps: what two of the usual ones have learned moves by less than a level of 255
    selfmend.fit("singan", photo, preset="tiny", steps=8, learning_rate=0.05).save(folder)
    return folder


@pytest.fixture
def workshop(trained, tmp_path, monkeypatch):
    """The run, a painting, and the photo edited with its mask."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(trained, "run")
    painting = PILImage.new("RGB", (80, 60), (200, 150, 110))
    painting.paste((90, 70, 60), (0, 30, 80, 60))
    painting.save("painting.png")
    photo = PILImage.open("run/picture.png")
    edited = photo.copy()
    edited.paste(photo.crop((2, 2, 22, 16)), (44, 20))
    edited.save("edited.png")
    mask = PILImage.new("L", photo.size)
    mask.paste(255, (44, 20, 64, 34))
    mask.save("mask.png")
    PILImage.new("L", photo.size).save("empty.png")
    return tmp_path


def test_paint(run, workshop):
    done = run("paint", "run", "painting.png", "-o", "out.png")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("out.png  (singan, ")
    height, width = pixels("out.png").shape[:2]
    assert width / height == pytest.approx(80 / 60, rel=0.05)
    assert run("paint", "run", "painting.png").code == 0
    assert np.array_equal(pixels("painting-painted.png"), pixels("out.png"))
    described = json.loads(run("paint", "run", "painting.png", "--seed", 4, "--start-scale", 2, "--json").out)
    assert (described["seed"], described["start_scale"], described["outputs"]) == (4, "2", ["painting-painted-2.png"])
    assert not np.array_equal(pixels("painting-painted-2.png"), pixels("out.png"))


def test_paint_quantised_keeps_its_scale_in_the_run(run, workshop):
    assert run("paint", "run", "painting.png", "--quantized", "-o", "out.png", "--quiet").out == ""
    assert (workshop / "run" / "quantized" / "scale-1").is_dir()
    before = pixels("out.png")
    assert run("paint", "run", "painting.png", "--quantized", "-o", "out.png", "--overwrite").code == 0
    assert np.array_equal(pixels("out.png"), before)


def test_harmonize_and_edit_change_what_is_masked(run, workshop):
    assert run("harmonize", "run", "edited.png", "--mask", "mask.png", "-o", "h.png").code == 0
    assert run("edit", "run", "edited.png", "-m", "mask.png", "-o", "e.png").code == 0
    for name in ("h.png", "e.png"):
        assert pixels(name).shape == pixels("edited.png").shape
        assert not np.array_equal(pixels(name)[20:34, 44:64], pixels("edited.png")[20:34, 44:64])
    assert np.array_equal(pixels("h.png")[:, :10], pixels("edited.png")[:, :10])


def test_harmonize_needs_no_run(run, workshop):
    done = run("harmonize", "edited.png", "--mask", "mask.png", "--json")
    assert done.code == 0
    told = json.loads(done.out)
    assert (told["outputs"], told["run"], told["seed"]) == (["edited-harmonized.png"], None, 0)
    assert not np.array_equal(pixels("edited-harmonized.png")[20:34, 44:64], pixels("edited.png")[20:34, 44:64])
    assert np.array_equal(pixels("edited-harmonized.png")[:, :10], pixels("edited.png")[:, :10])


def test_edit_says_what_it_took_for_the_edit(run, workshop):
    done = run("edit", "run", "edited.png")
    assert done.code == 0
    assert "edited-mended.png  (singan, no mask: the " in done.out
    assert "% of the picture that differ by more than 16 of 255 levels were edited" in done.out
    assert run("edit", "run", "edited.png", "--unmasked").out.startswith("edited-unmasked.png")
    assert not np.array_equal(pixels("edited-unmasked.png")[:, :10], pixels("edited.png")[:, :10])


@pytest.mark.parametrize(
    "command", ["paint run painting.png", "harmonize run edited.png -m mask.png", "edit run edited.png"]
)
def test_every_start_scale_on_one_sheet(run, workshop, command):
    assert run(*command.split(), "--start-scale", "all", "-o", "sheet.png").code == 0
    sheet = pixels("sheet.png")
    own = pixels(command.split()[2])
    assert sheet.shape[1] > 2 * own.shape[1], "two columns: the input and scales 1 and 2"
    assert sheet.shape[0] > 2 * own.shape[0]


@pytest.mark.parametrize("ending", ["gif", "webp", "mp4"])
def test_animate(run, workshop, ending):
    walk = ("--start-scale", 0, "--beta", 0)  # far enough that no two frames are one to WebP
    done = run("animate", "run", "--frames", 4, "--fps", 8, "--loop", *walk, "-o", f"film.{ending}")
    assert done.code == 0
    assert done.err.startswith("warning: this model was trained with zeros around its noise")
    assert done.out.startswith(f"film.{ending}  (singan, 4 frames of ")
    with av.open(f"film.{ending}") if ending == "mp4" else PILImage.open(f"film.{ending}") as film:
        count = film.streams.video[0].frames if ending == "mp4" else film.n_frames
    assert count == 4


def test_animate_every_start_scale_in_one_film(run, workshop):
    assert run("animate", "run", "--frames", 2, "--start-scale", "all", "-o", "film.gif", "-q").code == 0
    described = json.loads(run("animate", "run", "--frames", 2, "--alpha", 0.2, "-o", "one.gif", "--json").out)
    assert described["alpha"] == 0.2
    with PILImage.open("film.gif") as film:
        assert film.width > described["width"]
        assert film.n_frames == 2


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("paint run no.png", "no such file: no.png"),
        ("paint no painting.png", "no such file or run: no"),
        ("edit painting.png", "nothing says where the picture was edited; give a mask, or the picture before"),
        ("paint run painting.png --noise 1", "noise is an option of what is done without a model"),
        ("paint run painting.png -o painting.png", "painting.png is an input, which stays as it is"),
        ("paint run painting.png --start-scale x", "--start-scale is 'x'; a whole number or all fits, 1 is"),
        ("paint run painting.png --start-scale 0", "start_scale is 0; this picture has scales 0 to 2, and 1 to 2 fit"),
        ("harmonize run edited.png", "Missing option '--mask' / '-m'."),
        ("harmonize run painting.png -m mask.png", "the mask is "),
        ("harmonize run painting.png -m 0,0,9,9", "the composite is 80 x 60 and the training picture "),
        ("harmonize run edited.png -m empty.png", "the mask covers nothing (no white in it), so there is nothing to"),
        ("harmonize run edited.png -m mask.png -o mask.png", "mask.png is an input, which stays as it is"),
        ("harmonize edited.png -m empty.png", "the mask covers nothing (no white in it), so there is no object"),
        ("harmonize edited.png -m mask.png --start-scale 1", "--start-scale is of a RUN; give one before COMPOSITE"),
        ("harmonize run edited.png more.png -m mask.png", "3 names came; one or two fit"),
        ("harmonize missing.png -m mask.png", "no such file: missing.png"),
        ("edit run painting.png", "the edited picture is 80 x 60 and the training picture "),
        ("edit run run/picture.png", "no part of the edited picture differs from the training picture by more than 16"),
        ("animate run", "Missing option '--output' / '-o'."),
        ("animate run -o film.avi", "cannot tell the format of 'film.avi' by its ending; "),
        ("animate run -o film.gif --frames 0", "--frames is 0; at least 1 fits"),
        ("animate run -o film.gif --fps 0", "--fps is 0.0; 0.1 to 1000 fits"),
        ("animate run -o film.gif --alpha 1.2", "--alpha is 1.2; 0 to 1 fits"),
        ("animate run -o film.gif --beta -1", "--beta is -1.0; 0 to 1 fits"),
        ("animate run -o film.gif --alpha 0 --loop", "alpha is 0, so the walk never comes back to the picture"),
        ("animate run -o film.gif --start-scale 3", "start scale is 3; this run has scales 0 (coarsest) to 2"),
    ],
)  # fmt: skip
def test_mistakes_end_in_one_line(refused, workshop, command, message):
    assert refused(*command.split()).startswith(message)


@pytest.mark.parametrize("command", ["paint run photo.png", "edit run photo.png", "animate run -o film.gif"])
def test_runs_of_other_methods(run, refused, folder, learner, command):
    assert run("train", "learner", "photo.png", "-o", "run").code == 0
    assert refused(*command.split()).startswith("this run is of learner, and ")
