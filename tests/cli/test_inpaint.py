"""`selfmend inpaint`: what it writes, where, and what it says."""

import errno
import json
import os

import numpy as np
import pytest
from PIL import ExifTags
from PIL import Image as PILImage

HOLE = (slice(20, 30), slice(40, 55))


def pixels(path):
    with PILImage.open(path) as picture:
        return np.array(picture)


def fill(run, *arguments, mask=("--mask", "mask.png")):
    return run("inpaint", "photo.png", *mask, "--method", "telea", *arguments)


def test_the_default_output_stands_beside_the_picture(run, folder):
    done = fill(run)
    assert done.code == 0
    assert done.err == ""
    assert done.out.startswith("photo-mended.png  (telea, 2.7% of the picture filled, ")
    before, after = pixels("photo.png"), pixels("photo-mended.png")
    changed = (before != after).any(-1)
    assert changed[HOLE].any()
    changed[HOLE] = False
    assert not changed.any()


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("out.png", "out.png"),
        ("new/folder/out.tif", "new/folder/out.tif"),
        ("there", "there/photo-mended.png"),
        ("with space/naïve 猫.webp", "with space/naïve 猫.webp"),
        ("UPPER.PNG", "UPPER.PNG"),
    ],
)
def test_the_output_goes_where_it_is_told_to(run, folder, given, written):
    (folder / "there").mkdir()
    assert fill(run, "-o", given).code == 0
    assert pixels(written).shape == pixels("photo.png").shape


def test_a_file_without_a_known_ending_is_mended_into_a_png(run, folder):
    os.rename("photo.png", "photo")
    assert run("inpaint", "photo", "-m", "mask.png", "--method", "telea").code == 0
    assert (folder / "photo-mended.png").exists()


def test_an_input_is_never_replaced(run, refused, folder):
    for name in ("photo.png", "mask.png", "./photo.png"):
        for more in ((), ("--overwrite",)):
            assert fill(refused, "-o", name, *more).endswith("is an input, which stays as it is; choose another -o")
    os.rename("mask.png", "out-compare.png")
    assert "out-compare.png is an input" in fill(refused, "-o", "out.png", "--compare", mask=("-m", "out-compare.png"))


def test_names_that_were_not_given_pass_over_what_is_there(run, folder):
    assert [fill(run, "--compare").out.split("  ")[0] for _ in range(2)] == [
        "photo-mended.png, photo-mended-compare.png", "photo-mended-2.png, photo-mended-2-compare.png",
    ]  # fmt: skip
    assert fill(run, "-n", "2").out.startswith("photo-mended-3.png, photo-mended-4.png  (")
    assert fill(run, "--overwrite").out.startswith("photo-mended.png  (")
    assert fill(run, "-o", ".").out.startswith("photo-mended-5.png  (")


def test_samples_are_numbered_so_that_they_sort(run, folder, learner):
    done = run("inpaint", "photo.png", "-m", "mask.png", "--method", "learner", "-n", "10", "-o", "out.png", "--json")
    names = json.loads(done.out)["outputs"]
    assert names == sorted(names) == [f"out-{k:02d}.png" for k in range(1, 11)]
    assert not np.array_equal(pixels("out-01.png"), pixels("out-02.png"))


def test_samples_of_a_method_without_chance_are_the_same_and_said(run, folder):
    done = fill(run, "-n", "2", "-o", "out.png")
    assert done.err == "warning: telea has one fill only: all samples are the same\n"
    assert done.out.startswith("out-1.png, out-2.png  (")


def test_a_comparison_shows_picture_hole_and_result(run, folder):
    assert fill(run, "--compare", "-o", "out.jpg").code == 0
    assert pixels("out-compare.png").shape[1] > 3 * pixels("photo.png").shape[1]


