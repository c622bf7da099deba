"""Work that was stopped: what is kept of it, and when it is refused."""

import numpy as np
import pytest

from facts import mentions
from pictures import picture
from selfmend.errors import RunError
from selfmend.video.frames import MendedFrame, whole_bytes
from selfmend.video.journal import Journal


@pytest.fixture
def kept(tmp_path):
    """A journal of two frames, the second without a hole; the folder, the first frame, its hole and its fill."""
    image, mask = picture()
    mended = MendedFrame(5, np.where(mask[..., None], whole_bytes(1 - image), image), 1.5)
    journal = Journal(tmp_path / "j", {"seed": 1, "part": [5, None]})
    journal.save(mended, mask)
    journal.save(MendedFrame(6, image, None), mask & False)
    return journal.folder, image, mask, mended


def test_frames_come_back_to_the_bit(kept):
    folder, image, mask, mended = kept
    journal = Journal(folder, {"seed": 1, "part": [5, None]})
    assert len(journal) == 2
    again = journal.load(0, image, mask)
    assert (again.index, again.flicker) == (5, 1.5)
    assert np.array_equal(again.image, mended.image)
    assert np.array_equal(journal.load(1, image, mask & False).image, image)


def test_other_settings_are_refused_and_can_be_forgotten(kept):
    folder = kept[0]
    with pytest.raises(RunError, match=mentions("seed", "1", "2")):
        Journal(folder, {"seed": 2, "part": [5, None]})
    assert len(Journal(folder, {"seed": 2, "part": [5, None]}, restart=True)) == 0
    assert [p.name for p in folder.glob("*.png")] == []


def test_a_torn_line_and_a_lost_picture_end_what_is_done(kept):
    folder = kept[0]
    with open(folder / "frames.jsonl", "a") as file:
        file.write('{"index": 7, "bo')
    assert len(Journal(folder, {"seed": 1, "part": [5, None]})) == 2
    (folder / "000005.png").unlink()
    assert len(Journal(folder, {"seed": 1, "part": [5, None]})) == 0


def test_another_hole_is_noticed(kept):
    folder, image, mask, _ = kept
    with pytest.raises(RunError, match="does not fit the film and its masks any more"):
        Journal(folder, {"seed": 1, "part": [5, None]}).load(0, image, np.roll(mask, 1, 1))


def test_a_folder_of_other_things_is_left_alone(tmp_path):
    (tmp_path / "j").mkdir()
    (tmp_path / "j" / "letter.txt").write_text("dear")
    with pytest.raises(RunError, match="is in the way and tells of no work on a film"):
        Journal(tmp_path / "j", {"seed": 1}, restart=True)
    assert (tmp_path / "j" / "letter.txt").exists()
