"""SIGTERM and SIGHUP end a command as Ctrl-C does: in order, with nothing half written, and the code shells expect."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
import typer
from skimage import data

from processes import environment
from selfmend.cli.common import run_command
from selfmend.training.checkpoints import load_state
from video_clips import write_film

DRIVER = """
import sys
import selfmend.methods
from selfmend.methods.registry import METHODS, MethodInfo
METHODS["learner"] = MethodInfo(target="learner:Learner", learns="picture")
from selfmend.cli import main
main(sys.argv[1:])
"""
FINDER_DRIVER = """
import pathlib, sys
from selfmend.nn.finder_unet import FinderUNet
learned = FinderUNet.forward
def forward(net, planes):
    pathlib.Path("learning").touch()
    return learned(net, planes)
FinderUNet.forward = forward
from selfmend.cli import main
main(sys.argv[1:])
"""
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


def ended(folder, arguments, ready, end, *, driver=DRIVER):
    """The exit code of a command that a signal came to once `ready()`, and what it said."""
    command = [sys.executable, "-c", driver, *arguments]
    group = driver is FINDER_DRIVER  # then it comes to all its processes
    before = signal.signal(end, signal.SIG_DFL)  # what nohup has set to be ignored would be inherited
    try:
        process = subprocess.Popen(
            command, env=environment(folder), stderr=subprocess.PIPE, text=True, start_new_session=group
        )
    finally:
        signal.signal(end, before)
    deadline = time.monotonic() + 60
    while not ready() and time.monotonic() < deadline:
        time.sleep(0.02)
    if group:
        os.killpg(process.pid, end)
    else:
        process.send_signal(end)
    said = process.communicate(timeout=60)[1]
    return process.returncode, said


def test_a_training_saves_at_once(folder, learner):
    kept = folder / "run"
    arguments = ["train", "learner", "photo.png", "--set", "steps=3000", "--set", "pause=0.02", "-o", "run"]
    assert ended(folder, arguments, (kept / "run.json").exists, signal.SIGHUP)[0] == 129
    assert 0 < load_state(kept / "training" / "stage-000.safetensors")["step"] < 3000
    assert sorted(path.name for path in kept.rglob("*") if path.is_file()) == ["run.json", "stage-000.safetensors"]


def test_the_training_of_a_finder_saves_at_once_though_all_its_processes_are_told_to_end(folder):
    """As a service manager and the shutdown of a machine do; what draws the lessons is a process of its own."""
    (folder / "photos").mkdir()
    shutil.copy(data.__path__[0] + "/coffee.png", folder / "photos")
    small = {"steps": 3000, "batch_size": 1, "size": 64, "widths": "8,8,16,16,24"}
    arguments = ["train", "damage-finder", "photos", "-o", "run"]
    arguments += [part for name, value in small.items() for part in ("--set", f"{name}={value}")]
    saved = folder / "run" / "training" / "stage-000.safetensors"
    code, said = ended(folder, arguments, (folder / "learning").exists, signal.SIGTERM, driver=FINDER_DRIVER)
    assert code == 143
    assert "Traceback" not in said
    assert said.splitlines()[-1].startswith("stopped; ")
    assert 0 < load_state(saved)["step"] < 3000


def test_a_film_leaves_its_journal_and_nothing_else(folder):
    write_film(folder / "long.mkv", frames=80, codec="ffv1")
    lines = folder / "out.mkv.partial" / "frames.jsonl"
    arguments = ["video", "long.mkv", "-m", "20,20,12,8", "--method", "biharmonic", "-o", "out.mkv"]
    code, said = ended(folder, arguments, lambda: lines.exists() and lines.stat().st_size > 0, signal.SIGTERM)
    assert code == 143
    assert said == "stopped; what was mended is kept in out.mkv.partial, and the same command goes on from there\n"
    assert not [name for name in os.listdir(folder) if name.startswith(".selfmend-")]


def test_the_end_of_a_damaged_file_is_no_ctrl_c():
    app = typer.Typer(pretty_exceptions_enable=False)

    @app.command()
    def fail() -> None:
        raise EOFError("Ran out of input")

    with pytest.raises(EOFError, match="Ran out of input"):
        run_command(app, [])


def test_handlers_come_back_and_what_nohup_ignores_is_ignored():
    app = typer.Typer(pretty_exceptions_enable=False)
    seen = []

    @app.command()
    def look() -> None:
        seen.extend(signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGHUP))

    before = signal.getsignal(signal.SIGTERM)
    hangup = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert run_command(app, []) == 0
    finally:
        signal.signal(signal.SIGHUP, hangup)
    assert callable(seen[0])
    assert seen[1] is signal.SIG_IGN
    assert signal.getsignal(signal.SIGTERM) is before


def test_an_interrupt_inside_an_exec_of_text_does_not_change_the_code(tmp_path):
    words = "import sys\nfrom selfmend import interrupts\ninterrupts.note(15)\n"
    words += (
        "try:\n    exec('raise KeyboardInterrupt')\nexcept KeyboardInterrupt:\n    sys.exit(interrupts.exit_code())"
    )
    (tmp_path / "words.py").write_text(words)
    command = [sys.executable, "-m", "words"]  # as `python -m selfmend`
    assert subprocess.run(command, env=environment(tmp_path), cwd=tmp_path).returncode == 143
