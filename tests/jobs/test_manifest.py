"""The manifest: what counts as done, and what survives a kill."""

import dataclasses
import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from batch_jobs import pictures
from facts import mentions
from selfmend.errors import ImageError, RunError
from selfmend.jobs.folder_work import Outcome, mark
from selfmend.jobs.manifest import NAME, Manifest, has_records, read_manifest

SETTINGS = {"method": "telea", "options": {"radius": 3.0}, "seed": 0}


@pytest.fixture
def work(tmp_path):
    """Two pictures with their files."""
    found = []
    for picture in pictures("a", "b", folder=tmp_path):
        mask = tmp_path / f"mask-{picture.name}"
        for path in (picture.image, mask, picture.output):
            path.write_text(f"what is in {path.name}")
        found.append(dataclasses.replace(picture, mask=str(mask)))
    return found


def done(picture):
    marks = {"image": mark(picture.image), "mask": mark(picture.mask), "output": mark(picture.output)}
    return Outcome(picture=picture, seconds=1.5, worker="host:1", files=marks)


def finished(tmp_path, *found, settings=SETTINGS):
    kept = Manifest(tmp_path / "out", settings, resume=True)
    for picture in found:
        kept.write(done(picture))
    kept.close()
    return kept.path


def test_every_picture_has_a_line(tmp_path, work):
    kept = Manifest(tmp_path / "out", SETTINGS, resume=False)
    kept.write(done(work[0]))
    kept.write(Outcome(picture=work[1], error="broken", warnings=("odd",)))
    first, *lines = [json.loads(line) for line in kept.path.read_text().splitlines()]
    assert first["settings"] == SETTINGS
    assert [line["name"] for line in lines] == ["a", "b"]
    assert [line["state"] for line in lines] == ["done", "failed"]
    assert lines[0]["seed"] == 1
    assert lines[0]["files"]["image"]["sha256"] == mark(work[0].image)["sha256"]
    assert (lines[0]["seconds"], lines[0]["worker"], lines[0]["error"]) == (1.5, "host:1", None)
    assert (lines[1]["error"], lines[1]["warnings"], lines[1]["output"]) == ("broken", ["odd"], None)


def test_what_is_done_stays_done_while_its_files_are_the_same(tmp_path, work):
    finished(tmp_path, work[0])
    kept = Manifest(tmp_path / "out", SETTINGS, resume=True)
    assert [kept.is_done(picture) for picture in work] == [True, False]
    os.utime(work[0].image, (1, 1))
    assert kept.is_done(work[0]), "only touched"
    moved = shutil.copy(work[0].mask, tmp_path / "moved")
    assert kept.is_done(dataclasses.replace(work[0], mask=str(moved)))
    assert not kept.is_done(dataclasses.replace(work[0], seed=2))
    assert not kept.is_done(dataclasses.replace(work[0], mask="alpha"))
    for changed in (work[0].image, Path(work[0].mask), work[0].output):
        before = changed.read_text()
        changed.write_text("another" if changed == work[0].output else before.replace("what", "WHAT"))
        assert not kept.is_done(work[0]), changed
        changed.write_text(before)
        assert kept.is_done(work[0])
    work[0].output.unlink()
    assert not kept.is_done(work[0])


def test_a_mask_that_is_no_file_must_be_the_same_text(tmp_path, work):
    picture = dataclasses.replace(work[0], mask="1,2,3,4")
    kept = Manifest(tmp_path / "out", SETTINGS, resume=False)
    kept.write(
        Outcome(picture=picture, files={"image": mark(picture.image), "mask": None, "output": mark(picture.output)})
    )
    assert kept.is_done(picture)
    assert not kept.is_done(dataclasses.replace(picture, mask="1,2,3,5"))
    assert not kept.is_done(work[0])


def test_a_line_that_was_cut_off_counts_for_nothing(tmp_path, work):
    path = finished(tmp_path, *work)
    text = path.read_text()
    path.write_text(text[:-40])
    kept = Manifest(tmp_path / "out", SETTINGS, resume=True)
    assert [kept.is_done(picture) for picture in work] == [True, False]
    kept.write(done(work[1]))
    assert len(path.read_text().splitlines()) == 3
    assert read_manifest(path)[1].keys() == {"a", "b"}


def test_a_later_line_counts(tmp_path, work):
    path = finished(tmp_path, work[0])
    kept = Manifest(tmp_path / "out", SETTINGS, resume=True)
    kept.write(Outcome(picture=work[0], error="broken"))
    assert not kept.is_done(work[0])
    assert read_manifest(path)[1]["a"]["state"] == "failed"


