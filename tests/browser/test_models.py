"""A picture is learned on the page, and what was learned makes pictures and films."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as PILImage
from PIL import ImageSequence

from browser.hands import download, draw, go_to, jobs, open_picture, shown, until, write


@pytest.fixture(scope="module")
def small(cat: PILImage.Image, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("small") / "whiskers.png"
    cat.resize((96, 64)).save(path)
    return path


@pytest.fixture
def learned(page: Any, served: Any, small: Path) -> Any:
    """The page with the picture open and a model of it: the first test to ask learns it with the page's own button."""
    open_picture(page, small)
    if not served.runner.models():
        go_to(page, "train")
        panel = page.locator("#panel-train")
        panel.get_by_label("Name").fill("kitten")
        panel.get_by_label("Preset").select_option("tiny")
        panel.get_by_role("button", name="Learn this picture").click()
        page.get_by_text("The picture is learned").wait_for()
        panel.get_by_text("kitten").wait_for()
    return page


def viewed(page: Any) -> None:
    """Wait until a result stands on the stage by itself."""
    until(page, "!document.getElementById('viewer').hidden && window.selfmend.looking?.index === 0")


def test_samples_of_another_size(learned) -> None:
    go_to(learned, "sample")
    panel = learned.locator("#panel-sample")
    panel.get_by_label("Method").select_option("model kitten")
    assert panel.get_by_label("Height").get_attribute("placeholder") == "64"
    write(panel.get_by_label("Width"), "120")
    write(panel.get_by_label("How many"), "2")
    panel.get_by_role("button", name="Make samples").click()
    learned.locator("#viewer .side-by-side button").nth(0).click()
    viewed(learned)
    assert jobs(learned)[0]["settings"]["width"] == 120
    assert learned.locator("#cards .thumb[data-job]").count() == 2
    _, data = download(learned)
    assert PILImage.open(io.BytesIO(data)).size == (120, 64)


def test_another_shape_and_more_pixels_without_a_model(page, small) -> None:
    open_picture(page, small)
    go_to(page, "retarget")
    panel = page.locator("#panel-retarget")
    offered = panel.get_by_label("Method").locator("option").all_text_contents()
    assert offered[0] == "Patch diffusion · samples · seconds"
    assert "Nearest patches · enlarging · seconds" in offered
    write(panel.get_by_label("Width"), "72")
    panel.get_by_role("button", name="Reshape it").click()
    viewed(page)
    assert PILImage.open(io.BytesIO(download(page)[1])).size == (72, 64)
    go_to(page, "super-resolve")
    panel = page.locator("#panel-super-resolve")
    assert panel.get_by_label("Factor").input_value() == "2"
    write(panel.get_by_label("Factor"), "1.5")
    panel.get_by_role("button", name="Enlarge it").click()
    until(page, "window.selfmend.jobs.get(window.selfmend.looking?.id)?.task === 'super-resolve'")
    assert PILImage.open(io.BytesIO(download(page)[1])).size == (144, 96)


def test_painting_on_the_canvas(learned) -> None:
    go_to(learned, "paint")
    panel = learned.locator("#panel-paint")
    learned.locator(".swatch").nth(2).click()
    draw(learned, (0.2, 0.3), (0.7, 0.6))
    painted = "window.selfmend.surface().context.getImageData(0, 0, 96, 64).data.join()"
    after = learned.evaluate(painted)
    learned.keyboard.press("Control+z")
    assert learned.evaluate(painted) != after
    learned.keyboard.press("Control+Shift+z")
    assert learned.evaluate(painted) == after
    panel.get_by_role("button", name="Trace the picture").click()
    panel.get_by_role("button", name="Make it a picture").click()
    viewed(learned)
    assert jobs(learned)[0]["task"] == "paint"


def test_painting_without_a_model(page, small) -> None:
    go_to(page, "paint")
    page.get_by_role("button", name="Make it a picture").click()
    page.get_by_text("Open a picture first: what is painted").wait_for()
    open_picture(page, small)
    page.locator(".swatch").nth(1).click()
    draw(page, (0.2, 0.3), (0.7, 0.6))
    page.get_by_role("button", name="Make it a picture").click()
    viewed(page)
    assert (jobs(page)[0]["task"], jobs(page)[0]["settings"]["model"]) == ("paint", None)
    assert PILImage.open(io.BytesIO(download(page)[1])).size == (96, 64)


def test_harmonise_keeps_what_is_not_marked(learned) -> None:
    go_to(learned, "harmonize")
    button = learned.get_by_role("button", name="Harmonise", exact=True)
    button.click()
    learned.get_by_text("Nothing is marked yet: paint over the part that is meant").wait_for()
    draw(learned, (0.3, 0.4), (0.5, 0.45))
    button.click()
    shown(learned)
    assert jobs(learned)[0]["task"] == "harmonize"


def test_edit_with_a_mask(learned) -> None:
    go_to(learned, "edit")
    draw(learned, (0.3, 0.4), (0.5, 0.45))
    learned.get_by_role("button", name="Mend the edit").click()
    shown(learned)
    assert jobs(learned)[0]["settings"]["masked"] is True


def test_film(learned) -> None:
    go_to(learned, "animate")
    panel = learned.locator("#panel-animate")
    assert panel.get_by_label("Smoothness").input_value() == "0.9"
    write(panel.get_by_label("Frames", exact=True), "4")
    panel.get_by_role("button", name="Make a film").click()
    viewed(learned)
    name, data = download(learned)
    assert name.endswith(".gif")
    film = PILImage.open(io.BytesIO(data))
    shown_for = [frame.info["duration"] for frame in ImageSequence.Iterator(film)]  # a GIF joins frames that are alike
    assert sum(shown_for) == 400


def test_film_that_plays(learned) -> None:
    go_to(learned, "animate")
    panel = learned.locator("#panel-animate")
    write(panel.get_by_label("Frames", exact=True), "4")
    panel.get_by_label("Format").select_option("mp4")
    panel.get_by_role("button", name="Make a film").click()
    viewed(learned)
    until(learned, "document.querySelector('#viewer video').readyState >= 2")
    assert learned.locator("#format option").all_text_contents() == ["MP4"]


def test_fill_with_what_was_learned(learned) -> None:
    learned.get_by_text("Options", exact=True).first.click()
    learned.locator("#panel-fill").get_by_label("Method").first.select_option("model kitten")
    learned.get_by_label("Better fill too").uncheck()
    draw(learned, (0.3, 0.4), (0.5, 0.45))
    learned.click("#mend")
    shown(learned)
    assert jobs(learned)[0]["settings"]["model"] == "kitten"
