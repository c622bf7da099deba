"""`selfmend train` on a folder of pictures, and what is done with its runs."""

import json
import os

import numpy as np
import pytest
from PIL import Image as PILImage

from folder_of_pictures import draw_folder
from selfmend.training.checkpoints import load_state, save_state

TRAIN = ("train", "folder-learner", "faces", "-o", "run", "--workers", "0")


@pytest.fixture
def faces(folder, folder_learner):
    return draw_folder(folder / "faces")


@pytest.fixture
def trained(run, folder, faces):
    draw_folder(folder / "val", count=2)
    done = run(*TRAIN, "--val", "val", "--validate-every", "2")
    assert done.code == 0
    assert "warning" not in done.err  # progress may be in it, where the machine is slow
    assert done.out.startswith("run  (folder-learner, 6 pictures, ")
    assert done.out.endswith("fill with: selfmend inpaint IMAGE --model run\n")
    return folder / "run"


def test_a_run_has_all_that_it_should_and_fills(run, trained, folder):
    assert {p.name for p in trained.iterdir()} == {
        "run.json", "weights.safetensors", "best.safetensors", "log.jsonl", "samples"
    }  # fmt: skip
    lines = [json.loads(line) for line in (trained / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if "validation" in line] == [2, 3]
    assert run("inpaint", "photo.png", "-m", "mask.png", "--model", "run", "-o", "out.png").code == 0
    before, after, mask = (np.array(PILImage.open(folder / n)) for n in ("photo.png", "out.png", "mask.png"))
    assert np.array_equal(before[mask == 0], after[mask == 0])
    assert not np.array_equal(before[mask > 0], after[mask > 0])
    assert run("inpaint", "holed.png", "--model", "run", "-o", "opaque.png").code == 0
    assert (np.array(PILImage.open(folder / "opaque.png"))[..., 3] == 255).all()


def test_training_twice_is_training_once(run, trained):
    before = (trained / "weights.safetensors").stat().st_mtime_ns
    told = json.loads(run(*TRAIN, "--val", "val", "--json").out)
    assert (told["method"], told["pictures"]) == ("folder-learner", 6)
    assert (trained / "weights.safetensors").stat().st_mtime_ns == before


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(run, folder, faces):
    (faces / "bad.png").write_text("no")
    done = run(*TRAIN, "--dry-run", "--json", "--size", "20", "--set", "steps=30")
    told = json.loads(done.out)
    assert "1 of 7 files of faces cannot be read and are left out: bad.png" in done.err
    counts = {"generator": 8 * 4 * 9 + 8 + 8 * 8 * 9 + 8 + 3 * 8 * 9 + 3}
    assert told["parameters"] == counts
    weights = counts["generator"] * 4
    activations = (4 * 8 + 3 * 2) * 20 * 20 * 4 * 4  # channels of all layers, side, side, batch, bytes
    assert told["memory"] == {
        "weights": weights, "gradients": weights, "adam": 2 * weights, "activations": activations
    }  # fmt: skip
    assert told["stages"] == [{"stage": "stage 0", "steps": 30, "epochs": 20.0}]
    assert (told["pictures"], told["unreadable"], told["shortest_side"], told["longest_side"]) == (6, 1, 20, 26)
    assert (told["decoded_bytes"], told["decoded_kept_in_memory"]) == (6 * 3 * 20 * 26, True)
    shown = run(*TRAIN, "--dry-run").out
    assert "1 099" in shown
    assert "0.0 MiB" in shown
    assert "3 steps, 2 epochs" in shown
    assert not (folder / "run").exists()


def test_the_losses_on_features_can_be_left_out(run, faces):
    done = run(
        "train", "dmfn", faces, "-o", "run", "--preset", "paper", "--dry-run", "--perceptual", "none", "--size", "32"
    )
    assert "9 037 443" in done.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("dmfn faces -o new --perceptual alex", "unknown perceptual 'alex'; Known: none, vgg19"),
        ("folder-learner photo.png -o new", "photo.png is no folder; a folder of pictures fits"),
        ("folder-learner none -o new", "none is no folder; a folder of pictures fits"),
        ("folder-learner empty -o new", "empty holds no pictures; a folder of pictures (in any depth) fits"),
        ("folder-learner faces -o new --val empty", "empty holds no pictures"),
        ("folder-learner faces -o new --masks empty", "empty holds no masks; a folder of pictures that are white"),
        ("folder-learner faces -o new --masks stroke", "masks is 'stroke', which is no folder and no known kind"),
        ("folder-learner faces -o new --set scale=native --size 24", "7 of 7 pictures are smaller than the crop of 24"),
        ("folder-learner faces -o new --size 3", "option size is 3; at least 16 fits"),
        ("folder-learner faces -o new -m mask.png", "--mask is for methods that learn from one picture, and folder-le"),
        ("folder-learner faces -o new --celeba-attribute -Mustache", "there is no list_attr_celeba.txt in faces"),
        ("folder-learner faces -o new --precision 16", "unknown precision '16'"),
        ("folder-learner faces -o new --devices 0", "devices is 0 and nodes is 1; at least 1 fits"),
        ("folder-learner faces -o new --workers -1", "workers is -1; at least 0 fits"),
        ("folder-learner faces -o new --validate-every 0", "validate_every is 0; at least 1 fits"),
        ("folder-learner faces -o run", "run holds another run (it learned from 6 pictures, not 7)"),
        ("folder-learner val -o run", "run holds another run (it learned from 6 pictures, not 2)"),
        ("folder-learner faces -o run --seed 1", "run holds another run (its seed is 0, not 1)"),
        ("learner photo.png -o run", "run holds another run (its method is 'folder-learner', not 'learner')"),
        ("learner photo.png -o new --masks center", "--masks is for methods that learn from a folder, and learner is"),
        ("learner photo.png -o new --dry-run", "--dry-run is for methods that learn from a folder"),
        ("learner faces -o new", "faces is a folder; a picture file fits"),
    ],
)  # fmt: skip
def test_mistakes_end_with_one_line(refused, trained, learner, arguments, message):
    (trained.parent / "empty").mkdir()
    PILImage.new("RGB", (20, 20)).save(trained.parent / "faces" / "new.png")
    assert refused("train", *arguments.split()).startswith(message)
    assert not (trained.parent / "new").exists()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda run: os.truncate(run / "weights.safetensors", 100), "run/weights.safetensors is not a whole check"),
        (lambda run: edit(run, method="learner"), "run does not fit this version or its own record (its weights "),
        (lambda run: edit(run, config={"size": 3}), "run does not fit this version or its own record (option size "),
        (lambda run: edit(run, status="training"), "run is half-written: training was interrupted; run the same"),
    ],
)  # fmt: skip
def test_damaged_runs_end_with_one_line(refused, trained, learner, damage, message):
    damage(trained)
    assert refused("inpaint", "photo.png", "-m", "mask.png", "--model", "run", "-o", "o.png").startswith(message)


