"""What is removed, and when."""

from selfmend.jobs.job import Limits
from selfmend.jobs.queue import expired, folder_bytes

FINISHED = [("d", 9000.0, 40), ("c", 8000.0, 30), ("b", 5000.0, 20), ("a", 3000.0, 10)]


def test_a_job_is_kept_for_so_many_hours() -> None:
    assert expired(FINISHED, Limits(keep_hours=1.0), 8599.0) == ["a"]
    assert expired(FINISHED, Limits(keep_hours=1.0), 8601.0) == ["b", "a"]
    assert expired(FINISHED, Limits(), 9000.0) == []


def test_the_oldest_go_when_there_is_too_much() -> None:
    assert expired(FINISHED, Limits(keep_bytes=90), 9000.0) == ["a"]
    assert expired(FINISHED, Limits(keep_bytes=89), 9000.0) == ["b", "a"]
    assert expired(FINISHED, Limits(keep_bytes=0), 9000.0) == ["d", "c", "b", "a"]


def test_all_files_of_a_folder_count(tmp_path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_bytes(b"123")
    (tmp_path / "d").write_bytes(b"4567")
    assert folder_bytes(tmp_path) == 7
    assert folder_bytes(tmp_path / "nothing") == 0
