"""`selfmend train` and what is done with its runs; training inside `selfmend inpaint`."""

import errno
import json
import os

import numpy as np
import pytest
from PIL import Image as PILImage


def pixels(path):
    with PILImage.open(path) as picture:
        return np.array(picture)


@pytest.fixture
def trained(run, folder, learner):
    """A run folder of the quick learner, trained with a mask."""
    done = run("train", "learner", "photo.png", "-m", "mask.png", "-o", "run")
    assert done.code == 0
    assert done.err == ""
    assert done.out.startswith("run  (learner, ")
    return folder / "run"


def test_a_run_fills_its_own_picture_and_others(run, trained):
    assert run("inpaint", "--model", "run", "-o", "a.png").code == 0
    assert run("inpaint", "photo.png", "-m", "mask.png", "--method", "learner", "-o", "b.png").code == 0
    assert np.array_equal(pixels("a.png"), pixels("b.png"))
    assert run("inpaint", "holed.png", "--model", "run", "-o", "c.png").code == 0
    assert (pixels("c.png")[..., 3] == 255).all()


def test_training_twice_is_training_once(run, trained):
    before = (trained / "weights.safetensors").stat().st_mtime_ns
    done = run("train", "learner", "photo.png", "-m", "mask.png", "-o", "run", "--json")
    assert json.loads(done.out)["method"] == "learner"
    assert (trained / "weights.safetensors").stat().st_mtime_ns == before


def test_transparency_is_kept_out_of_the_learning(run, folder, learner):
    assert run("train", "learner", "holed.png", "-o", "run", "--quiet").code == 0
    assert run("inpaint", "--model", "run", "-o", "out.png").code == 0
    assert (pixels("out.png")[..., 3] == 255).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("learner photo.png", "Missing option '--output' / '-o'."),
        ("lerner photo.png -o new", "unknown method 'lerner'; did you mean 'learner'?"),
        ("telea photo.png -o new", "telea learns nothing, so it needs no training: use inpaint"),
        ("learner no.png -o new", "no such file: no.png"),
        ("learner photo.png -m full.png -o new", "the mask covers the whole picture"),
        ("learner photo.png -o run", "run holds another run (its sha256 is "),
        ("learner photo.png -o run -m mask.png --seed 1", "run holds another run (its seed is 0"),
        ("learner photo.png -o run -m mask.png --set steps=6", "run holds another run (its steps is 5"),
        ("learner photo.png -o .", ". is not empty and holds no run; choose a new or empty folder"),
        ("learner photo.png -o mask.png", "cannot write into mask.png: "),
        ("learner photo.png -o new --set folder=x", "unknown option 'folder'"),
        ("learner photo.png -o new --set mask=x", "--set 'mask=x': mask has an option of its own"),
    ],
)  # fmt: skip
def test_mistakes_end_with_one_line(refused, trained, arguments, message):
    assert refused("train", *arguments.split()).startswith(message)
    assert not (trained.parent / "new").exists()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda run: (run / "run.json").write_text("{"), "run/run.json is damaged ("),
        (lambda run: (run / "run.json").write_text("[]"), "run/run.json is damaged ("),
        (lambda run: (run / "run.json").write_text('{"format": 7, "selfmend": "9.1"}'), "run is a run of format 7"),
        (lambda run: (run / "run.json").unlink(), "run holds no run (there is no run.json)"),
        (lambda run: (run / "weights.safetensors").unlink(), "run lacks its weights.safetensors"),
        (lambda run: os.truncate(run / "weights.safetensors", 100), "run/weights.safetensors is not a whole"),
        (lambda run: edit(run, status="training"), "run is half-written: training was interrupted; run"),
        (lambda run: edit(run, method="other"), "run does not fit this version or its own record (unknown meth"),
        (lambda run: edit(run, method="telea"), "run does not fit this version or its own record (telea learns"),
        (lambda run: edit(run, config={"depth": 3}), "run does not fit this version or its own record (unknown opt"),
        (lambda run: (run / "picture.png").write_bytes(b"no"), "run/picture.png is not a picture that can be read"),
    ],
)  # fmt: skip
def test_damaged_runs_end_with_one_line(refused, trained, damage, message):
    damage(trained)
    assert refused("inpaint", "--model", "run", "-o", "out.png").startswith(message)


def edit(run, **changes):
    record = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(record | changes))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--method", "telea"], "--model brings its own method and settings"),
        (["--set", "steps=7"], "option steps is fixed by the training; after it, these can change: init"),
        (["--set", "stepz=7"], "unknown option 'stepz'; did you mean 'steps'?"),
        (["--set", "image=7"], "unknown option 'image'"),
        (["--init", "maen"], "unknown init 'maen'; did you mean 'mean'?"),
        (["small.png"], "the model's own hole is of another size than this picture; say where its hole is: --mask"),
    ],
)
def test_what_a_model_cannot_do(refused, trained, arguments, message):
    PILImage.new("RGB", (20, 20)).save("small.png")
    assert refused("inpaint", "--model", "run", "-o", "out.png", *arguments).startswith(message)


def test_a_model_without_a_mask_asks_for_one(refused, run, folder, learner):
    assert run("train", "learner", "photo.png", "-o", "run").code == 0
    assert refused("inpaint", "--model", "run", "-o", "o.png").startswith("this model was trained without a mask")
    assert run("inpaint", "--model", "run", "-m", "mask.png", "-o", "out.png").code == 0


def test_what_was_learned_is_kept_until_the_result_is_written(run, refused, folder, learner, monkeypatch):
    command = ("inpaint", "photo.png", "-m", "mask.png", "--method", "learner", "-o", "out.png")

    def full(picture, path):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    with monkeypatch.context() as patch:
        patch.setattr("selfmend.cli.of_tasks.save_picture", full)
        patch.setattr("selfmend.api.models.save_picture", lambda *a: None)
        assert refused(*command) == "out.png: No space left on device"
    (kept,) = (folder / "cache" / "selfmend" / "runs").iterdir()
    assert json.loads((kept / "run.json").read_text())["status"] == "trained"
    assert run(*command).code == 0
    assert not kept.exists()


def test_a_model_is_kept_where_it_is_told_to(run, refused, folder, learner):
    command = ("inpaint", "photo.png", "-m", "mask.png", "--method", "learner", "-o", "out.png", "--save-model")
    assert run(*command, "kept").code == 0
    assert json.loads((folder / "kept" / "run.json").read_text())["status"] == "trained"
    assert refused(*command, "mask.png", "--overwrite").startswith("cannot write into mask.png")
