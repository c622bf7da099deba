"""How the page looks and what it weighs: contrast, labels, widths, bytes, and the time until something is seen."""

import re
from importlib.resources import files

import pytest

from browser.hands import better, draw, go_to, made_dark, open_picture, shown
from selfmend.tasks import TASKS

PAGE = files("selfmend.server") / "page"
UNNAMED = """() => [...document.querySelectorAll("button, a, input, select, canvas[tabindex], video, [role=tabpanel]")]
  .filter((one) => !one.hidden && !one.getAttribute("aria-label") && !one.getAttribute("aria-labelledby")
    && !one.textContent.trim() && !(one.labels && one.labels.length)).map((one) => one.outerHTML)"""
CONTRASTS = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const part = (v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const ground = (one) => {
    const colour = numbers(getComputedStyle(one).backgroundColor);
    return colour.length > 3 && colour[3] === 0 ? ground(one.parentElement) : colour;
  };
  const found = [];
  for (const one of document.querySelectorAll("body *")) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (own && one.checkVisibility() && !one.matches(":disabled, option, .unseen, noscript")) {
      const [a, b] = [light(numbers(getComputedStyle(one).color)), light(ground(one))];
      found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), one.textContent.trim().slice(0, 40)]);
    }
  }
  return found;
}"""


def test_page_weighs_less_than_260_kb_and_another_language_100_kb() -> None:
    files = [file for folder in (PAGE, PAGE / "js") for file in folder.iterdir() if file.is_file()]
    words = [len(file.read_bytes()) for file in files if file.name.startswith("translations")]
    assert len(files) > 15
    assert sum(len(file.read_bytes()) for file in files) - sum(words) < 260_000
    assert sum(words) < 100_000


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=made_dark)])
def test_contrast_and_names(new_page, png, scheme) -> None:
    page = new_page(color_scheme=scheme)
    open_picture(page, png)
    better(page, False)
    page.get_by_text("Options", exact=True).first.click()
    page.locator("#panel-fill").get_by_text("Advanced", exact=True).click()
    draw(page, (0.3, 0.4), (0.5, 0.45))
    page.click("#mend")
    shown(page)
    page.wait_for_timeout(300)
    for tab in TASKS:
        go_to(page, tab)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        low = [(round(value, 2), text) for value, text in page.evaluate(CONTRASTS) if value < 4.5]
        assert low == [], tab
    assert page.evaluate(UNNAMED) == []
    grounds = page.evaluate("getComputedStyle(document.body).backgroundColor")
    light = sum(map(int, re.findall(r"\d+", grounds))) / 3
    assert light > 200 if scheme == "light" else light < 60


@pytest.mark.parametrize("width", [360, 768, 1200, 1920])
def test_nothing_sticks_out(new_page, png, width) -> None:
    page = new_page(viewport={"width": width, "height": 760})
    open_picture(page, png)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    for name in ("#mend", "#tool-brush", "#mask-menu-button", "#open", "#help"):
        box = page.locator(name).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width, name
        assert box["y"] + box["height"] <= 760, name
    assert page.locator("#canvas").bounding_box()["height"] > 250


def test_focus_can_be_seen(page) -> None:
    page.keyboard.press("Tab")
    for _ in range(4):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_ring_around_the_picture_is_for_keys(page, png) -> None:
    open_picture(page, png)
    ring = "getComputedStyle(document.getElementById('canvas')).outlineStyle"
    draw(page, (0.3, 0.4), (0.5, 0.45))
    assert page.evaluate(ring) == "none"
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(ring) == "solid"


def test_tabs_by_arrow_keys_and_help(page) -> None:
    page.focus("#tab-fill")
    page.keyboard.press("ArrowRight")
    assert page.locator("#tab-find").get_attribute("aria-selected") == "true"
    assert page.locator("#panel-find").is_visible()
    assert page.locator("#panel-fill").is_hidden()
    page.keyboard.press("?")
    assert page.get_by_role("dialog").get_by_text("Undo", exact=True).is_visible()
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0


def test_first_paint_comes_within_a_second(page) -> None:
    paints = page.evaluate("performance.getEntriesByType('paint').map((e) => [e.name, e.startTime])")
    times = dict(paints)
    assert times["first-contentful-paint"] < 1000
