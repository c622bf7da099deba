"""A film is opened, its first frame marked, or text found in each frame; it is mended and played beside what it was."""

from pathlib import Path

import numpy as np
import pytest

from browser.hands import download, draw, go_to, jobs, open_picture, until
from video_clips import write_film


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_film(tmp_path_factory.mktemp("clip") / "street.mp4", frames=6, size=(96, 128))


def frames_of(data: bytes, path: Path) -> np.ndarray:
    import av

    path.write_bytes(data)
    with av.open(str(path)) as film:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)])


def test_marked_on_one_frame_and_mended_in_all(page, clip, tmp_path) -> None:
    page.set_input_files("#file", str(clip))
    until(page, "document.title.startsWith('street.mp4')")
    assert page.locator("#tab-video").get_attribute("aria-selected") == "true"
    assert page.evaluate("[window.selfmend.view.picture.width, window.selfmend.view.picture.height]") == [128, 96]
    button = page.get_by_role("button", name="Mend the film")
    page.keyboard.press("x")
    draw(page, (0.5, 0.5), (0.7, 0.75))
    button.click()
    until(page, "document.querySelectorAll('#viewer video').length === 2")
    assert page.locator("#zoom-pill").is_hidden()  # it would lie on the films
    job = jobs(page)[0]
    assert (job["task"], job["state"], job["queue"]) == ("video", "done", "heavy")
    name, data = download(page)
    assert name == "street-mended.mp4"
    before, after = frames_of(clip.read_bytes(), tmp_path / "a.mp4"), frames_of(data, tmp_path / "b.mp4")
    assert before.shape == after.shape
    difference = np.abs(before.astype(int) - after).mean((0, 3))
    assert difference[52:68, 68:86].mean() > 3 * difference[:40].mean()
    until(page, "document.querySelectorAll('#viewer video')[0].readyState >= 2")  # what it was plays too


def test_nothing_marked_is_one_line(page, clip) -> None:
    page.set_input_files("#file", str(clip))
    until(page, "document.title.startsWith('street.mp4')")
    before = jobs(page)
    page.get_by_role("button", name="Mend the film").click()
    page.get_by_text("Mark on the first frame what should go from all of them, or choose what to find").wait_for()
    assert jobs(page) == before


def test_a_photo_is_no_film_and_a_film_no_photo(page, clip, png) -> None:
    """Said before anything is sent; the server would only say that it cannot read it. Mend, grey, still says why."""
    before = jobs(page)
    open_picture(page, png)
    go_to(page, "video")
    page.get_by_role("button", name="Mend the film").click()
    page.locator("#notice").get_by_text("Open a film: its first frame is shown").wait_for()
    open_picture(page, clip)
    for task in ("fill", "find", "expand", "harmonize"):
        go_to(page, task)
        draw(page, (0.3, 0.3), (0.5, 0.5))
        assert page.locator("#notice").is_hidden()
        page.locator(f"#panel-{task} .primary").dispatch_event("click")
        page.locator("#notice").get_by_text("Open a picture first").wait_for()
    go_to(page, "fill")
    page.get_by_role("button", name="Scratches").click()
    page.locator("#notice").get_by_text("Open a picture first").wait_for()
    assert jobs(page) == before
