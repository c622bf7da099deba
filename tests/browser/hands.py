"""What a person does on the page: opening, painting, pressing, waiting."""

import io
import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PILImage
from PIL import ImageOps

from selfmend.tasks import TASKS

BROWSER = os.environ.get("SELFMEND_BROWSER", "chromium")
with_fingers = pytest.mark.skipif(BROWSER == "firefox", reason="fingers are told by a protocol of Chromium's own")
made_dark = pytest.mark.skipif(BROWSER == "firefox", reason="Firefox's long-term version is not made dark from outside")


def until(page: Any, condition: str, value: Any = None) -> None:
    """Wait for a condition in the page; Playwright's own way needs `eval`, which the page's policy forbids."""
    end = time.monotonic() + 120
    while not page.evaluate(condition, value):
        assert time.monotonic() < end, f"never came: {condition}"
        page.wait_for_timeout(50)


def open_picture(page: Any, path: Path) -> None:
    page.set_input_files("#file", str(path))
    until(page, "name => document.title.startsWith(name)", path.name)


def go_to(page: Any, task: str) -> None:
    """To the tab of a task, which may stand in a group."""
    group = TASKS[task].group if task in TASKS else ""
    if group and not page.locator(f"#tab-{task}").is_visible():
        page.get_by_role("tab", name=group, exact=True).click()
    page.click(f"#tab-{task}")


def spot(page: Any, x: float, y: float) -> tuple[float, float]:
    """Where a place of the picture, in shares of its width and height, is in the window."""
    return tuple(
        page.evaluate(
            """([x, y]) => {
              const canvas = document.getElementById("canvas");
              const box = canvas.getBoundingClientRect();
              const { view } = window.selfmend;
              const [left, top] = view.toScreen(x * view.picture.width, y * view.picture.height);
              return [box.left + left, box.top + top];
            }""",
            [x, y],
        )
    )


def draw(page: Any, *points: tuple[float, float]) -> None:
    """A stroke through places of the picture."""
    page.mouse.move(*spot(page, *points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*spot(page, *point), steps=5)
    page.mouse.up()


def marked(page: Any) -> int:
    """Pixels of the mask."""
    return page.evaluate("window.selfmend.document.mask.pixels.reduce((sum, value) => sum + value, 0)")


def mask_of(page: Any) -> list[int]:
    """Indices of the marked pixels."""
    return page.evaluate(
        "[...window.selfmend.document.mask.pixels.keys()].filter(i => window.selfmend.document.mask.pixels[i])"
    )


def write(field: Any, text: str) -> None:
    """Into a field of numbers, in place of what is there."""
    field.fill("")  # Firefox's driver writes behind it otherwise
    field.fill(text)


def better(page: Any, wanted: bool, preset: str = "tiny") -> None:
    page.get_by_label("Better fill too").set_checked(wanted)
    page.get_by_text("The better fill", exact=True).click()
    page.locator("#panel-fill details").last.get_by_label("Preset").select_option(preset)


def jobs(page: Any) -> list[dict]:
    """Those of the server, the newest first."""
    return json.loads(page.evaluate("fetch('/api/jobs').then(r => r.text())"))["jobs"]


def shown(page: Any) -> None:
    """Wait until a result lies over the picture."""
    until(page, "window.selfmend.view.over !== null")


def download(page: Any, button: str = "#download") -> tuple[str, bytes]:
    """Name and bytes of the file that a press brings."""
    if BROWSER == "firefox":
        return _download_by_firefox(page, button)
    with page.expect_download() as waiting:
        page.click(button)
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def _download_by_firefox(page: Any, button: str) -> tuple[str, bytes]:
    """Looked for in its folder: the driver does not tell of files that the page made itself."""
    folder: Path = page.downloads
    page.click(button)
    end = time.monotonic() + 120
    while not (came := [path for path in folder.iterdir() if path.stat().st_size]) or any(folder.glob("*.part")):
        assert time.monotonic() < end, "no file came"
        page.wait_for_timeout(50)
    (path,) = came
    data = path.read_bytes()
    path.unlink()  # else the next of its name has another name
    return path.name, data


def pixels(data: bytes) -> np.ndarray:
    """What a person sees of a file, (H, W, 3)."""
    return np.asarray(ImageOps.exif_transpose(PILImage.open(io.BytesIO(data))).convert("RGB"))
