"""The page that `selfmend bench` writes: a file that is opened from disk, with no server behind it."""

from pathlib import Path
from typing import Any

import pytest

from bench_photos import draw_photos
from selfmend.cli import app
from selfmend.cli.common import run_command


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bench")
    photos = draw_photos(folder / "photos")
    arguments = ["--holes", "thin,block", "--methods", "telea,biharmonic", "-o", str(folder / "report"), "--quiet"]
    assert run_command(app, ["bench", str(photos), *arguments]) == 0
    return folder / "report" / "index.html"


@pytest.fixture
def opened(browser: Any, report: Path) -> Any:
    wrong: list[str] = []
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda asked: None if asked.url == report.as_uri() else wrong.append(asked.url))
    page.goto(report.as_uri())
    yield page
    page.close()
    assert wrong == []  # whole in one file, and nothing goes wrong in it


def shown_methods(page: Any) -> list[str]:
    rows = page.locator("table").first.locator("tbody tr:visible")
    return [rows.nth(k).locator("td, th").nth(1).inner_text() for k in range(rows.count())]


def test_a_heading_sorts_its_column_and_kinds_are_chosen(opened: Any) -> None:
    assert len(shown_methods(opened)) == 2
    heading = opened.locator("table").first.locator("thead th", has_text="seconds").first.locator("button")
    heading.click()
    first = shown_methods(opened)
    heading.click()
    assert shown_methods(opened) == first[::-1]
    opened.get_by_label("Holes").select_option(index=1)
    assert len(shown_methods(opened)) == 2
    kinds = opened.locator("table").first.locator("tbody tr:visible").first.locator("td, th").first.inner_text()
    assert kinds in ("thin", "block")


def test_the_slider_lays_a_result_over_the_truth(opened: Any) -> None:
    assert opened.locator("input[type=range]").count() == 4  # a case each
    slider = opened.locator("input[type=range]").first
    slider.scroll_into_view_if_needed()
    before = opened.screenshot()
    slider.focus()
    for _ in range(30):
        slider.press("ArrowLeft")
    assert opened.screenshot() != before


def test_a_phone_needs_no_sideways_scrolling(opened: Any) -> None:
    opened.set_viewport_size({"width": 390, "height": 800})
    assert opened.evaluate("document.documentElement.scrollWidth") <= 390
