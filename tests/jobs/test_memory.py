"""How much memory there is, and how much a picture takes."""

from PIL import Image as PILImage

from selfmend.jobs import folder_work as memory


def test_what_is_free_is_that_of_the_machine_or_of_the_container(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "_GROUP", tmp_path)
    machine = memory.free_memory()
    assert 1e7 < machine < 1e15
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("1000000\n")
    assert memory.free_memory() > 1e7
    (tmp_path / "memory.max").write_text("3000000\n")
    assert memory.free_memory() == 2e6


def test_a_picture_needs_as_much_as_it_has_pixels(tmp_path):
    PILImage.new("L", (40, 30)).save(tmp_path / "a.png")
    assert memory.bytes_needed(tmp_path / "a.png") == 1200 * memory.BYTES_PER_PIXEL
    assert memory.bytes_needed(tmp_path / "none.png") == 0
