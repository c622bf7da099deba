"""A few files of each format, drawn at random: nothing is lost unsaid, and nothing ends in a traceback.

A sample of `benchmarks/file_siblings.py`, which tries as many as there is time for, with exiftool. Here every file is
judged by Pillow, OpenCV and tifffile, and byte for byte where no part of it may change.
"""

from __future__ import annotations

import contextlib
import io
import logging

import pytest

from selfmend.cli import app
from selfmend.cli.common import run_command
from sibling_files import FORMATS, sibling
from sibling_judge import SILENT, TRACEBACK, WRONGLY, judged, mended

SEED, FILES = 38, 3
"""Of this seed all go through `inpaint`, which is quick."""


@pytest.mark.parametrize("number", range(FILES))
@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_drawn_at_random_loses_nothing_unsaid(kind, number, tmp_path):
    if kind == "HEIC":
        pytest.importorskip("pillow_heif")
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # it tells of EXIF that is broken on purpose
    for name in ("in", "out", "mask"):
        (tmp_path / name).mkdir()

    def run(arguments):
        said = io.StringIO()
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            code = run_command(app, arguments)
        return code, said.getvalue()

    one = sibling(kind, SEED, number)
    code, said, hole = mended(one, number, SEED, tmp_path, run)
    target = next((tmp_path / "out").iterdir(), None)
    end, found, counted = judged(one, code, said, hole, target, {}, {})
    assert end not in (SILENT, WRONGLY, TRACEBACK), (found, one.says, said)
    assert counted["kept"] > 0 or not one.fits
