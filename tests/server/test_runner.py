"""The queue with real workers: what goes in, what comes out, and what cannot stop it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import selfmend
from encoded import box, decoded, encoded, photo
from facts import mentions
from processes import TESTS, environment
from selfmend.errors import MaskError, OptionError, RunError
from selfmend.jobs.job import Busy, Limits, NotAPicture, TooLarge, UnknownJob, UnknownModel
from selfmend.jobs.request import NO_HOLE
from selfmend.jobs.runner import Runner

HOLE = decoded(box()) > 0
LONG = {"method": "singan", "preset": "tiny", "options": {"steps": 1_000_000}}


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """A folder in which a server was killed in the middle of a job, and the ids of that one and of one that waited."""
    folder = tmp_path_factory.mktemp("server")
    command = [sys.executable, str(TESTS / "killed_server.py"), str(folder)]
    done = subprocess.run(command, env=environment(folder), capture_output=True, text=True, timeout=120)
    assert done.returncode == -signal.SIGKILL, done.stderr
    return folder, *done.stdout.split()


@pytest.fixture(scope="module")
def runner(killed):
    """One for all tests of this file, since its workers take seconds to load torch; it goes on after the kill."""
    runner = Runner(killed[0], device="cpu", limits=Limits(max_bytes=200_000, max_pixels=40_000, max_queue=3))
    runner.start()
    yield runner
    runner.stop()


def until(runner, job, condition, *, timeout=60):
    """The job as soon as a condition holds."""
    while not condition(job):
        before = job.revision
        job = runner.wait(job.id, revision=before, timeout=timeout)
        assert job.revision > before, f"nothing happened for {timeout} s: {job}"
    return job


def ended(runner, job):
    """The job when nothing changes it any more."""
    return until(runner, job, lambda now: now.final)


def submit(runner, settings=None, **files):
    return runner.submit("fill", {"image": photo(), "mask": box(), **files}, settings or {})


def eventually(condition, *, timeout=20):
    """Wait until something holds that no job tells of."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_killed_server_leaves_jobs_that_the_next_one_finishes(killed, runner) -> None:
    _, id, waiting = killed
    assert runner.get(id).stage == "a worker gets ready"
    job = ended(runner, runner.get(id))
    assert (job.state, len(job.results), job.error) == ("done", 1, None)
    fresh = selfmend.inpaint(decoded(photo()), HOLE, method="singan", preset="tiny", seed=5, steps=6, device="cpu")
    assert np.array_equal(decoded(runner.result_path(id, 0)), fresh)  # to the bit, as if nothing had happened
    second = ended(runner, runner.get(waiting))
    assert second.state == "done"
    assert second.started >= job.finished  # one heavy job at a time, in order


def test_a_fill_keeps_what_is_known_and_its_name(runner) -> None:
    files = {"image": photo(), "mask": box()}
    job = runner.submit("fill", files, {"seed": 3}, names={"image": "../x/my photo.PNG"})
    assert (job.state, job.place, job.size, job.settings.seed) == ("queued", 0, (60, 80), 3)
    job = ended(runner, job)
    assert (job.state, job.done, job.error, job.place, job.seconds_left) == ("done", 1.0, None, None, None)
    (result,) = job.results
    assert (result.name, result.media_type, result.width, result.height) == ("my photo-mended.png", "image/png", 80, 60)
    assert result.bytes == runner.result_path(job.id, 0).stat().st_size
    before, after = decoded(runner.input_path(job.id, "image")), decoded(runner.result_path(job.id, 0))
    assert (before[~HOLE] == after[~HOLE]).all()
    assert np.array_equal(after, selfmend.inpaint(before, HOLE, seed=3))
    assert job.created <= job.started <= job.finished
    assert job.seconds == job.finished - job.started


