"""A benchmark from photos to report: what is filled, what goes on after an interruption, and what is missing."""

import csv
import dataclasses
import json
import multiprocessing
import shutil

import numpy as np
import pytest
from PIL import Image as PILImage

import selfmend
from bench_photos import ODD_NAME, draw_photos, write_program
from facts import mentions
from selfmend.errors import ImageError, OptionError, RunError
from selfmend.evaluation.benchmark import run_benchmark

PLAN = {"holes": ["block", "thin"], "metrics": ["psnr", "mae"], "methods": []}
FAILING = 'case "$1" in *thin*) echo "no thin ones" >&2; exit 3;; esac; cp "$1" "$3"'


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Telea, a copier, one that fails, one that dies with its process, and pictures of which some are missing."""
    folder = tmp_path_factory.mktemp("bench")
    photos, made = draw_photos(folder / "photos"), folder / "made"
    first = run_benchmark([photos], folder / "cases", commands=["copy=cp {image} {output}"], **PLAN)
    shutil.copytree(folder / "cases" / "cases" / "truth", made)
    (made / f"thin_{ODD_NAME}.png").unlink()
    PILImage.new("RGB", (5, 6)).save(made / "thin_a.png")
    with PILImage.open(made / "block_a.png") as picture:
        brighter = np.asarray(picture).astype(int) + 2
    PILImage.fromarray(brighter.clip(0, 255).astype(np.uint8)).save(made / "block_a.png")
    failing = write_program(folder / "fail", FAILING)
    deadly = write_program(folder / "die", FAILING.replace("exit 3", "kill -9 $PPID"))
    result = run_benchmark(
        [photos], folder / "out", external=[f"made={made}"], jobs=1, command_line="selfmend bench <photos>",
        commands=[f"{tool.name}={tool} {{image}} {{mask}} {{output}}" for tool in (failing, deadly)],
        **PLAN | {"methods": ["telea:radius=2"]},
    )  # fmt: skip
    return first, result, folder


def test_results_are_what_the_method_makes(finished) -> None:
    _, result, folder = finished
    out = folder / "out"
    assert {path.name for path in out.iterdir()} == {
        "benchmark.json", "cases", "results", "scores.csv", "table.md", "index.html",
    }  # fmt: skip
    for case in result.cases:
        expected = selfmend.inpaint(
            out / "cases" / "truth" / f"{case.name}.png", out / "cases" / "mask" / f"{case.name}.png", method="telea",
            radius=2,
        )  # fmt: skip
        found = PILImage.open(out / "results" / "telea+radius=2" / f"{case.name}.png")
        assert np.array_equal(np.asarray(found), np.asarray(expected))
        scores = result.scores["telea:radius=2"][case.name]
        assert scores["known"] == 0
        assert 10 < scores["psnr-hole"] < 60
        assert 0 < scores["cpu"] < 10
        assert scores["memory"] > 100
        assert scores["seconds"] > 0


def test_other_results_are_measured_as_they_are(finished) -> None:
    _, result, _ = finished
    assert result.scores["made"][f"block_{ODD_NAME}"]["psnr"] == 100
    assert result.scores["made"]["block_a"]["known"] == pytest.approx(2 / 255, rel=0.05)
    assert "seconds" not in result.scores["made"]["block_a"]


def test_what_is_missing_is_told_and_the_rest_is_done(finished) -> None:
    _, result, folder = finished
    found = {(failure.method, failure.case): failure.why for failure in result.failures}
    thin = ["thin_a", f"thin_{ODD_NAME}"]
    assert set(found) == {(name, case) for name in ("made", "fail", "die") for case in thin}
    assert found["made", thin[1]] == f"{folder / 'made'} has no picture of this name"
    assert found["made", "thin_a"] == "thin_a.png is 5 x 6 px; the case's 64 x 48 px fit"
    assert found["fail", "thin_a"] == "exit code 3: no thin ones"
    assert found["die", "thin_a"] == "its process ended with code -9; out of memory?"
    for name in ("made", "fail", "die"):
        assert set(result.scores[name]) == {"block_a", f"block_{ODD_NAME}"}
    with open(folder / "out" / "scores.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 4 * 4
    assert [row["failure"] for row in rows if row["method"] == "fail" and row["kind"] == "thin"] == [
        "exit code 3: no thin ones"
    ] * 2
    told = (folder / "out" / "table.md").read_text(encoding="utf-8")
    assert "6 result(s) are missing" in told
    assert "- fail, thin\\_a: exit code 3: no thin ones" in told
    assert f"fail, thin\\_{ODD_NAME}".replace("<", "\\<") in told


def written(folder):
    return {path: path.stat().st_mtime_ns for path in (folder / "results").rglob("*.png")}


def test_what_is_done_is_not_done_again_and_changed_settings_are(finished, tmp_path) -> None:
    first, _, folder = finished
    out = tmp_path / "out"
    shutil.copytree(first.folder.path, out)
    plan = PLAN | {"commands": ["copy=cp {image} {output}"]}
    before = written(out)
    again = run_benchmark([folder / "photos"], out, **plan)
    assert written(out) == before
    assert again.scores == first.scores
    (out / "results" / "copy" / "thin_a.png").unlink()
    with open(out / "results" / "copy" / "log.jsonl", "a") as file:
        file.write('{"case": "block')  # killed while it wrote
    run_benchmark([folder / "photos"], out, **plan | {"commands": [*plan["commands"], "other=cp {image} {output}"]})
    after = written(out)
    assert {path.name for path in before if after[path] != before[path]} == {"thin_a.png"}
    assert len(after) == 8
    changed = run_benchmark(
        [folder / "photos"], out, **plan | {"commands": ["copy=cp {image} {output}", "other=cp -f {image} {output}"]}
    )
    last = written(out)
    assert {path.parent.name for path in last if last[path] != after[path]} == {"other"}
    assert changed.failures == []


def test_a_damaged_result_is_told_and_made_anew(finished, tmp_path) -> None:
    first, _, folder = finished
    shutil.copytree(first.folder.path, tmp_path / "out")
    damaged = tmp_path / "out" / "results" / "copy" / "thin_a.png"
    damaged.write_bytes(damaged.read_bytes()[:200])
    plan = PLAN | {"commands": ["copy=cp {image} {output}"]}
    (failure,) = run_benchmark([folder / "photos"], tmp_path / "out", **plan).failures
    assert failure.why.endswith("the same command makes it anew")
    assert run_benchmark([folder / "photos"], tmp_path / "out", **plan).failures == []


def test_an_interruption_loses_nothing_that_is_done(finished, tmp_path) -> None:
    _, _, folder = finished
    tool = write_program(tmp_path / "slow", 'case "$1" in *thin_a*) sleep 60;; esac; cp "$1" "$2"')
    plan = PLAN | {"commands": [f"slow={tool} {{image}} {{output}}"]}

    def stop(event):
        if event.stage == "slow" and event.step == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_benchmark([folder / "photos"], tmp_path / "out", progress=stop, jobs=2, **plan)
    assert multiprocessing.active_children() == []
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"benchmark.json", "cases", "results"}
    before = written(tmp_path / "out")
    assert len(before) == 3
    tool.write_text('#!/bin/sh\ncp "$1" "$2"\n')
    result = run_benchmark([folder / "photos"], tmp_path / "out", **plan)
    after = written(tmp_path / "out")
    assert result.failures == []
    assert len(after) == 4
    assert all(after[path] == time for path, time in before.items())


def test_progress_counts_to_the_end(finished, tmp_path) -> None:
    first, _, folder = finished
    shutil.copytree(first.folder.path, tmp_path / "out")
    seen = []
    plan = PLAN | {"commands": ["copy=cp {image} {output}"]}
    run_benchmark([folder / "photos"], tmp_path / "out", progress=seen.append, **plan)
    last = {event.stage: (event.stage_index, event.step, event.steps, event.done) for event in seen}
    assert last == {"cases": (0, 4, 4, 1), "copy": (1, 4, 4, 1), "measuring": (2, 4, 4, 1)}


def test_a_folder_of_another_benchmark_is_refused_until_it_is_removed(finished, tmp_path) -> None:
    first, _, folder = finished
    out, photos = tmp_path / "out", folder / "photos"
    shutil.copytree(first.folder.path, out)
    (out / "mine.txt").write_text("mine")
    plan = PLAN | {"commands": ["copy=cp {image} {output}"]}
    with pytest.raises(RunError, match=mentions("seed", "0", "1", "--restart")):
        run_benchmark([photos], out, seed=1, **plan)
    with pytest.raises(RunError, match=mentions("size", "250", "48")):
        run_benchmark([photos], out, size=48, **plan)
    with pytest.raises(RunError, match=mentions("photos")):
        run_benchmark([photos / "a.png"], out, **plan)
    with pytest.raises(OptionError, match=mentions("truth")):
        run_benchmark([out / "cases" / "truth"], out, restart=True, **plan)
    with pytest.raises(OptionError, match=r"out lies in .*, whose pictures are read"):
        run_benchmark([tmp_path], tmp_path / "out", restart=True, **plan)
    with pytest.raises(RunError, match="not empty and holds no benchmark"):
        run_benchmark([photos], folder / "cases" / "results", restart=True, **plan)
    old = (out / "cases" / "mask" / "thin_a.png").read_bytes()
    result = run_benchmark([photos], out, seed=1, restart=True, **plan)
    assert result.seed == 1
    assert (out / "cases" / "mask" / "thin_a.png").read_bytes() != old
    assert (out / "mine.txt").read_text() == "mine"
    assert json.loads((out / "benchmark.json").read_text())["seed"] == 1


@pytest.mark.parametrize(
    ("given", "message", "error"),
    [
        ({"jobs": 0}, "jobs is 0; at least 1 fits", OptionError),
        ({"size": 31}, "size is 31; at least 32 px fit", OptionError),
        ({"masks": "masks"}, "holes are drawn, or given as masks; leave one of --holes and --masks out", OptionError),
        ({"metrics": ["pnsr"]}, "unknown metric 'pnsr'; did you mean 'psnr'?", OptionError),
        ({"methods": ["teleaa"]}, "unknown method 'teleaa'; did you mean 'telea'?", OptionError),
        ({"methods": []}, "nobody takes part", OptionError),
        ({"photos": ["nowhere"]}, "no such file or folder: nowhere", ImageError),
    ],
)
def test_mistakes_end_before_anything_is_written(finished, tmp_path, given, message, error) -> None:
    _, _, folder = finished
    plan = {"photos": [folder / "photos"], **PLAN, "methods": ["telea"]} | given
    with pytest.raises(error, match=message):
        run_benchmark(plan.pop("photos"), tmp_path / "out", **plan)
    assert not (tmp_path / "out").exists()


def test_tables_say_where_numbers_come_from(finished) -> None:
    _, result, folder = finished
    told = (folder / "out" / "table.md").read_text(encoding="utf-8")
    assert "4 cases of 2 photo(s), longest side 250 px, holes: block, thin, seed 0. selfmend " in told
    assert "Command: selfmend bench \\<photos>" in told
    assert "Of fewer than 6 nothing is called worse." in told
    assert "2 of 4" in told
    assert "## thin: 2 cases" in told
    cell = result.tables[0].rows["made"]["psnr-hole"]
    assert f"**{cell.mean:.2f}** ({cell.low:.2f} to {cell.high:.2f})" in told
    assert dataclasses.asdict(cell)["best"]
