"""The texts of the page: each one in every language, with the same names in it."""

import json
import re
from html.parser import HTMLParser

import pytest

from selfmend.server.routes import PAGE
from selfmend.tasks import TASKS, task_options

ROWS = [
    json.loads(line.rstrip(","))
    for line in (PAGE / "js" / "translations.js").read_text().splitlines()
    if line.startswith("  [")
]
KNOWN = {row[0] for row in ROWS}
SAME = {"Selfmend", "?", "0", "B", "E", "X", "L", "H", "R", "M", "C", "P", "40 px"}


class Texts(HTMLParser):
    """What a person reads of a page, and what is read to them."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        self.found |= {named[name] or "" for name in ("aria-label", "title", "alt") if name in named}

    def handle_data(self, data: str) -> None:
        self.found.add(" ".join(data.split()))


def test_rows_are_whole() -> None:
    assert len(ROWS) > 250
    assert len(KNOWN) == len(ROWS)
    for row in ROWS:
        assert len(row) == 3
        assert all(row), row
        names = [sorted(re.findall(r"\{\w+\}", text)) for text in row]
        assert names[0] == names[1] == names[2], row


def test_the_markup_is_translated() -> None:
    page = Texts()
    body = (PAGE / "index.html").read_text().partition("<body>")[2]
    page.feed(body)
    assert {text for text in page.found if text} - KNOWN - SAME == set()


@pytest.mark.parametrize("file", sorted((PAGE / "js").glob("*.js")), ids=lambda file: file.stem)
def test_the_code_is_translated(file) -> None:
    written = {json.loads(text) for text in re.findall(r'\bt\(("(?:[^"\\]|\\.)*")', file.read_text())}
    assert written - KNOWN == set()


def test_names_of_tasks_and_options_are_translated() -> None:
    for task in TASKS.values():
        assert {task.label, task.action or task.label, task.hint or task.title} | ({task.group} - {""}) <= KNOWN, (
            task.name
        )
        labels = {row["label"] or row["name"].replace("_", " ").capitalize() for row in task_options(task.name)}
        assert labels <= KNOWN, task.name
