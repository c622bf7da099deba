"""The page's files without a browser: what they name exists, nothing is inline or foreign, the mask is exact."""

import base64
import io
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PILImage

PAGE = Path(str(files("selfmend.server"))) / "page"
SCRIPTS = sorted((PAGE / "js").glob("*.js"))
NODE = shutil.which("node")


class Reader(HTMLParser):
    """All elements of a page, and their identifiers."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.elements.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def elements() -> list[tuple[str, dict[str, str | None]]]:
    reader = Reader()
    reader.feed((PAGE / "index.html").read_text())
    return reader.elements


def test_nothing_is_inline_or_from_elsewhere(elements) -> None:
    for tag, attributes in elements:
        assert tag != "style", "the page's policy allows no style in the page itself"
        assert tag != "script" or attributes.get("src")
        for name, value in attributes.items():
            assert not name.startswith("on"), f"<{tag} {name}>"
            assert name != "style"
            assert not re.match(r"(https?:)?//", value or ""), value
    for script in SCRIPTS:
        text = script.read_text()
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text)
        assert not [url for url in re.findall(r"https?://[^\"' ]+", text) if "www.w3.org" not in url]


def test_what_is_named_exists(elements) -> None:
    ids = [attributes["id"] for _, attributes in elements if attributes.get("id")]
    assert len(ids) == len(set(ids))
    icons = set(re.findall(r'<symbol id="([\w-]+)"', (PAGE / "icons.svg").read_text()))
    text = (PAGE / "index.html").read_text() + "".join(script.read_text() for script in SCRIPTS)
    for path, name in re.findall(r"/static/([\w./-]+\.\w+)(?:#([\w-]+))?", text):
        assert (PAGE / path).is_file(), path
        assert not name or name in icons, name
    for name in re.findall(r'\b(?:iconButton|icon)\("([\w-]+)"', text):
        assert name in icons, name
    of_docs = re.findall(r'\bid="([\w-]+)"', (PAGE / "docs.html").read_text())
    for script in SCRIPTS:
        for name in re.findall(r'\bfind\("([\w-]+)"\)', script.read_text()):
            assert name in (of_docs if script.name == "docs.js" else ids), f"{script.name}: {name}"
        for name in re.findall(r'from "\./([\w-]+\.js)"', script.read_text()):
            assert (PAGE / "js" / name).is_file()
    for _, attributes in elements:
        for name in ("aria-controls", "aria-labelledby", "for", "popovertarget"):
            assert attributes.get(name, ids[0]) in ids, attributes


MASK = """
import { Mask } from "./mask.mjs";
import { maskPng } from "./png.mjs";
const mask = new Mask(70, 50);
const states = [];
const keep = () => { mask.commit(); states.push([...mask.pixels].join("")); };
keep();
mask.stroke(10, 10, 40, 30, 6, 1); keep();
mask.box(50, 5, 60.2, 9.4, 1); keep();
mask.lasso([[20, 35], [60, 35], [60, 48], [20, 48]], 1); keep();
mask.stroke(-5, 20, 100, 20, 2, 0); keep();
mask.invert(); keep();
const counted = mask.pixels.reduce((sum, one) => sum + one, 0) === mask.count;
const back = [];
while (mask.canUndo) { mask.undo(); back.unshift([...mask.pixels].join("")); }
mask.redo(); mask.redo(); mask.redo();
const again = Mask.restore(70, 50, mask.history(), mask.steps);
again.redo();
mask.redo();
again.stroke(3, 3, 3, 3, 0.1, 1);
const dot = again.touched;
again.rollback();
const png = Buffer.from(await (await maskPng(mask.pixels, 70, 50)).arrayBuffer()).toString("base64");
console.log(JSON.stringify({ states, back, counted, same: [...again.pixels].join("") === [...mask.pixels].join(""),
  png, now: [...mask.pixels].join("") }));
"""


@pytest.mark.skipif(NODE is None, reason="node is not here; tests/browser draws with the same code")
def test_mask_is_exact(tmp_path) -> None:
    for name in ("mask", "png"):
        (tmp_path / f"{name}.mjs").write_text((PAGE / "js" / f"{name}.js").read_text())
    (tmp_path / "run.mjs").write_text(MASK)
    ran = subprocess.run([str(NODE), "run.mjs"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    came = json.loads(ran.stdout)
    states = [np.array(list(state), int).reshape(50, 70) for state in came["states"]]
    y, x = np.mgrid[:50, :70] + 0.5
    along = np.clip(((x - 10) * 30 + (y - 10) * 20) / (30**2 + 20**2), 0, 1)
    stroke = np.hypot(x - 10 - 30 * along, y - 10 - 20 * along) <= 6
    assert np.array_equal(states[1], stroke)
    box = states[2] - states[1]
    assert (box.sum(), box[5:9, 50:60].sum()) == (40, 40)
    assert (states[3] - states[2]).sum() == (~states[2][35:48, 20:60].astype(bool)).sum()
    assert not states[4][18:22].any()
    assert np.array_equal(states[5], 1 - states[4])
    assert came["back"] == came["states"][:-1]
    assert came["counted"]
    assert came["same"]
    picture = PILImage.open(io.BytesIO(base64.b64decode(came["png"])))
    assert picture.mode == "1"
    assert np.array_equal(np.asarray(picture), np.array(list(came["now"]), int).reshape(50, 70).astype(bool))


def test_every_module_is_asked_for_at_once() -> None:
    """What a module imports is known to a browser only when it has come; so the page names all of them."""
    wanted, waiting = set(), ["main.js"]
    while waiting:
        text = (PAGE / "js" / waiting.pop()).read_text()
        fresh = set(re.findall(r'^import .*?"\./([\w-]+\.js)";', text, re.MULTILINE)) - wanted
        wanted |= fresh
        waiting += fresh
    named = re.findall(r'modulepreload" href="/static/js/([\w-]+\.js)"', (PAGE / "index.html").read_text())
    assert sorted(named) == sorted(wanted)
