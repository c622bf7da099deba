"""Files are whole or not there."""

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from selfmend.files import append_text, atomic_path, check_writable, exists, remove_orphans


def write(path, text="new"):
    with atomic_path(path) as temporary:
        temporary.write_text(text)


def test_a_block_that_ends_well_replaces_the_file_and_makes_its_folder(tmp_path):
    for name in ("a.txt", "new/deep/a.txt", "with space.txt", "naïve 猫.txt", "no-ending", "n" * 250 + ".txt"):
        for text in ("first", "second"):
            write(tmp_path / name, text)
            assert (tmp_path / name).read_text() == text
            assert len(list((tmp_path / name).parent.glob(".*"))) == 0


def test_a_block_that_fails_leaves_what_was_there(tmp_path):
    (tmp_path / "a.txt").write_text("old")

    def stopped_half_way():
        with atomic_path(tmp_path / "a.txt") as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped_half_way()
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch, call):
    (tmp_path / "a.txt").write_text("old")

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(OSError, match="No space left") as error:
        write(tmp_path / "a.txt")
    assert error.value.filename == str(tmp_path / "a.txt")
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"


@pytest.mark.parametrize(
    ("raised", "named"),
    [
        (lambda temporary: OSError(errno.ENOSPC, "No space left on device", "read.txt", None, "other"), "a.txt"),
        (lambda temporary: PermissionError(errno.EACCES, "Permission denied", str(temporary)), "a.txt"),
        (lambda temporary: PermissionError(errno.EACCES, "Permission denied", "read.txt"), "read.txt"),
        (lambda temporary: TimeoutError("the connection ended"), None),
    ],
)
def test_what_cannot_be_written_is_called_by_its_own_name(tmp_path, raised, named):
    """Not by the temporary one, nor by that of a file which was read when the disk was full."""

    def fail():
        with atomic_path(tmp_path / "a.txt") as temporary:
            raise raised(temporary)

    with pytest.raises(OSError, match=r"ed|left") as error:
        fail()
    assert (error.value.filename and Path(error.value.filename).name) == named
    assert error.value.filename2 is None


def test_text_that_cannot_be_appended_names_its_file(tmp_path):
    append_text(tmp_path / "a.txt", "one\n")
    append_text(tmp_path / "a.txt", "two\n")
    assert (tmp_path / "a.txt").read_text() == "one\ntwo\n"
    with pytest.raises(OSError, match=r"folder") as error:
        append_text(tmp_path / "folder" / "a.txt", "one\n")
    assert error.value.filename == str(tmp_path / "folder" / "a.txt")


def test_a_writer_that_puts_a_private_file_in_its_place_does_not_make_it_private(tmp_path):
    """As safetensors does."""
    (tmp_path / "plain.txt").touch()
    with atomic_path(tmp_path / "a.txt") as temporary:
        temporary.unlink()
        temporary.touch(mode=0o600)
    assert (tmp_path / "a.txt").stat().st_mode == (tmp_path / "plain.txt").stat().st_mode


KILLED = """
import os, sys, time
from selfmend.files import atomic_path
with atomic_path(sys.argv[1]) as temporary:
    temporary.write_text("half")
    print(temporary, flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="what is open cannot be removed there")
def test_what_a_killed_process_left_is_removed_and_what_a_living_one_writes_is_not(tmp_path):
    for name in (".selfmend-notes", ".selfmend-folder/a.txt", ".0123456789ab.txt"):  # the last: of any program
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    os.unlink(tmp_path / ".selfmend-notes")
    os.symlink(tmp_path / ".0123456789ab.txt", tmp_path / ".selfmend-0123456789ac.txt")
    kept = {path.name for path in tmp_path.iterdir()}
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, tmp_path / "a.txt"], stdout=subprocess.PIPE, text=True
    ) as other:
        try:
            temporary = Path(other.stdout.readline().strip())
            assert remove_orphans(tmp_path) == 0
            assert temporary.read_text() == "half"
        finally:
            other.kill()
    assert temporary.exists()
    code = "import sys; from selfmend.files import atomic_path\nwith atomic_path(sys.argv[1]) as t: t.write_text('')"
    subprocess.run([sys.executable, "-c", code, tmp_path / "b.txt"], check=True)
    assert {path.name for path in tmp_path.iterdir()} == kept | {"b.txt"}


def test_permissions_are_those_of_the_old_file_or_of_a_plain_open(tmp_path):
    write(tmp_path / "new.txt")
    (tmp_path / "plain.txt").write_text("")
    assert (tmp_path / "new.txt").stat().st_mode == (tmp_path / "plain.txt").stat().st_mode
    os.chmod(tmp_path / "new.txt", 0o640)
    write(tmp_path / "new.txt")
    assert stat.S_IMODE((tmp_path / "new.txt").stat().st_mode) == 0o640


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.txt").write_text("old")
    os.symlink(tmp_path / "real" / "a.txt", tmp_path / "link.txt")
    write(tmp_path / "link.txt")
    assert (tmp_path / "link.txt").is_symlink()
    assert (tmp_path / "real" / "a.txt").read_text() == "new"


def test_writable_folders_pass_and_nothing_is_made(tmp_path):
    check_writable(tmp_path)
    check_writable(tmp_path / "new" / "deep")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_found(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "sub"):
        with pytest.raises(NotADirectoryError):
            check_writable(folder)


def test_a_text_that_can_be_no_path_does_not_exist(tmp_path):
    assert exists(tmp_path)
    assert not exists(tmp_path / "no")
    assert not exists("x" * 5000)
    assert not exists("a\0b")