def test_json_is_one_object_and_quiet_is_nothing(run, folder):
    done = fill(run, "--json", "--compare", mask=("-m", "inverted.png"))
    told = json.loads(done.out)
    assert done.out.count("\n") == 1
    assert done.err.startswith("warning: 97% of the picture is hole")
    assert told["outputs"] == ["photo-mended.png"]
    assert told["compare"] == "photo-mended-compare.png"
    assert (told["method"], told["seed"], told["config"]) == ("telea", 0, {"radius": 3.0})
    assert (told["height"], told["width"], told["hole_pixels"]) == (60, 91, 60 * 91 - 150)
    done = fill(run, "--quiet", mask=("-m", "inverted.png"))
    assert (done.code, done.out, done.err) == (0, "", "")


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        ("empty.png", "warning: the mask has no hole (no white in it): the picture is returned as it came"),
        ("inverted.png", "warning: 97% of the picture is hole; if black means hole in the mask, use --invert-mask"),
    ],
)
@pytest.mark.parametrize("method", ["telea", "learner"])
def test_odd_masks_are_warned_about_once(run, folder, learner, mask, said, method):
    done = run("inpaint", "photo.png", "-m", mask, "--method", method)
    assert done.code == 0
    assert done.err.splitlines() == [said]
    if mask == "empty.png":
        assert np.array_equal(pixels("photo.png"), pixels("photo-mended.png"))


def test_the_other_convention(run, folder):
    assert fill(run, "-o", "a.png").code == 0
    assert fill(run, "-o", "b.png", "--invert-mask", mask=("-m", "inverted.png")).code == 0
    assert np.array_equal(pixels("a.png"), pixels("b.png"))


@pytest.mark.parametrize("mask", [(), ("-m", "alpha"), ("-m", "40,20,15,10"), ("-m", "#ff00fe")])
def test_masks_without_a_file(run, folder, mask):
    holed = pixels("holed.png")
    holed[HOLE] = (255, 0, 254, 0)
    PILImage.fromarray(holed).save("photo.png")
    assert fill(run, mask=mask).code == 0
    after = pixels("photo-mended.png")
    assert (after[HOLE][..., 1] > 0).all()
    assert (after[HOLE][..., 3] == (255 if mask in ((), ("-m", "alpha")) else 0)).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_mask_is_of_the_picture_as_it_is_shown(run, folder, orientation):
    picture = PILImage.open("photo.png")
    exif = PILImage.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    picture.save("turned.jpg", exif=exif, quality=95)
    done = run("inpaint", "turned.jpg", "-m", "5,3,20,10", "--method", "telea", "-o", "out.png", "--json")
    assert (json.loads(done.out)["height"] > json.loads(done.out)["width"]) == (orientation >= 5)
    shown = PILImage.open("out.png")
    assert shown.getexif().get(ExifTags.Base.Orientation, 1) == 1
    assert shown.size == (picture.size if orientation < 5 else picture.size[::-1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no.png", "-m", "mask.png"], "no such file: no.png"),
        ([".", "-m", "mask.png"], ". is a folder; for all pictures in it: selfmend batch ."),
        (["photo.png"], "no mask, and the picture has no transparent pixels; say where the hole is: --mask MASK.png"),
        (["photo.png", "-m", "no.png"], "the mask cannot be read: no such file: no.png"),
        (["photo.png", "-m", "alpha"], "mask 'alpha' needs a picture with transparency"),
        (["photo.png", "-m", "full.png"], "the mask covers the whole picture, so there is nothing to learn from; if"),
        (["photo.png", "-m", "mask.png", "-o", "o.xyz"], "cannot tell the format of 'o.xyz' by its ending; Known"),
        (["photo.png", "-m", "mask.png", "-o", "mask.png/o.png"], "cannot write into mask.png: Not a directory"),
        (["photo.png", "-m", "mask.png", "-n", "0"], "--samples is 0; at least 1 fits"),
        (["photo.png", "-m", "mask.png", "--method", "tela"], "unknown method 'tela'; did you mean 'telea'? Known: "),
        (["photo.png", "-m", "mask.png", "--preset", "fats"], "unknown preset of telea 'fats'"),
        (["photo.png", "-m", "mask.png", "--set", "radus=1"], "unknown option 'radus'; did you mean 'radius'?"),
        (["photo.png", "-m", "mask.png", "--set", "radius"], "--set 'radius' is not key=value; for example"),
        (["photo.png", "-m", "mask.png", "--set", "radius=x"], "option radius is 'x'; a value of type float fits"),
        (["photo.png", "-m", "mask.png", "--set", "radius=-1"], "option radius is -1.0; at least 0 fits"),
        (["photo.png", "-m", "mask.png", "--set", "seed=1"], "--set 'seed=1': seed has an option of its own; use"),
        (["photo.png", "-m", "mask.png", "--init", "mean"], "telea takes no first guess; leave --init out"),
        (["photo.png", "-m", "mask.png", "--device", "gpu"], "unknown device 'gpu'; did you mean 'cpu'?"),
        (["photo.png", "-m", "mask.png", "--seed", "x"], "Invalid value for '--seed'"),
        (["photo.png", "-m", "mask.png", "--save-model", "m"], "telea learns nothing, so there is no model to save"),
        (["photo.png", "--maks", "mask.png"], "No such option: --maks (Possible options: --mask)"),
        (["photo.png", "mask.png"], "inpaint takes one picture; the mask has a name: --mask mask.png"),
        (["photo.png", "-m", "mask.png", "more"], "Got unexpected extra argument"),
        (["--model", "no", "-o", "o.png"], "no holds no run (there is no run.json); give a folder that"),
        (["--model", "no"], "say where the result goes: -o OUT.png"),
        ([], "no picture given; selfmend inpaint IMAGE --mask MASK, or --model RUN"),
    ],
)  # fmt: skip
def test_mistakes_end_with_one_line(refused, folder, arguments, message):
    method = [] if "--method" in arguments or "--model" in arguments else ["--method", "telea"]
    before = sorted(os.listdir())
    assert refused("inpaint", *arguments, *method).startswith(message)
    assert sorted(os.listdir()) == before, "nothing is left behind"


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_ends_with_one_line_and_the_previous_output(refused, run, folder, monkeypatch, call):
    assert fill(run, "-o", "out.png").code == 0
    before = (folder / "out.png").read_bytes()

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        assert fill(refused, "-o", "out.png", "--overwrite") == "cannot write out.png: No space left on device"
    assert (folder / "out.png").read_bytes() == before
    assert not list(folder.glob(".*"))


