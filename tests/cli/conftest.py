"""The command line run in this process, and the pictures that it is run on."""

import dataclasses

import numpy as np
import pytest
from PIL import Image as PILImage
from skimage import data

from selfmend.cli import app
from selfmend.cli.common import run_command
from selfmend.methods.registry import METHODS, MethodInfo


@dataclasses.dataclass
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def run(capsys):
    """`run("inpaint", "a.png")`: the exit code and what was printed; a traceback fails the test."""

    def call(*arguments):
        capsys.readouterr()
        code = run_command(app, [str(a) for a in arguments])
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return Outcome(code, printed.out, printed.err)

    return call


@pytest.fixture
def refused(run):
    """As `run`, for a user's mistake: exit code 2, nothing on standard output; the one line."""

    def call(*arguments):
        outcome = run(*arguments)
        assert outcome.code == 2
        assert outcome.out == ""
        lines = outcome.err.splitlines()
        assert len(lines) == 1
        assert lines[0].startswith("error: ")
        return lines[0].removeprefix("error: ")

    return call


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with a photo, its mask (a box) and other masks."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    photo = PILImage.fromarray(data.chelsea()[::5, ::5])
    photo.save("photo.png")
    mask = np.zeros((photo.height, photo.width), np.uint8)
    mask[20:30, 40:55] = 255
    PILImage.fromarray(mask).save("mask.png")
    PILImage.fromarray(255 - mask).save("inverted.png")
    PILImage.fromarray(mask * 0).save("empty.png")
    PILImage.fromarray(mask * 0 + 255).save("full.png")
    holed = photo.convert("RGBA")
    holed.putalpha(PILImage.fromarray(255 - mask))
    holed.save("holed.png")
    return tmp_path


@pytest.fixture
def learner(monkeypatch):
    """A quick method that learns, under the name "learner"."""
    monkeypatch.setitem(METHODS, "learner", MethodInfo(target="learner:Learner", learns="picture"))


@pytest.fixture
def folder_learner(monkeypatch):
    """A quick method that learns from a folder, under the name "folder-learner"."""
    monkeypatch.setitem(METHODS, "folder-learner", MethodInfo(target="folder_learner:FolderLearner", learns="folder"))
