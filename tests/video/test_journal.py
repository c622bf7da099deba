"""Work that was stopped: what is kept of it, and when it is refused."""

import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest

from facts import mentions
from pictures import picture
from selfmend.errors import RunError, SelfmendWarning
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
    journal.close()
    return journal.folder, image, mask, mended


def test_what_a_hole_was_filled_with_at_first_comes_back_too(tmp_path):
    image, mask = picture()
    draft = np.random.default_rng(0).integers(0, 256, (int(mask.sum()), 3)).astype(np.uint8)
    mended = MendedFrame(0, np.where(mask[..., None], whole_bytes(1 - image), image), None, draft)
    with closing(Journal(tmp_path / "j", {})) as journal:
        journal.save(mended, mask)
        again = journal.load(0, 0, image, mask)
    assert np.array_equal(again.draft, draft)
    assert np.array_equal(again.image, mended.image)


def done(folder, settings=None):
    """How many frames a journal has."""
    with closing(Journal(folder, settings or {"seed": 1, "part": [5, None]})) as journal:
        return len(journal)


def test_frames_come_back_to_the_bit(kept):
    folder, image, mask, mended = kept
    journal = Journal(folder, {"seed": 1, "part": [5, None]})
    assert len(journal) == 2
    again = journal.load(0, 5, image, mask)
    assert (again.index, again.flicker) == (5, 1.5)
    assert np.array_equal(again.image, mended.image)
    assert np.array_equal(journal.load(1, 6, image, mask & False).image, image)


def test_other_settings_are_refused_and_can_be_forgotten(kept):
    folder = kept[0]
    with pytest.raises(RunError, match=mentions("seed", "1", "2")):
        Journal(folder, {"seed": 2, "part": [5, None]})
    with closing(Journal(folder, {"seed": 2, "part": [5, None]}, restart=True)) as journal:
        assert len(journal) == 0
    assert [p.name for p in folder.glob("*.png")] == []


def test_a_torn_line_and_a_lost_picture_end_what_is_done(kept):
    folder = kept[0]
    with open(folder / "frames.jsonl", "a") as file:
        file.write('{"index": 7, "bo')
    assert done(folder) == 2
    (folder / "000005.png").unlink()
    assert done(folder) == 0


def test_another_hole_is_noticed(kept):
    folder, image, mask, _ = kept
    with pytest.raises(RunError, match="does not fit the film and its masks any more"):
        Journal(folder, {"seed": 1, "part": [5, None]}).load(0, 5, image, np.roll(mask, 1, 1))


def test_another_frame_is_noticed(kept):
    folder, image, mask, _ = kept
    with pytest.raises(RunError, match="does not fit the film and its masks any more"):
        Journal(folder, {"seed": 1, "part": [5, None]}).load(0, 6, image, mask)


def test_two_at_once_are_refused_and_a_killed_one_holds_nothing(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from selfmend.video.journal import Journal\n"
        "j = Journal(Path(sys.argv[1]), {'seed': 1}); print('here', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "j")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout.readline() == "here\n"
            for restart in (False, True):
                with pytest.raises(RunError, match=mentions("another selfmend is writing this film", "wait")):
                    Journal(tmp_path / "j", {"seed": 1}, restart=restart)
        finally:
            other.kill()
    assert done(tmp_path / "j", {"seed": 1}) == 0


def test_a_damaged_picture_is_made_again_and_said(kept):
    folder, image, mask, mended = kept
    path = folder / "000005.png"
    path.write_bytes(path.read_bytes()[:-40] + b"x" * 40)
    with closing(Journal(folder, {"seed": 1, "part": [5, None]})) as journal:
        with pytest.warns(SelfmendWarning, match=mentions("000005.png is damaged", "from frame 5")):
            assert journal.load(0, 5, image, mask) is None
        assert (len(journal), journal.resumed) == (0, 0)
        journal.save(mended, mask)
    assert done(folder) == 1


@pytest.mark.parametrize(
    "line",
    ["[]", "5", "{}", '{"index": "5", "box": null, "flicker": null, "crc": 0}', "[" * 100_000, "\x00\x01",
     '{"index": 5, "box": [1, 2], "flicker": null, "crc": 0}', '{"index": 5, "box": null, "flicker": NaN, "crc": 0}',
     '{"index": 8, "box": null, "flicker": null, "crc": 0}', '{"index": 6, "box": null, "flicker": null, "crc": 0}'],
)  # fmt: skip
def test_lines_that_are_no_records_end_what_is_done(kept, line):
    with open(kept[0] / "frames.jsonl", "a") as file:
        file.write(line + "\n")
    assert done(kept[0]) == 2


@pytest.mark.parametrize("text", ["", "[]", "5", "{", "[" * 100_000])
def test_damaged_settings_are_said_and_restart_gets_out(kept, text):
    (kept[0] / "settings.json").write_text(text)
    with pytest.raises(RunError, match=mentions("settings.json", "--restart")):
        done(kept[0])
    with closing(Journal(kept[0], {"seed": 1}, restart=True)) as journal:
        assert len(journal) == 0


@pytest.mark.parametrize(
    "left", [[], ["lock"], ["frames.jsonl"], ["000005.png", "lock"], [".selfmend-0123456789ab.json"]]
)
def test_what_a_kill_leaves_at_the_beginning_or_end_is_in_nobodys_way(tmp_path, left):
    (tmp_path / "j").mkdir()
    for name in left:
        (tmp_path / "j" / name).write_text("{")
    assert done(tmp_path / "j") == 0
    with closing(Journal(tmp_path / "j", {"seed": 1, "part": [5, None]})) as journal:
        assert sorted(p.name for p in journal.folder.iterdir()) == ["frames.jsonl", "lock", "settings.json"]
        journal.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_other_things_is_left_alone(tmp_path):
    (tmp_path / "j").mkdir()
    (tmp_path / "j" / "letter.txt").write_text("dear")
    with pytest.raises(RunError, match="is in the way and tells of no work on a film"):
        Journal(tmp_path / "j", {"seed": 1}, restart=True)
    assert (tmp_path / "j" / "letter.txt").exists()
