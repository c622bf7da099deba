"""The command line as a real process: exit codes, streams, Ctrl-C, and what importing costs."""

import json
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image as PILImage

from processes import environment
from selfmend.training.checkpoints import load_state

DRIVER = """
import sys
import selfmend.methods
from selfmend.methods.registry import METHODS, MethodInfo
METHODS["learner"] = MethodInfo(target="learner:Learner", learns="picture")
from selfmend.cli import main
main(sys.argv[1:])
"""


LOADED = """
import sys, selfmend.cli as cli
try:
    cli.main(sys.argv[2:])
finally:
    print(sorted(set(sys.argv[1].split()) & set(sys.modules)))
"""


@pytest.mark.parametrize(
    ("arguments", "spared"),
    [
        (["--help"], "torch numpy cv2 PIL numba scipy skimage"),
        (["methods"], "torch numba scipy skimage"),
        (["inpaint", "photo.png", "-m", "mask.png", "--method", "telea"], "torch numba scipy skimage"),
        (["inpaint", "photo.png", "-m", "mask.png", "--method", "patchmatch"], "torch skimage"),
        (["mask", "color", "photo.png", "#ff0000"], "torch numba scipy skimage"),
        (["sample", "photo.png"], "torch skimage"),
        (["retarget", "photo.png", "--size", "40x60"], "torch skimage"),
        (["batch", "photos", "-o", "done", "--masks", "mask.png", "--method", "telea"], "torch numba scipy skimage"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_command_loads_what_it_uses_and_nothing_else(folder, arguments, spared):
    """Importing is most of the time of a small fill: one module that a command needs not takes half a second."""
    (folder / "photos").mkdir(exist_ok=True)
    shutil.copy(folder / "photo.png", folder / "photos")
    command = [sys.executable, "-c", LOADED, spared, *arguments]
    done = subprocess.run(command, env=environment(folder), capture_output=True, text=True)
    assert (done.returncode in (0, 1), done.stdout.splitlines()[-1]) == (True, "[]"), done.stderr


def test_a_mistake_leaves_no_traceback(folder):
    command = [sys.executable, "-m", "selfmend", "inpaint", "no.png", "--mask", "mask.png"]
    done = subprocess.run(command, env=environment(folder), capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "error: no such file: no.png\n")


def test_a_fill_prints_one_json_object(folder):
    command = [
        sys.executable,
        "-m",
        "selfmend",
        "inpaint",
        "photo.png",
        "-m",
        "mask.png",
        "--method",
        "telea",
        "--json",
    ]
    done = subprocess.run(command, env=environment(folder), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["outputs"] == ["photo-mended.png"]


def test_ctrl_c_keeps_the_training_and_the_same_command_goes_on(folder, run, learner):
    arguments = [
        "inpaint",
        "photo.png",
        "-m",
        "mask.png",
        "--method",
        "learner",
        "--set",
        "steps=100",
        "--set",
        "pause=0.02",
        "-o",
        "out.png",
    ]
    command = [sys.executable, "-c", DRIVER, *arguments]
    process = subprocess.Popen(command, env=environment(folder), stderr=subprocess.PIPE, text=True)
    runs = folder / "cache" / "selfmend" / "runs"
    deadline = time.monotonic() + 60
    while not list(runs.glob("*/run.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.5)  # some steps
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[1]
    assert process.returncode == 130
    (kept,) = runs.iterdir()
    assert said == f"stopped; what was learned is kept in {kept}, and the same command goes on from there\n"
    assert 0 < load_state(kept / "training" / "stage-000.safetensors")["step"] < 100
    assert not (folder / "out.png").exists()
    done = subprocess.run(command, env=environment(folder), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert not kept.exists()
    straight = [a.replace("0.02", "0").replace("out.png", "straight.png") for a in arguments]
    assert run(*straight).code == 0
    resumed, whole = (np.asarray(PILImage.open(folder / name)) for name in ("out.png", "straight.png"))
    assert np.array_equal(resumed, whole)
