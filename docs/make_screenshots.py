"""docs/images/page-*.webp: the main states of the page, of photos that scikit-image ships (SpaceX, CC0).

    python docs/make_screenshots.py

Needs Chromium and the extra `browser`; CHROMIUM=path names another one.
"""

from __future__ import annotations

import io
import os
import shutil
import socket
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from PIL import Image

IMAGES = Path(__file__).parent / "images"
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
MAST = [(0.698, 0.27), (0.7, 0.45), (0.704, 0.6), (0.712, 0.8)]
"""The lightning tower right of the rocket, in shares of the picture."""


def serve(folder: Path) -> tuple[str, Any]:
    """A server in a thread; its address, and what ends it."""
    import uvicorn

    from selfmend.jobs.runner import Runner
    from selfmend.server.app import create_app

    runner = Runner(folder)
    runner.start()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(runner), log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()

    def end() -> None:
        server.should_exit = True
        thread.join(20)
        runner.stop()

    return f"http://127.0.0.1:{listener.getsockname()[1]}", end


def until(page: Any, condition: str) -> None:
    """Wait for a condition in the page."""
    end = time.monotonic() + 120
    while not page.evaluate(condition):
        if time.monotonic() > end:
            raise TimeoutError(condition)
        page.wait_for_timeout(50)


def draw(page: Any, points: list[tuple[float, float]]) -> None:
    """A stroke through places of the picture."""
    at = """([x, y]) => {
      const box = document.getElementById("canvas").getBoundingClientRect();
      const { view } = window.selfmend;
      const [left, top] = view.toScreen(x * view.picture.width, y * view.picture.height);
      return [box.left + left, box.top + top];
    }"""
    page.mouse.move(*page.evaluate(at, points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*page.evaluate(at, point), steps=8)
    page.mouse.up()


def keep(page: Any, name: str) -> None:
    """What is seen, as docs/images/page-NAME.webp."""
    page.wait_for_timeout(400)
    picture = Image.open(io.BytesIO(page.screenshot()))
    picture.convert("RGB").save(IMAGES / f"page-{name}.webp", quality=82, method=6)


def opened(browser: Any, address: str, photo: Path, **options: Any) -> Any:
    """The page with a photo, without the better fill."""
    page = browser.new_context(**options).new_page()
    page.goto(address)
    page.evaluate("localStorage.setItem('better', 'no')")
    page.reload()
    page.wait_for_selector("body[data-ready]")
    page.set_input_files("#file", str(photo))
    until(page, f"document.title.startsWith('{photo.name}')")
    page.evaluate("window.selfmend.setSize(40)")
    return page


def many(browser: Any, address: str, album: Path) -> None:
    """The list of many photos, with damage drawn over them."""
    import numpy as np
    from skimage import data

    from selfmend.masks.damage.drawing import draw_damage

    album.mkdir()
    for i, name in enumerate(("rocket", "coffee", "chelsea", "astronaut")):
        photo = getattr(data, name)().astype(np.float32) / 255
        damaged = draw_damage(photo, seed=i).image
        Image.fromarray((damaged * 255).round().astype(np.uint8)).save(album / f"{name}.jpg", quality=92)
    page = browser.new_context(viewport=DESKTOP).new_page()
    page.goto(address)
    page.wait_for_selector("body[data-ready]")
    page.click("#tab-many")
    page.set_input_files("#many-files", sorted(map(str, album.iterdir())))
    page.click("#panel-many .primary")
    until(page, "!window.selfmend.panels.many.busy")
    keep(page, "many")


def main() -> None:
    """Make them all."""
    from playwright.sync_api import sync_playwright
    from skimage import data

    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        photo = Path(folder) / "rocket.jpg"
        Image.fromarray(data.rocket()).save(photo, quality=92)
        address, end = serve(Path(folder) / "server")
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        try:
            page = opened(browser, address, photo, viewport=DESKTOP)
            draw(page, MAST)
            keep(page, "marked")
            page.click("#mend")
            until(page, "window.selfmend.view.over !== null")
            page.evaluate("window.selfmend.result.slide(0.5)")
            keep(page, "compared")
            draw(page, [(0.31, 0.27), (0.3, 0.45), (0.296, 0.6), (0.29, 0.8)])
            keep(page, "again")
            many(browser, address, Path(folder) / "album")
            page = opened(browser, address, photo, viewport=PHONE, has_touch=True, color_scheme="dark")
            draw(page, MAST)
            keep(page, "phone")
            page = opened(browser, address, photo, viewport=DESKTOP, locale="de-DE")
            draw(page, MAST)
            keep(page, "german")
        finally:
            browser.close()
            end()


if __name__ == "__main__":
    main()
