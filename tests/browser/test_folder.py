"""`selfmend serve FOLDER`: its photos are listed and opened, and results are saved in a folder."""

from browser.hands import draw, open_picture, shown, until
from browser.serving import another_server
from selfmend.server.shared_files import SharedFiles


def test_photos_of_a_folder_and_saving(browser, served, png, photo, tmp_path) -> None:
    for file in (png, photo):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with another_server(served.runner, shared=SharedFiles(pictures=tmp_path, output=tmp_path / "mended")) as address:
        page = browser.new_context().new_page()
        page.goto(address)
        page.wait_for_selector("body[data-ready]")
        page.evaluate("localStorage.setItem('better', 'no')")
        page.reload()
        page.wait_for_selector("body[data-ready]")
        page.click("#folder")
        page.locator("#folder-menu").get_by_role("button", name="cat.png").click()
        until(page, "document.title.startsWith('cat.png')")
        assert page.locator("#save").is_disabled()
        draw(page, (0.2, 0.3), (0.3, 0.35))
        page.click("#mend")
        shown(page)
        page.click("#save")
        page.get_by_text("Saved as cat-mended.png").wait_for()
        assert (tmp_path / "mended" / "cat-mended.png").is_file()
        page.context.close()


def test_the_photo_of_the_command_is_opened_once(browser, served, png, photo) -> None:
    with another_server(served.runner, shared=SharedFiles(pictures=png)) as address:
        page = browser.new_context().new_page()
        page.goto(address)
        until(page, "document.title.startsWith('cat.png')")
        page.wait_for_selector("body[data-ready]")
        open_picture(page, photo)
        page.reload()
        page.wait_for_selector("body[data-ready]")
        assert page.title().startswith("cat.jpg")
        page.click("#tab-many")
        assert not page.get_by_role("button", name="All 1 of").count()  # a photo is no folder
        page.context.close()
