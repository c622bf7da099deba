"""The texts of the page: each one in every language, with the same names in it."""

import io
import json
import re
import sys
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image as PILImage

import selfmend
from selfmend.errors import MissingExtraError, SelfmendError
from selfmend.jobs.job import Limits
from selfmend.jobs.runner import Runner
from selfmend.methods.registry import method_class
from selfmend.server.catalogue import _installed, task_catalogue
from selfmend.server.routes import PAGE

TABLES = ("translations", "translations-server", "translations-methods")


def rows_of(table: str) -> list[list[str]]:
    lines = (PAGE / "js" / f"{table}.js").read_text().splitlines()
    return [json.loads(line.rstrip(",")) for line in lines if line.startswith("  [")]


ROWS = [row for table in TABLES for row in rows_of(table)]
SERVER = rows_of("translations-server")
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
        if row not in SERVER:  # of whose lines a translation may leave out what programs need
            assert names[0] == names[1] == names[2], row
        assert set(names[0]) >= {*names[1], *names[2]}, row


def test_the_markup_is_translated() -> None:
    page = Texts()
    body = (PAGE / "index.html").read_text().partition("<body>")[2]
    page.feed(body)
    assert {text for text in page.found if text} - KNOWN - SAME == set()


@pytest.mark.parametrize("file", sorted((PAGE / "js").glob("*.js")), ids=lambda file: file.stem)
def test_the_code_is_translated(file) -> None:
    written = {json.loads(text) for text in re.findall(r'\bt\(("(?:[^"\\]|\\.)*")', file.read_text())}
    assert written - KNOWN == set()


def named() -> dict[str, dict[str, str]]:
    """The table of names.js: by what, and what the server calls it."""
    source = (PAGE / "js" / "names.js").read_text().partition("const NAMES = ")[2].partition("\n};")[0] + "\n}"
    quoted = re.sub(r"([{,]\s*)([a-z0-9]+):", r'\1"\2":', re.sub(r",(\s*)}", r"\1}", source))
    table = json.loads(quoted)
    return table | {"find": {"": "Nothing: what is marked goes", **table["kind"]}}


def sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def meaning(option: dict) -> str:
    """As the page shows it, without what an empty choice is."""
    return re.sub(r"; empty: .*$", "", option["meaning"])


def test_names_are_translated() -> None:
    assert {text for names in named().values() for text in names.values()} <= KNOWN


def test_all_that_tasks_say_is_translated_and_their_choices_have_names() -> None:
    told = task_catalogue()
    said = {sentence(words) for words in told["inputs"].values()}
    for task in told["tasks"]:
        said |= {task["label"], task["action"], task["hint"], task["group"]}
        for option in task["options"]:
            said |= {option["label"], option["unit"], option["none"], meaning(option)}
            for choice in option["choices"]:
                unnamed = choice not in named().get(option["name"], {}) and (option["name"], choice) != ("variety", "")
                assert not unnamed, (task["name"], option["name"], choice)
    assert said - {""} - KNOWN == set()


def test_all_that_methods_say_is_translated() -> None:
    said, names = set(), named()
    for method in _installed():
        assert method["name"] in names["method"]
        assert set(method["presets"]) <= set(names["preset"])
        said |= {method["title"], method["for"], "a second" if method["speed"] == "second" else method["speed"]}
        said |= {words for option in method["options"] for words in (option["label"], option["unit"], meaning(option))}
        said |= {option["none"] for option in method["options"]}
    assert said - {""} - KNOWN == set()


FORMS = [
    re.compile("(.+?)".join(map(re.escape, re.split(r"\{\w+\}", row[0]))) + "$") for row in SERVER if "{" in row[0]
]


def is_told(line: str) -> bool:
    """Whether the page has a sentence for a line of the server's, as `told` in texts.js looks for it."""
    return line in KNOWN or any(form.match(line) for form in FORMS)


def png_bytes(size: tuple[int, int]) -> bytes:
    buffer = io.BytesIO()
    PILImage.effect_noise(size, 60).convert("RGB").save(buffer, "PNG")
    return buffer.getvalue()


SMALL = png_bytes((8, 8))
REFUSED = [
    ("fill", {"image": SMALL}, {}),
    ("fill", {"image": SMALL, "mask": png_bytes((8, 20))}, {}),
    ("fill", {"image": b""}, {}),
    ("fill", {"image": b"no picture at all"}, {}),
    ("fill", {"image": SMALL[:60]}, {}),
    ("fill", {"image": png_bytes((300, 300))}, {}),
    ("fill", {"image": SMALL, "mask": SMALL}, {"samples": 0}),
    ("fill", {"image": SMALL, "mask": SMALL}, {"grow_mask": "x"}),
    ("retarget", {"image": SMALL}, {}),
    ("retarget", {"image": SMALL}, {"height": 100_000, "width": 100_000}),
    ("harmonize", {"picture": SMALL}, {}),
    ("paint", {"image": SMALL, "picture": SMALL}, {"quantized": True}),
]


@pytest.mark.parametrize(("task", "files", "settings"), REFUSED)
def test_what_the_server_refuses_is_translated(task, files, settings, tmp_path) -> None:
    runner = Runner(tmp_path, limits=Limits(max_pixels=50_000))
    try:
        with pytest.raises(SelfmendError) as refused:
            runner.submit(task, files, settings, names={"image": "photo.png"})
    finally:
        runner.stop()
    assert is_told(str(refused.value)), str(refused.value)


def test_a_missing_extra_is_translated(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    runner = Runner(tmp_path)
    try:
        with pytest.raises(MissingExtraError) as refused:
            runner.submit("restore", {"image": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"}, {}, names={"image": "a.heic"})
    finally:
        runner.stop()
    assert is_told(str(refused.value)), str(refused.value)


def test_what_a_job_says_is_translated(tmp_path) -> None:
    mask = np.zeros((24, 24), bool)
    mask[4:12, 4:12] = True
    mask[20, 20] = True
    stages: list[str] = []
    image = np.random.default_rng(0).random((24, 24, 3), np.float32)
    selfmend.inpaint(image, mask, method="patchmatch", progress=lambda event: stages.append(event.stage))
    selfmend.sample(image, samples=1, candidates=2, steps=2, progress=lambda event: stages.append(event.stage))
    assert len(set(stages)) > 2
    choices = method_class("auto").from_options().choices(mask)
    with pytest.raises(SelfmendError) as nothing_added:
        selfmend.expand(image)
    with pytest.raises(SelfmendError) as no_aspect:
        selfmend.expand(image, aspect="wide")
    said = {*stages, *(one.why for one in choices), str(nothing_added.value), str(no_aspect.value)}
    assert {line for line in said if line and not is_told(line)} == set()
