"""Paint, filled, paint again: what a person does on a result, takes back, compares and copies, and other photos."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PILImage

from browser.hands import BROWSER, download, draw, go_to, jobs, marked, open_picture, pixels, shown, spot, until

CHILD = "window.selfmend.document.parent !== null"


@pytest.fixture
def quick(new_page: Callable[..., Any], served: Any) -> Any:
    """The page without the better fill."""
    plain = {"origin": served.address, "localStorage": [{"name": "better", "value": "no"}]}
    state = {"cookies": [], "origins": [plain]}
    return new_page(permissions=["clipboard-read", "clipboard-write"], storage_state=state)


@pytest.fixture
def filled(quick: Any, png: Path) -> Any:
    """The page with a fill on its stage."""
    open_picture(quick, png)
    draw(quick, (0.2, 0.3), (0.3, 0.35))
    quick.click("#mend")
    shown(quick)
    return quick


def test_brushing_on_the_result_goes_on_from_it(filled, png) -> None:
    first = pixels(download(filled)[1])
    draw(filled, (0.7, 0.6), (0.8, 0.65))
    until(filled, CHILD)
    mark = marked(filled)
    assert mark > 50
    assert np.array_equal(pixels(download(filled)[1]), first)  # the download is there, of the first fill
    filled.click("#mend")
    shown(filled)
    name, data = download(filled)
    assert name == "cat-mended.png"  # not mended-mended
    both = pixels(data)
    before = pixels(png.read_bytes())
    for x, y in ((0.25, 0.325), (0.75, 0.625)):
        row, column = int(y * 150), int(x * 224)
        part = slice(row - 3, row + 4), slice(column - 3, column + 4)
        assert not np.array_equal(both[part], before[part])
    assert np.array_equal(both[:60, :80], first[:60, :80])


def test_one_history_of_strokes_and_fills(filled) -> None:
    first = marked(filled)
    draw(filled, (0.7, 0.6), (0.8, 0.65))
    second = marked(filled)
    filled.keyboard.press("Control+z")  # the stroke
    assert marked(filled) == 0
    filled.keyboard.press("Control+z")  # the fill
    until(filled, f"!({CHILD})")
    assert marked(filled) == first
    assert filled.evaluate("window.selfmend.looking") is None
    filled.keyboard.press("Control+z")  # the stroke before it
    assert marked(filled) == 0
    for wanted in (first, 0, second):
        filled.keyboard.press("Control+Shift+z")
        until(filled, f"window.selfmend.document.mask.count === {wanted}")
    assert filled.evaluate(CHILD)
    assert filled.locator("#redo").is_disabled()


def test_undo_takes_a_fill_back_that_is_looked_at(filled) -> None:
    first = marked(filled)
    filled.keyboard.press("Control+z")
    assert filled.evaluate("[window.selfmend.looking, window.selfmend.view.over]") == [None, None]
    assert marked(filled) == first
    filled.keyboard.press("Control+Shift+z")
    shown(filled)


def test_slider_moves_only_at_its_handle(filled) -> None:
    filled.keyboard.press("c")
    assert filled.evaluate("window.selfmend.view.cut") == 0.5
    x, y = spot(filled, 0.5, 0.5)
    filled.mouse.move(x, y)
    filled.mouse.down()
    filled.mouse.move(*spot(filled, 0.3, 0.5), steps=4)
    filled.mouse.up()
    assert abs(filled.evaluate("window.selfmend.view.cut") - 0.3) < 0.02
    assert not filled.evaluate(CHILD)
    draw(filled, (0.7, 0.2), (0.8, 0.25))
    assert filled.evaluate(CHILD)
    assert filled.evaluate("window.selfmend.view.cut") == 0


def test_original_is_shown_while_a_key_or_button_is_held(filled) -> None:
    held = "window.selfmend.view.holding"
    filled.keyboard.down("o")
    assert filled.evaluate(held)
    filled.keyboard.up("o")
    assert not filled.evaluate(held)
    filled.hover("#hold")
    filled.mouse.down()
    assert filled.evaluate(held)
    filled.mouse.up()
    assert not filled.evaluate(held)


def test_copy_and_mask_and_again(filled, tmp_path) -> None:
    filled.keyboard.press("Control+c")
    filled.get_by_text("Copied: paste it").wait_for()
    kinds = filled.evaluate("navigator.clipboard.read().then(items => items.map(item => item.types))")
    assert kinds == ([] if BROWSER == "firefox" else [["image/png"]])  # without a screen, it holds words alone
    filled.click("#mask-menu-button")
    name, mask = download(filled, "#save-mask")
    assert name == "cat-mask.png"
    assert np.asarray(PILImage.open(io.BytesIO(mask))).sum() == marked(filled)
    draw(filled, (0.7, 0.6), (0.8, 0.65))  # undone: what was filled last is filled again
    filled.keyboard.press("Control+z")
    filled.keyboard.press("r")
    until(filled, "window.selfmend.shownJobs().length === 2")
    shown(filled)
    (second, first) = jobs(filled)[:2]
    assert second["settings"]["seed"] != first["settings"]["seed"]
    assert not filled.evaluate(CHILD)


def test_pressed_twice_is_one_job(quick, png) -> None:
    open_picture(quick, png)
    draw(quick, (0.2, 0.3), (0.3, 0.35))
    before = len(jobs(quick))
    quick.evaluate("window.selfmend.panel.press().then(() => window.selfmend.panel.press())")  # while it is filled
    shown(quick)
    assert len(jobs(quick)) == before + 1
    quick.keyboard.press("Control+z")
    quick.click("#mend")
    for key in ("Enter", " ", "Enter"):
        quick.keyboard.press(key)
    shown(quick)
    quick.keyboard.press("Enter")
    quick.get_by_text("This is filled.").wait_for()
    assert len(jobs(quick)) == before + 2


def test_mend_when_the_brush_is_lifted(quick, png) -> None:
    open_picture(quick, png)
    quick.get_by_label("Mend when the brush is lifted").check()
    draw(quick, (0.2, 0.3), (0.3, 0.35))
    draw(quick, (0.7, 0.6), (0.8, 0.65))  # at once, while the first is filled
    until(quick, f"{CHILD} && window.selfmend.view.over !== null", None)
    assert quick.evaluate("window.selfmend.shownJobs().length") == 2


@pytest.mark.parametrize("moment", ["while it is sent", "while it is fetched", "as it arrives"])
def test_a_stroke_is_mended_after_the_fill_that_it_came_during(quick, png, moment) -> None:
    open_picture(quick, png)
    quick.get_by_label("Mend when the brush is lifted").check()
    slow = {"while it is sent": "POST", "while it is fetched": "/results/"}.get(moment)
    if slow:
        quick.evaluate(
            """slow => {
              const fetched = window.fetch;
              window.fetch = async (...asked) => {
                const request = new Request(...asked);
                if (request.method === slow || request.url.includes(slow)) {
                  await new Promise((done) => setTimeout(done, 1500));
                }
                return fetched(request);
              };
            }""",
            slow,
        )
    draw(quick, (0.2, 0.3), (0.3, 0.35))
    quick.mouse.move(*spot(quick, 0.7, 0.6))
    if slow == "/results/":
        until(quick, "window.selfmend.shownJobs().some((job) => job.state === 'done')")
    quick.mouse.down()
    if not slow:
        until(quick, "window.selfmend.shownJobs().some((job) => job.state === 'done')")
        quick.wait_for_timeout(300)
    quick.mouse.move(*spot(quick, 0.8, 0.65), steps=5)
    quick.mouse.up()
    until(quick, f"{CHILD} && window.selfmend.view.over !== null")
    assert quick.evaluate("window.selfmend.shownJobs().length") == 2


def test_straight_line_and_size_by_wheel(quick, png) -> None:
    open_picture(quick, png)
    quick.mouse.click(*spot(quick, 0.1, 0.5))
    dot = marked(quick)
    quick.keyboard.down("Shift")
    quick.mouse.click(*spot(quick, 0.9, 0.5))
    quick.keyboard.up("Shift")
    assert marked(quick) > 5 * dot
    size = quick.evaluate("window.selfmend.size")
    scale = quick.evaluate("window.selfmend.view.scale")
    quick.keyboard.down("Alt")
    quick.mouse.wheel(0, -100)
    quick.keyboard.up("Alt")
    until(quick, f"window.selfmend.size > {size}")
    assert quick.evaluate("window.selfmend.view.scale") == scale


def test_brackets_by_altgr(quick, png) -> None:
    open_picture(quick, png)
    size = quick.evaluate("window.selfmend.size")
    quick.evaluate(  # as Windows tells AltGr and 9 of a German keyboard
        "document.body.dispatchEvent(new KeyboardEvent('keydown',"
        " { key: ']', code: 'Digit9', ctrlKey: true, altKey: true, modifierAltGraph: true, bubbles: true }))"
    )
    assert quick.evaluate("window.selfmend.size") > size


def test_tool_size_and_method_are_remembered(quick, png) -> None:
    open_picture(quick, png)
    quick.keyboard.press("l")
    quick.keyboard.press("]")
    size = quick.evaluate("window.selfmend.size")
    quick.get_by_text("Options", exact=True).first.click()
    quick.locator("#panel-fill").get_by_label("Method").first.select_option("telea")
    quick.reload()
    quick.wait_for_selector("body[data-ready]")
    assert quick.locator("#tool-lasso").get_attribute("aria-pressed") == "true"
    assert quick.evaluate("window.selfmend.size") == size
    assert quick.evaluate("window.selfmend.panels.fill.method.name") == "telea"


def test_other_photo_is_asked_for_and_the_first_comes_back(filled, photo) -> None:
    mark = marked(filled)
    filled.set_input_files("#file", str(photo))
    filled.get_by_role("button", name="Stay here").click()
    assert filled.title().startswith("cat.png")
    filled.set_input_files("#file", str(photo))
    filled.get_by_role("button", name="Open the other").click()
    until(filled, "document.title.startsWith('cat.jpg')")
    assert filled.locator("#cards .thumb[data-job]").count() == 0
    filled.click("#recent")
    filled.locator("#recent-menu").get_by_role("button", name="cat.png").click()
    until(filled, "document.title.startsWith('cat.png')")
    assert marked(filled) == mark
    filled.locator("#cards .thumb[data-job]").click()
    shown(filled)


def drop(page: Any, *files: Path) -> None:
    """Files dropped onto the page together."""
    page.evaluate(
        """files => {
          const moved = new DataTransfer();
          for (const [name, bytes] of files) {
            moved.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
          }
          window.dispatchEvent(new DragEvent("drop", { dataTransfer: moved, cancelable: true }));
        }""",
        [[file.name, list(file.read_bytes())] for file in files],
    )


def test_photo_and_mask_dropped_together(quick, png, tmp_path) -> None:
    mask = PILImage.new("L", (224, 150))
    mask.paste(255, (20, 30, 60, 50))
    mask.save(tmp_path / "cat-mask.png")
    drop(quick, tmp_path / "cat-mask.png", png)
    until(quick, "window.selfmend.document?.mask.count > 0")
    assert marked(quick) == 40 * 20
    assert quick.title().startswith("cat.png")


def test_too_large_is_said_before_one_draws(quick, png) -> None:
    quick.evaluate("window.selfmend.limits = { max_bytes: 1e7, max_pixels: 20000 }")
    quick.set_input_files("#file", str(png))
    quick.get_by_text("this server takes at most 0 million").wait_for()
    assert quick.evaluate("window.selfmend.document") is None


@pytest.mark.parametrize("kind", ["tiff", "sixteen", "heic"])
def test_what_no_browser_shows_is_shown_and_mended(quick, cat, tmp_path, kind) -> None:
    path = tmp_path / ("scan.heic" if kind == "heic" else "scan.tif")
    if kind == "heic":
        pytest.importorskip("pillow_heif").register_heif_opener()
        cat.save(path, "HEIF")
    elif kind == "tiff":
        cat.save(path)
    else:
        import cv2

        cv2.imwrite(str(path), np.asarray(cat)[..., ::-1].astype(np.uint16) * 257)
    open_picture(quick, path)
    draw(quick, (0.2, 0.3), (0.3, 0.35))
    quick.click("#mend")
    shown(quick)
    assert download(quick)[0] == f"scan-mended{path.suffix}"
    quick.wrong.clear()  # nothing but what the browser says of the format


def test_nothing_jumps_when_the_result_comes(quick, png) -> None:
    open_picture(quick, png)
    draw(quick, (0.2, 0.3), (0.3, 0.35))
    before = quick.locator("#canvas").bounding_box()
    quick.click("#mend")
    shown(quick)
    draw(quick, (0.7, 0.6), (0.8, 0.65))
    assert quick.locator("#canvas").bounding_box() == before


def test_notice_goes_when_it_is_over(quick, png) -> None:
    open_picture(quick, png)
    quick.keyboard.press("Enter")
    quick.get_by_text("Nothing is marked yet").wait_for()
    draw(quick, (0.2, 0.3), (0.3, 0.35))
    assert quick.locator("#notice").is_hidden()


def test_better_fill_can_be_cancelled_after_going_on(page, png) -> None:
    open_picture(page, png)
    page.get_by_text("The better fill", exact=True).click()
    page.locator("#panel-fill details").last.get_by_label("Preset").select_option("default")
    draw(page, (0.3, 0.4), (0.5, 0.45))
    page.click("#mend")
    shown(page)
    draw(page, (0.7, 0.6), (0.8, 0.65))
    until(page, CHILD)
    page.get_by_role("button", name="Cancel Learned patches").click()
    page.get_by_text("Cancelled", exact=True).wait_for()


def test_no_words_of_the_command_line(quick) -> None:
    text = quick.evaluate("document.documentElement.outerHTML")
    assert [word for word in ("--", "selfmend serve", "selfmend inpaint", "command line") if word in text] == []
    words = quick.locator("main").locator("option, button, small, .hint, .field-label, summary").all_text_contents()
    assert len(words) > 200
    assert [
        text for text in words if re.search(r"[a-z]_[a-z]|patchmatch|wasserstein\b(?!')|`|\bauto\b(?!')", text)
    ] == []


def test_methods_by_use_and_what_auto_chose(filled) -> None:
    filled.get_by_text("Options", exact=True).first.click()
    source = filled.locator("#panel-fill").get_by_label("Method").first
    names = source.locator("option").all_text_contents()
    assert names[0] == "Automatic · anything · a second"
    more = source.locator("optgroup[label=More] option").all_text_contents()
    assert any(name.startswith("SinGAN") for name in more)
    assert not any(name.startswith(("Smooth (Telea)", "Patches")) for name in more)
    choices = jobs(filled)[0]["choices"]
    assert sum(one["share"] for one in choices) == pytest.approx(1)
    assert {one["by"] for one in choices} <= {"thin plate", "patchmatch:blended"}
    why = filled.locator("#result-why").inner_text()
    assert re.match(r"\d+(\.\d)? % by (Smooth|Patches, blended): ", why)


def test_what_takes_hours_is_asked_for_first(quick, png) -> None:
    open_picture(quick, png)
    before = len(jobs(quick))
    go_to(quick, "train")
    panel = quick.locator("#panel-train")
    panel.get_by_label("Method").select_option("singan")
    panel.get_by_label("Preset").select_option("paper")
    panel.get_by_role("button", name="Learn this picture").click()
    quick.get_by_role("dialog").get_by_text("This takes hours").wait_for()
    quick.get_by_role("button", name="Not now").click()
    assert len(jobs(quick)) == before
