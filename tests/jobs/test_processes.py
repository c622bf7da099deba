"""Worker processes: all pictures are done once, and one that is killed costs nobody else anything."""

import multiprocessing
import os
import time

import pytest
from PIL import Image as PILImage

from batch_jobs import Fragile, Unloadable, pictures
from facts import mentions
from selfmend.errors import SelfmendError
from selfmend.jobs import local as processes
from selfmend.jobs.local import ProcessEngine


def outcomes(engine, *names, **more):
    found = list(engine.run(pictures(*names, **more)))
    assert sorted(one.picture.name for one in found) == sorted(names)
    assert not multiprocessing.active_children()
    return {one.picture.name: one for one in found}, [one.picture.name for one in found]


def test_each_picture_is_done_once_by_several_processes(tmp_path):
    done, _ = outcomes(ProcessEngine(Fragile(tmp_path).prepare, jobs=2), *"abcdef", "bad")
    assert {one.error for one in done.values()} == {"", "broken"}
    assert len({one.worker for one in done.values()}) == 2
    assert str(os.getpid()) not in {one.worker.split(":")[1] for one in done.values()}
    assert max(len(one.warnings) for one in done.values()) == 2


def test_a_killed_process_costs_its_picture_only_which_is_tried_again_alone(tmp_path):
    done, order = outcomes(ProcessEngine(Fragile(tmp_path).prepare, jobs=2), "once", "a", "kill", "b", "memory", "c")
    assert sorted(order[3:]) == ["kill", "memory", "once"], "tried again when all others are done"
    assert done["once"].error == done["memory"].error == ""
    assert done["once"].warnings == ("once",)
    assert done["memory"].warnings == ("memory",)
    others = {done[name].worker for name in "abc"}
    assert done["once"].worker not in others, "nobody holds memory then"
    assert done["kill"].error == "its process ended with code -9; out of memory?"


def test_without_retries_a_lost_task_stays_lost(tmp_path):
    done, _ = outcomes(ProcessEngine(Fragile(tmp_path).prepare, jobs=1, retries=0), "a", "once", "b")
    assert [bool(done[name].error) for name in ("a", "once", "b")] == [False, True, False]


def test_what_cannot_begin_stops_the_work():
    with pytest.raises(SelfmendError, match=mentions("run")):
        list(ProcessEngine(Unloadable().prepare, jobs=2).run(pictures("a", "b")))
    with pytest.raises(SelfmendError, match=mentions("3")):
        list(ProcessEngine(Unloadable(3).prepare, jobs=2).run(pictures("a", "b")))
    assert not multiprocessing.active_children()


def test_large_pictures_wait_for_memory(tmp_path, monkeypatch):
    for name in "abcd":
        PILImage.new("L", (100, 100)).save(tmp_path / f"{name}.png")
    names = [f"{name}.png" for name in "abcd"]
    for memory, at_once in ((2e6, 1), (3.1e6, 2), (float("inf"), 4)):
        monkeypatch.setattr(processes, "free_memory", lambda memory=memory: memory)
        done, _ = outcomes(ProcessEngine(Fragile(tmp_path).prepare, jobs=4), *names, folder=tmp_path)
        assert len({one.worker for one in done.values()}) == at_once


def test_closing_ends_the_processes_and_takes_no_more_pictures(tmp_path):
    taken = []

    def endless():
        while True:
            taken.append(len(taken))
            yield pictures(f"{len(taken)}")[0]

    running = ProcessEngine(Fragile(tmp_path).prepare, jobs=2).run(endless())
    next(running)
    started = time.monotonic()
    running.close()
    assert time.monotonic() - started < 4
    assert not multiprocessing.active_children()
    assert len(taken) <= 4
