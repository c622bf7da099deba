"""How the page feels, in a real Chromium: weight, first paint, from press to picture, a stroke on a large photo.

    python benchmarks/page.py --json page.json

First paint and weight: the first visit with an empty cache. From press to picture: the median of RUNS presses of Mend
on a 1000 x 750 photo with a hole of 100 x 100 pixels, until the result lies on the canvas. Strokes: on a photo of 7000
x 5000 pixels with a brush of 240, time of each drawn frame. Needs the extra
`browser` and Chromium (CHROMIUM=path, or on the path).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from common import tell
from served import circumstances, photo, served, warm

STROKES = """async () => {
  const { view, document: open } = window.selfmend;
  const frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const times = [];
  for (let i = 0; i < 30; i += 1) {
    const before = performance.now();
    open.mask.stroke(1000 + 100 * i, 2000, 1100 + 100 * i, 2020, 120, 1);
    view.draw();
    await frame();
    times.push(performance.now() - before);
  }
  return times.sort((a, b) => a - b)[15];
}"""

PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000"
WEIGHTS = """[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .filter((one) => !one.name.includes("/api/")).map((one) => one.decodedBodySize)"""
WORKED = "window.selfmend.jobs.get(window.selfmend.looking.id).seconds"


def until(page: Any, condition: str) -> None:
    """Wait for a condition in the page."""
    while not page.evaluate(condition):
        page.wait_for_timeout(10)


def opened(page: Any, path: Path, mask: Path | None = None) -> None:
    """Open a photo, and its mask."""
    page.set_input_files("#file", str(path))
    until(page, f"document.title.startsWith({json.dumps(path.name)})")
    if mask is not None:
        page.set_input_files("#mask-file", str(mask))
        until(page, "window.selfmend.document.mask.count > 0")


def first_visit(page: Any, address: str) -> dict[str, float]:
    """What comes over the wire until the page can be used, and when something is seen."""
    page.goto(address)
    page.wait_for_selector("body[data-ready]", timeout=120_000)
    ready = page.evaluate("performance.now() / 1000")
    weights = page.evaluate(WEIGHTS)
    return {"files": len(weights), "bytes": sum(weights), "first paint, s": page.evaluate(PAINT), "ready, s": ready}


def presses(page: Any, folder: Path, runs: int) -> tuple[list[float], list[float]]:
    """Seconds from each press of the button to the picture, and those of them in which the worker filled."""
    image, mask = photo(1000, 750, 100)
    (folder / "photo.jpg").write_bytes(image)
    (folder / "mask.png").write_bytes(mask)
    opened(page, folder / "photo.jpg", folder / "mask.png")
    page.get_by_label("Better fill too").set_checked(False)
    times, worked = [], []
    for _ in range(runs):
        page.evaluate("window.selfmend.look(null)")
        began = time.perf_counter()
        page.click("#mend")
        until(page, "window.selfmend.view.over !== null")
        times.append(time.perf_counter() - began)
        worked.append(page.evaluate(WORKED))
    return times, worked


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    report: dict[str, Any] = circumstances()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with served() as server, tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        warm(server.address, *photo(1000, 750, 100))
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        size = {"width": 1200, "height": 760}
        page = browser.new_page(viewport=size)
        report |= first_visit(page, server.address)
        times, worked = presses(page, Path(folder), arguments.runs)
        report |= {"press to picture, s": statistics.median(times), "fastest, s": min(times), "slowest, s": max(times)}
        report["of it at work, s"] = statistics.median(worked)
        Image.open(Path(folder) / "photo.jpg").resize((7000, 5000)).save(Path(folder) / "large.jpg")
        page.evaluate("window.selfmend.unsaved = false")  # nothing is to be kept
        opened(page, Path(folder) / "large.jpg")
        report["frame of a stroke, ms"] = page.evaluate(STROKES)
        browser.close()
    report["load after"] = " ".join(f"{value:.1f}" for value in os.getloadavg())
    tell(report, arguments.json)


if __name__ == "__main__":
    main()
