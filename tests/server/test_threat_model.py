"""Each line of docs/threat-model.md names a test that is there."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "threat-model.md"


def test_each_line_names_a_test_that_is_there():
    rows = [line.split(" | ") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    rows = [row for row in rows if "---" not in row[0] and row[-1] != "test |"]
    assert len(rows) > 15
    for row in rows:
        named = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", row[-1])
        assert named or row[-1] == "none |", row
        for file, name in named:
            assert f"def {name or 'test_'}" in (TESTS / file).read_text(), (file, name)