def test_several_fills_a_format_and_a_seed_that_is_drawn(runner) -> None:
    job = ended(runner, submit(runner, {"samples": 2, "format": "webp"}))
    assert [result.name for result in job.results] == ["picture-mended-1.webp", "picture-mended-2.webp"]
    one, other = (decoded(runner.result_path(job.id, k)) for k in range(2))
    assert not np.array_equal(one, other)
    again = ended(runner, submit(runner, {"samples": 2, "format": "webp"}))
    assert again.settings.seed != job.settings.seed
    with pytest.raises(UnknownJob, match=mentions("job", "2", "0")):
        runner.result_path(job.id, 2)
    with pytest.raises(UnknownJob, match=mentions("job", "'picture'")):
        runner.input_path(job.id, "picture")


def test_transparency_is_the_mask_where_none_came(runner) -> None:
    pixels = np.dstack([decoded(photo()), np.where(HOLE, 0, 255).astype(np.uint8)])
    job = ended(runner, runner.submit("fill", {"image": encoded(pixels)}, {}))
    after = decoded(runner.result_path(job.id, 0))
    assert (after[~HOLE] == pixels[~HOLE]).all()
    assert (after[..., 3] == 255).all()
    with pytest.raises(MaskError, match="there is no mask, and the picture has no transparent pixels; mark what"):
        runner.submit("fill", {"image": photo()}, {})
    pixels[..., 3] = 255
    refused = ended(runner, runner.submit("fill", {"image": encoded(pixels)}, {}))
    assert (refused.state, refused.error) == ("failed", NO_HOLE)


def test_warnings_of_the_work_are_kept(runner) -> None:
    job = ended(runner, submit(runner, mask=box(120, 160)))
    assert job.state == "done"
    assert job.warnings == ("the mask is 160 x 120 and was resized to the picture's 80 x 60",)


def test_cancel_stops_the_work_and_the_next_job_runs(runner, caplog) -> None:
    heavy = until(runner, submit(runner, LONG), lambda job: job.stage_index >= 0 and job.terms)
    assert heavy.done is not None
    quick = ended(runner, submit(runner))  # beside it
    assert quick.state == "done"
    assert runner.get(heavy.id).state == "running"
    waiting = submit(runner, {"method": "singan", "preset": "tiny"})
    assert waiting.place == 1
    told = runner.cancel(heavy.id)
    assert told.state == "cancelled"
    assert runner.cancel(heavy.id).state == "cancelled"
    assert runner.get(waiting.id).revision > waiting.revision  # it has moved up
    done = ended(runner, waiting)
    assert (done.state, runner.get(heavy.id).state) == ("done", "cancelled")
    assert done.previews >= 1
    assert max(decoded(runner.preview_path(done.id)).shape[:2]) == 80
    assert not caplog.records


def test_a_queued_job_can_be_cancelled_and_removed(runner) -> None:
    heavy = submit(runner, LONG)
    waiting = submit(runner, LONG)
    assert runner.cancel(waiting.id).state == "cancelled"
    folder = runner.input_path(waiting.id, "image").parent.parent
    runner.remove(waiting.id)
    with pytest.raises(UnknownJob, match="there is no job"):
        runner.get(waiting.id)
    until(runner, heavy, lambda job: job.state == "running")
    held = runner.input_path(heavy.id, "image").parent.parent
    runner.remove(heavy.id)
    eventually(lambda: not folder.exists() and not held.exists())


def test_a_queue_has_an_end(runner) -> None:
    first = until(runner, submit(runner, LONG), lambda job: job.state == "running")
    others = [submit(runner, LONG) for _ in range(3)]
    assert [runner.get(job.id).place for job in others] == [1, 2, 3]
    assert runner.counts()["queued"] == 3
    with pytest.raises(Exception, match=mentions("3")):
        submit(runner)
    for job in [first, *others]:
        runner.cancel(job.id)
    assert [job.id for job in runner.list(2)] == [others[2].id, others[1].id]


