"""Two processes learn what one learns of the same batches; kills and full disks cost no more than the last steps."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import folder_learner
from folder_of_pictures import draw_folder
from selfmend.api import FolderTraining, load
from selfmend.methods.registry import METHODS
from selfmend.training import checkpoints as saving
from selfmend.training.checkpoints import load_state
from selfmend.training.devices import Processes, started_processes

START = """
import sys
sys.path[:0] = {path!r}
import folder_learner
from selfmend.methods.registry import METHODS
METHODS["folder-learner"] = folder_learner.INFO
"""
COMMAND = "from selfmend.cli import main\nmain()\n"
SLOW = """
import time
import torch
from selfmend.api import FolderTraining
torch.set_num_threads(1)  # as the tests' own process: another number of threads may give other bits
training = FolderTraining("folder-learner", sys.argv[1], options={{"steps": 12}}, device="cpu", workers=1)
def slow(event):
    print(event.step, flush=True)
    time.sleep(0.03)
training.run(sys.argv[2], progress=slow, save_seconds=0)
"""
OPTIONS = {"steps": 5}


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setitem(METHODS, "folder-learner", folder_learner.INFO)


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    return draw_folder(tmp_path_factory.mktemp("data") / "faces")


def training(faces, **options):
    return FolderTraining("folder-learner", faces, options=OPTIONS | options, device="cpu", workers=0)


@pytest.fixture
def script(tmp_path):
    """Writes a script in which the learner is known."""

    def write(text):
        path = tmp_path / "script.py"
        path.write_text((START + text).format(path=[str(Path(__file__).parents[1])]))
        return [sys.executable, str(path)]

    return write


def weights(model):
    return torch.cat([value.flatten() for value in model.method.state_dict()["generator"].values()])


def test_two_processes_learn_what_one_learns(tmp_path, faces, script, monkeypatch):
    for name in ("MASTER_ADDR", "MASTER_PORT"):  # of an earlier test in this process
        monkeypatch.delenv(name, raising=False)
    options = ["--set", "steps=5", "--device", "cpu", "--workers", "0", "--devices", "2", "-o", str(tmp_path / "run")]
    done = subprocess.run(
        [*script(COMMAND), "train", "folder-learner", str(faces), *options], capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("run  (folder-learner, 6 pictures") == 1, "one of them talks"
    two, one = weights(load(tmp_path / "run")), weights(training(faces).run())
    assert torch.allclose(two, one, atol=1e-5)
    assert len((tmp_path / "run" / "log.jsonl").read_text().splitlines()) == 1, "one of them writes"


def test_torchrun_says_how_many_processes_there_are(monkeypatch):
    assert started_processes(3, 2) == (3, 2)
    for name, value in {"TORCHELASTIC_RUN_ID": "x", "LOCAL_WORLD_SIZE": "4", "WORLD_SIZE": "8"}.items():
        monkeypatch.setenv(name, value)
    assert started_processes(1, 1) == (4, 2)


def test_a_killed_training_goes_on_to_the_same_bits(tmp_path, faces, script):
    command = [*script(SLOW), str(faces), str(tmp_path / "run")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        for _ in range(7):
            process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
        process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    steps = []
    model = training(faces, steps=12).run(tmp_path / "run", progress=lambda event: steps.append(event.step))
    assert 6 <= steps[0] < 12, "something was resumed"
    assert torch.equal(weights(model), weights(training(faces, steps=12).run()))
    assert torch.equal(weights(load(tmp_path / "run")), weights(model))


@pytest.mark.parametrize("at", range(1, 5))
def test_interrupted_at_any_step_it_goes_on_to_the_same_bits(tmp_path, faces, at):
    def stop(event):
        if event.step == at:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        training(faces).run(tmp_path / "run", progress=stop)
    assert (tmp_path / "run" / "training" / "stage-000.safetensors").exists()
    assert torch.equal(weights(training(faces).run(tmp_path / "run")), weights(training(faces).run()))


def test_a_full_disk_leaves_the_last_good_state(tmp_path, faces, monkeypatch):
    saves = []

    def save(path, state):
        saves.append(state["step"])
        if len(saves) == 3:
            path.with_name(".half").write_bytes(b"half a file")
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        original(path, state)

    original = saving.save_state
    with monkeypatch.context() as patch:
        patch.setattr(saving, "save_state", save)
        with pytest.raises(OSError, match="No space left on device"):
            training(faces).run(tmp_path / "run", save_seconds=0)
    assert load_state(tmp_path / "run" / "training" / "stage-000.safetensors")["step"] == 2
    assert torch.equal(weights(training(faces).run(tmp_path / "run")), weights(training(faces).run()))


class TwoProcesses:
    """A Fabric as the first of two processes sees it; the other one has nothing but zeros."""

    world_size, global_rank, device = 2, 0, torch.device("cpu")

    def all_reduce(self, tensor, reduce_op):
        return tensor / 2 if reduce_op == "mean" else tensor


def test_processes_agree_on_terms_and_flags():
    both = Processes(TwoProcesses())
    terms = both.mean({"a": torch.tensor(3.0), "b": 1.0})
    assert {k: float(v) for k, v in terms.items()} == {"a": 1.5, "b": 0.5}
    assert both.any(True)
    assert not both.any(False)
    assert Processes().mean(terms) is terms
