"""Settings of jobs: what they become, which queue they lead to, and what is refused."""

import pytest

from facts import mentions
from selfmend.errors import OptionError
from selfmend.jobs.job import Limits, Settings
from selfmend.jobs.request import check_made, check_settings, queue_of


def checked(task, given, *files, models=()):
    return check_settings(task, given, files=files, models=models)


def test_defaults_and_a_seed_are_filled_in() -> None:
    settings = checked("fill", {"samples": 2.0, "options": {"core": 5}}, "image").model_dump()
    assert 0 <= settings.pop("seed") < 2**31
    assert settings == {
        "method": "auto", "preset": None, "model": None, "samples": 2, "grow_mask": 0, "invert_mask": False,
        "align": True, "format": "", "options": {"core": 5},
    }  # fmt: skip
    assert checked("fill", {"seed": 0}, "image", "mask", "reference").seed == 0
    assert checked("fill", {}, "image").seed != checked("fill", {}, "image").seed


def test_a_model_brings_its_method() -> None:
    settings = checked("sample", {"model": "run", "options": {"x": 1}}, models=["run"])
    assert not {"method", "preset"} & settings.model_dump().keys()
    assert settings.options == {"x": 1}  # looked at when the model is loaded
    assert queue_of("sample", settings) == "quick"


@pytest.mark.parametrize(
    ("task", "given", "files", "queue"),
    [
        ("fill", {}, ["image"], "quick"),
        ("fill", {"method": "gpnn"}, ["image"], "quick"),
        ("fill", {"method": "singan"}, ["image"], "heavy"),
        ("fill", {"model": "run"}, [], "quick"),
        ("train", {}, ["image"], "heavy"),
        ("sample", {}, ["image"], "quick"),
        ("sample", {"method": "singan"}, ["image"], "heavy"),
        ("super-resolve", {}, ["image"], "quick"),
        ("paint", {"model": "run"}, ["picture"], "quick"),
        ("paint", {"model": "run", "quantized": True}, ["picture"], "heavy"),
        ("animate", {"model": "run"}, [], "quick"),
    ],
)
def test_what_trains_is_heavy(task, given, files, queue) -> None:
    assert queue_of(task, checked(task, given, *files, models=["run"])) == queue


@pytest.mark.parametrize(
    ("task", "given", "files", "message"),
    [
        ("fil", {}, [], "unknown task 'fil'; did you mean 'fill'"),
        ("fill", {"sample": 1}, ["image"], "unknown option 'sample'; did you mean 'samples'"),
        ("fill", {"samples": 0}, ["image"], "option samples is 0; 1 to 16 fits"),
        ("fill", {"samples": 17}, ["image"], "option samples is 17; 1 to 16 fits"),
        ("fill", {"seed": -1}, ["image"], "option seed is -1; 0 to "),
        ("fill", {"seed": 1.5}, ["image"], r"option seed is 1\.5; a value of type int | None fits"),
        ("fill", {"seed": 10**400}, ["image"], "option seed is 1000"),
        ("fill", {"samples": True}, ["image"], "option samples is True; a value of type int fits"),
        ("fill", {"format": [1]}, ["image"], r"option format is \[1\]; a value of type str fits"),
        ("animate", {"model": "run", "alpha": float("nan")}, [], "option alpha is nan; a value of type float fits"),
        ("fill", {"invert_mask": "maybe"}, ["image"], "option invert_mask is 'maybe'; a value of type bool fits"),
        ("fill", {"method": "patchmach"}, ["image"], "unknown method 'patchmach'; did you mean 'patchmatch'"),
        ("fill", {"method": "dmfn"}, ["image"], "dmfn learns from a folder first; name a run of it as the model"),
        ("fill", {"preset": "x"}, ["image"], "unknown preset of auto 'x'"),
        ("fill", {"options": {"patchsize": 1}}, ["image"], "unknown option 'patchsize'"),
        ("fill", {"options": [1]}, ["image"], r"options is \[1\]; an object of names and values fits"),
        ("fill", {"format": "exe"}, ["image"], "unknown format 'exe'"),
        ("fill", {}, ["mask"], "fill needs the file 'image'; send it, or name a model"),
        ("fill", {}, ["image", "picture"], "unknown file of fill 'picture'"),
        ("fill", {"model": "rum"}, [], "unknown model 'rum'; did you mean 'run'"),
        ("fill", {"model": "run", "method": "gpnn"}, [], "a model brings its own method and settings"),
        ("train", {"method": "telea"}, ["image"], "telea learns nothing, so it needs no training; these learn: singan"),
        ("train", {}, [], "train needs the file 'image'; send it$"),
        ("paint", {}, ["picture"], "paint needs the file 'image'; send it, or name a model"),
        ("paint", {"model": "run"}, ["picture", "image"], "a model brings its own picture"),
        ("edit", {}, ["picture"], "edit needs the file 'mask'"),
        ("harmonize", {"start_scale": 2}, ["picture", "mask"], "start_scale is of a model; name one, or leave it out$"),
        ("harmonize", {"model": "run"}, ["picture"], "harmonize needs the file 'mask'; send it$"),
        ("animate", {"model": "run", "frames": 601}, [], "option frames is 601; 1 to 600 fits"),
        ("animate", {"model": "run", "format": "avi"}, [], "unknown format 'avi'"),
    ],
)
def test_what_does_not_fit_is_said(task, given, files, message) -> None:
    with pytest.raises(OptionError, match=message):
        checked(task, given, *files, models=["run"])


def test_results_may_not_be_too_large() -> None:
    limits = Limits(max_pixels=1000)
    check_made("super-resolve", Settings(factor=2.0), size=(10, 25), limits=limits)
    with pytest.raises(OptionError, match=mentions("0.00104", "0.001")):
        check_made("super-resolve", Settings(factor=2.0), size=(10, 26), limits=limits)
    check_made("sample", Settings(height=100), size=(10, 10), limits=limits)
    with pytest.raises(OptionError, match="million pixels"):
        check_made("sample", Settings(height=100), size=(10, 11), limits=limits)
    with pytest.raises(OptionError, match="million pixels"):
        check_made("sample", Settings(height=100, width=11), size=None, limits=limits)
    with pytest.raises(OptionError, match=mentions("retarget")):
        check_made("retarget", Settings(), size=(10, 10), limits=limits)
