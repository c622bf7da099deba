"""`selfmend video`: films in and out, what is said, what is refused, Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import selfmend
from facts import mentions
from folder_of_pictures import draw_folder
from processes import environment
from selfmend.cli.video import parse_moment
from selfmend.errors import OptionError
from selfmend.video.reader import Clip
from video_clips import write_film, write_subtitled


@pytest.fixture
def film(folder):
    return write_film(folder / "clip.mp4", audio=True)


def test_a_film_is_mended_beside_itself(film, run):
    done = run("video", "clip.mp4", "--mask", "20,20,12,8", "--method", "telea", "--json")
    told = json.loads(done.out)
    assert (done.code, done.err) == (0, "")
    assert told["outputs"] == ["clip-mended.mp4"]
    assert (told["frames"], told["mended"], told["broken"], told["untouched"]) == (12, 12, 0, False)
    assert Clip("clip-mended.mp4").has_audio
    part = "--from", "0.12s", "--to", "6", "-o", "p.mkv"
    done = run("video", "clip.mp4", "-m", "20,20,12,8", "--method", "telea", *part)
    assert done.out.startswith("p.mkv  (4 of 4 frames mended, ")
    assert Clip("p.mkv").frame_count == 4


def test_a_name_with_a_colon_is_a_file(film, run, folder):
    film.rename(folder / "10:30.mp4")
    assert run("video", "10:30.mp4", "-m", "20,20,12,8", "--method", "telea").code == 0
    assert (folder / "10:30-mended.mp4").exists()


def test_mistakes_are_one_line_each(film, refused, folder):
    mask = ("--mask", "20,20,12,8")
    assert refused("video", "no.mp4", *mask) == "no such file: no.mp4"
    assert refused("video", "photo.png", *mask, "-o", "o.mp4").startswith("photo.png is a picture; selfmend inpaint")
    assert refused("video", "clip.mp4").startswith("nothing says where the holes are")
    assert refused("video", "clip.mp4", *mask, "--from", "5", "--to", "3").startswith("the part ends (frame 3)")
    assert refused("video", "clip.mp4", *mask, "--from", "soon").startswith("--from 'soon' is no moment")
    assert refused("video", "clip.mp4", *mask, "-o", "clip.mp4").startswith("clip.mp4 is an input")
    assert refused("video", "clip.mp4", *mask, "-o", "o.doc").startswith("cannot tell the format of a film")
    assert refused("video", "clip.mp4", "--mask", "mask.png").startswith("the mask is 91 x 60 and the frames 64 x 48")
    assert refused("video", "clip.mp4", *mask, "--method", "dmfn").startswith("dmfn learns from a folder first")
    assert refused("video", "clip.mp4", *mask, "--steady", "very").startswith("unknown steadiness 'very'")
    assert refused("video", "clip.mp4", *mask, "--set", "radus=3", "--method", "telea").startswith("unknown option")
    assert not list(folder.glob("*mended*"))


@pytest.mark.parametrize(
    ("text", "moment"), [("90", 90), ("62.5s", 62.5), ("3s", 3.0), ("1:02.5", 62.5), ("1:00:01", 3601.0)]
)
def test_moments_are_frames_or_times(text, moment):
    assert parse_moment(text, "--from") == moment
    assert type(parse_moment(text, "--from")) is type(moment)


def test_a_decimal_without_unit_is_no_moment():
    with pytest.raises(OptionError, match=mentions("--to", "'62.5'", "(90)")):
        parse_moment("62.5", "--to")


def test_ctrl_c_keeps_what_is_mended_and_the_same_command_goes_on(folder, run):
    # not H.264: on a busy machine its encoder now and then rounds a few pixels of equal frames in another way
    write_film(folder / "long.mkv", frames=80, codec="ffv1")
    arguments = ["video", "long.mkv", "-m", "20,20,12,8", "--method", "biharmonic"]
    command = [sys.executable, "-m", "selfmend", *arguments, "-o", "out.mkv"]
    process = subprocess.Popen(command, env=environment(folder), stderr=subprocess.PIPE, text=True)
    lines, deadline = folder / "out.mkv.partial" / "frames.jsonl", time.monotonic() + 60
    while not (lines.exists() and lines.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=30)[1]
    assert process.returncode == 130
    assert said == "stopped; what was mended is kept in out.mkv.partial, and the same command goes on from there\n"
    assert sorted(p for p in os.listdir(folder) if "out" in p) == ["out.mkv.partial"]
    assert 0 < json.loads(run(*arguments, "-o", "out.mkv", "--json").out)["resumed"] < 80
    assert run(*arguments, "-o", "whole.mkv").code == 0
    assert (folder / "out.mkv").read_bytes() == (folder / "whole.mkv").read_bytes()


def test_subtitles_are_taken_out_and_near_frames_show_what_was_there(run, folder):
    write_subtitled(folder / "film.mp4")
    told = json.loads(run("video", "film.mp4", "--subtitles", "-o", "out.mp4", "--json").out)
    assert (told["frames"], told["mended"], told["untouched"]) == (10, 8, False)
    assert 0 < told["flicker"] < 4
    clean = Clip(write_subtitled(folder / "clean.mp4", clean=True))
    off = {}
    for name in ("film.mp4", "out.mp4"):
        pairs = zip(Clip(name).frames(), clean.frames(), strict=True)
        off[name] = [float(np.abs(a.image - b.image)[90:115, 40:160].mean()) * 255 for a, b in pairs]
    assert max(off["film.mp4"]) > 30
    assert max(off["out.mp4"]) < 6


def test_no_subtitle_is_said_and_the_output_is_the_input(film, run):
    done = run("video", "clip.mp4", "--subtitles", "--region", "0,20,64,20", "-o", "out.mp4")
    assert done.err == "warning: no subtitle was found; out.mp4 shows what clip.mp4 shows\n"
    assert done.out.startswith("out.mp4  (0 of 12 frames mended, ")
    assert Path("out.mp4").read_bytes() == film.read_bytes()


def test_a_model_that_learned_a_folder_fills(film, folder, folder_learner, run, refused):
    draw_folder(folder / "faces")
    selfmend.fit_folder("folder-learner", folder / "faces", folder=folder / "run", workers=0)
    assert run("video", "clip.mp4", "-m", "20,20,12,8", "--model", "run", "-o", "out.mp4").code == 0
    assert Clip("out.mp4").frame_count == 12
    line = refused("video", "clip.mp4", "-m", "20,20,12,8", "--model", "run", "--method", "telea")
    assert line == "--model brings its own method and settings; leave --method and --preset out"


def test_a_model_of_one_picture_is_refused(film, folder, learner, refused):
    selfmend.fit("learner", folder / "photo.png", folder=folder / "run")
    line = refused("video", "clip.mp4", "-m", "20,20,12,8", "--model", "run")
    assert line == "run has learned one picture; for a film, a run that learned a folder fits"


def test_from_python(film, folder):
    part = {"first": 2, "last": 0.2}
    report = selfmend.mend_video(film, folder / "out.mp4", mask="20,20,12,8", method="telea", radius=5, **part)
    assert (report.frames, report.mended, report.output) == (4, 4, folder / "out.mp4")
