"""`selfmend sample`: from runs and pictures, what it writes, where, and what it says."""

import json
import os

import numpy as np
import pytest
from PIL import Image as PILImage

TINY = ("--method", "singan", "--preset", "tiny")


def pixels(path):
    with PILImage.open(path) as picture:
        return np.array(picture)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of SinGAN on a small photo, and the photo; nothing may change them."""
    from skimage import data

    import selfmend

    folder = tmp_path_factory.mktemp("trained")
    photo = PILImage.fromarray(data.chelsea()[::8, ::8])
    photo.save(folder / "small.png")
    selfmend.fit("singan", photo, preset="tiny", folder=folder / "run")
    return folder


@pytest.fixture
def folder(folder, trained):
    """The folder of the other tests, with the run in it."""
    for name in ("run", "small.png"):
        os.symlink(trained / name, folder / name)
    return folder


def test_samples_of_a_run(run, folder):
    done = run("sample", "run", "-n", "2", "--size", "40x70", "--grid", "sheets/grid.png")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("run-sample-1.png, run-sample-2.png, sheets/grid.png  (singan, 40x70, ")
    first, second = pixels("run-sample-1.png"), pixels("run-sample-2.png")
    assert first.shape == second.shape == (40, 70, 3)
    assert not np.array_equal(first, second)
    assert pixels("sheets/grid.png").shape[1] > 2 * 70
    assert run("sample", "run", "--size", "40x70", "-o", "one.png").code == 0
    assert np.array_equal(pixels("one.png"), first)


def test_a_picture_is_learned_first_and_can_be_kept(run, folder):
    done = run("sample", "small.png", *TINY, "-o", "new.png")
    assert done.err == "singan learns small.png first; --save-model RUN would keep what it learns\n"
    assert not list((folder / "cache" / "selfmend" / "runs").iterdir())
    assert run("sample", "run", "-o", "of-run.png", "--quiet").out == ""
    assert np.array_equal(pixels("new.png"), pixels("of-run.png"))
    done = run("sample", "small.png", *TINY, "--save-model", "kept", "--start-scale", "1", "-o", "a.png")
    assert done.err == "singan learns small.png first; it is kept in kept\n"
    assert run("sample", "kept", "--start-scale", "1", "-o", "b.png").code == 0
    assert np.array_equal(pixels("a.png"), pixels("b.png"))
    assert not np.array_equal(pixels("a.png"), pixels("new.png"))


def test_a_method_that_learns_nothing_is_the_default(run, folder):
    done = run("sample", "small.png", "-n", "2", "--size", "30x40")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("small-sample-1.png, small-sample-2.png  (patch-diffusion, 30x40, ")
    assert not np.array_equal(pixels("small-sample-1.png"), pixels("small-sample-2.png"))


def test_variety(run, refused, folder):
    for name in ("low", "high"):
        assert run("sample", "small.png", "--variety", name, "--size", "30x40", "-o", f"{name}.png").code == 0
    assert not np.array_equal(pixels("low.png"), pixels("high.png"))
    assert refused("sample", "small.png", "--variety", "lower").startswith(
        "unknown --variety 'lower'; did you mean 'low'?"
    )
    gpnn = ("--method", "gpnn", "--variety", "low")
    assert refused("sample", "small.png", *gpnn).startswith("unknown option 'variety'")


def test_what_was_learned_is_kept_until_the_sample_is_written(run, refused, folder, monkeypatch):
    command = ("sample", "small.png", *TINY, "-o", "out.png")
    with monkeypatch.context() as patch:
        patch.setattr(
            "selfmend.cli.of_tasks.save_picture", lambda *a: (_ for _ in ()).throw(OSError(28, "disk full", "x"))
        )
        assert run(*command).code == 2
    (kept,) = (folder / "cache" / "selfmend" / "runs").iterdir()
    assert json.loads((kept / "run.json").read_text())["status"] == "trained"
    assert run(*command).code == 0
    assert not kept.exists()


def test_sizes_by_factors(run, folder):
    height, width = pixels("small.png").shape[:2]
    done = run("sample", "run", "--scale-w", "1.5", "--json", "-o", "wide.png")
    told = json.loads(done.out)
    assert (told["height"], told["width"]) == (height, round(1.5 * width))
    assert pixels("wide.png").shape[:2] == (height, round(1.5 * width))
    assert (told["method"], told["seed"], told["outputs"]) == ("singan", 0, ["wide.png"])
    assert told["config"]["steps"] == 2


def test_every_scale_on_one_sheet(run, folder):
    assert run("sample", "run", "--start-scale", "all").out.startswith("run-scales.png  (singan, ")
    one = pixels("run-scales.png")
    assert run("sample", "run", "--start-scale", "all", "-n", "3", "-o", "three.png", "-q").code == 0
    three = pixels("three.png")
    height, width = pixels("small.png").shape[:2]
    assert three.shape[1] > 3 * width
    assert three.shape[0] > 3 * height  # three scales, one a row
    assert one.shape[0] < three.shape[0]
    assert not list(folder.glob("*sample*"))


def test_the_way_below_the_start(run, folder):
    command = ("sample", "run", "--start-scale", "2")
    for name, below in (("a.png", ()), ("b.png", ("--below", "image")), ("c.png", ("--below", "reconstruction"))):
        assert run(*command, *below, "-o", name).code == 0
    assert np.array_equal(pixels("a.png"), pixels("b.png"))
    assert not np.array_equal(pixels("a.png"), pixels("c.png"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no.png"], "no such file: no.png"),
        (["cache"], "cache holds no run (there is no run.json)"),
        (["run", "-n", "0"], "--samples is 0; at least 1 fits"),
        (["run", "-n", "99", "--size", "4000x4000"], "samples is 99, too many of 4000x4000 to be held at once"),
        (["run", "--size", "40"], "--size '40' is not HxW; for example --size 200x400, 200 pixels high and 400 wide"),
        (["run", "--size", "0x40"], "size is 0x40; from 1x1 to 268 million pixels fit"),
        (["run", "--size", "9x99999999999"], "size is 9x99999999999; from 1x1 to 268 million pixels fit"),
        (["run", "--size", "40x40", "--scale-h", "2"], "--size says it all; leave --scale-h and --scale-w out"),
        (["run", "--scale-h", "0"], "--scale-h is 0; a factor above 0 fits, such as 1.5"),
        (["run", "--scale-w", "nan"], "--scale-w is nan; a factor above 0 fits, such as 1.5"),
        (["run", "--size", "8x60"], "size 8x60 makes scale 0 only "),
        (["run", "--start-scale", "7"], "start_scale is 7; this picture has scales 0 to 2, and 0 to 2 fit here"),
        (["run", "--start-scale", "two"], "option start_scale is 'two'; a value of type int fits"),
        (["run", "--start-scale", "all", "--grid", "g.png"], "--start-scale all writes one sheet, to -o OUT"),
        (["run", "--below", "picture"], "unknown start_below 'picture'; Known: image, reconstruction"),
        (["run", "--preset", "tiny"], "a RUN brings its own method and settings; leave --method, --preset and"),
        (["run", "--set", "steps=3"], "option steps is fixed by the training"),
        (["run", "-o", "x.xyz"], "cannot tell the format of 'x.xyz' by its ending"),
        (["small.png", "-o", "small.png"], "small.png is an input, which stays as it is"),
        (["small.png", "--method", "telea"], "telea fills holes and makes no new pictures; these do: "),
        (["small.png", "--start-scale", "1"], "patch-diffusion has no start scale to choose; leave"),
        (["small.png", "--start-scale", "all"], "patch-diffusion has no start scale to choose; leave"),
        (["small.png", "--below", "image"], "patch-diffusion has no start scale to choose; leave"),
        (["small.png", "--save-model", "m"], "patch-diffusion learns nothing, so there is no model to save"),
        (["small.png", *TINY, "--start-scale", "7"], "start_scale is 7; this picture has scales 0 to 2"),
        (["small.png", *TINY, "--size", "8x60"], "size 8x60 makes scale 0 only "),
    ],
)  # fmt: skip
def test_mistakes_end_with_one_line(refused, folder, monkeypatch, arguments, message):
    (folder / "cache").mkdir()
    monkeypatch.setattr("selfmend.api.fit_picture", lambda *a, **k: pytest.fail("it trained first"))
    before = sorted(os.listdir())
    assert refused("sample", *arguments).startswith(message)
    assert sorted(os.listdir()) == before, "nothing is left behind"


def test_a_run_of_a_method_that_fills_only(refused, run, folder, learner):
    assert run("train", "learner", "photo.png", "-o", "other").out.endswith(
        "selfmend inpaint --model other -o OUT.png\n"
    )
    assert refused("sample", "other").startswith("learner fills holes and makes no new pictures; these do: ")