def test_other_settings_are_refused_and_named(tmp_path, work):
    path = finished(tmp_path, work[0])
    line = rf"^{path} tells of work with another seed \(0, now 1\); the same settings go on there, --overwrite begins"
    with pytest.raises(RunError, match=line):
        finished(tmp_path, settings=SETTINGS | {"seed": 1})
    with pytest.raises(RunError, match=mentions("options", "radius", "3.0", "5.0")):
        finished(tmp_path, settings=SETTINGS | {"options": {"radius": 5.0}})
    assert len(path.read_text().splitlines()) == 2
    Manifest(tmp_path / "out", {}, resume=False)
    assert len(path.read_text().splitlines()) == 1


def test_one_that_was_begun_and_came_to_nothing_binds_nobody(tmp_path, work):
    assert not has_records(finished(tmp_path))
    path = finished(tmp_path, work[0], settings=SETTINGS | {"seed": 1})
    assert has_records(path)
    assert read_manifest(path)[0]["settings"]["seed"] == 1
    path.write_text("text")
    assert has_records(path)


@pytest.mark.parametrize("resume", [True, False])
def test_an_empty_one_was_claimed_and_came_to_nothing(tmp_path, work, resume):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / NAME).write_text("")
    assert not has_records(tmp_path / "out" / NAME)
    Manifest(tmp_path / "out", SETTINGS, resume=resume, overwrite=False).close()
    assert read_manifest(tmp_path / "out" / NAME)[1] == {}


@pytest.mark.parametrize("text", ["text\n", "[1]\n", '{"manifest": 2, "settings": {}}\n', '{"manifest": 1}\n'])
def test_what_is_no_manifest_is_refused(tmp_path, text):
    (tmp_path / NAME).write_text(text)
    with pytest.raises(RunError, match=mentions("manifest", "--overwrite")):
        Manifest(tmp_path, SETTINGS, resume=True)


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ImageError, match=mentions("manifest.jsonl")):
        Manifest(tmp_path / "file", SETTINGS, resume=False)


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be replaced there")
def test_two_at_once_are_refused(tmp_path, work):
    kept = Manifest(tmp_path / "out", SETTINGS, resume=True)
    for resume in (True, False):
        with pytest.raises(RunError, match=mentions("another selfmend is mending into", "wait")):
            Manifest(tmp_path / "out", SETTINGS, resume=resume)
    kept.write(done(work[0]))
    kept.close()
    assert len(read_manifest(finished(tmp_path, work[1]))[1]) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be replaced there")
def test_of_two_that_begin_at_once_one_is_refused(tmp_path, monkeypatch):
    begin, refused = Manifest._begin, []

    def while_another_begins(self, *given, **how):
        monkeypatch.setattr(Manifest, "_begin", begin)
        with pytest.raises(RunError, match=mentions("another selfmend is mending into", "wait")) as error:
            Manifest(tmp_path / "out", SETTINGS, resume=False)
        refused.append(error)
        begin(self, *given, **how)

    monkeypatch.setattr(Manifest, "_begin", while_another_begins)
    Manifest(tmp_path / "out", SETTINGS, resume=False).close()
    assert len(refused) == 1
    assert read_manifest(tmp_path / "out" / NAME)[1] == {}


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be replaced there")
def test_one_that_is_replaced_before_it_is_locked_is_let_go(tmp_path, work, monkeypatch):
    first = Manifest(tmp_path / "out", SETTINGS, resume=False)
    real, held = os.open, []

    def opened(path, *given, **how):
        descriptor = real(path, *given, **how)
        if str(path).endswith(NAME) and not held:
            held.append(descriptor)
            first.close()
            finished(tmp_path, work[0])  # another one, which replaces it
        return descriptor

    monkeypatch.setattr(os, "open", opened)
    with pytest.raises(RunError, match=mentions("holds results of another selfmend by now")):
        Manifest(tmp_path / "out", SETTINGS, resume=False, overwrite=False)
    assert list(read_manifest(tmp_path / "out" / NAME)[1]) == ["a"]


@pytest.mark.parametrize("field", ["name", "state", "seed", "mask", "files"])
def test_a_damaged_line_counts_for_nothing_and_hides_no_other(tmp_path, work, field):
    path = finished(tmp_path, *work)
    lines = path.read_text().splitlines()
    record = json.loads(lines[1])
    for value in (5.5, [], {"x": 1}, ...):
        changed = {name: one for name, one in record.items() if name != field} | (
            {} if value is ... else {field: value}
        )
        path.write_text("\n".join([lines[0], json.dumps(changed), "[" * 99_999, "5", lines[2]]) + "\n")
        assert list(read_manifest(path)[1]) == ["b"]
