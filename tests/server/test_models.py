"""The runs folder: what is said of each run, damaged ones too, and names that lead nowhere else."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

import selfmend
from facts import mentions
from pictures import picture
from selfmend.errors import OptionError
from selfmend.jobs.job import UnknownModel
from selfmend.jobs.models import list_models, model_names, new_name, remove_model, save_thumbnail


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a run of a picture, one of a hole, and one for enlarging."""
    runs = tmp_path_factory.mktemp("runs")
    image, mask = picture(48, 64)
    pixels = (image * 255).astype(np.uint8)
    selfmend.fit("singan", pixels, preset="tiny", folder=runs / "whole")
    selfmend.fit("sliced-wasserstein", pixels, mask=mask, folder=runs / "hole", steps=1)
    selfmend.fit("singan", pixels, preset="tiny", folder=runs / "large", super_resolution=2.0)
    return runs


def test_a_run_says_what_can_be_done_with_it(trained) -> None:
    found = {one.name: one for one in list_models(trained)}
    assert sorted(found) == ["hole", "large", "whole"]
    whole = found["whole"]
    assert (whole.method, whole.kind, whole.size, whole.error) == ("singan", "picture", (48, 64), None)
    assert whole.scales == len(selfmend.load(trained / "whole").scale_sizes())
    assert set(whole.applications) == {"fill", "sample", "retarget", "harmonize", "edit", "paint", "animate"}
    assert whole.default_start_scale == {
        "sample": 0, "retarget": 1, "paint": 1, "animate": 1, "harmonize": whole.scales // 2,
    }  # fmt: skip
    assert found["hole"].applications == ("fill",)
    assert found["large"].applications == ("super-resolve",)


def test_what_is_said_to_be_possible_is(trained) -> None:
    model = selfmend.load(trained / "whole")
    (levels,) = (one.default_start_scale for one in list_models(trained) if one.name == "whole")
    assert model.sample(start_scale=levels["sample"]).size == (64, 48)
    assert model.retarget((48, 80), start_scale=levels["retarget"]).size == (80, 48)
    assert model.paint(model.picture.original, start_scale=levels["paint"]).size == (64, 48)
    assert len(model.animate(frames=1, start_scale=levels["animate"])) == 1


def test_damaged_runs_are_listed_with_the_reason(trained, tmp_path) -> None:
    (tmp_path / "runs").mkdir()
    for name, text in {"text": "{", "empty": "{}", "newer": '{"format": 99}', "list": "[1]"}.items():
        (tmp_path / "runs" / name).mkdir()
        (tmp_path / "runs" / name / "run.json").write_text(text)
    record = json.loads((trained / "whole" / "run.json").read_text())
    changes = {
        "training": {"status": "training"}, "foreign": {"method": "nobody"}, "odd": {"picture": 3}, "weightless": {},
    }  # fmt: skip
    for name, change in changes.items():
        (tmp_path / "runs" / name).mkdir()
        (tmp_path / "runs" / name / "run.json").write_text(json.dumps(record | change))
    for name in ("odd", "cut", "foreign"):
        (tmp_path / "runs" / name).mkdir(exist_ok=True)
        weights = (trained / "whole" / "weights.safetensors").read_bytes()
        (tmp_path / "runs" / name / "weights.safetensors").write_bytes(weights[: len(weights) // (1 + (name == "cut"))])
        (tmp_path / "runs" / name / "run.json").write_text(json.dumps(record | changes.get(name, {})))
    (tmp_path / "runs" / "no run").mkdir()
    found = {one.name: one.error for one in list_models(tmp_path / "runs")}
    assert sorted(found) == ["cut", "empty", "foreign", "list", "newer", "odd", "text", "training", "weightless"]
    assert all(line and "\n" not in line for line in found.values())
    assert "not finished" in found["training"]
    assert "lacks its weights" in found["weightless"]
    assert "not a whole checkpoint" in found["cut"]
    assert "unknown method 'nobody'" in found["foreign"]


def test_a_thumbnail_is_small_and_made_once(trained, tmp_path) -> None:
    path = save_thumbnail(trained, "whole", tmp_path)
    with Image.open(path) as shown, Image.open(trained / "whole" / "picture.png") as learned:
        assert np.array_equal(np.asarray(shown), np.asarray(learned))
    before = path.stat().st_mtime_ns
    assert save_thumbnail(trained, "whole", tmp_path) == path
    assert path.stat().st_mtime_ns == before


def test_a_thumbnail_of_a_learned_tensor_comes_from_the_weights(tmp_path) -> None:
    wide = torch.rand(3, 30, 300, generator=torch.Generator().manual_seed(0))
    selfmend.fit("singan", wide, preset="tiny", folder=tmp_path / "runs" / "wide", max_size=200)
    with Image.open(save_thumbnail(tmp_path / "runs", "wide", tmp_path)) as shown:
        assert shown.size == (256, 26)


@pytest.mark.parametrize("name", ["..", ".", "", "whole/..", "../runs/whole", "/etc", "nobody", "whole\0", "a" * 5000])
def test_only_names_of_runs_are_names(trained, tmp_path, name) -> None:
    for call in (lambda: remove_model(trained, name), lambda: save_thumbnail(trained, name, tmp_path)):
        with pytest.raises(UnknownModel, match="unknown model") as error:
            call()
        assert len(str(error.value)) < 300
    assert model_names(trained) == ["hole", "large", "whole"]


def test_removing_a_link_leaves_what_it_leads_to(trained, tmp_path) -> None:
    (tmp_path / "linked").symlink_to(trained / "whole")
    remove_model(tmp_path, "linked")
    assert model_names(tmp_path) == []
    assert (trained / "whole" / "run.json").exists()


def test_a_new_run_gets_a_name_of_its_own() -> None:
    assert new_name(None, "my photo", {"other"}) == "my photo"
    assert new_name(None, "my photo", {"my photo", "my photo-2"}) == "my photo-3"
    assert new_name(None, "../..", set()) == "picture"
    assert new_name("trees", "photo", {"photo"}) == "trees"
    assert new_name(None, "Photo", {"photo"}) == "Photo-2"  # one folder on Windows and macOS
    assert new_name(None, "aux", set()) == "picture"
    assert new_name(None, "auxiliary", set()) == "auxiliary"


@pytest.mark.parametrize(
    "name",
    ["", "..", "a/b", "a\\b", ".hidden", "a" * 81, "a\n", "con:", "ends ", "ends.", "con", "Nul", "com1", "LPT9.trees"],
)
def test_a_name_that_is_no_folder_is_refused(name) -> None:
    with pytest.raises(OptionError, match="option name is"):
        new_name(name, "photo", set())


def test_a_name_that_is_taken_is_refused() -> None:
    with pytest.raises(OptionError, match=mentions("'photo'")):
        new_name("photo", "x", {"photo"})
    with pytest.raises(OptionError, match="there is a model"):
        new_name("PHOTO", "x", {"photo"})