def test_a_worker_that_dies_costs_its_job_alone(runner, caplog) -> None:
    job = until(runner, submit(runner, LONG), lambda job: job.terms)
    (worker,) = (one for one in runner._dispatcher._workers if one.queue == "heavy")
    os.kill(worker.pid, signal.SIGKILL)
    job = ended(runner, job)
    assert job.state == "failed"
    assert job.error == (
        "the worker ended unexpectedly (exit code -9); perhaps memory was used up, then a smaller picture fits"
    )
    assert ended(runner, submit(runner, {"method": "singan", "preset": "tiny"})).state == "done"


def test_a_run_is_trained_listed_used_and_removed(runner) -> None:
    trained = runner.submit(
        "train", {"image": photo()}, {"method": "singan", "preset": "tiny"}, names={"image": "tiles.png"}
    )
    assert trained.settings.name == "tiles"
    with pytest.raises(OptionError, match=mentions("'tiles'")):
        runner.submit("train", {"image": photo()}, {"preset": "tiny", "name": "tiles"})
    trained = ended(runner, trained)
    assert (trained.state, trained.results) == ("done", ())
    (info,) = runner.models()
    assert (info.name, info.size, info.error) == ("tiles", (60, 80), None)
    assert decoded(runner.thumbnail("tiles")).shape == (60, 80, 3)
    wide = np.pad(decoded(photo()), [(0, 0), (0, 40), (0, 0)], mode="wrap")
    moved = decoded(photo()).copy()
    moved[5:25, 5:25] = moved[30:50, 50:70]
    orders = {
        "sample": ({}, {"samples": 2, "height": 50}, [("tiles-sample-1.png", 50, 80), ("tiles-sample-2.png", 50, 80)]),
        "retarget": ({}, {"width": 100}, [("tiles-retargeted.png", 60, 100)]),
        "harmonize": ({"picture": photo(), "mask": box()}, {}, [("tiles-harmonized.png", 60, 80)]),
        "edit": ({"picture": encoded(moved)}, {}, [("tiles-mended.png", 60, 80)]),
        "paint": ({"picture": encoded(wide)}, {"format": "jpeg"}, [("tiles-painted.jpg", 39, 78)]),
        "animate": ({}, {"frames": 3, "format": "webp"}, [("tiles-moving.webp", 48, 64)]),
        "fill": ({"mask": box()}, {}, [("tiles-mended.png", 60, 80)]),
    }
    for task, (files, settings, results) in orders.items():
        job = ended(runner, runner.submit(task, files, {"model": "tiles", **settings}))
        assert (job.state, job.queue, job.error) == ("done", "quick", None), task
        assert [(made.name, made.height, made.width) for made in job.results] == results
    with pytest.raises(OptionError, match=mentions("model", "'tiles'", "'super-resolve'")):
        runner.submit("super-resolve", {}, {"model": "tiles"})
    heavy = runner.submit("paint", {"picture": photo()}, {"model": "tiles", "quantized": True})
    assert heavy.queue == "heavy"
    with pytest.raises(Busy, match=mentions("'tiles'")):
        runner.remove_model("tiles")
    assert ended(runner, heavy).state == "done"
    runner.remove_model("tiles")
    assert runner.models() == []
    with pytest.raises(UnknownModel, match=mentions("'tiles'")):
        runner.remove_model("tiles")


def test_new_pictures_without_a_model(runner) -> None:
    orders = {
        ("retarget", "gpnn"): ({"height": 40}, (40, 80)),
        ("sample", "singan"): ({"preset": "tiny", "options": {"steps": 1}, "start_scale": 1}, (48, 64)),
        ("super-resolve", "singan"): ({"preset": "tiny", "options": {"steps": 1}, "factor": 1.3}, (78, 104)),
    }
    for (task, method), (settings, size) in orders.items():
        job = ended(runner, runner.submit(task, {"image": photo(format="JPEG")}, {"method": method, **settings}))
        assert (job.state, job.error) == ("done", None)
        assert job.queue == ("heavy" if method == "singan" else "quick")
        (made,) = job.results
        assert ((made.height, made.width), made.media_type) == (size, "image/jpeg")


