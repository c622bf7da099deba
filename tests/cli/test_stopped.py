"""What a command says that is stopped, or that finds the disk full: one line, what is kept, and no temporary file.

A signal comes from within the work, so that it is known what is done by then. The disk is full for files above a size
(RLIMIT_FSIZE), which holds for what FFmpeg and safetensors write, too.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as PILImage

from owned_files import small_network
from selfmend.cli import mask as mask_commands
from selfmend.evaluation import pair_scores, paper_tables, sample_scores
from selfmend.masks import mask_files
from selfmend.video import mask_files as video_masks
from selfmend.video.journal import Journal
from video_clips import write_film

if sys.platform == "win32":
    pytest.skip("Windows has neither these signals nor these limits", allow_module_level=True)
import resource

ENDINGS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}
MASK_COMMANDS = {
    "selection": ["--at", "30,30"], "color": ["#000000"], "box": ["3,3,9,9"], "difference": ["others"], "text": [],
    "eyes": [], "bars": [], "random": [],
    **{name: [] for name in mask_commands.FINDERS},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _as_in_a_terminal():
    """What nohup, or a shell's background, has set to be ignored is ignored in commands, too."""
    before = {one: signal.getsignal(one) for one in ENDINGS}
    for one in ENDINGS:
        signal.signal(one, signal.default_int_handler if one == signal.SIGINT else signal.SIG_DFL)
    yield
    for one, handler in before.items():
        signal.signal(one, handler)


@pytest.fixture
def photos(folder):
    """Four photos in a folder, and others of the same names."""
    for name in ("photos", "others"):
        (folder / name).mkdir()
    for k in range(4):
        shutil.copy("photo.png", f"photos/{k}.png")
        shutil.copy("holed.png", f"others/{k}.png")
    return folder


