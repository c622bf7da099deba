"""A photo is opened, painted on, mended and saved, by mouse, by keys, by touch."""

import io
import json

import numpy as np
from PIL import Image as PILImage

from browser.hands import (
    better,
    download,
    draw,
    go_to,
    jobs,
    marked,
    mask_of,
    open_picture,
    pixels,
    shown,
    spot,
    until,
    with_fingers,
    write,
)


def test_paint_mend_and_download(page, photo, cat) -> None:
    open_picture(page, photo)
    better(page, False)
    draw(page, (0.3, 0.4), (0.5, 0.45), (0.4, 0.5))
    assert marked(page) > 100
    page.click("#mend")
    shown(page)
    name, data = download(page)
    assert name == "cat-mended.jpg"
    saved = PILImage.open(io.BytesIO(data))
    assert saved.format == "JPEG"
    assert saved.getexif()[0x010E] == "a cat"
    before, after = pixels(photo.read_bytes()).astype(int), pixels(data).astype(int)
    assert before.shape == after.shape == (150, 224, 3)  # upright, as it was
    hole = np.zeros(150 * 224, bool)
    hole[mask_of(page)] = True
    hole = hole.reshape(150, 224)
    difference = np.abs(before - after).max(2)
    assert difference[hole].mean() > 3 * difference[~hole].mean()


def test_pixels_outside_the_hole_stay(page, png) -> None:
    open_picture(page, png)
    better(page, False)
    draw(page, (0.6, 0.3), (0.8, 0.35))
    page.keyboard.press("Enter")
    shown(page)
    page.select_option("#format", "png") if page.locator("#format option[value=png]").count() else None
    name, data = download(page)
    assert name == "cat-mended.png"
    hole = np.zeros(150 * 224, bool)
    hole[mask_of(page)] = True
    hole = hole.reshape(150, 224)
    before, after = pixels(png.read_bytes()), pixels(data)
    assert np.array_equal(before[~hole], after[~hole])
    assert not np.array_equal(before[hole], after[hole])
    page.select_option("#format", "jpeg")
    name, data = download(page)
    assert (name, PILImage.open(io.BytesIO(data)).size) == ("cat-mended.jpg", (224, 150))


def test_tools_undo_and_redo(page, png) -> None:
    open_picture(page, png)
    page.keyboard.press("x")
    draw(page, (0.1, 0.1), (0.2, 0.3))
    box = marked(page)
    assert abs(box - 0.1 * 224 * 0.2 * 150) < 60
    page.keyboard.press("l")
    draw(page, (0.5, 0.5), (0.7, 0.5), (0.7, 0.8), (0.5, 0.8))
    lasso = marked(page)
    assert abs(lasso - box - 0.2 * 224 * 0.3 * 150) < 160
    page.keyboard.press("e")
    draw(page, (0.1, 0.2), (0.2, 0.2))
    assert marked(page) < lasso
    page.keyboard.press("Control+z")
    assert marked(page) == lasso
    page.keyboard.press("Control+z")
    assert marked(page) == box
    page.keyboard.press("Control+Shift+z")
    assert marked(page) == lasso
    page.click("#mask-menu-button")
    page.click("#invert")
    assert marked(page) == 224 * 150 - lasso
    page.click("#mask-menu-button")
    page.click("#clear")
    assert marked(page) == 0


def test_mask_file_is_loaded(page, png, tmp_path) -> None:
    mask = PILImage.new("L", (224, 150))
    mask.paste(255, (20, 30, 60, 50))
    mask.save(tmp_path / "mask.png")
    open_picture(page, png)
    page.set_input_files("#mask-file", str(tmp_path / "mask.png"))
    until(page, "window.selfmend.document.mask.count > 0")
    assert marked(page) == 40 * 20
    PILImage.new("L", (100, 100)).save(tmp_path / "square.png")
    page.set_input_files("#mask-file", str(tmp_path / "square.png"))
    page.get_by_text("square.png is 100 x 100 and the picture 224 x 150; a mask of the same shape fits").wait_for()


def test_transparency_is_the_hole(page, cat, tmp_path) -> None:
    cutout = cat.convert("RGBA")
    cutout.paste((0, 0, 0, 0), (100, 60, 130, 80))
    cutout.save(tmp_path / "cutout.png")
    open_picture(page, tmp_path / "cutout.png")
    page.get_by_role("button", name="Fill them").click()
    assert marked(page) == 30 * 20
    better(page, False)
    page.click("#mend")
    shown(page)
    _, data = download(page)
    filled = PILImage.open(io.BytesIO(data))
    assert filled.mode == "RGBA"
    assert np.asarray(filled)[..., 3].min() == 255


