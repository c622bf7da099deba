"""The log of a training."""

import json
import sys

import pytest
import torch

from facts import mentions
from selfmend.errors import MissingExtraError
from selfmend.training.log import LogFile
from selfmend.training.loop import run
from selfmend.training.stage import Stage


def stages(steps=5):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.25)
    return [
        Stage(name=name, steps=steps, step=lambda i, b, g: {"loss": torch.tensor(float(i))}, state={"o": optimizer})
        for name in ("a", "b")
    ]


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_every_so_many_steps_and_at_the_end(tmp_path):
    file = tmp_path / "run" / "log.jsonl"
    run(stages(), seed=0, listeners=[LogFile(file, batch_size=8, every=2)])
    assert [(r["stage"], r["step"], r["terms"]["loss"]) for r in read(file)] == [
        (name, step, step - 1.0) for name in ("a", "b") for step in (2, 4, 5)
    ]
    assert all(r["learning_rate"] == 0.25 and r["seconds"] >= 0 and r["pictures_per_second"] > 0 for r in read(file))


def test_steps_that_are_done_again_are_written_once(tmp_path):
    file, log = tmp_path / "log.jsonl", None
    for first in (0, 3):  # as after a kill between two saves
        log = LogFile(file, batch_size=1, every=1)
        log.begin(stages()[0], first)
        for step in range(first, 4):
            log.after(stages()[0], step + 1, {"loss": float(step)})
        with open(file, "a") as half:
            half.write('{"stage": "a", "st')
    log.begin(stages()[0], 5)
    assert [r["step"] for r in read(file)] == [1, 2, 3, 4]


def test_tensorboard_is_an_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(MissingExtraError, match=mentions("TensorBoard", "'selfmend[tensorboard]'")):
        LogFile(tmp_path / "log.jsonl", batch_size=1, board=tmp_path)


def test_numbers_go_to_tensorboard(tmp_path, monkeypatch):
    told = []

    class Writer:
        def __init__(self, folder):
            assert folder == str(tmp_path / "board")

        def add_scalar(self, name, value, step):
            told.append((name, value, step))

        def flush(self):
            pass

    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", type("Module", (), {"SummaryWriter": Writer}))
    run(stages(1)[:1], seed=0, listeners=[LogFile(tmp_path / "l", batch_size=1, board=tmp_path / "board")])
    assert ("a/terms/loss", 0.0, 1) in told
    assert ("a/learning_rate", 0.25, 1) in told
