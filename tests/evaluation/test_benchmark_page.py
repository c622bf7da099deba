"""The page of a benchmark: well formed, with everything in it, and nothing of a user's in it unescaped."""

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

from bench_photos import ODD_NAME, draw_photos
from selfmend.evaluation.benchmark import run_benchmark
from selfmend.evaluation.benchmark_report import page

VOID = {"meta", "img", "br", "input", "link", "hr"}


class Reader(HTMLParser):
    """The elements of a page, in order; refuses what is not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[int, str] = {}
        self._open: list[tuple[str, int]] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.elements.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs)
        if tag not in VOID:
            self._open.append((tag, len(self.elements) - 1))

    def handle_endtag(self, tag) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop()[0] == tag

    def handle_data(self, data) -> None:
        if self._open:
            place = self._open[-1][1]
            self.texts[place] = self.texts.get(place, "") + data

    def close(self) -> None:
        super().close()
        assert not self._open

    def of(self, tag):
        return [(attrs, self.texts.get(k, "")) for k, (name, attrs) in enumerate(self.elements) if name == tag]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    made = draw_photos(folder / "made <i>")
    for kind in ("block", "thin"):
        shutil.copy(made / "a.png", made / f"{kind}_a.png")
    shutil.copy(made / "a.png", made / f"block_{ODD_NAME}.png")
    result = run_benchmark(
        [draw_photos(folder / "photos")], folder / "out", external=[f"<u>x={made}"], methods=[],
        commands=["copy=cp {image} {output}"], holes=["block", "thin"], metrics=["psnr", "ssim"],
        command_line="selfmend bench '</script><script>'",
    )  # fmt: skip
    text = (folder / "out" / "index.html").read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(text)
    reader.close()
    return result, text, reader


def test_nothing_is_asked_of_a_network(finished) -> None:
    _, text, reader = finished
    for tag, attrs in reader.elements:
        assert tag not in {"link", "iframe", "object", "base", "form"}
        assert "href" not in attrs
        assert (attrs.get("src") or "data:").startswith("data:")
        assert not any(name.startswith("on") or name == "style" for name in attrs)
    assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttp|innerHTML|outerHTML|insertAdjacent|eval\(", text)
    (policy,) = [attrs["content"] for attrs, _ in reader.of("meta") if "http-equiv" in attrs]
    assert policy.startswith("default-src 'none'; img-src data:;")


def test_names_of_users_stay_text(finished) -> None:
    _, text, reader = finished
    assert not {tag for tag, _ in reader.elements} & {"b", "u"}
    assert len(reader.of("script")) == 2
    titles = [title for _, title in reader.of("h3")]
    assert f"block_{ODD_NAME} " in titles
    assert any("'</script><script>'" in paragraph for _, paragraph in reader.of("p"))
    assert {attrs.get("data-name") for attrs, _ in reader.of("button")} >= {"<u>x", "copy"}
    assert "<b>" not in text


def test_the_table_has_a_row_a_kind_and_method(finished) -> None:
    result, _, reader = finished
    rows = [attrs["data-kind"] for attrs, _ in reader.of("tr") if "data-kind" in attrs]
    assert rows == [kind for kind in ("all", "block", "thin") for _ in range(2)]
    headings = [text for attrs, text in reader.of("button") if not attrs.get("data-name")]
    assert headings == ["holes", "method", *result.tables[0].shared]
    assert all(attrs["scope"] == "col" for attrs, _ in reader.of("th"))
    cells = [attrs["data-value"] for attrs, _ in reader.of("td")]
    assert len(cells) == len(rows) * len(headings)
    psnr = result.tables[0].rows["<u>x"]["psnr"].mean
    assert cells[headings.index("psnr")] == repr(psnr)
    assert cells[headings.index("seconds")] == ""  # pictures that were there have no time
    assert [attrs["value"] for attrs, _ in reader.of("option")] == ["all", "block", "thin", "*"]


def test_every_case_has_its_pictures(finished) -> None:
    result, _, reader = finished
    pictures = [attrs for attrs, _ in reader.of("img")]
    assert len(pictures) == 4 * 4 - 1  # one is missing
    assert [attrs["alt"] for attrs in pictures[:4]] == ["truth", "damaged", "result of <u>x", "result of copy"]
    assert any("<u>x: missing" in text for _, text in reader.of("figcaption"))
    assert any(f"thin_{ODD_NAME}: " in text and "no picture of this name" in text for _, text in reader.of("li"))
    head, _, data = pictures[0]["src"].partition(",")
    assert head == "data:image/webp;base64"
    shown = np.asarray(PILImage.open(io.BytesIO(base64.b64decode(data))).convert("RGB")).astype(int)
    truth = np.asarray(PILImage.open(result.folder.truth(result.cases[0].name))).astype(int)
    assert shown.shape == truth.shape
    assert np.abs(shown - truth).mean() < 6
    assert (pictures[0]["width"], pictures[0]["height"]) == ("64", "48")
    first = [attrs["data-name"] for attrs, _ in reader.of("button") if attrs.get("data-first") == "true"]
    assert first == ["<u>x"] * 3


def test_the_numbers_are_there_for_programs(finished) -> None:
    result, _, reader = finished
    ((attrs, data),) = [(a, t) for a, t in reader.of("script") if a.get("type") == "application/json"]
    assert attrs["id"] == "data"
    read = json.loads(data)
    assert read["scores"]["copy"] == result.scores["copy"]
    assert [case["case"] for case in read["cases"]] == [case.name for case in result.cases]
    assert read["command"] == "selfmend bench '</script><script>'"
    result.scores["copy"]["block_a"]["psnr"] = float("nan")
    try:
        again = page(result, [])
    finally:
        result.scores["copy"]["block_a"]["psnr"] = 0.0
    found = re.search(r'id="data">(.*?)</script>', again)
    assert found is not None
    assert json.loads(found[1])["scores"]["copy"]["block_a"]["psnr"] is None


def test_the_script_sorts_chooses_and_slides() -> None:
    script = files("selfmend.evaluation") / "page" / "page.js"
    assert "</" not in script.read_text(encoding="utf-8")
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node, to run the script of the page")
    fake = Path(__file__).parent / "fake_page.js"
    done = subprocess.run([node, fake, str(script)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["first"] == ["all b 3", "all a 20"]
    assert told["all"] == ["all b 3", "all a 20", "thin b ", "thin a 1"]
    assert told["up"] == ["thin a 1", "all b 3", "all a 20", "thin b "]  # numbers by value, none at the end
    assert told["upState"] == [None, None, "ascending"]
    assert told["down"] == ["all a 20", "all b 3", "thin a 1", "thin b "]
    assert told["downState"] == "descending"
    assert [row.split()[1] for row in told["names"]] == ["a", "a", "b", "b"]
    assert told["namesState"] == [None, "ascending", None]
    assert told["slider"] == ["truth", "y", "y", "truth against y"]
    assert told["chosen"] == ["truth", "x", "x", "truth against x"]
    assert (told["pressed"], told["cut"]) == (["true", "false"], "80%")
