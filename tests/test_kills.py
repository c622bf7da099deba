"""Killed at a sample of its file operations, all work goes on to the right result; benchmarks/kills.py tries all."""

from __future__ import annotations

import sys

import pytest

from kills import WORKS, kill_everywhere

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it has no fork")
FEW = 6


def a_few(operations):
    """From the first to the last, evenly."""
    return sorted({1 + k * (operations - 1) // (FEW - 1) for k in range(FEW)})


@pytest.mark.parametrize("name", [name for name in WORKS if name != "train"])
def test_a_kill_at_a_file_operation_leaves_no_state_without_a_way_out(tmp_path, name) -> None:
    count = kill_everywhere(WORKS[name], tmp_path / "work", places=a_few)
    assert count.kills >= FEW - 1
    assert count.stuck == []
    assert count.left == []