@contextmanager
def full_disk(most):
    """No file can grow beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def signalled(monkeypatch, owner, name, *, at, end):
    """The function `name` of `owner` sends this process a signal with its call number `at`."""
    work, calls = getattr(owner, name), []

    def call(*given, **more):
        calls.append(1)
        if len(calls) == at:
            os.kill(os.getpid(), end)
        return work(*given, **more)

    monkeypatch.setattr(owner, name, call)


def left(folder):
    return [str(path) for path in Path(folder).rglob(".selfmend-*")]


@pytest.mark.parametrize("command", MASK_COMMANDS)
def test_stopped_masks_are_kept_and_counted(run, photos, monkeypatch, command):
    end = list(ENDINGS)[list(MASK_COMMANDS).index(command) % len(ENDINGS)]
    signalled(monkeypatch, mask_files, "read_rgb", at=3, end=end)
    found = run("mask", command, "photos", *MASK_COMMANDS[command], "-o", "masks")
    assert found.code == ENDINGS[end]
    said = [line for line in found.err.splitlines() if not line.startswith(("warning", "compiling"))]
    assert said == ["stopped; 2 of 4 pictures were looked at, and their masks are in masks"]
    assert left(photos) == []


def test_every_mask_command_is_tried():
    assert {one.name for one in mask_commands.app.registered_commands} == set(MASK_COMMANDS)


def test_stopped_masks_of_a_film_are_kept_and_counted(run, folder, monkeypatch):
    write_film(folder / "film.mkv", frames=9, codec="ffv1")
    monkeypatch.setattr(video_masks, "_masked", lambda clip, *_: ((f, f.image[..., 0] > 0.9) for f in clip.frames()))
    signalled(monkeypatch, video_masks, "save_overlay", at=4, end=signal.SIGTERM)
    found = run("mask", "text", "film.mkv", "-o", "masks")
    assert (found.code, found.err) == (143, "stopped; 4 frames were looked at, and the masks of 4 are in masks\n")
    assert len(list((folder / "masks").iterdir())) == 4


def test_a_command_that_keeps_nothing_says_that_it_stopped(run, photos, monkeypatch):
    signalled(monkeypatch, mask_files, "read_rgb", at=1, end=signal.SIGHUP)
    found = run("mask", "random", "photo.png")
    assert (found.code, found.err) == (129, "stopped\n")


def test_masks_on_a_full_disk(run, photos):
    noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)
    PILImage.fromarray(noise).save("photos/2.png")  # whose overlay is larger than those of the others
    with full_disk(20000):
        found = run("mask", "box", "photos", "3,3,9,9", "-o", "masks")
    assert found.code == 2
    kept = "2 of 4 pictures were looked at, and their masks are in masks"
    assert found.err == f"error: cannot write masks-overlay/2.png: File too large; {kept}\n"
    assert sorted(os.listdir("masks-overlay")) == ["0.png", "1.png"]
    assert left(photos) == []


@pytest.mark.parametrize("output", ["out.mkv", "out.mp4", "frames"])
@pytest.mark.parametrize("most", [100, 4000])
def test_a_film_on_a_full_disk(run, folder, output, most):
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    write_film(folder / "film.mkv", frames=40, codec="ffv1", draw=lambda k: np.roll(noise, k, 0))
    with full_disk(most):
        found = run("video", "film.mkv", "-m", "20,20,4,4", "--method", "telea", "--steady", "none", "-o", output)
    assert found.code == 2
    (line,) = [line for line in found.err.splitlines() if not line.startswith("warning")]
    assert re.match(rf"error: .*\b{re.escape(output)}.*: File too large", line)
    assert line.endswith(
        f"; what was mended before is kept in {output}.partial, and the same command goes on from there"
    )
    assert left(folder) == []
    assert not (folder / output).is_file()
    done = run("video", "film.mkv", "-m", "20,20,4,4", "--method", "telea", "--steady", "none", "-o", output, "--json")
    assert json.loads(done.out)["frames"] == 40


@pytest.mark.parametrize("kind", ["dust", "scratches", "stamp", "watermark"])
def test_a_film_that_is_searched_keeps_what_is_mended(run, folder, monkeypatch, kind):
    write_film(folder / "film.mkv", frames=9, codec="ffv1")
    signalled(monkeypatch, Journal, "save", at=4, end=signal.SIGTERM)
    found = run("video", "film.mkv", "--find", kind, "--method", "telea", "--steady", "none", "-o", "out.mkv")
    kept = "what was mended is kept in out.mkv.partial, and the same command goes on from there"
    assert (found.code, found.err) == (143, f"stopped; {kept}\n")
    assert left(folder) == []


def test_weights_on_a_full_disk_and_stopped(run, folder, monkeypatch):
    monkeypatch.setenv("SELFMEND_WEIGHTS", str(folder / "weights"))
    torch.save(small_network("edsr-x2").state_dict(), "net.pt")
    with full_disk(2000):
        found = run("weights", "add", "net.pt")
    target = folder / "weights" / "edsr-x2.safetensors"
    assert (found.code, found.err) == (2, f"error: cannot write {target}: File too large\n")
    signalled(monkeypatch, os, "replace", at=1, end=signal.SIGTERM)
    found = run("weights", "add", "net.pt")
    assert (found.code, found.err) == (143, "stopped\n")
    assert os.listdir(folder / "weights") == []


def test_a_training_on_a_full_disk_names_the_file_and_goes_on_afterwards(run, folder, learner):
    PILImage.new("RGB", (48, 48)).save("black.png")
    with full_disk(600):
        found = run("train", "learner", "black.png", "-o", "run")
    assert found.code == 2
    assert re.fullmatch(
        r"error: run/\S+safetensors: File too large; what was learned before is kept in run, and the same command goes "
        r"on from there\n", found.err,
    )  # fmt: skip
    assert left(folder) == []
    assert run("train", "learner", "black.png", "-o", "run").code == 0


@pytest.mark.parametrize("words", [["pair", "others", "photos"], ["super-resolution", "others", "photos"],
                                   ["samples", "photo.png", "photos", "--metrics", "diversity,copying"]])  # fmt: skip
@pytest.mark.parametrize("shown", ["--json", "--quiet"])
def test_an_evaluation_that_is_stopped_shows_what_is_measured(run, photos, monkeypatch, words, shown):
    owner = pair_scores if words[0] == "pair" else sample_scores
    signalled(monkeypatch, owner, "read_rgb", at=5 if words[0] != "samples" else 4, end=signal.SIGTERM)
    found = run("evaluate", *words, shown)
    done = 2
    assert found.code == 143
    said = [line for line in found.err.splitlines() if not line.startswith("warning")]
    assert said == [f"stopped; {done} of 4 pictures were measured, and the scores are those of them"]
    if shown == "--json":
        told = json.loads(found.out)
        assert len(told["samples" if words[0] == "samples" else "pictures"]) == done
    else:
        assert "mean of 2" in found.out


def test_the_tables_of_a_paper_that_are_stopped(run, photos, monkeypatch):
    signalled(monkeypatch, paper_tables, "save_picture", at=2, end=signal.SIGTERM)
    found = run("evaluate", "paper", "002", "photos", "-o", "tables", "--size", "64", "--quiet")
    assert found.code == 143
    assert found.err == "stopped; 1 picture is in tables; the tables come when all are done\n"
    assert left(photos) == []
