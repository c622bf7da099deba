"""The screenshots in the documentation show the page as it is."""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PILImage

from browser.hands import BROWSER

pytestmark = [pytest.mark.skipif(BROWSER == "firefox", reason="they are Chromium's"), pytest.mark.timeout(900)]
DOCS = Path(__file__).parents[2] / "docs"
NAMES = sorted(path.name for path in (DOCS / "images").glob("page-*.webp"))
CELL = 24  # pixels: less than a button
DIFFERENT = 6  # of 255: of the mean of a cell; the same page twice differs by 3
WIDTH = """() => {
  const context = document.createElement("canvas").getContext("2d");
  context.font = `16px ${getComputedStyle(document.body).fontFamily}`;
  return context.measureText("Mend a picture with what is in it").width;
}"""
THEIRS = 256.6  # px, in the font of the pictures, DejaVu Sans


@pytest.fixture(scope="module")
def made(browser: Any, served: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    page = browser.new_page()
    page.goto(served.address)
    width = page.evaluate(WIDTH)
    page.close()
    if abs(width - THEIRS) > 1:
        pytest.skip(f"the fonts here are others than those of the pictures ({width:.1f} px, not {THEIRS})")
    spec = importlib.util.spec_from_file_location("make_screenshots", DOCS / "make_screenshots.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    folder = tmp_path_factory.mktemp("screenshots")
    script.make(browser, folder)
    return folder


def cells(path: Path) -> np.ndarray:
    """Means of the cells of a picture."""
    with PILImage.open(path) as picture:
        size = (picture.width // CELL, picture.height // CELL)
        return np.asarray(picture.convert("RGB").resize(size, PILImage.Resampling.BOX), int)


@pytest.mark.parametrize("name", NAMES)
def test_it_shows_the_page_as_it_is(made, name) -> None:
    """Else: python docs/make_screenshots.py"""
    kept, now = cells(DOCS / "images" / name), cells(made / name)
    assert kept.shape == now.shape
    differing = (np.abs(kept - now).max(-1) > DIFFERENT).mean()
    assert differing < 0.0015


def test_all_states_are_kept(made) -> None:
    assert sorted(path.name for path in made.iterdir()) == NAMES
    pages = "".join(path.read_text() for path in [DOCS.parent / "README.md", *DOCS.rglob("*.md")])
    assert [name for name in NAMES if f"images/{name}" not in pages] == []
