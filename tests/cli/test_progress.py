"""Progress: a bar for a person, a line a stage for a log, nothing where nothing was asked for."""

import io
import sys

import pytest

from selfmend.cli import progress as room
from selfmend.cli.progress import terminal_progress
from selfmend.progress import ProgressEvent, silent

EVENT = ProgressEvent(stage="scale 3 (57x85)", stage_index=1, stage_count=4, step=5, steps=9, terms={"loss": 2})
LAST = ProgressEvent(
    stage="scale 3 (57x85)", stage_index=1, stage_count=4, step=9, steps=9, terms={"loss": 0.5}, done=0.25
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    monkeypatch.setenv("TERM", "xterm")
    with terminal_progress(quiet=False) as progress:
        progress(EVENT)
    assert "[2/4] scale 3 (57x85) 5/9" in terminal.getvalue()
    assert "loss 2" in terminal.getvalue()


def test_a_line_a_stage_in_a_log(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with terminal_progress(quiet=False) as progress:
        progress(LAST)
        assert capsys.readouterr().err == ""  # short work says nothing
        monkeypatch.setattr(room, "LOG_AFTER", -1.0)
        progress(EVENT)
        progress(LAST)
    assert capsys.readouterr().err == "[2/4] scale 3 (57x85) 9/9: loss 0.5 (0 s, 25% of the work)\n"


def test_a_long_stage_says_where_it_is(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with terminal_progress(quiet=False) as progress:
        monkeypatch.setattr(room, "LOG_EVERY", -1.0)
        progress(EVENT)
    assert capsys.readouterr().err == "[2/4] scale 3 (57x85) 5/9: loss 2 (0 s)\n"


def test_quiet_is_silent() -> None:
    with terminal_progress(quiet=True) as progress:
        assert progress is silent
