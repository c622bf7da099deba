"""Run folders: resumed, loaded, and refused with a reason where they cannot be."""

import json

import numpy as np
import pytest
import torch

import selfmend
from facts import mentions
from pictures import picture
from selfmend.errors import RunError
from selfmend.training.checkpoints import RunFolder

RECORD = {"method": "m", "config": {"steps": 3, "sizes": (1, 2)}, "seed": 0, "picture": {"sha256": "abc"}}


@pytest.fixture
def trained(tmp_path):
    run = RunFolder(tmp_path / "run")
    assert not run.start(RECORD)
    run.training.mkdir()
    run.finish({"x": torch.arange(3)})
    return run


def edit(run, **changes):
    file = run.path / "run.json"
    record = json.loads(file.read_text()) | changes
    file.write_text(json.dumps({k: v for k, v in record.items() if v is not None}))


def test_a_run_starts_goes_on_and_ends(tmp_path):
    run = RunFolder(tmp_path / "new" / "run with space")
    assert not run.start(RECORD)
    assert not run.start(RECORD), "half-way, it goes on"
    with pytest.raises(RunError, match=mentions("run")):
        run.weights()
    run.finish({"x": torch.arange(3)})
    assert run.start(RECORD)
    assert torch.equal(run.weights()["x"], torch.arange(3))
    assert not run.training.exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "other"}, "its method is 'm', not 'other'"),
        ({"seed": 4}, "its seed is 0, not 4"),
        ({"config": {"steps": 5, "sizes": (1, 2)}}, "its steps is 3, not 5"),
        ({"picture": {"sha256": "xyz"}}, "its sha256 is 'abc', not 'xyz'"),
    ],
)
def test_another_run_is_not_mixed_in(trained, changes, message):
    with pytest.raises(RunError, match=rf"holds another run \({message}\); choose another folder"):
        trained.start(RECORD | changes)


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("")
    with pytest.raises(RunError, match="is not empty and holds no run"):
        RunFolder(tmp_path).start(RECORD)


def test_a_folder_that_cannot_be_written_is_found_at_the_start(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(RunError, match=r"cannot write into .*: Not a directory; choose another folder"):
            RunFolder(path).start(RECORD)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", '{"format": "x"}', "{}", "\x00", '{"format": 1}', '{"format": 1, "method": 3}']
)
def test_a_damaged_record_is_named(trained, text):
    (trained.path / "run.json").write_text(text)
    with pytest.raises(RunError, match=mentions("run.json")):
        trained.record()


def test_a_record_that_is_no_text_is_named(trained):
    (trained.path / "run.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RunError, match=mentions("run.json")):
        trained.record()


@pytest.mark.parametrize("key", ["method", "config", "status", "seed"])
def test_what_a_record_lacks_is_named(trained, key):
    edit(trained, **{key: None})
    with pytest.raises(RunError, match=f"damaged .no '{key}' in it."):
        trained.weights()


def test_another_format_is_named_with_its_version(trained):
    edit(trained, format=2, selfmend="9.0")
    with pytest.raises(RunError, match=mentions("2", "9.0", "1")):
        trained.weights()


def test_folders_without_a_run_or_without_its_weights(trained, tmp_path):
    with pytest.raises(RunError, match=mentions("run.json")):
        RunFolder(tmp_path / "none").record()
    (trained.path / "weights.safetensors").unlink()
    with pytest.raises(RunError, match=mentions("weights.safetensors")):
        trained.weights()


@pytest.mark.parametrize("size", [0, 5, 60])
def test_truncated_weights_are_named(trained, size):
    file = trained.path / "weights.safetensors"
    file.write_bytes(file.read_bytes()[:size])
    with pytest.raises(RunError, match=mentions("weights.safetensors")):
        trained.weights()


def test_a_run_of_singans_old_preset_fast_opens_as_what_it_is(tmp_path) -> None:
    pixels = (picture(48, 64)[0] * 255).astype(np.uint8)
    selfmend.fit("sliced-wasserstein", pixels, preset="tiny", folder=tmp_path / "run")
    file = tmp_path / "run" / "run.json"
    file.write_text(file.read_text().replace('"sliced-wasserstein"', '"singan"'))
    model = selfmend.load(tmp_path / "run")
    assert model.method.name == "sliced-wasserstein"
    assert model.sample().size == (64, 48)