def test_too_little_memory_is_said(refused, folder, monkeypatch):
    def greedy(*args, **more):
        raise MemoryError

    monkeypatch.setattr("selfmend.api.filling.read_picture", greedy)
    assert fill(refused).startswith("not enough memory for this picture")


def test_an_error_of_the_program_keeps_its_traceback(run, folder, monkeypatch):
    monkeypatch.setattr("selfmend.api.filling.read_picture", lambda path: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fill(run)


def test_what_filled_which_part_is_explained(run, folder):
    said = run("inpaint", "photo.png", "-m", "mask.png", "--explain", "-o", "out.png").out
    assert "100.0% of the hole by patchmatch:blended (" in said
    told = json.loads(run("inpaint", "photo.png", "-m", "mask.png", "--json", "-o", "again.png").out)
    assert told["method"] == "auto"
    assert [(one["by"], one["share"]) for one in told["choices"]] == [("patchmatch:blended", 1)]
    assert json.loads(fill(run, "--json", "-o", "third.png").out)["choices"] == []


def test_without_a_home_folder_a_training_is_not_kept_and_the_hole_is_filled(run, folder, learner, monkeypatch):
    (folder / "home").write_text("a file")
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(folder / "home" / name))
    arguments = ["photo.png", "-m", "mask.png", "--method", "learner", "--set", "steps=2"]
    done = run("inpaint", *arguments, "-o", "out.png")
    assert done.code == 0
    assert "a training that is stopped begins anew" in done.err
    assert (folder / "out.png").exists()


def test_the_most_pixels_are_an_option(run, folder, monkeypatch):
    monkeypatch.setenv("SELFMEND_MAX_PIXELS", "")  # given back afterwards
    command = ("inpaint", "photo.png", "--mask", "mask.png", "--method", "telea", "--overwrite")
    refused = run("--max-pixels", "100", *command)
    assert refused.code == 2
    assert "--max-pixels" in refused.err
    assert run("--max-pixels", "1e9", *command).code == 0
