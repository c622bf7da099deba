"""The study's page in a real browser: pictures for a second, an answer, and the next."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from PIL import Image as PILImage

from selfmend.evaluation.study import Study, pair_fakes
from selfmend.server.security import Access
from selfmend.server.serving import listen
from selfmend.server.study import create_study_app

RED = """(k) => {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  context.drawImage(document.images[k], 0, 0, 1, 1);
  return context.getImageData(0, 0, 1, 1).data[0];
}"""
"""Of the k-th picture, as it is shown."""


@pytest.fixture
def study(tmp_path: Path) -> Study:
    for folder, colour in (("real", (200, 0, 0)), ("fake", (0, 200, 0))):
        (tmp_path / folder).mkdir()
        for k in range(3):
            PILImage.new("RGB", (64, 48), colour).save(tmp_path / folder / f"{k}.png")
    return Study(tmp_path / "study.sqlite", pair_fakes(tmp_path / "real", tmp_path / "fake"))


@pytest.fixture
def address(study: Study) -> Iterator[str]:
    access = Access(port=0)
    listening = listen(access)
    server = uvicorn.Server(uvicorn.Config(create_study_app(study, access=access), log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    server.should_exit = True
    thread.join()


def test_a_part_from_beginning_to_end(browser: Any, address: str, study: Study) -> None:
    page = browser.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(address)
    page.wait_for_selector("body[data-ready]")
    page.click("#begin")
    for number in range(1, 6):  # three pairs and two catch trials
        page.wait_for_selector(f"#count:has-text('{number} of 5')")
        page.wait_for_selector("#pictures img", state="attached")
        assert page.locator("#question").is_hidden()  # no answer while they are looked at
        assert page.locator("#pictures img").count() == 2
        left, right = (page.evaluate(RED, k) for k in (0, 1))
        page.wait_for_selector("#question:not([hidden])")
        assert page.locator("#pictures img").count() == 0
        fake = "first" if left < right else "second"
        if number % 2:
            page.click(f"#{fake}")
        else:
            page.keyboard.press("ArrowLeft" if fake == "first" else "ArrowRight")
    page.wait_for_selector("#end:not([hidden])")
    page.close()
    assert wrong == []
    (result,) = study.results()
    assert (result.people, result.answers, result.confusion) == (1, 3, 0)
    shown = [row[0] for row in sqlite3.connect(study.path).execute("SELECT shown FROM trials")]
    assert all(1000 <= one < 1600 for one in shown), shown
