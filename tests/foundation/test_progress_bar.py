"""`progress=True`: a bar where the call comes from, in a terminal or a notebook."""

import sys
import types
from typing import Any

import numpy as np
import pytest
from PIL import Image as PILImage

import selfmend
from selfmend.progress import ProgressEvent, silent
from selfmend.progress_bar import ProgressBar, shown


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the bar sees; a test sets them."""
    seconds = [10.0]
    monkeypatch.setattr("selfmend.progress_bar.time.monotonic", lambda: seconds[0])
    return seconds


def test_what_true_false_and_a_function_become() -> None:
    calls: list[ProgressEvent] = []
    assert isinstance(shown(True), ProgressBar)
    assert shown(False) is silent
    assert shown(calls.append) == calls.append


def test_a_terminal_gets_one_line_that_ends_when_the_call_does(
    capsys: pytest.CaptureFixture[str], clock: list[float]
) -> None:
    bar = ProgressBar()
    bar(ProgressEvent(stage="too soon to see", done=0.01))
    clock[0] += 5
    bar(ProgressEvent(stage="scale 1", done=0.25))
    bar(ProgressEvent(stage="too soon to see", done=0.26))
    bar(ProgressEvent(stage="", done=1.0))
    del bar
    shown_text = capsys.readouterr().err
    assert "25% scale 1, 15 s left" in shown_text
    assert shown_text.split("\r")[-1].strip() == "took 5.0 s"
    assert "too soon" not in shown_text
    assert shown_text.count("\r") == 3
    assert shown_text.endswith("\n")


def test_a_notebook_gets_one_element_that_is_drawn_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], clock: list[float]
) -> None:
    updates: list[dict[str, str]] = []

    class Handle:
        def update(self, what: dict[str, str], raw: bool) -> None:
            assert raw
            updates.append(what)

    def display(*what: Any, **how: Any) -> Handle:
        assert how["display_id"]
        return Handle()

    ipython = types.ModuleType("IPython")
    ipython.get_ipython = lambda: types.SimpleNamespace(kernel=1)  # type: ignore[attr-defined]
    shows = types.ModuleType("IPython.display")
    shows.display = display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", shows)
    bar = ProgressBar()
    clock[0] += 1
    bar(ProgressEvent(stage="<scale>", step=3, steps=4))
    assert 'value="0.750"' in updates[0]["text/html"]
    assert "&lt;scale&gt;" in updates[0]["text/html"]
    del bar
    assert updates[-1] == {"text/html": "took 1.0 s", "text/plain": "took 1.0 s"}
    assert capsys.readouterr().err == ""


def test_functions_for_users_show_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("selfmend.progress_bar._LEAST", 0)
    photo = np.tile(np.uint8([0, 0, 255, 255]), (24, 6))
    selfmend.inpaint(photo, "8,8,4,4", method="patchmatch", progress=True)
    assert "%" in capsys.readouterr().err
    selfmend.inpaint(photo, "8,8,4,4", method="patchmatch")
    assert capsys.readouterr().err == ""


def test_without_a_mask_transparency_is_the_hole() -> None:
    cutout = PILImage.new("RGBA", (24, 24), (200, 40, 10, 255))
    cutout.paste((0, 0, 0, 0), (8, 8, 14, 14))
    filled = selfmend.inpaint(cutout, method="telea")
    assert np.abs(np.subtract(filled.getpixel((10, 10)), (200, 40, 10, 255))).max() <= 2
    with pytest.raises(selfmend.SelfmendError, match="mask"):
        selfmend.inpaint(cutout.convert("RGB"))