def test_going_on_from_a_result_and_back(page, png) -> None:
    open_picture(page, png)
    better(page, False)
    draw(page, (0.3, 0.4), (0.5, 0.45))
    before = marked(page)
    page.click("#mend")
    shown(page)
    draw(page, (0.7, 0.6), (0.8, 0.65))
    until(page, "window.selfmend.document.parent !== null")
    assert 0 < marked(page) < before * 2
    page.get_by_role("button", name="The photo as it came", exact=True).click()
    until(page, "window.selfmend.document.parent === null")
    assert marked(page) == before


def test_keyboard_alone(page, png) -> None:
    open_picture(page, png)
    better(page, False)
    page.focus("#open")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "canvas":
            break
    assert page.evaluate("document.activeElement.id") == "canvas"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("p")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("p")
    assert marked(page) > 50
    page.keyboard.press("Enter")
    shown(page)
    page.keyboard.press("c")
    assert page.evaluate("window.selfmend.view.cut") == 0.5
    page.keyboard.press("Escape")
    assert page.evaluate("window.selfmend.looking") is None


@with_fingers
def test_touch_paints_with_one_finger_and_moves_with_two(new_page, png) -> None:
    page = new_page(viewport={"width": 360, "height": 700}, has_touch=True, is_mobile=True)
    open_picture(page, png)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        fingers = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    touch("touchStart", spot(page, 0.3, 0.5))
    touch("touchMove", spot(page, 0.5, 0.5))
    touch("touchEnd")
    until(page, "window.selfmend.document.mask.count > 0")
    before, scale = marked(page), page.evaluate("window.selfmend.view.scale")
    (ax, ay), (bx, by) = spot(page, 0.4, 0.75), spot(page, 0.6, 0.75)
    touch("touchStart", (ax, ay))
    touch("touchStart", (ax, ay), (bx, by))
    touch("touchMove", (ax - 30, ay), (bx + 30, by))
    touch("touchEnd")
    until(page, "scale => window.selfmend.view.scale > 1.2 * scale", scale)
    assert marked(page) == before
    page.locator("#panel-fill .sheet-button").click()
    page.get_by_label("Better fill too").set_checked(False)
    page.click("#mend")
    shown(page)


def test_wrong_file_is_one_line(page, png, tmp_path) -> None:
    (tmp_path / "letter.png").write_text("dear sir")
    page.set_input_files("#file", str(tmp_path / "letter.png"))
    notice = page.locator("#notice")
    notice.get_by_text("letter.png").wait_for()
    page.wrong.clear()  # a browser writes every refusal to its console
    assert notice.get_attribute("role") == "alert"
    open_picture(page, png)
    assert notice.is_hidden()
    page.locator("#mend").dispatch_event("click")
    page.get_by_text("Nothing is marked yet").wait_for()
    assert page.locator(".card:not(.original)").count() == 0


def test_a_line_of_the_server_is_shown(page, png) -> None:
    open_picture(page, png)
    better(page, False)
    draw(page, (0.3, 0.4), (0.5, 0.45))
    page.get_by_text("Options", exact=True).first.click()
    write(page.get_by_label("Different fills"), "99")
    page.click("#mend")
    page.get_by_text("option samples is 99; 1 to 16 fits").wait_for()
    page.wrong.clear()  # a browser writes every refusal to its console


def test_several_fills(page, png) -> None:
    open_picture(page, png)
    better(page, False)
    draw(page, (0.3, 0.4), (0.5, 0.45))
    page.get_by_text("Options", exact=True).first.click()
    write(page.get_by_label("Different fills"), "2")
    write(page.locator("#panel-fill details").first.get_by_label("Seed"), "7")
    page.click("#mend")
    both = page.locator("#viewer .side-by-side button")
    both.nth(1).wait_for()
    assert both.count() == page.locator("#cards .thumb[data-job]").count() == 2
    both.nth(1).click()
    shown(page)
    assert page.evaluate("window.selfmend.looking.index") == 1
    assert jobs(page)[0]["settings"]["seed"] == 7