def edit(run, **changes):
    record = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(record | changes))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("inpaint --model run -o o.png", "this model learned a folder and has no picture of its own; give the picture"),
        ("inpaint photo.png --model run -o o.png", "no mask, and the picture has no transparent pixels"),
        ("inpaint photo.png -m mask.png --model run -o o.png --set steps=4", "option steps is fixed by the training"),
        ("inpaint photo.png -m mask.png --method folder-learner", "folder-learner has learned nothing yet"),
        ("sample run -o o.png", "run is a run of folder-learner, which learned a folder of pictures"),
        ("animate run -o o.gif", "run is a run of folder-learner, which learned a folder of pictures"),
    ],
)  # fmt: skip
def test_what_a_model_cannot_do(refused, trained, arguments, message):
    assert refused(*arguments.split()).startswith(message)


def test_a_loss_that_is_no_number_stops_and_the_last_good_state_stays(run, refused, faces, folder):
    line = refused(*TRAIN, "--set", "nan_at=1", "--set", "steps=5")
    assert line.startswith("stage 0, step 2: a term is no longer finite (l1 nan)")
    assert json.loads((folder / "run" / "run.json").read_text())["status"] == "training"


def test_methods_say_what_learns_from_a_folder(run, folder_learner):
    rows = {row["name"]: row for row in json.loads(run("methods", "--json").out)["methods"]}
    assert rows["folder-learner"]["learns_from_folder"]
    assert not rows["singan"]["learns_from_folder"]
    assert "a folder" in next(line for line in run("methods").out.splitlines() if "folder-learner" in line)


def test_the_best_weights_fill_too_while_the_training_goes_on(run, refused, trained, folder):
    best = load_state(trained / "best.safetensors")
    assert set(best) == {"method", "stage", "step", "metrics"}
    fills = {}
    last = load_state(trained / "weights.safetensors")
    last["method"] = {name: {key: 0 * value for key, value in net.items()} for name, net in last["method"].items()}
    save_state(trained / "weights.safetensors", last)  # so that it cannot be the same by chance
    for name, model in (("last", "run"), ("best", "run/best.safetensors")):
        assert run("inpaint", "photo.png", "-m", "mask.png", "--model", model, "-o", f"{name}.png").code == 0
        fills[name] = (folder / f"{name}.png").read_bytes()
    assert fills["last"] != fills["best"]
    edit(trained, status="training")
    command = ("inpaint", "photo.png", "-m", "mask.png", "--model", "run/best.safetensors", "-o", "again.png")
    assert run(*command).code == 0
    assert (folder / "again.png").read_bytes() == fills["best"]
    (trained / "best.safetensors").unlink()
    assert refused(*command, "--overwrite").startswith("run/best.safetensors is not a whole checkpoint")
