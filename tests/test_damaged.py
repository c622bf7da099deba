"""Files damaged at random end in success or in one clear line; benchmarks/fuzz.py tries many more."""

from __future__ import annotations

import sys

import pytest

from damaging import TARGETS, try_cases

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it has no fork")
CASES = {
    "journal": 60, "manifest": 40, "queue": 40, "config": 15, "training": 10, "runs": 5, "pictures": 80, "kept": 30,
    "masks": 60, "films": 4,
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_damaged_files_are_used_or_refused_in_a_line(tmp_path, name) -> None:
    found = list(try_cases(TARGETS[name], tmp_path / "work", range(CASES[name])))
    assert len(found) == CASES[name]
    assert [one for one in found if one[2] not in ("success", "refused")] == []
    assert any(one[2] == "success" for one in found)


@pytest.mark.parametrize(
    ("name", "seed"),
    [("pictures", 305900), ("films", 200203), ("journal", 100415), ("queue", 100317), ("queue", 100140)],
)
def test_what_longer_runs_found_stays_mended(tmp_path, name, seed) -> None:
    ((_, what, told),) = try_cases(TARGETS[name], tmp_path / "work", range(seed, seed + 1))
    assert told in ("success", "refused"), what
