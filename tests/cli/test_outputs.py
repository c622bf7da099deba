"""What is there already is not replaced in silence: one rule, asked of every command that writes."""

import os
import shutil

import numpy as np
import pytest
import typer

import selfmend
from selfmend.cli import app
from selfmend.masks.finders import FINDERS, Finder
from video_clips import write_film, write_subtitled

TELEA = ("--method", "telea")

WRITING = {
    "inpaint": ("inpaint", "photo.png", "-m", "mask.png", *TELEA),
    "sample": ("sample", "photo.png", "--size", "20x20", "--set", "candidates=2"),
    "retarget": ("retarget", "photo.png", "--size", "40x50", "--set", "candidates=2"),
    "super-resolve": ("super-resolve", "mask.png", "--factor", "1.2"),
    "paint": ("paint", "run", "photo.png"),
    "harmonize": ("harmonize", "run", "photo.png", "-m", "mask.png"),
    "edit": ("edit", "run", "photo.png", "-m", "mask.png"),
    "animate": ("animate", "run", "--frames", "2"),
    "demo": ("demo", *TELEA),
    "restore": ("restore", "photo.png", *TELEA),
    "expand": ("expand", "photo.png", "--left", "4", *TELEA),
    "mask selection": ("mask", "selection", "face.png", "--box", "20,10,110,140"),
    **{f"mask {kind}": ("mask", kind, "photo.png") for kind in FINDERS if kind != "text"},
    "video": ("video", "clip.mp4", "-m", "20,20,12,8", *TELEA),
    "mask text": ("mask", "text", "subtitled.mp4"),
    "mask eyes": ("mask", "eyes", "face.png"),
    "mask bars": ("mask", "bars", "barred.png"),
    "mask color": ("mask", "color", "mask.png", "#ffffff"),
    "mask box": ("mask", "box", "photo.png", "1,2,3,4"),
    "mask random": ("mask", "random", "photo.png"),
    "mask difference": ("mask", "difference", "photo.png", "mask.png"),
    "evaluate fit-niqe": ("evaluate", "fit-niqe", "photos"),
}
"""Each command that writes, but for its -o."""

RESUMING = {"batch", "train", "import", "bench", "ablation", "evaluate paper", "evaluate study"}
"""Commands whose -o is a folder or a file in which they go on, and which refuse there what is of another command, or
of a finished run; their own tests ask that of them."""

FOLDERS = {"demo", "mask text"}
ENDINGS = {"animate": ".gif", "video": ".mp4", "evaluate fit-niqe": ".npz"}
NAMELESS = {"animate", "evaluate fit-niqe"}
"""Commands that choose no name themselves."""


def writing_commands():
    """The words of each command that has an -o."""

    def walk(command, words):
        names = command.list_commands(None) if hasattr(command, "list_commands") else []
        for name in names:
            _, found, _ = command.resolve_command(typer.Context(command), [name])
            yield from walk(found, (*words, name))
        if not names and any("-o" in parameter.opts for parameter in command.params):
            yield " ".join(words)

    return set(walk(typer.main.get_command(app), ()))


def test_every_command_that_writes_is_asked():
    assert writing_commands() == set(WRITING) | RESUMING


@pytest.fixture(scope="module")
def things(tmp_path_factory):
    """What the commands work on, in no test's own folder."""
    from PIL import Image as PILImage
    from skimage import data

    folder = tmp_path_factory.mktemp("things")
    photo = PILImage.fromarray(data.chelsea()[::8, ::8])
    photo.save(folder / "photo.png")
    selfmend.fit("singan", photo, preset="tiny", folder=folder / "run")
    mask = PILImage.new("L", photo.size)
    mask.paste(255, (20, 12, 30, 20))
    mask.convert("RGB").save(folder / "mask.png")
    face = data.astronaut()[40:200, 150:300].copy()
    PILImage.fromarray(face).save(folder / "face.png")
    face[50:75, 30:120] = 10
    PILImage.fromarray(face).save(folder / "barred.png")
    write_film(folder / "clip.mp4")
    write_subtitled(folder / "subtitled.mp4", frames=6)
    (folder / "photos").mkdir()
    for k in range(8):
        PILImage.fromarray(np.roll(data.astronaut(), k, 0)).save(folder / f"photos/{k}.png")
    return folder


@pytest.fixture
def folder(things, tmp_path, monkeypatch):
    """The things, in the current folder; the finders find something in all of them."""
    shutil.copytree(things, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(Finder, "function", lambda finder: lambda image, **how: image.max(2) > 0.7)
    return tmp_path / "here"


def contents(folder):
    """Every file and its bytes, but for the run, in which paint and edit may keep things."""
    files = [file for file in folder.rglob("*") if file.is_file() and "run" not in file.parts]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


@pytest.mark.parametrize("name", WRITING)
def test_an_output_that_is_there_is_replaced_on_demand_only(run, refused, folder, name):
    command, output = WRITING[name], "out" if name in FOLDERS else "out" + ENDINGS.get(name, ".png")
    assert run(*command, "-o", output).code == 0
    made = contents(folder)
    there = min(f for f in made if f.startswith("out"))
    (folder / there).write_bytes(b"what was there")
    before = contents(folder)
    message = refused(*command, "-o", output)
    assert message.endswith(" is there already; choose another -o, or say --overwrite to replace it")
    assert contents(folder) == before
    assert run(*command, "-o", output, "--overwrite").code == 0
    assert contents(folder).keys() == made.keys()
    assert contents(folder)[there] != b"what was there"


@pytest.mark.parametrize("name", sorted(set(WRITING) - NAMELESS))
def test_a_name_that_was_not_given_is_a_free_one(run, folder, name):
    before = contents(folder)
    assert run(*WRITING[name]).code == 0
    first = contents(folder)
    assert run(*WRITING[name]).code == 0
    second = contents(folder)
    assert {file: second[file] for file in first} == first
    assert len(second) - len(first) == len(first) - len(before) > 0
    assert all("-2" in file for file in second.keys() - first.keys())


@pytest.mark.parametrize("name", WRITING)
def test_a_name_that_is_too_long_is_refused_in_a_line(refused, folder, name):
    assert "too long" in refused(*WRITING[name], "-o", "x" * 300 + ENDINGS.get(name, ".png"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_not_replaced(refused, folder):
    os.mkfifo(folder / "pipe.png")
    assert "pipe" in refused(*WRITING["inpaint"], "-o", "pipe.png", "--overwrite")
    assert (folder / "pipe.png").is_fifo()


def test_the_masks_of_a_folder(run, refused, folder):
    os.mkdir("masks")
    assert run("mask", "box", "photos", "1,2,3,4", "-o", "masks").code == 0
    assert refused("mask", "box", "photos", "1,2,3,4", "-o", "masks").startswith("masks/0.png is there already;")
    assert run("mask", "box", "photos", "1,2,3,4", "-o", "masks", "--overwrite").code == 0
    for expected in ("photos-masks", "photos-masks-2"):
        assert run("mask", "box", "photos", "1,2,3,4").out.startswith(f"{folder}/{expected}/0.png, ")
    assert "photo.png is an input" in refused("mask", "box", "photo.png", "1,2,3,4", "-o", "photo.png", "--overwrite")


def test_sheets_that_were_named_are_outputs_too(run, refused, folder):
    there = "photos/0.png is there already"
    assert refused(*WRITING["sample"], "-o", "new.png", "--grid", "photos/0.png").startswith(there)
    assert refused(*WRITING["mask box"], "-o", "new.png", "--overlay", "photos/0.png").startswith(there)