def test_better_fill_goes_on_behind_the_quick_one(page, png) -> None:
    open_picture(page, png)
    better(page, True)
    draw(page, (0.3, 0.4), (0.5, 0.45))
    page.click("#mend")
    shown(page)
    page.get_by_role("button", name="Look", exact=True).click()
    until(page, "window.selfmend.jobs.get(window.selfmend.looking.id).settings.method === 'sliced-wasserstein'")
    assert {job["settings"]["method"] for job in jobs(page)[:2]} == {"auto", "sliced-wasserstein"}
    assert json.dumps(jobs(page)[0]["results"])


def test_cancel_in_the_middle(page, png) -> None:
    open_picture(page, png)
    better(page, True, "default")
    draw(page, (0.3, 0.4), (0.5, 0.45))
    page.click("#mend")
    cancel = page.get_by_role("button", name="Cancel Learned patches")
    cancel.wait_for()
    until(
        page,
        "[...window.selfmend.jobs.known.values()]"
        ".some(j => j.queue === 'heavy' && j.state === 'running' && j.done > 0)",
    )
    cancel.click()
    page.get_by_text("Cancelled", exact=True).wait_for()
    heavy = next(job for job in jobs(page) if job["queue"] == "heavy")
    assert heavy["state"] == "cancelled"


def test_what_is_found_is_marked(page, tmp_path) -> None:
    photo = np.full((120, 160, 3), 90, np.uint8) + np.random.default_rng(0).integers(0, 12, (120, 160, 1), np.uint8)
    photo[20:104, 80:82] = 250
    PILImage.fromarray(photo).save(tmp_path / "scratched.png")
    open_picture(page, tmp_path / "scratched.png")
    go_to(page, "find")
    page.locator("#panel-find").get_by_label("What").select_option("scratches")
    page.get_by_role("button", name="Find it").click()
    page.get_by_text("Found and marked").wait_for()
    assert page.locator("#tab-fill").get_attribute("aria-selected") == "true"
    assert marked(page) > 100
    page.keyboard.press("Control+z")
    assert marked(page) == 0


def test_each_search_says_what_came_of_it_and_nothing_older(page, tmp_path) -> None:
    photo = np.full((120, 160, 3), 90, np.uint8) + np.random.default_rng(0).integers(0, 12, (120, 160, 1), np.uint8)
    photo[20:104, 80:82] = 250
    PILImage.fromarray(photo).save(tmp_path / "scratched.png")
    open_picture(page, tmp_path / "scratched.png")
    notice = page.locator("#notice")
    page.get_by_role("button", name="Scratches", exact=True).click()
    notice.get_by_text("Found and marked").wait_for()
    page.get_by_role("button", name="Scratches", exact=True).click()
    notice.get_by_text("Found and marked: 0.0 %").wait_for()  # they are marked already
    page.click("#old-photo")
    notice.wait_for(state="hidden", timeout=3000)  # by itself it would stay for nine seconds
    shown(page)
    assert notice.is_hidden()


def test_found_on_the_first_tab_and_grown(page, tmp_path) -> None:
    rng = np.random.default_rng(0)
    photo = np.full((120, 160, 3), 90, np.uint8) + rng.integers(0, 12, (120, 160, 1), np.uint8)
    photo[20:104, 80:82] = 250
    photo[30:60, 20:50] = (200, 40, 40)
    PILImage.fromarray(photo).save(tmp_path / "scratched.png")
    open_picture(page, tmp_path / "scratched.png")
    page.get_by_role("button", name="Scratches", exact=True).click()
    page.get_by_text("Found and marked").wait_for()
    scratch = marked(page)
    assert scratch > 100
    page.get_by_role("button", name="A colour", exact=True).click()
    page.mouse.click(*spot(page, 35 / 160, 45 / 120))
    until(page, f"window.selfmend.document.mask.count > {scratch}")  # it joins what is marked
    assert abs(marked(page) - scratch - 30 * 30) < 60
    page.keyboard.press("Escape")
    before = marked(page)
    page.click("#mask-menu-button")
    page.click("#grow-mask")
    assert marked(page) > before + 4 * 2 * 30
    page.click("#shrink-mask")
    assert abs(marked(page) - before) < 60


def test_an_old_photo_in_one_press(page, tmp_path) -> None:
    photo = np.full((120, 160, 3), 90, np.uint8) + np.random.default_rng(0).integers(0, 12, (120, 160, 1), np.uint8)
    photo[20:104, 80:82] = 250
    PILImage.fromarray(photo).save(tmp_path / "old.png")
    open_picture(page, tmp_path / "old.png")
    page.click("#old-photo")
    shown(page)
    name, data = download(page)
    assert name == "old-restored.png"
    assert pixels(data)[60, 80].max() < 130
