"""A task that is new on the server is on the page, with its form, and can be run."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PILImage

import selfmend.jobs.dispatcher
from browser import toy
from browser.conftest import Served
from browser.hands import download, go_to, jobs, open_picture, until, write
from browser.serving import another_server
from selfmend.tasks import TASKS


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with the task among its own."""
    from selfmend.jobs.runner import Runner

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(TASKS, toy.TINT.name, toy.TINT)
        patch.setattr(selfmend.jobs.dispatcher, "serve", toy.serve)
        runner = Runner(tmp_path_factory.mktemp("server"))
        runner.start()
        with another_server(runner) as address:
            yield Served(address, runner)
        runner.stop()


def test_tabs_are_the_servers_in_its_order(page) -> None:
    tabs = page.locator("#tabs [role=tab]").all_text_contents()
    wanted = [task.group or task.label for task in TASKS.values() if task is not toy.TINT]
    assert tabs == [*dict.fromkeys(wanted), "Flat tint", "Many photos"]
    for group in {task.group for task in TASKS.values() if task.group}:
        page.get_by_role("tab", name=group, exact=True).click()
        inside = page.locator("#groups [role=tab]:visible").all_text_contents()
        assert inside == [task.label for task in TASKS.values() if task.group == group]
        assert page.get_by_role("tabpanel", name=inside[0]).is_visible()
    page.focus("#tab-fill")
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    assert page.locator("#tab-flat-tint").get_attribute("aria-selected") == "true"
    assert page.get_by_role("tabpanel", name="Flat tint").is_visible()


def test_form_says_what_the_server_says(page) -> None:
    go_to(page, "flat-tint")
    panel = page.locator("#panel-flat-tint")
    assert panel.get_by_text("Make all of a picture equally bright.").is_visible()
    labels = [text.strip() for text in panel.locator(".field:visible .field-label").all_text_contents()]
    assert labels == ["Reference", "Level levels", "Passes", "Share", "Edge", "Linear", "Paper"]
    level = panel.get_by_label("Level")
    assert [level.get_attribute(name) for name in ("min", "max", "step")] == ["0", "200", "1"]  # 255 is no job's
    assert level.input_value() == "40"
    about = page.locator(f"#{level.get_attribute('aria-describedby')}")
    assert about.text_content() == "How bright the result is."
    passes = panel.get_by_label("Passes")
    assert (passes.input_value(), passes.get_attribute("min"), passes.get_attribute("max")) == ("", "1", None)
    assert panel.get_by_text("How often; empty: once.").is_visible()
    assert panel.get_by_label("Share").input_value() == "0.25"
    assert panel.get_by_label("Edge").locator("option").all_text_contents() == ["mirror", "zero"]
    assert panel.get_by_label("Linear").is_checked()


def test_it_is_done_as_the_form_says(page, png) -> None:
    go_to(page, "flat-tint")
    button = page.locator("#panel-flat-tint").get_by_role("button", name="Flat tint")
    button.click()
    page.locator("#notice").get_by_text("Open a picture first.").wait_for()
    open_picture(page, png)
    write(page.get_by_label("Level"), "77")
    page.get_by_label("Edge").select_option("zero")
    page.get_by_label("Linear").uncheck()
    button.click()
    until(page, "!document.getElementById('viewer').hidden && window.selfmend.looking?.index === 0")
    settings = jobs(page)[0]["settings"]
    assert settings == {
        "level": 77, "passes": None, "share": 0.25, "edge": "zero", "linear": False, "paper_name": None, "options": {},
    }  # fmt: skip
    assert page.get_by_text("Flat tint ·").is_visible()
    _, data = download(page)
    assert np.asarray(PILImage.open(io.BytesIO(data))).max() == 77


def test_what_does_not_fit_is_one_line(page, png) -> None:
    open_picture(page, png)
    go_to(page, "flat-tint")
    write(page.get_by_label("Level"), "201")
    page.keyboard.press("Tab")
    page.locator("#panel-flat-tint").get_by_role("button", name="Flat tint").click()
    page.get_by_text("option level is 201; 0 to 200 fits").wait_for()
    page.wrong.clear()  # a browser writes every refusal to its console


@pytest.mark.parametrize("width", [360, 768])
def test_all_tabs_can_be_reached_where_it_is_narrow(new_page, width) -> None:
    page: Any = new_page(viewport={"width": width, "height": 700})
    go_to(page, "flat-tint")
    box = page.locator("#tab-flat-tint").bounding_box()
    assert box["x"] + box["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator("#panel-flat-tint").get_by_role("button", name="Flat tint").is_visible()


def test_the_first_tab_does_not_move_when_the_others_come(browser, served: Served) -> None:
    page = browser.new_context().new_page()
    held: list[Any] = []
    page.route("**/api/tasks", lambda route: held.append(route))
    page.goto(served.address)
    until(page, "document.getElementById('hole-words') !== null")
    before = [page.locator(name).bounding_box() for name in ("#tab-fill", "#mend")]
    assert page.get_by_text("Open a picture first.").is_visible()
    assert page.get_by_role("tab").count() == 1
    page.wait_for_timeout(200)
    held[0].continue_()
    page.wait_for_selector("body[data-ready]")
    assert [page.locator(name).bounding_box() for name in ("#tab-fill", "#mend")] == before
    page.context.close()


def test_no_task_is_written_by_hand_in_the_page() -> None:
    """But for what three of them have beside their form."""
    page = (Path(selfmend.__file__).parent / "server" / "page" / "index.html").read_text()
    assert page.count('role="tab"') == page.count('role="tabpanel"') == 1
