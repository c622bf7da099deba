"""docs/images/page-*.webp: the main states of the page, of photos that scikit-image ships (SpaceX, CC0).

    python docs/make_screenshots.py [FOLDER]

`tests/browser/test_screenshots.py` makes them anew and compares. Needs Chromium and the extra `browser`; CHROMIUM=path
names another one.
"""

from __future__ import annotations

import io
import os
import shutil
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from PIL import Image

IMAGES = Path(__file__).parent / "images"
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
FILM = {"frames": 12, "size": (240, 320), "step": 4}  # pixels that the camera moves from frame to frame
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
    end = time.monotonic() + 500
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


def keep(page: Any, path: Path) -> None:
    """What is seen, as a file."""
    page.wait_for_timeout(400)
    picture = Image.open(io.BytesIO(page.screenshot()))
    picture.convert("RGB").save(path, quality=82, method=6)


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


def many(browser: Any, address: str, album: Path) -> Any:
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
    return page


def film(browser: Any, address: str, path: Path) -> Any:
    """A film that was mended, beside what it was: a camera goes over a photo, a box lies on it."""
    import av
    import numpy as np
    from skimage import data

    height, width = FILM["size"]
    with av.open(str(path), "w") as made:
        stream = made.add_stream("libx264", rate=12, options={"crf": "18"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for i in range(FILM["frames"]):
            frame = np.ascontiguousarray(data.coffee()[100 : 100 + height, FILM["step"] * i : FILM["step"] * i + width])
            frame[190:220, 200:300] = (20, 70, 180)
            made.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        made.mux(stream.encode())
    page = opened(browser, address, path, viewport=DESKTOP)
    page.keyboard.press("x")
    draw(page, [(0.615, 0.78), (0.95, 0.93)])
    page.click("#panel-video .primary")
    until(page, "document.querySelectorAll('#viewer video').length === 2")
    page.evaluate("""async () => {
      const films = [...document.querySelectorAll("#viewer video")];
      for (const film of films) { film.pause(); film.currentTime = 0.3; film.controls = false; } // they fade and turn
    }""")
    until(
        page, "[...document.querySelectorAll('#viewer video')].every((film) => film.readyState === 4 && !film.seeking)"
    )
    return page


def placing(browser: Any, address: str, photo: Path) -> Any:
    """What was marked is copied, and dragged to where it should be."""
    page = opened(browser, address, photo, viewport=DESKTOP)
    page.click("#group-objects")
    page.keyboard.press("x")
    draw(page, [(0.46, 0.2), (0.55, 0.95)])
    page.get_by_role("button", name="Copy what is marked").click()
    until(page, "window.selfmend.view.piece !== null")
    draw(page, [(0.5, 0.5), (0.82, 0.5)])
    return page


def make(browser: Any, folder: Path) -> None:
    """Make them all: page-NAME.webp in the folder."""
    from skimage import data

    with tempfile.TemporaryDirectory() as scratch:
        photo = Path(scratch) / "rocket.jpg"
        Image.fromarray(data.rocket()).save(photo, quality=92)
        address, end = serve(Path(scratch) / "server")

        def keep_as(page: Any, name: str) -> None:
            keep(page, folder / f"page-{name}.webp")

        try:
            page = opened(browser, address, photo, viewport=DESKTOP)
            draw(page, MAST)
            keep_as(page, "marked")
            page.click("#mend")
            until(page, "window.selfmend.view.over !== null")
            page.evaluate("window.selfmend.result.slide(0.5)")
            keep_as(page, "compared")
            draw(page, [(0.31, 0.27), (0.3, 0.45), (0.296, 0.6), (0.29, 0.8)])
            keep_as(page, "again")
            keep_as(many(browser, address, Path(scratch) / "album"), "many")
            keep_as(placing(browser, address, photo), "object")
            keep_as(film(browser, address, Path(scratch) / "film.mp4"), "film")
            page = opened(browser, address, photo, viewport=PHONE, has_touch=True, color_scheme="dark")
            draw(page, MAST)
            keep_as(page, "phone")
            page = opened(browser, address, photo, viewport=DESKTOP, locale="de-DE")
            draw(page, MAST)
            keep_as(page, "german")
        finally:
            end()


def main() -> None:
    from playwright.sync_api import sync_playwright

    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    folder = Path(sys.argv[1]) if sys.argv[1:] else IMAGES
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        make(browser, folder)
        browser.close()


if __name__ == "__main__":
    main()
