"""`selfmend mask KIND`: a command of each finder, made of the registry and of the task's options."""

import json

import numpy as np
import pytest
import typer
from PIL import Image as PILImage

import selfmend
from facts import mentions
from selfmend.cli.mask import app
from selfmend.masks.finders import FINDERS, Finder
from selfmend.tasks import task_option


@pytest.fixture
def photo(tmp_path, monkeypatch):
    """The current folder: an even picture, and one with a bright speck of 2 x 2 at row 10, column 30."""
    monkeypatch.chdir(tmp_path)
    even = np.full((40, 60), 100, np.uint8)
    PILImage.fromarray(even).save("even.png")
    even[10:12, 30:32] = 255
    PILImage.fromarray(even).save("speck.png")


@pytest.fixture
def toy(monkeypatch):
    """A finder of whatever is brighter than 1 - sensitivity, named "dust" like one that has a command."""
    toy = Finder(name="dust", title="Bright.", wanted="dust", find=f"{__name__}:find_bright")
    monkeypatch.setitem(FINDERS, "dust", toy)
    monkeypatch.setattr(Finder, "function", lambda one: find_bright if one is toy else None)


def find_bright(image, *, sensitivity=0.5, region=None):
    from selfmend.masks.finders import in_region

    return in_region(image, region, lambda part: part.max(2) > 1 - sensitivity)


@pytest.mark.parametrize("kind", FINDERS)
def test_every_finder_has_a_command_with_the_options_of_the_task(kind) -> None:
    group = typer.main.get_command(app)
    parameters = {one.name: one for one in group.commands[kind].params}
    assert group.commands[kind].help.startswith(FINDERS[kind].title)
    for name in ("sensitivity", "region", "grow"):
        row = task_option("find", name)
        assert parameters[name].help.startswith(row["help"][:1].upper() + row["help"][1:])
        assert parameters[name].default == row["value"]


def test_the_mask_is_written_and_what_was_found_is_said(run, photo, toy) -> None:
    done = run("mask", "dust", "speck.png", "-o", "m.png", "--sensitivity", "0.3", "--json")
    assert done.code == 0
    (row,) = json.loads(done.out)["masks"]
    assert (row["mask"], row["what"]) == ("m.png", "1 piece")
    assert row["hole"] == pytest.approx(4 / 2400)
    mask = np.asarray(PILImage.open("m.png"))
    assert np.argwhere(mask).tolist() == [[10, 30], [10, 31], [11, 30], [11, 31]]
    run("mask", "dust", "speck.png", "-o", "g.png", "--grow", "1")
    assert (np.asarray(PILImage.open("g.png")) > 0).sum() == 12


def test_nothing_found_is_one_line_and_exit_code_1(run, photo, toy) -> None:
    done = run("mask", "dust", "even.png")
    assert (done.code, done.out) == (1, "")
    assert done.err.strip() == "no dust was found: even.png"
    assert run("mask", "dust", "speck.png", "--region", "0,0,20,20").code == 1
    assert run("mask", "dust", "speck.png", "--region", "25,5,20,20").code == 0


def test_what_does_not_fit_is_refused(refused, photo, toy) -> None:
    assert refused("mask", "dust", "speck.png", "--sensitivity", "2").startswith("--sensitivity is 2.0; 0 to 1 fits")
    assert "100,0,20,20" in refused("mask", "dust", "speck.png", "--region", "100,0,20,20")
    assert "is not x,y,w,h" in refused("mask", "dust", "speck.png", "--region", "here")


def test_python_finds_the_same(photo, toy) -> None:
    mask = selfmend.find_mask("speck.png", "dust", region="25,5,20,20")
    assert mask.dtype == bool
    assert mask.shape == (40, 60)
    assert mask.sum() == 4
    with pytest.raises(selfmend.SelfmendError, match=mentions("'dust'")):
        selfmend.find_mask("speck.png", "dusst")
    with pytest.raises(selfmend.SelfmendError, match=mentions("grow", "-1")):
        selfmend.find_mask("speck.png", "dust", grow=-1)


def test_a_job_gives_the_mask(photo, toy, tmp_path) -> None:
    from selfmend.errors import SelfmendWarning
    from selfmend.jobs.job import Job, stored_settings
    from selfmend.jobs.work import do
    from selfmend.jobs.worker import WorkerContext
    from selfmend.progress import silent

    def job(name, file):
        folder = tmp_path / name / "inputs"
        folder.mkdir(parents=True)
        (tmp_path / file).rename(folder / file)
        settings = stored_settings(
            "find", {"kind": "dust", "sensitivity": 0.5, "region": None, "grow": 0, "options": {}}
        )
        return Job(id=name, task="find", queue="quick", created=1.0, settings=settings, files={"image": file}, stem="a")

    context = WorkerContext(jobs=tmp_path, runs=tmp_path, device="cpu")
    (result,), _ = do(job("one", "speck.png"), context, silent)
    assert result.name == "a-mask.png"
    assert (np.asarray(PILImage.open(tmp_path / "one" / "results" / result.file)) > 0).sum() == 4
    with pytest.warns(SelfmendWarning, match="no dust was found"):
        do(job("two", "even.png"), context, silent)
