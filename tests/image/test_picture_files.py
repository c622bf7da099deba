"""Picture files: folders in order, any mode as RGB, pairs by name."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PILImage

from facts import mentions
from selfmend.errors import ImageError, SelfmendWarning
from selfmend.image.picture_files import naming, pair_by_name, pictures_at, read_rgb


@pytest.fixture
def here(tmp_path: Path) -> Path:
    for name in ("one/b.png", "one/a.JPG", "two/b.bmp", "two/c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        PILImage.new("RGB", (4, 3), "red").save(tmp_path / name)
    (tmp_path / "one" / "notes.txt").write_text("no picture")
    (tmp_path / "empty").mkdir()
    return tmp_path


def test_a_folder_gives_its_pictures_in_order(here: Path) -> None:
    assert [file.name for file in pictures_at(here / "one")] == ["a.JPG", "b.png"]
    assert pictures_at(here / "one" / "notes.txt") == [here / "one" / "notes.txt"]  # named: reading it says why not
    with pytest.raises(ImageError, match=mentions("nowhere")):
        pictures_at(here / "nowhere")
    with pytest.raises(ImageError, match=mentions("empty")):
        pictures_at(here / "empty")


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK", "P", "I;16"])
def test_every_mode_is_read_as_rgb(mode: str, tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    grey = np.full((3, 4), 51 * 257, np.uint16)
    picture = PILImage.fromarray(grey) if mode == "I;16" else PILImage.new("RGB", (4, 3), (51, 51, 51)).convert(mode)
    picture.save(path)
    image = read_rgb(path)
    assert image.shape == (3, 4, 3)
    assert np.allclose(image, 0.2, atol=0.01)


def test_transparency_is_told(tmp_path: Path) -> None:
    PILImage.new("RGBA", (4, 3), (255, 0, 0, 100)).save(tmp_path / "a.png")
    with pytest.warns(SelfmendWarning, match=mentions("a.png")):
        assert read_rgb(tmp_path / "a.png").shape == (3, 4, 3)


def test_pairs_have_equal_names(here: Path) -> None:
    with pytest.warns(SelfmendWarning, match=mentions("2")):
        assert pair_by_name(here / "one", here / "two") == [(here / "one/b.png", here / "two/b.bmp")]
    assert pair_by_name(here / "one/a.JPG", here / "two/c.png") == [(here / "one/a.JPG", here / "two/c.png")]


def test_pairs_that_do_not_fit_are_refused(here: Path) -> None:
    with pytest.raises(ImageError, match=mentions("two")):
        pair_by_name(here / "one", here / "two/b.bmp")
    (here / "two/b.bmp").unlink()
    with pytest.raises(ImageError, match=mentions("two")):
        pair_by_name(here / "one", here / "two")
    PILImage.new("RGB", (4, 3)).save(here / "one/b.bmp")
    with pytest.raises(ImageError, match=mentions("'b'")):
        pair_by_name(here / "one", here / "two")


def test_an_error_is_told_with_its_file() -> None:
    with pytest.raises(ImageError, match=mentions("a.png", "too", "small")), naming(Path("a.png")):
        raise ImageError("too small")
