"""An object is pasted or copied, moved, sized and put down, and made to fit."""

import numpy as np
from PIL import Image as PILImage

from browser.hands import download, draw, go_to, jobs, marked, open_picture, pixels, shown, spot, until

CHILD = "window.selfmend.document.parent !== null"


def drag(page, start, end) -> None:
    page.mouse.move(*spot(page, *start))
    page.mouse.down()
    page.mouse.move(*spot(page, *end), steps=4)
    page.mouse.up()


def test_pasted_moved_sized_and_harmonised(page, png, tmp_path) -> None:
    disc = np.zeros((40, 40, 4), np.uint8)
    y, x = np.mgrid[:40, :40]
    disc[(x - 19.5) ** 2 + (y - 19.5) ** 2 < 18**2] = (30, 60, 220, 255)
    PILImage.fromarray(disc).save(tmp_path / "disc.png")
    open_picture(page, png)
    go_to(page, "harmonize")
    panel = page.locator("#panel-harmonize")
    panel.locator("input[aria-label='Paste an object']").set_input_files(str(tmp_path / "disc.png"))
    panel.get_by_text("Drag it in the picture").wait_for()
    drag(page, (0.5, 0.5), (0.25, 0.4))
    panel.get_by_label("Size").last.fill("-100")  # half
    panel.get_by_role("button", name="Put it down").click()
    until(page, CHILD)
    area = np.pi * 9**2
    assert area < marked(page) < 2 * area  # the object, and its seam
    name, data = download(page)
    assert name == "cat-pasted.png"
    middle = pixels(data)[int(0.4 * 150), int(0.25 * 224)]
    assert middle[2] > 180 > 100 > middle[0]
    panel.get_by_role("button", name="Harmonise", exact=True).click()
    shown(page)
    assert jobs(page)[0]["task"] == "harmonize"
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    until(page, f"!({CHILD})")


def test_what_is_marked_is_copied_and_its_seams_are_mended(page, png) -> None:
    open_picture(page, png)
    go_to(page, "edit")
    panel = page.locator("#panel-edit")
    panel.get_by_role("button", name="Copy what is marked").click()
    page.get_by_text("Mark the object first").wait_for()
    page.keyboard.press("x")
    draw(page, (0.6, 0.3), (0.8, 0.6))
    panel.get_by_role("button", name="Copy what is marked").click()
    assert marked(page) == 0
    drag(page, (0.7, 0.45), (0.3, 0.45))
    panel.get_by_role("button", name="Mend the edit").click()  # which puts it down first
    shown(page)
    before, after = pixels(png.read_bytes()).astype(int), pixels(download(page)[1]).astype(int)
    part = np.abs(after[50:80, 50:80] - before[50:80, 139:169]).mean()
    assert part < 40
