"""Validation while a method learns: what it measures, keeps and draws, and that it changes nothing."""

import json
import math

import pytest
import torch
from PIL import Image as PILImage

from folder_learner import FolderLearner, FolderLearnerConfig
from folder_of_pictures import draw_folder
from selfmend.masks.random import hole_maker
from selfmend.methods.validation import Validator, filled, measure
from selfmend.training.checkpoints import load_state
from selfmend.training.data import Batch, FolderBatches, hole_boxes
from selfmend.training.devices import make_fabric
from selfmend.training.log import LogFile
from selfmend.training.pictures import find_pictures


@pytest.fixture(scope="module")
def batches(tmp_path_factory):
    return FolderBatches(
        find_pictures(draw_folder(tmp_path_factory.mktemp("pictures"))), hole_maker("center"), size=16, scale="whole",
        flip=True, batch_size=4, seed=0, device=torch.device("cpu"),
    )  # fmt: skip


class Half(FolderLearner):
    """Fills with the known pixels' place of the picture plus a quarter, and looks into the hole."""

    def complete(self, image, mask, *, generator):
        assert bool((image[mask.expand_as(image)] == 0.5).all()), "the truth is hidden"
        return torch.full_like(image, 0.25)


def test_the_metrics_are_those_of_the_hole():
    mask = torch.zeros(2, 1, 16, 16, dtype=torch.bool)
    mask[0, :, :4] = mask[1, :, 3:5, 3:5] = True
    batch = Batch(
        torch.cat([torch.full((1, 3, 16, 16), 0.75), torch.full((1, 3, 16, 16), 0.25)]), mask, hole_boxes(mask)
    )
    method = Half()
    method.build(seed=0)
    assert torch.equal(filled(method, batch, seed=0)[0, :, 5], batch.image[0, :, 5])
    found = measure(method, [batch], seed=0)
    assert found["l1"] == pytest.approx(0.25)
    assert found["psnr"] == pytest.approx((-20 * math.log10(0.5) + 100) / 2)


def train(batches, folder, *, watch=True, steps=6):
    method = FolderLearner(FolderLearnerConfig(size=16, batch_size=4, steps=steps, learning_rate=0.02))
    log = LogFile(folder / "log.jsonl", batch_size=4, every=2)
    validator = Validator(
        method, list(batches.validation(3)), run=folder, log=log, every=2, seed=0, measured=True
    )  # fmt: skip
    fabric = make_fabric(torch.device("cpu"))
    method.fit_folder(batches, fabric=fabric, folder=folder / "training", listeners=[log, validator] if watch else ())
    return method


def test_the_best_is_kept_and_sheets_are_drawn(batches, tmp_path):
    method = train(batches, tmp_path / "a")
    plain = train(batches, tmp_path / "b", watch=False)
    for key, value in plain.state_dict()["generator"].items():
        assert torch.equal(value, method.state_dict()["generator"][key]), "watching changes nothing"
    lines = [json.loads(line) for line in (tmp_path / "a" / "log.jsonl").read_text().splitlines()]
    errors = {r["step"]: r["validation"]["l1"] for r in lines if "validation" in r}
    assert list(errors) == [2, 4, 6]
    best = load_state(tmp_path / "a" / "best.safetensors")
    assert best["step"] == min(errors, key=errors.get)
    assert best["metrics"]["l1"] == min(errors.values())
    method.load_state_dict(best["method"])
    sheets = sorted(p.name for p in (tmp_path / "a" / "samples").iterdir())
    assert sheets == ["stage-0-0000002.jpg", "stage-0-0000004.jpg", "stage-0-0000006.jpg"]
    with PILImage.open(tmp_path / "a" / "samples" / sheets[0]) as sheet:
        assert sheet.height > sheet.width / 2


def test_a_worse_one_does_not_replace_the_best(batches, tmp_path):
    train(batches, tmp_path, steps=2)
    best = tmp_path / "best.safetensors"
    before = best.stat().st_mtime_ns
    state = load_state(best)
    validator = Validator(
        Half(FolderLearnerConfig(size=16)), list(batches.validation(2)), run=tmp_path,
        log=LogFile(tmp_path / "log.jsonl", batch_size=4), every=1, seed=0, measured=True,
    )  # fmt: skip
    stage = type("Stage", (), {"name": "s", "steps": 9})
    validator._method.build(seed=0)
    validator.begin(stage, 0)
    assert validator._least == state["metrics"]["l1"]
    validator._least = 0.0
    validator.after(stage, 1, {})
    assert best.stat().st_mtime_ns == before
