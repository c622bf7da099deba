"""A real server with its real queue, and a real browser that looks at its page, for `make test-browser`.

The browser is Chromium; SELFMEND_BROWSER=firefox takes the Firefox that is installed (FIREFOX=/path names one).
"""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as PILImage

from browser.hands import BROWSER
from browser.serving import another_server

HERE = Path(__file__).parent
FLAGS = [
    "--no-sandbox",  # as root, in a container
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT = 120_000  # ms; the machine may be busy


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """The suite that everybody runs needs no browser: these tests are collected where they are asked for only."""
    asked = [Path(str(argument).split("::")[0]).resolve() for argument in config.args]
    return None if any(path == HERE or HERE in path.parents for path in asked) else True


@dataclass(frozen=True)
class Served:
    """A running server."""

    address: str
    runner: Any


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    from selfmend.jobs.runner import Runner

    runner = Runner(tmp_path_factory.mktemp("server"))
    runner.start()
    with another_server(runner) as address:
        yield Served(address, runner)
    runner.stop()


@pytest.fixture(scope="session")
def downloads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where Firefox puts files."""
    return tmp_path_factory.mktemp("downloads")


@pytest.fixture(scope="session")
def browser(downloads: Path) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    if BROWSER == "firefox":
        os.environ["NODE_OPTIONS"] = f"--require={HERE / 'firefox.cjs'}"
    with sync_playwright() as playwright:
        if BROWSER == "firefox":
            path = installed("FIREFOX", "firefox", "firefox-esr")
            opened = playwright.firefox.launch(channel="moz-firefox", executable_path=path, downloads_path=downloads)
        else:
            path = installed("CHROMIUM", "chromium", "chromium-browser", "google-chrome")
            opened = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield opened
        opened.close()


def installed(variable: str, *names: str) -> str | None:
    """The browser that a variable of the environment names, or the first that is there."""
    return os.environ.get(variable) or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture
def new_page(browser: Any, served: Served, downloads: Path) -> Iterator[Callable[..., Any]]:
    """Opens the page in a fresh profile; at the end, nothing may have gone wrong in it, or left the host."""
    wrong: list[str] = []
    contexts = []

    def opened(**options: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1200, "height": 780}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.wrong, page.downloads = wrong, downloads
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "request",
            lambda asked: None if asked.url.startswith((served.address, "blob:")) else wrong.append(asked.url),
        )
        page.goto(served.address)
        page.wait_for_selector("body[data-ready]")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def page(new_page: Callable[..., Any]) -> Any:
    return new_page()


@pytest.fixture(scope="session")
def cat() -> PILImage.Image:
    """scikit-image's cat, by Stéfan van der Walt (CC0), small enough to be mended in a moment."""
    from skimage import data

    return PILImage.fromarray(data.chelsea()).resize((224, 150))


@pytest.fixture(scope="session")
def photo(cat: PILImage.Image, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A JPEG that lies on its side, as phones write them, with a word in its EXIF."""
    exif = PILImage.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    exif[0x010E] = "a cat"
    path = tmp_path_factory.mktemp("photo") / "cat.jpg"
    cat.transpose(PILImage.Transpose.ROTATE_90).save(path, quality=92, exif=exif)
    return path


@pytest.fixture(scope="session")
def png(cat: PILImage.Image, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photo") / "cat.png"
    cat.save(path)
    return path
