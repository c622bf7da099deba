"""Who waits for the compiler is told so, once; what is kept of its work is checked, or done without."""

from __future__ import annotations

import importlib
import sys

import numpy as np
import pytest
from numba import njit
from numba.core import caching

from selfmend.compiled import compiling, loop
from selfmend.parallel import on_compiling


def test_compiling_is_told() -> None:
    told = []
    on_compiling(lambda: told.append(compiling()))
    twice = njit(lambda x: x * 2)
    assert not compiling()
    assert twice(np.float32(2)) == 4
    assert twice(3) == 6  # compiled anew, for another type
    assert told == [True]
    assert not compiling()


LOOP = """
from selfmend.compiled import loop
@loop()
def twice(value):
    return value * 2
"""


@pytest.mark.parametrize(
    "damage", [lambda data: b"", lambda data: data[: len(data) // 2], lambda data: data[:-9] + bytes(9)]
)
def test_a_kept_loop_that_is_damaged_is_compiled_and_kept_anew(tmp_path, monkeypatch, damage) -> None:
    (tmp_path / "kept_loop.py").write_text(LOOP)
    monkeypatch.syspath_prepend(tmp_path)

    def hits() -> int:
        monkeypatch.delitem(sys.modules, "kept_loop", raising=False)
        twice = importlib.import_module("kept_loop").twice
        assert twice(3) == 6
        return sum(twice.stats.cache_hits.values())

    assert hits() == 0
    files = [path for path in tmp_path.rglob("*") if path.suffix in (".nbi", ".nbc")]
    assert {path.suffix for path in files} == {".nbi", ".nbc"}
    assert hits() == 1
    for path in files:
        path.write_bytes(damage(path.read_bytes()))
        assert hits() == 0, path
    assert hits() == 1


def test_where_nothing_can_be_kept_a_loop_is_compiled_each_time(monkeypatch) -> None:
    monkeypatch.setattr(caching.CompileResultCacheImpl, "_locator_classes", [])
    assert loop()(lambda x: x + 1)(2) == 3
