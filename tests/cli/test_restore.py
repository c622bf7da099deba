"""`selfmend restore` of a picture and of a folder."""

import json

import numpy as np
import pytest
from PIL import Image as PILImage


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """The current folder, with an even picture that has a scratch, and one that has none."""
    monkeypatch.chdir(tmp_path)
    even = np.tile(np.linspace(60, 130, 90), (80, 1)).astype(np.uint8)
    PILImage.fromarray(even).save("even.png")
    even[40:42, 5:85] = 250
    PILImage.fromarray(even).save("old.png")
    (tmp_path / "many").mkdir()
    PILImage.fromarray(even).save("many/old.png")


def test_a_photo_is_restored_with_what_was_done_beside_it(run, photos) -> None:
    done = run("restore", "old.png", "--compare", "--save-mask", "m.png")
    assert done.code == 0
    assert done.out.startswith("old-restored.png, old-restored-compare.png, m.png  (")
    mask, mended = np.asarray(PILImage.open("m.png")) > 0, np.asarray(PILImage.open("old-restored.png"))
    assert mask[40:42, 10:80].mean() > 0.9
    assert mended[40:42].max() < 160
    assert np.array_equal(mended[~mask], np.asarray(PILImage.open("old.png"))[~mask])
    assert PILImage.open("old-restored-compare.png").width > 3 * 90
    told = json.loads(run("restore", "old.png", "-o", "b.png", "--method", "telea", "--json").out)
    assert (told["output"], told["method"], told["compare"]) == ("b.png", "telea", None)
    assert told["hole"] > 0.02


def test_a_photo_without_damage_comes_back(run, photos) -> None:
    done = run("restore", "even.png", "-o", "b.png")
    assert done.code == 0
    assert "nothing to fill" in done.out
    assert "no damage was found" in done.err
    assert np.array_equal(np.asarray(PILImage.open("b.png")), np.asarray(PILImage.open("even.png")))


def test_a_folder_is_restored(run, photos) -> None:
    assert run("restore", "many", "-o", "done", "--method", "telea", "-j", "1").code == 0
    assert np.asarray(PILImage.open("done/old.png"))[40:42].max() < 160
    assert "1 done before" in run("restore", "many", "-o", "done", "--method", "telea", "-j", "1", "--resume").out


def test_what_does_not_fit_is_refused_before_the_work(refused, photos) -> None:
    assert refused("restore", "none.png").startswith("no such file or folder: none.png")
    assert refused("restore", "old.png", "-o", "old.png").startswith("old.png is an input")
    assert refused("restore", "old.png", "--save-mask", "old.png").startswith("old.png is an input")
    assert "leave them out" in refused("restore", "many", "--compare")
    assert "leave them out" in refused("restore", "old.png", "--resume")
    assert "did you mean 'dust'" in refused("restore", "old.png", "--kind", "dus")
