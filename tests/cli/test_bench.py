"""`selfmend bench`: what it prints, its exit codes, and mistakes."""

import json
import shlex

import pytest

from bench_photos import draw_masks, draw_photos

QUICK = ("--methods", "none", "--command", "copy=cp {image} {output}", "--metrics", "psnr", "--holes", "block")


@pytest.fixture
def photos(folder):
    return draw_photos(folder / "photos")


def test_it_prints_means_and_where_the_page_is(run, folder, photos) -> None:
    done = run("bench", "photos", "-o", "out", *QUICK)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].split() == ["2", "cases", "psnr-hole", "seconds"]
    assert lines[1].split()[0] == "copy"
    assert lines[-1] == "out/index.html  (worse: than the best, by more than chance)"
    assert "Command: selfmend" in (folder / "out" / "table.md").read_text()
    assert run("bench", "photos", "-o", "out", *QUICK, "-q").out == ""
    told = json.loads(run("bench", "photos", "-o", "out", *QUICK, "--json").out)
    assert (told["output"], told["cases"], told["failures"]) == ("out", 2, [])
    mean = told["tables"][0]["rows"]["copy"]["psnr-hole"]["mean"]
    assert lines[1].split()[1] == f"{mean:.2f}"


def test_masks_and_single_photos(run, folder, photos) -> None:
    draw_masks(folder / "masks", ["a"])
    plan = [word for word in QUICK if word not in ("--holes", "block")]
    done = run("bench", "photos/a.png", "-o", "out", "--masks", "masks", *plan)
    assert done.code == 0
    assert "One photo: there are no intervals" in (folder / "out" / "table.md").read_text()
    assert [path.name for path in (folder / "out" / "cases" / "mask").iterdir()] == ["given_a.png"]


def test_what_is_missing_gives_exit_code_1(run, folder, photos) -> None:
    done = run("bench", "photos", "-o", "out", *QUICK, "--external", "made=photos", "-q")
    assert done.code == 1
    assert done.out == ""
    assert done.err.splitlines()[-1] == "missing: made, block_a: photos has no picture of this name"
    told = json.loads(run("bench", "photos", "-o", "out", *QUICK, "--external", "made=photos", "--json").out)
    assert [failure["method"] for failure in told["failures"]] == ["made", "made"]


def test_after_ctrl_c_it_says_that_the_same_command_goes_on(run, folder, photos, monkeypatch) -> None:
    def stop(*args, **more):
        (folder / "out").mkdir(exist_ok=True)
        raise KeyboardInterrupt

    monkeypatch.setattr("selfmend.evaluation.benchmark.write_cases", stop)
    done = run("bench", "photos", "-o", "out", *QUICK)
    assert done.code == 130
    assert done.err == "stopped; what is done is kept in out, and the same command goes on from there\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--methods telia", "unknown method 'telia'; did you mean 'telea'?"),
        ("--methods none", "nobody takes part; name at least one method, --external or --command"),
        ("--methods ,", "nobody takes part; name at least one method, --external or --command"),
        ("--holes thin,wied", "unknown kind of hole 'wied'; did you mean 'wide'?"),
        ("--metrics pnsr", "unknown metric 'pnsr'; did you mean 'psnr'?"),
        ("--external made=nowhere", "--external 'made=nowhere': nowhere is no folder"),
        ("--command 'x=nowhere {image} {output}'", "--command 'x=nowhere {image} {output}': there is no program nowhe"),
        ("--command 'x=cp {image} {output}' --timeout -1", "--timeout is -1; a number of seconds above 0 fits"),
        ("--jobs 0", "jobs is 0; at least 1 fits"),
        ("--holes thin --masks masks", "holes are drawn, or given as masks; leave one of --holes and --masks out"),
        ("--masks masks", "masks holds 3 masks for 2 photos, and none has a photo's name"),
        ("-o photos", "photos lies in photos, whose pictures are read; choose a folder outside it"),
        ("-o other", "other is not empty and holds no benchmark; choose a new or empty folder"),
        ("-o photo.png", "cannot write into photo.png: "),
    ],
)  # fmt: skip
def test_mistakes_end_with_one_line_and_write_nothing(refused, folder, photos, arguments, message) -> None:
    draw_masks(folder / "masks", ["x", "y", "z"])
    draw_masks(folder / "other", ["x"])
    words = ["bench", "photos", "--methods", "telea", "--metrics", "psnr", "-o", "out", *shlex.split(arguments)]
    assert refused(*words).startswith(message)
    assert not (folder / "out").exists()
