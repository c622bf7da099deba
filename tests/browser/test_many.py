"""Many photos: each a job of its own, listed with what became of it, kept over a reload, taken away in one file."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PILImage

from browser.hands import download, jobs, open_picture, pixels, until
from browser.serving import another_server
from selfmend.server.shared_files import SharedFiles

HOLE = np.zeros((60, 80), bool)
HOLE[20:34, 30:52] = True
ENDED = "!window.selfmend.panels.many.busy"


@pytest.fixture(scope="module")
def album(cat: PILImage.Image, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three photos, two of them of one name in another case, and what is none."""
    folder = tmp_path_factory.mktemp("album")
    for i in range(3):
        cat.crop((40 * i, 20, 40 * i + 80, 80)).save(folder / f"cat{i}.png")
    (folder / "broken.png").write_bytes(b"no picture")
    PILImage.fromarray(HOLE).save(folder / "hole-mask.png")
    return folder


def choose(page: Any, *files: Path) -> Any:
    page.click("#tab-many")
    page.set_input_files("#many-files", [str(file) for file in files])
    return page.locator("#panel-many")


def says(page: Any, words: str) -> None:
    page.locator("#many-words").get_by_text(words, exact=True).wait_for()


def archive(page: Any) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(download(page, "#many-zip")[1])) as made:
        assert made.testzip() is None
        return {name: made.read(name) for name in made.namelist()}


def test_one_mask_for_all_a_zip_and_a_reload(page, album) -> None:
    photos = [album / f"cat{i}.png" for i in range(3)]
    panel = choose(page, *photos, album / "broken.png")
    panel.get_by_label("What").select_option("One mask for all")
    panel.get_by_role("button", name="Mend them all").click()
    page.get_by_text("Choose a mask first").wait_for()
    panel.get_by_role("button", name="Mask Choose a file").set_input_files(str(album / "hole-mask.png"))
    panel.get_by_role("button", name="Mend them all").click()
    says(page, "3 of 4 photos are mended. · 1 failed")
    page.wrong.clear()  # a browser writes every refusal to its console
    rows = page.locator(".many-row")
    assert rows.count() == 4
    assert "broken.png" in rows.nth(3).inner_text()
    assert "is not a picture that can be read" in rows.nth(3).inner_text()
    made = archive(page)
    assert sorted(made) == [f"cat{i}-mended.png" for i in range(3)]
    for photo in photos:
        before, after = pixels(photo.read_bytes()), pixels(made[f"{photo.stem}-mended.png"])
        assert np.array_equal(before[~HOLE], after[~HOLE])
        assert not np.array_equal(before[HOLE], after[HOLE])
    rows.first.get_by_role("button", name="cat0.png: before and after").click()
    until(page, "[...document.querySelectorAll('#pair-pictures img')].every(one => one.naturalWidth === 80)")
    page.locator("#pair-dialog").get_by_role("button", name="Close").click()
    page.reload()
    page.wait_for_selector("body[data-ready]")
    page.click("#tab-many")
    says(page, "3 of 4 photos are mended. · 1 failed")
    assert sorted(archive(page)) == sorted(made)
    page.get_by_role("button", name="Empty the list").click()
    says(page, "No photos yet")


def test_reloaded_cancelled_and_begun_again(page, album) -> None:
    panel = choose(page, *(album / f"cat{i}.png" for i in range(3)), *(album / f"cat{i}.png" for i in range(3)))
    panel.get_by_label("Method").select_option("singan")
    panel.get_by_label("What").select_option("One mask for all")
    panel.get_by_role("button", name="Mask Choose a file").set_input_files(str(album / "hole-mask.png"))
    panel.get_by_role("button", name="Mend them all").click()
    says(page, "0 of 6")
    until(page, "window.selfmend.panels.many.items.filter(one => one.state === 'sent').length === 4")
    sent = [job["id"] for job in jobs(page)[:4]]
    page.reload()  # what is not sent yet is kept
    page.wait_for_selector("body[data-ready]")
    page.click("#tab-many")
    says(page, "0 of 6")
    page.click("#many-cancel")
    says(page, "0 of 6 photos are mended.")
    until(page, "window.selfmend.panels.many.items.every(one => one.state === 'cancelled')")
    cancelled = """async sent => (await (await fetch("/api/jobs")).json()).jobs
      .filter(one => sent.includes(one.id)).every(one => one.state === "cancelled")"""
    until(page, cancelled, sent)
    panel.get_by_label("Method").select_option("telea")
    panel.get_by_label("What").select_option("One mask for all")
    panel.get_by_role("button", name="Mask Choose a file").set_input_files(str(album / "hole-mask.png"))
    panel.get_by_role("button", name="Mend them all").click()
    says(page, "6 of 6 photos are mended.")
    assert sorted(archive(page))[:3] == ["cat0-mended-2.png", "cat0-mended.png", "cat1-mended-2.png"]


def test_those_of_the_servers_folder_are_mended_and_saved(browser, served, album, tmp_path) -> None:
    for i in range(2):
        (tmp_path / f"cat{i}.png").write_bytes((album / f"cat{i}.png").read_bytes())
    with another_server(served.runner, shared=SharedFiles(pictures=tmp_path, output=tmp_path / "mended")) as address:
        page = browser.new_context().new_page()
        page.goto(address)
        page.wait_for_selector("body[data-ready]")
        page.click("#tab-many")
        page.get_by_role("button", name=f"All 2 of {tmp_path.name}").click()
        page.locator("#panel-many").get_by_label("What").select_option("Dust")
        page.get_by_role("button", name="Mend them all").click()
        says(page, "2 of 2 photos are mended.")
        page.get_by_role("button", name="Save all").click()
        page.get_by_text("2 pictures are saved.").wait_for()
        assert len(list((tmp_path / "mended").iterdir())) == 2
        page.context.close()


def test_several_dropped_on_the_first_tab_are_listed(page, album) -> None:
    page.set_input_files("#file", [str(album / f"cat{i}.png") for i in range(2)] + [str(album / "hole-mask.png")])
    until(page, "document.querySelectorAll('.many-row').length === 2")
    assert page.locator("#tab-many").get_attribute("aria-selected") == "true"
    assert page.locator("#panel-many").get_by_label("What").input_value() == "mask"
    assert page.get_by_text("hole-mask.png").is_visible()


COVERED = """() => [...document.querySelectorAll("#many button, #many a")].filter((one) => one.checkVisibility())
  .filter((one) => { const box = one.getBoundingClientRect(); return !one.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)); })
  .map((one) => one.textContent || one.ariaLabel)"""  # noqa: E501


@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_of_the_open_picture_lies_on_the_list(new_page, album, png, width) -> None:
    page = new_page(viewport={"width": width, "height": 844})
    open_picture(page, png)
    choose(page, album / "cat0.png", album / "cat1.png")
    page.locator(".many-row").nth(1).wait_for()
    assert page.evaluate(COVERED) == []
    page.click("#tab-fill")
    assert page.locator("#zoom-in").is_visible()
