"""Ctrl-C at any moment of the start of a command: code 130, and at most one line."""

import os
import signal
import subprocess
import sys

import pytest

from processes import environment
from selfmend.interrupts import ENDING

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")

SCRIPT = """
import os, signal, sys
wanted, count, seen = {signal}, {moment}, 0
def look(event, about):
    global seen
    if event == "import":
        seen += 1
        if seen == count:
            os.kill(os.getpid(), wanted)
from selfmend.__main__ import main
sys.addaudithook(look)
sys.argv = ["selfmend", "methods", "telea"]
if {count_only}:
    import atexit
    atexit.register(lambda: print("imports", seen))
main()
"""


def run(folder, *, moment=0, sent=signal.SIGINT, count_only=False):
    before = signal.signal(sent, signal.default_int_handler if sent == signal.SIGINT else signal.SIG_DFL)
    try:
        script = SCRIPT.format(moment=moment, signal=int(sent), count_only=count_only)
        return subprocess.run(
            [sys.executable, "-c", script], env=environment(folder), capture_output=True, text=True, timeout=60
        )
    finally:
        signal.signal(sent, before)


def test_ctrl_c_while_a_command_is_imported_says_at_most_a_line(tmp_path):
    whole = run(tmp_path, count_only=True)
    assert whole.returncode == 0, whole.stderr
    count = int(whole.stdout.split()[-1])
    assert count > 100
    for moment in [1, 2, *(count * k // 12 for k in range(1, 12))]:
        done = run(tmp_path, moment=moment)
        assert done.returncode == 130, (moment, done)
        assert done.stderr in ("", "stopped\n"), (moment, done.stderr)


def test_ctrl_c_that_is_ignored_stays_so(tmp_path):
    """As of a command that a script has sent into the background."""
    script = SCRIPT.format(moment=30, signal=int(signal.SIGINT), count_only=False)
    ignoring = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n" + script
    done = subprocess.run(
        [sys.executable, "-c", ignoring], env=environment(tmp_path), capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "telea" in done.stdout


@pytest.mark.parametrize("sent", ENDING[1:])
def test_other_signals_end_it_silently(tmp_path, sent):
    done = run(tmp_path, moment=20, sent=sent)
    assert done.returncode in (-sent, 128 + sent)
    assert done.stderr in ("", "stopped\n")


def test_the_module_begins_as_the_console_script_does(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "selfmend", "--version"], env=environment(tmp_path), capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("selfmend ")
    assert os.linesep in done.stdout