@pytest.mark.parametrize(
    ("files", "settings", "error", "message"),
    [
        ({"image": b""}, {}, NotAPicture, r"the image is empty \(0 bytes\)"),
        ({"image": b"GIF89a"}, {}, NotAPicture, r"the image is not a picture that can be read .*; PNG, JPEG"),
        ({"image": b"\x00" * 200_001}, {}, TooLarge, r"the files have 0\.2 MB; at most 0\.2 MB fit"),
        ({"image": photo(201, 200)}, {}, TooLarge, r"the image has 200 x 201 pixels; at most 0\.04 million fit"),
        (
            {"mask": photo(80, 60)},
            {},
            MaskError,
            "the mask is 60 x 80 and the picture 80 x 60; a mask of the same size",
        ),
        ({}, {"seed": "x"}, OptionError, "option seed is 'x'; a value of type int . None fits"),
        ({}, {"model": "../x"}, OptionError, r"unknown model '\.\./x'"),
    ],
)
def test_what_does_not_fit_is_refused_at_once(runner, files, settings, error, message) -> None:
    jobs, folders = len(runner.list()), len(os.listdir(runner.folder / "jobs"))
    with pytest.raises(error, match=message):
        submit(runner, settings, **files)
    assert (len(runner.list()), len(os.listdir(runner.folder / "jobs"))) == (jobs, folders)


def test_changes_are_told_to_who_asked(runner) -> None:
    states, broken = [], lambda job: 1 / 0
    job = submit(runner, {"method": "telea"})
    forget = [runner.subscribe(job.id, broken), runner.subscribe(job.id, lambda job: states.append(job.state))]
    job = ended(runner, job)
    eventually(lambda: states and states[-1] == "done")
    for unsubscribe in forget:
        unsubscribe()
        unsubscribe()
    count = len(states)
    runner.cancel(job.id)
    runner.remove(job.id)
    assert (len(states), runner._told) == (count, {})


def test_two_servers_cannot_share_a_folder(runner) -> None:
    with pytest.raises(RunError, match=mentions("folder")):
        Runner(runner.folder)


def test_a_job_may_take_so_long(runner, monkeypatch) -> None:
    monkeypatch.setattr(runner._dispatcher, "_limits", Limits(max_seconds=0.5))
    job = ended(runner, submit(runner, LONG))
    assert job.state == "failed"
    assert job.error == "it took longer than 0.5 s, which is the most that a job may take here"


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not tell how much a process holds")
def test_a_job_may_take_so_much_memory(runner, monkeypatch) -> None:
    monkeypatch.setattr(runner._dispatcher, "_limits", Limits(max_memory=1_000_000))
    job = ended(runner, submit(runner, LONG))
    assert job.state == "failed"
    assert "0.001 GB of memory" in job.error
    monkeypatch.setattr(runner._dispatcher, "_limits", Limits())
    assert ended(runner, submit(runner, {"method": "telea"})).state == "done", "another worker takes its place"


def test_the_number_of_workers_is_checked(tmp_path) -> None:
    with pytest.raises(OptionError, match=mentions("quick_workers", "0", "1")):
        Runner(Path(tmp_path), quick_workers=0)


def test_stopping_puts_back_what_runs(runner) -> None:
    job = until(runner, submit(runner, LONG), lambda job: job.terms)
    workers = list(runner._dispatcher._workers)
    runner.stop()
    assert not any(Path(f"/proc/{worker.pid}").exists() for worker in workers)
    next_one = Runner(runner.folder)
    assert (next_one.get(job.id).state, next_one.get(job.id).started) == ("queued", None)
    assert list((runner.folder / "jobs" / job.id / "run" / "training").glob("stage-*"))  # it goes on from there
    next_one.stop()
